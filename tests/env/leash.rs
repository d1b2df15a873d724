//! Processes that do not outlive the test, however it ends.
//!
//! A shell waits on a pipe that only the test holds. A test that ends well says so first; the end of the pipe alone
//! means that it was killed or that nobody dropped what it started, and the shell cleans up in its place.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Kills a process and runs a clean-up when the test process ends without [`Leash::release`].
#[derive(Debug)]
pub struct Leash(Child);

impl Leash {
    /// Watches over `pid`; `clean_up` is shell code, run after it was killed, with `args` as `$1`...
    pub fn new(pid: u32, clean_up: &str, args: &[&str]) -> Self {
        let kill = format!("kill -KILL {pid} 2>/dev/null");
        Self::on_end(&format!("{kill}; {clean_up}"), args)
    }

    /// Runs shell code when the test process ends without [`Leash::release`], with `args` as `$1`...
    pub fn on_end(clean_up: &str, args: &[&str]) -> Self {
        let script = format!("if read -r released; then exit; fi; {clean_up}");
        let child = Command::new("sh")
            .args(["-c", &script, "leash"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("sh is always there");
        Self(child)
    }

    /// Ends the watch: what it was for is gone.
    pub fn release(&mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            let _ = pipe.write_all(b"released\n");
        }
        let _ = self.0.wait();
    }
}

impl Drop for Leash {
    /// Cleans up now, unless released.
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
