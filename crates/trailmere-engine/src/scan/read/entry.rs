//! The entries of a map that have some keys: found among the keys alone, so that only their values are read.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, ListArray, StringViewArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::Int32Type;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use parquet::column::page::PageReader;

use super::columns::Source;
use super::decoded::Decoded;
use super::group::Group;
use super::halves::{Column, picked};
use super::input::Input;
use super::kept::Place;
use super::rows::Rows;
use super::shape::Part;

/// Rows of a row group that have a key.
struct Found {
    /// The rows, ascending.
    rows: UInt32Array,
    /// Of each wanted row, which of `rows` it is, if it has the key.
    indexes: Vec<Option<u32>>,
    /// Of each of `rows`, at which of its entries the key is.
    entries: Vec<u32>,
}

impl Group<'_> {
    /// The values of a map's entries that have one of these keys, a source for each; kept at their places, if wanted.
    pub(super) async fn entries(
        &self,
        map: &Arc<[String]>,
        wanted: &[(Arc<str>, Place)],
        keep: bool,
        rows: &Rows,
    ) -> Result<Vec<Source>> {
        let rows = if keep { Rows::All(self.rows()) } else { rows.clone() };
        let Some((keys, positions)) = self.keys(map, &rows).await? else {
            return Ok(wanted.iter().map(|_| Source::Constant(ScalarValue::Utf8View(None))).collect());
        };
        let find = |(key, _): &(Arc<str>, Place)| find(keys.as_list::<i32>(), key, &rows, positions.as_ref());
        let texts = self.values(map, wanted.iter().map(find).collect()).await?;
        let source = |(texts, (_, place)): (Texts, &(Arc<str>, Place))| {
            if !keep {
                return Ok(Source::Few(texts.array()));
            }
            let decoded = Arc::new(texts.kept()?);
            self.scan.kept().put(place.clone(), Arc::clone(&decoded));
            Ok(Source::Kept(decoded))
        };
        texts.into_iter().zip(wanted).map(source).collect()
    }

    /// Lists of the keys of a map, and where in them the wanted rows are, if not at their own places; `None` if the file
    /// has no such map.
    async fn keys(&self, map: &Arc<[String]>, wanted: &Rows) -> Result<Option<(ArrayRef, Option<UInt32Array>)>> {
        let Some(shape) = self.shape(map, Part::Keys)? else { return Ok(None) };
        let (keys, positions) = self.pieces(self.place(Input::Keys(Arc::clone(map))), &shape, wanted).await?;
        Ok(keys.as_list_opt::<i32>().is_some().then_some((keys, positions)))
    }

    /// The values of the entries that were found for each key, one for each wanted row. What several keys need is read
    /// and inflated once.
    async fn values(&self, map: &Arc<[String]>, found: Vec<Found>) -> Result<Vec<Texts>> {
        let all = together(&found);
        let shape = self.shape(map, Part::Values)?.filter(|_| !all.is_empty());
        let Some(shape) = shape else {
            return Ok(found.iter().map(|found| Texts::Plain(found.no_values())).collect());
        };
        let mut at: Vec<u32> = all.iter().map(|((row, _), _)| *row).collect();
        at.dedup();
        let rows = Rows::Some { of: self.rows(), at: at.into() };
        let blocks = rows.blocks().filter(|blocks| blocks.rows * 2 < self.rows());
        let selection = blocks.as_ref().map(|blocks| &blocks.selection);
        let pages = self.pages(&[(&shape.leaves, selection)]).await?.pop().unwrap_or_default();
        let entries: Vec<(u32, u32)> = all.iter().map(|(entry, _)| *entry).collect();
        let read =
            |reader: &mut dyn PageReader, column: &Column<'_>| picked(reader, column, &entries, selection.is_some());
        if let Some(picked) = self.half(&shape, &pages, selection.is_some(), read)? {
            return found.iter().enumerate().map(|(nth, found)| found.coded(&picked, &all, nth)).collect();
        }
        let lists = self.lists_of((&shape, pages), blocks.as_ref())?;
        let lists: &ListArray = lists
            .as_list_opt()
            .ok_or_else(|| DataFusionError::Internal(format!("the values of {} are no lists", map.join("."))))?;
        let positions = blocks.as_ref().map(|blocks| &blocks.positions);
        found.iter().map(|found| Ok(Texts::Plain(found.values(lists, (&rows, positions))?))).collect()
    }
}

