//! The forms in which mount(8), /etc/fstab and mount.fuse call the program.

use super::{Place, fail, names, succeed};
use crate::env::{Bucket, metamount};
use std::os::unix::process::CommandExt;
use std::process::Command;

fn bucket() -> Bucket {
    let bucket = Bucket::embedded();
    bucket.python(r#"oss().put_object("dir/a.txt", "text")"#);
    bucket
}

fn options(place: &Place, bucket: &Bucket, more: &str) -> String {
    format!(
        "endpoint={},region={},state_dir={}{more}",
        bucket.service.endpoint(),
        bucket.service.region,
        place.path("state").display()
    )
}

#[test]
fn mount_fuse_gives_a_url_and_a_list() {
    let (bucket, place) = (bucket(), Place::new());
    let list = options(
        &place,
        &bucket,
        ",rw,dev,suid,_netdev,x-systemd.automount,allow_other,uid=12,file_mode=0600",
    );
    let mut command = metamount();
    command
        .arg(bucket.url("dir"))
        .arg(&place.mnt)
        .args(["-o", &list]);
    succeed(command.envs(bucket.service.credentials()));
    assert_eq!(names(&place.mnt), ["a.txt"]);
    let stat = succeed(
        Command::new("stat")
            .args(["-c", "%u %a"])
            .arg(place.mnt.join("a.txt")),
    );
    assert_eq!(stat, "12 600\n");
    place.unmount();
}

#[test]
fn mount_8_calls_a_helper() {
    let (bucket, place) = (bucket(), Place::new());
    let list = options(&place, &bucket, ",ro,noexec,nofail");
    let mut command = metamount();
    command.arg0("/sbin/mount.metamount");
    command
        .arg(bucket.url(""))
        .arg(&place.mnt)
        .args(["-n", "-v", "-o", &list]);
    succeed(command.envs(bucket.service.credentials()));
    assert_eq!(names(&place.mnt), ["dir"]);
    let entry = place.entry();
    let flags = entry.split(' ').nth(5).unwrap();
    assert!(
        flags.starts_with("ro,") && flags.contains("noexec"),
        "{entry}"
    );
    place.unmount();
}

#[test]
fn a_helper_that_is_to_pretend_mounts_nothing() {
    let (bucket, place) = (bucket(), Place::new());
    let list = options(&place, &bucket, "");
    let mut command = metamount();
    command.arg0("mount.metamount");
    command
        .arg(bucket.url(""))
        .arg(&place.mnt)
        .args(["-f", "-o", &list]);
    assert_eq!(succeed(&mut command), "");
    assert!(!place.is_mounted());
}

#[test]
fn only_a_sloppy_helper_takes_what_it_does_not_know() {
    let (bucket, place) = (bucket(), Place::new());
    let list = options(&place, &bucket, ",frobnicate");
    let helper = |flags: &[&str]| {
        let mut command = metamount();
        command.arg0("mount.metamount");
        command
            .arg(bucket.url(""))
            .arg(&place.mnt)
            .args(["-o", &list, "-f"])
            .args(flags);
        command
    };
    let line = fail(&mut helper(&[]));
    assert!(line.contains("-o frobnicate"), "{line}");
    succeed(&mut helper(&["-s"]));
}

#[test]
fn an_option_of_its_own_overrules_the_list() {
    let (bucket, place) = (bucket(), Place::new());
    let mut command = place.mount(&bucket);
    command.args(["-o", "file_mode=0600,dir_mode=0711", "--file-mode", "0640"]);
    succeed(&mut command);
    let stat = succeed(
        Command::new("stat")
            .args(["-c", "%a", "dir", "dir/a.txt"])
            .current_dir(&place.mnt),
    );
    assert_eq!(stat, "711\n640\n");
    place.unmount();
}
