//! The fair gate: order, cancellation at every point, callbacks.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use runtime_admission::{Enter, FairGate, GatePass};

use crate::support::{Task, at_once, waits, woken};

#[test]
fn a_free_gate_is_entered_at_the_first_poll() {
    let gate = FairGate::new();
    drop(at_once(gate.enter()));
    drop(at_once(gate.enter()));
    assert_eq!(gate.waiting(), 0);
}

#[test]
fn waiters_enter_in_the_order_of_asking() {
    let gate = FairGate::new();
    let pass = at_once(gate.enter());
    let (first, second) = (waits(gate.enter()), waits(gate.enter()));
    assert_eq!(gate.waiting(), 2);
    drop(pass);
    assert_eq!(second.wakes(), 0);
    let pass = woken(first);
    assert_eq!(second.wakes(), 0);
    drop(pass);
    drop(woken(second));
    assert!(gate.try_enter().is_some());
}

#[test]
fn a_newcomer_does_not_barge_in_between_release_and_wake_up() {
    let gate = FairGate::new();
    let pass = at_once(gate.enter());
    let first = waits(gate.enter());
    drop(pass);
    assert!(gate.try_enter().is_none(), "the gate was free for a moment");
    let newcomer = waits(gate.enter());
    let pass = woken(first);
    assert_eq!(newcomer.wakes(), 0);
    drop(pass);
    drop(woken(newcomer));
}

#[test]
fn a_dropped_waiter_leaves_the_queue() {
    let gate = FairGate::new();
    let pass = at_once(gate.enter());
    let (first, second) = (waits(gate.enter()), waits(gate.enter()));
    drop(first);
    assert_eq!(gate.waiting(), 1);
    drop(pass);
    drop(woken(second));
}

#[test]
fn a_future_dropped_after_its_grant_hands_the_gate_on() {
    let gate = FairGate::new();
    let pass = at_once(gate.enter());
    let (first, second) = (waits(gate.enter()), waits(gate.enter()));
    drop(pass);
    assert_eq!(first.wakes(), 1);
    drop(first);
    drop(woken(second));
    assert!(gate.try_enter().is_some());
}

#[test]
fn a_future_that_was_never_polled_gives_the_gate_back() {
    let gate = FairGate::new();
    drop(gate.enter());
    let pass = gate.try_enter().unwrap();
    drop(gate.enter());
    assert_eq!(gate.waiting(), 0);
    let unpolled = gate.enter();
    drop(pass);
    assert!(gate.try_enter().is_none(), "it is the unpolled future's");
    drop(at_once(unpolled));
    assert!(gate.try_enter().is_some());
}

#[test]
fn a_waiter_that_moved_to_another_task_is_woken_there() {
    let gate = FairGate::new();
    let pass = at_once(gate.enter());
    let first = waits(gate.enter());
    let second = waits(first.into_inner());
    drop(pass);
    drop(woken(second));
}

#[test]
fn a_callback_runs_inline_when_the_gate_is_free_and_in_turn_when_it_is_not() {
    let gate = FairGate::new();
    let (sender, receiver) = mpsc::channel::<(&str, GatePass)>();
    let callback = |name| {
        let sender = sender.clone();
        Box::new(move |pass| sender.send((name, pass)).unwrap())
    };
    gate.enqueue(callback("inline"));
    let (name, pass) = receiver.try_recv().unwrap();
    assert_eq!(name, "inline");
    let future = waits(gate.enter());
    gate.enqueue(callback("later"));
    assert_eq!(gate.waiting(), 2);
    drop(pass);
    let pass = woken(future);
    assert!(receiver.try_recv().is_err());
    drop(pass);
    assert_eq!(receiver.try_recv().unwrap().0, "later");
    assert!(gate.try_enter().is_some());
}

#[test]
fn a_canceled_callback_is_dropped_and_never_called() {
    let gate = FairGate::new();
    let pass = gate.try_enter().unwrap();
    let witness = Arc::new(());
    let held = Arc::clone(&witness);
    let ticket = gate.enqueue(Box::new(move |_| drop(held)));
    assert!(ticket.cancel());
    assert!(!ticket.cancel());
    assert_eq!(Arc::strong_count(&witness), 1);
    drop(pass);
    let ticket = gate.enqueue(Box::new(drop));
    assert!(!ticket.cancel(), "it has been called already");
    assert!(gate.try_enter().is_some());
}

#[test]
fn a_dropped_ticket_leaves_its_callback_in_the_queue() {
    let gate = FairGate::new();
    let pass = gate.try_enter().unwrap();
    let (sender, receiver) = mpsc::channel();
    drop(gate.enqueue(Box::new(move |pass| sender.send(pass).unwrap())));
    drop(pass);
    assert!(receiver.try_recv().is_ok());
}

#[test]
fn a_long_chain_of_callbacks_does_not_grow_the_stack() {
    let gate = FairGate::new();
    let pass = gate.try_enter().unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    for i in 0..100_000 {
        let order = Arc::clone(&order);
        gate.enqueue(Box::new(move |pass| {
            order.lock().unwrap().push(i);
            drop(pass);
        }));
    }
    drop(pass);
    assert!(order.lock().unwrap().iter().copied().eq(0..100_000));
    assert!(gate.try_enter().is_some());
}

