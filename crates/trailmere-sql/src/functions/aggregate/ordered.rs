//! How does any aggregate take its rows in an order where DataFusion gives none, as with OVER? It sorts what it kept.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, TypeSignature, Volatility};
use datafusion::physical_expr::PhysicalExpr;

use super::collect::take_all;
use super::replay::{Kept, in_order as sorted, list_of};

/// The aggregate over the arguments before the last `order.len()`, which are the sort keys.
pub(crate) fn in_order(inner: Arc<AggregateUDF>, order: Vec<SortOptions>) -> AggregateUDF {
    let arity = match &inner.signature().type_signature {
        TypeSignature::Any(n) => TypeSignature::Any(n + order.len()),
        _ => TypeSignature::VariadicAny,
    };
    AggregateUDF::new_from_impl(Ordered { inner, order, signature: Signature::new(arity, Volatility::Immutable) })
}

struct Ordered {
    inner: Arc<AggregateUDF>,
    order: Vec<SortOptions>,
    signature: Signature,
}

impl Ordered {
    fn own<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        &all[..all.len().saturating_sub(self.order.len())]
    }
}

impl fmt::Debug for Ordered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ORDER BY {:?}", self.inner.name(), self.order)
    }
}

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner && self.order == other.order
    }
}

impl Eq for Ordered {}

impl Hash for Ordered {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.inner, &self.order).hash(state);
    }
}

impl AggregateUDFImpl for Ordered {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, args: &[DataType]) -> DfResult<DataType> {
        self.inner.return_type(self.own(args))
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> DfResult<Box<dyn Accumulator>> {
        let types = args.expr_fields.iter().map(|f| f.data_type().clone()).collect();
        Ok(Box::new(Sorting {
            inner: Arc::clone(&self.inner),
            order: self.order.clone(),
            kept: Kept::new(types),
            call: OwnedCall {
                return_field: args.return_field,
                schema: args.schema.clone(),
                ignore_nulls: args.ignore_nulls,
                is_distinct: args.is_distinct,
                name: args.name.to_string(),
                exprs: self.own(args.exprs).to_vec(),
                expr_fields: self.own(args.expr_fields).to_vec(),
            },
        }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DfResult<Vec<FieldRef>> {
        let field = |(i, f): (usize, &FieldRef)| {
            let name = format_state_name(args.name, &format!("state{i}"));
            Arc::new(Field::new(name, list_of(f.data_type()), true))
        };
        Ok(args.input_fields.iter().enumerate().map(field).collect())
    }
}

/// What an accumulator of the inner aggregate is made with.
struct OwnedCall {
    return_field: FieldRef,
    schema: Schema,
    ignore_nulls: bool,
    is_distinct: bool,
    name: String,
    exprs: Vec<Arc<dyn PhysicalExpr>>,
    expr_fields: Vec<FieldRef>,
}

impl OwnedCall {
    fn accumulator(&self, of: &AggregateUDF) -> DfResult<Box<dyn Accumulator>> {
        of.accumulator(AccumulatorArgs {
            return_field: Arc::clone(&self.return_field),
            schema: &self.schema,
            ignore_nulls: self.ignore_nulls,
            order_bys: &[],
            is_reversed: false,
            name: &self.name,
            is_distinct: self.is_distinct,
            exprs: &self.exprs,
            expr_fields: &self.expr_fields,
        })
    }
}

struct Sorting {
    inner: Arc<AggregateUDF>,
    order: Vec<SortOptions>,
    kept: Kept,
    call: OwnedCall,
}

impl fmt::Debug for Sorting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sorting")
    }
}

impl Accumulator for Sorting {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        self.kept.push(values);
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        self.kept.retract(values.first().map_or(0, |v| v.len()));
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> DfResult<ScalarValue> {
        let columns = self.kept.columns()?;
        let (args, keys) = columns.split_at(columns.len() - self.order.len());
        let rows = columns.first().map_or(0, |c| c.len()) as u32;
        let rows = sorted((0..rows).collect(), keys, &self.order)?;
        let mut accumulator = self.call.accumulator(&self.inner)?;
        accumulator.update_batch(&take_all(args, rows)?)?;
        accumulator.evaluate()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.kept.size()
    }

    fn state(&mut self) -> DfResult<Vec<ScalarValue>> {
        self.kept.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DfResult<()> {
        self.kept.merge(states)
    }
}
