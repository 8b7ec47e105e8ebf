//! What is in a JSON array?

use arrow::array::{BooleanArray, Float64Array, Int64Array};
use arrow::datatypes::Int64Type;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::extract::push_scalar;
use super::{entry, input};
use crate::error::Result;
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Column, Texts, becomes, booleans, numbers, written_texts};
use crate::json::canonical::push_compact;
use crate::json::scan::{Kind, Malformed, Scanner};
use crate::types::Type;

/// Functions of JSON arrays.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "json_array_length",
            "json_array_length(json) -> bigint\njson_array_length(varchar) -> bigint",
            "The number of elements; NULL for what is not an array.",
            "json_array_length('[1, 2]')",
            length,
        ),
        entry(
            "json_array_get",
            "json_array_get(json, index) -> json\njson_array_get(varchar, index) -> json",
            "The element at an index, from 0, or from the end where negative; a text comes without its quotes.",
            r#"json_array_get('["a", [3, 9]]', -1)"#,
            get,
        ),
        entry(
            "json_array_contains",
            "json_array_contains(json, value) -> boolean\njson_array_contains(varchar, value) -> boolean",
            "Whether a boolean, number or text is an element.",
            "json_array_contains('[1, 2, 3]', 2)",
            contains,
        ),
    ]
}

fn length(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let (Some(json), 1) = (args.first().and_then(input), args.len()) else {
        return Err(no_overload("json_array_length", args, "(json or varchar)"));
    };
    Ok(ScalarCall::new(vec![json], Type::BigInt, |call| {
        let json = Texts::of(call, 0)?;
        numbers::<Int64Type>(call.rows, |row| {
            let mut count = 0;
            let ended = json.get(row).map(|text| {
                each(text, |scanner| {
                    count += 1;
                    scanner.skip().map(|()| Visit::Next)
                })
            });
            Ok(matches!(ended, Some(Ok(Visit::Next))).then_some(count))
        })
    }))
}

#[derive(Clone, Copy, PartialEq)]
enum Visit {
    Next,
    Stop,
}

/// Visits the elements, the scanner before each; fails for what is not an array.
fn each<'a>(
    text: &'a str,
    mut visit: impl FnMut(&mut Scanner<'a>) -> Result<Visit, Malformed>,
) -> Result<Visit, Malformed> {
    let mut scanner = Scanner::new(text);
    if scanner.kind()? != Kind::Array {
        return Err(Malformed);
    }
    let mut place = scanner.enter();
    while scanner.element(&mut place)? {
        if visit(&mut scanner)? == Visit::Stop {
            return Ok(Visit::Stop);
        }
    }
    Ok(Visit::Next)
}

fn get(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let (Some(json), true) = (args.first().and_then(input), args.len() == 2 && becomes(&args[1], &Type::BigInt)) else {
        return Err(no_overload("json_array_get", args, "(json or varchar, bigint)"));
    };
    Ok(ScalarCall::new(vec![json, Type::BigInt], Type::Json, |call| {
        let (json, indices) = (Texts::of(call, 0)?, Column::<Int64Array>::of(call, 1)?);
        written_texts(call.rows, |row, out| {
            let (Some(text), Some(index)) = (json.get(row), indices.get(row)) else { return Ok(false) };
            Ok(push_element(text, index, out) == Ok(true))
        })
    }))
}

/// Appends the element at `index`; `false` if there is none or it is null.
fn push_element(text: &str, index: i64, out: &mut String) -> Result<bool, Malformed> {
    let mut index = index;
    if index < 0 {
        each(text, |scanner| {
            index += 1;
            scanner.skip().map(|()| Visit::Next)
        })?;
        // Now the number of elements before the wanted one.
        if index < 0 {
            return Ok(false);
        }
    }
    let mut found = false;
    each(text, |scanner| {
        if index > 0 {
            index -= 1;
            return scanner.skip().map(|()| Visit::Next);
        }
        found = match scanner.kind()? {
            Kind::Object | Kind::Array => push_compact(scanner, out).map(|()| true)?,
            _ => push_scalar(scanner, out)?,
        };
        Ok(Visit::Stop)
    })?;
    Ok(found)
}

fn contains(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let [json, value] = args else {
        return Err(no_overload("json_array_contains", args, "(json or varchar, value)"));
    };
    let Some(json) = input(json) else {
        return Err(no_overload("json_array_contains", args, "(json or varchar, value)"));
    };
    type Contains = fn(&CallArgs<'_>) -> DfResult<ColumnarValue>;
    let kernels: [(Type, Contains); 4] = [
        (Type::Boolean, contains_boolean),
        (Type::BigInt, contains_whole),
        (Type::Double, contains_double),
        (Type::VARCHAR, contains_text),
    ];
    match kernels.into_iter().find(|(ty, _)| becomes(value, ty)) {
        Some((ty, kernel)) => Ok(ScalarCall::new(vec![json, ty], Type::Boolean, kernel)),
        None => Err(no_overload("json_array_contains", args, "a boolean, number or text as value")),
    }
}

/// For each row whether an element of `kind` passes the test of its text as written.
fn any(call: &CallArgs<'_>, kind: Kind, test: impl Fn(usize, &Scanner<'_>, &str) -> bool) -> DfResult<ColumnarValue> {
    let json = Texts::of(call, 0)?;
    booleans(call.rows, |row| {
        let Some(text) = json.get(row) else { return Ok(None) };
        let found = each(text, |scanner| {
            if scanner.kind()? != kind {
                return scanner.skip().map(|()| Visit::Next);
            }
            let before = scanner.clone();
            let raw = scanner.raw()?;
            Ok(if test(row, &before, raw) { Visit::Stop } else { Visit::Next })
        });
        Ok(found.ok().map(|found| found == Visit::Stop))
    })
}

fn contains_boolean(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let values = Column::<BooleanArray>::of(call, 1)?;
    any(call, Kind::Boolean, |row, _, raw| values.get(row) == Some(raw == "true"))
}

fn contains_whole(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let values = Column::<Int64Array>::of(call, 1)?;
    any(call, Kind::Number, |row, _, raw| raw.parse::<i64>().is_ok_and(|n| values.get(row) == Some(n)))
}

fn contains_double(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let values = Column::<Float64Array>::of(call, 1)?;
    // A whole number is not a double here, as in Trino: `[1]` does not contain 1.0.
    any(call, Kind::Number, |row, _, raw| {
        let number = raw.parse::<f64>().ok().filter(|n| n.is_finite() && raw.contains(['.', 'e', 'E']));
        number.is_some() && number == values.get(row)
    })
}

fn contains_text(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let values = Texts::of(call, 1)?;
    any(call, Kind::String, |row, before, _| {
        let element = before.clone().string();
        element.is_ok_and(|element| values.get(row).is_some_and(|value| element.is(value)))
    })
}
