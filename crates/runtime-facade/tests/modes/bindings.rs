//! Functions of the host that a guest finds in `env`.

use serde::{Deserialize, Serialize};

use crate::support::guests::computed;
use crate::support::*;

#[derive(Debug, Deserialize, Serialize, PartialEq)]
struct Point {
    x: f64,
    y: f64,
    label: Option<String>,
}

fn host() -> Host {
    Host::new().with_bindings(|bindings| {
        bindings
            .method("MATH", "add", |(a, b): (f64, f64)| async move { Ok::<_, OpError>(a + b) })
            .method("MATH", "mirror", |(point,): (Point,)| async move {
                Ok::<_, OpError>(Point { x: point.y, y: point.x, label: point.label.map(|text| text + "!") })
            })
            .method("MATH", "fail", |(): ()| async move { Err::<(), _>(OpError::new("no luck today")) })
            .method("BYTES", "reversed", |(bytes,): (serde_bytes_like::Bytes,)| async move {
                let mut bytes = bytes.0;
                bytes.reverse();
                Ok::<_, OpError>(serde_bytes_like::Bytes(bytes))
            })
            .method("BYTES", "many", |(): ()| async move {
                Ok::<_, OpError>((vec![1u8, 2], Some("text"), None::<u8>, true, -1i64, u64::from(u32::MAX)))
            })
            .method("ODD", "panics", |(): ()| async move {
                if true {
                    panic!("a host operation panics, as this test wants it to");
                }
                Ok::<(), OpError>(())
            })
            .method("ODD", "panicsAtOnce", |(): ()| {
                if true {
                    panic!("a host operation panics at once, as this test wants it to");
                }
                async { Ok::<(), OpError>(()) }
            })
    })
}

/// Bytes as serde's data model has them, without a dependency for it.
mod serde_bytes_like {
    use serde::de::Visitor;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) struct Bytes(pub(super) Vec<u8>);

    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&self.0)
        }
    }

    impl<'de> Deserialize<'de> for Bytes {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Seen;
            impl Visitor<'_> for Seen {
                type Value = Bytes;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("bytes")
                }
                fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                    Ok(Bytes(bytes.to_vec()))
                }
                fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                    Ok(Bytes(bytes))
                }
            }
            deserializer.deserialize_byte_buf(Seen)
        }
    }
}

in_every_mode! {
    async fn arguments_and_results_are_serde_types(fixture: Fixture) {
        let runtime = fixture.runtime_for(&host());
        let told = computed(&runtime, "return [await env.MATH.add(40, 2),
            await env.MATH.mirror({ x: 1, y: 2.5, label: 'p' }), await env.MATH.mirror({ x: 0, y: -1 }),
            await env.BYTES.many()]").await;
        assert_eq!(
            told,
            serde_json::json!([42, { "x": 2.5, "y": 1, "label": "p!" }, { "x": -1, "y": 0, "label": null },
                [[1, 2], "text", null, true, -1, 4_294_967_295u32]])
        );
    }
}

