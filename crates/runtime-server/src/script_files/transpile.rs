//! TypeScript and JSX to JavaScript: types are taken away and elements become calls, with a source map. Nothing is
//! checked but syntax, and nothing is bundled or made to fit an older language.

use std::fmt::Write as _;
use std::path::Path;

use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_diagnostics::{Diagnostics, OxcDiagnostic};
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use oxc_transformer::{JsxOptions, JsxRuntime, TransformOptions, Transformer, TypeScriptOptions};

use super::SyntaxError;
use super::tsconfig::TsConfig;

/// JavaScript, and where it came from.
pub(super) struct Transpiled {
    pub(super) code: String,
    pub(super) source_map: String,
}

/// Makes JavaScript of a file.
pub(super) fn transpile(name: &str, source: &str, config: &TsConfig) -> Result<Transpiled, SyntaxError> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let extension = name.rsplit('.').next().unwrap_or_default();
    let source_type = match extension {
        "jsx" => SourceType::jsx(),
        "tsx" => SourceType::tsx(),
        _ => SourceType::ts(),
    };
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, source_type).parse();
    refuse(name, source, &parsed.diagnostics)?;
    let mut program = parsed.program;
    let analysed =
        SemanticBuilder::new_compiler().with_enum_eval(true).with_excess_capacity(2.0).build(&program);
    refuse(name, source, &analysed.diagnostics)?;
    let scoping = analysed.semantic.into_scoping();
    let transformed = Transformer::new(&allocator, Path::new(name), &options(config))
        .build_with_scoping(scoping, &mut program);
    refuse(name, source, &transformed.diagnostics)?;
    // The map lies beside the file, so it names it without a folder.
    let file_name = name.rsplit('/').next().unwrap_or(name);
    let printed = Codegen::new()
        .with_options(CodegenOptions { source_map_path: Some(file_name.into()), ..CodegenOptions::default() })
        .with_source_text(source)
        .build(&program);
    let source_map = printed.map.map(|map| map.to_json_string()).unwrap_or_default();
    Ok(Transpiled { code: printed.code, source_map })
}

fn options(config: &TsConfig) -> TransformOptions {
    let TsConfig { is_classic, import_source, factory, fragment_factory, keeps_unused_imports } = config;
    let typescript = TypeScriptOptions::default();
    TransformOptions {
        typescript: TypeScriptOptions {
            jsx_pragma: factory.clone().map_or(typescript.jsx_pragma, Into::into),
            jsx_pragma_frag: fragment_factory.clone().map_or(typescript.jsx_pragma_frag, Into::into),
            only_remove_type_imports: *keeps_unused_imports,
            ..TypeScriptOptions::default()
        },
        jsx: JsxOptions {
            runtime: if *is_classic { JsxRuntime::Classic } else { JsxRuntime::Automatic },
            import_source: import_source.clone(),
            pragma: factory.clone(),
            pragma_frag: fragment_factory.clone(),
            ..JsxOptions::enable()
        },
        ..TransformOptions::default()
    }
}

fn refuse(name: &str, source: &str, diagnostics: &Diagnostics) -> Result<(), SyntaxError> {
    match diagnostics.errors().next() {
        Some(error) => Err(described(name, source, error)),
        None => Ok(()),
    }
}

fn described(name: &str, source: &str, error: &OxcDiagnostic) -> SyntaxError {
    let label = error.labels.first();
    let offset = label.map_or(0, |label| label.offset() as usize).min(source.len());
    let before = source.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    // As JavaScript counts them.
    let column = before[line_start..].encode_utf16().count() + 1;
    let mut message = error.message.to_string();
    if let Some(help) = &error.help {
        let _ = write!(message, " ({help})");
    }
    SyntaxError { file: name.to_owned(), line, column, message, frame: frame(source, line, column) }
}

