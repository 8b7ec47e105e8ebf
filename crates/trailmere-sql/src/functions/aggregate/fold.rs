//! How is an aggregate written with little code? As a fold: a state a group, rows folded in, states saved and merged.
//!
//! [`aggregate`] makes a DataFusion aggregate of a [`Fold`]: grouped, ungrouped, partial and final, and with DISTINCT,
//! ORDER BY or a sliding window frame by way of [`Replay`](super::replay::Replay).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, TypeSignature, Volatility,
};

use super::replay::Replay;
use crate::function::AggregateCall;
use crate::types::Type;

/// An aggregate function over the rows of a group.
pub(crate) trait Fold: Send + Sync + 'static {
    /// What is kept of a group.
    type State: Default + Send + Sync + 'static;

    /// Folds in the rows of a batch.
    fn update(&self, states: &mut [Self::State], columns: &[ArrayRef], members: &Members<'_>) -> DfResult<()>;

    /// The columns of saved states.
    fn saved(&self) -> Vec<DataType>;

    /// Saves states, one a row.
    fn save(&self, states: &[Self::State]) -> DfResult<Vec<ArrayRef>>;

    /// Folds in saved states.
    fn merge(&self, states: &mut [Self::State], saved: &[ArrayRef], members: &Members<'_>) -> DfResult<()>;

    /// The results, one a state.
    fn finish(&self, states: &[Self::State]) -> DfResult<ArrayRef>;

    /// Heap bytes of a state.
    fn heap(&self, _: &Self::State) -> usize {
        0
    }
}

/// Which rows of a batch belong to which group.
pub(crate) struct Members<'a> {
    /// The group of each row; `None`: all belong to the first.
    groups: Option<&'a [usize]>,
    filter: Option<&'a BooleanArray>,
    rows: usize,
}

impl<'a> Members<'a> {
    pub(super) fn all(rows: usize) -> Self {
        Members { groups: None, filter: None, rows }
    }

    pub(super) fn grouped(groups: &'a [usize], filter: Option<&'a BooleanArray>) -> Self {
        Members { groups: Some(groups), filter, rows: groups.len() }
    }

    /// Calls `f(group, row)` for each row that takes part.
    pub(crate) fn each(&self, mut f: impl FnMut(usize, usize) -> DfResult<()>) -> DfResult<()> {
        // Most have groups and no filter: nothing is asked of each row then.
        match (self.groups, self.filter) {
            (Some(groups), None) => groups.iter().enumerate().try_for_each(|(row, group)| f(*group, row)),
            (None, None) => (0..self.rows).try_for_each(|row| f(0, row)),
            (groups, Some(keep)) => (0..self.rows)
                .filter(|row| keep.is_valid(*row) && keep.value(*row))
                .try_for_each(|row| f(groups.map_or(0, |groups| groups[row]), row)),
        }
    }

    /// The same for the rows where `column` is not NULL.
    pub(crate) fn each_valid(
        &self,
        column: &dyn Array,
        mut f: impl FnMut(usize, usize) -> DfResult<()>,
    ) -> DfResult<()> {
        match column.logical_nulls().filter(|n| n.null_count() > 0) {
            None => self.each(f),
            Some(nulls) => self.each(|group, row| if nulls.is_valid(row) { f(group, row) } else { Ok(()) }),
        }
    }
}

/// Binds a call to a fold.
pub(crate) fn aggregate<F: Fold>(name: &'static str, args: Vec<Type>, returns: Type, fold: F) -> AggregateCall {
    let arity = args.len();
    let signature = if arity == 0 { TypeSignature::Nullary } else { TypeSignature::Any(arity) };
    let udaf = FoldUdaf {
        name,
        args: args.clone(),
        returns: returns.clone(),
        identity: String::new(),
        signature: Signature::new(signature, Volatility::Immutable),
        fold: Arc::new(fold),
    };
    AggregateCall { args, prepare: None, returns, udaf: Arc::new(AggregateUDF::new_from_impl(udaf)), finish: None }
}

/// The same for a fold that has more to it than name and types (a constant argument, a lambda).
pub(crate) fn aggregate_with<F: Fold>(
    name: &'static str,
    args: Vec<Type>,
    returns: Type,
    identity: String,
    fold: F,
) -> AggregateCall {
    let mut call = aggregate(name, args, returns, fold);
    if let Some(udaf) = call.udaf.inner().downcast_ref::<FoldUdaf<F>>() {
        let udaf = FoldUdaf { identity, ..udaf.clone() };
        call.udaf = Arc::new(AggregateUDF::new_from_impl(udaf));
    }
    call
}

/// A fold in DataFusion's clothes.
pub(super) struct FoldUdaf<F> {
    name: &'static str,
    pub(super) args: Vec<Type>,
    returns: Type,
    identity: String,
    signature: Signature,
    pub(super) fold: Arc<F>,
}

