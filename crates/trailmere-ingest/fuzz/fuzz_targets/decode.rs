//! Can any bytes make the decoder panic, hang, miscount, or hand over what is not JSON?
//!
//! `cargo +nightly fuzz run decode -- -dict=fuzz/json.dict -max_len=65536 -max_total_time=600`, in the folder of the crate.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde::de::IgnoredAny;
use trailmere_ingest_fuzz::decode::{
    Decoder, DecoderOptions, EventBuilder, Input, RecordSink, Rejected, ScannedRecord,
};
use trailmere_model::{Result, StoreType};

#[derive(Default)]
struct Sink {
    builders: BTreeMap<StoreType, EventBuilder>,
    texts: Vec<String>,
    rejected: u64,
}

impl RecordSink for Sink {
    fn record(&mut self, record: &ScannedRecord<'_>) -> Result<()> {
        let mut json = serde_json::Deserializer::from_str(record.json());
        json.disable_recursion_limit();
        IgnoredAny::deserialize(&mut json).and_then(|_| json.end()).expect("a record is JSON");
        let category = record.with_facts(|facts| facts.category);
        assert_eq!(StoreType::of(category), record.store_type());
        self.texts.push(record.json().to_string());
        let builder =
            self.builders.entry(record.store_type()).or_insert_with(|| EventBuilder::new(record.store_type()));
        builder.append(record, "log file", 0)
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> Result<()> {
        self.rejected += 1;
        assert!(!rejected.reason.is_empty());
        Ok(())
    }
}

/// Reads a file and returns the texts of its events.
fn read(options: DecoderOptions, input: Input<'_>) -> Vec<String> {
    let mut sink = Sink::default();
    let report = Decoder::new(options).read(input, &mut sink);
    assert_eq!(report.records, report.events + report.rejected + report.skipped);
    assert_eq!((report.events, report.rejected), (sink.texts.len() as u64, sink.rejected));
    let mut rows = 0;
    for mut builder in sink.builders.into_values() {
        rows += builder.finish().expect("columns that fit").num_rows();
    }
    assert_eq!(rows, sink.texts.len());
    sink.texts
}

fuzz_target!(|bytes: &[u8]| {
    let limits = DecoderOptions { whole_bytes: 1 << 20, record_bytes: 1 << 16 };
    let whole = read(limits, Input::Bytes(bytes));
    let mut reader = bytes;
    let streamed = read(DecoderOptions { whole_bytes: 0, ..limits }, Input::Reader(&mut reader));
    assert_eq!(whole, streamed, "how a file arrives changes nothing");
});
