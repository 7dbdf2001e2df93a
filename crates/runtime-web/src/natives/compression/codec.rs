//! One codec: deflate in its three wrappers by zlib's algorithms, or brotli, in one direction. It works in steps whose
//! input and output are bounded, so that nothing that a guest feeds it takes long or much before somebody can stop it.

use brotli::enc::encode::{BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct};
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::brotli_memory::{Counted, Meter};

/// The most output of one step.
const OUTPUT_BYTES: usize = 64 * 1024;

/// The most data that one step takes: a call into a codec cannot be stopped.
const INPUT_BYTES: usize = 256 * 1024;

/// The window of deflate, as a power of two; RFC 1951 has no other.
const WINDOW_BITS: u8 = 15;

/// The quality of brotli's compression: much faster than the best, and denser than gzip.
const BROTLI_QUALITY: u32 = 5;

/// What zlib's algorithms take: window, hash chains and output that waits; or window and tables.
const DEFLATE_BYTES: usize = 320 * 1024;
const INFLATE_BYTES: usize = 64 * 1024;

/// A format of the Compression specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Deflate,
    DeflateRaw,
    Gzip,
    Brotli,
}

impl Format {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "deflate" => Self::Deflate,
            "deflate-raw" => Self::DeflateRaw,
            "gzip" => Self::Gzip,
            "brotli" => Self::Brotli,
            _ => return None,
        })
    }
}

/// What is wrong with the data.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodecError {
    /// It is not of the format.
    #[error("the compressed data is not valid")]
    Malformed,
    /// It stops before its end.
    #[error("the compressed data ends too early")]
    Truncated,
    /// An encoder never gives up unless it is broken.
    #[error("the data could not be compressed")]
    Stuck,
}

/// What comes after a step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// All data was taken, and all output given.
    WantsData,
    /// There is more to do with what is there.
    HasMore,
    /// The compressed data has come to its end.
    Ended,
}

#[derive(Debug)]
pub(crate) struct Step {
    /// How much of the data was taken.
    pub(crate) taken: usize,
    pub(crate) output: Vec<u8>,
    pub(crate) progress: Progress,
}

pub(crate) struct Codec {
    engine: Engine,
    meter: Meter,
}

enum Engine {
    Deflate(Compress),
    Inflate(Decompress),
    BrotliEncoder(Box<BrotliEncoderStateStruct<Counted>>),
    BrotliDecoder(Box<BrotliState<Counted, Counted, Counted>>),
}

/// What an engine says of a call: how much it took and gave, and whether it has ended.
struct Run {
    taken: usize,
    given: usize,
    has_ended: bool,
}

