//! Scheduled events, tasks, the environment and the console.

use crate::support::*;

in_every_mode! {
    async fn a_scheduled_handler_learns_what_was_due_when(fixture: Fixture) {
        let host = Host::new();
        let script = "export default { scheduled(controller, env, ctx) {
            console.log(controller.cron, controller.scheduledTime, new Date(controller.scheduledTime).toISOString(),
              env.NAME, typeof ctx.waitUntil) } }";
        let code = WorkerCode::from(script).env([("NAME", "Ada")]);
        let event = Scheduled { cron: "*/5 * * * *".to_owned(), scheduled_time_ms: 1_700_000_000_000 };
        let collected = answer(&fixture.runtime_for(&host), Call::new(code, event)).await.expect("it goes well");
        assert_eq!((collected.status, &*collected.body), (200, &b""[..]));
        assert_eq!(
            host.log_lines(),
            ["*/5 * * * * 1700000000000 2023-11-14T22:13:20.000Z Ada function"]
        );
    }
}

in_every_mode! {
    async fn a_scheduled_handler_that_fails_is_an_exception(fixture: Fixture) {
        let script = "export default { async scheduled() { throw new Error('not today') } }";
        let failure = answer(&fixture.runtime(), Call::new(script, Scheduled::default())).await.unwrap_err();
        assert_eq!(failure.outcome, Outcome::Exception);
        assert!(failure.message.contains("not today"), "{}", failure.message);
    }
}

in_every_mode! {
    async fn a_scheduled_listener_learns_the_same(fixture: Fixture) {
        let host = Host::new();
        let script = "addEventListener('scheduled', (event) => {
            event.waitUntil(Promise.resolve().then(() => console.log(event.cron, event.scheduledTime))) })";
        let event = Scheduled { cron: "@daily".to_owned(), scheduled_time_ms: 5 };
        answer(&fixture.runtime_for(&host), Call::new(script, event)).await.expect("it goes well");
        assert_eq!(host.log_lines(), ["@daily 5"]);
    }
}

in_every_mode! {
    async fn a_task_answers_with_what_its_handler_returns(fixture: Fixture) {
        let runtime = fixture.runtime();
        let event = || Task {
            name: "resize".to_owned(),
            payload: serde_json::json!({ "size": [1, 2], "deep": { "null": null, "text": "\u{1f44b}" } }),
            attempt: 2,
            scheduled_time_ms: Some(77),
        };
        let script = task("return { ...task, payload: task.payload }");
        let collected = answer(&runtime, Call::new(script, event())).await.expect("an answer");
        assert_eq!(collected.status, 200);
        assert_eq!(collected.headers["content-type"], "application/json");
        let told: serde_json::Value = serde_json::from_slice(&collected.body).expect("JSON");
        assert_eq!(
            told,
            serde_json::json!({ "name": "resize", "attempt": 2, "scheduledTime": 77,
                "payload": { "size": [1, 2], "deep": { "null": null, "text": "\u{1f44b}" } } })
        );
        let collected = answer(&runtime, Call::new(task(""), event())).await.expect("an answer");
        assert_eq!((collected.status, &*collected.body), (204, &b""[..]));
        let collected = answer(&runtime, Call::new(task("return new Response('own', { status: 202 })"), event())).await;
        let collected = collected.expect("an answer");
        assert_eq!((collected.status, &*collected.body), (202, &b"own"[..]));
    }
}

in_every_mode! {
    async fn a_task_whose_value_is_no_json_is_an_exception(fixture: Fixture) {
        let runtime = fixture.runtime();
        for value in ["1n", "(() => { const a = []; a.push(a); return a })()"] {
            let call = Call::new(task(&format!("return {value}")), Task::default());
            assert_eq!(answer(&runtime, call).await.expect_err(value).outcome, Outcome::Exception);
        }
    }
}

in_every_mode! {
    async fn a_task_listener_answers_through_its_event(fixture: Fixture) {
        let script = "addEventListener('task', (event) => event.respondWith([event.name, event.payload, event.attempt]))";
        let event = Task { name: "t".to_owned(), payload: 5.into(), ..Task::default() };
        let collected = answer(&fixture.runtime(), Call::new(script, event)).await.expect("an answer");
        assert_eq!(collected.text(), r#"["t",5,0]"#);
    }
}

in_every_mode! {
    async fn variables_are_in_env_and_nowhere_else(fixture: Fixture) {
        let script = handler("return new Response(JSON.stringify([env, 'NAME' in globalThis, typeof process]))");
        let code = WorkerCode::from(script).env([("NAME", "Ada"), ("__proto__", "odd"), ("B", "\u{e9}")]);
        let told = text(&fixture.runtime(), code).await;
        assert_eq!(told, "[{\"B\":\"\u{e9}\",\"NAME\":\"Ada\",\"__proto__\":\"odd\"},false,\"undefined\"]");
    }
}

in_every_mode! {
    async fn what_a_handler_writes_to_env_is_gone_with_its_request(fixture: Fixture) {
        let runtime = fixture.cramped();
        let script = handler("const before = env.NAME; env.NAME = 'changed'; return new Response(before)");
        let code = WorkerCode::from(script).env([("NAME", "Ada")]);
        for _ in 0..4 {
            assert_eq!(text(&runtime, &code).await, "Ada");
        }
    }
}

in_every_mode! {
    async fn the_console_has_levels_and_formats(fixture: Fixture) {
        let host = Host::new();
        let script = handler("console.debug('d'); console.log('%s is %f', 'one', 1.5, { a: [1] });
            console.info('i'); console.warn('w'); console.error(new TypeError('e')); return new Response('')");
        text(&fixture.runtime_for(&host), script).await;
        let records = host.log_records();
        let levels: Vec<LogLevel> = records.iter().map(|(level, _)| *level).collect();
        assert_eq!(levels, [LogLevel::Debug, LogLevel::Log, LogLevel::Info, LogLevel::Warn, LogLevel::Error]);
        assert_eq!(records[1].1, "one is 1.5 { a: [ 1 ] }");
        assert!(records[4].1.starts_with("TypeError: e\n"), "{records:?}");
    }
}

in_every_mode! {
    async fn a_record_says_whose_worker_logged_it(fixture: Fixture) {
        let (sender, receiver) = std::sync::mpsc::channel();
        struct Teller(parking_lot::Mutex<std::sync::mpsc::Sender<runtime_facade::LogRecord>>);
        impl runtime_facade::Ops for Teller {
            fn log(&self, record: runtime_facade::LogRecord) {
                self.0.lock().send(record).expect("the test listens");
            }
        }
        let call = Call::new(handler("console.log('hi'); return new Response('')"), Event::get("http://localhost/"));
        let call = call.owner("tenant").worker("greeter").ops(Arc::new(Teller(parking_lot::Mutex::new(sender))));
        answer(&fixture.runtime(), call).await.expect("an answer");
        let record = receiver.try_recv().expect("a record");
        assert_eq!((&*record.owner, &*record.worker, &*record.message), ("tenant", "greeter", "hi"));
    }
}
