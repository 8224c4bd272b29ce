//! Guests that pause, and that go on later.

use std::fs;

use super::{Guide, value_of};
use crate::common::{define, discard, qemu, wait_for_shell};
use crate::shell::Shell;

#[tokio::test]
async fn a_guest_goes_on_where_it_was() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guide = Guide::of(daemon);
    let name = "guide-saving";
    let guest = define(daemon, &conn, name, |guest| guest).await;
    let domain = &guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;
    let mut shell = Shell::open(domain).await;
    shell.run("mark=untouched").await;
    shell.close().await;
    // What a program says of the state is what virsh says.
    let is = |said: &str, expected: &str| {
        assert_eq!(said, format!("{name}: {expected}"));
        assert_eq!(guide.reason(name), expected.to_lowercase());
    };
    let title = || guide.virsh(&["desc", name, "--title"]);

    is(&guide.run("4.4.3a", &[name]).await, "Paused(User)");
    is(&guide.run("4.4.3b", &[name]).await, "Running(Unpaused)");

    let file = guide.path("guide-saving.image");
    let said = guide.run("4.4.3c", &[name, &file]).await;
    assert_eq!(said, format!("{name} is saved to {file}"));
    assert_eq!(guide.reason(name), "shutoff(saved)");
    assert!(fs::metadata(&file).unwrap().len() > 1 << 20);
    guide.fail("4.4.3c", &[name, &file], "domain is not running").await;
    is(&guide.run("4.4.3d", &[&file]).await, "Running(Restored)");
    guide.fail("4.4.3d", &["/nowhere"], "/nowhere").await;

    let xml = guide.virsh(&["dumpxml", name, "--migratable"]);
    let titled = |title: &str| {
        let text = xml.replacen("</uuid>", &format!("</uuid><title>{title}</title>"), 1);
        assert_ne!(text, xml);
        guide.file(&format!("guide-saving-{}.xml", title.replace(' ', "-")), &text)
    };
    let said = guide.run("4.4.3e", &[name, &file, &titled("from saving")]).await;
    assert_eq!(said, format!("{name} is saved to {file} with another definition"));
    is(&guide.run("4.4.3d", &[&file]).await, "Running(Restored)");
    assert_eq!(title(), "from saving");
    guide.run("4.4.3c", &[name, &file]).await;
    let said = guide.run("4.4.3f", &[&file, &titled("from restoring")]).await;
    assert_eq!(said, format!("{file} is restored with another definition"));
    assert_eq!((&*title(), &*guide.virsh(&["domstate", name])), ("from restoring", "paused"));
    is(&guide.run("4.4.3b", &[name]).await, "Running(Unpaused)");

    let said = guide.run("4.4.3g", &[name]).await;
    assert_eq!(said, format!("{name} is saved: true"));
    assert_eq!(value_of(&guide.virsh(&["dominfo", name]), "Managed save"), "yes");
    is(&guide.run("4.4.3h", &[name]).await, "Running(Restored)");
    assert_eq!(value_of(&guide.virsh(&["dominfo", name]), "Managed save"), "no");

    let mut shell = Shell::open(domain).await;
    let said = shell.run("echo is-$mark").await;
    assert!(said.contains("is-untouched"), "{said}");
    shell.close().await;

    let said = guide.run("4.4.2a", &[name, "120"]).await;
    let ended = format!("{name} has ended: Stopped(Shutdown)");
    assert_eq!(said, format!("{name} is asked to shut down\n{ended}"));
    assert_eq!(guide.reason(name), "shutoff(shutdown)");
    discard(domain).await;
}
