//! Lists read from pages against those that Parquet's own reader gives.

use arrow::array::{Array, AsArray, MapArray, MapBuilder, RecordBatch, StringBuilder};
use arrow::datatypes::{Int32Type, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::serialized_reader::SerializedPageReader;

use super::*;

type Entry = (String, Option<String>);

/// Maps with few keys, values that repeat and values that do not, some NULL, some empty.
fn maps(rows: usize) -> MapArray {
    let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for row in 0..rows {
        if row % 7 == 3 {
            maps.append(false).unwrap();
            continue;
        }
        for entry in 0..row % 5 {
            maps.keys().append_value(format!("key-{}", (row + entry * 3) % 11));
            match (row + entry) % 6 {
                0 => maps.values().append_null(),
                1 | 2 => maps.values().append_value(format!("a value of {row} that is {entry} and no other")),
                _ => maps.values().append_value("often"),
            }
        }
        maps.append(true).unwrap();
    }
    maps.finish()
}

fn written(maps: &MapArray, version: WriterVersion) -> Bytes {
    let properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_encoding(Encoding::PLAIN)
        .set_data_page_row_count_limit(100)
        .set_write_batch_size(50)
        .set_dictionary_page_size_limit(2_000)
        .set_data_page_size_limit(2_000);
    let field = Field::new("maps", maps.data_type().clone(), true);
    let rows = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::new(maps.clone())]).unwrap();
    let mut bytes = vec![];
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties.build())).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    bytes.into()
}

fn metadata(file: &Bytes) -> Arc<ParquetMetaData> {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file.clone(), options).unwrap();
    Arc::clone(reader.metadata())
}

/// Of keys and values: a value may be missing.
fn column(chunk: &ColumnChunkMetaData) -> Column<'_> {
    let leaf = chunk.column_descr();
    Column { leaf, entry_level: leaf.max_def_level() as u32 - u32::from(leaf.self_type().is_optional()) }
}

fn read(file: &Bytes, leaf: usize, rows: &[Range<usize>], is_partial: bool) -> ListArray {
    let metadata = metadata(file);
    let chunk = metadata.row_group(0).column(leaf);
    let pages = metadata.offset_index().unwrap()[0][leaf].page_locations.clone();
    let count = metadata.row_group(0).num_rows() as usize;
    let mut reader =
        SerializedPageReader::new(Arc::new(file.clone()), chunk, count, is_partial.then_some(pages)).unwrap();
    lists(&mut reader, &column(chunk), rows, is_partial).unwrap().unwrap()
}

/// A list's texts; `None` for one that is NULL.
fn texts(lists: &ListArray, row: usize) -> Option<Vec<Option<String>>> {
    lists.is_valid(row).then(|| {
        let list = lists.value(row);
        let coded = list.as_dictionary::<Int32Type>();
        let texts = coded.downcast_dict::<arrow::array::StringViewArray>().unwrap();
        texts.into_iter().map(|text| text.map(str::to_owned)).collect()
    })
}

fn entries(maps: &MapArray, row: usize) -> Option<Vec<Entry>> {
    maps.is_valid(row).then(|| {
        let entries = maps.value(row);
        let (keys, values) = (entries.column(0).as_string::<i32>(), entries.column(1).as_string::<i32>());
        keys.iter().zip(values).map(|(key, value)| (key.unwrap().to_owned(), value.map(str::to_owned))).collect()
    })
}

#[test]
fn keys_and_values_are_those_of_the_maps() {
    let maps = maps(1500);
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        let file = written(&maps, version);
        assert!(metadata(&file).offset_index().unwrap()[0][1].page_locations.len() > 5);
        let some = [3..4, 64..128, 700..705, 1499..1500];
        for (rows, is_partial) in
            [(std::iter::once(0..1500).collect(), false), (some.to_vec(), false), (some.to_vec(), true)]
        {
            let (keys, values) = (read(&file, 0, &rows, is_partial), read(&file, 1, &rows, is_partial));
            let wanted: Vec<usize> = rows.iter().cloned().flatten().collect();
            assert_eq!((keys.len(), values.len()), (wanted.len(), wanted.len()));
            for (nth, row) in wanted.into_iter().enumerate() {
                let entries = entries(&maps, row);
                let of =
                    |part: fn(&Entry) -> Option<String>| entries.as_ref().map(|all| all.iter().map(part).collect());
                assert_eq!(texts(&keys, nth), of(|entry| Some(entry.0.clone())), "the keys of row {row}");
                assert_eq!(texts(&values, nth), of(|entry| entry.1.clone()), "the values of row {row}");
            }
        }
    }
}

