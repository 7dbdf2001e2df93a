//! The platform's own JavaScript, checked by guests: bodies and fetch, and guests that replace what the platform could
//! depend on.

use crate::Guest;

#[tokio::test]
async fn bodies_and_fetch_do_for_a_guest_what_they_promise() {
    Guest::check(include_str!("scripts/bodies.js")).await;
}

#[tokio::test]
async fn functions_of_the_platform_show_no_source_and_others_are_what_they_were() {
    Guest::check(include_str!("scripts/function_text.js")).await;
}

#[tokio::test]
async fn what_a_guest_puts_on_prototypes_neither_breaks_nor_sees_the_platform() {
    let script = concat!(include_str!("scripts/pollutions.js"), include_str!("scripts/prototypes.js"));
    Guest::check(script).await;
}

#[tokio::test]
async fn what_a_guest_has_done_before_does_not_change_what_it_first_uses() {
    let world = [
        "nothing",
        "setters for indices",
        "accessors under the names of options",
        "a proxy behind Array.prototype",
        "methods that throw",
        "no globals of the language",
    ];
    for how in world {
        let script = format!(
            "const how = {how:?};\n{}\n{}",
            include_str!("scripts/pollutions.js"),
            include_str!("scripts/units.js")
        );
        Guest::check(&script).await;
    }
}

#[tokio::test]
async fn a_global_of_the_platform_can_be_had_replaced_and_missed_before_its_first_use() {
    Guest::check(include_str!("scripts/first_use.js")).await;
}

#[tokio::test]
async fn memory_that_v8_takes_without_asking_is_limited_all_the_same() {
    Guest::check(include_str!("scripts/memory.js")).await;
}

#[tokio::test]
async fn websocket_streams_that_never_open_do_for_a_guest_what_they_promise() {
    Guest::check(include_str!("scripts/web_socket_stream.js")).await;
}

#[tokio::test]
async fn url_patterns_do_for_a_guest_what_they_promise() {
    Guest::check(include_str!("scripts/url_pattern.js")).await;
}

#[tokio::test]
async fn compression_streams_do_for_a_guest_what_they_promise() {
    Guest::check(include_str!("scripts/compression.js")).await;
}

#[tokio::test]
async fn values_follow_a_call_wherever_it_goes_on() {
    Guest::check(include_str!("scripts/async_context.js")).await;
}

#[tokio::test]
async fn the_scheduler_does_for_a_guest_what_it_promises() {
    Guest::check(include_str!("scripts/scheduler.js")).await;
}

#[tokio::test]
async fn ports_and_performance_entries_do_for_a_guest_what_they_promise() {
    Guest::check(include_str!("scripts/ports_and_entries.js")).await;
}

#[tokio::test]
async fn webassembly_is_compiled_from_responses() {
    Guest::check(include_str!("scripts/wasm_streaming.js")).await;
}

#[tokio::test]
async fn all_of_ecma_429_is_there_in_its_shape() {
    Guest::check(include_str!("scripts/presence.js")).await;
}

#[tokio::test]
async fn a_location_is_what_html_gives_a_worker() {
    Guest::check_at("https://shop.test:8443/a/app.js?b=c#d", include_str!("scripts/location.js")).await;
}

#[tokio::test]
async fn identity_streams_do_for_a_guest_what_they_promise() {
    Guest::check(include_str!("scripts/identity_streams.js")).await;
}
