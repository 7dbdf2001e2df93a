//! What the tests share: scripts in temporary folders, the program as a child process, and sockets. No test sleeps:
//! all waiting is for a condition, with a deadline.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

pub(crate) const MODES: [&str; 4] = ["worker", "pool", "pinned", "shared"];

/// The time after which a condition is taken to never come true.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Files in a folder that goes with the value.
pub(crate) struct Files(tempfile::TempDir);

impl Files {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        Self(folder)
    }

    /// One worker, `worker.js`.
    pub(crate) fn worker(source: &str) -> Self {
        Self::new(&[("worker.js", source)])
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// The program, with a base snapshot that is made once for all tests.
pub(crate) fn isolane() -> Command {
    let mut command = bare_isolane();
    command.env("ISOLANE_SNAPSHOT", snapshot());
    command
}

/// The program without a snapshot's file.
pub(crate) fn bare_isolane() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_isolane"));
    command.env_remove("ISOLANE_SNAPSHOT").env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn snapshot() -> &'static Path {
    static SNAPSHOT: OnceLock<PathBuf> = OnceLock::new();
    SNAPSHOT.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("isolane-cli-tests.snapshot");
        let made = bare_isolane().arg("snapshot").arg("--out").arg(&path).output().expect("it starts");
        assert!(made.status.success(), "{}", text(&made.stderr));
        path
    })
}

/// The arguments, with wide limits of processor time where a test names none: a machine whose processors are
/// shared with others may charge a thread ten times what its work takes. A configuration's file has its own.
pub(crate) fn unhurried<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let mut all = arguments.to_vec();
    for [limit, wide] in [["--cpu-ms", "2000"], ["--startup-cpu-ms", "4000"]] {
        if !arguments.iter().any(|given| [limit, "--config"].contains(given)) {
            all.extend([limit, wide]);
        }
    }
    all
}

/// Runs a script in a mode with arguments, to its end.
pub(crate) fn run(script: &Path, mode: &str, arguments: &[&str]) -> Output {
    let mut command = isolane();
    command.arg("run").arg(script).args(["--mode", mode]).args(unhurried(arguments));
    command.output().expect("it starts")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Calls until it gives something.
pub(crate) fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(Instant::now() < deadline, "expected {what} within {PATIENCE:?}");
        // Looks again soon, without taking the processor from what is waited for.
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// A running `isolane serve`, ended with the value.
pub(crate) struct Server {
    child: Child,
    /// The one line of standard output.
    pub(crate) line: String,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// Serves on a free port.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = isolane();
        command.arg("serve").args(["--addr", "127.0.0.1:0"]).args(unhurried(arguments));
        Self::spawn(command)
    }

    /// Serves one worker in one mode.
    pub(crate) fn of(files: &Files, mode: &str, arguments: &[&str]) -> Self {
        let script = files.path("worker.js");
        let mut all = vec![script.to_str().expect("a UTF-8 path"), "--mode", mode];
        all.extend(arguments);
        Self::start(&all)
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let log = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&log);
        std::thread::spawn(move || {
            let mut line = Vec::new();
            while stderr.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                sink.lock().expect("no test panics while it holds the log").push_str(&text(&line));
                line.clear();
            }
        });
        let mut line = String::new();
        lines.read_line(&mut line).expect("UTF-8");
        let address = line
            .split_once("http://")
            .and_then(|(_, rest)| rest.split([',', ' ']).next())
            .and_then(|address| address.parse().ok());
        let Some(address) = address else {
            let status = child.wait().expect("it ends");
            panic!(
                "expected a line with an address, found {line:?}; {status}; {}",
                log.lock().expect("no panic")
            );
        };
        Self { child, line, address, log }
    }

    /// What it has written to standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("no test panics while it holds the log").clone()
    }

    pub(crate) fn wait_for_log(&self, part: &str) {
        until(&format!("{part:?} in the log"), || self.log().contains(part).then_some(()));
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().expect("kill starts");
        assert!(sent.success());
    }

    /// Waits for its end and gives the exit status.
    pub(crate) fn status(&mut self) -> Option<i32> {
        until("the end of the server", || self.child.try_wait().expect("it can be waited for")).code()
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::to(self.address)
    }

    /// Sends one request on a connection of its own and gives the whole answer.
    pub(crate) fn ask(&self, request: &str) -> Answer {
        let mut connection = self.connect();
        connection.send(request);
        connection.answer()
    }

    /// A GET of a path.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the server said:\n{}", self.log());
        }
    }
}

