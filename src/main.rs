//! The `metamount` program: parses, runs, exits.

fn main() -> std::process::ExitCode {
    metamount::cli::run(std::env::args_os())
}
