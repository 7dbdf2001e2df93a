//! `isolane types`, against what a guest finds: every global, and every member of every class.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::support::{Files, isolane, run, text};

/// Members that every instance has for itself.
const OF_INSTANCES: [&str; 3] = ["Event.isTrusted", "WebSocketPair.0", "WebSocketPair.1"];

/// Members that are inherited, and declared once more for narrower types.
const OVERLOADS: [&str; 2] = ["TaskController.signal", "WebSocket.addEventListener"];

/// What the language has, which TypeScript's own library declares.
const LANGUAGE: &str = "AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array
    Boolean DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function
    Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError
    ReferenceError Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol SyntaxError Temporal TypeError URIError
    Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI decodeURIComponent encodeURI
    encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt undefined unescape constructor";

/// Gives each global with its members: of a class, of its prototype and its own.
const INVENTORY: &str = "
    const keys = (object) => Reflect.ownKeys(object).map((key) => typeof key === 'string' ? key : `[${key.description}]`)
      .filter((key) => key !== '[Symbol.toStringTag]' && key !== '[Symbol.hasInstance]');
    const isClass = (value) => typeof value === 'function'
      && Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;
    const describe = (value) => {
      if (isClass(value)) {
        const base = Object.getPrototypeOf(value.prototype)?.constructor.name;
        return { base: base === 'Object' ? null : base,
          members: keys(value.prototype).filter((key) => key !== 'constructor'),
          statics: keys(value).filter((key) => !['length', 'name', 'prototype'].includes(key)) };
      }
      return {};
    };
    export default { fetch() {
      const all = {};
      for (let object = globalThis; object !== Object.prototype; object = Object.getPrototypeOf(object)) {
        for (const key of keys(object)) all[key] = describe(globalThis[key]);
      }
      all.console.members = keys(console);
      for (const [name, namespace] of Object.entries({ WebAssembly, AsyncContext }))
        for (const key of keys(namespace)) all[`${name}.${key}`] = describe(namespace[key]);
      return Response.json(all) } }";

/// A global: a class with its base and members, or just its name.
#[derive(Debug, Default, PartialEq)]
struct Global {
    base: Option<String>,
    members: BTreeSet<String>,
    statics: BTreeSet<String>,
}

fn found() -> BTreeMap<String, Global> {
    let files = Files::worker(INVENTORY);
    let ran = run(&files.path("worker.js"), "worker", &["--location", "https://example.com/"]);
    let all: BTreeMap<String, Value> =
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&ran.stderr)));
    let names = |list: &Value| {
        let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    all.into_iter()
        .filter(|(name, _)| !LANGUAGE.split_whitespace().any(|known| known == name))
        .filter(|(name, _)| !name.starts_with('['))
        .map(|(name, value)| {
            let base = value["base"].as_str().map(str::to_owned);
            (name, Global { base, members: names(&value["members"]), statics: names(&value["statics"]) })
        })
        .collect()
}

/// A name with that of its namespace, if it is in one.
fn within(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

/// Reads the declarations, of which each begins a line, and each member a line two spaces further in.
fn declared(declarations: &str) -> BTreeMap<String, Global> {
    let mut all: BTreeMap<String, Global> = BTreeMap::new();
    let mut class: Option<String> = None;
    let mut namespace = "";
    for line in declarations.lines() {
        let (indent, line) = (line.len() - line.trim_start().len(), line.trim_start());
        let inner = if namespace.is_empty() { 0 } else { 2 };
        let words: Vec<&str> = line.trim_start_matches("declare ").split([' ', '<', '(', ':', ';']).collect();
        if indent == inner && line.starts_with('}') {
            class = None;
        } else if indent == 0 && line.starts_with('}') {
            namespace = "";
        } else if indent == inner && (words[0] == "class" || line == "interface Console {") {
            let name = if words[0] == "class" { within(namespace, words[1]) } else { "console".to_owned() };
            let base = line.split_once(" extends ").map(|(_, base)| base);
            let base = base.and_then(|base| base.split([' ', '<']).next()).map(str::to_owned);
            all.insert(name.clone(), Global { base, ..Global::default() });
            class = Some(name).filter(|_| !line.ends_with("{}"));
        } else if indent == inner && ["var", "const", "function"].contains(&words[0]) {
            if line.starts_with("declare ") || !namespace.is_empty() {
                all.entry(within(namespace, words[1])).or_default();
            }
        } else if indent == 0 && line.starts_with("declare namespace ") {
            namespace = words[1];
            all.entry(namespace.to_owned()).or_default();
        } else if indent == inner + 2
            && let Some(class) = class.as_ref().and_then(|class| all.get_mut(class))
        {
            let is_static = line.starts_with("static ");
            let member = line.trim_start_matches("static ").trim_start_matches("readonly ");
            let end = member.find(['<', '(', ':', '?']).unwrap_or(member.len());
            let member = &member[..end];
            if !member.is_empty() && !member.ends_with("constructor") && !member.starts_with(['}', ')']) {
                let members = if is_static { &mut class.statics } else { &mut class.members };
                members.insert(member.to_owned());
            }
        }
    }
    all
}

#[test]
fn the_declarations_are_what_a_guest_finds_and_nothing_else() {
    let printed = isolane().arg("types").output().expect("it starts");
    assert_eq!(printed.status.code(), Some(0));
    let (declared, found) = (declared(&text(&printed.stdout)), found());
    let may_miss = |name: &str| OF_INSTANCES.contains(&name) || OVERLOADS.contains(&name);
    let mut wrong = Vec::new();
    for name in declared.keys().filter(|name| !found.contains_key(*name) && !may_miss(name)) {
        wrong.push(format!("{name} is declared and not there"));
    }
    for (name, there) in &found {
        let Some(said) = declared.get(name) else {
            wrong.push(format!("{name} is there and not declared"));
            continue;
        };
        if there.base != said.base {
            wrong.push(format!("{name} extends {:?}, and {:?} is declared", there.base, said.base));
        }
        for (there, said) in [(&there.members, &said.members), (&there.statics, &said.statics)] {
            for member in there.symmetric_difference(said) {
                let qualified = format!("{name}.{member}");
                if there.contains(member) {
                    wrong.push(format!("{qualified} is there and not declared"));
                } else if !may_miss(&qualified) && !may_miss(name) {
                    wrong.push(format!("{qualified} is declared and not there"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found.len() > 70, "{}", found.len());
}

#[test]
fn the_declarations_can_be_written_to_a_file() {
    let files = Files::new(&[]);
    let path = files.path("new/isolane.d.ts");
    let written = isolane().arg("types").arg("--out").arg(&path).output().expect("it starts");
    assert_eq!((written.status.code(), text(&written.stdout)), (Some(0), String::new()));
    let written = std::fs::read_to_string(path).expect("a file");
    assert!(written.contains("interface ExportedHandler<"), "{written}");
}
