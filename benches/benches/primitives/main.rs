//! The primitives that requests are made of, measured by criterion: `cargo bench -p benches`. Whole requests, and all
//! modes beside each other, are in the `tables` program.

mod admission;
mod engine;
mod guest;
mod support;

fn main() {
    runtime_web::ensure_init().expect("V8 can be initialised in a process of its own");
    let mut criterion = criterion::Criterion::default().configure_from_args();
    admission::benches(&mut criterion);
    engine::benches(&mut criterion);
    guest::benches(&mut criterion);
    criterion.final_summary();
}
