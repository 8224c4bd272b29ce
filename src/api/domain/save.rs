//! Saving domains to files and restoring them.

use std::path::Path;

use super::{Domain, SaveImageXmlFlags, SaveRestoreFlags};
use crate::api::wire::{self, truth};
use crate::client::Connect;
use crate::error::{Error, Result};
use crate::params::{TypedParams, param_struct};
use crate::protocol::{Request, remote};

param_struct! {
    /// Parameters of saving or restoring a domain (`VIR_DOMAIN_SAVE_PARAM_…`).
    ///
    /// ```
    /// use libvirt_client::domain::SaveParameters;
    ///
    /// let mut params = SaveParameters::default();
    /// params.file = Some("/var/tmp/web.save".to_owned());
    /// params.image_format = Some("zstd".to_owned());
    /// ```
    pub struct SaveParameters {
        /// File on the daemon's host; a relative path is taken as relative to this process's
        /// working directory.
        file: String = "file",
        /// Changed definition for the restored domain.
        dxml: String = "dxml",
        /// Layout and compression of the image: `raw` for neither, `sparse`, or a compression such
        /// as `zstd` (`VIR_DOMAIN_SAVE_PARAM_IMAGE_FORMAT_…`). Since libvirt 11.2.0.
        image_format: String = "image_format",
        /// Number of parallel channels that write to or read from the file. Since libvirt 11.2.0.
        parallel_channels: i32 = "parallel.channels",
        ..other
    }
}

impl SaveParameters {
    fn for_daemon(&self, procedure: &'static str) -> Result<TypedParams> {
        let mut params = self.clone();
        if let Some(file) = &mut params.file {
            let path = wire::absolute_path(procedure, Path::new(file))?;
            // The working directory may be any bytes, a parameter's value may not.
            let path = path.into_os_string().into_string();
            *file = path.map_err(|path| Error::InvalidArgument {
                procedure,
                reason: format!("the path {} is not UTF-8", path.display()),
            })?;
        }
        Ok(params.to_params())
    }
}

/// # Saving
impl Domain {
    /// Saves the domain to the file `to` on the daemon's host and ends it (`virDomainSave`).
    ///
    /// A relative path is taken as relative to this process's working directory.
    /// [Takes long](crate#calls-that-take-long): writes the guest's memory.
    #[doc(alias = "virDomainSave")]
    pub async fn save(&self, to: impl AsRef<Path>) -> Result<()> {
        let to = wire::absolute_path(remote::DomainSave::INFO.name, to)?;
        self.run(remote::DomainSave { dom: self.wire(), to: to.as_path().into() })
            .await?;
        self.id.set(-1);
        Ok(())
    }

    /// Saves the domain to the file `to` as `flags` say and, if `xml` is given, with a changed
    /// definition for the restored domain (`virDomainSaveFlags`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// Only what the guest cannot notice may be changed, such as host paths of disks. Start from
    /// the XML that [`xml_desc`](Self::xml_desc) returns with
    /// [`MIGRATABLE`](super::XmlFlags::MIGRATABLE).
    #[doc(alias = "virDomainSaveFlags")]
    pub async fn save_flags(
        &self,
        to: impl AsRef<Path>,
        xml: Option<&str>,
        flags: SaveRestoreFlags,
    ) -> Result<()> {
        let to = wire::absolute_path(remote::DomainSaveFlags::INFO.name, to)?;
        self.run(remote::DomainSaveFlags {
            dom: self.wire(),
            to: to.as_path().into(),
            dxml: xml.map(Into::into),
            flags,
        })
        .await
    }

    /// Saves the domain with the options in `params` (`virDomainSaveParams`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// Without a file it is a managed save; the QEMU drivers of libvirt 8.4.0 to 11.3.0 at least
    /// then leave the domain locked until the daemon restarts. Since libvirt 8.4.0.
    #[doc(alias = "virDomainSaveParams")]
    pub async fn save_params(
        &self,
        params: &SaveParameters,
        flags: SaveRestoreFlags,
    ) -> Result<()> {
        let procedure = remote::DomainSaveParams::INFO.name;
        let params = params.for_daemon(procedure)?;
        self.run(remote::DomainSaveParams { dom: self.wire(), params: (&params).into(), flags })
            .await
    }

    /// Saves the domain to a managed save image, which the daemon keeps, and ends it; the next
    /// [`create`](Self::create) resumes it (`virDomainManagedSave`).
    /// [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virDomainManagedSave")]
    pub async fn managed_save(&self, flags: SaveRestoreFlags) -> Result<()> {
        self.run(remote::DomainManagedSave { dom: self.wire(), flags }).await?;
        self.id.set(-1);
        Ok(())
    }

