//! Which files a JavaScript file may import, by its text alone: every string after `import`, `import(` or `from`.
//! This is a superset (it also looks into comments and strings) and not a parser: whatever else it finds is one
//! file more that the worker could import and does not.

/// The relative specifiers (`./..`, `../..`) in a source.
pub(super) fn relative_imports(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for keyword in ["import", "from"] {
        for (at, _) in source.match_indices(keyword) {
            let before = source[..at].chars().next_back();
            if before.is_some_and(|character| is_identifier(character) || character == '.') {
                continue;
            }
            if let Some(specifier) = string_after(&source[at + keyword.len()..], keyword == "import")
                && (specifier.starts_with("./") || specifier.starts_with("../"))
                && !found.contains(&specifier)
            {
                found.push(specifier);
            }
        }
    }
    found
}

fn is_identifier(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// The string literal that comes next, behind white space, comments and, for a dynamic import, one parenthesis and perhaps
/// `new URL(`.
fn string_after(text: &str, may_be_call: bool) -> Option<&str> {
    let mut rest = skip_blank(text);
    if may_be_call && let Some(inside) = rest.strip_prefix('(') {
        rest = skip_blank(inside);
        rest = rest.strip_prefix("new URL(").map_or(rest, skip_blank);
    }
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'))?;
    let (literal, _) = rest[1..].split_once(quote)?;
    // With an escape or a substitution in it, a literal is not the text that stands there.
    let is_plain = !literal.contains(['\\', '\n']) && (quote != '`' || !literal.contains("${"));
    is_plain.then_some(literal)
}

fn skip_blank(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        rest = if let Some(comment) = rest.strip_prefix("//") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else {
            return rest;
        }
        .trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_import_is_found() {
        let source = r#"
            import a from "./a.js";
            import { b as c } from '../b.js'
            import "./side-effect.mjs";
            import * as d from // a comment
              "./d.js";
            export * from"./e.js";export{x}from'./f.js';
            const g = await import("./g.js");
            const h = import( /* webpackChunkName: "h" */ './h.js' );
            const i = import(`./i.js`, { with: {} });
            const j = import(new URL("./j.js", import.meta.url));
        "#;
        let mut found = relative_imports(source);
        found.sort_unstable();
        assert_eq!(
            found,
            [
                "../b.js",
                "./a.js",
                "./d.js",
                "./e.js",
                "./f.js",
                "./g.js",
                "./h.js",
                "./i.js",
                "./j.js",
                "./side-effect.mjs"
            ]
        );
    }

    #[test]
    fn packages_computed_names_and_other_words_are_not() {
        let source = r#"
            import hono from "hono"; import fs from "node:fs"; import x from "/x.js";
            import(`./${name}.js`); import("./a" + name); important("./b.js"); object.from("./c.js"); reimport "./d.js";
            Array.from("./e.js"); import("./\u0061.js");
        "#;
        // A sum begins with a literal, so a file of that name is looked for.
        assert_eq!(relative_imports(source), ["./a"]);
    }
}
