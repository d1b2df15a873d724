//! The `metamount` program: parses, runs, exits.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
