//! One of the conditions that all have to hold.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::{PhysicalExpr, split_conjunction};

use super::columns::{Columns, Source};
use super::decoded::Decoded;
use super::group::Group;
use super::input::{Input, Inputs};
use super::rows::Rows;

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

    /// Decided once for each different text, where only one column is read and its texts are fewer than the rows.
    fn of_dictionary(&self, sources: &[Source], rows: &Rows) -> Result<Option<Rows>> {
        let mut coded = sources.iter().enumerate().filter_map(|(index, source)| match source {
            Source::Kept(decoded) => Some((index, decoded)),
            _ => None,
        });
        let (Some((index, decoded)), None) = (coded.next(), coded.next()) else { return Ok(None) };
        let Decoded::Coded(coded) = decoded.as_ref() else { return Ok(None) };
        let (codes, values) = (coded.keys(), coded.values());
        let is_constant = |source: &Source| matches!(source, Source::Constant(_));
        if values.len() >= rows.len() || sources.iter().filter(|source| !is_constant(source)).count() != 1 {
            return Ok(None);
        }
        let over = |texts: ArrayRef| {
            let columns = sources.iter().enumerate().map(|(other, source)| match source {
                Source::Constant(value) if other != index => value.to_array_of_size(texts.len()),
                _ => Ok(Arc::clone(&texts)),
            });
            self.evaluate(&self.batch(columns.collect::<Result<_>>()?, texts.len())?)
        };
        // A text that fails may stand in no wanted row: then it is for the rows to say.
        let Ok(verdicts) = over(Arc::clone(values)) else { return Ok(None) };
        let null = match codes.null_count() {
            0 => false,
            _ => match over(new_null_array(values.data_type(), 1)) {
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
