//! One of the conditions that all have to hold.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, Int32Array, RecordBatch, RecordBatchOptions, UInt32Array,
    new_null_array,
};
use arrow::compute::take;
use arrow::datatypes::{Int32Type, SchemaRef};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::{PhysicalExpr, split_conjunction};

use super::columns::{Columns, Source};
use super::decoded::Decoded;
use super::group::Group;
use super::input::{Input, Inputs};
use super::rows::Rows;

/// With fewer rows for each pair of texts, pairs are not decided beforehand.
const ROWS_A_PAIR: usize = 4;

/// Which of the sources has its texts coded.
type Coded<'a> = (usize, &'a DictionaryArray<Int32Type>);

/// A condition over what it reads.
#[derive(Clone, Debug)]
pub(crate) struct Conjunct {
    expr: Arc<dyn PhysicalExpr>,
    inputs: Inputs,
    schema: SchemaRef,
}

/// The conditions of a predicate over the table.
pub(crate) fn conjuncts(predicate: &Arc<dyn PhysicalExpr>, table: &TableSchema) -> Result<Vec<Conjunct>> {
    let of_expr = |expr: &Arc<dyn PhysicalExpr>| {
        let mut inputs = Inputs::default();
        let expr = inputs.rewrite(Arc::clone(expr), table)?;
        let schema = inputs.schema();
        Ok(Conjunct { expr, inputs, schema })
    };
    split_conjunction(predicate).into_iter().map(of_expr).collect()
}

impl Conjunct {
    /// What it costs in a row group; the cheapest comes first.
    pub(crate) fn cost(&self, group: &Group<'_>) -> u64 {
        self.inputs.list().iter().map(|input| group.cost(input)).sum()
    }

    /// The wanted rows that it holds for.
    pub(crate) async fn narrow(&self, group: &Group<'_>, rows: Rows) -> Result<Rows> {
        if self.inputs.list().iter().all(|input| matches!(input, Input::Partition(_))) {
            return self.of_constants(group, rows).await;
        }
        let sources = group.load(&self.inputs, &rows).await?;
        if let Some(narrowed) = self.of_dictionary(&sources, &rows)? {
            return Ok(narrowed);
        }
        let columns = Columns::new(sources, Arc::clone(&self.schema), rows.clone(), usize::MAX);
        let mut verdicts = vec![];
        for batch in columns {
            verdicts.push(self.evaluate(&batch?)?);
        }
        match verdicts.as_slice() {
            [] => Ok(rows.none()),
            [verdicts] => Ok(rows.keep(verdicts)),
            several => {
                let several: Vec<&dyn Array> = several.iter().map(|verdicts| verdicts as &dyn Array).collect();
                Ok(rows.keep(arrow::compute::concat(&several)?.as_boolean()))
            }
        }
    }

    async fn of_constants(&self, group: &Group<'_>, rows: Rows) -> Result<Rows> {
        let sources = group.load(&self.inputs, &Rows::All(1)).await?;
        let mut columns = Columns::new(sources, Arc::clone(&self.schema), Rows::All(1), 1);
        let holds = match columns.next() {
            Some(batch) => self.evaluate(&batch?)?.iter().any(|verdict| verdict == Some(true)),
            None => false,
        };
        Ok(if holds { rows } else { rows.none() })
    }

    /// Decided once for each different text, or pair of texts, where one column is read, or two, and these are fewer than
    /// the rows.
    fn of_dictionary(&self, sources: &[Source], rows: &Rows) -> Result<Option<Rows>> {
        let mut coded = vec![];
        for (index, source) in sources.iter().enumerate() {
            match source {
                Source::Constant(_) => {}
                Source::Kept(decoded) => match decoded.as_ref() {
                    Decoded::Coded(texts) => coded.push((index, texts)),
                    Decoded::Plain(_) => return Ok(None),
                },
                _ => return Ok(None),
            }
        }
        match coded.as_slice() {
            [one] => self.of_texts(sources, *one, rows),
            [one, other] => self.of_pairs(sources, (*one, *other), rows),
            _ => Ok(None),
        }
    }

