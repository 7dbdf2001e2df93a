//! What the snapshot's file holds behind its header: V8's blob, and the code of the units' files.

/// The parts, as the process uses them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    /// What V8 makes isolates and contexts from.
    pub(crate) blob: Vec<u8>,
    /// V8's code cache of each file of the units, in order.
    pub(crate) unit_code: Vec<Box<[u8]>>,
}

impl Payload {
    /// The parts one after the other, each behind its length.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let parts = std::iter::once(&*self.blob).chain(self.unit_code.iter().map(|code| &**code));
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }

    /// None if the bytes are no such parts.
    pub(crate) fn of_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut parts = Vec::new();
        while !bytes.is_empty() {
            let (length, rest) = bytes.split_first_chunk()?;
            let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
            parts.push(part);
            bytes = rest;
        }
        let mut parts = parts.into_iter();
        Some(Self { blob: parts.next()?.to_vec(), unit_code: parts.map(Box::from).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload() -> Payload {
        Payload { blob: vec![1, 2, 3], unit_code: vec![Box::from([4]), Box::from([]), Box::from([5, 6])] }
    }

    #[test]
    fn the_parts_come_back_as_they_were() {
        assert_eq!(Payload::of_bytes(&payload().to_bytes()), Some(payload()));
    }

    #[test]
    fn what_is_cut_inside_of_a_part_is_none() {
        let bytes = payload().to_bytes();
        assert_eq!(Payload::of_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Payload::of_bytes(&bytes[..5]), None);
        assert_eq!(Payload::of_bytes(&[]), None);
    }
}
