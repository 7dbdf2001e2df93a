//! Every package that the workspace uses has a licence on the allow-list of `deny.toml`, and comes from a registry.
//!
//! The list is the one that `cargo deny check licenses` reads; this check needs nothing installed and no network.
//!
//! Not here: advisories, which need a database that changes daily; `cargo deny check advisories` reads it.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use toml::{Table, Value};

use super::{Finding, Tree};
use crate::context::Context;

const LIST: &str = "deny.toml";

pub(super) fn check(context: &Context, tree: &Tree) -> Result<Vec<Finding>> {
    let file =
        tree.file(LIST).with_context(|| format!("expected the list of licences in {LIST}, found no file"))?;
    let rules = Rules::parse(&file.text)?;
    let metadata = context.metadata()?;
    let members: BTreeSet<_> = metadata.workspace_members.iter().collect();
    let mut findings = Vec::new();
    for package in &metadata.packages {
        if members.contains(&package.id) {
            continue;
        }
        let name = format!("{} {}", package.name, package.version);
        match &package.license {
            Some(expression) => match rules.accept(package.name.as_str(), expression) {
                Ok(true) => {}
                Ok(false) => findings.push(Finding::new(
                    LIST,
                    0,
                    format!("expected an allowed licence for {name}, found `{expression}`: replace the package, or allow it with a reason"),
                )),
                Err(error) => findings.push(Finding::new(LIST, 0, format!("{name}: {error:#}"))),
            },
            None => findings.push(Finding::new(LIST, 0, format!("expected a licence for {name}, found none"))),
        }
        let registered = package.source.as_ref().is_some_and(|source| source.repr.starts_with("registry+"));
        if !registered {
            findings.push(Finding::new(LIST, 0, format!("expected {name} to come from a registry")));
        }
    }
    Ok(findings)
}

/// What `deny.toml` allows: for all, and for single packages.
struct Rules {
    allowed: BTreeSet<String>,
    exceptions: Vec<(String, BTreeSet<String>)>,
}

impl Rules {
    fn parse(text: &str) -> Result<Self> {
        let table: Table = text.parse().with_context(|| format!("{LIST} is not TOML"))?;
        let licences = table
            .get("licenses")
            .and_then(Value::as_table)
            .with_context(|| format!("expected a table [licenses] in {LIST}, found none"))?;
        let exceptions = licences.get("exceptions").and_then(Value::as_array);
        let exceptions = exceptions
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let name = entry.get("crate").or_else(|| entry.get("name"))?.as_str()?;
                Some((name.to_owned(), strings(entry.get("allow"))))
            })
            .collect();
        Ok(Self { allowed: strings(licences.get("allow")), exceptions })
    }

    /// Whether a package may be used under its licence expression.
    fn accept(&self, package: &str, expression: &str) -> Result<bool> {
        let allows = |licence: &str| {
            self.allowed.contains(licence)
                || self.exceptions.iter().any(|(name, allowed)| name == package && allowed.contains(licence))
        };
        // The older way to write "or".
        let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = expression.split_whitespace().collect();
        let mut rest = words.as_slice();
        let accepted = either(&mut rest, &allows)?;
        if let Some(word) = rest.first() {
            bail!("expected the end of the licence expression, found `{word}`");
        }
        Ok(accepted)
    }
}

fn strings(value: Option<&Value>) -> BTreeSet<String> {
    let list = value.and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `A OR B`: either suffices.
fn either(words: &mut &[&str], allows: &impl Fn(&str) -> bool) -> Result<bool> {
    let mut accepted = all(words, allows)?;
    while let ["OR" | "or", rest @ ..] = *words {
        *words = rest;
        // Read on even if one suffices: the expression must be whole.
        accepted |= all(words, allows)?;
    }
    Ok(accepted)
}

/// `A AND B`: both must hold; it binds tighter than `OR`.
fn all(words: &mut &[&str], allows: &impl Fn(&str) -> bool) -> Result<bool> {
    let mut accepted = one(words, allows)?;
    while let ["AND" | "and", rest @ ..] = *words {
        *words = rest;
        accepted &= one(words, allows)?;
    }
    Ok(accepted)
}

/// A licence, with its exception if it has one, or a group.
fn one(words: &mut &[&str], allows: &impl Fn(&str) -> bool) -> Result<bool> {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let accepted = either(words, allows)?;
            let [")", rest @ ..] = *words else {
                bail!("expected a closing parenthesis in the licence expression")
            };
            *words = rest;
            Ok(accepted)
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            Ok(allows(&format!("{licence} WITH {exception}")))
        }
        [licence, rest @ ..] => {
            *words = rest;
            Ok(allows(licence))
        }
        [] => bail!("expected a licence, found the end of the expression"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        let text = "[licenses]\nallow = [\"MIT\", \"Apache-2.0 WITH LLVM-exception\", \"Unicode-3.0\"]\n\
                    exceptions = [{ crate = \"ring\", allow = [\"ISC\"] }]\n";
        Rules::parse(text).unwrap()
    }

    #[test]
    fn one_allowed_alternative_suffices_and_every_conjunct_must_be_allowed() {
        let rules = rules();
        assert!(rules.accept("a", "GPL-3.0 OR MIT").unwrap());
        assert!(rules.accept("a", "MIT/Apache-2.0").unwrap());
        assert!(!rules.accept("a", "MIT AND GPL-3.0").unwrap());
        assert!(rules.accept("a", "(MIT OR Apache-2.0) AND Unicode-3.0").unwrap());
        assert!(!rules.accept("a", "(GPL-3.0 OR Apache-2.0) AND Unicode-3.0").unwrap());
    }

    #[test]
    fn an_exception_belongs_to_its_licence_and_a_package_to_its_own() {
        let rules = rules();
        assert!(rules.accept("a", "Apache-2.0 WITH LLVM-exception").unwrap());
        assert!(!rules.accept("a", "Apache-2.0").unwrap());
        assert!(rules.accept("ring", "ISC").unwrap());
        assert!(!rules.accept("a", "ISC").unwrap());
    }

    #[test]
    fn half_an_expression_is_an_error() {
        assert!(rules().accept("a", "(MIT OR").is_err());
        assert!(rules().accept("a", "MIT MIT").is_err());
    }
}