/// An entry, by its row and where in its list it is, and for which key it was found.
type Entry = ((u32, u32), usize);

/// The entries that were found for all keys, in their order.
fn together(found: &[Found]) -> Vec<Entry> {
    let of_key = |(nth, found): (usize, &Found)| {
        let entries = found.entries.iter().zip(found.rows.values());
        entries.map(move |(entry, row)| ((*row, *entry), nth)).collect::<Vec<_>>()
    };
    let mut all: Vec<Entry> = found.iter().enumerate().flat_map(of_key).collect();
    if found.len() > 1 {
        all.sort_unstable();
    }
    all
}

/// Looks for a key in the wanted rows, whose lists of keys are at `positions`, or at their own places.
fn find(keys: &ListArray, key: &str, wanted: &Rows, positions: Option<&UInt32Array>) -> Found {
    let lists = (keys, positions);
    match keys.values().as_dictionary_opt::<Int32Type>() {
        Some(coded) => {
            let is_key: Vec<bool> = match (coded.values().as_string_view_opt(), coded.values().as_string_opt::<i32>()) {
                (Some(texts), _) => texts.iter().map(|text| text == Some(key)).collect(),
                (None, Some(texts)) => texts.iter().map(|text| text == Some(key)).collect(),
                (None, None) => vec![],
            };
            let codes = coded.keys().values();
            match is_key.iter().filter(|is_key| **is_key).count() {
                0 => find_where(lists, wanted, |_| false),
                1 => {
                    let code = is_key.iter().position(|is_key| *is_key).unwrap_or_default() as i32;
                    find_where(lists, wanted, |at| codes[at] == code)
                }
                _ => find_where(lists, wanted, |at| is_key[codes[at] as usize]),
            }
        }
        None => match keys.values().as_string_view_opt() {
            Some(texts) => find_where(lists, wanted, |at| texts.value(at) == key),
            None => match keys.values().as_string_opt::<i32>() {
                Some(texts) => find_where(lists, wanted, |at| texts.value(at) == key),
                None => find_where(lists, wanted, |_| false),
            },
        },
    }
}

fn find_where(
    (keys, positions): (&ListArray, Option<&UInt32Array>),
    wanted: &Rows,
    is_key: impl Fn(usize) -> bool,
) -> Found {
    let offsets = keys.value_offsets();
    let (mut at, mut entries) = (Vec::new(), Vec::new());
    let mut indexes = Vec::with_capacity(wanted.len());
    for nth in 0..wanted.len() {
        let row = wanted.nth(nth);
        let list = positions.map_or(row as usize, |positions| positions.value(nth) as usize);
        let (start, end) = (offsets[list] as usize, offsets[list + 1] as usize);
        let entry = if keys.is_valid(list) { (start..end).find(|at| is_key(*at)) } else { None };
        indexes.push(entry.map(|entry| {
            at.push(row);
            entries.push((entry - start) as u32);
            at.len() as u32 - 1
        }));
    }
    Found { rows: UInt32Array::from(at), indexes, entries }
}

impl Found {
    /// The value of each wanted row, of the texts that were picked for all keys, of which this is the `nth`.
    fn coded(&self, picked: &DictionaryArray<Int32Type>, all: &[Entry], nth: usize) -> Result<Texts> {
        let codes = picked.keys().iter().zip(all).filter(|(_, (_, key))| *key == nth).map(|(code, _)| code);
        // Without the texts of other keys.
        let (mut places, mut texts) = (vec![-1; picked.values().len()], vec![]);
        let mut own = |code: i32| {
            let place: &mut i32 = &mut places[code as usize];
            if *place < 0 {
                *place = texts.len() as i32;
                texts.push(code as u32);
            }
            *place
        };
        let codes: Vec<Option<i32>> = codes.map(|code| code.map(&mut own)).collect();
        let codes: Int32Array = self.indexes.iter().map(|index| codes[index.as_ref().copied()? as usize]).collect();
        let texts = take(picked.values(), &UInt32Array::from(texts), None)?;
        Ok(Texts::Coded(DictionaryArray::try_new(codes, texts)?))
    }