    fn of_texts(&self, sources: &[Source], (index, coded): Coded<'_>, rows: &Rows) -> Result<Option<Rows>> {
        let (codes, values) = (coded.keys(), coded.values());
        if values.len() >= rows.len() {
            return Ok(None);
        }
        // A text that fails may stand in no wanted row: then it is for the rows to say.
        let Ok(verdicts) = self.over(sources, &[(index, Arc::clone(values))]) else { return Ok(None) };
        let null = match codes.null_count() {
            0 => false,
            _ => match self.over(sources, &[(index, new_null_array(values.data_type(), 1))]) {
                Ok(verdict) => verdict.iter().any(|verdict| verdict == Some(true)),
                Err(_) => return Ok(None),
            },
        };
        let holds: Vec<bool> = verdicts.iter().map(|verdict| verdict == Some(true)).collect();
        Ok(Some(match holds.iter().any(|holds| *holds) || null {
            true => rows.keep_codes(codes, &holds, null),
            false => rows.none(),
        }))
    }

    fn of_pairs(
        &self,
        sources: &[Source],
        ((one, left), (other, right)): (Coded<'_>, Coded<'_>),
        rows: &Rows,
    ) -> Result<Option<Rows>> {
        // NULL is one more text.
        let (height, width) = (left.values().len() + 1, right.values().len() + 1);
        if height * width * ROWS_A_PAIR > rows.len() {
            return Ok(None);
        }
        let every = |values: &ArrayRef, nth: &dyn Fn(u32) -> u32| {
            let places =
                (0..(height * width) as u32).map(|pair| Some(nth(pair)).filter(|nth| (*nth as usize) < values.len()));
            take(values, &places.collect::<UInt32Array>(), None)
        };
        let lefts = every(left.values(), &|pair| pair / width as u32)?;
        let rights = every(right.values(), &|pair| pair % width as u32)?;
        let Ok(verdicts) = self.over(sources, &[(one, lefts), (other, rights)]) else { return Ok(None) };
        let holds: Vec<bool> = verdicts.iter().map(|verdict| verdict == Some(true)).collect();
        let (left, right) = (places(left.keys(), height - 1), places(right.keys(), width - 1));
        Ok(Some(rows.keep_where(|row| holds[left(row) * width + right(row)])))
    }

    /// The verdicts over some columns, the others being constant.
    fn over(&self, sources: &[Source], columns: &[(usize, ArrayRef)]) -> Result<BooleanArray> {
        let length = columns.first().map_or(0, |(_, column)| column.len());
        let column = |(index, source): (usize, &Source)| match (columns.iter().find(|(at, _)| *at == index), source) {
            (Some((_, column)), _) => Ok(Arc::clone(column)),
            (None, Source::Constant(value)) => value.to_array_of_size(length),
            (None, _) => Err(DataFusionError::Internal(format!("the filter {} reads more columns", self.expr))),
        };
        let columns = sources.iter().enumerate().map(column).collect::<Result<Vec<_>>>()?;
        self.evaluate(&self.batch(columns, length)?)
    }

    fn batch(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let verdicts = self.expr.evaluate(batch)?.into_array(batch.num_rows())?;
        verdicts
            .as_boolean_opt()
            .cloned()
            .ok_or_else(|| DataFusionError::Internal(format!("the filter {} is no condition", self.expr)))
    }
}

/// Each row's code, or what stands for NULL.
fn places(codes: &Int32Array, null: usize) -> impl Fn(usize) -> usize {
    let (values, nulls) = (codes.values(), codes.nulls());
    move |row| match nulls.is_some_and(|nulls| nulls.is_null(row)) {
        true => null,
        false => values[row] as usize,
    }
}
