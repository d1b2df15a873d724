//! `metamount demo`: sample objects, mounted, and nothing left when it ends.

use super::{BOUND, Place, fail, names, succeed};
use crate::env::{Leash, metamount, until};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

struct Demo {
    child: Child,
    leash: Leash,
    introduction: String,
}

impl Demo {
    #[track_caller]
    fn start(place: &Place) -> Self {
        let temporary = place.path("tmp");
        fs::create_dir_all(&temporary).unwrap();
        let mut child = metamount()
            .arg("demo")
            .arg(place.path("shown"))
            .env("TMPDIR", &temporary)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let shown = place.path("shown");
        let leash = Leash::new(child.id(), r#"umount -l "$1""#, &[shown.to_str().unwrap()]);
        let mut introduction = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        while !introduction.contains("Ctrl-C") {
            assert!(
                lines.read_line(&mut introduction).unwrap() > 0,
                "{introduction}"
            );
        }
        Self {
            child,
            leash,
            introduction,
        }
    }

    #[track_caller]
    fn ends(mut self, place: &Place) {
        let status = until("the demo ends", BOUND, || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}");
        assert!(!place.path("shown").exists(), "what it made is removed");
        assert_eq!(names(place.path("tmp")), [""; 0]);
        self.leash.release();
    }
}

#[test]
fn it_shows_samples_until_it_is_interrupted() {
    let place = Place::new();
    let demo = Demo::start(&place);
    let shown = place.path("shown");
    assert_eq!(
        names(&shown),
        [
            "archive",
            "datasets",
            "latest-report.md",
            "photos",
            "reports"
        ]
    );
    let report = fs::read_to_string(shown.join("latest-report.md")).unwrap();
    assert!(report.starts_with("# Third quarter"), "{report}");
    // Every command that it says to try.
    let program = Path::new(env!("CARGO_BIN_EXE_metamount"));
    let path = std::env::join_paths(
        std::iter::once(program.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let path = path.unwrap();
    let commands = demo
        .introduction
        .lines()
        .filter_map(|line| line.strip_prefix("  "));
    let mut count = 0;
    for line in commands {
        let mut shell = Command::new("bash");
        shell
            .args(["-o", "pipefail", "-c", line])
            .env("PATH", &path);
        succeed(shell.current_dir(place.dir.path()));
        count += 1;
    }
    assert!(count >= 5, "{}", demo.introduction);
    let fetched = fs::read(place.path("lighthouse.jpg")).unwrap();
    assert_eq!(
        fetched,
        fs::read(shown.join("photos/lighthouse.jpg")).unwrap()
    );
    kill_process(Pid::from_child(&demo.child), Signal::INT).unwrap();
    demo.ends(&place);
}

#[test]
fn it_ends_when_somebody_unmounts() {
    let place = Place::new();
    let demo = Demo::start(&place);
    succeed(metamount().arg("unmount").arg(place.path("shown")));
    demo.ends(&place);
}

#[test]
fn a_mount_point_that_cannot_be_made() {
    let line = fail(metamount().arg("demo").arg("/proc/none"));
    assert!(line.contains("could not be made"), "{line}");
}
