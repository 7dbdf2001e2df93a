//! The program `isolane`.
#![forbid(unsafe_code)]
fn main() {}
