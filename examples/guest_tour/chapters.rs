//! The chapters of the tour: each does one thing to the guest and shows the result.

use std::path::Path;

use libvirt_client::domain::{Domain, SaveRestoreFlags, XmlFlags};
use libvirt_client::events::Subscription;
use libvirt_client::events::domain::{Change, Lifecycle};

use crate::Result;
use crate::interrupts::Interrupts;
use crate::print::{chapter, fact};

pub(crate) struct Tour<'a> {
    domain: Domain,
    /// Lifecycle events of the guest.
    events: Subscription<Lifecycle>,
    interrupts: &'a mut Interrupts,
}

impl<'a> Tour<'a> {
    pub(crate) async fn of(domain: Domain, interrupts: &'a mut Interrupts) -> Result<Self> {
        let events = domain.connect().subscribe(Some(&domain)).await?;
        Ok(Self { domain, events, interrupts })
    }

    pub(crate) async fn start(&mut self) -> Result<()> {
        chapter("Start it");
        self.domain.create().await?;
        self.hear(is_started).await?;
        self.show_state().await
    }

    /// Waits for a change in the guest that has no event.
    pub(crate) async fn wait_for<T>(
        &mut self,
        waiting: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.interrupts.or(waiting).await
    }

    pub(crate) async fn inspect(&self) -> Result<()> {
        chapter("Look at it");
        self.show_state().await?;
        let info = self.domain.info().await?;
        fact("memory", format_args!("{} KiB of {} KiB", info.memory_kib, info.max_memory_kib));
        fact("processors", info.vcpus);
        fact("OS type", self.domain.os_type().await?);
        fact("autostart", self.domain.autostart().await?);
        let xml = self.domain.xml_desc(XmlFlags::empty()).await?;
        fact("XML", format_args!("{} lines, among them", xml.lines().count()));
        let telling = ["<domain", "<name", "<uuid", "<memory", "<vcpu", "<type"];
        for line in xml.lines() {
            if telling.iter().any(|start| line.trim_start().starts_with(start)) {
                fact("", line);
            }
        }
        Ok(())
    }

    pub(crate) async fn measure(&self) -> Result<()> {
        chapter("Measure it");
        let info = self.domain.info().await?;
        fact("CPU time", format_args!("{:.2?}", info.cpu_time));
        for vcpu in self.domain.vcpus().await? {
            let (state, cpu, time) = (vcpu.state, vcpu.host_cpu, vcpu.cpu_time);
            let name = format!("processor {}", vcpu.number);
            fact(&name, format_args!("{state:?} on host CPU {cpu}, {time:.2?}"));
        }
        let memory = self.domain.memory_stats().await?;
        let disk = self.domain.block_stats("vda").await?;
        let counters = [
            ("process", memory.rss_kib, "KiB resident"),
            ("guest", memory.available_kib, "KiB in its eyes"),
            ("", memory.unused_kib, "KiB of them unused"),
            ("disk", disk.read_requests, "read requests"),
            ("", disk.read_bytes, "bytes read"),
            ("", disk.write_requests, "write requests"),
        ];
        for (name, value, unit) in counters {
            // Not every hypervisor counts everything.
            if let Some(value) = value {
                fact(name, format_args!("{value} {unit}"));
            }
        }
        Ok(())
    }

    pub(crate) async fn pause_and_resume(&mut self) -> Result<()> {
        chapter("Pause it");
        self.domain.suspend().await?;
        self.hear(is_suspended).await?;
        self.show_state().await?;

        chapter("Let it go on");
        self.domain.resume().await?;
        self.hear(is_resumed).await?;
        self.show_state().await
    }

    pub(crate) async fn save_and_restore(&mut self, image: &Path) -> Result<()> {
        chapter("Save it to a file");
        self.domain.save(image).await?;
        self.hear(is_stopped).await?;
        self.show_state().await?;
        let size = std::fs::metadata(image)?.len();
        fact("image", format_args!("{} KiB", size / 1024));

        chapter("Restore it from the file");
        self.domain.connect().domain_restore(image).await?;
        self.hear(is_started).await?;
        self.show_state().await
    }

    pub(crate) async fn save_for_the_next_start(&mut self) -> Result<()> {
        chapter("Save it where the daemon finds it");
        let flags = SaveRestoreFlags::empty();
        self.domain.managed_save(flags).await?;
        self.hear(is_stopped).await?;
        self.show_state().await?;
        let kept = self.domain.has_managed_save_image().await?;
        fact("image kept", kept);

        chapter("Start it where it left off");
        self.domain.create().await?;
        self.hear(is_started).await?;
        self.show_state().await
    }

    pub(crate) async fn shut_down(&mut self) -> Result<()> {
        chapter("Ask it to shut down");
        self.domain.shutdown().await?;
        self.hear(is_stopped).await?;
        self.show_state().await
    }

    pub(crate) async fn remove(&self) -> Result<()> {
        chapter("Remove it");
        self.domain.undefine().await?;
        let error = self.domain.info().await.err();
        fact("gone", error.is_some_and(|error| error.is_not_found()));
        Ok(())
    }

    async fn show_state(&self) -> Result<()> {
        let state = self.domain.state().await?;
        fact("state", format_args!("{:?}", state.reason));
        // Each run has an ID of its own, and a handle keeps the last one that it learned: look it
        // up.
        let conn = self.domain.connect();
        let now = conn.domain_lookup_by_uuid(self.domain.uuid()).await?;
        if let Some(number) = now.id() {
            fact("number", number);
        }
        Ok(())
    }

    /// Waits for an event, which may come before the reply to the call that caused it, or long
    /// after it.
    async fn hear(&mut self, expected: fn(Change) -> bool) -> Result<()> {
        let waiting = async {
            while let Some(event) = self.events.next().await {
                let change = event?.change;
                if expected(change) {
                    fact("event", format_args!("{change:?}"));
                    return Ok(());
                }
            }
            Err("the connection ended".into())
        };
        self.interrupts.or(waiting).await
    }
}

fn is_started(change: Change) -> bool {
    matches!(change, Change::Started(_))
}

fn is_suspended(change: Change) -> bool {
    matches!(change, Change::Suspended(_))
}

fn is_resumed(change: Change) -> bool {
    matches!(change, Change::Resumed(_))
}

fn is_stopped(change: Change) -> bool {
    matches!(change, Change::Stopped(_))
}
