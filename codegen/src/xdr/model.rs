//! The content of a definition as written, with names not resolved.

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
    /// The name.
    pub name: String,
    /// The value.
    pub value: Value,
    /// Set where the value is from the public headers rather than of the protocol.
    pub header: bool,
}

/// A type without the form of its declaration.
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

/// The form of a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// One value.
    One,
    /// `*name`: no value or one.
    Optional,
    /// `name[n]`: exactly this many.
    Fixed(Value),
    /// `name<max>`: at most this many.
    Variable(Option<Value>),
}

/// A field, an arm of a union or a type definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The name; empty for `void`.
    pub name: String,
    /// The type.
    pub base: Base,
    /// The form.
    pub form: Form,
}

/// A structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struct {
    /// The name.
    pub name: String,
    /// The fields in wire order.
    pub fields: Vec<Declaration>,
}

/// A discriminated union.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Union {
    /// The name.
    pub name: String,
    /// The declaration of the discriminant.
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
    /// The arm's declaration.
    pub body: Declaration,
}

/// An enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// The name.
    pub name: String,
    /// The members.
    pub members: Vec<Member>,
}

/// A member of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Value,
}

/// The numbered procedures of a file, with annotations.
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
    /// The name, e.g. `REMOTE_PROC_DOMAIN_GET_INFO`.
    pub name: String,
    /// The number.
    pub number: Value,
    /// The annotations.
    pub notes: Notes,
}

/// The annotations of a procedure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// The public C function that it serves.
    pub api: Option<String>,
    /// The release whose public API first had it.
    pub since: Option<String>,
    /// The sides that upstream generates code for: `none`, `client`, `server` or `both`.
    pub generate: Option<String>,
    /// The priority, `high` or `low`.
    pub priority: Option<String>,
    /// The permissions that the daemon checks.
    pub acl: Vec<String>,
    /// The permissions that filter its results.
    pub aclfilter: Vec<String>,
    /// The position of the C function's argument for a stream from the daemon.
    pub readstream: Option<i64>,
    /// The position of the C function's argument for a stream to the daemon.
    pub writestream: Option<i64>,
    /// The flag that allows holes in the stream.
    pub sparseflag: Option<String>,
}

/// All definitions of one file, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct File {
    /// The file name without folder and `.x`, e.g. `remote_protocol`.
    pub name: String,
    /// The names of the definitions whose types it uses.
    pub uses: Vec<String>,
    /// The constants.
    pub constants: Vec<Constant>,
    /// The type definitions.
    pub typedefs: Vec<Declaration>,
    /// The enumerations, without that of procedures.
    pub enums: Vec<Enum>,
    /// The unions.
    pub unions: Vec<Union>,
    /// The structures.
    pub structs: Vec<Struct>,
    /// The procedures.
    pub procedures: Option<Procedures>,
}
