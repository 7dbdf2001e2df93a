//! One request over HTTP/1.1, on a connection of its own.
//!
//! Not here: what an answer means. A failure is an answer as well: both runtimes may fail alike.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::answer::Answer;
use super::inventory::Request;

/// The longest line of a head that is read.
const LONGEST_LINE: u64 = 1 << 16;

/// Sends the request with this host, and reads the answer to its end.
pub(super) fn ask(address: SocketAddr, host: &str, request: &Request, patience: Duration) -> Answer {
    let connected = TcpStream::connect_timeout(&address, patience).and_then(|stream| {
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Ok(stream)
    });
    let mut stream = match connected {
        Ok(stream) => stream,
        Err(error) => return Answer::none(format!("no connection: {error}")),
    };
    if let Err(error) = stream.write_all(&written(host, request)) {
        return Answer::none(format!("the request was not taken: {error}"));
    }
    read(&mut BufReader::new(stream), request.method == "HEAD")
}

fn written(host: &str, request: &Request) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", request.method, request.path);
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = &request.body {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("Connection: close\r\n\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(request.body.as_deref().unwrap_or_default().as_bytes());
    bytes
}

fn read(stream: &mut BufReader<impl Read>, is_head: bool) -> Answer {
    let mut status_line = match line(stream) {
        Ok(line) => line,
        Err(reason) => return Answer::none(format!("no answer: {reason}")),
    };
    loop {
        let Some(status) = status_line.split(' ').nth(1).and_then(|word| word.parse::<u16>().ok()) else {
            return Answer::none(format!("expected a status line, found {status_line:?}"));
        };
        let headers = match headers(stream) {
            Ok(headers) => headers,
            Err(reason) => return Answer::new(status, &[], Vec::new()).cut_off(reason),
        };
        if (100..200).contains(&status) {
            // An interim answer: the one that counts follows.
            status_line = match line(stream) {
                Ok(line) => line,
                Err(reason) => return Answer::none(format!("no answer: {reason}")),
            };
            continue;
        }
        if is_head || status == 204 || status == 304 {
            return Answer::new(status, &headers, Vec::new());
        }
        let mut bytes = Vec::new();
        let ended = body(stream, &headers, &mut bytes);
        let answer = Answer::new(status, &headers, bytes);
        return match ended {
            Ok(()) => answer,
            Err(reason) => answer.cut_off(reason),
        };
    }
}

/// A line without its end.
fn line(stream: &mut BufReader<impl Read>) -> Result<String, String> {
    let mut bytes = Vec::new();
    stream.take(LONGEST_LINE).read_until(b'\n', &mut bytes).map_err(|error| error.to_string())?;
    if bytes.pop() != Some(b'\n') {
        return Err("the connection ended".to_owned());
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    // Bytes of a header are the characters of the same numbers.
    Ok(bytes.into_iter().map(char::from).collect())
}

fn headers(stream: &mut BufReader<impl Read>) -> Result<Vec<(String, String)>, String> {
    let mut headers = Vec::new();
    loop {
        let line = line(stream)?;
        if line.is_empty() {
            return Ok(headers);
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err(format!("expected a header, found {line:?}"));
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

fn body(
    stream: &mut BufReader<impl Read>,
    headers: &[(String, String)],
    bytes: &mut Vec<u8>,
) -> Result<(), String> {
    let header = |wanted: &str| {
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
    };
    if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        loop {
            let size = line(stream)?;
            let digits = size.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(digits, 16)
                .map_err(|_| format!("expected a chunk's size, found {size:?}"))?;
            if size == 0 {
                while !line(stream)?.is_empty() {}
                return Ok(());
            }
            exactly(stream, size, bytes)?;
            line(stream)?;
        }
    }
    match header("content-length").map(str::parse) {
        Some(Ok(length)) => exactly(stream, length, bytes),
        Some(Err(_)) => Err("expected a number for content-length".to_owned()),
        None => stream.read_to_end(bytes).map(drop).map_err(|error| error.to_string()),
    }
}

fn exactly(stream: &mut BufReader<impl Read>, length: u64, bytes: &mut Vec<u8>) -> Result<(), String> {
    let read = stream.take(length).read_to_end(bytes).map_err(|error| error.to_string())?;
    if (read as u64) < length {
        return Err("the connection ended within the body".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Answer {
        read(&mut BufReader::new(text.as_bytes()), false)
    }

    #[test]
    fn a_body_is_read_whether_it_comes_in_chunks_or_as_one_or_until_the_end() {
        let expected = Answer::new(200, &[("x".to_owned(), "1".to_owned())], b"hello".to_vec());
        for text in [
            "HTTP/1.1 200 OK\r\nx: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;ext\r\nllo\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx: 1\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nx: 1\r\n\r\nhello",
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn a_body_that_breaks_off_is_not_taken_for_a_whole_one() {
        for text in [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
        ] {
            let whole = Answer::new(200, &[], b"he".to_vec());
            assert!(whole.difference(&parsed(text)).contains("connection ended"), "{text}");
        }
    }

    #[test]
    fn an_answer_to_head_has_no_body_whatever_its_length_says() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        let answer = read(&mut BufReader::new(text.as_bytes()), true);
        assert_eq!(answer, Answer::new(200, &[], Vec::new()));
    }

    #[test]
    fn what_is_sent_has_the_host_and_the_bodys_length() {
        let request = Request {
            method: "POST".to_owned(),
            path: "/a?b".to_owned(),
            headers: vec![("x-a".to_owned(), "1".to_owned())],
            body: Some("é".to_owned()),
        };
        let text = String::from_utf8(written("a.test", &request)).unwrap();
        assert_eq!(
            text,
            "POST /a?b HTTP/1.1\r\nHost: a.test\r\nx-a: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\né"
        );
    }
}