/// A raw connection, for what a well-behaved client would hide.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// One answer, headers in lower case.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
    /// Whether the body ended as its framing says, and not by the connection's end.
    pub(crate) is_whole: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).into_iter().next()
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }
}

impl Connection {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
        Self { stream, received: Vec::new() }
    }

    /// The same connection, to be read while this one writes.
    pub(crate) fn twin(&self) -> Self {
        let stream = self.stream.try_clone().expect("a socket can be shared");
        Self { stream, received: self.received.clone() }
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("the server reads");
    }

    /// Whether something has come.
    pub(crate) fn has_answer(&self) -> bool {
        self.stream.set_nonblocking(true).expect("a socket can be asked");
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).expect("a socket can be asked");
        peeked.is_ok()
    }

    /// Reads once. False at the connection's end.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(length) => {
                self.received.extend_from_slice(&buffer[..length]);
                true
            }
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => false,
            Err(error) => panic!("expected more than {:?}: {error}", text(&self.received)),
        }
    }

    /// Reads until what has come contains a text.
    pub(crate) fn wait_for(&mut self, part: &str) {
        while !text(&self.received).contains(part) {
            assert!(self.receive(), "expected {part:?} before the end of {:?}", text(&self.received));
        }
    }

    /// Reads to the connection's end.
    pub(crate) fn rest(mut self) -> String {
        while self.receive() {}
        text(&self.received)
    }

    /// Reads to the connection's end and gives the number of bytes.
    pub(crate) fn rest_length(mut self) -> usize {
        let mut length = self.received.len();
        loop {
            self.received.clear();
            if !self.receive() {
                return length;
            }
            length += self.received.len();
        }
    }

    /// Reads one answer (to a request that was not HEAD) and leaves what follows it.
    pub(crate) fn answer(&mut self) -> Answer {
        let end_of_head = loop {
            if let Some(at) = find(&self.received, b"\r\n\r\n") {
                break at;
            }
            assert!(self.receive(), "expected an answer, found {:?}", text(&self.received));
        };
        let head = text(&self.received[..end_of_head]);
        self.received.drain(..end_of_head + 4);
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let mut answer = Answer { status, head, body: String::new(), is_whole: true };
        let mut body = Vec::new();
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.is_whole = self.read_chunks(&mut body);
        } else if let Some(length) =
            answer.header("content-length").map(|length| length.parse().expect("a number"))
        {
            while self.received.len() < length && self.receive() {}
            answer.is_whole = self.received.len() >= length;
            body = self.received.drain(..length.min(self.received.len())).collect();
        }
        answer.body = text(&body);
        answer
    }

    /// Reads a chunked body. False if the connection ends before it.
    fn read_chunks(&mut self, body: &mut Vec<u8>) -> bool {
        loop {
            let Some(end_of_size) = find(&self.received, b"\r\n") else {
                if self.receive() {
                    continue;
                }
                return false;
            };
            let size =
                usize::from_str_radix(&text(&self.received[..end_of_size]), 16).expect("a chunk's size");
            let whole = end_of_size + 2 + size + 2;
            while self.received.len() < whole {
                if !self.receive() {
                    return false;
                }
            }
            body.extend_from_slice(&self.received[end_of_size + 2..whole - 2]);
            self.received.drain(..whole);
            if size == 0 {
                return true;
            }
        }
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
