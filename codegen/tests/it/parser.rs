use codegen::xdr::model::{Base, Form, Value};
use codegen::xdr::{parse, print};

const SOURCE: &str = "\
/* A heading. */
%#include <somewhere/else.h>
%#include \"remote_protocol.h\"

const LIMIT = 16; /* How many. */
const SAME = LIMIT;
const BITS = 0x20;
const BELOW = -3;

typedef string text<LIMIT>;
typedef text *maybe_text;
typedef opaque digest[20];

enum colour { RED, GREEN = 7, BLUE };

union value switch (int kind) {
 case 1:
 case 2:
     int number;
 case 3:
     text words;
 default:
     void;
};

struct thing { /* insert@1 */
    unsigned small;
    unsigned hyper large; /* unused */
    char letters[LIMIT];
    struct thing *next;
    text list<>;
};

enum test_procedure {
    /* - @generate: none|client|server|both
     */
    /**
     * @generate: both
     * @priority: high
     * @acl: thing:read
     * @acl: thing:save:!A|B
     * @aclfilter: thing:getattr
     * @readstream: 1
     * @sparseflag: SPARSE
     */
    TEST_PROC_ONE = 1,
    TEST_PROC_TWO = 2 /* autogen skipgen priority:high | writestream@2 */
};
";

#[test]
fn everything_that_is_written_ends_up_in_the_model() {
    let file = parse("test.x", "test", SOURCE).unwrap();
    assert_eq!(file.uses, ["remote_protocol"]);
    assert_eq!(file.constants.len(), 4);
    assert_eq!(file.constants[2].value, Value::Number(32));
    assert_eq!(file.constants[3].value, Value::Number(-3));
    assert_eq!(file.typedefs[1].form, Form::Optional);
    let members: Vec<_> = file.enums[0].members.iter().map(|member| &member.value).collect();
    assert_eq!(members, [&Value::Number(0), &Value::Number(7), &Value::Number(8)]);
    let union = &file.unions[0];
    assert_eq!(union.arms[0].cases, [Value::Number(1), Value::Number(2)]);
    assert_eq!(union.default.as_ref().unwrap().base, Base::Void);
    let fields = &file.structs[0].fields;
    assert_eq!(fields[0].base, Base::UnsignedInt);
    assert_eq!(fields[2].form, Form::Fixed(Value::Name("LIMIT".into())));
    assert_eq!(fields[3].base, Base::Named("thing".into()));
    assert_eq!(fields[4].form, Form::Variable(None));
}

#[test]
fn both_styles_of_notes_are_read() {
    let file = parse("test.x", "test", SOURCE).unwrap();
    let list = file.procedures.unwrap().list;
    let one = &list[0].notes;
    assert_eq!(one.generate.as_deref(), Some("both"));
    assert_eq!(one.priority.as_deref(), Some("high"));
    assert_eq!(one.acl, ["thing:read", "thing:save:!A|B"]);
    assert_eq!(one.aclfilter, ["thing:getattr"]);
    assert_eq!(one.readstream, Some(1));
    assert_eq!(one.sparseflag.as_deref(), Some("SPARSE"));
    let two = &list[1].notes;
    assert_eq!(two.generate.as_deref(), Some("server"));
    assert_eq!(two.priority.as_deref(), Some("high"));
    assert_eq!(two.writestream, Some(2));
    assert_eq!(two.acl, [""; 0]);
}

#[test]
fn what_is_printed_parses_to_the_same() {
    let file = parse("test.x", "test", SOURCE).unwrap();
    let printed = print(&file, "A heading.");
    assert_eq!(parse("printed.x", "test", &printed).unwrap(), file);
    assert_eq!(print(&parse("printed.x", "test", &printed).unwrap(), "A heading."), printed);
}

/// What the parser says of a faulty definition.
fn fault(source: &str) -> String {
    parse("bad.x", "bad", source).unwrap_err().to_string()
}

#[test]
fn faults_are_named_by_line_and_column() {
    for (source, message) in [
        ("const A = 1\nconst B = 2;", "bad.x:2:1: expected `;`, found `const`"),
        ("struct a {\n    int b\n};", "bad.x:3:1: expected `;`, found `}`"),
        ("struct a {\n    int = 3;\n};", "bad.x:2:9: expected a name or `*`, found `=`"),
        ("typedef string name;", "bad.x:1:20: expected `<`, found `;`"),
        (
            "const A = ;",
            "bad.x:1:11: expected a number or the name of a constant, found `;`",
        ),
        ("const A = 12ab;", "bad.x:1:11: expected a number, found `12ab`"),
        ("enum a { B = 1 C = 2 };", "bad.x:1:16: expected `,` or `}`, found `C`"),
        (
            "union a switch (int b) { what; };",
            "bad.x:1:26: expected `case`, `default` or `}`, found `what`",
        ),
        (
            "program A { };",
            "bad.x:1:1: expected `const`, `typedef`, `enum`, `struct` or `union`, found `program`",
        ),
        (
            "struct a {\n    int b;\n",
            "bad.x:3:1: expected a type, found the end of the file",
        ),
        ("/* never\nends", "bad.x:1:1: expected `*/`, found the end of the file"),
        ("const é = 1;", "bad.x:1:7: expected a definition, found `é`"),
    ] {
        assert_eq!(fault(source), message);
    }
}
