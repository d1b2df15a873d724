//! What can go wrong on the way, scripted on a real socket: bounded in time and memory, and of the right meaning.

mod answers;
mod check;
mod connection;
mod script;
mod tls;
