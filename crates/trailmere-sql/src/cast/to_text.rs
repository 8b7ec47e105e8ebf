//! How do values become varchar(n) and char(n)?

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{Float32Type, Float64Type};
use datafusion::error::Result as DfResult;

use super::build::{self, Failures};
use super::to_json;
use crate::render::{self, number};
use crate::types::Type;

/// Converts to text. Text is cut to the length, anything else must fit.
pub(crate) fn convert(array: &ArrayRef, from: &Type, to: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    let limit = limit(to);
    Ok(match from {
        Type::Varchar(_) | Type::Char(_) => text(array, to, failures),
        Type::Double => {
            let source = array.as_primitive::<Float64Type>();
            build::text(array, failures, |i, out| {
                number::double_cast(source.value(i), out);
                fit(out, limit, to)
            })
        }
        Type::Real => {
            let source = array.as_primitive::<Float32Type>();
            build::text(array, failures, |i, out| {
                number::real_cast(source.value(i), out);
                fit(out, limit, to)
            })
        }
        _ => build::text(array, failures, |i, out| {
            render::text(from, array, i, out);
            fit(out, limit, to)?;
            trim_for(to, out);
            Ok(())
        }),
    })
}

/// Lake's text of maps, arrays and rows (Trino has no such cast): JSON.
pub(crate) fn nested(array: &ArrayRef, from: &Type, to: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    let limit = limit(to);
    Ok(build::text(array, failures, |i, out| {
        to_json::write(from, array, i, out);
        fit(out, limit, to)
    }))
}

fn limit(to: &Type) -> Option<usize> {
    match to {
        Type::Varchar(length) => length.map(|n| n as usize),
        Type::Char(length) => Some(*length as usize),
        _ => None,
    }
}

/// char is held without the blanks at its end.
fn trim_for(to: &Type, out: &mut String) {
    if matches!(to, Type::Char(_)) {
        out.truncate(out.trim_end_matches(' ').len());
    }
}

fn fit(out: &str, limit: Option<usize>, to: &Type) -> Result<(), String> {
    match limit {
        Some(limit) if out.len() > limit && out.chars().count() > limit => {
            Err(format!("Value {out} cannot be represented as {to}"))
        }
        _ => Ok(()),
    }
}

/// A CAST from char leaves its blanks behind.
fn text(array: &ArrayRef, to: &Type, failures: &mut Failures) -> ArrayRef {
    let source = array.as_string_view();
    let limit = limit(to);
    build::text(array, failures, |i, out| {
        out.push_str(source.value(i));
        if let Some(limit) = limit
            && out.len() > limit
            && let Some((at, _)) = out.char_indices().nth(limit)
        {
            out.truncate(at);
        }
        trim_for(to, out);
        Ok(())
    })
}
