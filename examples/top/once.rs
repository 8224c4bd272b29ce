//! A table for scripts.

use std::fmt::Write as _;
use std::time::Duration;

use libvirt_client::Result;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::app::{Host, Link};
use crate::collect::{News, ask};
use crate::guests::Guest;
use crate::state::name_of;
use crate::statistics::{self, open};

const HEADING: &str = "host\tname\tstate\tvcpus\tcpu_percent\tmemory_kib\tused_kib\t\
    read_bytes_per_second\twritten_bytes_per_second\treceived_bytes_per_second\t\
    sent_bytes_per_second\n";

/// Asks all hosts twice, so that there are rates.
pub(crate) async fn look(uris: &[String], every: Duration) -> Result<Vec<Host>> {
    let mut looking = JoinSet::new();
    for (place, mut host) in Host::all(uris, every).into_iter().enumerate() {
        let mut asked = statistics::Host::new(open(&uris[place])?);
        looking.spawn(async move {
            for pause in [Duration::ZERO, every] {
                sleep(pause).await;
                let asked = ask(&mut asked).await;
                if let Ok(answer) = &asked.answer {
                    host.guests.saw_all(answer);
                }
                host.hear(News::Asked(asked));
                if host.link != Link::Up {
                    break;
                }
            }
            (place, host)
        });
    }
    let mut hosts = looking.join_all().await;
    hosts.sort_by_key(|(place, _)| *place);
    Ok(hosts.into_iter().map(|(_, host)| host).collect())
}

/// The guests by name, a line each: values between tabs, and `-` for what is not known.
pub(crate) fn table(hosts: &[Host]) -> String {
    let mut text = HEADING.to_owned();
    for host in hosts {
        let mut guests: Vec<_> = host.guests.iter().map(|(_, guest)| guest).collect();
        guests.sort_by(|one, other| one.domain.name().cmp(other.domain.name()));
        for guest in guests {
            // A string takes all that is written to it.
            let _ = writeln!(text, "{}\t{}", host.name, line(guest));
        }
    }
    text
}

fn line(guest: &Guest) -> String {
    let rates = &guest.rates;
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |it| it.to_string());
    let rate = |rate: Option<f64>| rate.map_or("-".to_owned(), |it| format!("{it:.0}"));
    [
        in_one_field(guest.domain.name()),
        name_of(guest).to_owned(),
        number(guest.vcpus.map(u64::from)),
        rates.cpu.map_or("-".to_owned(), |it| format!("{it:.1}")),
        number(guest.memory_kib),
        number(guest.used_kib),
        rate(rates.read),
        rate(rates.written),
        rate(rates.received),
        rate(rates.sent),
    ]
    .join("\t")
}

/// Without tabs and ends of lines.
fn in_one_field(name: &str) -> String {
    let escaped = name.chars().map(|c| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    });
    escaped.collect()
}
