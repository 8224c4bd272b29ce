//! The order in which a network is written.

use crate::test_driver::document::Shape;

const VLAN: Shape = Shape::new("vlan")
    .attributes(&["trunk"])
    .children(&[Shape::new("tag").attributes(&["id", "nativeMode"]).repeated()]);

const RATE: &[&str] = &["average", "peak", "floor", "burst"];

const BANDWIDTH: Shape = Shape::new("bandwidth")
    .children(&[
        Shape::new("inbound").attributes(RATE),
        Shape::new("outbound").attributes(RATE),
    ])
    .open();

const VIRTUALPORT: Shape =
    Shape::new("virtualport")
        .attributes(&["type"])
        .children(&[Shape::new("parameters").attributes(&[
            "managerid",
            "typeid",
            "typeidversion",
            "instanceid",
            "interfaceid",
            "profileid",
        ])]);

const FORWARD: Shape = Shape::new("forward").attributes(&["dev", "mode", "managed"]).children(&[
    Shape::new("driver").attributes(&["name", "model"]),
    Shape::new("nat").attributes(&["ipv6"]).children(&[
        Shape::new("address").attributes(&["start", "end"]),
        Shape::new("port").attributes(&["start", "end"]),
    ]),
    Shape::new("pf").attributes(&["dev"]),
    Shape::new("interface").attributes(&["dev"]).repeated(),
    Shape::new("address")
        .attributes(&["type", "domain", "bus", "slot", "function"])
        .repeated(),
]);

const DNS: Shape = Shape::new("dns").attributes(&["enable", "forwardPlainNames"]).children(&[
    Shape::new("forwarder").attributes(&["domain", "addr"]).repeated(),
    Shape::new("txt").attributes(&["name", "value"]).repeated(),
    Shape::new("srv")
        .attributes(&[
            "service", "protocol", "domain", "target", "port", "priority", "weight",
        ])
        .repeated(),
    Shape::new("host")
        .attributes(&["ip"])
        .children(&[Shape::text("hostname").repeated()])
        .repeated(),
]);

const LEASE: &[Shape] = &[Shape::new("lease").attributes(&["expiry", "unit"])];

const IP: Shape = Shape::new("ip")
    .attributes(&["family", "address", "netmask", "prefix", "localPtr"])
    .children(&[
        Shape::new("tftp").attributes(&["root"]),
        Shape::new("dhcp").children(&[
            Shape::new("range").attributes(&["start", "end"]).children(LEASE).repeated(),
            Shape::new("host")
                .attributes(&["mac", "id", "name", "ip"])
                .children(LEASE)
                .repeated(),
            Shape::new("bootp").attributes(&["file", "server"]),
        ]),
    ])
    .repeated();

const ROUTE: Shape = Shape::new("route")
    .attributes(&[
        "family", "address", "netmask", "prefix", "gateway", "metric",
    ])
    .repeated();

const PORTGROUP: Shape = Shape::new("portgroup")
    .attributes(&["name", "default", "trustGuestRxFilters"])
    .children(&[VLAN, VIRTUALPORT, BANDWIDTH])
    .open()
    .repeated();

pub(super) const NETWORK: Shape =
    Shape::new("network").attributes(&["ipv6", "trustGuestRxFilters"]).children(&[
        Shape::text("name"),
        Shape::text("uuid"),
        Shape::text("title"),
        Shape::text("description"),
        // Its place; what is in it is kept elsewhere.
        Shape::new("metadata").kept(),
        FORWARD,
        Shape::new("bridge").attributes(&["name", "zone", "stp", "delay", "macTableManager"]),
        Shape::new("mtu").attributes(&["size"]),
        Shape::new("mac").attributes(&["address"]),
        Shape::new("domain").attributes(&["name", "localOnly", "register"]),
        DNS,
        VLAN,
        BANDWIDTH,
        Shape::new("port").attributes(&["isolated"]),
        IP,
        ROUTE,
        VIRTUALPORT,
        PORTGROUP,
    ]);
