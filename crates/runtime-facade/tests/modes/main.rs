//! The behaviour suite: what an embedder can rely on, shown for every execution mode and context policy. Each body is
//! written once and instantiated by `in_every_mode!`. What only one mode has is in `admission` and `specification`;
//! guests that could take the process down, and what looks at counters of the whole process, run in child processes
//! (`hostile`, `prepared`, `process`, `process_bounds`).
//!
//! It is not a test of the Web APIs beyond what a request needs on its way through.
#![forbid(unsafe_code)]

#[macro_use]
mod support;

mod data_modules;
mod errors;
mod event_source;
mod events;
mod handlers;
mod host_errors;
mod modules;
mod requests;
mod responses;
mod source_maps;
mod streams;
mod wait_until;
mod web_socket_server;
mod web_socket_streams;
mod web_sockets;

mod async_context;
mod bindings;
mod cancellation;
mod compression;
mod concurrency;
mod isolation;
mod limits_counts;
mod limits_memory;
mod limits_time;
mod location;

mod admission;
mod lifecycle;
mod recycling;
mod shipped_elsewhere;
mod specification;

mod examples;
mod hostile;
mod prepared;
mod process;
mod process_bounds;
