//! Values that follow a call (`AsyncLocalStorage`) through the turns of a request, and end with it.

use crate::support::*;

/// Answers with what the storage has at the start, after a wait for the host, in a timer, and in the body's stream; logs
/// what it has in work that is left for after the response.
const FOLLOWED: &str = "import { AsyncLocalStorage } from 'node:async_hooks';
    const storage = new AsyncLocalStorage();
    const handle = async (env, ctx) => {
      const seen = [];
      await env.GATE.pass();
      seen.push(storage.getStore());
      await new Promise((go) => setTimeout(() => { seen.push(storage.getStore()); go() }, 1));
      ctx.waitUntil((async () => {
        await new Promise((go) => setTimeout(go, 1));
        console.log(`after ${storage.getStore()}`);
      })());
      return new Response(new ReadableStream({
        async pull(controller) {
          await new Promise((go) => setTimeout(go, 1));
          seen.push(storage.getStore());
          controller.enqueue(new TextEncoder().encode(seen.join(' ')));
          controller.close();
        },
      }, { highWaterMark: 0 }));
    };
    export default { async fetch(request, env, ctx) {
      if (storage.getStore() !== undefined) return new Response(`${storage.getStore()} was left behind`);
      return storage.run(new URL(request.url).pathname, handle, env, ctx);
    } }";

in_every_mode! {
    async fn what_follows_a_call_is_its_own_in_every_turn(fixture: Fixture) {
        let (host, gate) = Host::new().with_gate();
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.ops = Some(Arc::new(host.clone()));
        });
        for round in 0..3 {
            let told = [1, 2, 3].map(|number| {
                let call = Call::new(FOLLOWED, Event::get(format!("http://localhost/{round}{number}")));
                let runtime = runtime.clone();
                tokio::spawn(async move { answer(&runtime, call).await.expect("an answer").text() })
            });
            gate.allow(3);
            for (number, told) in [1, 2, 3].into_iter().zip(told) {
                let name = format!("/{round}{number}");
                assert_eq!(told.await.expect("no panic"), format!("{name} {name} {name}"));
                assert!(host.has_logged(&format!("after {name}")));
            }
        }
        settled(&runtime).await;
    }
}

in_every_mode! {
    async fn a_value_that_a_request_leaves_current_is_gone_for_the_next(fixture: Fixture) {
        let runtime = fixture.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.capacity.max_isolates = Some(1);
            setup.limits.cpu_ms = 100;
        });
        // By a handler, a timer, a microtask, and one that is stopped in the middle of it; and by a top level.
        let script = "import { AsyncLocalStorage } from 'node:async_hooks';
            const storage = globalThis.storage ??= new AsyncLocalStorage();
            storage.enterWith('top level');
            export default { fetch(request, env, ctx) {
              const before = String(storage.getStore());
              storage.enterWith('handler');
              setTimeout(() => storage.enterWith('timer'), 0);
              queueMicrotask(() => storage.enterWith('microtask'));
              if (request.url.endsWith('/loop')) queueMicrotask(() => { storage.enterWith('loop'); for (;;); });
              return new Response(before);
            } }";
        for path in ["", "loop", "", ""] {
            let call = Call::new(script, Event::get(format!("http://localhost/{path}")));
            match answer(&runtime, call).await {
                Ok(collected) => assert_eq!(collected.text(), "undefined"),
                Err(failure) => assert_eq!((path, failure.outcome), ("loop", Outcome::ExceededCpu)),
            }
        }
    }
}
