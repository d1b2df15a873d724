//! `metamount status`: what the daemon reports, for people or as it is.

use super::control::Control;
use super::output::{bytes, count};
use super::{Result, output};
use clap::Args;
use serde_json::Value;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Show what a mount has done and what is pending
#[derive(Args, Debug)]
pub(super) struct Status {
    /// The directory that `metamount mount` was given
    #[arg(value_name = "MOUNTPOINT")]
    mountpoint: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(self) -> Result<ExitCode> {
        let control = Control::new(&self.mountpoint);
        if self.json {
            output::print(&format!("{}\n", control.report()?.trim_end()));
        } else {
            output::print(&for_people(&control.value()?));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn for_people(report: &Value) -> String {
    let text = |name: &str| report[name].as_str().unwrap_or("?");
    let number = |path: &str| report.pointer(path).and_then(Value::as_u64).unwrap_or(0);
    let mut out = String::new();
    let mut line = |label: &str, value: String| {
        writeln!(out, "{label:<14}{value}").expect("a string takes all");
    };
    line(
        "bucket",
        format!("{} on {}", text("url"), text("mountpoint")),
    );
    line(
        "daemon",
        format!("process {}, metamount {}", number("/pid"), text("version")),
    );
    line(
        "requests",
        format!(
            "{}, {} tried again; {} received, {} sent",
            count(number("/requests_total")),
            count(number("/retried")),
            bytes(number("/bytes_received")),
            bytes(number("/bytes_sent")),
        ),
    );
    for (operation, n) in report["requests"].as_object().into_iter().flatten() {
        line(
            "",
            format!("{:>9} {operation}", count(n.as_u64().unwrap_or(0))),
        );
    }
    let (hits, misses) = (number("/cache/hits"), number("/cache/misses"));
    line(
        "cache",
        format!(
            "{} objects, {}; {} hits, {} misses{}",
            count(number("/cache/entries")),
            bytes(number("/cache/bytes")),
            count(hits),
            count(misses),
            match (hits * 100).checked_div(hits + misses) {
                Some(percent) => format!(" ({percent} %)"),
                None => String::new(),
            },
        ),
    );
    line(
        "pending",
        format!(
            "{} edits, {} uploads",
            count(number("/pending/edits")),
            count(number("/pending/uploads")),
        ),
    );
    line("hidden keys", count(number("/hidden_keys")));
    line("conditions", conditions(text("conditions")).into());
    let errors = report["last_errors"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if errors.is_empty() {
        line("last errors", "none".into());
    }
    for (i, error) in errors.iter().enumerate() {
        let label = if i == 0 { "last errors" } else { "" };
        line(label, output::one_line(&one_error(error)));
    }
    out
}

/// Says what is known of the conditions that protect edits from other writers.
fn conditions(word: &str) -> &str {
    match word {
        "unknown" => "not tried yet, no edit was made",
        "honoured" => "honoured by the server",
        "ignored" => "ignored by the server: a foreign edit at the same moment can be lost",
        other => other,
    }
}

fn one_error(error: &Value) -> String {
    let text = |name: &str| match &error[name] {
        Value::String(text) => text.clone(),
        Value::Null => "-".into(),
        other => other.to_string(),
    };
    format!(
        "{} {} {:?}: {} ({})",
        text("time"),
        text("operation"),
        text("key"),
        text("message"),
        text("errno")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_for_people() {
        let report = json!({
            "version": "0.1.0", "pid": 42, "url": "oss://bucket/p", "mountpoint": "/mnt",
            "requests": {"HeadObject": 1200, "ListObjectsV2": 2}, "requests_total": 1202, "retried": 1,
            "bytes_received": 2048, "bytes_sent": 0,
            "cache": {"entries": 1200, "bytes": 1_048_576, "hits": 300, "misses": 100},
            "pending": {"edits": 1, "uploads": 0}, "hidden_keys": 3, "conditions": "honoured",
            "last_errors": [{"time": "2026-11-21T06:00:00Z", "operation": "CopyObject", "key": "a\nb",
                             "errno": "EIO", "message": "the service failed"}],
        });
        assert_eq!(
            for_people(&report),
            "\
bucket        oss://bucket/p on /mnt
daemon        process 42, metamount 0.1.0
requests      1,202, 1 tried again; 2.0 KiB received, 0 B sent
                  1,200 HeadObject
                      2 ListObjectsV2
cache         1,200 objects, 1.0 MiB; 300 hits, 100 misses (75 %)
pending       1 edits, 0 uploads
hidden keys   3
conditions    honoured by the server
last errors   2026-11-21T06:00:00Z CopyObject \"a\\nb\": the service failed (EIO)
"
        );
    }

    #[test]
    fn a_report_of_nothing_yet() {
        let shown = for_people(&json!({"last_errors": []}));
        assert!(shown.contains("0 hits, 0 misses\n"), "{shown}");
        assert!(shown.contains("last errors   none\n"), "{shown}");
    }
}
