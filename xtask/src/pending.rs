//! Parts of the product that are not in the tree yet. A step or check of theirs is skipped with a loud line.
//!
//! This is the only place that excuses a missing part: what is not on this list and missing is an error, so the
//! list shrinks as parts arrive, and an empty one means that nothing is excused.

use std::io::IsTerminal as _;

/// The names of the missing parts, as CI's steps and the tidy checks call them.
pub(crate) const PENDING: &[&str] = &[];

/// Whether a missing part is excused; says so loudly if it is.
pub(crate) fn excused(part: &str, missing: &str) -> bool {
    let excused = PENDING.contains(&part);
    if excused {
        let (bold, plain) =
            if std::io::stderr().is_terminal() { ("\x1b[1;33m", "\x1b[0m") } else { ("", "") };
        eprintln!(
            "{bold}!!!! SKIPPED: {part}: {missing}; excused in xtask/src/pending.rs until it is there !!!!{plain}"
        );
    }
    excused
}
