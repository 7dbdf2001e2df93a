//! What guests log, on standard error. Records are written by a thread of their own, because they are handed over
//! during a turn, which must never wait for whoever reads standard error. The server's own messages go elsewhere.

use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};

use runtime_facade::LogRecord;

/// Records that may wait to be written: more than one request may log by default.
const CAPACITY: usize = 16 * 1024;

/// Writes guests' records as `[worker] level message`, one line each: a message's further lines are indented, and
/// control characters are escaped, so that no guest can forge another's record or drive a terminal.
///
/// Clones write to the same place. When the reader of standard error is too slow, records are dropped and counted.
#[derive(Clone)]
pub struct GuestLog(Arc<Shared>);

struct Shared {
    lines: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
}

enum Entry {
    Line(String),
    /// Everything before it has been written when the sender is dropped.
    Flush(SyncSender<()>),
}

impl GuestLog {
    /// A log on standard error.
    pub fn stderr() -> Self {
        Self::to(std::io::stderr())
    }

    /// A log to any place, written by a thread that ends with the last clone.
    pub fn to(place: impl Write + Send + 'static) -> Self {
        let (lines, entries) = sync_channel(CAPACITY);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&dropped);
        let spawned = std::thread::Builder::new()
            .name("isolane-guest-log".to_owned())
            .spawn(move || write_entries(&entries, &counter, place));
        if let Err(error) = spawned {
            // Every record will then be dropped; requests are served all the same.
            tracing::error!(%error, "guests' logs cannot be written: their thread could not be made");
        }
        Self(Arc::new(Shared { lines, dropped }))
    }

    /// Hands a record over. Never waits.
    pub fn write(&self, record: &LogRecord) {
        let entry = Entry::Line(line(&record.worker, record.level.as_str(), &record.message));
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.0.lines.try_send(entry) {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything that was handed over before has been written. Blocks the thread.
    pub fn flush(&self) {
        let (written, on_written) = sync_channel(0);
        if self.0.lines.send(Entry::Flush(written)).is_ok() {
            // The writer drops its end without sending: the error is the signal.
            let _ = on_written.recv();
        }
    }
}

impl fmt::Debug for GuestLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestLog").field("dropped", &self.0.dropped.load(Ordering::Relaxed)).finish()
    }
}

fn write_entries(entries: &Receiver<Entry>, dropped: &AtomicU64, place: impl Write) {
    let mut place = std::io::BufWriter::new(place);
    loop {
        let entry = match entries.try_recv() {
            Ok(entry) => entry,
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => {
                let dropped = dropped.swap(0, Ordering::Relaxed);
                if dropped > 0 {
                    // A place that cannot be written to has nobody who could be told.
                    let _ = writeln!(
                        place,
                        "{dropped} records of guests were dropped: the log is read too slowly"
                    );
                }
                let _ = place.flush();
                let Ok(entry) = entries.recv() else { return };
                entry
            }
        };
        match entry {
            Entry::Line(line) => {
                let _ = place.write_all(line.as_bytes());
            }
            Entry::Flush(written) => {
                let _ = place.flush();
                drop(written);
            }
        }
    }
}

fn line(worker: &str, level: &str, message: &str) -> String {
    format!("[{worker}] {level} {}\n", printable(message))
}

/// A guest's text as it may stand in a log: further lines indented, control characters escaped.
pub fn printable(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    for character in message.trim_end_matches('\n').chars() {
        match character {
            '\n' => text.push_str("\n    "),
            '\t' => text.push('\t'),
            control if control.is_control() => text.extend(control.escape_default()),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::SystemTime;

    use runtime_facade::LogLevel;

    use super::*;

    #[derive(Clone, Default)]
    struct Place(Arc<Mutex<Vec<u8>>>);

    impl Write for Place {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no test panics while it writes").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn record(message: &str) -> LogRecord {
        LogRecord {
            level: LogLevel::Warn,
            message: message.to_owned(),
            owner: "owner".into(),
            worker: "shop".into(),
            time: SystemTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn records_are_written_in_order_and_all_of_them_before_a_flush_returns() {
        let place = Place::default();
        let log = GuestLog::to(place.clone());
        for number in 0..100 {
            log.write(&record(&format!("record {number}")));
        }
        log.flush();
        let written = String::from_utf8(place.0.lock().expect("no panic").clone()).expect("text");
        let expected: String = (0..100).map(|number| format!("[shop] warn record {number}\n")).collect();
        assert_eq!(written, expected);
    }

    #[test]
    fn a_guest_cannot_forge_a_record_or_drive_a_terminal() {
        let written = line("shop", "log", "one\n[bank] error two\r\x1b[2J\tend\n");
        assert_eq!(written, "[shop] log one\n    [bank] error two\\r\\u{1b}[2J\tend\n");
    }
}
