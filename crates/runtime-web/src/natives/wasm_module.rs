//! Reads in a WebAssembly module what memories each of its instances has. Whether the module is valid is V8's
//! business: of one that is not, there are no instances.
//!
//! The format is that of the WebAssembly core specification, chapter "Binary Format".

/// The memories of an instance of a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Memories {
    /// Memories that it makes for itself.
    pub(super) count: usize,
    /// Bytes that they have at first, all together.
    pub(super) initial_bytes: usize,
    /// Memories that it imports.
    pub(super) imported: usize,
}

const IMPORT_SECTION: u8 = 2;
const MEMORY_SECTION: u8 = 5;

/// The memories that the module's import and memory sections declare.
pub(super) fn memories(module: &[u8]) -> Memories {
    let mut memories = Memories::default();
    let mut reader = Reader(module.get(8..).unwrap_or_default());
    while let (Some(id), Some(length)) = (reader.byte(), reader.number()) {
        let Some(section) = reader.take(length) else { break };
        let mut section = Reader(section);
        // Of a section that breaks off, what there is.
        let _ = match id {
            IMPORT_SECTION => read_imports(&mut section, &mut memories),
            MEMORY_SECTION => read_memories(&mut section, &mut memories),
            _ => None,
        };
        if id == MEMORY_SECTION {
            break;
        }
    }
    memories
}

fn read_imports(section: &mut Reader<'_>, memories: &mut Memories) -> Option<()> {
    for _ in 0..section.number()? {
        for _name in 0..2 {
            let length = section.number()?;
            section.take(length)?;
        }
        match section.byte()? {
            // A function has a type.
            0 => {
                section.number()?;
            }
            1 => {
                section.value_type()?;
                section.limits()?;
            }
            2 => {
                section.limits()?;
                memories.imported += 1;
            }
            // A global has a type, and is constant or not.
            3 => {
                section.value_type()?;
                section.byte()?;
            }
            // A tag has a kind and a type.
            4 => {
                section.byte()?;
                section.number()?;
            }
            _ => return None,
        }
    }
    Some(())
}

fn read_memories(section: &mut Reader<'_>, memories: &mut Memories) -> Option<()> {
    for _ in 0..section.number()? {
        let bytes = section.limits()?;
        memories.count += 1;
        memories.initial_bytes = memories.initial_bytes.saturating_add(bytes);
    }
    Some(())
}

/// What is left to read.
struct Reader<'m>(&'m [u8]);

impl<'m> Reader<'m> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// An unsigned number in LEB128; none if it does not fit into 64 bits.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// The limits of a memory or table; gives the least, in bytes if it is a memory's.
    fn limits(&mut self) -> Option<usize> {
        const HAS_MAXIMUM: u8 = 1;
        const HAS_PAGE_SIZE: u8 = 8;
        let flags = self.byte()?;
        let pages = self.number()?;
        if flags & HAS_MAXIMUM != 0 {
            self.number()?;
        }
        let page = if flags & HAS_PAGE_SIZE != 0 { self.number()? } else { 16 };
        let page = u32::try_from(page).ok().and_then(|log| 1_u64.checked_shl(log)).unwrap_or(u64::MAX);
        Some(usize::try_from(pages.saturating_mul(page)).unwrap_or(usize::MAX))
    }

    /// Skips the type of a value: a byte, or a reference to a heap type.
    fn value_type(&mut self) -> Option<()> {
        const REFERENCES: [u8; 2] = [0x63, 0x64];
        if REFERENCES.contains(&self.byte()?) {
            self.number()?;
        }
        Some(())
    }

    fn take(&mut self, length: u64) -> Option<&'m [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: [u8; 8] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

    fn module(rest: &[u8]) -> Vec<u8> {
        [&HEAD[..], rest].concat()
    }

    fn own(count: usize, pages: usize) -> Memories {
        Memories { count, initial_bytes: pages * 65_536, imported: 0 }
    }

    #[test]
    fn memories_are_found_behind_other_sections() {
        assert_eq!(memories(&HEAD), Memories::default());
        assert_eq!(memories(&module(&[5, 3, 1, 0, 2])), own(1, 2));
        // A custom section, a type section, and a shared memory with a maximum of 300 pages beside a plain one.
        let two = [0, 2, 1, 0x61, 1, 4, 1, 0x60, 0, 0, 5, 7, 2, 3, 1, 0xac, 2, 0, 4];
        assert_eq!(memories(&module(&two)), own(2, 5));
    }

    #[test]
    fn imported_memories_are_found_among_other_imports() {
        let name = [1, 0x6d];
        let imports: [&[u8]; 6] =
            [&[0, 0], &[1, 0x70, 0, 1], &[2, 1, 1, 2], &[3, 0x64, 0x70, 0], &[4, 0, 0], &[2, 0, 1]];
        let mut section = vec![6];
        for import in imports {
            section.extend([&name[..], &name, import].concat());
        }
        let section = [&[2, section.len() as u8][..], &section].concat();
        assert_eq!(memories(&module(&section)), Memories { imported: 2, ..Memories::default() });
        let with_own = [&section[..], &[5, 3, 1, 0, 7]].concat();
        assert_eq!(memories(&module(&with_own)), Memories { imported: 2, ..own(1, 7) });
    }

    #[test]
    fn nonsense_is_read_without_harm() {
        for nonsense in [&[5][..], &[5, 0xff], &[5, 200, 1], &[5, 2, 0x90, 0x4e, 0], &[0xff; 40]] {
            assert_eq!(memories(&module(nonsense)).initial_bytes, 0, "{nonsense:?}");
        }
        assert_eq!(memories(b"no module"), Memories::default());
        assert_eq!(memories(&[]), Memories::default());
    }

    #[test]
    fn sizes_do_not_overflow() {
        let huge = [
            5, 24, 2, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 4, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xff, 0xff, 0xff, 1, 0,
        ];
        assert_eq!(memories(&module(&huge)), Memories { count: 2, initial_bytes: usize::MAX, imported: 0 });
    }
}
