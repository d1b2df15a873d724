//! `metamount mount`.

use super::options::Options;
use super::{Command, Failure, Parsed, Result, announce, background, fstab, logger, parse};
use crate::config::Config;
use clap::Args;
use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

/// Options that the program gives itself.
const INTERNAL: [&str; 3] = ["announce", "fake", "sloppy"];

/// Mount a bucket, or a prefix of it, on a directory
///
/// Returns once the mount is usable; it then lives in the background until `metamount unmount`, SIGTERM or SIGINT.
/// Credentials are taken from the environment (OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, OSS_SESSION_TOKEN or
/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN) or from the service's usual files.
#[derive(Args, Debug)]
#[command(args_override_self = true)]
pub(super) struct Mount {
    /// What to mount: oss://BUCKET[/PREFIX] or s3://BUCKET[/PREFIX]
    #[arg(value_name = "URL")]
    url: String,
    /// An empty directory
    #[arg(value_name = "MOUNTPOINT")]
    mountpoint: PathBuf,
    /// Stay in the foreground
    #[arg(long)]
    foreground: bool,
    /// Options in the form of mount(8) and /etc/fstab
    #[arg(short = 'o', value_name = "OPT,OPT=VALUE", allow_hyphen_values = true)]
    list: Vec<OsString>,
    #[command(flatten)]
    options: Options,
    /// Stay, and say on stdout that the mount is ready
    #[arg(long, hide = true)]
    announce: bool,
    /// Check all and mount nothing
    #[arg(long, hide = true)]
    fake: bool,
    /// Tolerate unknown words of `-o`
    #[arg(long, hide = true)]
    sloppy: bool,
}

/// Returns whether a long option is for the program itself and not for `-o`.
pub(super) fn is_internal(option: &str) -> bool {
    INTERNAL.contains(&option)
}

impl Mount {
    /// Mounts. `args` are those that this was parsed from.
    pub(super) fn run(self, args: &[OsString]) -> Result<ExitCode> {
        let announce = self.announce;
        let outcome = self.with_list(args).and_then(|mount| mount.mount(args));
        if announce {
            announce::outcome(outcome)
        } else {
            outcome
        }
    }

    /// Takes in what `-o` says: as long options before the others, which therefore overrule it.
    fn with_list(self, args: &[OsString]) -> Result<Self> {
        if self.list.is_empty() {
            return Ok(self);
        }
        let mut all = args.to_vec();
        all.splice(2..2, fstab::long_options(&self.list, self.sloppy)?);
        match parse::<super::Cli>(&all)? {
            Parsed::Command(super::Cli {
                command: Command::Mount(mount),
            }) => Ok(*mount),
            _ => unreachable!("options do not change the command"),
        }
    }

    fn mount(self, args: &[OsString]) -> Result<ExitCode> {
        let config = self.options.config(&self.url, &self.mountpoint)?;
        if self.fake {
            return Ok(ExitCode::SUCCESS);
        }
        if self.foreground || self.announce {
            self.stay(config)
        } else {
            self.leave(&config, args)
        }
    }

    fn stay(self, config: Config) -> Result<ExitCode> {
        let file = self.options.log_file.as_deref().map(logger::open);
        logger::start(self.options.log_level, file.transpose()?);
        if self.announce {
            announce::detach();
        }
        for option in self.options.without_effect() {
            log::warn!("{option} has no effect in this version");
        }
        let ready = || {
            if self.announce {
                announce::ready();
            }
        };
        match crate::mount::run(config, ready) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => Err(Failure(error.to_string())),
        }
    }

    fn leave(self, config: &Config, args: &[OsString]) -> Result<ExitCode> {
        let mut own = args[1..].to_vec();
        own.insert(1, "--announce".into());
        background::start(&own, &[], Some(self.log(config)?))?;
        Ok(ExitCode::SUCCESS)
    }

    /// Opens where the background's stderr goes; what it logs and a panic of it end there.
    fn log(&self, config: &Config) -> Result<File> {
        match (&self.options.log_file, &config.state_dir) {
            (Some(path), _) => logger::open(path),
            (None, Some(dir)) => {
                let bucket = &config.bucket;
                logger::open_default(
                    dir,
                    &format!("{}-{}.log", bucket.dialect.scheme, bucket.name),
                )
            }
            (None, None) => Err(Failure::new("no place for the log: give --log-file FILE")),
        }
    }
}
