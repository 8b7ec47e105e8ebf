//! The entries of a map that have one key: found among the keys alone, so that only their values are read.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, ListArray, StringViewArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::Int32Type;
use datafusion::common::Result;

use super::decoded::Decoded;
use super::rows::Rows;

/// Rows of a row group that have a key.
pub(crate) struct Found {
    /// The rows.
    pub(crate) rows: Rows,
    /// Of each wanted row, which of `rows` it is, if it has the key.
    indexes: Vec<Option<u32>>,
    /// Of each of `rows`, at which of its entries the key is.
    entries: Vec<u32>,
}

/// Looks for a key in the wanted rows, whose lists of keys are at `positions`, or at their own places.
pub(crate) fn find(keys: &ListArray, key: &str, wanted: &Rows, positions: Option<&UInt32Array>) -> Found {
    let lists = (keys, positions);
    match keys.values().as_dictionary_opt::<Int32Type>() {
        Some(coded) => {
            let texts = coded.values().as_string_opt::<i32>();
            let is_key: Vec<bool> =
                texts.map_or_else(Vec::new, |texts| texts.iter().map(|text| text == Some(key)).collect());
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
    Found { rows: Rows::Some { of: wanted.of(), at: UInt32Array::from(at) }, indexes, entries }
}

impl Found {
    /// The value of each wanted row; `positions` say where in `values` each found row stands.
    pub(crate) fn values(&self, values: &ListArray, positions: &UInt32Array) -> Result<ArrayRef> {
        let offsets = values.value_offsets();
        let place = |index: u32| {
            let list = positions.value(index as usize) as usize;
            offsets[list] as u32 + self.entries[index as usize]
        };
        let places: UInt32Array = self.indexes.iter().map(|index| index.map(place)).collect();
        let found = take(values.values(), &places, None)?;
        // Without the texts of all other keys.
        Ok(match found.as_string_view_opt() {
            Some(texts) => Arc::new(texts.gc()),
            None => found,
        })
    }

    /// One value that is NULL for each wanted row.
    pub(crate) fn no_values(&self) -> ArrayRef {
        Arc::new(StringViewArray::new_null(self.indexes.len()))
    }
}

/// Texts by their positions in a dictionary, if few differ.
pub(crate) fn coded(values: ArrayRef) -> Decoded {
    let Some(texts) = values.as_string_view_opt() else { return Decoded::Plain(values) };
    let most = texts.len() / 4 + 1;
    let mut known: HashMap<&str, i32> = HashMap::new();
    let mut codes = Vec::with_capacity(texts.len());
    for text in texts {
        codes.push(text.map(|text| {
            let next = known.len() as i32;
            *known.entry(text).or_insert(next)
        }));
        if known.len() > most {
            return Decoded::Plain(values);
        }
    }
    let mut dictionary = vec![""; known.len()];
    for (text, code) in known {
        dictionary[code as usize] = text;
    }
    let dictionary = Arc::new(StringViewArray::from(dictionary));
    match DictionaryArray::<Int32Type>::try_new(Int32Array::from(codes), dictionary) {
        Ok(coded) => Decoded::Coded(coded),
        Err(_) => Decoded::Plain(values),
    }
}
