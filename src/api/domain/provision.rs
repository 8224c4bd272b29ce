//! Creating transient domains, and defining, starting and undefining persistent ones.

use super::{CreateFlags, DefineFlags, Domain, UndefineFlags};
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;

/// # Defining and starting domains
impl Connect {
    /// Creates and starts a transient domain, which exists only while it runs
    /// (`virDomainCreateXML`).
    ///
    /// If a domain with that name and UUID is defined, that one is started as `xml` says. With
    /// [`PAUSED`](CreateFlags::PAUSED) the guest waits for [`Domain::resume`] before its first
    /// instruction, with [`AUTODESTROY`](CreateFlags::AUTODESTROY) it ends when this connection
    /// does, with [`VALIDATE`](CreateFlags::VALIDATE) the daemon first validates `xml` against the
    /// schema. [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virDomainCreateXML")]
    pub async fn domain_create_xml(&self, xml: &str, flags: CreateFlags) -> Result<Domain> {
        let reply = self.call(remote::DomainCreateXml { xml_desc: xml.into(), flags }).await?;
        Ok(Domain::from_wire(self, &reply.decode()?.dom))
    }

    /// Defines a domain without starting it, or changes the definition of one that exists
    /// (`virDomainDefineXML`).
    ///
    /// A domain that runs stays as it is until its next start.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// # let xml = "<domain type='test'><name>web</name><memory>65536</memory><os><type>hvm</type></os></domain>";
    /// let domain = conn.domain_define_xml(xml).await?;
    /// domain.create().await?;
    /// println!("{} runs with id {:?}", domain.name(), domain.id());
    /// # assert!(domain.is_active().await? && domain.is_persistent().await?);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virDomainDefineXML")]
    pub async fn domain_define_xml(&self, xml: &str) -> Result<Domain> {
        let reply = self.call(remote::DomainDefineXml { xml: xml.into() }).await?;
        Ok(Domain::from_wire(self, &reply.decode()?.dom))
    }

    /// Defines a domain; with [`VALIDATE`](DefineFlags::VALIDATE) the daemon validates `xml`
    /// against the schema (`virDomainDefineXMLFlags`).
    #[doc(alias = "virDomainDefineXMLFlags")]
    pub async fn domain_define_xml_flags(&self, xml: &str, flags: DefineFlags) -> Result<Domain> {
        let reply = self.call(remote::DomainDefineXmlFlags { xml: xml.into(), flags }).await?;
        Ok(Domain::from_wire(self, &reply.decode()?.dom))
    }
}

/// # Starting and removing
impl Domain {
    /// Starts a defined domain, from its managed save image if it has one (`virDomainCreate`).
    ///
    /// Makes two calls: the second asks for the domain's new ID, and if it fails, so does this
    /// method, although the domain runs. [`create_with_flags`](Self::create_with_flags) makes one.
    /// [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virDomainCreate")]
    pub async fn create(&self) -> Result<()> {
        self.run(remote::DomainCreate { dom: self.wire() }).await?;
        let started = self.connect().domain_lookup_by_uuid(self.uuid()).await?;
        self.id.set((&started.id).into());
        Ok(())
    }

    /// Starts a defined domain (`virDomainCreateWithFlags`).
    ///
    /// See [`Connect::domain_create_xml`] for `PAUSED` and `AUTODESTROY`;
    /// [`FORCE_BOOT`](CreateFlags::FORCE_BOOT) discards a managed save image and boots.
    /// [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virDomainCreateWithFlags")]
    pub async fn create_with_flags(&self, flags: CreateFlags) -> Result<()> {
        let reply = self.call(remote::DomainCreateWithFlags { dom: self.wire(), flags }).await?;
        self.id.set(reply.decode()?.dom.id);
        Ok(())
    }

    /// Removes the domain's definition (`virDomainUndefine`).
    ///
    /// A domain that does not run then no longer exists; one that runs becomes transient. Fails for
    /// a domain with a managed save image or a file of its firmware's variables (NVRAM), and for one
    /// that does not run and has snapshots or checkpoints; see
    /// [`undefine_flags`](Self::undefine_flags). The snapshots and checkpoints of one that runs go
    /// with it when it ends.
    #[doc(alias = "virDomainUndefine")]
    pub async fn undefine(&self) -> Result<()> {
        self.run(remote::DomainUndefine { dom: self.wire() }).await
    }

    /// Removes the domain's definition together with the associated data that `flags` name
    /// (`virDomainUndefineFlags`).
    #[doc(alias = "virDomainUndefineFlags")]
    pub async fn undefine_flags(&self, flags: UndefineFlags) -> Result<()> {
        self.run(remote::DomainUndefineFlags { dom: self.wire(), flags }).await
    }
}
