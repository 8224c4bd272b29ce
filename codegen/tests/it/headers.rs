use codegen::constants::Kind;
use codegen::import::headers::{Facts, Headers};

fn facts(source: &str) -> Facts {
    let mut headers = Headers::default();
    headers.add("include/libvirt/test.h.in", "test.h", source).unwrap();
    headers.resolve().unwrap()
}

/// Name, value and first release of each member.
fn members(facts: &Facts, set: &str) -> Vec<(String, i64, Option<String>)> {
    let set = facts.sets.iter().find(|found| found.name == set).unwrap();
    let members = set.members.iter();
    members
        .map(|member| (member.name.clone(), member.value, member.since.clone()))
        .collect()
}

#[test]
fn expressions_are_worked_out() {
    let facts = facts(
        "
        typedef enum {
            VIR_A = 3,
            VIR_B,
            VIR_C = (1 << 3),
            VIR_D = 1 << 3 | 1U << 31,
            VIR_E = VIR_LATER,
            VIR_F = -2,
            VIR_G = ~0 & 0xff,
            VIR_H = (2 + 3) * 4 - 1,
        } virTest;
        enum { VIR_LATER = 77 };
        # define VIR_NUMBER (4096 + 1)
        # define VIR_OTHER VIR_NUMBER
        # define VIR_LARGE 9007199254740991LL /* a remark
                                                 over two lines */
        # define VIR_NO_NUMBER __attribute__((__deprecated__))
        # define VIR_FUNCTION(x) ((x) + 1)
        ",
    );
    let values: Vec<i64> = members(&facts, "virTest").into_iter().map(|member| member.1).collect();
    assert_eq!(values, [3, 4, 8, 0x8000_0008, 77, -2, 255, 19]);
    let numbers: Vec<(&str, i64)> = facts
        .numbers
        .iter()
        .map(|number| (number.name.as_str(), number.value))
        .collect();
    assert_eq!(
        numbers,
        [
            ("VIR_NUMBER", 4097),
            ("VIR_OTHER", 4097),
            ("VIR_LARGE", 9_007_199_254_740_991)
        ]
    );
    assert!(facts.sets.iter().all(|set| set.name == "virTest"));
}

#[test]
fn only_versions_are_taken_from_comments() {
    let facts = facts(
        "
        /**
         * virTest:
         *
         * Words about it, unlike what was before Since: 1.0.0
         *
         * Since: 0.9.2
         */
        typedef enum {
            VIR_SAME_LINE = 0, /* words, unused since 5.0.0 (Since: 0.5.0) */
            VIR_TWO_LINES = 1, /* words
                                  and more (Since: 1.2.3) */
            /* Words of its own.
             *
             * Since: 8.0.0
             */
            VIR_BEFORE = 2,

            VIR_SILENT = 3,

        # ifdef VIR_ENUM_SENTINELS
            VIR_TEST_LAST = VIR_SILENT /* (Since: 0.9.10) */
        # endif
        } virTest;
        ",
    );
    assert_eq!(facts.sets[0].since.as_deref(), Some("0.9.2"));
    let since = |version: &str| Some(version.to_owned());
    assert_eq!(
        members(&facts, "virTest"),
        [
            ("VIR_SAME_LINE".into(), 0, since("0.5.0")),
            ("VIR_TWO_LINES".into(), 1, since("1.2.3")),
            ("VIR_BEFORE".into(), 2, since("8.0.0")),
            ("VIR_SILENT".into(), 3, None),
        ]
    );
}

#[test]
fn sentinels_are_known_with_and_without_a_condition() {
    let facts = facts(
        "
        typedef enum { VIR_A, VIR_B, VIR_A_LAST } virOld;
        typedef enum { VIR_ADD_LAST = 3, VIR_ADD_FIRST = 4 } virNoSentinel;
        ",
    );
    assert_eq!(members(&facts, "virOld").len(), 2);
    assert_eq!(members(&facts, "virNoSentinel").len(), 2);
}

#[test]
fn flag_sets_are_told_from_enumerations() {
    let facts = facts(
        "
        typedef enum { VIR_A = 0, VIR_B = 1 } virPlain;
        typedef enum { VIR_C = 1 << 0 } virBits;
        typedef enum { VIR_D = 1, VIR_E = 2 } virCalledFlags;
        typedef enum { VIR_F = 1, VIR_G = 2 } virCalledFlagValues;
        ",
    );
    let kinds: Vec<Kind> = facts.sets.iter().map(|set| set.kind).collect();
    assert_eq!(kinds, [Kind::Enum, Kind::Flags, Kind::Flags, Kind::Flags]);
}

#[test]
fn a_value_that_is_no_constant_expression_is_a_fault() {
    for (source, message) in [
        (
            "enum a {\n    VIR_A = ,\n};",
            "bad.h:2:11: expected a constant expression for VIR_A, found `=`",
        ),
        (
            "enum a {\n    VIR_A = sizeof(int),\n};",
            "bad.h:2:19: expected a constant expression for VIR_A, found `(`",
        ),
    ] {
        let error = Headers::default().add("bad.h", "bad.h", source).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    let mut headers = Headers::default();
    headers.add("bad.h", "bad.h", "enum { VIR_A = NOBODY } virA;").unwrap();
    let error = headers.resolve().unwrap_err().to_string();
    assert_eq!(error, "bad.h: the value of VIR_A is made of unknown names");
}
