use codegen::load::load;
use codegen::sample::{Style, sample};

use super::write;

const SOURCE: &str = "\
const LIMIT = 3;
typedef string text<LIMIT>;
struct inner { text t; };
struct all {
    text t;
    text *maybe;
    opaque o<8>;
    opaque fixed[5];
    inner list<LIMIT>;
    char letters<4>;
    unsigned hyper big;
    char narrow;
};
";

/// Every random number is the same.
fn bytes(number: u32, style: Style) -> codegen::sample::Sample {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("a.x", SOURCE)]);
    let definition = load(&folder.path().join("a.x")).unwrap();
    sample(&definition, "all", style, &mut || number).unwrap()
}

#[test]
fn encodings_are_padded_extended_and_counted() {
    let style = Style { min: 1, max: 9, full: true };
    let sample = bytes(0xff00_0000, style);
    let expected: &[&[u8]] = &[
        &[0, 0, 0, 1, b'a', 0, 0, 0],
        &[0, 0, 0, 1, 0, 0, 0, 1, b'a', 0, 0, 0],
        &[0, 0, 0, 1, 0xff, 0, 0, 0],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0],
    ];
    let start = expected.concat();
    assert_eq!(sample.bytes.get(..start.len()).unwrap(), start);
    assert_eq!(sample.bytes.len() % 4, 0);
    // A `char` is extended with its sign, alone and in arrays.
    let letter_big_and_narrow = [[0xff; 4], [0xff, 0, 0, 0], [0xff, 0, 0, 0], [0xff; 4]];
    assert!(sample.bytes.ends_with(&letter_big_and_narrow.concat()));
    let maxima: Vec<(u64, bool)> =
        sample.counts.iter().map(|count| (count.max, count.nested)).collect();
    assert_eq!(
        maxima,
        [
            (3, false),
            (3, false),
            (8, false),
            (3, false),
            (3, true),
            (4, false)
        ]
    );
    for count in &sample.counts {
        let word = sample.bytes.get(count.offset..count.offset + 4).unwrap();
        assert!(u64::from(word[3]) <= count.max, "{count:?}");
    }
}

#[test]
fn nothing_is_there_unless_it_must_be() {
    let style = Style { min: 0, max: 0, full: false };
    let sample = bytes(0, style);
    assert_eq!(sample.bytes, vec![0; 4 + 4 + 4 + 8 + 4 + 4 + 8 + 4]);
}

#[test]
fn a_type_that_does_not_exist_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("a.x", SOURCE)]);
    let definition = load(&folder.path().join("a.x")).unwrap();
    let style = Style { min: 0, max: 0, full: false };
    let error = sample(&definition, "nobody", style, &mut || 0).unwrap_err();
    assert_eq!(error.to_string(), "the type nobody is not defined");
}
