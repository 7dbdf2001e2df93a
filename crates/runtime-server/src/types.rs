//! `isolane types`: the declarations of what a guest finds, for TypeScript's checker. A test compares them with what it
//! does find.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::cli::TypesArguments;

const DECLARATIONS: &str = include_str!("types/isolane.d.ts");

pub(crate) fn types(arguments: &TypesArguments) -> anyhow::Result<ExitCode> {
    let Some(path) = &arguments.out else {
        std::io::stdout()
            .lock()
            .write_all(DECLARATIONS.as_bytes())
            .context("standard output cannot be written to")?;
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    std::fs::write(path, DECLARATIONS).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(ExitCode::SUCCESS)
}
