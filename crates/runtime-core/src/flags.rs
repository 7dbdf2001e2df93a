//! The V8 flags of this process: those that Isolane cannot do without, and the caller's. Flags are part of a
//! snapshot's identity, so they have one canonical form.

/// Flags that every process runs with.
///
/// `--no-turboshaft-loop-unrolling`: with it on, the optimising compiler drops the interrupt check of loops around
/// array-filling loops, and such a guest cannot be terminated.
///
/// `--no-concurrent-sparkplug`: V8's own threads would put compiled code into the guest's heap. Where that has no room
/// left, the process ends, because no turn runs on such a thread that could be given up.
///
/// `--no-wasm-dynamic-tiering`: with it on, what V8 first makes of WebAssembly looks for an interrupt only after some ten
/// thousands of rounds of a loop, and a guest with `memory.fill` in one cannot be terminated. Off, each function that is
/// called is optimised in the background, not only those that are called often: about twice the processor time where a
/// module runs for a second, none later.
///
/// `--baseline-batch-compilation-threshold`: four times V8's own. V8 collects functions for its baseline compiler until they
/// are so large together, and then compiles all of them in the turn. With the platform's own functions the first request
/// of an isolate would come to that every time, for 0.3 ms, and would hardly gain from it.
const ALWAYS: [&str; 4] = [
    "--no-turboshaft-loop-unrolling",
    "--no-concurrent-sparkplug",
    "--no-wasm-dynamic-tiering",
    "--baseline-batch-compilation-threshold=16384",
];

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
