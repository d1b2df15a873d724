//! `metamount serve`: found by its printed line, ended by a signal, and what it stored is still there.

use super::{BOUND, Place, fail};
use crate::env::{Bucket, Leash, Service, metamount, until};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};

struct Serving {
    child: Child,
    leash: Leash,
    lines: Vec<String>,
    address: SocketAddr,
}

impl Serving {
    #[track_caller]
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let leash = Leash::new(child.id(), ":", &[]);
        let mut said = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let mut lines = Vec::new();
        let address = said.find_map(|line| {
            let address = line
                .strip_prefix("listening on http://")
                .map(|a| a.parse().unwrap());
            lines.extend(address.is_none().then_some(line));
            address
        });
        Self {
            child,
            leash,
            address: address.unwrap_or_else(|| panic!("no address in {lines:?}")),
            lines,
        }
    }

    fn service(&self, access_key: &str, secret: &str) -> Service {
        Service {
            scheme: "oss",
            address: self.address,
            region: "cn-hangzhou",
            access_key: access_key.into(),
            secret: secret.into(),
        }
    }

    #[track_caller]
    fn end(mut self, signal: Signal) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let status = until("the server ends", BOUND, || self.child.try_wait().unwrap());
        self.leash.release();
        status
    }
}

#[test]
fn what_was_stored_is_there_after_a_restart() {
    let place = Place::new();
    let start = || {
        let mut command = metamount();
        command.args(["serve", "--bucket", "one", "--bucket", "two", "--dir"]);
        command.arg(place.path("data"));
        command.env("OSS_ACCESS_KEY_ID", "test");
        command.env("OSS_ACCESS_KEY_SECRET", "a-secret");
        Serving::start(&mut command)
    };
    let bucket = |serving: &Serving, name: &str| Bucket {
        service: serving.service("test", "a-secret"),
        name: name.into(),
    };
    let serving = start();
    assert_eq!(
        serving.lines, [""; 0],
        "an account that was given is not shown"
    );
    bucket(&serving, "one").python(r#"oss().put_object("a", "text")"#);
    assert!(serving.end(Signal::TERM).success());

    let serving = start();
    let read = bucket(&serving, "one").python(r#"print(oss().get_object("a").read().decode())"#);
    assert_eq!(read, "text\n");
    let two = bucket(&serving, "two").python("print(len(oss().list_objects_v2().object_list))");
    assert_eq!(two, "0\n");
    assert!(serving.end(Signal::INT).success());
}

#[test]
fn without_an_account_it_makes_one_and_exports_it() {
    let mut command = metamount();
    let serving = Serving::start(command.args(["serve", "--bucket", "one"]));
    let value = |name: &str| {
        let prefix = format!("export {name}=");
        let found = serving
            .lines
            .iter()
            .find_map(|line| line.strip_prefix(&prefix));
        found
            .unwrap_or_else(|| panic!("{name} in {:?}", serving.lines))
            .to_owned()
    };
    let service = serving.service(&value("OSS_ACCESS_KEY_ID"), &value("OSS_ACCESS_KEY_SECRET"));
    let bucket = Bucket {
        service,
        name: "one".into(),
    };
    assert_eq!(
        bucket.python(r#"print(oss().put_object("a", "").status)"#),
        "200\n"
    );
    assert!(serving.end(Signal::TERM).success());
}

#[test]
fn half_an_account_is_none() {
    let line = fail(metamount().arg("serve").env("OSS_ACCESS_KEY_ID", "test"));
    assert!(line.contains("OSS_ACCESS_KEY_SECRET is not"), "{line}");
}

#[test]
fn a_port_that_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = fail(metamount().args(["serve", "--listen", &address]));
    assert!(
        line.contains(&address) && line.contains("--listen"),
        "{line}"
    );
}
