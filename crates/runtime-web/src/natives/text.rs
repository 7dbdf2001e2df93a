//! The native halves of TextEncoder and TextDecoder, as the Encoding specification defines them. base64 and the
//! urlencoded format are in the submodules. Which labels, flags and errors the guest sees is the JavaScript's part.

mod base64;
mod form;

use std::collections::HashMap;

use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding, UTF_8};
use runtime_core::{HostCallError, Native, RealmState, uint8_array};

use super::flow::request;
use super::{Arguments, Return, Scope, number, string, throw_type_error};

pub(super) fn natives() -> Vec<Native> {
    let mut natives = vec![
        Native::new("encodeUtf8", encode_utf8),
        Native::new("encodeUtf8Into", encode_utf8_into),
        Native::new("encodingName", encoding_name),
        Native::new("decodeOnce", decode_once),
        Native::new("decoderOpen", decoder_open),
        Native::new("decoderPush", decoder_push),
        Native::new("decoderClose", decoder_close),
    ];
    natives.extend(base64::natives());
    natives.extend(form::natives());
    natives
}

/// How many decoders of one request may be in the middle of a stream. They live in the host's memory, which the
/// guest's garbage collector does not see.
const OPEN_DECODERS: usize = 16 * 1024;

/// The decoders of one request that are in the middle of a stream, by number. A number of an earlier request is
/// unknown here.
#[derive(Default)]
pub(crate) struct Decoders {
    last: u32,
    open: HashMap<u32, OpenDecoder>,
}

struct OpenDecoder {
    decoder: Decoder,
    is_fatal: bool,
}

impl Decoders {
    /// Takes a decoder in and gives its number; none if the request has as many as it may.
    fn open(&mut self, encoding: &'static Encoding, is_fatal: bool, keeps_bom: bool) -> Option<u32> {
        if self.open.len() >= OPEN_DECODERS {
            return None;
        }
        let decoder = if keeps_bom {
            encoding.new_decoder_without_bom_handling()
        } else {
            encoding.new_decoder_with_bom_removal()
        };
        self.last = self.last.checked_add(1)?;
        self.open.insert(self.last, OpenDecoder { decoder, is_fatal });
        Some(self.last)
    }
}

/// The most bytes that one call takes through a decoder: some decode a hundred times slower than well-formed UTF-8, and
/// a call cannot be stopped.
const PIECE_BYTES: usize = 1 << 20;

/// The bytes do not belong to the encoding, and the decoder is a fatal one.
#[derive(Debug, PartialEq, Eq)]
struct Malformed;

/// Decoded text in the form in which V8 takes it with the least work.
#[derive(Debug, PartialEq, Eq)]
enum Decoded<'b> {
    /// Nothing but ASCII.
    Ascii(&'b [u8]),
    /// Well-formed UTF-8.
    Utf8(&'b [u8]),
    /// UTF-16.
    Utf16(Vec<u16>),
}

impl Decoded<'_> {
    fn into_v8<'s>(self, scope: Scope<'_, 's, '_>) -> Option<v8::Local<'s, v8::String>> {
        let normal = v8::NewStringType::Normal;
        match self {
            Decoded::Ascii(bytes) => v8::String::new_from_one_byte(scope, bytes, normal),
            Decoded::Utf8(bytes) => v8::String::new_from_utf8(scope, bytes, normal),
            Decoded::Utf16(units) => v8::String::new_from_two_byte(scope, &units, normal),
        }
    }
}

/// Decodes bytes that are all there is. None if they are too many for one call, and so have to go through a stream.
fn decode_whole<'b>(
    encoding: &'static Encoding,
    bytes: &'b [u8],
    is_fatal: bool,
    keeps_bom: bool,
) -> Result<Option<Decoded<'b>>, Malformed> {
    let bom = match Encoding::for_bom(bytes) {
        Some((found, length)) if found == encoding && !keeps_bom => length,
        _ => 0,
    };
    let text = bytes.get(bom..).unwrap_or_default();
    if encoding.is_ascii_compatible() && Encoding::ascii_valid_up_to(text) == text.len() {
        return Ok(Some(Decoded::Ascii(text)));
    }
    if encoding == UTF_8 {
        if Encoding::utf8_valid_up_to(text) == text.len() {
            return Ok(Some(Decoded::Utf8(text)));
        }
        if is_fatal {
            return Err(Malformed);
        }
    }
    if text.len() > PIECE_BYTES {
        return Ok(None);
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    decode_units(&mut decoder, text, true, is_fatal).map(Decoded::Utf16).map(Some)
}

