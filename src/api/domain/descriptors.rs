//! Calls that pass file descriptors. They need a UNIX socket.

use std::os::fd::OwnedFd;

use super::{CreateFlags, Domain, FdAssociateFlags, OpenGraphicsFlags};
use crate::client::Connect;
use crate::error::{Error, Result};
use crate::protocol::{Request, remote};

/// # Starting domains with file descriptors
impl Connect {
    /// Starts a domain as [`domain_create_xml`](Self::domain_create_xml) does, and passes it open
    /// files (`virDomainCreateXMLWithFiles`). Only containers use them: they find them from
    /// descriptor 3 on. [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virDomainCreateXMLWithFiles")]
    pub async fn domain_create_xml_with_files(
        &self,
        xml: &str,
        files: Vec<OwnedFd>,
        flags: CreateFlags,
    ) -> Result<Domain> {
        let called = self
            .call_with_fds(remote::DomainCreateXmlWithFiles { xml_desc: xml.into(), flags }, files);
        let (reply, _none) = called.await?;
        Ok(Domain::from_wire(self, &reply.decode()?.dom))
    }
}

/// # File descriptors
impl Domain {
    /// Starts a defined domain and passes it open files (`virDomainCreateWithFiles`); see
    /// [`Connect::domain_create_xml_with_files`]. [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virDomainCreateWithFiles")]
    pub async fn create_with_files(&self, files: Vec<OwnedFd>, flags: CreateFlags) -> Result<()> {
        let called = self
            .connect()
            .call_with_fds(remote::DomainCreateWithFiles { dom: self.wire(), flags }, files);
        let (reply, _none) = called.await?;
        self.id.set(reply.decode()?.dom.id);
        Ok(())
    }

    /// Associates open files with a name, which the domain's definition refers to as `<source
    /// fdgroup=…>` instead of a path (`virDomainFDAssociate`). The daemon drops them when this
    /// connection closes.
    #[doc(alias = "virDomainFDAssociate")]
    pub async fn fd_associate(
        &self,
        name: &str,
        files: Vec<OwnedFd>,
        flags: FdAssociateFlags,
    ) -> Result<()> {
        let procedure = remote::DomainFdAssociate::INFO.name;
        if files.is_empty() {
            let reason = "at least one file is needed".to_owned();
            return Err(Error::InvalidArgument { procedure, reason });
        }
        self.connect()
            .call_with_fds(
                remote::DomainFdAssociate { dom: self.wire(), name: name.into(), flags },
                files,
            )
            .await?;
        Ok(())
    }

    /// Connects one end of the caller's socket pair to a graphics display, counted from 0
    /// (`virDomainOpenGraphics`); the caller speaks VNC or SPICE over the other end.
    #[doc(alias = "virDomainOpenGraphics")]
    pub async fn open_graphics(
        &self,
        index: u32,
        socket: OwnedFd,
        flags: OpenGraphicsFlags,
    ) -> Result<()> {
        self.connect()
            .call_with_fds(
                remote::DomainOpenGraphics { dom: self.wire(), idx: index, flags },
                vec![socket],
            )
            .await?;
        Ok(())
    }

    /// Returns a socket that is connected to a graphics display, counted from 0
    /// (`virDomainOpenGraphicsFD`).
    #[doc(alias = "virDomainOpenGraphicsFD")]
    pub async fn open_graphics_fd(&self, index: u32, flags: OpenGraphicsFlags) -> Result<OwnedFd> {
        let called = self.connect().call_with_fds(
            remote::DomainOpenGraphicsFd { dom: self.wire(), idx: index, flags },
            Vec::new(),
        );
        let (reply, descriptors) = called.await?;
        let [socket] = <[OwnedFd; 1]>::try_from(descriptors).map_err(|other| {
            reply.invalid(format!("{} descriptors instead of one", other.len()))
        })?;
        Ok(socket)
    }
}
