//! Items of which a record has several, each with an index in its parameters' names.

/// An item with an index, one of several of its kind.
pub(super) trait Numbered {
    fn number(&self) -> u32;
    fn new(number: u32) -> Self;
}

/// Bounds the search in case a daemon scatters the parameters of very many items.
const SEARCH: usize = 256;

/// Returns the place of the item with that index, and adds the item if it is new.
pub(super) fn item<T: Numbered>(items: &mut Vec<T>, number: u32) -> usize {
    // Most domains have one item of most kinds, and each takes some hundred bytes.
    item_of(items, number, 1)
}

/// Like [`item`], where so many items are expected.
pub(super) fn item_of<T: Numbered>(items: &mut Vec<T>, number: u32, expected: usize) -> usize {
    let recent = items.len().saturating_sub(SEARCH);
    let mut places = items.iter().enumerate().skip(recent);
    if let Some((index, _)) = places.rfind(|(_, item)| item.number() == number) {
        return index;
    }
    if items.len() == items.capacity() {
        items.reserve_exact(items.len().max(expected).max(1));
    }
    items.push(T::new(number));
    items.len() - 1
}

/// Returns the item with that index if it is in that place, and adds it if it is new. So many are
/// expected.
#[inline]
pub(super) fn nth<T: Numbered>(
    items: &mut Vec<T>,
    place: usize,
    number: u32,
    expected: usize,
) -> Option<&mut T> {
    if items.get(place).is_none() && item_of(items, number, expected) != place {
        return None;
    }
    items.get_mut(place).filter(|item| item.number() == number)
}

/// Returns the item with that index.
pub(super) fn last<T: Numbered>(items: &mut [T], number: u32) -> Option<&mut T> {
    items.iter_mut().rev().take(SEARCH).find(|item| item.number() == number)
}

/// Splits `start.rest` into `start` and `rest`.
#[inline]
pub(super) fn split_dot(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = name.iter().position(|byte| *byte == b'.')?;
    let (start, rest) = name.split_at_checked(dot)?;
    Some((start, rest.get(1..)?))
}

/// Splits `7.rest` into 7 and `rest`.
#[inline]
pub(super) fn split_number(key: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = split_dot(key)?;
    let number = digits.iter().try_fold(0_u32, |number, digit| {
        let digit = u32::from(digit.checked_sub(b'0')?);
        number.checked_mul(10)?.checked_add(digit).filter(|_| digit < 10)
    });
    Some((number.filter(|_| !digits.is_empty())?, rest))
}
