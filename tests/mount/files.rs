//! Reading files through the kernel, and what it makes of objects that are replaced.

use super::{Mount, bucket, put};
use metamount::store::Store;
use metamount::store::dialect::OSS;
use metamount::store::types::{Key, Operation};
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};

/// A text in which every ten bytes tell where they are; `len` is a multiple of ten.
fn text(len: usize, mark: char) -> String {
    (0..len / 10).map(|n| format!("{mark}{n:08}\n")).collect()
}

/// Roughly, and a multiple of ten.
const MIB: usize = 1_000_000;

#[test]
fn a_file_is_read_in_order_and_at_random() {
    let store = bucket(&OSS);
    let body = text(3 * MIB, 'a');
    put(&*store, "d/big", &body);
    put(&*store, "d/empty", "");
    let mount = Mount::new(store);
    let read = fs::read_to_string(mount.join("d/big")).unwrap();
    let differs = read.bytes().zip(body.bytes()).position(|(a, b)| a != b);
    assert_eq!((read.len(), differs), (body.len(), None));
    assert_eq!(fs::read(mount.join("d/empty")).unwrap(), b"");
    let file = File::open(mount.join("d/big")).unwrap();
    for at in [2 * MIB + 5, 0, 3 * MIB - 3, MIB - 1] {
        let mut room = [0; 16];
        let read = file.read_at(&mut room, at as u64).unwrap();
        let expected = &body.as_bytes()[at..(at + 16).min(body.len())];
        assert_eq!(&room[..read], expected, "at {at}");
    }
    assert_eq!(file.read_at(&mut [0; 8], 3 * MIB as u64).unwrap(), 0);
    mount.end();
}

#[test]
fn who_opens_a_file_reads_what_the_service_has_now() {
    let store = bucket(&OSS);
    put(&*store, "a", "the first body");
    let mount = Mount::new(store.clone());
    let file = mount.join("a");
    assert_eq!(fs::read_to_string(&file).unwrap(), "the first body");
    for body in [
        "short",
        "a longer body than all before",
        "the same size",
        "of same sizes",
    ] {
        put(&*store, "a", body);
        assert_eq!(fs::read_to_string(&file).unwrap(), body);
        assert_eq!(fs::metadata(&file).unwrap().len(), body.len() as u64);
    }
    let read = mount.requests(Operation::GetObject);
    assert_eq!(fs::read_to_string(&file).unwrap(), "of same sizes");
    assert_eq!(
        mount.requests(Operation::GetObject),
        read,
        "the kernel still has it"
    );
    mount.end();
}

#[test]
fn who_has_a_file_open_never_reads_of_two_bodies() {
    let store = bucket(&OSS);
    put(&*store, "a", &text(8 * MIB, 'a'));
    let mount = Mount::new(store.clone());
    let file = File::open(mount.join("a")).unwrap();
    let mut room = [0; 8];
    file.read_exact_at(&mut room, 0).unwrap();
    put(&*store, "a", &text(MIB, 'b'));
    let new = File::open(mount.join("a")).unwrap();
    new.read_exact_at(&mut room, 0).unwrap();
    assert_eq!(&room, b"b0000000");
    // What was read before may be read again, what was not cannot be any more; neither is of the new body.
    file.read_exact_at(&mut room, 0).unwrap();
    assert_eq!(&room, b"a0000000");
    let error = file.read_exact_at(&mut room, 6 * MIB as u64).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ESTALE), "{error}");
    let (old, new) = (file.metadata().unwrap(), new.metadata().unwrap());
    assert_eq!((old.len(), new.len()), (8 * MIB as u64, MIB as u64));
    assert_ne!(old.ino(), new.ino());
    mount.end();
}

#[test]
fn a_deleted_file_is_gone_for_who_opens_it() {
    let store = bucket(&OSS);
    put(&*store, "a", "body");
    let mount = Mount::new(store.clone());
    let file = mount.join("a");
    assert_eq!(fs::read_to_string(&file).unwrap(), "body");
    super::block_on(store.delete(&Key::new("a").unwrap(), None)).unwrap();
    let error = fs::read_to_string(&file).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT), "{error}");
    mount.end();
}

#[test]
fn a_file_can_be_mapped_and_run() {
    use std::os::unix::fs::PermissionsExt;
    let store = bucket(&OSS);
    put(&*store, "script", "#!/bin/sh\necho it ran\n");
    let mount = Mount::with(store, |config| config.file_mode = 0o755);
    let script = mount.join("script");
    assert_eq!(
        fs::metadata(&script).unwrap().permissions().mode() & 0o111,
        0o111
    );
    let output = std::process::Command::new(&script).output().unwrap();
    assert_eq!(output.stdout, b"it ran\n");
    mount.end();
}
