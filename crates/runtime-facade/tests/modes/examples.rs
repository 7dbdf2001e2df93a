//! Every example worker in every mode: what `examples/workers/expected.json` says comes back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::support::upstream;
use crate::support::*;

#[derive(Deserialize)]
struct Expectations {
    workers: Vec<Worker>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Worker {
    id: String,
    file: String,
    build: Option<String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    event: Option<String>,
    method: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_hex: Option<String>,
    body_repeat: Option<Repeat>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    limits: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    needs: Vec<String>,
    expect: Expect,
    expect_fresh: Option<Expect>,
}

/// A text, so many times.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repeat {
    pub(crate) text: String,
    pub(crate) times: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    outcome: Option<String>,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, OneOrMore>,
    body: Option<String>,
    body_length: Option<usize>,
    body_sha256: Option<String>,
    #[serde(default)]
    body_contains: Vec<String>,
    body_matches: Option<String>,
    #[serde(default)]
    log_contains: Vec<String>,
    message_contains: Option<String>,
    transfer: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// A folder of `examples/`.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

/// `limits` with these fields set to what JSON says.
pub(crate) fn limits_with(
    limits: &RuntimeLimits,
    changes: &serde_json::Map<String, serde_json::Value>,
) -> RuntimeLimits {
    let mut fields = serde_json::to_value(limits).expect("limits are data");
    let object = fields.as_object_mut().expect("limits are a record");
    object.extend(changes.clone());
    serde_json::from_value(fields).expect("every field is one of the limits")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a worker: the one, or, if it is an `index.js`, all in its folder.
fn script(worker: &Worker) -> Option<Script> {
    let root = folder("workers");
    let path = root.join(&worker.file);
    // What makes JavaScript of other files is the program's: its own tests run these, in every mode.
    if path.extension().is_some_and(|extension| extension != "js") {
        return None;
    }
    if !path.exists() {
        assert!(worker.build.is_some(), "{} is not there", path.display());
        assert!(
            std::env::var_os("ISOLANE_SKIP_BUNDLED").is_some(),
            "{} is not there: run examples/workers/bundle.sh, or set ISOLANE_SKIP_BUNDLED=1 to leave the bundled \
             workers out",
            path.display()
        );
        return None;
    }
    let name = path.file_name().expect("it is a file").to_str().expect("it is text");
    if name != "index.js" || worker.build.is_some() {
        return Some(Script::named(name, read(&path)));
    }
    let mut files = Vec::new();
    collect_files(path.parent().expect("it is in a folder"), "", &mut files);
    Some(Script::from_files("index.js", files).expect("the main file is there"))
}

fn collect_files(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("it is a folder") {
        let path = entry.expect("it can be listed").path();
        let name = format!("{prefix}{}", path.file_name().expect("a name").to_string_lossy());
        if path.is_dir() {
            collect_files(&path, &format!("{name}/"), files);
        } else if name.ends_with(".js") {
            files.push((name, read(&path)));
        }
    }
}

fn event(case: &Case) -> Event {
    let body = match (&case.body, &case.body_hex, &case.body_repeat) {
        (Some(text), None, None) => text.clone().into_bytes(),
        (None, Some(digits), None) => (0..digits.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex digits"))
            .collect(),
        (None, None, Some(repeat)) => repeat.text.repeat(repeat.times).into_bytes(),
        (None, None, None) => Vec::new(),
        _ => panic!("{}: more than one body", case.name),
    };
    match case.event.as_deref().unwrap_or("fetch") {
        "fetch" => {
            let mut headers = HeaderMap::new();
            for (name, value) in &case.headers {
                headers.append(
                    HeaderName::from_bytes(name.as_bytes()).expect("a header's name"),
                    HeaderValue::from_str(value).expect("a header's value"),
                );
            }
            let method = case.method.as_deref().unwrap_or("GET");
            let url = case.url.clone().unwrap_or_else(|| "http://localhost/".to_owned());
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            Request { method, url, headers, body: body.into() }.into()
        }
        "scheduled" => Scheduled::default().into(),
        "task" => {
            let payload = serde_json::from_slice(&body).expect("a task's body is JSON");
            Task { payload, ..Task::default() }.into()
        }
        other => panic!("{}: no event is named {other:?}", case.name),
    }
}

/// What came back: everything that an expectation may speak of.
pub(crate) struct Came {
    pub(crate) outcome: Outcome,
    pub(crate) message: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// The body ended as it should.
    pub(crate) is_whole: bool,
    /// The body was a stream, and not all at hand with the response.
    pub(crate) is_stream: bool,
}

impl Came {
    /// Executes a call and reads what comes of it to the end.
    pub(crate) async fn from(runtime: &Runtime, call: Call) -> Came {
        let mut execution = match runtime.execute(call).await {
            Ok(execution) => execution,
            Err(failure) => {
                return Came {
                    outcome: failure.outcome,
                    message: failure.message,
                    status: failure.outcome.http_status(),
                    headers: HeaderMap::new(),
                    body: Vec::new(),
                    is_whole: true,
                    is_stream: false,
                };
            }
        };
        let is_stream = execution.response.body.as_bytes().is_none();
        let mut body = Vec::new();
        let is_whole = loop {
            match execution.response.body.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        let end = execution.end.await;
        Came {
            outcome: end.outcome,
            message: end.message,
            status: execution.response.status,
            headers: execution.response.headers,
            body,
            is_whole,
            is_stream,
        }
    }
}

/// Everything in which what came differs from what was expected.
fn differences(came: &Came, host: &Host, expect: &Expect) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |is_right: bool, complaint: String| {
        if !is_right {
            wrong.push(complaint);
        }
    };
    let outcome = expect.outcome.as_deref().unwrap_or("Ok");
    check(
        came.outcome.name() == outcome,
        format!("outcome {} ({}), expected {outcome}", came.outcome, came.message),
    );
    if let Some(status) = expect.status {
        check(came.status == status, format!("status {}, expected {status}", came.status));
    }
    for (name, values) in &expect.headers {
        let expected: Vec<&str> = match values {
            OneOrMore::One(value) => vec![value],
            OneOrMore::More(values) => values.iter().map(String::as_str).collect(),
        };
        let found: Vec<String> = came
            .headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        check(found == expected, format!("header {name} {found:?}, expected {expected:?}"));
    }
    let text = String::from_utf8_lossy(&came.body);
    let start: String = text.chars().take(300).collect();
    if let Some(body) = &expect.body {
        check(came.body == body.as_bytes(), format!("body {start:?}, expected {body:?}"));
    }
    if let Some(length) = expect.body_length {
        check(came.body.len() == length, format!("{} bytes, expected {length}: {start:?}", came.body.len()));
    }
    if let Some(expected) = &expect.body_sha256 {
        let hash: String = Sha256::digest(&came.body).iter().map(|byte| format!("{byte:02x}")).collect();
        check(hash == *expected, format!("body's hash {hash}, expected {expected}: {start:?}"));
    }
    let mut rest = &*text;
    for part in &expect.body_contains {
        match rest.find(&**part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => check(false, format!("body without {part:?} at its place: {start:?}")),
        }
    }
    if let Some(pattern) = &expect.body_matches {
        let pattern = regex::Regex::new(pattern).expect("a regular expression");
        check(pattern.is_match(&text), format!("body {start:?}, expected {pattern}"));
    }
    for part in &expect.log_contains {
        check(host.has_logged(part), format!("nothing logged with {part:?}: {:?}", host.log_lines()));
    }
    if let Some(part) = &expect.message_contains {
        check(came.message.contains(part), format!("message {:?} without {part:?}", came.message));
    }
    let is_whole = expect.transfer.as_deref() != Some("broken");
    check(
        came.is_whole == is_whole,
        format!("the transfer is whole: {}, expected {is_whole}", came.is_whole),
    );
    wrong
}

in_every_mode! {
    async fn every_example_worker_answers_as_expected(fixture: Fixture) {
        let expectations = read(&folder("workers").join("expected.json"));
        let expectations: Expectations = serde_json::from_str(&expectations).expect("it is as its README says");
        let mut wrong = Vec::new();
        for worker in &expectations.workers {
            let Some(script) = script(worker) else { continue };
            let (with_store, without_store) = (upstream::host_with_store(), upstream::host());
            let runtime = fixture.runtime();
            for case in &worker.cases {
                let host = if case.needs.iter().any(|need| need == "store") { &with_store } else { &without_store };
                let env = case.env.iter().map(|(name, value)| (name, value.replace("${upstream}", upstream::ORIGIN)));
                let code = WorkerCode::from(script.clone()).env(env);
                let call = Call::new(code, event(case))
                    .worker(&*worker.id)
                    .ops(Arc::new(host.clone()))
                    .limits(limits_with(runtime.limits(), &case.limits));
                let came = within(&case.name, Came::from(&runtime, call)).await;
                let mut complaints = differences(&came, host, &case.expect);
                if let Some(fresh) = case.expect_fresh.as_ref().filter(|_| !fixture.variant.keeps_contexts()) {
                    complaints.extend(differences(&came, host, fresh));
                }
                wrong.extend(complaints.into_iter().map(|complaint| format!("{} {}: {complaint}", worker.id, case.name)));
            }
            settled(&runtime).await;
        }
        assert!(wrong.is_empty(), "in {:?}:\n{}", fixture.variant, wrong.join("\n"));
    }
}
