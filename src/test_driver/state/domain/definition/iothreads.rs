//! The I/O threads of a definition, which are listed unless all have the number that was next.

use super::Definition;
use super::processors::{order_by_thread, thread_numbers};
use crate::test_driver::xml::Element;

impl Definition {
    /// Returns the numbers of the I/O threads, in their order.
    pub(crate) fn iothreads(&self) -> Vec<u32> {
        thread_numbers(&self.root)
    }

    pub(crate) fn add_iothread(&mut self, id: u32) {
        let mut threads = self.iothreads();
        threads.push(id);
        self.list_iothreads(&threads);
    }

    /// Takes an I/O thread away, and what is said of it. Those after it keep their numbers.
    pub(crate) fn remove_iothread(&mut self, id: u32) {
        let mut threads = self.iothreads();
        if let Some(at) = threads.iter().position(|other| *other == id) {
            for after in threads.drain(at..).skip(1).collect::<Vec<_>>() {
                self.counted_threads.remove(&after);
                threads.push(after);
            }
        }
        self.counted_threads.remove(&id);
        self.change(|root| {
            if let Some(tune) = root.child_mut("cputune") {
                let text = id.to_string();
                tune.children.retain(|it| {
                    let pin = it.name == "iothreadpin" && it.get("iothread") == Some(&text);
                    let scheduler =
                        it.name == "iothreadsched" && it.get("iothreads") == Some(&text);
                    !pin && !scheduler
                });
            }
        });
        self.list_iothreads(&threads);
    }

    /// Has an I/O thread run on those processors.
    pub(crate) fn pin_iothread(&mut self, id: u32, cpuset: &str) {
        self.counted_threads.remove(&id);
        self.change(|root| {
            let tune = root.child_or_new("cputune");
            let text = id.to_string();
            tune.children
                .retain(|it| it.name != "iothreadpin" || it.get("iothread") != Some(&text));
            let pin = Element::new("iothreadpin").with("iothread", id).with("cpuset", cpuset);
            tune.children.push(pin);
            order_by_thread(root);
        });
        let threads = self.iothreads();
        self.list_iothreads(&threads);
    }

    /// Returns the processors that an I/O thread runs on, if that is said of it.
    pub(crate) fn iothread_pin(&self, id: u32) -> Option<&str> {
        let text = id.to_string();
        let mut pins = self.root.child("cputune")?.children("iothreadpin");
        pins.find(|pin| pin.get("iothread") == Some(&text))?.get("cpuset")
    }

    fn list_iothreads(&mut self, threads: &[u32]) {
        let counted = std::mem::take(&mut self.counted_threads);
        self.change(|root| {
            let mut old = std::mem::take(&mut root.child_or_new("iothreadids").children);
            root.remove_children("iothreads");
            root.remove_children("iothreadids");
            if threads.is_empty() {
                return;
            }
            root.child_or_new("iothreads").text = threads.len().to_string();
            let list = threads.iter().map(|id| {
                let text = id.to_string();
                let at = old.iter().position(|thread| thread.get("id") == Some(&text));
                at.map_or_else(|| Element::new("iothread").with("id", id), |at| old.swap_remove(at))
            });
            let list: Vec<_> = list.collect();
            let is_listed =
                |thread: &Element| thread.attributes.len() > 1 || !thread.children.is_empty();
            if list.iter().any(is_listed) || threads.iter().any(|id| !counted.contains(id)) {
                root.child_or_new("iothreadids").children = list;
            }
        });
        self.counted_threads = counted;
    }
}