/// Decodes the next bytes of a stream.
fn decode_chunk<'b>(
    open: &mut OpenDecoder,
    bytes: &'b [u8],
    is_last: bool,
) -> Result<Decoded<'b>, Malformed> {
    // What is compatible with Latin-1 and below 0x80 is ASCII; a decoder that holds half a character, or still looks
    // for a byte order mark, says that nothing is.
    if !is_last
        && open.decoder.latin1_byte_compatible_up_to(bytes) == Some(bytes.len())
        && Encoding::ascii_valid_up_to(bytes) == bytes.len()
    {
        return Ok(Decoded::Ascii(bytes));
    }
    decode_units(&mut open.decoder, bytes, is_last, open.is_fatal).map(Decoded::Utf16)
}

fn decode_units(
    decoder: &mut Decoder,
    mut bytes: &[u8],
    is_last: bool,
    is_fatal: bool,
) -> Result<Vec<u16>, Malformed> {
    let mut units = vec![0; decoder.max_utf16_buffer_length(bytes.len()).unwrap_or(bytes.len())];
    let mut filled = 0;
    loop {
        let room = &mut units[filled..];
        let (is_full, read, written) = if is_fatal {
            let (end, read, written) = decoder.decode_to_utf16_without_replacement(bytes, room, is_last);
            if matches!(end, DecoderResult::Malformed(..)) {
                return Err(Malformed);
            }
            (end == DecoderResult::OutputFull, read, written)
        } else {
            let (end, read, written, _replaced) = decoder.decode_to_utf16(bytes, room, is_last);
            (end == CoderResult::OutputFull, read, written)
        };
        filled += written;
        bytes = bytes.get(read..).unwrap_or_default();
        if !is_full {
            units.truncate(filled);
            return Ok(units);
        }
        // The decoder's own estimate is enough for all of the input; this keeps the loop right if it ever is not.
        units.resize(units.len() + bytes.len() + 16, 0);
    }
}

/// An argument that is a string; the empty one in place of anything else.
fn text<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>, index: i32) -> v8::Local<'s, v8::String> {
    v8::Local::try_from(arguments.get(index)).unwrap_or_else(|_| v8::String::empty(scope))
}

/// Answers with a string, or with the error that a string beyond V8's limit is.
fn answer<'s>(scope: Scope<'_, 's, '_>, mut result: Return<'s>, string: Option<v8::Local<'s, v8::String>>) {
    match string {
        Some(string) => result.set(string.into()),
        None => throw_too_long(scope),
    }
}

fn throw_too_long(scope: Scope<'_, '_, '_>) {
    HostCallError::range_error("Invalid string length").throw(scope);
}

/// The longest string that a native may build for this guest, in code units.
fn longest_string(isolate: &mut v8::Isolate) -> usize {
    let heap = RealmState::of(isolate).and_then(|state| state.limits().heap_max_bytes());
    heap.unwrap_or(usize::MAX).min(v8::String::MAX_LENGTH)
}

fn encode_utf8<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let mut bytes = text(scope, &arguments, 0).to_rust_string_lossy(scope).into_bytes();
    // The buffer lives as long as the guest likes, and is charged for its length.
    bytes.shrink_to_fit();
    if let Some(array) = uint8_array(scope, bytes) {
        result.set(array.into());
    }
}

fn encode_utf8_into<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let source = text(scope, &arguments, 0);
    let (mut read, mut written) = (0, 0);
    if let Ok(view) = v8::Local::<v8::ArrayBufferView>::try_from(arguments.get(1)) {
        // A code unit takes three bytes at most.
        let mut buffer = vec![0; view.byte_length().min(3 * source.length())];
        let flags = v8::WriteFlags::kReplaceInvalidUtf8;
        written = source.write_utf8_v2(scope, &mut buffer, flags, Some(&mut read));
        buffer.truncate(written);
        if !super::write_into(view, &buffer) {
            (read, written) = (0, 0);
        }
    }
    let counts = [read, written].map(|count| v8::Number::new(scope, count as f64).into());
    result.set(v8::Array::new_with_elements(scope, &counts).into());
}