    /// The value of each wanted row, of the lists of some rows, which are at `positions`, or at their own places.
    fn values(&self, values: &ListArray, (rows, positions): (&Rows, Option<&UInt32Array>)) -> Result<ArrayRef> {
        let offsets = values.value_offsets();
        let list = |row: u32| match (rows, positions) {
            (Rows::Some { at, .. }, Some(positions)) => positions.value(at.values().partition_point(|at| *at < row)),
            _ => row,
        };
        let place =
            |index: u32| offsets[list(self.rows.value(index as usize)) as usize] as u32 + self.entries[index as usize];
        let places: UInt32Array = self.indexes.iter().map(|index| index.map(place)).collect();
        let found = take(values.values(), &places, None)?;
        // Without the texts of all other keys.
        Ok(match found.as_string_view_opt() {
            Some(texts) => Arc::new(texts.gc()),
            None => found,
        })
    }

    /// One value that is NULL for each wanted row.
    fn no_values(&self) -> ArrayRef {
        Arc::new(StringViewArray::new_null(self.indexes.len()))
    }
}

/// Texts, one for each wanted row.
enum Texts {
    Plain(ArrayRef),
    /// By their positions among texts of which some may be the same.
    Coded(DictionaryArray<Int32Type>),
}

impl Texts {
    /// As they are.
    fn array(self) -> ArrayRef {
        match self {
            Texts::Plain(texts) => texts,
            Texts::Coded(coded) => Arc::new(coded),
        }
    }

    fn plain(self) -> Result<ArrayRef> {
        match self {
            Texts::Plain(texts) => Ok(texts),
            Texts::Coded(coded) => {
                let texts = take(coded.values(), coded.keys(), None)?;
                Ok(texts.as_string_view_opt().map_or(Arc::clone(&texts), |texts| Arc::new(texts.gc())))
            }
        }
    }

    /// By their positions in a dictionary, if few differ.
    fn kept(self) -> Result<Decoded> {
        let known = match &self {
            Texts::Plain(texts) => texts.as_string_view_opt().and_then(|texts| distinct(texts, 0..texts.len())),
            Texts::Coded(coded) => {
                let (texts, codes) = (coded.values().as_string_view_opt(), coded.keys());
                // One that is NULL is at no place.
                let places = codes.iter().map(|code| code.map_or(usize::MAX, |code| code as usize));
                texts.and_then(|texts| distinct(texts, places))
            }
        };
        match known {
            Some((codes, texts)) => Ok(Decoded::Coded(DictionaryArray::try_new(codes, Arc::new(texts))?)),
            None => Ok(Decoded::Plain(self.plain()?)),
        }
    }
}

/// The texts at some places, each once, and which of them is at each place; `None` if many differ.
fn distinct(
    texts: &StringViewArray,
    places: impl ExactSizeIterator<Item = usize>,
) -> Option<(Int32Array, StringViewArray)> {
    let most = places.len() / 4 + 1;
    let mut known: HashMap<&str, i32, foldhash::fast::RandomState> = HashMap::default();
    let mut by_place: Vec<Option<i32>> = vec![None; texts.len()];
    let mut codes = Vec::with_capacity(places.len());
    let mut dictionary = vec![];
    for place in places {
        let code = match by_place.get(place) {
            None => None,
            Some(Some(code)) => Some(*code),
            Some(None) if texts.is_null(place) => None,
            Some(None) => {
                let next = known.len() as i32;
                let code = *known.entry(texts.value(place)).or_insert(next);
                if code == next {
                    dictionary.push(texts.value(place));
                }
                by_place[place] = Some(code);
                Some(code)
            }
        };
        codes.push(code);
        if known.len() > most {
            return None;
        }
    }
    Some((Int32Array::from(codes), StringViewArray::from(dictionary)))
}
