//! A worker's place on the web, if its host gives it one.

use http::HeaderMap;

use crate::support::*;

fn at(location: &str, body: &str) -> Call {
    let code = WorkerCode::from(handler(body)).located_at(location).expect("a location");
    Call::new(code, Event::get("http://localhost/"))
}

/// A host that answers with what it is asked for, and in whose name.
fn telling() -> Host {
    Host::new().on_fetch(|request| async move {
        let FetchRequest { url, mode, client, .. } = request;
        let client = client.map(|client| (client.origin, client.referrer, client.referrer_policy));
        let body = Body::from(format!("{url} {mode:?} {client:?}"));
        let headers = HeaderMap::new();
        Ok(FetchResponse {
            status: 200,
            status_text: String::new(),
            url,
            headers,
            body,
            is_redirected: false,
        })
    })
}

in_every_mode! {
    async fn a_worker_with_a_location_fetches_from_there_and_in_its_name(fixture: Fixture) {
        let runtime = fixture.runtime_for(&telling());
        for (fetched, expected) in [
            (
                "fetch('items')",
                "https://shop.test/a/items Cors \
                 Some((\"https://shop.test\", Some(\"https://shop.test/a/b\"), StrictOriginWhenCrossOrigin))",
            ),
            (
                "fetch('//other.test/', { mode: 'no-cors', referrer: '', referrerPolicy: 'unsafe-url' })",
                "https://other.test/ NoCors Some((\"https://shop.test\", None, UnsafeUrl))",
            ),
        ] {
            let asked = at("https://shop.test/a/b", &format!("return {fetched}"));
            assert_eq!(answer(&runtime, asked).await.expect("an answer").text(), expected);
        }
    }
}

in_every_mode! {
    async fn a_worker_without_a_location_has_none_and_fetches_in_nobodys_name(fixture: Fixture) {
        let runtime = fixture.runtime_for(&telling());
        let body = "const relative = await fetch('/a').catch((error) => error.message);
            const told = await (await fetch('http://b.test/')).text();
            return Response.json([typeof location, 'origin' in globalThis, relative, told])";
        let asked = Call::new(handler(body), Event::get("http://localhost/"));
        let told: serde_json::Value = serde_json::from_str(&answer(&runtime, asked).await.expect("an answer").text()).expect("JSON");
        assert_eq!(told[0], "undefined");
        assert_eq!(told[1], false);
        assert!(told[2].as_str().is_some_and(|message| message.contains("'/a' is not an absolute URL")), "{told}");
        assert_eq!(told[3], "http://b.test/ Cors None");
    }
}

in_every_mode! {
    async fn one_script_at_two_places_is_two_workers(fixture: Fixture) {
        let runtime = fixture.runtime();
        let code = WorkerCode::from(
            "const here = location.href; export default { fetch() { return new Response(here) } }",
        );
        for _ in 0..2 {
            for place in ["https://one.test/", "https://two.test/"] {
                let code = code.clone().located_at(place).expect("a location");
                let asked = Call::new(code, Event::get("http://localhost/"));
                assert_eq!(answer(&runtime, asked).await.expect("an answer").text(), place);
            }
        }
    }
}
