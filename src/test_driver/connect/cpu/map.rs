//! The models of processors that libvirt knows, as `scripts/cpu-map` writes them down.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The features of x86, in libvirt's order. Each is one bit of what such a processor says of itself,
/// which makes sets of features of what libvirt does with bits.
static FEATURES: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("map/x86_features.txt").lines().collect());

pub(super) static X86: LazyLock<Vec<Model>> =
    LazyLock::new(|| read(include_str!("map/x86_models.txt")));

pub(super) static PPC64: LazyLock<Vec<Model>> =
    LazyLock::new(|| read(include_str!("map/ppc64_models.txt")));

/// The features that a processor has.
pub(super) type Features = BTreeSet<Feature>;

/// A feature, by its place in libvirt's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Feature(usize);

impl Feature {
    pub(super) fn named(name: &str) -> Option<Self> {
        FEATURES.iter().position(|other| *other == name).map(Self)
    }

    pub(super) fn name(self) -> &'static str {
        FEATURES.get(self.0).copied().unwrap_or_default()
    }
}

/// A model of processors.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) name: &'static str,
    pub(super) vendor: Option<&'static str>,
    /// Set where no guest is said to have it, unless somebody asks for it.
    pub(super) is_hidden: bool,
    pub(super) features: Features,
    /// Features that it once was said to have.
    pub(super) removed: Vec<&'static str>,
}

fn read(text: &'static str) -> Vec<Model> {
    let mut models: Vec<Model> = Vec::new();
    for line in text.lines() {
        let mut columns = line.split('\t');
        let mut model = Model {
            name: columns.next().unwrap_or_default(),
            vendor: columns.next().filter(|vendor| !vendor.is_empty()),
            ..Model::default()
        };
        for word in columns.next().unwrap_or_default().split(' ') {
            let feature = Feature::named(word.get(1..).unwrap_or_default());
            match (word.chars().next(), feature) {
                (Some('+'), Some(feature)) => {
                    model.features.insert(feature);
                }
                (Some('-'), Some(feature)) => {
                    model.features.remove(&feature);
                }
                (Some('!'), Some(feature)) => model.removed.push(feature.name()),
                _ if word == "hidden" => model.is_hidden = true,
                _ => {
                    if let Some(like) = find(&models, word) {
                        model.features.clone_from(&like.features);
                    }
                }
            }
        }
        models.push(model);
    }
    models
}

pub(super) fn find<'a>(models: &'a [Model], name: &str) -> Option<&'a Model> {
    models.iter().find(|model| model.name == name)
}

/// Returns a vendor of that name.
pub(super) fn vendor(models: &[Model], name: &str) -> Option<&'static str> {
    models.iter().filter_map(|model| model.vendor).find(|vendor| *vendor == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_map_is_understood() {
        let known: BTreeSet<&str> = FEATURES.iter().copied().collect();
        assert_eq!(known.len(), FEATURES.len());
        for line in include_str!("map/x86_models.txt").lines() {
            let words = line.split('\t').nth(2).unwrap().split_whitespace();
            for word in words.filter(|word| *word != "hidden") {
                let is_known = match word.strip_prefix(['+', '-', '!']) {
                    Some(feature) => known.contains(feature),
                    None => find(&X86, word).is_some(),
                };
                assert!(is_known, "{word}");
            }
        }
        assert!(find(&PPC64, "POWER9").is_some_and(|model| model.vendor == Some("IBM")));
    }
}
