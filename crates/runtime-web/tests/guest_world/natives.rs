//! What the natives of encoding, URLs, crypto and cloning do for a guest. The pure halves have their unit tests beside
//! them.

use crate::Guest;

#[tokio::test]
async fn the_natives_do_for_a_guest_what_they_promise() {
    Guest::check(include_str!("scripts/natives.js")).await;
}

#[tokio::test]
async fn web_cryptography_does_for_a_guest_what_it_promises() {
    Guest::check(include_str!("scripts/crypto.js")).await;
}
