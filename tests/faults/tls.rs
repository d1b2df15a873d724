//! A server whose certificate nobody vouches for.

use super::script::client;
use metamount::store::dialect::S3;
use metamount::store::types::{Key, Operation};
use metamount::store::{Kind, Store as _};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// `openssl s_server` with a certificate of its own; ends when dropped.
struct Server {
    child: Child,
    address: String,
    _dir: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let openssl = |args: &str| {
            let mut command = Command::new("openssl");
            command.args(args.split(' ')).current_dir(dir.path());
            command.stdin(Stdio::piped()).stderr(Stdio::null());
            command
        };
        let made = openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
             -keyout key.pem -out cert.pem -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1",
        )
        .status();
        let made = made.expect("openssl is needed: scripts/test installs it");
        assert!(made.success(), "no certificate: {made}");
        let mut child = openssl("s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -www")
            .stdout(Stdio::piped())
            .spawn()
            .expect("openssl was there before");
        let out = child.stdout.take().expect("piped");
        let address = BufReader::new(out).lines().find_map(|line| {
            let line = line.expect("text");
            line.strip_prefix("ACCEPT ").map(str::to_owned)
        });
        Self {
            child,
            address: address.expect("it says where it listens"),
            _dir: dir,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_vouches_for_is_refused_with_a_remedy() {
    let server = tokio::task::spawn_blocking(Server::start);
    let server = server.await.expect("a server");
    let client = client(&S3, &format!("https://{}", server.address));
    let key = Key::new("k").expect("a key");
    let error = client.head(&key, None).await.expect_err("not trusted");
    assert_eq!(error.kind(), Kind::Local, "{error}");
    let said = error.message();
    assert!(said.contains("is not trusted"), "{said}");
    assert!(said.contains("SSL_CERT_FILE"), "{said}");
    assert_eq!(client.requests().of(Operation::HeadObject), 1);
}