in_every_mode! {
    async fn bytes_go_both_ways_as_bytes(fixture: Fixture) {
        let runtime = fixture.runtime_for(&host());
        let told = computed(&runtime, "const view = new Uint8Array([9, 1, 2, 255]).subarray(1);
            const bytes = await env.BYTES.reversed(view);
            const large = await env.BYTES.reversed(new Uint8Array(1 << 20).fill(3));
            return [bytes instanceof Uint8Array, [...bytes], large.length, large[7]]").await;
        assert_eq!(told, serde_json::json!([true, [255, 2, 1], 1 << 20, 3]));
    }
}

in_every_mode! {
    async fn an_error_of_the_host_is_a_rejection_with_its_message(fixture: Fixture) {
        let runtime = fixture.runtime_for(&host());
        let told = computed(&runtime, "return env.MATH.fail().catch((error) => [error instanceof Error, error.message])").await;
        assert_eq!(told, serde_json::json!([true, "MATH.fail: no luck today"]));
    }
}

in_every_mode! {
    async fn an_error_of_the_host_that_nobody_catches_ends_the_request(fixture: Fixture) {
        let call = Call::new(task("await env.MATH.fail()"), Task::default());
        let failure = answer(&fixture.runtime_for(&host()), call).await.unwrap_err();
        assert_eq!(failure.outcome.http_status(), 500);
        assert!(failure.message.contains("no luck today"), "{}", failure.message);
    }
}

in_every_mode! {
    async fn wrong_arguments_are_a_type_error_that_names_the_method(fixture: Fixture) {
        let runtime = fixture.runtime_for(&host());
        let told = computed(&runtime, "const told = [];
            for (const call of [() => env.MATH.add('1', 2), () => env.MATH.add(1), () => env.MATH.mirror({ x: 1 }),
                                () => env.MATH.mirror(null), () => env.BYTES.reversed('text')])
              told.push(await call().then(() => 'no error', (error) => `${error.name} ${error.message.split(':')[0]}`));
            return told").await;
        assert_eq!(
            told,
            serde_json::json!(["TypeError MATH.add", "TypeError MATH.add", "TypeError MATH.mirror",
                "TypeError MATH.mirror", "TypeError BYTES.reversed"])
        );
    }
}

in_every_mode! {
    async fn arguments_that_are_no_data_are_refused_and_harm_nobody(fixture: Fixture) {
        let runtime = fixture.runtime_for(&host());
        let told = computed(&runtime, "const cycle = {}; cycle.self = cycle;
            const told = [];
            for (const value of [() => {}, Symbol('s'), cycle, new Proxy({}, { ownKeys() { throw new Error('trap') } }), 'text'])
              told.push(await (async () => env.MATH.add(value, 1))().then(() => 'no error', (error) => typeof error.message));
            return told").await;
        assert_eq!(told, serde_json::json!(["string", "string", "string", "string", "string"]));
        assert_eq!(computed(&runtime, "return env.MATH.add(1, 2)").await, 3);
    }
}

in_every_mode! {
    async fn a_guest_sees_the_names_of_its_bindings_and_methods(fixture: Fixture) {
        let runtime = fixture.runtime_for(&host());
        let told = computed(&runtime, "return [Object.keys(env), Object.keys(env.MATH), env.MATH.add.name, typeof env.NONE]").await;
        assert_eq!(
            told,
            serde_json::json!([["BYTES", "MATH", "ODD"], ["add", "fail", "mirror"], "add", "undefined"])
        );
    }
}

in_every_mode! {
    async fn a_panic_in_an_operation_is_an_error_for_the_guest_only(fixture: Fixture) {
        let runtime = fixture.runtime_for(&host());
        for method in ["panics", "panicsAtOnce"] {
            let body = format!("return env.ODD.{method}().then(() => 'no error', (error) => error.message)");
            let told = computed(&runtime, &body).await;
            let told = told.as_str().expect("a message");
            assert!(told.contains("the host failed to perform the operation"), "{method}: {told}");
            assert!(!told.contains("as this test wants"), "the host's words stay with the host: {told}");
            assert_eq!(computed(&runtime, "return env.MATH.add(1, 2)").await, 3);
        }
    }
}

in_every_mode! {
    async fn many_calls_at_once_each_get_their_own_answer(fixture: Fixture) {
        let runtime = fixture.runtime_for(&host());
        let told = computed(&runtime, "const calls = [];
            for (let count = 0; count < 200; count++) calls.push(env.MATH.add(count, 0.5));
            return (await Promise.all(calls)).every((sum, index) => sum === index + 0.5)").await;
        assert_eq!(told, true);
    }
}

in_every_mode! {
    async fn arguments_that_stand_for_endless_copies_are_refused(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.limits.cpu_ms = 30_000;
            setup.ops = Some(Arc::new(host()));
        });
        let told = computed(
            &runtime,
            "let nested = [1]; for (let count = 0; count < 40; count++) nested = [nested, nested];
            let deep = []; for (let count = 0; count < 100; count++) deep = [deep];
            const long = 'x'.repeat(1 << 24), told = [];
            for (const value of [nested, deep, new Array(2 ** 32 - 1), new Array(100).fill(long)])
              told.push(await env.MATH.add(value, 1).then(() => 'no error', (error) => error.name));
            return told",
        )
        .await;
        assert_eq!(told, serde_json::json!(["RangeError", "RangeError", "RangeError", "RangeError"]));
    }
}

in_every_mode! {
    async fn arguments_that_are_missing_may_be_options(fixture: Fixture) {
        let host = Host::new().with_bindings(|bindings| {
            bindings.method("B", "m", |(first, second): (f64, Option<f64>)| async move {
                Ok::<_, OpError>(first + second.unwrap_or(0.5))
            })
        });
        let runtime = fixture.runtime_for(&host);
        let told = computed(
            &runtime,
            "return [await env.B.m(1), await env.B.m(1, undefined), await env.B.m(1, null), await env.B.m(1, 2),
              await env.B.m(1, 2, 3).catch((error) => error.name), await env.B.m().catch((error) => error.name)]",
        )
        .await;
        assert_eq!(told, serde_json::json!([1.5, 1.5, 1.5, 3, "TypeError", "TypeError"]));
    }
}
