//! What the tables and the criterion benches have in common: the guests that are measured, with the answers that they
//! must give, and how samples become figures. No measurement is made here.
#![forbid(unsafe_code)]

pub mod guests;
pub mod samples;
