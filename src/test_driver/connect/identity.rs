//! For whom a client speaks. It is looked at and makes no difference: everybody may do all here.

use crate::params::names::identity;
use crate::protocol::remote;
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::routes::Routes;
use crate::types::error::{ErrorCode, ErrorDomain};

const KNOWN: [&str; 9] = [
    identity::USER_NAME,
    identity::UNIX_USER_ID,
    identity::GROUP_NAME,
    identity::UNIX_GROUP_ID,
    identity::PROCESS_ID,
    identity::PROCESS_TIME,
    identity::SASL_USER_NAME,
    identity::X509_DISTINGUISHED_NAME,
    identity::SELINUX_CONTEXT,
];

pub(super) fn route(routes: &mut Routes) {
    routes.act::<remote::ConnectSetIdentity<'static>>(|_, request| {
        let mut fields = request.params.iter().map(|param| param.field.as_str());
        fields.try_for_each(check)
    });
    routes.may_read::<remote::ConnectSetIdentity<'static>>();
}

fn check(field: &str) -> Result<()> {
    if KNOWN.contains(&field) {
        return Ok(());
    }
    let detail = format!("parameter '{field}' not supported");
    Err(Failure::of(ErrorDomain::None, ErrorCode::ArgumentUnsupported, detail))
}
