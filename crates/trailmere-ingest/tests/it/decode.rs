//! Does the decoder give the right rows, whatever the file is like? Held against a slow decoder of its own.

mod cells;
mod corpus;
mod damage;
mod generated;
mod oracle;
mod rules;
mod shapes;

use std::collections::BTreeMap;

use trailmere_ingest::decode::{
    Decoder, DecoderOptions, EventBuilder, FileEnd, FileReport, Input, RecordSink, Rejected, ScannedRecord,
};
use trailmere_model::{Result, StoreType};

use cells::Cell;

const LOG_FILE: &str = "AWSLogs/123456789012/CloudTrail/us-east-1/2024/01/01/a.json.gz";
const INGESTED: i64 = 1_700_000_000_000_000;

/// One event as it came out: its text and its row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) store_type: StoreType,
    pub(crate) index: u64,
    pub(crate) offset: u64,
    pub(crate) json: String,
    pub(crate) cells: Vec<(String, Cell)>,
}

impl Row {
    /// A cell by column, and below it by member.
    pub(crate) fn cell(&self, path: &str) -> Cell {
        let mut names = path.split('.');
        let column = names.next().unwrap();
        let (_, cell) =
            self.cells.iter().find(|(name, _)| name == column).unwrap_or_else(|| panic!("no column {column}"));
        names.fold(cell.clone(), |cell, name| cell.member(name))
    }
}

#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) index: u64,
    pub(crate) offset: u64,
    pub(crate) reason: String,
    pub(crate) bytes: Vec<u8>,
}

/// Everything that came of a file.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) rows: Vec<Row>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) report: FileReport,
}

impl Decoded {
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.report.end, FileEnd::Whole)
    }

    pub(crate) fn event_names(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.cell("eventname").to_string()).collect()
    }
}

pub(crate) fn decode(bytes: &[u8]) -> Decoded {
    decode_with(DecoderOptions::default(), Input::Bytes(bytes))
}

pub(crate) fn decode_with(options: DecoderOptions, input: Input<'_>) -> Decoded {
    read(&mut Decoder::new(options), input)
}

pub(crate) fn read(decoder: &mut Decoder, input: Input<'_>) -> Decoded {
    let mut sink = Sink::default();
    let report = decoder.read(input, &mut sink);
    assert_eq!(report.records, report.events + report.rejected + report.skipped);
    assert_eq!(report.events as usize, sink.seen.len());
    assert_eq!(report.rejected as usize, sink.refused.len());
    let mut rows_of: BTreeMap<StoreType, std::vec::IntoIter<Vec<(String, Cell)>>> = BTreeMap::new();
    for (store_type, mut builder) in sink.builders {
        let count = builder.len();
        let batch = builder.finish().unwrap();
        assert_eq!((batch.num_rows(), builder.len()), (count, 0));
        assert_eq!(batch.schema(), trailmere_model::storage_schema(store_type));
        rows_of.insert(store_type, cells::rows(&batch).into_iter());
    }
    let rows = sink.seen.into_iter().map(|(store_type, index, offset, json)| {
        let cells = rows_of.get_mut(&store_type).unwrap().next().unwrap();
        Row { store_type, index, offset, json, cells }
    });
    Decoded { rows: rows.collect(), refused: sink.refused, report }
}

#[derive(Default)]
struct Sink {
    builders: BTreeMap<StoreType, EventBuilder>,
    seen: Vec<(StoreType, u64, u64, String)>,
    refused: Vec<Refused>,
}

impl RecordSink for Sink {
    fn record(&mut self, record: &ScannedRecord<'_>) -> Result<()> {
        let store_type = record.store_type();
        oracle::check_facts(record);
        self.seen.push((store_type, record.index(), record.offset(), record.json().to_string()));
        let builder = self.builders.entry(store_type).or_insert_with(|| EventBuilder::new(store_type));
        builder.append(record, LOG_FILE, INGESTED)
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> Result<()> {
        let Rejected { index, offset, reason, bytes } = rejected.clone();
        self.refused.push(Refused { index, offset, reason, bytes: bytes.to_vec() });
        Ok(())
    }
}

/// A log file of these records.
pub(crate) fn log_file(records: &[&str]) -> String {
    format!("{{\"Records\":[{}]}}", records.join(","))
}

/// A small management event of this name.
pub(crate) fn event(name: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/{name}"}},"eventTime":"2024-01-01T00:00:01Z","eventSource":"ec2.amazonaws.com","eventName":"{name}","awsRegion":"us-east-1","requestParameters":{{"a":{{"b":[1,"x"]}}}},"eventID":"id-{name}","eventCategory":"Management"}}"#
    )
}

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut packed = vec![0; compressor.gzip_compress_bound(text.len())];
    let length = compressor.gzip_compress(text, &mut packed).unwrap();
    packed.truncate(length);
    packed
}
