//! What operations that took long have answered, by number, until JavaScript takes it.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use runtime_core::{HostValue, WorkRoom};

/// The answers of one request that are there and not taken. Clones share them: with the threads that give them.
#[derive(Clone, Default)]
pub(crate) struct WorkResults(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    last: u32,
    values: HashMap<u32, (HostValue, WorkRoom)>,
}

impl WorkResults {
    /// Takes an answer in, with the room that it needs, and gives its number.
    pub(super) fn add(&self, value: HostValue, room: WorkRoom) -> u32 {
        let mut waiting = self.0.lock();
        waiting.last = waiting.last.wrapping_add(1);
        let id = waiting.last;
        waiting.values.insert(id, (value, room));
        id
    }

    /// Gives an answer out, once.
    pub(super) fn take(&self, id: u32) -> Option<HostValue> {
        self.0.lock().values.remove(&id).map(|(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_once() {
        let results = WorkResults::default();
        let room = || WorkRoom::reserve(1).expect("there is room for a byte");
        let first = results.add(HostValue::Bool(true), room());
        let second = results.clone().add(HostValue::Null, room());
        assert_eq!(results.take(second), Some(HostValue::Null));
        assert_eq!(results.take(first), Some(HostValue::Bool(true)));
        assert_eq!(results.take(first), None);
    }
}
