//! What is left to upload, as a bar on a terminal.

use super::control::{Control, Pending};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

const STEP: Duration = Duration::from_millis(100);

/// Shows the progress until `done` is told or hung up. Without a terminal nothing is shown.
pub(super) fn show<T>(control: &Control, done: &Receiver<T>) -> Result<T, RecvTimeoutError> {
    let mut bar = None;
    let outcome = loop {
        match done.recv_timeout(STEP) {
            Err(RecvTimeoutError::Timeout) => {}
            outcome => break outcome,
        }
        if let Ok(brief) = control.brief() {
            draw(&mut bar, brief.pending);
        }
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    outcome
}

fn draw(bar: &mut Option<ProgressBar>, pending: Pending) {
    let left = pending.total();
    if left == 0 && bar.is_none() || !std::io::stderr().is_terminal() {
        return;
    }
    let bar = bar.get_or_insert_with(|| {
        let style = ProgressStyle::with_template("uploading {bar:40} {pos}/{len} {msg}");
        ProgressBar::new(left).with_style(style.expect("the template is well-formed"))
    });
    // More may come in while it is waited for.
    let most = bar.length().unwrap_or(0).max(left);
    bar.set_length(most);
    bar.set_position(most - left);
    bar.set_message(format!(
        "{} edits, {} files",
        pending.edits, pending.uploads
    ));
}
