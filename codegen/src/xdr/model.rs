//! What a definition says, as it is written: names are not resolved here.

/// A number, or the name of a constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Written as a number.
    Number(i64),
    /// Written as a name.
    Name(String),
}

/// `const NAME = value;`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constant {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Whether the value is one of the public headers' rather than of the protocol.
    pub header: bool,
}

/// A type without the form that a declaration gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the types of RFC 4506")]
pub enum Base {
    Int,
    UnsignedInt,
    Hyper,
    UnsignedHyper,
    Short,
    UnsignedShort,
    Char,
    UnsignedChar,
    Bool,
    Float,
    Double,
    String,
    Opaque,
    Void,
    /// A type that is defined elsewhere.
    Named(String),
}

/// What a declaration makes of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// One value.
    One,
    /// `*name`: none or one.
    Optional,
    /// `name[n]`: exactly so many.
    Fixed(Value),
    /// `name<max>`: at most so many.
    Variable(Option<Value>),
}

/// A field, an arm of a union or a type definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// Its name; empty for `void`.
    pub name: String,
    /// Its type.
    pub base: Base,
    /// Its form.
    pub form: Form,
}

/// A structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struct {
    /// Its name.
    pub name: String,
    /// Its fields in wire order.
    pub fields: Vec<Declaration>,
}

/// A discriminated union.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Union {
    /// Its name.
    pub name: String,
    /// What selects the arm.
    pub discriminant: Declaration,
    /// The arms.
    pub arms: Vec<Arm>,
    /// The arm of all other discriminants, if there is one.
    pub default: Option<Declaration>,
}

/// An arm of a union.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arm {
    /// The discriminants that select it.
    pub cases: Vec<Value>,
    /// What it holds.
    pub body: Declaration,
}

/// An enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// Its name.
    pub name: String,
    /// Its members.
    pub members: Vec<Member>,
}

/// A member of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// The numbered procedures of a file and what is said of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedures {
    /// The name of the enumeration, e.g. `remote_procedure`.
    pub name: String,
    /// The procedures in order.
    pub list: Vec<Procedure>,
}

/// A procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// Its name, e.g. `REMOTE_PROC_DOMAIN_GET_INFO`.
    pub name: String,
    /// Its number.
    pub number: Value,
    /// What is said of it.
    pub notes: Notes,
}

/// What a definition says of a procedure besides its number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// The public C function that it serves.
    pub api: Option<String>,
    /// The release whose public API first had it.
    pub since: Option<String>,
    /// Which sides upstream generates code for: `none`, `client`, `server` or `both`.
    pub generate: Option<String>,
    /// `high` or `low`.
    pub priority: Option<String>,
    /// The permissions that the daemon asks for.
    pub acl: Vec<String>,
    /// The permissions that filter its results.
    pub aclfilter: Vec<String>,
    /// Where the C function takes the stream that data comes from.
    pub readstream: Option<i64>,
    /// Where the C function takes the stream that data goes to.
    pub writestream: Option<i64>,
    /// The flag that allows holes in the stream.
    pub sparseflag: Option<String>,
}

/// Everything that one file defines, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct File {
    /// The name of the file without folder and `.x`, e.g. `remote_protocol`.
    pub name: String,
    /// The definitions whose types it uses, by the same kind of name.
    pub uses: Vec<String>,
    /// Its constants.
    pub constants: Vec<Constant>,
    /// Its type definitions.
    pub typedefs: Vec<Declaration>,
    /// Its enumerations, without the one of procedures.
    pub enums: Vec<Enum>,
    /// Its unions.
    pub unions: Vec<Union>,
    /// Its structures.
    pub structs: Vec<Struct>,
    /// Its procedures.
    pub procedures: Option<Procedures>,
}