/// The line in question and the one before it, with a mark below.
fn frame(source: &str, line: usize, column: usize) -> String {
    // A line that somebody minimised is of no use.
    const WIDEST: usize = 160;
    let mut frame = String::new();
    let width = line.to_string().len();
    for (index, text) in source.lines().enumerate().take(line).skip(line.saturating_sub(2)) {
        let number = index + 1;
        let text: String = text.chars().take(WIDEST).map(|c| if c == '\t' { ' ' } else { c }).collect();
        let mark = if number == line { '>' } else { ' ' };
        let _ = writeln!(frame, "{mark} {number:width$} | {text}");
    }
    if column <= WIDEST {
        let _ = write!(frame, "  {:width$} | {:>column$}", "", "^");
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str, source: &str, config: &TsConfig) -> String {
        transpile(name, source, config).unwrap_or_else(|error| panic!("{error}")).code
    }

    #[test]
    fn types_are_taken_away() {
        let source = "import { type A, b } from './x'; import type { C } from './y';
            interface I { a: string }
            enum E { One = 1, Two }
            namespace N { export const inner = 1 }
            class K { constructor(private readonly n: number) {} declare x: string; get(): A { return b as never } }
            export default { fetch(request: Request, env: I): Response { return new K(E.Two)!.get() satisfies A } }";
        let code = code("a.ts", source, &TsConfig::default());
        for gone in ["type", "interface", "./y", "private", "declare", "satisfies", ": "] {
            assert!(!code.contains(&format!("{gone} ")), "{gone}: {code}");
        }
        assert!(code.contains("\"./x\"") && code.contains("E[E[\"Two\"] = 2] = \"Two\""), "{code}");
    }

    #[test]
    fn jsx_is_what_the_file_says_and_else_what_the_configuration_says() {
        let element = "export const a = <p id='x'>{1}</p>";
        let automatic = code("a.tsx", element, &TsConfig::default());
        assert!(
            automatic.contains("from \"react/jsx-runtime\"") && automatic.contains("_jsx(\"p\""),
            "{automatic}"
        );
        let preact = TsConfig { import_source: Some("preact".to_owned()), ..TsConfig::default() };
        let configured = code("a.jsx", element, &preact);
        assert!(configured.contains("from \"preact/jsx-runtime\""), "{configured}");
        let own = code("a.tsx", &format!("/** @jsxImportSource ./own */ {element}"), &preact);
        assert!(own.contains("from \"./own/jsx-runtime\""), "{own}");
        let classic = "/** @jsxRuntime classic @jsx h */ import { h } from './h';";
        let classic = code("a.tsx", &format!("{classic} {element}"), &preact);
        assert!(classic.contains("h(\"p\"") && classic.contains("\"./h\""), "{classic}");
        let config = TsConfig { is_classic: true, factory: Some("make".to_owned()), ..TsConfig::default() };
        let classic = code("a.tsx", &format!("import {{ make }} from './h'; {element}"), &config);
        assert!(classic.contains("make(\"p\"") && classic.contains("\"./h\""), "{classic}");
    }

    #[test]
    fn a_syntax_error_has_its_place_and_the_line() {
        let source = "const a: number = 1;\nconst é = foo(;\n";
        let Err(error) = transpile("lib/a.ts", source, &TsConfig::default()) else { panic!("it is wrong") };
        assert_eq!((&*error.file, error.line, error.column), ("lib/a.ts", 2, 15), "{error}");
        let said = error.to_string();
        assert!(said.starts_with("SyntaxError: ") && said.contains("\n    at lib/a.ts:2:15\n"), "{said}");
        assert!(
            said.ends_with("  1 | const a: number = 1;\n> 2 | const é = foo(;\n    |               ^"),
            "{said}"
        );
    }

    #[test]
    fn what_only_the_semantics_forbid_is_an_error_too() {
        let Err(error) = transpile("a.ts", "let a = 1;\nlet a = 2;", &TsConfig::default()) else {
            panic!("it is wrong")
        };
        assert!(error.message.contains("`a`"), "{error}");
    }

    #[test]
    fn the_source_map_names_the_file_beside_it() {
        let transpiled = transpile("lib/a.ts", "type A = 1;\nthrow 1", &TsConfig::default());
        let map = transpiled.map(|transpiled| transpiled.source_map).unwrap_or_default();
        assert!(map.contains("\"sources\":[\"a.ts\"]") && map.contains("\"version\":3"), "{map}");
    }
}