    /// Returns whether the domain has a managed save image (`virDomainHasManagedSaveImage`).
    #[doc(alias = "virDomainHasManagedSaveImage")]
    pub async fn has_managed_save_image(&self) -> Result<bool> {
        let reply = self
            .call(remote::DomainHasManagedSaveImage { dom: self.wire(), flags: 0 })
            .await?;
        Ok(truth(reply.decode()?.result))
    }

    /// Discards the managed save image, so that the next start boots the guest
    /// (`virDomainManagedSaveRemove`).
    #[doc(alias = "virDomainManagedSaveRemove")]
    pub async fn managed_save_remove(&self) -> Result<()> {
        self.run(remote::DomainManagedSaveRemove { dom: self.wire(), flags: 0 }).await
    }

    /// Returns the definition in the managed save image (`virDomainManagedSaveGetXMLDesc`).
    #[doc(alias = "virDomainManagedSaveGetXMLDesc")]
    #[doc(alias = "managedSaveGetXMLDesc")]
    pub async fn managed_save_xml_desc(&self, flags: SaveImageXmlFlags) -> Result<String> {
        let reply = self
            .call(remote::DomainManagedSaveGetXmlDesc { dom: self.wire(), flags })
            .await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Replaces the definition in the managed save image (`virDomainManagedSaveDefineXML`).
    ///
    /// Of the flags only `RUNNING` and `PAUSED` apply: the state to resume into.
    #[doc(alias = "virDomainManagedSaveDefineXML")]
    pub async fn managed_save_define_xml(&self, xml: &str, flags: SaveRestoreFlags) -> Result<()> {
        self.run(remote::DomainManagedSaveDefineXml {
            dom: self.wire(),
            dxml: Some(xml.into()),
            flags,
        })
        .await
    }
}

/// # Saved domains
impl Connect {
    /// Restores the domain that was saved to the file `from` (`virDomainRestore`).
    /// [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virDomainRestore")]
    pub async fn domain_restore(&self, from: impl AsRef<Path>) -> Result<()> {
        let from = wire::absolute_path(remote::DomainRestore::INFO.name, from)?;
        self.run(remote::DomainRestore { from: from.as_path().into() }).await
    }

    /// Restores a saved domain as `flags` say and, if `xml` is given, with a changed definition
    /// (`virDomainRestoreFlags`). [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virDomainRestoreFlags")]
    pub async fn domain_restore_flags(
        &self,
        from: impl AsRef<Path>,
        xml: Option<&str>,
        flags: SaveRestoreFlags,
    ) -> Result<()> {
        let from = wire::absolute_path(remote::DomainRestoreFlags::INFO.name, from)?;
        self.run(remote::DomainRestoreFlags {
            from: from.as_path().into(),
            dxml: xml.map(Into::into),
            flags,
        })
        .await
    }

    /// Restores a saved domain with the options in `params` (`virDomainRestoreParams`). Since
    /// libvirt 8.4.0. [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virDomainRestoreParams")]
    pub async fn domain_restore_params(
        &self,
        params: &SaveParameters,
        flags: SaveRestoreFlags,
    ) -> Result<()> {
        let procedure = remote::DomainRestoreParams::INFO.name;
        let params = params.for_daemon(procedure)?;
        self.run(remote::DomainRestoreParams { params: (&params).into(), flags }).await
    }

    /// Returns the definition in the save file `file` (`virDomainSaveImageGetXMLDesc`).
    #[doc(alias = "virDomainSaveImageGetXMLDesc")]
    #[doc(alias = "saveImageGetXMLDesc")]
    pub async fn domain_save_image_xml_desc(
        &self,
        file: impl AsRef<Path>,
        flags: SaveImageXmlFlags,
    ) -> Result<String> {
        let file = wire::absolute_path(remote::DomainSaveImageGetXmlDesc::INFO.name, file)?;
        let reply = self
            .call(remote::DomainSaveImageGetXmlDesc { file: file.as_path().into(), flags })
            .await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Replaces the definition in the save file `file` (`virDomainSaveImageDefineXML`).
    ///
    /// Of the flags only `RUNNING` and `PAUSED` apply: the state to restore into.
    #[doc(alias = "virDomainSaveImageDefineXML")]
    pub async fn domain_save_image_define_xml(
        &self,
        file: impl AsRef<Path>,
        xml: &str,
        flags: SaveRestoreFlags,
    ) -> Result<()> {
        let file = wire::absolute_path(remote::DomainSaveImageDefineXml::INFO.name, file)?;
        self.run(remote::DomainSaveImageDefineXml {
            file: file.as_path().into(),
            dxml: xml.into(),
            flags,
        })
        .await
    }
}
