//! Does the second way to inflate give what libdeflate does, in bounded memory, whatever the stream is like?

use std::io::{Cursor, Read};

use libdeflater::{CompressionLvl, Compressor};
use proptest::prelude::*;
use trailmere_model::Kind;

use super::gzip::GzipReader;
use super::{CHUNK_BYTES, Inflation, Input, RawText, inflate_embedded};

fn gzip(text: &[u8], level: i32) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap());
    let mut packed = vec![0; compressor.gzip_compress_bound(text.len())];
    let length = compressor.gzip_compress(text, &mut packed).unwrap();
    packed.truncate(length);
    packed
}

fn streamed(packed: &[u8]) -> (Vec<u8>, std::io::Result<usize>) {
    let mut text = Vec::new();
    let read = GzipReader::new(packed).read_to_end(&mut text);
    (text, read)
}

/// Text that repeats near and far, with stretches that do not.
fn texts() -> Vec<Vec<u8>> {
    let mut state = 1u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    let noise: Vec<u8> = (0..300_000).map(|_| random()).collect();
    let words: Vec<u8> =
        (0..200_000).flat_map(|_| [b"alpha ", b"beta, ", b"gamma."][usize::from(random() % 3)].to_vec()).collect();
    vec![
        Vec::new(),
        b"a".to_vec(),
        vec![b'x'; 1_000_000],
        [noise.as_slice(), &words, &noise[..40_000], &noise].concat(),
        words,
    ]
}

#[test]
fn every_level_of_compression_is_read() {
    for text in texts() {
        for level in [0, 1, 3, 6, 9, 12] {
            let packed = gzip(&text, level);
            let (read, outcome) = streamed(&packed);
            assert_eq!((read == text, outcome.unwrap()), (true, text.len()), "{} bytes at level {level}", text.len());
        }
    }
}

#[test]
fn a_fixed_code_is_read() {
    // Made by zlib with its strategy of fixed codes: `aaaaaaaaaa`, then `hello`.
    let cases: [(&[u8], &[u8], u32); 2] = [
        (&[0x4b, 0x4c, 0x84, 0x01, 0x00], b"aaaaaaaaaa", 0x4c11_cdf0),
        (&[0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], b"hello", 0x3610_a686),
    ];
    for (deflated, text, crc) in cases {
        let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
        packed.extend_from_slice(deflated);
        packed.extend_from_slice(&crc.to_le_bytes());
        packed.extend_from_slice(&(text.len() as u32).to_le_bytes());
        let (read, outcome) = streamed(&packed);
        assert_eq!((read.as_slice(), outcome.unwrap()), (text, text.len()));
    }
}

#[test]
fn streams_that_make_no_sense_are_errors() {
    let bodies: [&[u8]; 8] = [
        &[0b111],
        &[0b001, 1, 0, 0, 0],
        &[0b101, 0xff, 0xff, 0xff, 0xff],
        &[0x4b, 0x04, 0xff, 0xff, 0xff],
        &[0b011, 0b0001_0000],
        &[0x05, 0xe0, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00],
        &[0xfd, 0xff, 0xff, 0xff],
        &[],
    ];
    for body in bodies {
        let packed = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], body].concat();
        let (_, outcome) = streamed(&packed);
        assert!(outcome.is_err(), "{body:?}");
    }
}

proptest! {
    #[test]
    fn what_libdeflate_takes_is_taken_alike(text in prop::collection::vec(0..6u8, 0..4000), level in 0..=12i32) {
        let packed = gzip(&text, level);
        let (read, outcome) = streamed(&packed);
        prop_assert_eq!(outcome.ok(), Some(text.len()));
        prop_assert_eq!(read, text);
    }

    #[test]
    fn a_changed_stream_is_an_error_or_the_same_text(
        text in prop::collection::vec(0..6u8, 0..2000), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut packed = gzip(&text, 6);
        let at = at.index(packed.len());
        packed[at] = byte;
        let (read, outcome) = streamed(&packed);
        prop_assert!(outcome.is_err() || read == text);
    }
}

fn drain(text: &mut RawText<'_>) -> (u64, usize) {
    let mut largest = 0;
    loop {
        largest = largest.max(text.buffer.len());
        let length = text.bytes().len();
        text.consume(length);
        if !text.more() {
            return (text.total_bytes(), largest);
        }
    }
}

#[test]
fn memory_does_not_grow_with_the_text() {
    let size = 64 * CHUNK_BYTES;
    let packed = gzip(&vec![b'x'; size], 6);
    let mut inflation = Inflation::new(1024);
    for input in [Input::Bytes(&packed), Input::Reader(&mut packed.as_slice()), Input::Bytes(&zstd_of(size))] {
        let mut text = inflation.open(input);
        let (read, largest) = drain(&mut text);
        assert_eq!(read, size as u64);
        assert!(largest <= 2 * CHUNK_BYTES, "{largest} bytes at once");
        inflation.close(text);
    }
    assert!(inflation.buffer.len() <= 2 * CHUNK_BYTES);
}

fn zstd_of(size: usize) -> Vec<u8> {
    zstd::encode_all(Cursor::new(vec![b'x'; size]), 1).unwrap()
}

#[test]
fn a_lie_about_the_size_reserves_nothing() {
    let mut packed = gzip(b"small", 6);
    let end = packed.len();
    packed[end - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut inflation = Inflation::new(usize::MAX);
    let mut text = inflation.open(Input::Bytes(&packed));
    assert!(text.more());
    assert_eq!(text.bytes(), b"small");
    assert!(text.buffer.len() <= CHUNK_BYTES);
    assert!(!text.more());
    assert_eq!(text.take_failure().map(|error| error.kind()), Some(Kind::Corrupt));
}

#[test]
fn the_window_keeps_what_is_not_consumed() {
    let text: Vec<u8> = (0..5 * CHUNK_BYTES).map(|at| (at % 251) as u8).collect();
    let mut inflation = Inflation::new(0);
    let mut window = inflation.open(Input::Bytes(&text));
    let mut at = 0;
    while window.more() {
        while window.bytes().len() > 1000 {
            assert_eq!(window.offset(), at as u64);
            assert_eq!(window.bytes()[..777], text[at..at + 777]);
            window.consume(777);
            at += 777;
        }
    }
    assert_eq!(window.bytes(), &text[at..]);
    assert_eq!(window.total_bytes(), text.len() as u64);
}

#[test]
fn what_is_embedded_is_taken_only_if_compressed_and_whole() {
    let packed = gzip(b"text", 6);
    assert_eq!(inflate_embedded(&packed).as_deref(), Some(&b"text"[..]));
    assert_eq!(inflate_embedded(b"text"), None);
    assert_eq!(inflate_embedded(&packed[..packed.len() - 3]), None);
}
