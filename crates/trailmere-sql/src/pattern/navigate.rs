//! Conditions and measures: expressions over values of rows that are navigated to.
//!
//! `PREV(LAST(A.x), 1) > sum(B.y)` becomes an expression over two slots: each is filled for a match and a row of it.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, StringViewArray, UInt32Array, new_null_array,
};
use arrow::compute::take;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{Accumulator, AggregateUDF};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::AggregateExprBuilder;

use super::machine::{Match, Rows};
use crate::function::field_of;
use crate::types::Type;

/// A condition or a measure.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    /// Which one of the pattern's.
    pub(crate) id: usize,
    pub(crate) slots: Vec<Slot>,
    /// Over the slots.
    pub(crate) expr: Arc<dyn PhysicalExpr>,
    pub(crate) schema: SchemaRef,
    pub(crate) ty: Type,
}

/// A value that a condition or a measure needs.
#[derive(Debug, Clone)]
pub(crate) enum Slot {
    /// An expression over one row.
    Value(RowExpr, Navigation),
    /// An aggregate over the rows with some labels.
    Aggregate { udaf: Arc<AggregateUDF>, args: Vec<RowExpr>, over: Selection, returns: Type },
    /// `MATCH_NUMBER()`
    MatchNumber,
}

/// An expression over `[columns of a row…, its label, the match's number]`.
#[derive(Debug, Clone)]
pub(crate) struct RowExpr {
    pub(crate) expr: Arc<dyn PhysicalExpr>,
    pub(crate) schema: SchemaRef,
    pub(crate) ty: Type,
    /// Whether it asks for the label, or for the match's number.
    pub(crate) of_match: bool,
}

/// Rows of a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Those with these labels; `None` for all.
    pub(crate) labels: Option<Vec<usize>>,
    /// FINAL: of the whole match; else up to the current row.
    pub(crate) of_whole: bool,
}

/// Which row of a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Navigation {
    pub(crate) among: Selection,
    /// FIRST rather than LAST.
    pub(crate) from_first: bool,
    /// How many further (FIRST) or before (LAST).
    pub(crate) logical: usize,
    /// NEXT (positive) or PREV (negative), over rows of the partition.
    pub(crate) physical: i64,
}

impl Selection {
    /// Rows of the partition, `at` being the current one of the match.
    fn rows(&self, found: &Match, at: Option<usize>) -> impl DoubleEndedIterator<Item = usize> {
        let end = if self.of_whole { found.labels.len() } else { at.map_or(0, |a| a + 1) };
        let chosen = move |i: &usize| self.labels.as_ref().is_none_or(|l| l.contains(&found.labels[*i]));
        (0..end).filter(chosen).map(|i| found.start + i)
    }
}

impl Navigation {
    fn row(&self, found: &Match, at: Option<usize>) -> Option<usize> {
        // FIRST counts from the match's beginning on, as far as it goes; LAST from the current row back.
        let whole = Selection { labels: self.among.labels.clone(), of_whole: true };
        let row = match self.from_first {
            true => whole.rows(found, at).nth(self.logical),
            false => self.among.rows(found, at).nth_back(self.logical),
        }?;
        let row = i64::try_from(row).ok()?.checked_add(self.physical)?;
        usize::try_from(row).ok().filter(|r| *r >= found.range.0 && *r < found.range.1)
    }
}

impl Condition {
    /// Whether the condition of `label` asks for nothing but the row itself and its neighbours.
    pub(crate) fn is_of_row(&self, label: usize) -> bool {
        self.slots.iter().all(|slot| match slot {
            Slot::Value(value, at) => {
                let here = at.among.labels.as_ref().is_none_or(|l| l.contains(&label));
                !value.of_match && !at.from_first && at.logical == 0 && here
            }
            _ => false,
        })
    }

    /// What can be computed for all rows at once.
    pub(crate) fn precompute(&self, columns: &[ArrayRef], rows: usize) -> DfResult<Vec<Option<ArrayRef>>> {
        let one = |slot: &Slot| match slot {
            Slot::Value(value, _) if !value.of_match => {
                let labels = new_null_array(&Type::VARCHAR.arrow(), rows);
                let number = new_null_array(&Type::BigInt.arrow(), rows);
                value.over(columns, labels, number).map(Some)
            }
            _ => Ok(None),
        };
        self.slots.iter().map(one).collect()
    }

