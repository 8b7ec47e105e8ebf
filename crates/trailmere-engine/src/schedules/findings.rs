//! What did a run find: how many rows, which first ones, and are they the same as another run's?

use arrow::array::RecordBatch;
use serde_json::Value;
use sha2::{Digest, Sha256};
use trailmere_model::{Error, Result, nearest};
use trailmere_sql::{OutputColumn, render};

/// Rows that are kept for messages and for telling findings apart; a longer result is counted and hashed all the same.
const KEPT_ROWS: usize = 1_000;

/// What a result comes to, whatever the order of its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Findings {
    /// The names of the columns.
    pub(crate) columns: Vec<String>,
    /// How many rows there are.
    pub(crate) rows: u64,
    /// The first rows.
    pub(crate) first: Vec<Row>,
    /// Equal for equal rows, in whatever order they come.
    pub(crate) hash: String,
}

/// A row of a result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Its values as JSON.
    pub(crate) cells: Vec<Value>,
    /// Equal for rows that are the same finding.
    pub(crate) key: String,
}

/// Gathers findings from batches as they come.
pub(crate) struct Gatherer {
    columns: Vec<OutputColumn>,
    keys: Vec<usize>,
    first: Vec<Row>,
    rows: u64,
    sum: u128,
}

impl Gatherer {
    /// For a result of these columns, with findings that are the same if they agree in the columns `dedupe_by`.
    pub(crate) fn new(columns: &[OutputColumn], dedupe_by: &[String]) -> Result<Self> {
        let keys = dedupe_by.iter().map(|name| position(columns, name)).collect::<Result<Vec<_>>>()?;
        Ok(Gatherer { columns: columns.to_vec(), keys, first: vec![], rows: 0, sum: 0 })
    }

    /// Takes a batch in.
    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        for row in 0..batch.num_rows() {
            let cells: Vec<Value> = self
                .columns
                .iter()
                .zip(batch.columns())
                .map(|(column, array)| render::json(&column.ty, array.as_ref(), row))
                .collect();
            // A sum does not care for the order of its terms, and unlike an exclusive or it counts equal rows.
            self.sum = self.sum.wrapping_add(number(&cells));
            self.rows += 1;
            if self.first.len() < KEPT_ROWS {
                let key = self.key(&cells);
                self.first.push(Row { cells, key });
            }
        }
    }

    /// What was found.
    pub(crate) fn finish(self) -> Findings {
        let columns: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        let hash = short_hash(&format!("{columns:?} {} {:032x}", self.rows, self.sum));
        Findings { columns, rows: self.rows, first: self.first, hash }
    }

    fn key(&self, cells: &[Value]) -> String {
        if self.keys.is_empty() {
            return String::new();
        }
        let chosen: Vec<&Value> = self.keys.iter().filter_map(|at| cells.get(*at)).collect();
        short_hash(&serde_json::to_string(&chosen).unwrap_or_default())
    }
}

fn position(columns: &[OutputColumn], name: &str) -> Result<usize> {
    columns.iter().position(|column| column.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let error = Error::invalid(format!("the result has no column `{name}` to tell findings apart by"));
        match nearest(name, columns.iter().map(|column| column.name.as_str())) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        }
    })
}

fn number(cells: &[Value]) -> u128 {
    let text = serde_json::to_vec(cells).unwrap_or_default();
    let digest = Sha256::digest(&text);
    digest.iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte))
}

/// 32 hexadecimal digits of a text's SHA-256.
pub(crate) fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringViewArray};
    use trailmere_sql::Type;

    use super::*;

    fn batch(rows: &[(&str, i64)]) -> RecordBatch {
        let names: StringViewArray = rows.iter().map(|(name, _)| Some(*name)).collect();
        let counts: Int64Array = rows.iter().map(|(_, count)| Some(*count)).collect();
        RecordBatch::try_from_iter([("who", Arc::new(names) as ArrayRef), ("n", Arc::new(counts) as ArrayRef)]).unwrap()
    }

    fn gathered(batches: &[RecordBatch], dedupe_by: &[&str]) -> Findings {
        let columns =
            [("who", Type::VARCHAR), ("n", Type::BigInt)].map(|(name, ty)| OutputColumn { name: name.into(), ty });
        let keys: Vec<String> = dedupe_by.iter().map(ToString::to_string).collect();
        let mut gatherer = Gatherer::new(&columns, &keys).unwrap();
        batches.iter().for_each(|batch| gatherer.add(batch));
        gatherer.finish()
    }

    #[test]
    fn the_same_rows_in_another_order_are_the_same_result() {
        let one = gathered(&[batch(&[("a", 1), ("b", 2), ("b", 2)])], &[]);
        let other = gathered(&[batch(&[("b", 2)]), batch(&[("b", 2), ("a", 1)])], &[]);
        assert_eq!(one.hash, other.hash);
        assert_eq!((one.rows, one.first[0].cells[1].clone()), (3, Value::from(1)));
        for different in [&[("a", 1), ("b", 2)][..], &[("a", 1), ("b", 2), ("a", 1)], &[("a", 2), ("b", 1), ("b", 2)]] {
            assert_ne!(gathered(&[batch(different)], &[]).hash, one.hash, "{different:?}");
        }
    }

    #[test]
    fn findings_are_told_apart_by_the_columns_that_were_named() {
        let found = gathered(&[batch(&[("a", 1), ("a", 2), ("b", 1)])], &["WHO"]);
        let keys: Vec<&str> = found.first.iter().map(|row| row.key.as_str()).collect();
        assert_eq!(keys[0], keys[1]);
        assert_ne!(keys[0], keys[2]);
        let columns = [OutputColumn { name: "principal".into(), ty: Type::VARCHAR }];
        let error = Gatherer::new(&columns, &["principle".into()]).err().unwrap();
        assert_eq!(error.advice(), Some("did you mean `principal`?"));
    }
}
