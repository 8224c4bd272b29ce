//! Title, description, and what users keep with a domain.

use super::events::tell_metadata;
use crate::protocol::remote;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::Definition;
use crate::test_driver::work::Work;
use crate::types::domain::{MetadataType, ModificationImpact};
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::xdr::WireStr;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::DomainGetMetadata<'static>>(|work, request| get(work, &request));
    routes.act::<remote::DomainSetMetadata<'static>>(|work, request| set(work, &request));
}

fn known() -> u32 {
    (ModificationImpact::LIVE | ModificationImpact::CONFIG).bits()
}

fn get(
    work: &mut Work<'_>,
    request: &remote::DomainGetMetadata<'_>,
) -> Result<remote::DomainGetMetadataRet<'static>> {
    let flags = request.flags.bits();
    if flags & known() == known() {
        return Err(Failure::refused(
            "virDomainGetMetadata",
            "ctl",
            "Flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive",
        ));
    }
    let uri = request.uri.as_ref().map(WireStr::as_str);
    check_uri("virDomainGetMetadata", request.r#type, uri)?;
    check_flags(flags, known(), "testDomainGetMetadata")?;
    let domain = work.state.domains.get(&request.dom)?;
    let impact = domain.meant(flags)?;
    let definition = if impact.live {
        domain.definition()
    } else {
        domain.config()
    };
    let text = match request.r#type {
        MetadataType::Description => definition.description().map(str::to_owned),
        MetadataType::Title => definition.title().map(str::to_owned),
        _ => definition.metadata(uri.unwrap_or_default()),
    };
    let Some(text) = text else {
        let detail = "Requested metadata element is not present";
        return Err(Failure::of(ErrorDomain::Domain, ErrorCode::NoDomainMetadata, detail));
    };
    Ok(remote::DomainGetMetadataRet { metadata: text.into() })
}

fn set(work: &mut Work<'_>, request: &remote::DomainSetMetadata<'_>) -> Result<()> {
    let function = "virDomainSetMetadata";
    let text = request.metadata.as_ref().map(WireStr::as_str);
    let key = request.key.as_ref().map(WireStr::as_str);
    let uri = request.uri.as_ref().map(WireStr::as_str);
    let kind = request.r#type;
    if kind == MetadataType::Title && text.is_some_and(|text| text.contains('\n')) {
        return Err(Failure::refused(
            function,
            "metadata",
            "metadata title can't contain newlines",
        ));
    }
    check_uri(function, kind, uri)?;
    match kind {
        MetadataType::Element if text.is_some() && key.is_none() => {
            return Err(null(function, "key", "must not be NULL"));
        }
        MetadataType::Title | MetadataType::Description if key.is_some() => {
            return Err(null(function, "key", "must be NULL"));
        }
        _ => {}
    }
    let flags = request.flags.bits();
    check_flags(flags, known(), "testDomainSetMetadata")?;
    let domain = work.state.domains.get_mut(&request.dom)?;
    let impact = domain.meant(flags)?;
    if impact.live
        && let Some((_, definition)) = &mut domain.live
    {
        change(definition, kind, text, key, uri)?;
    }
    if impact.config
        && let Some(definition) = &mut domain.config
    {
        change(definition, kind, text, key, uri)?;
    }
    let dom = domain.wire();
    tell_metadata(work.state, &dom, kind.into(), uri);
    Ok(())
}

fn change(
    definition: &mut Definition,
    kind: MetadataType,
    text: Option<&str>,
    key: Option<&str>,
    uri: Option<&str>,
) -> Result<()> {
    match kind {
        MetadataType::Description => definition.set_description(text),
        MetadataType::Title => definition.set_title(text),
        _ => definition.set_metadata(uri.unwrap_or_default(), key, text)?,
    }
    Ok(())
}

fn check_uri(function: &str, kind: MetadataType, uri: Option<&str>) -> Result<()> {
    match kind {
        MetadataType::Title | MetadataType::Description if uri.is_some() => {
            Err(null(function, "uri", "must be NULL"))
        }
        MetadataType::Element if uri.is_none() => Err(null(function, "uri", "must not be NULL")),
        MetadataType::Other(number) => {
            let detail = format!("unknown metadata type '{number}'");
            Err(Failure::of(ErrorDomain::Domain, ErrorCode::InvalidArg, detail))
        }
        _ => Ok(()),
    }
}

fn null(function: &str, argument: &str, what: &str) -> Failure {
    Failure::refused(function, argument, format_args!("{argument} in {function} {what}"))
}
