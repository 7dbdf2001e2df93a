//! The queue of jobs for threads: who is woken, who is not, and that no job is left lying.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use runtime_admission::{Waited, WorkQueue};

type Job = Box<dyn FnOnce() + Send>;

/// A group of threads that call their jobs.
fn group(wanted: usize, size: usize) -> Arc<WorkQueue<Job>> {
    let queue = Arc::new(WorkQueue::<Job>::new(wanted));
    for _ in 0..size {
        let (queue, (ready, is_ready)) = (Arc::clone(&queue), channel());
        std::thread::spawn(move || {
            let member = queue.join();
            ready.send(()).expect("the test waits");
            while let Some(job) = member.recv() {
                job();
            }
        });
        is_ready.recv().expect("the thread starts");
    }
    // A thread that has not fallen asleep yet takes a job without being woken.
    let deadline = Instant::now() + PATIENCE;
    while !format!("{queue:?}").contains(&format!("asleep: {size}")) {
        assert!(Instant::now() < deadline, "the threads fall asleep: {queue:?}");
        std::thread::yield_now();
    }
    queue
}

/// A job that says when it has begun, and ends when it is told to.
fn gated(begun: &Sender<usize>, number: usize) -> (Job, Sender<()>) {
    let (end, is_ended): (Sender<()>, Receiver<()>) = channel();
    let begun = begun.clone();
    let job = move || {
        begun.send(number).expect("the test waits");
        // An error is the test's end.
        let _ = is_ended.recv();
    };
    (Box::new(job), end)
}

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn jobs_are_taken_in_the_order_of_sending() {
    let queue = Arc::new(WorkQueue::new(1));
    let member = queue.join();
    for number in 0..100 {
        queue.send(number);
    }
    queue.close();
    let taken: Vec<i32> = std::iter::from_fn(|| member.recv()).collect();
    assert_eq!(taken, (0..100).collect::<Vec<_>>());
}

#[test]
fn no_more_threads_begin_a_job_than_are_wanted_until_one_is_said_to_be_long() {
    let queue = group(1, 3);
    let (begun, begins) = channel();
    let ends: Vec<Sender<()>> = (0..3)
        .map(|number| {
            let (job, end) = gated(&begun, number);
            queue.send(job);
            end
        })
        .collect();
    assert_eq!(begins.recv_timeout(PATIENCE), Ok(0));
    // The others are asleep.
    assert!(begins.try_recv().is_err());
    assert!(!queue.is_empty());
    queue.begin_long();
    assert_eq!(begins.recv_timeout(PATIENCE), Ok(1));
    assert!(begins.try_recv().is_err());
    ends[1].send(()).expect("it runs");
    assert_eq!(begins.recv_timeout(PATIENCE), Ok(2));
    queue.end_long();
    queue.close();
}

#[test]
fn a_job_that_never_ends_costs_a_member_and_no_other_job() {
    let queue = group(1, 1);
    let (begun, begins) = channel();
    let (stuck, end) = gated(&begun, 0);
    // It never ends: a member that is lost must not look for jobs again.
    std::mem::forget(end);
    queue.send(stuck);
    assert_eq!(begins.recv_timeout(PATIENCE), Ok(0));
    let (next, _end) = gated(&begun, 1);
    queue.send(next);
    queue.lose_member(false);
    let replacement = Arc::clone(&queue);
    std::thread::spawn(move || {
        let member = replacement.join();
        while let Some(job) = member.recv() {
            job();
        }
    });
    assert_eq!(begins.recv_timeout(PATIENCE), Ok(1));
}

#[test]
fn every_job_is_done_however_many_threads_send_and_take() {
    const SENDERS: usize = 4;
    const JOBS: usize = 5_000;
    for wanted in [1, 2, 4] {
        let queue = group(wanted, 4);
        let (done, dones) = channel();
        for _ in 0..SENDERS {
            let (queue, done) = (Arc::clone(&queue), done.clone());
            std::thread::spawn(move || {
                for number in 0..JOBS {
                    let done = done.clone();
                    queue.send(Box::new(move || done.send(number).expect("the test waits")));
                    if number % 64 == 0 {
                        std::thread::yield_now();
                    }
                }
            });
        }
        for _ in 0..SENDERS * JOBS {
            dones.recv_timeout(PATIENCE).expect("every job is done");
        }
        queue.close();
    }
}

#[test]
fn a_member_that_waits_for_a_moment_is_woken_in_time_or_goes_on() {
    let queue = Arc::new(WorkQueue::new(1));
    let member = queue.join();
    assert_eq!(member.recv_timeout(Duration::from_millis(1)), Waited::InVain);
    let sender = Arc::clone(&queue);
    let sending = std::thread::spawn(move || sender.send(7));
    assert_eq!(member.recv_timeout(PATIENCE), Waited::Job(7));
    sending.join().expect("it has sent");
    queue.close();
    assert_eq!(member.recv_timeout(PATIENCE), Waited::Closed);
    assert_eq!(member.try_recv(), None);
}
