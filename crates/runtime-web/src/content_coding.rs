//! Bodies without their content coding. Each poll does one step of a codec, whose input and output are bounded: a few bytes
//! that stand for very many cost nothing before they are asked for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http_body::Frame;

use crate::body::{Body, BodyError};
use crate::natives::codec::{Codec, CodecError, Format, Progress};

/// A body that is decoded as it is read.
pub(crate) struct Decoded {
    body: Body,
    format: Format,
    /// None before the first byte, and after the end of the coded data.
    codec: Option<Codec>,
    /// What has been read of the body and not been taken by the codec.
    waiting: Bytes,
    /// Whether the codec has more to do with what it has.
    has_more: bool,
    has_begun: bool,
    has_ended: bool,
}

impl Decoded {
    /// A body of a coding by its name, in any case; the body itself, if there is no such coding here.
    pub(crate) fn new(body: Body, coding: &str) -> Result<Self, Body> {
        let format = match &*coding.to_ascii_lowercase() {
            "gzip" | "x-gzip" => Format::Gzip,
            "deflate" => Format::Deflate,
            "br" => Format::Brotli,
            _ => return Err(body),
        };
        Ok(Self {
            body,
            format,
            codec: None,
            waiting: Bytes::new(),
            has_more: false,
            has_begun: false,
            has_ended: false,
        })
    }

    /// Makes the codec for what comes first. A second gzip member goes on where the first has ended; whatever else stands
    /// there is passed over, as browsers do.
    fn begin(&mut self) {
        let first = self.waiting[0];
        if self.has_begun && (self.format != Format::Gzip || first != 0x1f) {
            self.waiting = Bytes::new();
            return;
        }
        // Some servers leave the wrapper out that "deflate" should have (RFC 1950, section 2.2).
        if self.format == Format::Deflate && first & 0x0f != 8 {
            self.format = Format::DeflateRaw;
        }
        self.has_begun = true;
        self.codec = Some(Codec::new(self.format, false));
    }

    /// One step of the codec.
    fn step(&mut self, codec: &mut Codec) -> Result<(Vec<u8>, bool), CodecError> {
        let step = codec.step(&self.waiting, self.has_ended)?;
        self.waiting.advance(step.taken);
        self.has_more = step.progress == Progress::HasMore;
        Ok((step.output, step.progress == Progress::Ended))
    }
}

impl http_body::Body for Decoded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        loop {
            if this.codec.is_none() && !this.waiting.is_empty() {
                this.begin();
            }
            let wants_end = this.has_ended && this.codec.is_some();
            if (!this.waiting.is_empty() || this.has_more || wants_end)
                && let Some(mut codec) = this.codec.take()
            {
                let (output, is_over) =
                    this.step(&mut codec).map_err(|error| BodyError::new(error.to_string()))?;
                if !is_over {
                    this.codec = Some(codec);
                }
                if !output.is_empty() {
                    return Poll::Ready(Some(Ok(Frame::data(output.into()))));
                }
                continue;
            }
            if this.has_ended {
                return Poll::Ready(None);
            }
            match ready!(http_body::Body::poll_frame(Pin::new(&mut this.body), cx)) {
                Some(Ok(frame)) => this.waiting = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => this.has_ended = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use http_body_util::StreamBody;

    use super::*;

    const TEXT: &[u8] = b"one two three, one two three, one two three";

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    fn pieces(bytes: &[u8], size: usize) -> Body {
        let pieces: Vec<Result<Frame<Bytes>, Infallible>> =
            bytes.chunks(size).map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece)))).collect();
        Body::stream(StreamBody::new(futures_util::stream::iter(pieces)))
    }

    async fn decoded(coding: &str, bytes: &[u8], size: usize) -> Result<Bytes, BodyError> {
        pieces(bytes, size).decoded(coding).expect("it is known").collect().await
    }

    #[tokio::test]
    async fn a_body_comes_as_it_was_before_it_was_encoded_however_it_is_cut() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(TEXT).expect("memory takes it");
        let zlib = zlib.finish().expect("memory takes it");
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(TEXT).expect("memory takes it");
        let raw = raw.finish().expect("memory takes it");
        let mut brotli = Vec::new();
        brotli::CompressorWriter::new(&mut brotli, 4096, 5, 22).write_all(TEXT).expect("memory takes it");
        let twice = [gzip(&TEXT[..10]), gzip(&TEXT[10..])].concat();
        let trailed = [gzip(TEXT), b"trail".to_vec()].concat();
        let cases = [
            ("gzip", gzip(TEXT)),
            ("X-GZip", gzip(TEXT)),
            ("gzip", twice),
            ("gzip", trailed),
            ("deflate", zlib),
            ("deflate", raw),
            ("br", brotli),
        ];
        for (coding, bytes) in cases {
            for size in [1, 7, 1000] {
                let whole = decoded(coding, &bytes, size).await;
                assert_eq!(whole.as_deref(), Ok(TEXT), "{coding} in pieces of {size}");
            }
        }
    }

    #[tokio::test]
    async fn a_body_that_is_not_what_its_coding_says_breaks_off() {
        let whole = gzip(TEXT);
        assert!(decoded("gzip", &whole[..whole.len() - 9], 10).await.is_err());
        assert!(decoded("gzip", b"this is no gzip", 4).await.is_err());
        assert!(decoded("br", b"this is no brotli", 4).await.is_err());
    }

    #[tokio::test]
    async fn much_comes_from_little_piece_by_piece() {
        let much = vec![0; 8 << 20];
        let mut body = Body::from(gzip(&much)).decoded("gzip").expect("it is known");
        let mut total = 0;
        while let Some(chunk) = body.chunk().await.expect("it is whole") {
            assert!(chunk.len() <= 64 * 1024);
            total += chunk.len();
        }
        assert_eq!(total, much.len());
    }

    #[test]
    fn an_unknown_coding_leaves_the_body_as_it_is() {
        let body = Body::from("x").decoded("zstd").expect_err("it is not known");
        assert_eq!(body.as_bytes(), Some(&b"x"[..]));
    }
}
