//! Changes of a running guest.

use std::fs;

use rig::guest::Disk;

use super::{Guide, value_of};

pub async fn devices(guide: &Guide<'_>, name: &str) {
    let disks = || {
        let list = guide.virsh(&["domblklist", name]);
        let list = list.lines().map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            (words.next().unwrap(), words.next().unwrap())
        });
        list.collect::<Vec<_>>()
    };
    let source_of = |target: &str| {
        disks()
            .into_iter()
            .find_map(|(name, source)| (name == target).then_some(source))
    };
    let image = Disk::raw(guide.scratch("plugged.raw"), 1).unwrap().path;
    let image = image.to_str().unwrap();
    let said = guide.run("4.8a", &[name, image, "vdb"]).await;
    assert_eq!(said, format!("{name} has the disk vdb with the alias ua-vdb"));
    assert_eq!(source_of("vdb").as_deref(), Some(image));
    let said = guide.run("4.8b", &[name, "ua-vdb"]).await;
    assert_eq!(said, format!("ua-vdb has gone from {name}"));
    assert_eq!(source_of("vdb"), None);
    // Whoever is not sure may ask again.
    assert_eq!(guide.run("4.8b", &[name, "ua-vdb"]).await, said);

    let disc = guide.file("disc.iso", "a disc");
    let said = guide.run("4.8c", &[name, "sda", &disc]).await;
    assert_eq!(said, format!("{name} has in sda: {disc}"));
    assert_eq!(source_of("sda").as_deref(), Some(&*disc));
    guide.run("4.8c", &[name, "sda", ""]).await;
    assert_eq!(source_of("sda").as_deref(), Some("-"));
    guide.fail("4.8c", &[name, "vda", &disc], "has no drive vda").await;
}

pub async fn block_jobs(guide: &Guide<'_>, name: &str) {
    let chain = || guide.virsh(&["dumpxml", name]).matches("<backingStore type=").count();
    assert_eq!(guide.run("4.8.1b", &[name, "vda"]).await, "vda has no job");
    assert_eq!(chain(), 1);

    // So slow that it is still there.
    guide.virsh(&["blockpull", name, "vda", "--bytes", "--bandwidth", "1"]);
    let said = guide.run("4.8.1b", &[name, "vda"]).await;
    assert!(said.starts_with("job: Pull\ndone: "), "{said}");
    assert_eq!(value_of(&said, "limit"), "1");
    let said = guide.run("4.8.1c", &[name, "vda", "1"]).await;
    assert_eq!(said, "the job of vda may do 1 MiB per second");
    let job = guide.virsh(&["blockjob", name, "vda", "--bytes", "--raw"]);
    assert_eq!(value_of(&job, "bandwidth"), (1 << 20).to_string(), "{job}");
    assert_eq!(guide.run("4.8.1d", &[name, "vda"]).await, "the job of vda has ended");
    assert_eq!(guide.virsh(&["blockjob", name, "vda"]), "");
    assert_eq!(chain(), 1);

    let said = guide.run("4.8.1a", &[name, "vda"]).await;
    assert_eq!(said.lines().last(), Some("vda has no backing image any more"));
    assert_eq!(chain(), 0);
    let image = guide.path("image.qcow2");
    assert!(fs::metadata(&image).unwrap().len() > 32 << 20);
    guide.fail("4.8.1d", &[name, "vda"], "no").await;
}
