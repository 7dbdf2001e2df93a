//! The program `isolane` as its users meet it: command lines, exit statuses, and HTTP over real sockets. What its
//! parts do by themselves is tested beside them.

mod drain;
mod fetch;
mod run;
mod serve;
mod streams;
mod support;
mod types;
#[cfg(feature = "typescript")]
mod typescript;
mod upstream;
mod web_socket;
