//! The `metamount` program: parses, runs, exits.

/// Gives memory back after a walk of many objects; see "Why jemalloc?" in `docs/DESIGN.md`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    metamount::cli::run(std::env::args_os())
}
