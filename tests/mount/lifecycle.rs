//! How a mount comes and goes.

use super::{Mount, bucket, is_mounted, mount_line, put};
use metamount::mount::Stop;
use metamount::store::dialect::OSS;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// Runs a program as root, which is what mount tests run as.
fn run(program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {said}");
}

impl Mount {
    /// Waits until the mount has noticed that it is unmounted.
    fn ends_by_itself(mut self) {
        let serving = self.serving.take().unwrap();
        let ended = async {
            tokio::time::timeout(Duration::from_secs(30), serving.until(Stop::never())).await
        };
        self.runtime
            .block_on(ended)
            .expect("it noticed the unmount");
    }
}

#[test]
fn a_mount_shows_what_it_is_and_leaves_nothing() {
    let store = bucket(&OSS);
    put(&*store, "a", "");
    let mount = Mount::with(store, |config| config.prefix = "p/".into());
    let line = mount_line(&mount.path).unwrap();
    assert!(
        line.contains(" - fuse.metamount oss://examplebucket/p "),
        "{line}"
    );
    for option in ["nosuid", "nodev", "default_permissions", "allow_other"] {
        assert!(line.contains(option), "{option}: {line}");
    }
    let path = mount.path.clone();
    mount.end();
    assert!(!is_mounted(&path));
}

#[test]
fn a_read_only_mount_is_one_to_the_kernel() {
    let store = bucket(&OSS);
    put(&*store, "a", "");
    let mount = Mount::with(store, |config| config.read_only = true);
    assert!(mount_line(&mount.path).unwrap().contains(" ro,"));
    for name in ["user.a", "object.storage-class"] {
        let set =
            rustix::fs::setxattr(mount.join("a"), name, b"1", rustix::fs::XattrFlags::empty());
        assert_eq!(set, Err(rustix::io::Errno::ROFS));
    }
    mount.end();
}

#[test]
fn an_unmount_from_outside_ends_it() {
    for command in [&["umount"][..], &["fusermount3", "-u"], &["umount", "-l"]] {
        let mount = Mount::new(bucket(&OSS));
        let path = mount.path.to_str().unwrap().to_owned();
        run(command[0], &[&command[1..], &[path.as_str()]].concat());
        assert!(!is_mounted(&mount.path));
        mount.ends_by_itself();
    }
}

#[test]
fn a_mount_in_use_is_taken_away_all_the_same() {
    let store = bucket(&OSS);
    put(&*store, "d/a", "");
    let mount = Mount::new(store);
    let path = mount.path.clone();
    let held = fs::File::open(mount.join("d")).unwrap();
    mount.end();
    assert!(!is_mounted(&path));
    drop(held);
}

#[test]
fn what_others_mounted_in_its_place_stays() {
    let mut mount = Mount::new(bucket(&OSS));
    let path = mount.path.to_str().unwrap().to_owned();
    run("umount", &["-l", &path]);
    run("mount", &["-t", "tmpfs", "tmpfs", &path]);
    mount.stop();
    let line = mount_line(path.as_ref()).unwrap();
    assert!(line.contains(" - tmpfs "), "{line}");
    run("umount", &[&path]);
}
