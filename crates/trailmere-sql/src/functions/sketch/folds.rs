//! Aggregates over digests: tdigest_agg, qdigest_agg, merge, and approx_percentile.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BinaryViewArray, Float64Array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result as DfResult;

use super::digest::Digest;
use super::in_type;
use crate::functions::aggregate::fold::{Fold, Members};
use crate::functions::map::build::list_array;
use crate::types::Type;

/// Where the digests come from.
enum Source {
    /// Numbers, with weights or without.
    Numbers { weighted: bool },
    /// Other digests.
    Digests,
}

/// What is made of a digest at the end.
enum Output {
    Digest,
    /// Values at quantiles: one, or an array of several.
    Quantiles {
        value: Type,
        quantiles: Vec<f64>,
        many: bool,
    },
}

/// A digest a group.
pub(crate) struct DigestFold {
    source: Source,
    output: Output,
}

impl DigestFold {
    /// A digest of numbers, and weights in the second column.
    pub(super) fn adding(weighted: bool) -> Self {
        DigestFold { source: Source::Numbers { weighted }, output: Output::Digest }
    }

    /// The union of digests.
    pub(super) fn merging() -> Self {
        DigestFold { source: Source::Digests, output: Output::Digest }
    }

    /// approx_percentile: the value at one quantile.
    pub(crate) fn percentile(value: Type, quantile: f64, weighted: bool) -> Self {
        let output = Output::Quantiles { value, quantiles: vec![quantile], many: false };
        DigestFold { source: Source::Numbers { weighted }, output }
    }

    /// approx_percentile: the values at several quantiles.
    pub(crate) fn percentiles(value: Type, quantiles: Vec<f64>, weighted: bool) -> Self {
        let output = Output::Quantiles { value, quantiles, many: true };
        DigestFold { source: Source::Numbers { weighted }, output }
    }
}

impl Fold for DigestFold {
    type State = Digest;

    fn update(&self, states: &mut [Digest], columns: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let Source::Numbers { weighted } = self.source else {
            let digests = columns[0].as_binary_view();
            return members.each_valid(digests, |group, row| {
                states[group].merge(&Digest::read(digests.value(row)));
                Ok(())
            });
        };
        let values = columns[0].as_primitive::<Float64Type>();
        let weights = weighted.then(|| columns[1].as_primitive::<Float64Type>());
        members.each_valid(values, |group, row| {
            let weight = weights.map_or(1.0, |w| if w.is_valid(row) { w.value(row) } else { 0.0 });
            states[group].add(values.value(row), weight);
            Ok(())
        })
    }

    fn saved(&self) -> Vec<DataType> {
        vec![DataType::Binary]
    }

    fn save(&self, states: &[Digest]) -> DfResult<Vec<ArrayRef>> {
        let bytes = |d: &Digest| (!d.is_empty()).then(|| d.clone().bytes());
        Ok(vec![Arc::new(states.iter().map(bytes).collect::<BinaryArray>())])
    }

    fn merge(&self, states: &mut [Digest], saved: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let digests = saved[0].as_binary::<i32>();
        members.each_valid(digests, |group, row| {
            states[group].merge(&Digest::read(digests.value(row)));
            Ok(())
        })
    }

    fn finish(&self, states: &[Digest]) -> DfResult<ArrayRef> {
        let Output::Quantiles { value, quantiles, many } = &self.output else {
            let bytes = |d: &Digest| (!d.is_empty()).then(|| d.clone().bytes());
            return Ok(Arc::new(BinaryViewArray::from_iter(states.iter().map(bytes))));
        };
        let mut values = vec![];
        for state in states {
            let mut digest = state.clone();
            values.extend(quantiles.iter().map(|q| digest.quantile(*q)));
        }
        let values = in_type(values.into_iter().collect::<Float64Array>(), value)?;
        if !*many {
            return Ok(values);
        }
        let lengths = std::iter::repeat_n(quantiles.len(), states.len());
        let nulls = states.iter().map(|s| !s.is_empty()).collect();
        list_array(value, values, OffsetBuffer::from_lengths(lengths), Some(nulls))
    }

    fn heap(&self, state: &Digest) -> usize {
        state.heap()
    }
}
