//! What is compared of an answer: the status, the headers that the program sets, and every byte of the body.
//!
//! Not here: what a server adds for the connection's sake.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Headers with which a server frames and dates its answers. They differ between servers, and no program sets them.
const OF_THE_SERVER: [&str; 5] = ["connection", "content-length", "date", "keep-alive", "transfer-encoding"];

/// The bytes of both bodies that are shown before and after the first that differs.
const BEFORE: usize = 40;
const AFTER: usize = 200;

/// An answer, or what was there instead of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The status; 0 if there was no answer at all.
    status: u16,
    /// The headers by their names, in lower case.
    headers: BTreeMap<String, Vec<String>>,
    body: Vec<u8>,
    /// Why the answer is not whole, if it is not.
    broken: Option<String>,
}

impl Answer {
    /// No answer.
    pub(super) fn none(reason: impl Into<String>) -> Self {
        Self { status: 0, headers: BTreeMap::new(), body: Vec::new(), broken: Some(reason.into()) }
    }

    /// An answer of these headers, less those that are the server's, and of this body.
    pub(super) fn new(status: u16, headers: &[(String, String)], body: Vec<u8>) -> Self {
        let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            if OF_THE_SERVER.contains(&name.as_str()) {
                continue;
            }
            let is_list = name != "set-cookie";
            let values = kept.entry(name).or_default();
            // Fields of one name mean their values with commas between, and may be sent as either; cookies are not.
            match values.last_mut().filter(|_| is_list) {
                Some(last) => *last = format!("{last}, {value}"),
                None => values.push(value.clone()),
            }
        }
        Self { status, headers: kept, body, broken: None }
    }

    /// The same answer, which ended before its time.
    pub(super) fn cut_off(self, reason: impl Into<String>) -> Self {
        Self { broken: Some(reason.into()), ..self }
    }

    /// What differs, for a reader: a line for each side of each part that does. Empty if nothing does.
    pub(super) fn difference(&self, ours: &Self) -> String {
        let mut text = String::new();
        let mut pair = |what: &str, expected: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug| {
            let _ = writeln!(text, "      {what}\n        workerd  {expected:?}\n        isolane  {found:?}");
        };
        if self.broken != ours.broken {
            pair("end", &self.broken, &ours.broken);
        }
        if self.status != ours.status {
            pair("status", &self.status, &ours.status);
        }
        for name in
            self.headers.keys().chain(ours.headers.keys().filter(|name| !self.headers.contains_key(*name)))
        {
            let (expected, found) = (self.headers.get(name), ours.headers.get(name));
            if expected != found {
                pair(&format!("header {name}"), &expected, &found);
            }
        }
        if self.body != ours.body {
            let at = self.body.iter().zip(&ours.body).take_while(|(one, other)| one == other).count();
            let lengths = format!("{} and {} bytes long", self.body.len(), ours.body.len());
            pair(
                &format!("body, from byte {at} on, {lengths}"),
                &around(&self.body, at),
                &around(&ours.body, at),
            );
        }
        text
    }
}

/// The text around a place of a body, with marks where it is cut.
fn around(body: &[u8], at: usize) -> String {
    let (from, to) = (at.saturating_sub(BEFORE), body.len().min(at + AFTER));
    let cut = |is_cut: bool| if is_cut { "…" } else { "" };
    format!("{}{}{}", cut(from > 0), String::from_utf8_lossy(&body[from.min(to)..to]), cut(to < body.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer::new(status, &headers, body.as_bytes().to_vec())
    }

    #[test]
    fn what_only_the_server_says_is_not_compared() {
        let one = answer(200, &[("Date", "now"), ("Content-Length", "2"), ("X-A", "1"), ("x-a", "2")], "hi");
        let other = answer(200, &[("x-a", "1, 2"), ("transfer-encoding", "chunked")], "hi");
        assert_eq!(one, other);
        assert_eq!(one.difference(&other), "");
    }

    #[test]
    fn cookies_are_compared_one_by_one() {
        let one = answer(200, &[("set-cookie", "a=1"), ("set-cookie", "b=2")], "");
        let other = answer(200, &[("set-cookie", "a=1, b=2")], "");
        assert!(one.difference(&other).contains("header set-cookie"));
    }

    #[test]
    fn a_difference_shows_both_sides_from_where_they_part() {
        let long = "x".repeat(1_000);
        let one = answer(200, &[("x-only", "here")], &format!("{long}left"));
        let other = answer(404, &[], &format!("{long}right"));
        let text = one.difference(&other);
        assert!(text.contains("byte 1000 on, 1004 and 1005 bytes long"), "{text}");
        assert!(text.contains("xleft\"") && text.contains("xright\"") && text.contains("…"), "{text}");
        assert!(text.contains("status") && text.contains("header x-only") && text.contains("None"), "{text}");
    }

    #[test]
    fn an_answer_that_is_cut_off_is_not_the_whole_one() {
        let whole = answer(200, &[], "text");
        assert!(
            whole.difference(&whole.clone().cut_off("the connection ended")).contains("connection ended")
        );
        assert_ne!(whole, Answer::none("refused"));
    }
}
