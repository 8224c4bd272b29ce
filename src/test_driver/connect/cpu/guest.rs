//! The processors of a guest.

use crate::test_driver::xml::Element;

/// What guests are told that they run on.
#[derive(Debug, Default)]
pub(super) struct GuestCpu {
    pub(super) model: String,
    pub(super) vendor: Option<String>,
    /// Set where no other model will do.
    pub(super) is_exact: bool,
    /// Features beyond those of the model, and those that it lacks.
    pub(super) features: Vec<(&'static str, Policy)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    Require,
    Disable,
}

impl GuestCpu {
    pub(super) fn to_element(&self) -> Element {
        let fallback = if self.is_exact { "forbid" } else { "allow" };
        let model = Element::new("model").with("fallback", fallback).with_text(&self.model);
        let mut cpu = Element::new("cpu").with("mode", "custom").with("match", "exact");
        cpu.children.push(model);
        let vendor = self.vendor.as_ref().map(|name| Element::new("vendor").with_text(name));
        cpu.children.extend(vendor);
        cpu.children.extend(self.features.iter().map(|(name, policy)| {
            let policy = match policy {
                Policy::Require => "require",
                Policy::Disable => "disable",
            };
            Element::new("feature").with("policy", policy).with("name", name)
        }));
        cpu
    }
}
