//! Precompiled headers for the four parts of V8 that spend most of their time parsing the same ones.
//!
//! For each part a header is made of the includes that its files share, and ninja's plan of the part is rewritten:
//! one more edge that precompiles it, and `-include-pch` for the others. A file that does not compile with the
//! header (a name that a file of its own redefines, say) is compiled without it; only that file's edge changes,
//! so nothing else is built again.
//!
//! Not here: which flags a part is compiled with. The header takes the part's own, as clang demands.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::steps::Work;

/// The first line of a plan that was rewritten.
const MARK: &str = "# rewritten to use a precompiled header";

/// In a list of exceptions: the part does without the header altogether.
const WHOLE_PART: &str = "*";

/// An include is shared if one file in so many has it.
const SHARED_BY_ONE_IN: usize = 16;

/// A part of V8, as gn calls it.
struct Part {
    name: &'static str,
    /// Linked only into the program that makes V8's snapshot during the build: quick to compile beats quick to run.
    only_at_build_time: bool,
}

const PARTS: [Part; 4] = [
    Part { name: "torque_generated_initializers", only_at_build_time: true },
    Part { name: "v8_initializers", only_at_build_time: true },
    Part { name: "v8_base_without_compiler", only_at_build_time: false },
    Part { name: "v8_compiler", only_at_build_time: false },
];

impl Part {
    fn plan(&self, out: &Path) -> PathBuf {
        out.join("obj/v8").join(format!("{}.ninja", self.name))
    }

    /// The precompiled header, as ninja names it.
    fn header(&self) -> String {
        format!("obj/v8/{}/shared.pch", self.name)
    }

    /// The file that is precompiled, as ninja names it.
    fn prefix(&self) -> String {
        format!("gen/v8/{}-shared.h", self.name)
    }

    /// The folder of what is kept beside ninja's own files.
    fn kept(&self, work: &Work, kind: &str) -> PathBuf {
        work.folder().join("headers").join(format!("{}.{kind}", self.name))
    }
}

/// The goals that must be built before the headers can be made: they write sources and headers.
///
/// # Errors
/// Fails if the build plan cannot be read.
pub(super) fn prerequisites(work: &Work) -> Result<Vec<String>> {
    let mut goals = Vec::new();
    for part in &PARTS {
        let plan = part.plan(&work.out());
        let text = fs::read_to_string(&plan).with_context(|| format!("could not read {}", plan.display()))?;
        goals.extend(text.lines().filter_map(|line| {
            let (goal, _) = line.strip_prefix("build ")?.split_once(':')?;
            goal.ends_with(".inputdeps").then(|| goal.to_owned())
        }));
    }
    Ok(goals)
}

/// Rewrites the plans of the parts; writes nothing that is as it should be already.
///
/// # Errors
/// Fails if a plan or a source cannot be read, or a plan cannot be written.
pub(super) fn precompile(work: &Work) -> Result<()> {
    let out = work.out();
    fs::create_dir_all(work.folder().join("headers")).context("could not make the folder of plans")?;
    let toolchain = fs::read_to_string(out.join("toolchain.ninja"))
        .context("could not read the plan's compiler rules")?;
    let Some(rule) = header_rule(&toolchain) else {
        eprintln!("note: the compiler rule is not as expected; building without precompiled headers");
        return Ok(());
    };
    for part in &PARTS {
        let plan = part.plan(&out);
        let original = part.kept(work, "original");
        let current =
            fs::read_to_string(&plan).with_context(|| format!("could not read {}", plan.display()))?;
        if !current.starts_with(MARK) {
            fs::write(&original, &current).context("could not keep the original plan")?;
        }
        let text = fs::read_to_string(&original).context("could not read the original plan")?;
        let without = exceptions(work, part);
        let rewritten = if without.contains(WHOLE_PART) {
            format!("{MARK}: given up\n{text}")
        } else {
            let prefix = shared_includes(&out, &text);
            write_if_changed(&out.join(part.prefix()), &prefix)?;
            rewrite(part, &rule, &text, &without)
        };
        write_if_changed(&plan, &rewritten)?;
    }
    Ok(())
}

