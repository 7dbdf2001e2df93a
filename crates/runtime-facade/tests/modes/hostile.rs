//! Hostile guests in every mode, in child processes: the process lives, the caller gets one of the outcomes that
//! `examples/hostile/index.json` allows, in time, and the next request of another owner is served. With the variable
//! `ISOLANE_HOSTILE_ONLY`, only guests run whose names contain its value.
//!
//! All guests in all variants take a quarter of an hour, so each is run in one variant, and those that V8 does not
//! stop in every mode. With `ISOLANE_HOSTILE_ALL=1` all of them run everywhere.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use runtime_facade::{RuntimeStats, health};
use serde::Deserialize;

use crate::examples::{Came, Repeat, folder, limits_with};
use crate::support::child::{self, say};
use crate::support::upstream;
use crate::support::*;

#[derive(Deserialize)]
struct Index {
    limits: serde_json::Map<String, serde_json::Value>,
    guests: Vec<Guest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Guest {
    file: String,
    outcomes: Vec<String>,
    quarantine: Quarantine,
    #[serde(default)]
    limits: serde_json::Map<String, serde_json::Value>,
    answer: Option<String>,
    #[serde(default = "one")]
    requests: usize,
    #[serde(default = "one")]
    owners: usize,
    method: Option<String>,
    body_repeat: Option<Repeat>,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Quarantine {
    Never,
    Possible,
}

fn one() -> usize {
    1
}

fn index() -> Index {
    let text = std::fs::read_to_string(folder("hostile").join("index.json")).expect("the index is there");
    serde_json::from_str(&text).expect("it is as its README says")
}

/// How much later than its limit on the clock an outcome may come: the grace, in which the thread may not have been
/// given a processor, and some more for a busy machine.
const LATER: Duration = Duration::from_secs(6);

/// In a child: runs the named guests one after the other, and tells the parent about each.
pub(crate) fn child(argument: &str) {
    let (variant, files) = argument.split_once('|').expect("a variant and files");
    let variant = Variant::named(variant);
    let index = index();
    let executor =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("tokio");
    for file in files.split(',') {
        let guest = index.guests.iter().find(|guest| guest.file == file).expect("it is in the index");
        say(format_args!("run {file}"));
        let started = Instant::now();
        match executor.block_on(run(Fixture { variant }, guest, &index)) {
            Ok(outcome) => say(format_args!("ok {file} {outcome} {:?}", started.elapsed())),
            Err(complaint) => say(format_args!("bad {file} {complaint}")),
        }
    }
    // Guests that could not be stopped still hold threads: nothing is waited for.
    executor.shutdown_background();
}

/// What was wrong with a guest's run.
#[derive(Debug, thiserror::Error)]
enum Complaint {
    #[error("no outcome within {0:?}")]
    NoOutcome(Duration),
    #[error("outcome {found}, expected one of {expected:?}: {message:?}")]
    Outcome { found: Outcome, expected: Vec<String>, message: String },
    #[error("answer {found:?}, expected {expected:?}")]
    Answer { found: String, expected: String },
    #[error("outcome {0}, but the client saw a whole transfer")]
    WholeTransfer(Outcome),
    #[error("the bystander got {outcome}: {message}")]
    Bystander { outcome: Outcome, message: String },
    #[error("the bystander got nothing within {0:?}")]
    BystanderWaits(Duration),
    #[error("the turn could not be stopped, although it never should be so")]
    Unstoppable,
    #[error("places are still taken: {0:?}")]
    NotAtRest(Box<RuntimeStats>),
}

async fn run(fixture: Fixture, guest: &Guest, index: &Index) -> Result<String, Complaint> {
    let mut limits = limits_with(&limits_with(&RuntimeLimits::default(), &index.limits), &guest.limits);
    // Which limit a guest hits first depends on the machine: one that must run into another one gets the time for it.
    let may_end_by = |limit: Outcome| guest.outcomes.iter().any(|outcome| outcome == limit.name());
    if !may_end_by(Outcome::ExceededWallTime) {
        limits.wall_ms *= 6;
    }
    // Waiting for an isolate counts, and a busy machine may take long to make one.
    limits.wall_ms = limits.wall_ms.max(2_000);
    if !may_end_by(Outcome::ExceededCpu) {
        limits.cpu_ms *= 50;
    }
    let host = upstream::host();
    let runtime = fixture.runtime_with(|setup| {
        setup.limits = limits.clone();
        setup.ops = Some(Arc::new(host.clone()));
    });
    for need in &guest.needs {
        assert_eq!(need, "upstream", "the fixture that this suite has");
    }
    let source = std::fs::read_to_string(folder("hostile").join(&guest.file)).expect("the guest is there");
    let env = guest.env.iter().map(|(name, value)| (name, value.replace("${upstream}", upstream::ORIGIN)));
    let code = WorkerCode::from(Script::named(&guest.file, source)).env(env);
    let lost = || health().lost_threads + health().recovered_threads;
    let lost_before = lost();
    let mut outcomes = Vec::new();
    for _ in 0..guest.requests {
        let call = |number: usize| {
            let method = guest.method.as_deref().unwrap_or("GET");
            let body = guest.body_repeat.as_ref().map(|repeat| repeat.text.repeat(repeat.times));
            let request = Request {
                body: body.unwrap_or_default().into(),
                ..Request::new(method.parse().expect("a method"), "http://localhost/")
            };
            let owner = if number == 0 { "hostile".to_owned() } else { format!("hostile-{number}") };
            Came::from(&runtime, Call::new(&code, request).owner(owner))
        };
        let patience = Duration::from_millis(limits.wall_ms) + LATER;
        let all = tokio::time::timeout(patience, join_all((0..guest.owners).map(call)));
        let (all, beside) = tokio::join!(all, async {
            if guest.owners == 1 {
                return Ok(());
            }
            serve_bystander(&runtime, "return new Response('served')", patience).await
        });
        let Ok(all) = all else {
            return Err(Complaint::NoOutcome(patience));
        };
        beside?;
        for came in all {
            outcomes.push(judge(guest, &came)?);
        }
    }
    // It has what it needs of the things that hostile guests take away.
    let needy = "new WebAssembly.Memory({ initial: 1 }).grow(1);
        new ArrayBuffer(1, { maxByteLength: 2 ** 20 }).resize(2);
        return new Response('served')";
    serve_bystander(&runtime, needy, LATER).await?;
    if guest.quarantine == Quarantine::Never && lost() != lost_before {
        return Err(Complaint::Unstoppable);
    }
    let is_at_rest = || runtime.stats().under_way == 0 && runtime.stats().mode.in_use == 0;
    let rests = async {
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        while !is_at_rest() {
            tick.tick().await;
        }
    };
    if tokio::time::timeout(LATER, rests).await.is_err() {
        return Err(Complaint::NotAtRest(Box::new(runtime.stats())));
    }
    Ok(outcomes.join(" "))
}

/// Serves a request of somebody who has nothing to do with the hostile guests.
async fn serve_bystander(runtime: &Runtime, body: &str, patience: Duration) -> Result<(), Complaint> {
    let started = Instant::now();
    let call = Call::new(handler(body), Event::get("http://localhost/"));
    let call = call.owner("bystander").limits(ample_limits());
    match tokio::time::timeout(patience, Came::from(runtime, call)).await {
        Ok(came) if came.outcome == Outcome::Ok && came.body == b"served" => Ok(()),
        Ok(came) => Err(Complaint::Bystander { outcome: came.outcome, message: came.message }),
        Err(_elapsed) => Err(Complaint::BystanderWaits(started.elapsed())),
    }
}

/// The outcome, if it and what came with it is allowed.
fn judge(guest: &Guest, came: &Came) -> Result<&'static str, Complaint> {
    let message: String = came.message.chars().take(500).collect();
    let outcome = came.outcome.name();
    if !guest.outcomes.iter().any(|allowed| allowed == outcome) {
        return Err(Complaint::Outcome { found: came.outcome, expected: guest.outcomes.clone(), message });
    }
    if let (Outcome::Ok, Some(answer)) = (came.outcome, &guest.answer)
        && came.body != answer.as_bytes()
    {
        let found = String::from_utf8_lossy(&came.body).chars().take(500).collect();
        return Err(Complaint::Answer { found, expected: answer.clone() });
    }
    if came.outcome != Outcome::Ok && came.is_stream && came.is_whole {
        return Err(Complaint::WholeTransfer(came.outcome));
    }
    Ok(outcome)
}

/// Guests that V8 by itself does not stop, or that take a host down which only adds headroom: run in every mode.
const EVERYWHERE: [&str; 26] = [
    "loop-new-array.js",
    "loop-array-fill.js",
    "loop-array-index-of.js",
    "loop-array-push.js",
    "builtin-fill.js",
    "builtin-index-of.js",
    "builtin-includes.js",
    "builtin-reverse.js",
    "builtin-holey-index-of.js",
    "builtin-sparse-sort.js",
    "builtin-replace-all.js",
    "builtin-locale-compare.js",
    "builtin-normalize.js",
    "builtin-case-mapping.js",
    "builtin-encode-uri-component.js",
    "builtin-date-parse.js",
    "builtin-typed-array-fill.js",
    "heap-map-set.js",
    "heap-set-add.js",
    "heap-concat.js",
    "heap-json-parse-array.js",
    "heap-spread.js",
    "heap-array-from.js",
    "heap-array-fill-map.js",
    "invalid-size-split.js",
    "invalid-size-match.js",
];

/// Whether a guest's turn is in this variant.
fn is_chosen(index: usize, guest: &Guest, variant: Variant) -> bool {
    const MODES: [Variant; 4] = [Variant::Worker, Variant::PoolFresh, Variant::PinnedFresh, Variant::Shared];
    std::env::var_os("ISOLANE_HOSTILE_ALL").is_some()
        || std::env::var_os("ISOLANE_HOSTILE_ONLY").is_some()
        || (EVERYWHERE.contains(&&*guest.file) && MODES.contains(&variant))
        || MODES[index % MODES.len()] == variant
        // Variants with kept contexts are for guests after which a context is kept.
        || (variant.keeps_contexts() && index % 2 == usize::from(variant == Variant::PoolReuse))
}

/// Runs the guests whose names begin so, in as many child processes as it takes.
async fn survive(fixture: Fixture, prefixes: &[&str]) {
    let index = index();
    // A context is kept after these outcomes only: of all other guests, the variants with fresh contexts show the same.
    let may_be_kept =
        |guest: &&Guest| guest.outcomes.iter().any(|outcome| outcome == "Ok" || outcome == "Exception");
    let mut left: Vec<&str> = index
        .guests
        .iter()
        .enumerate()
        .filter(|(number, guest)| is_chosen(*number, guest, fixture.variant))
        .map(|(_, guest)| guest)
        .filter(|guest| !fixture.variant.keeps_contexts() || may_be_kept(guest))
        .map(|guest| &*guest.file)
        .filter(|file| prefixes.iter().any(|prefix| file.starts_with(prefix)))
        .filter(|file| std::env::var("ISOLANE_HOSTILE_ONLY").map_or(true, |only| file.contains(&only)))
        .collect();
    let mut wrong = Vec::new();
    while !left.is_empty() {
        let argument = format!("{:?}|{}", fixture.variant, left.join(","));
        let ended = child::run("hostile", &argument, Duration::from_secs(900)).await;
        let mut running = None;
        for line in &ended.said {
            let (verb, rest) = line.split_once(' ').expect("a verb and a file");
            let file = rest.split(' ').next().expect("a file");
            match verb {
                "run" => running = Some(file.to_owned()),
                "ok" => running = None,
                "bad" => {
                    running = None;
                    wrong.push(rest.to_owned());
                }
                other => panic!("a child does not say {other:?}"),
            }
            left.retain(|known| *known != file);
        }
        match running {
            // The process did not survive this guest; the others get another one.
            Some(file) => wrong.push(format!(
                "{file} ended its process ({}{}): {}",
                ended.status,
                if ended.is_late { ", killed because it took too long" } else { "" },
                ended.errors
            )),
            None if !ended.is_success || !left.is_empty() => panic!("the child failed by itself: {ended:#?}"),
            None => {}
        }
    }
    assert!(wrong.is_empty(), "in {:?}:\n{}", fixture.variant, wrong.join("\n"));
}

/// As `in_every_mode!`, for groups of guests, with no limit but the children's own.
macro_rules! survive {
    ($($name:ident: $prefixes:expr;)*) => {
        $(
            mod $name {
                use super::*;

                fn run(variant: Variant) {
                    let executor =
                        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio");
                    executor.block_on(survive(Fixture { variant }, &$prefixes));
                }

                const _: fn(Variant) = |variant| match variant {
                    Variant::Worker | Variant::PoolFresh | Variant::PoolReuse => {}
                    Variant::PinnedFresh | Variant::PinnedReuse | Variant::Shared => {}
                };

                #[test]
                fn worker() {
                    run(Variant::Worker);
                }

                #[test]
                fn pool_fresh() {
                    run(Variant::PoolFresh);
                }

                #[test]
                fn pool_reuse() {
                    run(Variant::PoolReuse);
                }

                #[test]
                fn pinned_fresh() {
                    run(Variant::PinnedFresh);
                }

                #[test]
                fn pinned_reuse() {
                    run(Variant::PinnedReuse);
                }

                #[test]
                fn shared() {
                    run(Variant::Shared);
                }
            }
        )*

        #[test]
        fn every_hostile_guest_is_in_a_group() {
            let prefixes: Vec<&str> = [$(&$prefixes[..]),*].concat();
            for guest in index().guests {
                let groups = prefixes.iter().filter(|prefix| guest.file.starts_with(**prefix)).count();
                assert_eq!(groups, 1, "{}", guest.file);
            }
        }
    };
}

survive! {
    loops_end: ["loop-"];
    builtins_that_never_look_end: ["builtin-", "big-int-", "regex-", "invalid-size-"];
    heaps_stay_bounded: ["heap-"];
    buffers_stay_bounded: ["buffer-", "wasm-"];
    waiting_and_flooding_ends: ["never-", "flood-"];
    recursion_errors_and_bodies_are_borne: ["recursion-", "throw-", "body-", "script-"];
    the_platform_is_not_fooled: ["platform-"];
}
