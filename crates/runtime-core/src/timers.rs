//! The timers of one request: when each is due, in which order. The callbacks are in JavaScript; this only knows
//! numbers and times.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};

/// The longest delay that a timer can have; a longer one counts as this.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// Armed timers, earliest first; among equals in the order of arming.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: BinaryHeap<Reverse<(Instant, u64, u32)>>,
    /// The sequence number under which each armed timer is queued; a queued entry with another number is stale.
    armed: HashMap<u32, u64>,
    sequence: u64,
}

impl Timers {
    /// Arms a timer. False if `limit` timers are armed already.
    pub(crate) fn start(&mut self, id: u32, delay: Duration, limit: u64) -> bool {
        if self.armed.len() as u64 >= limit && !self.armed.contains_key(&id) {
            return false;
        }
        self.sequence += 1;
        self.armed.insert(id, self.sequence);
        self.queue.push(Reverse((Instant::now() + delay.min(LONGEST), self.sequence, id)));
        true
    }

    pub(crate) fn stop(&mut self, id: u32) {
        self.armed.remove(&id);
        // Stale entries are left in the queue until they are due, but never more of them than armed ones.
        if self.queue.len() > 64 && self.queue.len() > 2 * self.armed.len() {
            let armed = &self.armed;
            self.queue.retain(|Reverse((_, sequence, id))| armed.get(id) == Some(sequence));
        }
    }

    /// When the next timer is due.
    pub(crate) fn next_due(&mut self) -> Option<Instant> {
        while let Some(Reverse((due, sequence, id))) = self.queue.peek().copied() {
            if self.armed.get(&id) == Some(&sequence) {
                return Some(due);
            }
            self.queue.pop();
        }
        None
    }

    /// Takes the next timer that is due at `now`, if any.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<u32> {
        if self.next_due()? > now {
            return None;
        }
        let Reverse((_, _, id)) = self.queue.pop()?;
        self.armed.remove(&id);
        Some(id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.armed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_timers_come_in_order_of_time_and_then_of_arming() {
        let mut timers = Timers::default();
        for (id, delay) in [(1, 5), (2, 0), (3, 0), (4, 1)] {
            assert!(timers.start(id, Duration::from_millis(delay), 10));
        }
        timers.stop(3);
        let later = Instant::now() + Duration::from_secs(1);
        let order: Vec<u32> = std::iter::from_fn(|| timers.take_due(later)).collect();
        assert_eq!(order, [2, 4, 1]);
        assert!(timers.is_empty());
    }

    #[test]
    fn a_stopped_timer_makes_room_for_another() {
        let mut timers = Timers::default();
        assert!(timers.start(1, Duration::ZERO, 1));
        assert!(!timers.start(2, Duration::ZERO, 1));
        timers.stop(1);
        assert!(timers.start(2, Duration::ZERO, 1));
    }

    #[test]
    fn arming_and_stopping_many_timers_keeps_the_queue_small() {
        let mut timers = Timers::default();
        for id in 0..200_000 {
            assert!(timers.start(id, Duration::from_secs(60), u64::MAX));
            timers.stop(id);
        }
        assert!(timers.queue.len() <= 65);
    }
}
