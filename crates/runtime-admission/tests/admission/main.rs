//! The behaviour of the crate, seen from outside: the gate, the slots, both against random
//! schedules, and both under real threads. The interleavings are the model checker's part: `loom.rs`.
#![cfg(not(loom))]
#![forbid(unsafe_code)]

mod gate;
mod slots;
mod slots_fairness;
mod slots_model;
mod support;
mod threads;
mod work_queue;
