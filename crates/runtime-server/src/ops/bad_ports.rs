//! The ports that no fetch and no WebSocket goes to: those of protocols that a request could be smuggled into, as the
//! Fetch standard lists them ("port blocking"). Which hosts a worker may reach is another matter.

/// In ascending order. The first is not the standard's: nobody listens there.
const BAD_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Whether the port is one of them.
pub(super) fn is_bad(port: u16) -> bool {
    BAD_PORTS.binary_search(&port).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_mail_shells_and_files_are_bad_and_those_of_the_web_are_not() {
        assert!(BAD_PORTS.is_sorted());
        for port in [0, 1, 22, 25, 53, 110, 143, 465, 587, 2049, 5060, 6000, 6667, 10080] {
            assert!(is_bad(port), "{port}");
        }
        for port in [80, 443, 2, 8, 18, 3000, 5000, 8000, 8080, 8443, 10079, 10081, 65535] {
            assert!(!is_bad(port), "{port}");
        }
    }
}