    /// The value at row `at` of a match (`None` in a match without rows), as an array of one.
    pub(crate) fn evaluate(&self, rows: &Rows<'_>, found: &Match, at: Option<usize>) -> DfResult<ArrayRef> {
        let mut columns = Vec::with_capacity(self.slots.len());
        for (i, slot) in self.slots.iter().enumerate() {
            columns.push(match slot {
                Slot::MatchNumber => Arc::new(Int64Array::from(vec![found.number])),
                Slot::Value(value, navigation) => match navigation.row(found, at) {
                    None => new_null_array(&value.ty.arrow(), 1),
                    Some(row) => match rows.values[self.id].get(i) {
                        Some(Some(all)) => all.slice(row, 1),
                        _ => value.at(rows, found, &[row])?,
                    },
                },
                Slot::Aggregate { udaf, args, over, returns } => {
                    let chosen: Vec<usize> = over.rows(found, at).collect();
                    aggregated(udaf, args, rows, (found, &chosen), returns)?
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        self.expr.evaluate(&batch)?.into_array(1)
    }

    /// The schema of slots of these types.
    pub(crate) fn schema_of(types: &[Type]) -> SchemaRef {
        Arc::new(Schema::new(types.iter().enumerate().map(|(i, t)| field_of(&format!("s{i}"), t)).collect::<Vec<_>>()))
    }
}

impl RowExpr {
    fn over(&self, columns: &[ArrayRef], labels: ArrayRef, number: ArrayRef) -> DfResult<ArrayRef> {
        let rows = labels.len();
        let columns = columns.iter().cloned().chain([labels, number]).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        self.expr.evaluate(&batch)?.into_array(rows)
    }

    /// The values at rows of the partition; a row outside of the match has no label.
    fn at(&self, rows: &Rows<'_>, found: &Match, chosen: &[usize]) -> DfResult<ArrayRef> {
        let indices = UInt32Array::from_iter_values(chosen.iter().map(|r| *r as u32));
        let columns = rows.columns.iter().map(|c| take(c, &indices, None)).collect::<Result<Vec<_>, _>>()?;
        let label = |row: &usize| {
            let i = row.checked_sub(found.start)?;
            found.labels.get(i).map(|l| rows.labels()[*l].as_str())
        };
        let labels: StringViewArray = chosen.iter().map(label).collect();
        let number = Int64Array::from(vec![found.number; chosen.len()]);
        self.over(&columns, Arc::new(labels), Arc::new(number))
    }
}

fn aggregated(
    udaf: &Arc<AggregateUDF>,
    args: &[RowExpr],
    rows: &Rows<'_>,
    (found, chosen): (&Match, &[usize]),
    returns: &Type,
) -> DfResult<ArrayRef> {
    let types: Vec<Type> = args.iter().map(|a| a.ty.clone()).collect();
    let mut accumulator = accumulator(udaf, &types)?;
    if !chosen.is_empty() {
        let values = args.iter().map(|a| a.at(rows, found, chosen)).collect::<DfResult<Vec<_>>>()?;
        accumulator.update_batch(&values)?;
    }
    let value: ScalarValue = accumulator.evaluate()?;
    let array = value.to_array()?;
    debug_assert!(array.data_type() == &returns.arrow() || array.len() == 1, "an aggregate gives one value");
    Ok(array)
}

fn accumulator(udaf: &Arc<AggregateUDF>, types: &[Type]) -> DfResult<Box<dyn Accumulator>> {
    let schema = Condition::schema_of(types);
    let args = (0..types.len())
        .map(|i| datafusion::physical_expr::expressions::col(&format!("s{i}"), &schema))
        .collect::<DfResult<Vec<_>>>()?;
    let built = AggregateExprBuilder::new(Arc::clone(udaf), args).schema(schema).alias("measure").build()?;
    built.create_accumulator()
}
