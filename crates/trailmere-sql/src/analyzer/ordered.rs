//! `array_agg(x ORDER BY y) OVER (…)`: DataFusion gives an aggregate of a window its rows in the window's order, so this one
//! keeps them and sorts them anew for each answer.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::{SortOptions, concat, take};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::row::{RowConverter, SortField};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::Sort;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};
use datafusion::physical_expr::aggregate::AggregateExprBuilder;

use crate::error::fail;

/// `inner` over its arguments, sorted by what follows them.
pub(super) fn ordered(inner: &Arc<AggregateUDF>, args: usize, by: &[Sort]) -> Arc<AggregateUDF> {
    let option = |s: &Sort| SortOptions { descending: !s.asc, nulls_first: s.nulls_first };
    let udaf = Ordered {
        inner: Arc::clone(inner),
        args,
        by: by.iter().map(option).collect(),
        signature: Signature::any(args + by.len(), Volatility::Immutable),
    };
    Arc::new(AggregateUDF::new_from_impl(udaf))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Ordered {
    inner: Arc<AggregateUDF>,
    args: usize,
    by: Vec<SortOptions>,
    signature: Signature,
}

impl AggregateUDFImpl for Ordered {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> DfResult<DataType> {
        self.inner.return_type(&types[..self.args])
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> DfResult<Box<dyn Accumulator>> {
        let types: Vec<DataType> = args.expr_fields.iter().map(|f| f.data_type().clone()).collect();
        let distinct = args.is_distinct;
        let kept = types.iter().map(|_| vec![]).collect();
        Ok(Box::new(Kept {
            inner: Arc::clone(&self.inner),
            args: self.args,
            by: self.by.clone(),
            types,
            distinct,
            kept,
            left: 0,
        }))
    }
}

/// The rows of a frame.
#[derive(Debug)]
struct Kept {
    inner: Arc<AggregateUDF>,
    args: usize,
    by: Vec<SortOptions>,
    types: Vec<DataType>,
    distinct: bool,
    /// Batches of each column.
    kept: Vec<Vec<ArrayRef>>,
    /// Rows at the start that a sliding frame has left behind.
    left: usize,
}

impl Kept {
    fn columns(&self) -> DfResult<Vec<ArrayRef>> {
        let whole = |parts: &Vec<ArrayRef>| {
            let parts: Vec<&dyn Array> = parts.iter().map(|p| p.as_ref()).collect();
            let all = concat(&parts)?;
            Ok(all.slice(self.left, all.len() - self.left))
        };
        self.kept.iter().map(whole).collect()
    }

    /// The arguments in the order of the keys; equal keys keep the order in which they came.
    fn sorted(&self) -> DfResult<Vec<ArrayRef>> {
        let columns = self.columns()?;
        let (args, keys) = columns.split_at(self.args);
        let fields = self.types[self.args..].iter().zip(&self.by);
        let fields = fields.map(|(t, o)| SortField::new_with_options(t.clone(), *o)).collect();
        let rows = RowConverter::new(fields)?.convert_columns(keys)?;
        let mut order: Vec<u32> = (0..rows.num_rows() as u32).collect();
        order.sort_by(|a, b| rows.row(*a as usize).cmp(&rows.row(*b as usize)));
        let order = UInt32Array::from(order);
        args.iter().map(|a| Ok(take(a, &order, None)?)).collect()
    }

    fn fresh(&self) -> DfResult<Box<dyn Accumulator>> {
        let field = |(i, t): (usize, &DataType)| Field::new(format!("a{i}"), t.clone(), true);
        let fields: Vec<Field> = self.types[..self.args].iter().enumerate().map(field).collect();
        let schema = Arc::new(Schema::new(fields));
        let args = (0..self.args).map(|i| datafusion::physical_expr::expressions::col(&format!("a{i}"), &schema));
        let args = args.collect::<DfResult<Vec<_>>>()?;
        let built = AggregateExprBuilder::new(Arc::clone(&self.inner), args).schema(schema).alias("ordered");
        let built = if self.distinct { built.distinct() } else { built };
        built.build()?.create_accumulator()
    }
}

impl Accumulator for Kept {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        if values.first().is_some_and(|v| !v.is_empty()) {
            self.kept.iter_mut().zip(values).for_each(|(parts, v)| parts.push(Arc::clone(v)));
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        self.left += values.first().map_or(0, |v| v.len());
        while self.kept.first().and_then(|parts| parts.first()).is_some_and(|p| p.len() <= self.left) {
            self.left -= self.kept[0][0].len();
            self.kept.iter_mut().for_each(|parts| {
                parts.remove(0);
            });
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> DfResult<ScalarValue> {
        let mut inner = self.fresh()?;
        if self.kept.first().is_some_and(|parts| !parts.is_empty()) {
            inner.update_batch(&self.sorted()?)?;
        }
        inner.evaluate()
    }

    fn size(&self) -> usize {
        let arrays = self.kept.iter().flatten().map(|a| a.get_array_memory_size()).sum::<usize>();
        arrays + size_of_val(self)
    }

    fn state(&mut self) -> DfResult<Vec<ScalarValue>> {
        fail("an ordered aggregate of a window has no partial state")
    }

    fn merge_batch(&mut self, _: &[ArrayRef]) -> DfResult<()> {
        fail("an ordered aggregate of a window has no partial state")
    }
}
