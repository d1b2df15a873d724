//! What metamount costs, side by side with a floor and with peers, in one run: `scripts/bench`.
//!
//! The floor is an in-memory filesystem with the same replies (`floor`); the server is SeaweedFS, directly and through
//! a proxy that adds a round trip of 20 ms and counts requests (`proxy`). Repeats are interleaved and the median is
//! given. The table goes to standard output in Markdown.

mod cases;
mod floor;
mod peers;
mod proxy;
mod server;
mod table;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["floor", value, mountpoint] => {
            floor::serve(mountpoint, value).expect("the floor can be mounted");
        }
        _ => cases::run(&arguments),
    }
}
