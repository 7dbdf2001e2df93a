//! The page: what was measured, in words, tables and charts. The figures come from `results`.

mod charts;
mod draw;
mod marks;
mod sections;
mod table;
mod units;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub(crate) use self::marks::marks;
use crate::machine::Machine;
use crate::plan::Plan;
use crate::results::Results;

/// The page's text and charts.
pub(crate) struct Page {
    text: String,
    charts: Vec<charts::Chart>,
    figures: String,
}

/// What was written where.
pub(crate) struct Written {
    pub(crate) page: PathBuf,
    pub(crate) charts: usize,
}

impl Page {
    pub(crate) fn new(machine: &Machine, plan: &Plan, results: &Results) -> Self {
        Self {
            text: sections::page(machine, plan, results),
            charts: charts::all(results),
            figures: serde_json::to_string_pretty(results).unwrap_or_default(),
        }
    }

    /// The page as it is printed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Writes `benchmarks.md`, and the charts and raw figures into `benchmarks/` beside it.
    pub(crate) fn write(&self, out: &Path) -> Result<Written> {
        let folder = out.join("benchmarks");
        fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let write = |path: &Path, text: &str| {
            fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
        };
        for chart in &self.charts {
            write(&folder.join(chart.name).with_extension("svg"), &chart.draw()?)?;
        }
        write(&folder.join("figures.json"), &format!("{}\n", self.figures))?;
        let page = out.join("benchmarks.md");
        let mut text = self.text.clone();
        for chart in &self.charts {
            let image = format!("![{}](benchmarks/{}.svg)", chart.title, chart.name);
            text = text.replace(&sections::place_of(chart.name), &image);
        }
        write(&page, &sections::without_places(&text))?;
        Ok(Written { page, charts: self.charts.len() })
    }
}