impl<F> Clone for FoldUdaf<F> {
    fn clone(&self) -> Self {
        FoldUdaf {
            name: self.name,
            args: self.args.clone(),
            returns: self.returns.clone(),
            identity: self.identity.clone(),
            signature: self.signature.clone(),
            fold: Arc::clone(&self.fold),
        }
    }
}

impl<F> fmt::Debug for FoldUdaf<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)
    }
}

impl<F> PartialEq for FoldUdaf<F> {
    fn eq(&self, other: &Self) -> bool {
        (self.name, &self.args, &self.returns, &self.identity)
            == (other.name, &other.args, &other.returns, &other.identity)
    }
}

impl<F> Eq for FoldUdaf<F> {}

impl<F> Hash for FoldUdaf<F> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.name, &self.args, &self.returns, &self.identity).hash(state);
    }
}

impl<F: Fold> AggregateUDFImpl for FoldUdaf<F> {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DfResult<DataType> {
        Ok(self.returns.arrow())
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> DfResult<Box<dyn Accumulator>> {
        if args.is_distinct || !args.order_bys.is_empty() {
            return Ok(Box::new(Replay::new(self, &args)?));
        }
        Ok(Box::new(Single { fold: Arc::clone(&self.fold), state: F::State::default() }))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> DfResult<Box<dyn Accumulator>> {
        Ok(Box::new(Replay::sliding(self, &args)?))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct && args.order_bys.is_empty()
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs<'_>) -> DfResult<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Grouped { fold: Arc::clone(&self.fold), states: vec![] }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DfResult<Vec<FieldRef>> {
        let types: Vec<DataType> = if args.is_distinct || !args.ordering_fields.is_empty() {
            let inputs = args.input_fields.iter().chain(args.ordering_fields);
            inputs.map(|f| super::replay::list_of(f.data_type())).collect()
        } else {
            self.fold.saved()
        };
        let field = |(i, t)| Arc::new(Field::new(format_state_name(args.name, &format!("state{i}")), t, true));
        Ok(types.into_iter().enumerate().map(field).collect())
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Beneficial
    }

    fn with_beneficial_ordering(self: Arc<Self>, _: bool) -> DfResult<Option<Arc<dyn AggregateUDFImpl>>> {
        Ok(Some(self))
    }
}

/// The state of all rows.
pub(super) struct Single<F: Fold> {
    pub(super) fold: Arc<F>,
    pub(super) state: F::State,
}

impl<F: Fold> fmt::Debug for Single<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Single")
    }
}

impl<F: Fold> Accumulator for Single<F> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        let members = Members::all(values.first().map_or(0, |v| v.len()));
        self.fold.update(std::slice::from_mut(&mut self.state), values, &members)
    }

    fn evaluate(&mut self) -> DfResult<ScalarValue> {
        let result = self.fold.finish(std::slice::from_ref(&self.state))?;
        ScalarValue::try_from_array(&result, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.fold.heap(&self.state)
    }

    fn state(&mut self) -> DfResult<Vec<ScalarValue>> {
        let saved = self.fold.save(std::slice::from_ref(&self.state))?;
        saved.iter().map(|column| ScalarValue::try_from_array(column, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DfResult<()> {
        let members = Members::all(states.first().map_or(0, |v| v.len()));
        self.fold.merge(std::slice::from_mut(&mut self.state), states, &members)
    }
}

/// The states of many groups.
struct Grouped<F: Fold> {
    fold: Arc<F>,
    states: Vec<F::State>,
}

impl<F: Fold> GroupsAccumulator for Grouped<F> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> DfResult<()> {
        self.states.resize_with(total_num_groups, F::State::default);
        self.fold.update(&mut self.states, values, &Members::grouped(group_indices, opt_filter))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DfResult<ArrayRef> {
        self.fold.finish(&emit_to.take_needed(&mut self.states))
    }

    fn state(&mut self, emit_to: EmitTo) -> DfResult<Vec<ArrayRef>> {
        self.fold.save(&emit_to.take_needed(&mut self.states))
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> DfResult<()> {
        self.states.resize_with(total_num_groups, F::State::default);
        self.fold.merge(&mut self.states, values, &Members::grouped(group_indices, None))
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> DfResult<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |v| v.len());
        let groups: Vec<usize> = (0..rows).collect();
        let mut states: Vec<F::State> = std::iter::repeat_with(F::State::default).take(rows).collect();
        self.fold.update(&mut states, values, &Members::grouped(&groups, opt_filter))?;
        self.fold.save(&states)
    }

    fn size(&self) -> usize {
        let heap: usize = self.states.iter().map(|s| self.fold.heap(s)).sum();
        self.states.capacity() * size_of::<F::State>() + heap
    }
}
