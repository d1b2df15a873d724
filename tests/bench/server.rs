//! The S3 server that everything is measured on: SeaweedFS in one process, on ports of the system's choice.

use crate::peers::{ACCESS_KEY, BUCKET, SECRET_KEY};
use metamount::config::{Addressing, Bucket};
use metamount::store::credentials::Fixed;
use metamount::store::endpoint::{Endpoint, Fallback};
use metamount::store::types::{self, Credentials, Secret};
use metamount::store::{Client, Dialect, Store};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A running server with an empty bucket.
pub struct Server {
    child: Child,
    address: SocketAddr,
    _dir: tempfile::TempDir,
}

impl Server {
    /// Starts it and waits until it takes requests.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let config = format!(
            r#"{{"identities":[{{"name":"bench","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET_KEY}"}}],"actions":["Admin","Read","Write","List","Tagging"]}}]}}"#
        );
        let config_path = dir.path().join("s3.json");
        std::fs::write(&config_path, config).expect("a file can be written");
        let ports = free_ports(10);
        let mut command =
            Command::new(std::env::var("METAMOUNT_TEST_WEED").unwrap_or("weed".into()));
        command
            .arg("mini")
            .arg(format!("-dir={}", dir.path().display()));
        command.arg(format!("-s3.config={}", config_path.display()));
        command.args([
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-admin.ui=false",
            "-webdav=false",
        ]);
        command.args([
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-volume.max=2000",
            "-master.volumeSizeLimitMB=64",
        ]);
        let names = ["s3", "master", "volume", "filer", "admin"];
        for (at, name) in names.iter().enumerate() {
            command.arg(format!("-{name}.port={}", ports[2 * at]));
            command.arg(format!("-{name}.port.grpc={}", ports[2 * at + 1]));
        }
        let log = std::fs::File::create(dir.path().join("log")).expect("a log can be made");
        let child = command
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("weed is installed (scripts/bench does)");
        let address = SocketAddr::from(([127, 0, 0, 1], ports[0]));
        let server = Self {
            child,
            address,
            _dir: dir,
        };
        server.wait();
        server
    }

    /// Returns the address of its S3 port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns our own client of the bucket.
    pub fn store(&self) -> Arc<dyn Store> {
        let bucket = Bucket {
            dialect: Dialect::of_scheme("s3").expect("it is one of ours"),
            name: BUCKET.into(),
            endpoint: Some(format!("http://{}", self.address)),
            region: Some("us-east-1".into()),
            addressing: Addressing::Path,
            profile: None,
            anonymous: false,
            allow_http: false,
            max_requests: 64,
        };
        let credentials = Credentials {
            access_key: ACCESS_KEY.into(),
            secret: Secret::new(SECRET_KEY),
            token: None,
            expires: None,
        };
        let endpoint = Endpoint::resolve(&bucket, &Fallback::default()).expect("a valid endpoint");
        let client = Client::new(
            bucket.dialect,
            endpoint,
            bucket.max_requests,
            Arc::new(Fixed(credentials)),
        );
        Arc::new(client.expect("a client can be made"))
    }

    fn wait(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        let create = || {
            let script = format!(
                "import boto3,botocore.config as c\n\
                 s=boto3.client('s3',endpoint_url='http://{}',aws_access_key_id='{ACCESS_KEY}',\
                 aws_secret_access_key='{SECRET_KEY}',region_name='us-east-1',\
                 config=c.Config(s3={{'addressing_style':'path'}},retries={{'max_attempts':0}}))\n\
                 s.create_bucket(Bucket='{BUCKET}')\ns.put_object(Bucket='{BUCKET}',Key='ready',Body=b'')",
                self.address
            );
            let python = std::env::var("METAMOUNT_TEST_PYTHON").unwrap_or("python3".into());
            let status = Command::new(python)
                .args(["-c", &script])
                .stderr(Stdio::null())
                .status();
            status.is_ok_and(|s| s.success())
        };
        while TcpStream::connect(self.address).is_err() || !create() {
            assert!(Instant::now() < end, "SeaweedFS did not become ready");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts objects, 32 at a time.
pub async fn put_all(store: &Arc<dyn Store>, objects: impl IntoIterator<Item = types::PutRequest>) {
    use futures_util::StreamExt;
    futures_util::stream::iter(objects)
        .map(|request| {
            let store = Arc::clone(store);
            async move { store.put(request).await.expect("the server takes objects") }
        })
        .buffer_unordered(32)
        .for_each(|_| async {})
        .await;
}

fn free_ports(n: usize) -> Vec<u16> {
    let held: Vec<_> = (0..n)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free"))
        .collect();
    held.iter()
        .map(|l| l.local_addr().expect("it is bound").port())
        .collect()
}
