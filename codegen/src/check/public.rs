//! Differences between the public constants of two releases.

use std::collections::BTreeMap;

use super::{Kind, Report};
use crate::constants::Constants;

/// Compares the values of all constants, the older release first.
pub(super) fn compare(old: &Constants, new: &Constants, report: &mut Report) {
    let (old, new) = (values(old), values(new));
    for (name, value) in &old {
        match new.get(name) {
            None => report.push(Kind::Removed, format!("constant {name} = {value}")),
            Some(other) if other != value => {
                report.push(Kind::Changed, format!("constant {name}: {value}, now {other}"));
            }
            Some(_) => {}
        }
    }
    for (name, value) in &new {
        if !old.contains_key(name) {
            report.push(Kind::Added, format!("constant {name} = {value}"));
        }
    }
}

fn values(constants: &Constants) -> BTreeMap<&str, String> {
    let members = constants.sets.iter().flat_map(|set| &set.members);
    let members = members.map(|member| (member.name.as_str(), member.value.to_string()));
    let numbers = constants.numbers.iter();
    let numbers = numbers.map(|number| (number.name.as_str(), number.value.to_string()));
    let strings = constants.strings.iter();
    let strings = strings.map(|text| (text.name.as_str(), format!("\"{}\"", text.value)));
    members.chain(numbers).chain(strings).collect()
}
