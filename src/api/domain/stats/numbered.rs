//! Things of which a record has several, each with a number in its parameters' names.

/// One of several of its kind.
pub(super) trait Numbered {
    fn number(&self) -> u32;
    fn new(number: u32) -> Self;
}

/// The place of the one of that number, which may be new.
pub(super) fn item<T: Numbered>(items: &mut Vec<T>, number: u32) -> usize {
    /// A daemon that scatters the parameters of very many things must not make us search for ever.
    const SEARCH: usize = 256;

    let recent = items.len().saturating_sub(SEARCH);
    let mut places = items.iter().enumerate().skip(recent);
    if let Some((index, _)) = places.rfind(|(_, item)| item.number() == number) {
        return index;
    }
    if items.len() == items.capacity() {
        // Most domains have one of most things, and each takes some hundred bytes.
        items.reserve_exact(items.len().max(1));
    }
    items.push(T::new(number));
    items.len() - 1
}

/// `start.rest` as `start` and `rest`.
#[inline]
pub(super) fn split_dot(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = name.iter().position(|byte| *byte == b'.')?;
    let (start, rest) = name.split_at_checked(dot)?;
    Some((start, rest.get(1..)?))
}

/// `7.rest` as 7 and `rest`.
#[inline]
pub(super) fn split_number(key: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = split_dot(key)?;
    let number = digits.iter().try_fold(0_u32, |number, digit| {
        let digit = u32::from(digit.checked_sub(b'0')?);
        number.checked_mul(10)?.checked_add(digit).filter(|_| digit < 10)
    });
    Some((number.filter(|_| !digits.is_empty())?, rest))
}
