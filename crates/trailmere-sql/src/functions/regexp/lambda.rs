//! How does a lambda replace the matches of a pattern?

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListBuilder, StringViewArray, StringViewBuilder, UInt32Array};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::pattern::{Pattern, Patterns};
use crate::call::downcast;
use crate::error::{Result, SqlError};
use crate::function::{Arg, CallArgs, ScalarCall};
use crate::functions::arguments::{Texts, written_texts};
use crate::lambda::BoundLambda;
use crate::types::{Type, item_field};

/// Binds `regexp_replace(text, pattern, groups -> replacement)`.
pub(super) fn bind(function: &Arg<'_>, known: Option<Pattern>) -> Result<ScalarCall> {
    let lambda = function.lambda(&[Type::array(Type::VARCHAR)])?;
    if !matches!(lambda.returns, Type::Varchar(_) | Type::Unknown) {
        let message = format!("the lambda of `regexp_replace` must return a varchar, not a {}", lambda.returns);
        return Err(SqlError::invalid(message));
    }
    let body = lambda.clone();
    let call = ScalarCall::new(vec![Type::VARCHAR; 2], Type::VARCHAR, move |call| replace(call, &known, &body));
    Ok(call.with_lambdas(vec![lambda]))
}

/// All matches of a batch: the lambda is evaluated once for them all.
struct Matches {
    ranges: Vec<Range<usize>>,
    rows: Vec<u32>,
    groups: ArrayRef,
}

fn replace(call: &CallArgs<'_>, known: &Option<Pattern>, lambda: &BoundLambda) -> DfResult<ColumnarValue> {
    let text = Texts::of(call, 0)?;
    let matches = find(call, &text, known)?;
    let replacements = if matches.rows.is_empty() || lambda.returns == Type::Unknown {
        arrow::array::new_null_array(&Type::VARCHAR.arrow(), matches.rows.len())
    } else {
        lambda.evaluate(&[Arc::clone(&matches.groups)], call.captures, &UInt32Array::from(matches.rows.clone()))?
    };
    let replacements = downcast::<StringViewArray>(&replacements)?;
    let mut at = 0;
    written_texts(call.rows, |row, out| {
        let Some(s) = text.get(row) else { return Ok(false) };
        let (mut from, mut valid) = (0, true);
        while matches.rows.get(at) == Some(&(row as u32)) {
            let range = &matches.ranges[at];
            out.push_str(&s[from..range.start]);
            match replacements.is_valid(at) {
                true => out.push_str(replacements.value(at)),
                false => valid = false,
            }
            from = range.end;
            at += 1;
        }
        out.push_str(&s[from..]);
        Ok(valid)
    })
}

fn find(call: &CallArgs<'_>, text: &Texts, known: &Option<Pattern>) -> DfResult<Matches> {
    let mut patterns = Patterns::of(call, known)?;
    let (mut ranges, mut rows) = (Vec::new(), Vec::new());
    let mut groups = ListBuilder::new(StringViewBuilder::new()).with_field(item_field(&Type::VARCHAR));
    for row in 0..call.rows {
        let (Some(s), Some(pattern)) = (text.get(row), patterns.get(row)) else { continue };
        let count = pattern.groups()?;
        pattern.each_captures(s, |found| {
            for group in 1..=count {
                groups.values().append_option(found.get(group).map(|range| &s[range]));
            }
            groups.append(true);
            ranges.push(found.whole());
            rows.push(row as u32);
            Ok(())
        })?;
    }
    Ok(Matches { ranges, rows, groups: Arc::new(groups.finish()) })
}
