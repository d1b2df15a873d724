//! Mounting as an ordinary user, by fusermount3.

use crate::env::{Bucket, metamount};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Run in a mount namespace of its own, in which everybody may open the device, as is usual; what it mounts goes with it.
/// `$1` is a directory with the program, the rest its arguments for mounting.
const SCRIPT: &str = r#"
dir=$1; shift
mknod -m 666 "$dir/fuse" c 10 229
mount --bind "$dir/fuse" /dev/fuse
user() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
mkdir "$dir/mnt" "$dir/state"
chown 65534:65534 "$dir/mnt" "$dir/state"

user "$dir/metamount" mount "$@" "$dir/mnt" --state-dir "$dir/state"
grep " $dir/mnt " /proc/self/mountinfo
user ls -ln "$dir/mnt"
user cat "$dir/mnt/a.txt"
user setfattr -n user.author -v Jane "$dir/mnt/a.txt"
user getfattr -n user.author --only-values "$dir/mnt/a.txt"; echo
ls "$dir/mnt" 2>&1 || echo "root may not look into it"
user "$dir/metamount" mount "$@" "$dir/mnt" --state-dir "$dir/state" 2>&1 || echo "busy"
user "$dir/metamount" unmount "$dir/mnt"
grep " $dir/mnt " /proc/self/mountinfo || echo "unmounted"
user "$dir/metamount" mount "$@" "$dir/mnt" --state-dir "$dir/state" --allow-other 2>&1 || echo "refused"
"#;

#[test]
fn an_ordinary_user_mounts_uses_and_unmounts() {
    let bucket = Bucket::embedded();
    bucket.python(r#"oss().put_object("a.txt", "hello")"#);
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Where the build lies the user may not be allowed to look.
    let program = dir.path().join("metamount");
    fs::copy(metamount().get_program(), &program).unwrap();

    let output = Command::new("unshare")
        .args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-ec",
            SCRIPT,
            "sh",
        ])
        .arg(dir.path())
        .arg(bucket.url(""))
        .args(["--endpoint", &bucket.service.endpoint()])
        .args(["--region", bucket.service.region])
        .envs(bucket.service.credentials())
        .env("HOME", "/nonexistent")
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    for expected in [
        " - fuse.metamount oss://",
        "nosuid,nodev",
        "65534 65534 5",
        "hello",
        "Jane",
        "root may not look into it",
        "fuse.metamount is mounted on it",
        "busy",
        "unmounted",
        "user_allow_other",
        "refused",
    ] {
        assert!(
            said.contains(expected),
            "{expected:?} is not in:\n{said}{complained}"
        );
    }
}