#[test]
fn single_entries_are_those_of_the_maps() {
    let maps = maps(1500);
    let file = written(&maps, WriterVersion::PARQUET_1_0);
    let metadata = metadata(&file);
    let chunk = metadata.row_group(0).column(1);
    let pages = &metadata.offset_index().unwrap()[0][1].page_locations;
    for step in [1, 17, 400] {
        let wanted: Vec<(u32, u32)> = (0..1500)
            .step_by(step)
            .filter_map(|row| Some((row as u32, entries(&maps, row)?.len().checked_sub(1)? as u32)))
            .collect();
        for is_partial in [false, true] {
            let locations = is_partial.then(|| pages.clone());
            let mut reader = SerializedPageReader::new(Arc::new(file.clone()), chunk, 1500, locations).unwrap();
            let read = picked(&mut reader, &column(chunk), &wanted, is_partial).unwrap().unwrap();
            let read = read.downcast_dict::<arrow::array::StringViewArray>().unwrap();
            let read: Vec<Option<String>> = read.into_iter().map(|text| text.map(str::to_owned)).collect();
            let of = |(row, entry): &(u32, u32)| entries(&maps, *row as usize).unwrap()[*entry as usize].1.clone();
            assert_eq!(read, wanted.iter().map(of).collect::<Vec<_>>(), "each {step}");
        }
    }
}

/// Whatever bytes a page has, it is read or refused.
#[test]
fn damaged_pages_are_refused() {
    let maps = maps(300);
    let file = written(&maps, WriterVersion::PARQUET_1_0);
    let metadata = metadata(&file);
    let chunk = metadata.row_group(0).column(1);
    let mut pages = vec![];
    let mut reader = SerializedPageReader::new(Arc::new(file.clone()), chunk, 300, None).unwrap();
    while let Some(page) = reader.get_next_page().unwrap() {
        pages.push(page);
    }
    let (mut refused, mut missed) = (0, 0);
    let last = |row: u32| Some((row, entries(&maps, row as usize)?.len().checked_sub(1)? as u32));
    let wanted: Vec<(u32, u32)> = (0..300).filter_map(last).collect();
    for damaged in 0..pages.len() {
        for at in 0..pages[damaged].buffer().len() {
            let page = match &pages[damaged] {
                Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, .. } => {
                    let (def_level_encoding, rep_level_encoding) = (*def_level_encoding, *rep_level_encoding);
                    let (num_values, encoding, statistics) = (*num_values, *encoding, None);
                    let buf = flipped(buf, at);
                    Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics }
                }
                Page::DictionaryPage { buf, num_values, encoding, is_sorted } => {
                    let (num_values, encoding, is_sorted) = (*num_values, *encoding, *is_sorted);
                    Page::DictionaryPage { buf: flipped(buf, at), num_values, encoding, is_sorted }
                }
                Page::DataPageV2 { .. } => panic!("a page of the second version"),
            };
            let all: Vec<Page> =
                pages[..damaged].iter().cloned().chain([page]).chain(pages[damaged + 1..].iter().cloned()).collect();
            let rows: Vec<Range<usize>> = std::iter::once(0..300).collect();
            let sink = Lists { rows: &rows, offsets: vec![], valid: vec![], codes: vec![] };
            let mut halves = Halves::new(&column(chunk), sink);
            let outcome = all.iter().map(|page| halves.add(page.clone())).collect::<Result<Vec<bool>>>();
            refused += usize::from(outcome.and_then(|_| halves.lists()).is_err());
            // Whatever rows seem to have, looking for entries in them ends.
            let sink = Picked { entries: &wanted, nth: 0, row: 0, codes: vec![] };
            let mut halves = Halves::new(&column(chunk), sink);
            let outcome = all.into_iter().map(|page| halves.add(page)).collect::<Result<Vec<bool>>>();
            missed += usize::from(outcome.is_err() || halves.sink.codes.len() != wanted.len());
        }
    }
    assert!(refused > 100 && missed > 100, "{refused} {missed}");
}

fn flipped(bytes: &Bytes, at: usize) -> Bytes {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 0xff;
    bytes.into()
}
