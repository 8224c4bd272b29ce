//! The same messages with `xdr_codec`'s composite helpers, as its generator would write them.

// The methods that the library may not use are compared with it here.
#![allow(clippy::disallowed_methods)]

use std::io::{Read, Write};

use xdr_codec::{
    Pack, Result, Unpack, pack_flex, pack_opaque_array, pack_string, unpack_flex,
    unpack_opaque_array, unpack_string,
};

/// Defines structures whose fields can be packed and unpacked.
macro_rules! structure {
    ($name:ident { $($field:ident: $ty:ty = $pack:expr, $unpack:expr;)* }) => {
        pub(crate) struct $name {
            $($field: $ty,)*
        }

        impl<Out: Write> Pack<Out> for $name {
            fn pack(&self, out: &mut Out) -> Result<usize> {
                let mut size = 0;
                $(size += $pack(&self.$field, out)?;)*
                Ok(size)
            }
        }

        impl<In: Read> Unpack<In> for $name {
            fn unpack(input: &mut In) -> Result<(Self, usize)> {
                let mut size = 0;
                $(let $field = { let (value, len) = $unpack(input)?; size += len; value };)*
                Ok((Self { $($field,)* }, size))
            }
        }
    };
}

const STRING_MAX: Option<usize> = Some(4_194_304);
const DOMAIN_LIST_MAX: Option<usize> = Some(16_384);
const PARAMS_MAX: Option<usize> = Some(262_144);

fn text_out<Out: Write>(text: &str, out: &mut Out) -> Result<usize> {
    pack_string(text, STRING_MAX, out)
}

fn text_in<In: Read>(input: &mut In) -> Result<(String, usize)> {
    unpack_string(input, STRING_MAX)
}

fn uuid_out<Out: Write>(uuid: &[u8; 16], out: &mut Out) -> Result<usize> {
    pack_opaque_array(uuid, 16, out)
}

fn uuid_in<In: Read>(input: &mut In) -> Result<([u8; 16], usize)> {
    let mut uuid = [0; 16];
    let size = unpack_opaque_array(input, &mut uuid, 16)?;
    Ok((uuid, size))
}

struct Name(String);

impl<Out: Write> Pack<Out> for Name {
    fn pack(&self, out: &mut Out) -> Result<usize> {
        text_out(&self.0, out)
    }
}

impl<In: Read> Unpack<In> for Name {
    fn unpack(input: &mut In) -> Result<(Self, usize)> {
        text_in(input).map(|(text, size)| (Self(text), size))
    }
}

structure!(DomainRef {
    name: String = text_out, text_in;
    uuid: [u8; 16] = uuid_out, uuid_in;
    id: i32 = Pack::pack, Unpack::unpack;
});

structure!(InfoArgs {
    dom: DomainRef = Pack::pack, Unpack::unpack;
});

structure!(InfoRet {
    state: u32 = Pack::pack, Unpack::unpack;
    max_mem: u64 = Pack::pack, Unpack::unpack;
    memory: u64 = Pack::pack, Unpack::unpack;
    nr_virt_cpu: u32 = Pack::pack, Unpack::unpack;
    cpu_time: u64 = Pack::pack, Unpack::unpack;
});

structure!(NamesRet {
    names: Vec<Name> = |names: &Vec<Name>, out| pack_flex(names, DOMAIN_LIST_MAX, out),
        |input| unpack_flex(input, DOMAIN_LIST_MAX);
});

structure!(DomainsRet {
    domains: Vec<DomainRef> = |domains: &Vec<DomainRef>, out| {
        pack_flex(domains, DOMAIN_LIST_MAX, out)
    }, |input| unpack_flex(input, DOMAIN_LIST_MAX);
    ret: u32 = Pack::pack, Unpack::unpack;
});

enum ParamValue {
    Int(i32),
    Uint(u32),
    Llong(i64),
    Ullong(u64),
    Double(f64),
    Boolean(i32),
    Text(String),
}

impl<Out: Write> Pack<Out> for ParamValue {
    fn pack(&self, out: &mut Out) -> Result<usize> {
        Ok(match self {
            Self::Int(value) => 1_i32.pack(out)? + value.pack(out)?,
            Self::Uint(value) => 2_i32.pack(out)? + value.pack(out)?,
            Self::Llong(value) => 3_i32.pack(out)? + value.pack(out)?,
            Self::Ullong(value) => 4_i32.pack(out)? + value.pack(out)?,
            Self::Double(value) => 5_i32.pack(out)? + value.pack(out)?,
            Self::Boolean(value) => 6_i32.pack(out)? + value.pack(out)?,
            Self::Text(value) => 7_i32.pack(out)? + text_out(value, out)?,
        })
    }
}

impl<In: Read> Unpack<In> for ParamValue {
    fn unpack(input: &mut In) -> Result<(Self, usize)> {
        fn arm<T>((value, size): (T, usize), make: fn(T) -> ParamValue) -> (ParamValue, usize) {
            (make(value), size + 4)
        }
        let (discriminant, _) = i32::unpack(input)?;
        Ok(match discriminant {
            1 => arm(Unpack::unpack(input)?, Self::Int),
            2 => arm(Unpack::unpack(input)?, Self::Uint),
            3 => arm(Unpack::unpack(input)?, Self::Llong),
            4 => arm(Unpack::unpack(input)?, Self::Ullong),
            5 => arm(Unpack::unpack(input)?, Self::Double),
            6 => arm(Unpack::unpack(input)?, Self::Boolean),
            7 => arm(text_in(input)?, Self::Text),
            other => return Err(xdr_codec::Error::invalidcase(other)),
        })
    }
}

structure!(Param {
    field: String = text_out, text_in;
    value: ParamValue = Pack::pack, Unpack::unpack;
});

structure!(StatsRecord {
    dom: DomainRef = Pack::pack, Unpack::unpack;
    params: Vec<Param> = |params: &Vec<Param>, out| pack_flex(params, PARAMS_MAX, out),
        |input| unpack_flex(input, PARAMS_MAX);
});

structure!(StatsRet {
    records: Vec<StatsRecord> = |records: &Vec<StatsRecord>, out| {
        pack_flex(records, DOMAIN_LIST_MAX, out)
    }, |input| unpack_flex(input, DOMAIN_LIST_MAX);
});
