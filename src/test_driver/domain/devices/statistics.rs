//! What disks and interfaces have transferred, how large they are, and where they are reached.

use crate::protocol::remote;
use crate::test_driver::failure::{Failure, Result, check_flags, not_empty};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::Domain;
use crate::test_driver::state::network::Networks;
use crate::test_driver::xml::Element;
use crate::types::domain::{DiskErrorCode, InterfaceAddressesSource};
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::types::network::IpAddrType;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::DomainBlockStats<'static>>(|work, request| {
        if request.path.as_str().is_empty() {
            let detail = "summary statistics are not supported yet";
            return Err(Failure::new(ErrorCode::OperationUnsupported, detail));
        }
        let domain = work.state.domains.get(&request.dom)?;
        domain.check_active()?;
        if domain.definition().disk(request.path.as_str()).is_none() {
            let detail = format!("invalid path: {}", request.path.as_str());
            return Err(Failure::new(ErrorCode::InvalidArg, detail));
        }
        let base = work.state.microseconds().cast_signed();
        Ok(remote::DomainBlockStatsRet {
            rd_req: base / 10,
            rd_bytes: base / 20,
            wr_req: base / 30,
            wr_bytes: base / 40,
            errs: base / 2_000_000,
        })
    });
    routes.tell::<remote::DomainGetBlockInfo<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainGetBlockInfo")?;
        let definition = work.state.domains.get(&request.dom)?.definition();
        let path = request.path.as_str();
        not_empty(path, "disk", "virDomainGetBlockInfo")?;
        let Some(disk) = definition.disk(path) else {
            let detail = format!("invalid path {path} not assigned to domain");
            return Err(Failure::new(ErrorCode::InvalidArg, detail));
        };
        if disk.child("source").is_none() {
            let detail = format!("disk '{path}' does not currently have a source assigned");
            return Err(Failure::new(ErrorCode::InvalidArg, detail));
        }
        Ok(remote::DomainGetBlockInfoRet {
            allocation: 1_099_511_627_776,
            capacity: 1_099_506_450_432,
            physical: 1_099_511_627_776,
        })
    });
    routes.tell::<remote::DomainGetDiskErrors<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainGetDiskErrors")?;
        let domain = work.state.domains.get(&request.dom)?;
        domain.check_active()?;
        Ok(disk_errors(domain, request.maxerrors as usize))
    });
    routes.tell::<remote::DomainInterfaceStats<'static>>(|work, request| {
        let domain = work.state.domains.get(&request.dom)?;
        domain.check_active()?;
        let name = request.device.as_str();
        if !domain.definition().devices_of("interface").any(|it| is_called(it, name)) {
            let detail = format!("'{name}' is not a known interface");
            return Err(Failure::of(ErrorDomain::Domain, ErrorCode::InvalidArg, detail));
        }
        let base = work.state.microseconds().cast_signed();
        Ok(remote::DomainInterfaceStatsRet {
            rx_bytes: base / 10,
            rx_packets: base / 100,
            rx_errs: base / 1_000_000,
            rx_drop: base / 2_000_000,
            tx_bytes: base / 20,
            tx_packets: base / 110,
            tx_errs: base / 3_000_000,
            tx_drop: base / 4_000_000,
        })
    });
    routes.tell::<remote::DomainInterfaceAddresses<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainInterfaceAddresses")?;
        if let InterfaceAddressesSource::Other(number) = request.source {
            let detail = format!("Unknown IP address data source {number}");
            return Err(Failure::new(ErrorCode::ArgumentUnsupported, detail));
        }
        let domain = work.state.domains.get(&request.dom)?;
        domain.check_active()?;
        let id = domain.id().cast_unsigned();
        let interfaces = (0..).zip(domain.definition().devices_of("interface"));
        let ifaces = interfaces.map(|(at, it)| addresses(&work.state.networks, it, at, id));
        Ok(remote::DomainInterfaceAddressesRet { ifaces: ifaces.collect::<Result<_>>()? })
    });
}

/// Says of each disk that it has an error, of one kind and the other in turn.
fn disk_errors(domain: &Domain, max: usize) -> remote::DomainGetDiskErrorsRet<'static> {
    let kinds = [DiskErrorCode::Unspec, DiskErrorCode::NoSpace];
    let targets = domain
        .definition()
        .devices_of("disk")
        .map(|disk| disk.child("target").and_then(|target| target.get("dev")).unwrap_or_default());
    let all: Vec<&str> = targets.collect();
    if max == 0 {
        let nerrors = all.len() as i32;
        return remote::DomainGetDiskErrorsRet { errors: Vec::new(), nerrors };
    }
    let errors: Vec<_> = all
        .into_iter()
        .zip(kinds.into_iter().cycle())
        .take(max)
        .map(|(disk, error)| remote::DomainDiskError { disk: disk.to_owned().into(), error })
        .collect();
    let nerrors = errors.len() as i32;
    remote::DomainGetDiskErrorsRet { errors, nerrors }
}

fn target(interface: &Element) -> Option<&str> {
    interface.child("target")?.get("dev")
}

fn mac(interface: &Element) -> Option<&str> {
    interface.child("mac")?.get("address")
}

fn is_called(interface: &Element, name: &str) -> bool {
    target(interface) == Some(name)
        || mac(interface).is_some_and(|mac| mac.eq_ignore_ascii_case(name))
}

fn addresses(
    networks: &Networks,
    interface: &Element,
    at: u32,
    domain: u32,
) -> Result<remote::DomainInterface<'static>> {
    let network = interface.child("source").and_then(|source| source.get("network"));
    let address = match network.filter(|_| interface.get("type") == Some("network")) {
        Some(network) => {
            let offset = domain.wrapping_sub(1).wrapping_mul(20).wrapping_add(at + 1);
            let (address, prefix) = networks.address_of_card(network, offset)?;
            let r#type = if address.is_v4() {
                IpAddrType::Ipv4
            } else {
                IpAddrType::Ipv6
            };
            remote::DomainIpAddr { r#type, addr: address.to_string().into(), prefix }
        }
        None => remote::DomainIpAddr {
            r#type: IpAddrType::Ipv4,
            addr: format!("192.168.0.{}", 1 + at).into(),
            prefix: 24,
        },
    };
    Ok(remote::DomainInterface {
        name: target(interface).unwrap_or_default().to_owned().into(),
        hwaddr: mac(interface).map(|mac| mac.to_owned().into()),
        addrs: vec![address],
    })
}
