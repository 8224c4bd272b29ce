//! What migrations send, encoded by hand.

use crate::peer::{string, words};

pub const GET_XML_DESC: u32 = 14;
pub const GET_INFO: u32 = 16;
pub const LOOKUP_BY_NAME: u32 = 23;
pub const LOOKUP_BY_UUID: u32 = 24;
pub const PREPARE: u32 = 61;
pub const PERFORM: u32 = 62;
pub const FINISH: u32 = 63;
pub const PREPARE2: u32 = 108;
pub const FINISH2: u32 = 109;
pub const IS_ACTIVE: u32 = 150;
pub const ABORT_JOB: u32 = 164;
pub const GET_STATE: u32 = 212;
pub const BEGIN3: u32 = 213;
pub const PREPARE3: u32 = 214;
pub const PERFORM3: u32 = 216;
pub const FINISH3: u32 = 217;
pub const CONFIRM3: u32 = 218;
pub const GET_JOB_STATS: u32 = 298;
pub const BEGIN3_PARAMS: u32 = 302;
pub const PREPARE3_PARAMS: u32 = 303;
pub const PERFORM3_PARAMS: u32 = 305;
pub const FINISH3_PARAMS: u32 = 306;
pub const CONFIRM3_PARAMS: u32 = 307;

/// Numbers of features.
pub mod feature {
    pub const V1: u32 = 1;
    pub const V2: u32 = 3;
    pub const P2P: u32 = 4;
    pub const DIRECT: u32 = 5;
    pub const V3: u32 = 6;
    pub const CHANGE_PROTECTION: u32 = 7;
    pub const XML_MIGRATABLE: u32 = 11;
    pub const OFFLINE: u32 = 12;
    pub const PARAMS: u32 = 13;
}

pub const UUID: [u8; 16] = [7; 16];

/// Arguments or results, field by field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<u8>);

/// The value of a parameter.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    Int(i32),
    Long(u64),
    Text(&'a str),
}

/// The domain `web` on the source, or under that name and ID on the destination.
pub fn domain(name: &str, id: u32) -> Fields {
    Fields::default().text(name).bytes(&UUID).word(id)
}

/// The domain on the source.
pub fn web() -> Fields {
    domain("web", 3)
}

impl Fields {
    pub fn word(self, value: u32) -> Self {
        self.bytes(&words(&[value]))
    }

    pub fn long(self, value: u64) -> Self {
        self.bytes(&value.to_be_bytes())
    }

    pub fn text(self, value: &str) -> Self {
        self.bytes(&string(value))
    }

    /// Text that may be left out.
    pub fn maybe(self, value: Option<&str>) -> Self {
        match value {
            Some(text) => self.word(1).text(text),
            None => self.word(0),
        }
    }

    pub fn cookie(self, value: &str) -> Self {
        self.text(value)
    }

    pub fn params(self, params: &[(&str, Value<'_>)]) -> Self {
        let mut fields = self.word(params.len() as u32);
        for (name, value) in params {
            fields = fields.text(name);
            fields = match value {
                Value::Int(value) => fields.word(1).word(value.cast_unsigned()),
                Value::Long(value) => fields.word(4).long(*value),
                Value::Text(value) => fields.word(7).text(value),
            };
        }
        fields
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }
}