#[test]
fn a_callback_that_asks_for_the_gate_again_does_not_recurse() {
    fn again(gate: &FairGate, times: usize, done: mpsc::Sender<()>) {
        let next = gate.clone();
        gate.enqueue(Box::new(move |pass| {
            drop(pass);
            if times == 0 { done.send(()).unwrap() } else { again(&next, times - 1, done) }
        }));
    }
    let (sender, receiver) = mpsc::channel();
    again(&FairGate::new(), 100_000, sender);
    receiver.try_recv().unwrap();
}

#[test]
fn a_callback_that_panics_does_not_keep_the_gate_or_the_others() {
    let gate = FairGate::new();
    let pass = gate.try_enter().unwrap();
    let (sender, receiver) = mpsc::channel();
    gate.enqueue(Box::new(|_pass| panic!("on purpose")));
    gate.enqueue(Box::new(move |_pass| sender.send(()).unwrap()));
    let panic = catch_unwind(AssertUnwindSafe(|| drop(pass))).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    receiver.try_recv().expect("the next one was called");
    assert!(gate.try_enter().is_some());
}

#[derive(Clone, Debug)]
enum Step {
    Enter,
    Enqueue,
    TryEnter,
    Poll(usize),
    Drop(usize),
    Cancel(usize),
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Enter),
        3 => Just(Step::Enqueue),
        1 => Just(Step::TryEnter),
        4 => (0..16_usize).prop_map(Step::Poll),
        2 => (0..16_usize).prop_map(Step::Drop),
        1 => (0..16_usize).prop_map(Step::Cancel),
        6 => Just(Step::Release),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The reference is a list of names: its head is inside, the others wait.
    #[test]
    fn the_gate_is_a_queue_on_any_schedule(steps in proptest::collection::vec(step(), 1..80)) {
        let gate = FairGate::new();
        let mut queue: Vec<usize> = Vec::new();
        let mut futures: Vec<(usize, Task<Enter>)> = Vec::new();
        let mut tickets = Vec::new();
        let (sender, receiver) = mpsc::channel::<(usize, GatePass)>();
        let inside: Rc<RefCell<Option<(usize, GatePass)>>> = Rc::default();
        for (name, step) in steps.into_iter().enumerate() {
            match step {
                Step::Enter => {
                    let (task, first) = Task::start(gate.enter());
                    queue.push(name);
                    match first {
                        std::task::Poll::Ready(pass) => {
                            let before = inside.replace(Some((name, pass)));
                            prop_assert!(before.is_none(), "two inside");
                        }
                        std::task::Poll::Pending => futures.push((name, task)),
                    }
                }
                Step::Enqueue => {
                    // At the end of the test nobody receives any more, and the pass comes back.
                    let sender = sender.clone();
                    queue.push(name);
                    tickets.push((name, gate.enqueue(Box::new(move |pass| drop(sender.send((name, pass)))))));
                }
                Step::TryEnter => {
                    let entered = gate.try_enter();
                    prop_assert_eq!(entered.is_some(), queue.is_empty());
                    if let Some(pass) = entered {
                        queue.push(name);
                        inside.replace(Some((name, pass)));
                    }
                }
                Step::Poll(i) if !futures.is_empty() => {
                    let i = i % futures.len();
                    if let std::task::Poll::Ready(pass) = futures[i].1.poll() {
                        let (name, _) = futures.remove(i);
                        prop_assert!(inside.replace(Some((name, pass))).is_none(), "two inside");
                    }
                }
                Step::Drop(i) if !futures.is_empty() => {
                    let i = i % futures.len();
                    let (name, task) = futures.remove(i);
                    queue.retain(|&queued| queued != name);
                    drop(task);
                }
                Step::Cancel(i) if !tickets.is_empty() => {
                    let i = i % tickets.len();
                    let (name, ticket) = tickets.swap_remove(i);
                    let waits = queue.iter().skip(1).any(|&queued| queued == name);
                    prop_assert_eq!(ticket.cancel(), waits);
                    if waits {
                        queue.retain(|&queued| queued != name);
                    }
                }
                Step::Release => {
                    if let Some((name, pass)) = inside.take() {
                        prop_assert_eq!(queue.remove(0), name);
                        drop(pass);
                    }
                }
                Step::Poll(_) | Step::Drop(_) | Step::Cancel(_) => {}
            }
            if let Ok(granted) = receiver.try_recv() {
                prop_assert!(inside.replace(Some(granted)).is_none(), "two inside");
            }
            // The head is inside, or is a future that has been woken; nobody else has been.
            if let Some((name, _)) = &*inside.borrow() {
                prop_assert_eq!(queue.first(), Some(name));
            }
            for (name, task) in &futures {
                prop_assert_eq!(task.wakes() > 0, queue.first() == Some(name));
            }
            prop_assert_eq!(gate.waiting(), queue.len().saturating_sub(1));
        }
    }
}

#[test]
fn an_abandoned_gate_drops_its_callbacks_uncalled() {
    let gate = FairGate::new();
    let _never_leaves = gate.try_enter().expect("the gate is free");
    let (called, calls) = std::sync::mpsc::channel::<()>();
    let waiting = called.clone();
    gate.enqueue(Box::new(move |_pass| waiting.send(()).expect("the receiver lives")));
    gate.abandon();
    gate.enqueue(Box::new(move |_pass| called.send(()).expect("the receiver lives")));
    assert_eq!(calls.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected));
}
