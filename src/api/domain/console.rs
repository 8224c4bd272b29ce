//! A domain's consoles, channels and screens, as streams.

use super::{ChannelFlags, ConsoleFlags, Domain, GraphicsReloadType};
use crate::client::Stream;
use crate::error::Result;
use crate::protocol::remote;

/// # Console, channels and screen
impl Domain {
    /// Opens a console, serial or parallel port by its alias, or with `None` the first console
    /// (`virDomainOpenConsole`).
    ///
    /// With [`FORCE`](ConsoleFlags::FORCE) another client that is connected is disconnected; with
    /// [`SAFE`](ConsoleFlags::SAFE) the call fails where the daemon cannot guarantee exclusive
    /// access. Data that the guest does not read blocks everything else on the connection: for an
    /// interactive console, [`reopen`](crate::Connect::reopen) the connection.
    #[doc(alias = "virDomainOpenConsole")]
    pub async fn open_console(&self, device: Option<&str>, flags: ConsoleFlags) -> Result<Stream> {
        let opened = self.connect().open_stream(
            remote::DomainOpenConsole { dom: self.wire(), dev_name: device.map(Into::into), flags },
            false,
        );
        let (_, stream) = opened.await?;
        Ok(stream)
    }

    /// Opens a channel by the name of its target, e.g. `org.example.0`, or with `None` the first
    /// channel (`virDomainOpenChannel`).
    #[doc(alias = "virDomainOpenChannel")]
    pub async fn open_channel(&self, name: Option<&str>, flags: ChannelFlags) -> Result<Stream> {
        let opened = self.connect().open_stream(
            remote::DomainOpenChannel { dom: self.wire(), name: name.map(Into::into), flags },
            false,
        );
        let (_, stream) = opened.await?;
        Ok(stream)
    }

    /// Takes a screenshot of a screen, counted from 0 (`virDomainScreenshot`). Returns its MIME
    /// type, if the daemon gives one, and the image as a stream.
    ///
    /// ```
    /// use tokio::io::AsyncReadExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// # let domain = conn.domain_lookup_by_name("test").await?;
    /// let (mime, mut stream) = domain.screenshot(0).await?;
    /// let mut picture = Vec::new();
    /// stream.read_to_end(&mut picture).await?;
    /// stream.finish().await?;
    /// println!("{} bytes of {mime:?}", picture.len());
    /// # assert!(picture.starts_with(b"\x89PNG"));
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "virDomainScreenshot")]
    pub async fn screenshot(&self, screen: u32) -> Result<(Option<String>, Stream)> {
        let opened = self
            .connect()
            .open_stream(remote::DomainScreenshot { dom: self.wire(), screen, flags: 0 }, false);
        let (reply, stream) = opened.await?;
        Ok((reply.decode()?.mime.map(String::from), stream))
    }

    /// Has the domain's graphical displays read their TLS certificates again
    /// (`virDomainGraphicsReload`). Since libvirt 10.2.0.
    #[doc(alias = "virDomainGraphicsReload")]
    pub async fn graphics_reload(&self, kind: GraphicsReloadType) -> Result<()> {
        self.run(remote::DomainGraphicsReload { dom: self.wire(), r#type: kind, flags: 0 })
            .await
    }
}