/// Lets the outputs that failed do without the header, and returns how many that are.
///
/// None of them are if they have no header to blame; then the failure is real.
///
/// # Errors
/// Fails if the lists or the plans cannot be written.
pub(super) fn do_without(work: &Work, failed: &[String]) -> Result<usize> {
    let mut changed = 0;
    for part in &PARTS {
        let plan = fs::read_to_string(part.plan(&work.out())).unwrap_or_default();
        if !plan.starts_with(MARK) {
            continue;
        }
        let mut without = exceptions(work, part);
        if without.contains(WHOLE_PART) {
            continue;
        }
        let before = without.len();
        for output in failed {
            if *output == part.header() {
                without.insert(WHOLE_PART.to_owned());
            } else if output.starts_with(&format!("obj/v8/{}/", part.name)) && output.ends_with(".o") {
                without.insert(output.clone());
            }
        }
        if without.len() > before {
            changed += without.len() - before;
            let list: Vec<&str> = without.iter().map(String::as_str).collect();
            fs::write(part.kept(work, "without"), list.join("\n"))
                .context("could not keep the exceptions")?;
        }
    }
    if changed > 0 {
        precompile(work)?;
    }
    Ok(changed)
}

fn exceptions(work: &Work, part: &Part) -> BTreeSet<String> {
    let list = fs::read_to_string(part.kept(work, "without")).unwrap_or_default();
    list.lines().map(str::to_owned).collect()
}

/// The rule that precompiles a header: the one for C++ files, with the output's own name and no module's.
fn header_rule(toolchain: &str) -> Option<String> {
    const OBJECT: &str = "${target_out_dir}/${label_name}/${source_name_part}.o";
    const MODULE: &str = "-fmodule-name=\"${cc_module_name}_Private\"";
    let (_, rule) = toolchain.split_once("rule cxx\n")?;
    let command = rule.lines().next()?.trim().strip_prefix("command =")?.trim();
    if !command.contains(OBJECT) || !command.contains(" -c ${in}") {
        return None;
    }
    let command =
        command.replace(OBJECT, "${out}").replace(MODULE, "").replace(" -c ${in}", " -x c++-header -c ${in}");
    Some(format!(
        "rule isolane_pch\n  command = {command}\n  description = PCH ${{out}}\n  depfile = ${{out}}.d\n  deps = gcc\n"
    ))
}

/// The plan with the header's edge, and with the flags that use it wherever it is not excepted.
fn rewrite(part: &Part, rule: &str, text: &str, without: &BTreeSet<String>) -> String {
    let header = part.header();
    let mut flags = String::new();
    let mut dependency = String::new();
    let mut edges = String::new();
    let mut variables = format!("{MARK}\n");
    for line in text.lines() {
        if let Some(value) = line.strip_prefix("cflags_cc =") {
            flags = value.trim().to_owned();
            variables.push_str(&format!("cflags_cc = {flags} -include-pch {header}\n"));
        } else if let Some(value) = line.strip_prefix("cflags =")
            && part.only_at_build_time
        {
            variables.push_str(&format!("cflags ={}\n", with_light_optimisation(value)));
        } else if let Some((output, inputs)) = cxx_edge(line) {
            let (sources, rest) = inputs.split_once('|').unwrap_or((inputs, ""));
            dependency = rest.trim_start_matches('|').trim().to_owned();
            if without.contains(output) {
                edges.push_str(line);
                edges.push_str(&format!("\n  cflags_cc = {flags}\n"));
            } else {
                let rest = if rest.is_empty() { String::new() } else { format!(" {}", rest.trim()) };
                edges.push_str(&format!("build {output}: cxx {} | {header}{rest}\n", sources.trim()));
            }
        } else {
            edges.push_str(line);
            edges.push('\n');
        }
    }
    let after = if dependency.is_empty() { String::new() } else { format!(" | {dependency}") };
    let own_edge = format!("build {header}: isolane_pch {}{after}\n  cflags_cc = {flags}\n", part.prefix());
    format!("{variables}{rule}{own_edge}{edges}")
}

/// The output and the inputs of an edge that compiles a C++ file.
fn cxx_edge(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("build ")?.split_once(": cxx ")
}

fn with_light_optimisation(flags: &str) -> String {
    flags
        .split(' ')
        .map(|flag| if matches!(flag, "-O2" | "-O3") { "-O1" } else { flag })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text of the header: the includes that enough of the part's files have, the commonest first.
fn shared_includes(out: &Path, plan: &str) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut files = 0;
    for (_, inputs) in plan.lines().filter_map(cxx_edge) {
        let source = inputs.split_whitespace().next().unwrap_or_default();
        let Ok(text) = fs::read_to_string(out.join(source)) else { continue };
        files += 1;
        for include in unconditional_includes(&text) {
            *counts.entry(include).or_default() += 1;
        }
    }
    let threshold = (files / SHARED_BY_ONE_IN).max(2);
    let mut shared: Vec<(String, usize)> =
        counts.into_iter().filter(|(_, count)| *count >= threshold).collect();
    shared.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let mut header = String::from("// The includes that the files of this part share.\n");
    for (include, _) in shared {
        header.push_str(&format!("#include {include}\n"));
    }
    header
}

