//! Source maps: from a place in a file as it runs to the place in the file that somebody wrote. Read only when a place
//! is asked for; what cannot be read maps nothing.
//!
//! The format is that of ECMA-426, without index maps.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use serde::Deserialize;

/// What a file knows of where it came from.
#[derive(Default)]
pub(crate) struct FileMap {
    /// The map that came with the file. If none, the file may have one in it.
    given: Option<Arc<str>>,
    read: OnceLock<Option<SourceMap>>,
}

impl FileMap {
    pub(crate) fn new(given: Option<Arc<str>>) -> Self {
        Self { given, read: OnceLock::new() }
    }

    /// The text of the map that came with the file.
    pub(crate) fn given(&self) -> Option<&str> {
        self.given.as_deref()
    }

    /// Whether there is a map, readable or not.
    pub(crate) fn is_there(&self, source: &str) -> bool {
        self.given.is_some() || inline(source).is_some()
    }

    /// Where a place in the file comes from; see [`SourceMap::original`].
    pub(crate) fn original(&self, file: &str, source: &str, line: u32, column: u32) -> Option<Place<'_>> {
        let map = self.read.get_or_init(|| match &self.given {
            Some(text) => SourceMap::parse(text, file),
            None => {
                let text = base64::engine::general_purpose::STANDARD.decode(inline(source)?).ok()?;
                SourceMap::parse(std::str::from_utf8(&text).ok()?, file)
            }
        });
        map.as_ref()?.original(line, column)
    }
}

/// The map that a file has in its last line, in base64.
fn inline(source: &str) -> Option<&str> {
    let last_line = source.trim_end().rsplit('\n').next()?;
    let map = last_line.trim_start().strip_prefix("//# sourceMappingURL=data:application/json")?;
    let (parameters, map) = map.split_once(',')?;
    parameters.ends_with(";base64").then_some(map)
}

/// A place in a source, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place<'m> {
    pub(crate) source: &'m str,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

struct SourceMap {
    sources: Vec<String>,
    /// In the order of the generated file.
    segments: Vec<Segment>,
}

/// From one place on, the generated file comes from another. Counted from 0.
struct Segment {
    line: u32,
    column: u32,
    source: u32,
    source_line: u32,
    source_column: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    version: u32,
    #[serde(default)]
    source_root: Option<String>,
    sources: Vec<Option<String>>,
    mappings: String,
}

impl SourceMap {
    fn parse(text: &str, file: &str) -> Option<Self> {
        // Some servers protect JSON from being run as a script with a first line like this.
        let text = if text.starts_with(")]}") { text.split_once('\n')?.1 } else { text };
        let written: Written = serde_json::from_str(text).ok()?;
        if written.version != 3 {
            return None;
        }
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let root = written.source_root.unwrap_or_default();
        let sources = written.sources.into_iter().map(|source| match source {
            Some(source) if root.is_empty() => joined(folder, &source),
            Some(source) => joined(folder, &format!("{}/{source}", root.trim_end_matches('/'))),
            None => file.to_owned(),
        });
        Some(Self { sources: sources.collect(), segments: segments(&written.mappings)? })
    }

    /// Where a place, counted from 1, comes from.
    fn original(&self, line: u32, column: u32) -> Option<Place<'_>> {
        let at = (line.checked_sub(1)?, column.checked_sub(1)?);
        let after = self.segments.partition_point(|segment| (segment.line, segment.column) <= at);
        let segment = self.segments.get(after.checked_sub(1)?).filter(|segment| segment.line == at.0)?;
        Some(Place {
            source: self.sources.get(segment.source as usize)?,
            line: segment.source_line.checked_add(1)?,
            column: segment.source_column.checked_add(1)?,
        })
    }
}

