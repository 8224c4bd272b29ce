//! Typed parameters of the administration program, which has wire types of its own for them.

use crate::api::typed_params::typed_params;
use crate::params::{TypedParams, ValueRef};
use crate::protocol::admin::{TypedParam, TypedParamValue};

typed_params!();
