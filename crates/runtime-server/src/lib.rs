//! The parts of `isolane` that have nothing of a command line about them, so that tests and benches can drive them:
//! the HTTP server in front of a [`Runtime`](runtime_facade::Runtime), the outbound HTTP behind it, routes, the
//! configuration file and scripts on disk. There is no execution logic here: that is the facade's.
#![forbid(unsafe_code)]

pub mod config;
pub mod guest_log;
pub mod http;
pub mod ops;
pub mod routes;
pub mod script_files;
pub mod workers;

mod hop_by_hop;
mod host_name;
mod web_socket;