/// A source's name within the script, where the map lies beside the file. Names that are URLs stay.
fn joined(folder: &str, source: &str) -> String {
    if source.contains("://") || source.starts_with('/') {
        return source.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in source.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The segments that have a source.
fn segments(mappings: &str) -> Option<Vec<Segment>> {
    let mut segments = Vec::new();
    let (mut source, mut source_line, mut source_column) = (0_u32, 0_u32, 0_u32);
    for (line, text) in mappings.split(';').enumerate() {
        let first = segments.len();
        let mut column = 0_u32;
        for text in text.split(',').filter(|text| !text.is_empty()) {
            let mut numbers = Numbers(text.bytes());
            column = column.checked_add_signed(numbers.next()??)?;
            let Some(of_source) = numbers.next() else { continue };
            source = source.checked_add_signed(of_source?)?;
            source_line = source_line.checked_add_signed(numbers.next()??)?;
            source_column = source_column.checked_add_signed(numbers.next()??)?;
            let line = u32::try_from(line).ok()?;
            segments.push(Segment { line, column, source, source_line, source_column });
        }
        segments[first..].sort_by_key(|segment| segment.column);
    }
    Some(segments)
}

/// Numbers in base64 with a variable length. An item is none where the text is no number.
struct Numbers<'m>(std::str::Bytes<'m>);

impl Iterator for Numbers<'_> {
    type Item = Option<i32>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut number = 0_u32;
        let mut is_first = true;
        for shift in (0..35).step_by(5) {
            let Some(digit) = self.0.next() else { return if is_first { None } else { Some(None) } };
            is_first = false;
            let Some(digit) = digit_of(digit) else { return Some(None) };
            number |= (digit & 31).checked_shl(shift).unwrap_or(0);
            if digit & 32 == 0 {
                let magnitude = (number >> 1).cast_signed();
                return Some(Some(if number & 1 == 0 { magnitude } else { -magnitude }));
            }
        }
        Some(None)
    }
}

fn digit_of(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two generated lines: of the first, columns 0 and 8 come from a.ts 2:4 and b.ts 1:1; of the second, only column 1
    /// has no source, and column 2 comes from b.ts 17:1.
    const MAP: &str =
        r#"{"version":3,"sources":["../src/a.ts","./b.ts",null],"names":[],"mappings":"AACG,QCDH;C,CAgBA"}"#;

    #[test]
    fn places_lead_to_the_segment_before_them_in_their_line() {
        let map = SourceMap::parse(MAP, "dist/index.js").expect("a map");
        let original = |line, column| {
            map.original(line, column).map(|place| (place.source.to_owned(), place.line, place.column))
        };
        assert_eq!(original(1, 1), Some(("src/a.ts".to_owned(), 2, 4)));
        assert_eq!(original(1, 8), Some(("src/a.ts".to_owned(), 2, 4)));
        assert_eq!(original(1, 9), Some(("dist/b.ts".to_owned(), 1, 1)));
        assert_eq!(original(1, 1000), Some(("dist/b.ts".to_owned(), 1, 1)));
        assert_eq!(original(2, 1), None);
        assert_eq!(original(2, 3), Some(("dist/b.ts".to_owned(), 17, 1)));
        assert_eq!(original(3, 1), None);
        assert_eq!(original(0, 0), None);
    }

    #[test]
    fn a_map_in_the_file_is_found_in_its_last_line() {
        let map = base64::engine::general_purpose::STANDARD.encode(MAP);
        let source = format!("1;\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,{map}\n\n");
        let file = FileMap::default();
        assert!(file.is_there(&source));
        let place = file.original("index.js", &source, 1, 1).expect("it is mapped");
        assert_eq!((place.source, place.line), ("../src/a.ts", 2));
        assert!(!FileMap::default().is_there("//# sourceMappingURL=index.js.map"));
        assert!(!FileMap::default().is_there(""));
    }

    #[test]
    fn nonsense_maps_nothing() {
        for text in [
            "",
            "{}",
            r#"{"version":2,"sources":[],"mappings":""}"#,
            r#"{"version":3,"sources":[],"mappings":"AA"}"#,
            r#"{"version":3,"sources":[],"mappings":"ggggggggggggggggggA"}"#,
            r#"{"version":3,"sources":[],"mappings":"D"}"#,
            r#"{"version":3,"sources":[],"mappings":"A*AA"}"#,
            r#"{"version":3,"sources":[],"mappings":"AAAA"}"#,
            r#"{"version":3,"sources":["a"],"mappings":"A////+AA"}"#,
        ] {
            let map = SourceMap::parse(text, "index.js");
            assert_eq!(map.as_ref().and_then(|map| map.original(1, 1)), None, "{text}");
        }
    }

    #[test]
    fn names_of_sources_are_joined_to_the_root_and_the_folder() {
        assert_eq!(joined("dist", "../src/a.ts"), "src/a.ts");
        assert_eq!(joined("", "../src/./a.ts"), "../src/a.ts");
        assert_eq!(joined("", "../../a.ts"), "../../a.ts");
        assert_eq!(joined("dist", "webpack://x/./a.ts"), "webpack://x/./a.ts");
        let text = r#"{"version":3,"sourceRoot":"lib/","sources":["a.ts"],"mappings":"AAAA"}"#;
        let map = SourceMap::parse(text, "x/index.js").expect("a map");
        assert_eq!(map.original(1, 1).map(|place| place.source), Some("x/lib/a.ts"));
    }
}