impl Codec {
    pub(crate) fn new(format: Format, compresses: bool) -> Self {
        let meter = Meter::default();
        let engine = match (format, compresses) {
            (Format::Brotli, true) => {
                let mut encoder = BrotliEncoderStateStruct::new(meter.allocator());
                encoder.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_QUALITY, BROTLI_QUALITY);
                Engine::BrotliEncoder(Box::new(encoder))
            }
            // Windows of more than 16 MiB are no part of the format.
            (Format::Brotli, false) => Engine::BrotliDecoder(Box::new(BrotliState::new_strict(
                meter.allocator(),
                meter.allocator(),
                meter.allocator(),
            ))),
            (Format::Gzip, true) => Engine::Deflate(Compress::new_gzip(Compression::default(), WINDOW_BITS)),
            (Format::Gzip, false) => Engine::Inflate(Decompress::new_gzip(WINDOW_BITS)),
            (_, true) => Engine::Deflate(Compress::new(Compression::default(), format == Format::Deflate)),
            (_, false) => Engine::Inflate(Decompress::new(format == Format::Deflate)),
        };
        Self { engine, meter }
    }

    /// The memory that the codec takes now.
    pub(crate) fn memory_bytes(&self) -> usize {
        match &self.engine {
            Engine::Deflate(_) => DEFLATE_BYTES,
            Engine::Inflate(_) => INFLATE_BYTES,
            Engine::BrotliEncoder(_) => size_of::<BrotliEncoderStateStruct<Counted>>() + self.meter.bytes(),
            Engine::BrotliDecoder(_) => {
                size_of::<BrotliState<Counted, Counted, Counted>>() + self.meter.bytes()
            }
        }
    }

    /// Takes some of the data and gives some of the output. `is_last` says that there is no data after this.
    pub(crate) fn step(&mut self, data: &[u8], is_last: bool) -> Result<Step, CodecError> {
        let piece = &data[..data.len().min(INPUT_BYTES)];
        let finishes = is_last && piece.len() == data.len();
        let mut output = vec![0; OUTPUT_BYTES];
        let run = self.engine.run(piece, &mut output, finishes)?;
        let is_full = run.given == OUTPUT_BYTES;
        output.truncate(run.given);
        output.shrink_to_fit();
        let progress = if run.has_ended {
            Progress::Ended
        } else if is_full || run.taken < data.len() {
            Progress::HasMore
        } else if !is_last {
            Progress::WantsData
        } else if self.engine.decompresses() {
            return Err(CodecError::Truncated);
        } else {
            Progress::HasMore
        };
        // What makes no progress never will.
        if progress == Progress::HasMore && run.taken == 0 && run.given == 0 {
            return Err(if self.engine.decompresses() { CodecError::Malformed } else { CodecError::Stuck });
        }
        Ok(Step { taken: run.taken, output, progress })
    }
}

impl Engine {
    fn decompresses(&self) -> bool {
        matches!(self, Engine::Inflate(_) | Engine::BrotliDecoder(_))
    }

    fn run(&mut self, data: &[u8], output: &mut [u8], finishes: bool) -> Result<Run, CodecError> {
        match self {
            Engine::Deflate(encoder) => {
                let before = (encoder.total_in(), encoder.total_out());
                let flush = if finishes { FlushCompress::Finish } else { FlushCompress::None };
                let status = encoder.compress(data, output, flush).map_err(|_| CodecError::Stuck)?;
                Ok(Run::since(before, (encoder.total_in(), encoder.total_out()), status))
            }
            Engine::Inflate(decoder) => {
                let before = (decoder.total_in(), decoder.total_out());
                let status = decoder.decompress(data, output, FlushDecompress::None);
                let status = status.map_err(|_| CodecError::Malformed)?;
                Ok(Run::since(before, (decoder.total_in(), decoder.total_out()), status))
            }
            Engine::BrotliEncoder(encoder) => {
                let (mut left, mut taken, mut room, mut given) = (data.len(), 0, output.len(), 0);
                let operation = if finishes {
                    BrotliEncoderOperation::BROTLI_OPERATION_FINISH
                } else {
                    BrotliEncoderOperation::BROTLI_OPERATION_PROCESS
                };
                let went_well = encoder.compress_stream(
                    operation,
                    &mut left,
                    data,
                    &mut taken,
                    &mut room,
                    output,
                    &mut given,
                    &mut None,
                    &mut |_, _, _, _| (),
                );
                let run = Run { taken, given, has_ended: encoder.is_finished() };
                went_well.then_some(run).ok_or(CodecError::Stuck)
            }
            Engine::BrotliDecoder(decoder) => {
                let (mut left, mut taken, mut room, mut given) = (data.len(), 0, output.len(), 0);
                let result = BrotliDecompressStream(
                    &mut left, &mut taken, data, &mut room, &mut given, output, &mut 0, decoder,
                );
                match result {
                    BrotliResult::ResultFailure => Err(CodecError::Malformed),
                    BrotliResult::ResultSuccess => Ok(Run { taken, given, has_ended: true }),
                    BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {
                        Ok(Run { taken, given, has_ended: false })
                    }
                }
            }
        }
    }
}

