//! Titles, descriptions, and what programs note about a network.

use super::events::tell_metadata_change;
use crate::protocol::remote;
use crate::test_driver::document::parse_in_namespace;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::network::Definition;
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::types::network::{MetadataType, UpdateFlags};
use crate::xdr::WireStr;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::NetworkGetMetadata<'static>>(get);
    routes.act::<remote::NetworkSetMetadata<'static>>(set);
}

const KNOWN: UpdateFlags = UpdateFlags::LIVE.union(UpdateFlags::CONFIG);

fn get(
    work: &mut Work<'_>,
    request: remote::NetworkGetMetadata<'_>,
) -> Result<remote::NetworkGetMetadataRet<'static>> {
    const FUNCTION: &str = "virNetworkGetMetadata";
    if request.flags.contains(KNOWN) {
        let message = "Flags 'VIR_NETWORK_UPDATE_AFFECT_LIVE' and \
                       'VIR_NETWORK_UPDATE_AFFECT_CONFIG' are mutually exclusive";
        return Err(refused(FUNCTION, "ctl", message));
    }
    let uri = request.uri.as_ref().map(WireStr::as_str);
    check_given(FUNCTION, request.r#type, uri, Given::Any)?;
    check_flags(request.flags.bits(), KNOWN.bits(), "testNetworkGetMetadata")?;
    let network = work.state.networks.by_uuid(request.network.uuid)?;
    check_type(request.r#type)?;
    let affected = network.affected(request.flags)?;
    let definition = match (&network.next, affected.config && network.is_active) {
        (Some(next), true) => next,
        // There is none, and libvirt does not say so.
        (None, true) => return Err(Failure::unsaid()),
        _ => &network.definition,
    };
    let metadata = match request.r#type {
        MetadataType::Description => definition.text("description").map(str::to_owned),
        MetadataType::Title => definition.text("title").map(str::to_owned),
        _ => definition.metadata().get(uri.unwrap_or_default()),
    };
    let metadata = metadata.ok_or_else(|| {
        let detail = "Requested metadata element is not present";
        Failure::of(ErrorDomain::Network, ErrorCode::NoNetworkMetadata, detail)
    })?;
    Ok(remote::NetworkGetMetadataRet { metadata: metadata.into() })
}

fn set(work: &mut Work<'_>, request: remote::NetworkSetMetadata<'_>) -> Result<()> {
    const FUNCTION: &str = "virNetworkSetMetadata";
    let text = |text: &Option<WireStr<'_>>| text.as_ref().map(|text| text.as_str().to_owned());
    let (metadata, key, uri) = (text(&request.metadata), text(&request.key), text(&request.uri));
    if request.r#type == MetadataType::Title
        && metadata.as_ref().is_some_and(|title| title.contains('\n'))
    {
        let message = "metadata title can't contain newlines";
        return Err(refused(FUNCTION, "metadata", message));
    }
    let key_given = match request.r#type {
        MetadataType::Element if metadata.is_none() => Given::Any,
        _ => Given::Key(key.as_deref()),
    };
    check_given(FUNCTION, request.r#type, uri.as_deref(), key_given)?;
    check_flags(request.flags.bits(), KNOWN.bits(), "testNetworkSetMetadata")?;
    let network = work.state.networks.by_uuid_mut(request.network.uuid)?;
    let affected = network.affected(request.flags)?;
    check_type(request.r#type)?;
    let change = Change::of(request.r#type, metadata.as_deref(), key, uri.clone())?;
    // Without another definition for later there is one alone.
    if affected.live || !network.is_active {
        change.apply(&mut network.definition);
    }
    if affected.config
        && network.is_active
        && let Some(next) = &mut network.next
    {
        change.apply(next);
    }
    let net = network.wire();
    tell_metadata_change(work.state, &net, request.r#type, uri.as_deref());
    Ok(())
}

/// A change of metadata.
enum Change {
    Text(&'static str, Option<String>),
    Element {
        uri: String,
        element: Option<Element>,
    },
}

impl Change {
    fn of(
        kind: MetadataType,
        metadata: Option<&str>,
        key: Option<String>,
        uri: Option<String>,
    ) -> Result<Self> {
        let owned = metadata.map(str::to_owned);
        match kind {
            MetadataType::Description => return Ok(Self::Text("description", owned)),
            MetadataType::Title => return Ok(Self::Text("title", owned)),
            _ => {}
        }
        let (uri, key) = (uri.unwrap_or_default(), key.unwrap_or_default());
        let Some(text) = metadata else {
            return Ok(Self::Element { uri, element: None });
        };
        let element = Some(parse_in_namespace(text, &uri, &key, ErrorDomain::Network)?);
        Ok(Self::Element { uri, element })
    }

    fn apply(&self, definition: &mut Definition) {
        match self {
            Self::Text(child, text) => definition.set_text(child, text.as_deref()),
            Self::Element { uri, element } => {
                definition.metadata_mut().set(uri, element.clone());
            }
        }
    }
}

/// A key, where it is looked at.
enum Given<'a> {
    Any,
    Key(Option<&'a str>),
}

/// Checks that a namespace and a key are given where they must be, and only there. Where no key is
/// looked at there is none.
fn check_given(
    function: &str,
    kind: MetadataType,
    uri: Option<&str>,
    key: Given<'_>,
) -> Result<()> {
    let is_needed = match kind {
        MetadataType::Title | MetadataType::Description => false,
        MetadataType::Element => true,
        _ => return Ok(()),
    };
    let mut all = vec![("uri", uri)];
    if let Given::Key(key) = key {
        all.push(("key", key));
    }
    for (argument, given) in all {
        if given.is_some() != is_needed {
            let not = if is_needed { "not " } else { "" };
            let message = format!("{argument} in {function} must {not}be NULL");
            return Err(refused(function, argument, message));
        }
    }
    Ok(())
}

fn check_type(kind: MetadataType) -> Result<()> {
    let number = i32::from(kind);
    match number {
        0..3 => Ok(()),
        _ => Err(Failure::of(
            ErrorDomain::Network,
            ErrorCode::InvalidArg,
            format_args!("unknown metadata type '{number}'"),
        )),
    }
}

fn refused(function: &str, argument: &str, message: impl std::fmt::Display) -> Failure {
    let mut failure = Failure::argument(function, argument, message);
    failure.domain = ErrorDomain::Network;
    failure
}
