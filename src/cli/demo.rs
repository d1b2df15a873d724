//! `metamount demo`: the embedded server with sample objects, mounted, until Ctrl-C.

use super::serve::{Account, Ends, runtime, start, temporary_dir};
use super::{Failure, Result, background, logger, output, samples};
use crate::config::{Addressing, Bucket};
use crate::server::Settings;
use crate::store::credentials::Fixed;
use crate::store::dialect::OSS;
use crate::store::endpoint::{Endpoint, Fallback};
use crate::store::{self, Client};
use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode};
use std::sync::Arc;
use tokio::sync::oneshot;

const BUCKET: &str = "demo";
const REGION: &str = "cn-hangzhou";

/// Try it out: serve sample objects, mount them, say what to try
///
/// Ctrl-C unmounts, ends the server and removes everything. The account is the one that OSS_ACCESS_KEY_ID and
/// OSS_ACCESS_KEY_SECRET name, or a new one.
#[derive(Args, Debug)]
pub(super) struct Demo {
    /// Where to mount; made if missing; by default in a temporary directory
    #[arg(value_name = "MOUNTPOINT")]
    mountpoint: Option<PathBuf>,
}

impl Demo {
    pub(super) fn run(self) -> Result<ExitCode> {
        logger::start(log::LevelFilter::Warn, None);
        let account = Account::from_environment()?;
        let temporary = temporary_dir()?;
        let mountpoint = match self.mountpoint {
            Some(path) => {
                std::path::absolute(&path).map_err(|e| Failure(format!("{path:?}: {e}")))?
            }
            None => temporary.path().join("mnt"),
        };
        let _made = Made::directory(&mountpoint)?;
        runtime()?.block_on(async {
            let ends = Ends::new()?;
            let mut settings = Settings::new(temporary.path().join("data"), account.credentials());
            settings.buckets = vec![BUCKET.into()];
            let server = start(settings).await?;
            let endpoint = format!("http://{}", server.address());
            put_samples(&endpoint, &account)
                .await
                .map_err(|e| Failure(format!("the samples could not be put: {e}")))?;
            let mount = mount(&mountpoint, &endpoint, &account, temporary.path())?;
            output::print(&introduction(&mountpoint, &endpoint, &account));
            until_the_end(mount, ends).await;
            server.stop().await;
            Ok(ExitCode::SUCCESS)
        })
    }
}

async fn put_samples(endpoint: &str, account: &Account) -> store::Result<()> {
    let bucket = Bucket {
        dialect: &OSS,
        name: BUCKET.into(),
        endpoint: Some(endpoint.into()),
        region: Some(REGION.into()),
        addressing: Addressing::Path,
        profile: None,
        anonymous: false,
        allow_http: false,
        max_requests: 4,
    };
    let resolved = Endpoint::resolve(&bucket, &Fallback::default())?;
    let credentials = Arc::new(Fixed(account.credentials()));
    let client = Client::new(bucket.dialect, resolved, bucket.max_requests, credentials)?;
    samples::put(&client).await
}

fn mount(mountpoint: &Path, endpoint: &str, account: &Account, own: &Path) -> Result<Child> {
    let mut args: Vec<OsString> = ["mount", "--announce", "--region", REGION]
        .map(Into::into)
        .into();
    args.extend(["--endpoint".into(), endpoint.into()]);
    args.extend(["--state-dir".into(), own.join("state").into()]);
    args.extend(["--log-level", "warn"].map(Into::into));
    args.extend([
        "--".into(),
        format!("oss://{BUCKET}").into(),
        mountpoint.into(),
    ]);
    let [key, secret] = account.variables();
    // What else the user's own account has in the environment is none of the demo's.
    let variables = [key, secret, ("OSS_SESSION_TOKEN", "")];
    background::start(&args, &variables, None)
}

/// Waits until somebody unmounts or a signal comes, which then unmounts.
async fn until_the_end(mut mount: Child, ends: Ends) {
    let pid = Pid::from_child(&mount);
    let (tell, ended) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = mount.wait();
        let _ = tell.send(());
    });
    let mut ended = std::pin::pin!(ended);
    tokio::select! {
        _ = &mut ended => return,
        () = ends.wait() => {}
    }
    // Its process is waited for by the thread alone, so that the number is still its own.
    let _ = kill_process(pid, Signal::TERM);
    let _ = ended.await;
}

fn introduction(mountpoint: &Path, endpoint: &str, account: &Account) -> String {
    let exports = account.exports();
    let mnt = mountpoint.display();
    format!(
        "\
{exports}listening on {endpoint}
mounted oss://{BUCKET} on {mnt}

Try, in another terminal:
  ls -lR {mnt}
  getfattr -d {mnt}/reports/2026-q3.md
  setfattr -n user.status -v final {mnt}/reports/2026-q3.md
  setfattr -n user.tag.owner -v Jane {mnt}/reports/2026-q3.md
  setfattr -n user.http.cache-control -v no-cache {mnt}/photos/lighthouse.jpg
  getfattr -n object.restore {mnt}/archive/survey-2019.csv
  getfattr -n object.url --only-values {mnt}/photos/lighthouse.jpg | xargs curl -so lighthouse.jpg
  metamount show {mnt}/photos/lighthouse.jpg
  metamount status {mnt}

Ctrl-C ends it and removes everything.
"
    )
}

/// A directory made for the demo, removed with it.
struct Made(Option<PathBuf>);

impl Made {
    /// Makes the directory unless it is there.
    fn directory(path: &Path) -> Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Ok(Self(None));
        }
        match fs::create_dir(path) {
            Ok(()) => Ok(Self(Some(path.into()))),
            Err(e) => Err(Failure(format!(
                "{path:?} could not be made: {e}: name another directory"
            ))),
        }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // Only the empty directory: never what somebody put there.
            let _ = fs::remove_dir(path);
        }
    }
}
