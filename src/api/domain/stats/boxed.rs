//! Parts that few records have, which are allocated only then.

/// Sets a field of a part, and allocates the part for its first field. Returns `false` if the part
/// has no such field.
pub(super) fn set_boxed<T: Default>(
    part: &mut Option<Box<T>>,
    set: impl FnOnce(&mut T) -> bool,
) -> bool {
    if let Some(part) = part {
        return set(part);
    }
    let mut new = Box::default();
    let known = set(&mut new);
    if known {
        *part = Some(new);
    }
    known
}
