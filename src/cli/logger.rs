//! The log: lines with time and level, to stderr or a file.

use super::{Failure, Result};
use env_logger::{Builder, Target};
use log::LevelFilter;
use std::fs::File;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Starts logging at `level`, to `file` or else to stderr. The crates underneath are heard from `warn` on only, unless
/// everything is asked for.
pub(super) fn start(level: LevelFilter, file: Option<File>) {
    let others = match level {
        LevelFilter::Trace => LevelFilter::Trace,
        level => level.min(LevelFilter::Warn),
    };
    let mut builder = Builder::new();
    builder
        .filter_level(others)
        .filter_module("metamount", level);
    if let Some(file) = file {
        builder.target(Target::Pipe(Box::new(file)));
    }
    // A second start in one process would be a bug of ours, and the first one keeps logging.
    let _ = builder.try_init();
}

/// Opens a log file to append to; only its owner may read it, since it names keys.
pub(super) fn open(path: &Path) -> Result<File> {
    File::options()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| {
            Failure(format!(
                "log file {path:?}: {e}: name another by --log-file"
            ))
        })
}

/// Opens the log of a mount in the background, in its state directory.
pub(super) fn open_default(state_dir: &Path, name: &str) -> Result<File> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(state_dir)
        .map_err(|e| {
            Failure(format!(
                "state directory {state_dir:?}: {e}: name another by --state-dir"
            ))
        })?;
    open(&state_dir.join(name))
}
