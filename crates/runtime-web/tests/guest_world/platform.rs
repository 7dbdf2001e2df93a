//! The platform's own JavaScript, checked by guests: bodies and fetch, and guests that replace what the platform could
//! depend on.

use crate::Guest;

#[tokio::test]
async fn bodies_and_fetch_do_for_a_guest_what_they_promise() {
    Guest::check(include_str!("scripts/bodies.js")).await;
}

#[tokio::test]
async fn what_a_guest_puts_on_prototypes_neither_breaks_nor_sees_the_platform() {
    Guest::check(include_str!("scripts/prototypes.js")).await;
}

#[tokio::test]
async fn memory_that_v8_takes_without_asking_is_limited_all_the_same() {
    Guest::check(include_str!("scripts/memory.js")).await;
}
