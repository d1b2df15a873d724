//! An ordinary user mounts, edits and unmounts by the set-user-id program fusermount3.

use super::{Place, succeed};
use crate::env::{Bucket, metamount};
use std::fs;
use std::process::Command;

/// What the user does.
const SESSION: &str = r#"
set -euo pipefail
cd "$1"
./metamount mount "$2" mnt --endpoint "$3" --region "$4" --state-dir state
stat -c %u mnt/a.txt
cat mnt/a.txt
getfattr --only-values -n user.author mnt/a.txt
setfattr -n user.author -v John mnt/a.txt
./metamount show mnt/a.txt | grep author
./metamount status mnt >status
./metamount unmount mnt
ls mnt
"#;

/// Root becomes nobody, in mounts of his own: there he may open /dev/fuse whatever the machine's rights to it are.
const AS_NOBODY: &str = r#"
set -euo pipefail
mkdir "$2/dev"
mount -t tmpfs tmpfs "$2/dev"
mknod -m 666 "$2/dev/fuse" c 10 229
mount --bind "$2/dev/fuse" /dev/fuse
session=$1
shift
exec setpriv --reuid=65534 --regid=65534 --clear-groups -- bash -c "$session" session "$@"
"#;

#[test]
fn mounts_edits_and_unmounts() {
    let bucket = Bucket::embedded();
    bucket.python(r#"oss().put_object("a.txt", "text\n", headers={"x-oss-meta-author": "Jane"})"#);
    let place = Place::new();
    let dir = place.dir.path();
    // Where it was built may be out of his reach.
    fs::copy(metamount().get_program(), dir.join("metamount")).unwrap();
    let root = rustix::process::geteuid().is_root();
    let uid = if root {
        65534
    } else {
        rustix::process::getuid().as_raw()
    };
    let mut command;
    if root {
        succeed(Command::new("chown").args(["-R", "65534:65534"]).arg(dir));
        command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "bash", "-c"]);
        command.args([AS_NOBODY, "root", SESSION]);
    } else {
        command = Command::new("bash");
        command.args(["-c", SESSION, "session"]);
    }
    let service = &bucket.service;
    command
        .arg(dir)
        .args([bucket.url(""), service.endpoint(), service.region.into()]);
    let printed = succeed(command.envs(service.credentials()));
    assert_eq!(printed, format!("{uid}\ntext\nJane    author  John\n"));
    let author = bucket.python(r#"print(oss().head_object("a.txt").headers["x-oss-meta-author"])"#);
    assert_eq!(author, "John\n");
}