fn encoding_name<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let label = string(scope, &arguments, 0);
    if let Some(encoding) = Encoding::for_label(label.as_bytes())
        && let Some(name) = v8::String::new(scope, &encoding.name().to_ascii_lowercase())
    {
        result.set(name.into());
    }
}

/// The encoding that an argument names; throws if there is none.
fn encoding(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>, index: i32) -> Option<&'static Encoding> {
    let name = string(scope, arguments, index);
    let encoding = Encoding::for_label(name.as_bytes());
    if encoding.is_none() {
        throw_type_error(scope, &format!("expected the name of an encoding, found '{name}'"));
    }
    encoding
}

/// Answers with decoded text.
fn answer_decoded<'s>(
    scope: Scope<'_, 's, '_>,
    result: Return<'s>,
    decoded: Result<Option<Decoded<'_>>, Malformed>,
) {
    match decoded {
        Ok(Some(decoded)) => {
            let string = decoded.into_v8(scope);
            answer(scope, result, string);
        }
        Ok(None) => {}
        Err(Malformed) => throw_type_error(scope, "The encoded data was not valid for its encoding"),
    }
}

/// Gives the text, or undefined if there is too much of it for one call.
fn decode_once<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, result: Return<'s>) {
    let Some(encoding) = encoding(scope, &arguments, 0) else { return };
    let (is_fatal, keeps_bom) = (arguments.get(2).is_true(), arguments.get(3).is_true());
    let mut storage = [0; v8::TYPED_ARRAY_MAX_SIZE_IN_HEAP];
    let view = v8::Local::<v8::ArrayBufferView>::try_from(arguments.get(1));
    let bytes = view.as_ref().map_or(&[][..], |view| view.get_contents(&mut storage));
    let decoded = decode_whole(encoding, bytes, is_fatal, keeps_bom);
    answer_decoded(scope, result, decoded);
}

fn decoder_open<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let Some(encoding) = encoding(scope, &arguments, 0) else { return };
    let (is_fatal, keeps_bom) = (arguments.get(1).is_true(), arguments.get(2).is_true());
    match request(scope).and_then(|request| request.decoders.open(encoding, is_fatal, keeps_bom)) {
        Some(handle) => result.set_uint32(handle),
        None => {
            let message = format!(
                "too many text decoders in the middle of a stream: a request may have {OPEN_DECODERS}"
            );
            HostCallError::range_error(message).throw(scope);
        }
    }
}

fn decoder_push<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, result: Return<'s>) {
    let handle = number(scope, &arguments, 0);
    let is_last = arguments.get(2).is_true();
    let mut storage = [0; v8::TYPED_ARRAY_MAX_SIZE_IN_HEAP];
    let view = v8::Local::<v8::ArrayBufferView>::try_from(arguments.get(1));
    let bytes = view.as_ref().map_or(&[][..], |view| view.get_contents(&mut storage));
    let open = request(scope).and_then(|request| request.decoders.open.get_mut(&handle));
    match open.map(|open| decode_chunk(open, bytes, is_last)) {
        Some(decoded) => answer_decoded(scope, result, decoded.map(Some)),
        None => throw_type_error(scope, "the text decoder's stream belongs to an earlier request"),
    }
}

