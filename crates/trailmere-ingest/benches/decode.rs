//! How fast is the decoder on one core: finding records, knowing them, appending them, with and without inflating?
//!
//! On `testdata/logs`, or on the folder that `TRAILMERE_BENCH_LOGS` names.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use trailmere_ingest::decode::{Decoder, EventBuilder, Input, RecordSink, Rejected, ScannedRecord};
use trailmere_model::{Result, StoreType};

const LOG_FILE: &str = "AWSLogs/123456789012/CloudTrail/us-east-1/2024/01/01/123456789012_CloudTrail_us-east-1_20240101T0000Z_0123456789abcdef.json.gz";
const BATCH_BYTES: usize = 64 << 20;

/// Looks at the text of each record only.
struct Find;

impl RecordSink for Find {
    fn record(&mut self, record: &ScannedRecord<'_>) -> Result<()> {
        black_box(record.json());
        Ok(())
    }

    fn rejected(&mut self, _: &Rejected<'_>) -> Result<()> {
        Ok(())
    }
}

/// Asks of each record what selectors ask.
struct Know;

impl RecordSink for Know {
    fn record(&mut self, record: &ScannedRecord<'_>) -> Result<()> {
        record.with_facts(|facts| {
            black_box(facts.event_name);
        });
        Ok(())
    }

    fn rejected(&mut self, _: &Rejected<'_>) -> Result<()> {
        Ok(())
    }
}

/// Appends each record to the batch of its store type.
struct Append(Vec<EventBuilder>);

impl RecordSink for Append {
    fn record(&mut self, record: &ScannedRecord<'_>) -> Result<()> {
        let builder = &mut self.0[record.store_type() as usize];
        builder.append(record, LOG_FILE, 0)?;
        if builder.estimated_bytes() > BATCH_BYTES {
            black_box(builder.finish()?);
        }
        Ok(())
    }

    fn rejected(&mut self, _: &Rejected<'_>) -> Result<()> {
        Ok(())
    }
}

fn log_files(folder: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => log_files(&path, found),
            false => found.extend(std::fs::read(&path).ok().filter(|_| path.to_string_lossy().ends_with(".json.gz"))),
        }
    }
}

fn inflated(packed: &[u8]) -> Vec<u8> {
    let size = packed.last_chunk().map_or(0, |size| u32::from_le_bytes(*size)) as usize;
    let mut text = vec![0; size];
    let length = libdeflater::Decompressor::new().gzip_decompress(packed, &mut text).unwrap_or(0);
    text.truncate(length);
    text
}

fn run(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, files: &[Vec<u8>], sink: &mut dyn RecordSink) {
    let mut decoder = Decoder::default();
    group.bench_function(name, |bencher| {
        bencher.iter(|| files.iter().map(|file| decoder.read(Input::Bytes(file), sink).events).sum::<u64>());
    });
}

fn decode(criterion: &mut Criterion) {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs");
    let folder = std::env::var_os("TRAILMERE_BENCH_LOGS").map_or_else(beside, PathBuf::from);
    let mut packed = Vec::new();
    log_files(&folder, &mut packed);
    let plain: Vec<Vec<u8>> = packed.iter().map(|file| inflated(file)).collect();
    let mut group = criterion.benchmark_group("decode");
    // Bytes of raw JSON, whatever is read.
    group.throughput(Throughput::Bytes(plain.iter().map(|text| text.len() as u64).sum()));
    let builders = || Append(StoreType::ALL.map(EventBuilder::new).into_iter().collect());
    run(&mut group, "find", &plain, &mut Find);
    run(&mut group, "know", &plain, &mut Know);
    run(&mut group, "append", &plain, &mut builders());
    run(&mut group, "inflate", &packed, &mut Find);
    run(&mut group, "all", &packed, &mut builders());
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
