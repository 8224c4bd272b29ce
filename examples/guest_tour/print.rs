//! Output for the user.

use std::fmt::Display;

pub(crate) fn chapter(title: &str) {
    println!("\n{title}");
}

pub(crate) fn fact(name: &str, value: impl Display) {
    println!("  {name:<12} {value}");
}
