//! Does the streaming way to inflate give what libdeflate gives, for any bytes that libdeflate takes?
//!
//! `cargo +nightly fuzz run inflate -- -max_total_time=600`, in the folder of the crate.

#![no_main]

use libdeflater::Decompressor;
use libfuzzer_sys::fuzz_target;
use trailmere_ingest_fuzz::decode::{
    Decoder, DecoderOptions, FileEnd, FileReport, Input, RecordSink, Rejected, ScannedRecord,
};
use trailmere_model::Result;

/// Everything that comes out, one after the other.
#[derive(Default)]
struct Sink(Vec<u8>);

impl RecordSink for Sink {
    fn record(&mut self, record: &ScannedRecord<'_>) -> Result<()> {
        self.0.extend_from_slice(record.json().as_bytes());
        Ok(())
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> Result<()> {
        self.0.extend_from_slice(rejected.bytes);
        Ok(())
    }
}

fn read(whole_bytes: usize, packed: &[u8]) -> (Vec<u8>, FileReport) {
    let mut sink = Sink::default();
    let options = DecoderOptions { whole_bytes, ..DecoderOptions::default() };
    let report = Decoder::new(options).read(Input::Bytes(packed), &mut sink);
    (sink.0, report)
}

fuzz_target!(|deflated: &[u8]| {
    let mut text = vec![0; 1 << 20];
    let length = Decompressor::new().deflate_decompress(deflated, &mut text).unwrap_or(0);
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    packed.extend_from_slice(deflated);
    packed.extend_from_slice(&libdeflater::crc32(&text[..length]).to_le_bytes());
    packed.extend_from_slice(&(length as u32).to_le_bytes());
    let (whole, first) = read(1 << 20, &packed);
    let (streamed, second) = read(0, &packed);
    // libdeflate gives a meaning to codes that stand for nothing; no compressor writes them.
    let is_unknown_code = matches!(&second.end, FileEnd::Cut(error) if error.to_string().contains("unknown"));
    if !is_unknown_code {
        assert_eq!((whole, first.raw_bytes), (streamed, second.raw_bytes));
        assert_eq!(matches!(first.end, FileEnd::Whole), matches!(second.end, FileEnd::Whole));
    }
});