fn decoder_close<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let handle = number(scope, &arguments, 0);
    if let Some(request) = request(scope) {
        request.decoders.open.remove(&handle);
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{SHIFT_JIS, UTF_16LE, WINDOWS_1252};

    use super::*;

    fn text_of(decoded: Result<Decoded<'_>, Malformed>) -> Result<String, Malformed> {
        decoded.map(|decoded| match decoded {
            Decoded::Ascii(bytes) | Decoded::Utf8(bytes) => {
                String::from_utf8(bytes.to_vec()).expect("both are UTF-8")
            }
            Decoded::Utf16(units) => String::from_utf16(&units).expect("decoders give no lone surrogates"),
        })
    }

    fn whole(
        encoding: &'static Encoding,
        bytes: &[u8],
        is_fatal: bool,
        keeps_bom: bool,
    ) -> Result<String, Malformed> {
        text_of(decode_whole(encoding, bytes, is_fatal, keeps_bom).map(|text| text.expect("short enough")))
    }

    #[test]
    fn a_byte_order_mark_goes_once_and_only_if_it_is_the_encodings_own() {
        assert_eq!(whole(UTF_8, b"\xef\xbb\xbfab", true, false).as_deref(), Ok("ab"));
        assert_eq!(whole(UTF_8, b"\xef\xbb\xbf\xef\xbb\xbfa", true, false).as_deref(), Ok("\u{feff}a"));
        assert_eq!(whole(UTF_8, b"\xef\xbb\xbfab", true, true).as_deref(), Ok("\u{feff}ab"));
        assert_eq!(whole(UTF_16LE, b"\xff\xfea\0", true, false).as_deref(), Ok("a"));
        assert_eq!(whole(WINDOWS_1252, b"\xef\xbb\xbfa", false, false).as_deref(), Ok("\u{ef}\u{bb}\u{bf}a"));
    }

    #[test]
    fn malformed_bytes_become_replacement_characters_by_maximal_subparts() {
        assert_eq!(whole(UTF_8, b"a\xf0\x9f\x92b\xff", false, false).as_deref(), Ok("a\u{fffd}b\u{fffd}"));
        assert_eq!(whole(UTF_8, b"a\xf0\x9f\x92", true, false), Err(Malformed));
        assert_eq!(whole(UTF_16LE, b"\0\xd8a\0", false, false).as_deref(), Ok("\u{fffd}a"));
        assert_eq!(whole(UTF_16LE, b"a", true, false), Err(Malformed));
    }

    #[test]
    fn legacy_encodings_decode() {
        assert_eq!(whole(SHIFT_JIS, b"\x82\xa0!", true, false).as_deref(), Ok("\u{3042}!"));
        assert_eq!(whole(WINDOWS_1252, b"\x80\x9f", true, false).as_deref(), Ok("\u{20ac}\u{178}"));
    }

    #[test]
    fn what_takes_long_is_not_decoded_in_one_call() {
        let malformed = vec![0xff; PIECE_BYTES + 1];
        assert_eq!(decode_whole(UTF_8, &malformed, false, false), Ok(None));
        assert_eq!(decode_whole(UTF_8, &malformed, true, false), Err(Malformed));
        assert_eq!(decode_whole(SHIFT_JIS, &malformed, true, false), Ok(None));
        let ascii = vec![b'a'; PIECE_BYTES + 1];
        assert_eq!(decode_whole(SHIFT_JIS, &ascii, true, false), Ok(Some(Decoded::Ascii(&ascii))));
    }

    #[test]
    fn a_stream_gives_the_same_text_however_it_is_cut() {
        let bytes = "\u{feff}a\u{20ac}\u{1f4a9}plain text\u{e9}".as_bytes();
        for cut in 0..=bytes.len() {
            let mut decoders = Decoders::default();
            let handle = decoders.open(UTF_8, true, false).expect("the table is empty");
            let open = decoders.open.get_mut(&handle).expect("it has just been put in");
            let mut text = text_of(decode_chunk(open, &bytes[..cut], false)).expect("well-formed");
            text.push_str(&text_of(decode_chunk(open, &bytes[cut..], true)).expect("well-formed"));
            assert_eq!(text, "a\u{20ac}\u{1f4a9}plain text\u{e9}", "cut at {cut}");
        }
    }

    #[test]
    fn a_stream_that_ends_inside_a_character_is_malformed() {
        let mut decoders = Decoders::default();
        let handle = decoders.open(UTF_8, true, false).expect("the table is empty");
        let open = decoders.open.get_mut(&handle).expect("it has just been put in");
        assert_eq!(text_of(decode_chunk(open, b"\xe2\x82", false)).as_deref(), Ok(""));
        assert_eq!(text_of(decode_chunk(open, b"", true)), Err(Malformed));
    }

    #[test]
    fn a_request_cannot_fill_the_host_with_open_decoders() {
        let mut decoders = Decoders::default();
        for _ in 0..OPEN_DECODERS {
            assert!(decoders.open(UTF_8, false, false).is_some());
        }
        assert_eq!(decoders.open(UTF_8, false, false), None);
    }
}