impl Run {
    fn since(before: (u64, u64), after: (u64, u64), status: Status) -> Self {
        // Each difference is no more than the length of a slice.
        let difference = |before, after| usize::try_from(after - before).unwrap_or(usize::MAX);
        Self {
            taken: difference(before.0, after.0),
            given: difference(before.1, after.1),
            has_ended: status == Status::StreamEnd,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMATS: [Format; 4] = [Format::Deflate, Format::DeflateRaw, Format::Gzip, Format::Brotli];

    /// Feeds data in pieces of one size, and gives the output with the number of steps.
    fn through(codec: &mut Codec, data: &[u8], size: usize) -> Result<(Vec<u8>, usize), CodecError> {
        let mut output = Vec::new();
        let mut steps = 0;
        let mut pieces: Vec<&[u8]> = data.chunks(size).collect();
        pieces.push(&[]);
        let last = pieces.len() - 1;
        for (index, mut piece) in pieces.into_iter().enumerate() {
            loop {
                let step = codec.step(piece, index == last)?;
                steps += 1;
                assert!(step.output.len() <= OUTPUT_BYTES && step.taken <= INPUT_BYTES);
                piece = &piece[step.taken..];
                output.extend(step.output);
                match step.progress {
                    Progress::HasMore => {}
                    Progress::WantsData => break,
                    Progress::Ended => return Ok((output, steps)),
                }
            }
        }
        panic!("the codec did not end");
    }

    fn sample() -> Vec<u8> {
        (0..100_000_u32).flat_map(|number| (number.wrapping_mul(2_654_435_761) >> 20).to_le_bytes()).collect()
    }

    #[test]
    fn what_was_compressed_comes_back_whatever_the_pieces() {
        let data = sample();
        for format in FORMATS {
            for size in [1, 1000, data.len()] {
                let data = if size == 1 { &data[..20_000] } else { &data[..] };
                let (packed, _) = through(&mut Codec::new(format, true), data, size).expect("it compresses");
                assert!(packed.len() < data.len(), "{format:?}");
                let (back, _) = through(&mut Codec::new(format, false), &packed, size).expect("it is valid");
                assert!(back == data, "{format:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_small_piece_that_becomes_a_huge_one_comes_in_many_steps() {
        let zeroes = vec![0; 8 << 20];
        for format in FORMATS {
            let (packed, _) =
                through(&mut Codec::new(format, true), &zeroes, zeroes.len()).expect("it compresses");
            assert!(packed.len() < 100_000, "{format:?}: {}", packed.len());
            let mut codec = Codec::new(format, false);
            let (back, steps) = through(&mut codec, &packed, packed.len()).expect("it is valid");
            assert_eq!(back.len(), zeroes.len());
            assert!(steps >= zeroes.len() / OUTPUT_BYTES, "{format:?}: {steps} steps");
            assert!(codec.memory_bytes() < 40 << 20, "{format:?}: {} bytes", codec.memory_bytes());
        }
    }

    #[test]
    fn data_that_stops_too_early_or_is_wrong_is_an_error() {
        let data = sample();
        for format in FORMATS {
            let (packed, _) =
                through(&mut Codec::new(format, true), &data, data.len()).expect("it compresses");
            let cut = &packed[..packed.len() - 1];
            assert_eq!(through(&mut Codec::new(format, false), cut, 4096).err(), Some(CodecError::Truncated));
            assert_eq!(through(&mut Codec::new(format, false), &[], 1).err(), Some(CodecError::Truncated));
            let noise = [0xff; 64];
            assert_eq!(
                through(&mut Codec::new(format, false), &noise, 64).err(),
                Some(CodecError::Malformed)
            );
        }
    }

    #[test]
    fn the_memory_of_a_brotli_codec_is_counted() {
        let data = sample();
        let mut encoder = Codec::new(Format::Brotli, true);
        let before = encoder.memory_bytes();
        encoder.step(&data, false).expect("it takes data");
        assert!(encoder.memory_bytes() > before + (64 << 10), "{} bytes", encoder.memory_bytes());
    }
}
