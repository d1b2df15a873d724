//! The commands: what is typed becomes a [`Config`](crate::config::Config) or a call of another module, and an error
//! one line on stderr and exit code 1. Clap's types end here.

mod announce;
mod background;
mod control;
mod demo;
mod fstab;
mod logger;
mod mount;
mod options;
mod output;
mod progress;
mod samples;
mod serve;
mod show;
mod status;
mod unmount;
mod url;

use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;

/// Mounts buckets of Alibaba OSS and Amazon S3, with every object's metadata as extended attributes.
#[derive(Debug, Parser)]
#[command(name = "metamount", version, args_override_self = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Mount(Box<mount::Mount>),
    Unmount(unmount::Unmount),
    Status(status::Status),
    Show(show::Show),
    Serve(serve::Serve),
    Demo(demo::Demo),
}

/// Why a command failed: one line that names the cause and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(String);

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

type Result<T, E = Failure> = std::result::Result<T, E>;

/// Runs the program with the arguments it was called with.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = fstab::translate(args.into_iter().collect()).and_then(dispatch);
    match outcome {
        Ok(code) => code,
        Err(Failure(message)) => {
            eprintln!("metamount: {}", output::one_line(&message));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: Vec<OsString>) -> Result<ExitCode> {
    let cli = match parse::<Cli>(&args)? {
        Parsed::Command(cli) => cli,
        Parsed::Printed => return Ok(ExitCode::SUCCESS),
    };
    match cli.command {
        Command::Mount(mount) => mount.run(&args),
        Command::Unmount(unmount) => unmount.run(),
        Command::Status(status) => status.run(),
        Command::Show(show) => show.run(),
        Command::Serve(serve) => serve.run(),
        Command::Demo(demo) => demo.run(),
    }
}

enum Parsed<T> {
    Command(T),
    /// The help or the version, which was asked for.
    Printed,
}

/// Parses arguments; what clap says over several lines becomes one.
fn parse<T: Parser>(args: &[OsString]) -> Result<Parsed<T>> {
    use clap::error::ErrorKind::{
        DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
    };
    match T::try_parse_from(args) {
        Ok(parsed) => Ok(Parsed::Command(parsed)),
        Err(error) if matches!(error.kind(), DisplayHelp | DisplayVersion) => {
            // A closed pipe is the reader's own choice.
            let _ = error.print();
            Ok(Parsed::Printed)
        }
        Err(error) if error.kind() == DisplayHelpOnMissingArgumentOrSubcommand => {
            Err(Failure::new("no command: metamount --help lists them"))
        }
        Err(error) => Err(Failure(first_paragraph(&error.render().to_string()))),
    }
}

fn first_paragraph(rendered: &str) -> String {
    let lines = rendered.lines().take_while(|line| !line.trim().is_empty());
    let joined = lines.map(str::trim).collect::<Vec<_>>().join(" ");
    let message = joined.strip_prefix("error: ").unwrap_or(&joined);
    format!("{message} (--help lists what there is)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use test_case::test_case;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test_case(&[], "no command"; "nothing")]
    #[test_case(&["mont"], "unrecognized subcommand 'mont'"; "an unknown command")]
    #[test_case(&["mount", "oss://bucket"], "not provided: <MOUNTPOINT>"; "an argument too few")]
    #[test_case(&["mount", "--edpoint", "x", "oss://bucket", "/mnt"], "'--edpoint'"; "an unknown option")]
    #[test_case(&["status", "/a", "/b"], "unexpected argument '/b'"; "an argument too many")]
    fn what_cannot_be_parsed_is_one_line(args: &[&str], expected: &str) {
        let mut all = vec![OsString::from("metamount")];
        all.extend(args.iter().map(OsString::from));
        let Err(Failure(message)) = parse::<Cli>(&all) else {
            panic!("{args:?} was taken");
        };
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
}