/// The includes of a file that stand under no condition, each once, but for those that only make macros.
///
/// A file that makes macros for the file after it, and one that takes them back, mean something by their place.
fn unconditional_includes(text: &str) -> BTreeSet<String> {
    let mut depth = 0_usize;
    let mut includes = BTreeSet::new();
    for line in text.lines() {
        let Some(directive) = line.trim_start().strip_prefix('#').map(str::trim_start) else { continue };
        if directive.starts_with("if") {
            depth += 1;
        } else if directive.starts_with("endif") {
            depth = depth.saturating_sub(1);
        } else if let Some(name) = directive.strip_prefix("include").map(str::trim)
            && depth == 0
            && (name.ends_with(".h\"") || (name.starts_with('<') && name.ends_with('>')))
            && !name.contains("macros")
        {
            includes.insert(name.to_owned());
        }
    }
    includes
}

fn write_if_changed(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "cflags = -O3 -fPIC\ncflags_cc = -std=c++23\n\n\
        build phony/v8/p.inputdeps: phony || phony/gen\n\
        build obj/v8/v8_initializers/a.o: cxx ../source/a.cc | phony/v8/p.inputdeps\n  source_name_part = a\n\
        build obj/v8/v8_initializers/b.o: cxx ../source/b.cc | phony/v8/p.inputdeps\n  source_name_part = b\n";

    #[test]
    fn every_file_waits_for_the_header_and_uses_it() {
        let part = &PARTS[1];
        let text = rewrite(part, "rule isolane_pch\n", PLAN, &BTreeSet::new());
        assert!(text.starts_with(MARK));
        assert!(text.contains("cflags_cc = -std=c++23 -include-pch obj/v8/v8_initializers/shared.pch\n"));
        assert!(text.contains(
            "build obj/v8/v8_initializers/a.o: cxx ../source/a.cc | obj/v8/v8_initializers/shared.pch phony/v8/p.inputdeps\n"
        ));
        assert!(text.contains("cflags = -O1 -fPIC"), "{text}");
        assert!(text.contains("shared.pch: isolane_pch gen/v8/v8_initializers-shared.h | phony/v8/p.inputdeps\n  cflags_cc = -std=c++23\n"));
    }

    #[test]
    fn an_excepted_file_keeps_its_own_flags_and_the_others_theirs() {
        let part = &PARTS[1];
        let without = BTreeSet::from(["obj/v8/v8_initializers/b.o".to_owned()]);
        let text = rewrite(part, "", PLAN, &without);
        assert!(text.contains(
            "build obj/v8/v8_initializers/b.o: cxx ../source/b.cc | phony/v8/p.inputdeps\n  cflags_cc = -std=c++23\n"
        ));
        assert!(text.contains("a.o: cxx ../source/a.cc | obj/v8/v8_initializers/shared.pch"));
    }

    #[test]
    fn includes_under_a_condition_and_macro_files_are_not_shared() {
        let text = "#include \"src/a.h\"\n#if X\n#include \"src/b.h\"\n#endif\n#include \"src/x-macros.h\"\n\
                    #include \"src/y.inc\"\n#include <vector>\n";
        let found: Vec<String> = unconditional_includes(text).into_iter().collect();
        assert_eq!(found, ["\"src/a.h\"", "<vector>"]);
    }

    #[test]
    fn the_headers_rule_names_its_own_output_and_no_module() {
        let toolchain = "rule cxx\n  command =  clang++ -MD -MF ${target_out_dir}/${label_name}/${source_name_part}.o.d \
            ${cflags_cc} -fmodule-name=\"${cc_module_name}_Private\" -c ${in} -o \
            ${target_out_dir}/${label_name}/${source_name_part}.o\n";
        let rule = header_rule(toolchain).unwrap();
        assert!(rule.contains("-MF ${out}.d") && rule.contains("-x c++-header -c ${in} -o ${out}"), "{rule}");
        assert!(!rule.contains("fmodule-name"));
        assert!(header_rule("rule cc\n  command = clang\n").is_none());
    }
}
