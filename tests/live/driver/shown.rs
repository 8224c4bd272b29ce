//! What virsh prints.

/// What virsh prints behind a label, without the blanks around it.
pub fn field<'a>(output: &'a str, label: &str) -> &'a str {
    let mut lines = output.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(name, _)| name.trim() == label);
    found.unwrap_or_else(|| panic!("no {label} in {output}")).1.trim()
}

/// The number that virsh prints behind a label; what follows the number is its unit.
pub fn number(output: &str, label: &str) -> u64 {
    let text = field(output, label).split(' ').next().unwrap();
    text.parse().unwrap()
}
