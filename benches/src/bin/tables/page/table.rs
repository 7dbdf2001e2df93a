//! Tables in Markdown whose columns are as wide as they need to be, so that they can be read on a terminal as well.

/// A table; the first column is aligned to the left, all others to the right.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new<S: Into<String>>(heads: impl IntoIterator<Item = S>) -> Self {
        Self { rows: vec![heads.into_iter().map(Into::into).collect()] }
    }

    pub(super) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    pub(super) fn markdown(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width_of = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns).map(|column| width_of(column).unwrap_or(0).max(3)).collect();
        let mut text = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            text.push('|');
            for (column, width) in widths.iter().enumerate() {
                let cell = row.get(column).map_or("", String::as_str);
                let padding = " ".repeat(width - cell.chars().count());
                text +=
                    &if column == 0 { format!(" {cell}{padding} |") } else { format!(" {padding}{cell} |") };
            }
            text.push('\n');
            if number == 0 {
                text.push('|');
                for (column, width) in widths.iter().enumerate() {
                    let rule = "-".repeat(width + 1);
                    text += &if column == 0 { format!("{rule}-|") } else { format!("{rule}:|") };
                }
                text.push('\n');
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let mut table = Table::new(["mode", "p50"]);
        table.row(["worker", "2 ms"]);
        table.row(["a – b", "11.0 µs"]);
        let expected = "\
| mode   |     p50 |
|--------|--------:|
| worker |    2 ms |
| a – b  | 11.0 µs |
";
        assert_eq!(table.markdown(), expected);
    }
}
