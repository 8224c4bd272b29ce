//! Devices of the host: identity and lookup.

use super::handle::handle;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::ListAllNodeDeviceFlags;

pub use crate::types::node_device::*;

handle! {
    /// A handle to a device of the host (`virNodeDevice`). Cheap to clone; it holds nothing on the
    /// daemon's side.
    pub NodeDevice of remote::NonnullNodeDevice, known by name {
        /// Returns the device's name (`virNodeDeviceGetName`). Local.
        name: text;;
    }
}

impl Connect {
    /// Looks up a device by name (`virNodeDeviceLookupByName`).
    pub async fn lookup_node_device_by_name(&self, name: &str) -> Result<NodeDevice> {
        let reply = self.call(remote::NodeDeviceLookupByName { name: name.into() }).await?;
        Ok(NodeDevice::from_wire(self, &reply.decode()?.dev))
    }

    /// Lists the devices that match the filter (`virConnectListAllNodeDevices`).
    pub async fn list_all_node_devices(
        &self,
        flags: ListAllNodeDeviceFlags,
    ) -> Result<Vec<NodeDevice>> {
        let reply = self.call(remote::ConnectListAllNodeDevices { need_results: 1, flags }).await?;
        Ok(NodeDevice::list_from_wire(self, &reply.decode()?.devices))
    }
}
