//! The V8 flags of this process: those that Isolane cannot do without, and the caller's. Flags are part of a
//! snapshot's identity, so they have one canonical form.

/// Flags that every process runs with.
///
/// `--no-turboshaft-loop-unrolling`: with it on, the optimising compiler drops the interrupt check of loops around
/// array-filling loops, and such a guest cannot be terminated.
///
/// `--no-concurrent-sparkplug`: V8's own threads would put compiled code into the guest's heap. Where that has no room
/// left, the process ends, because no turn runs on such a thread that could be given up.
const ALWAYS: [&str; 2] = ["--no-turboshaft-loop-unrolling", "--no-concurrent-sparkplug"];

/// The canonical list: ours, the stack's and memory's size, then the caller's in their order, without repetition.
pub(crate) fn canonical(stack_kib: u32, wasm_max_pages: u32, extra: &[String]) -> Vec<String> {
    let mut flags: Vec<String> = ALWAYS.iter().map(|flag| (*flag).to_owned()).collect();
    flags.push(format!("--stack-size={stack_kib}"));
    flags.push(format!("--wasm-max-mem-pages={wasm_max_pages}"));
    for flag in extra {
        if !flags.contains(flag) {
            flags.push(flag.clone());
        }
    }
    flags
}
