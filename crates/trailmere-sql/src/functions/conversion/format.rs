//! How does `format` fill a format string with arguments of any type?

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use super::moment::Moment;
use super::specifier::{Index, Piece, parse};
use super::write::{Value, push};
use crate::error::{Result, SqlError, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, becomes, constant_text, written_texts};
use crate::temporal::{Stamps, Zoned};
use crate::types::Type;
use crate::zone::Zone;

/// `format`.
pub(super) fn all() -> Vec<Function> {
    vec![entry(
        "format",
        "format(format, value, …) -> varchar",
        "Fills a format string of Java's Formatter with values.",
        "format('%-8s %,.2f', 'cost', 1234.5)",
        bind,
    )]
}

type Pieces = std::result::Result<Vec<Piece>, String>;

fn bind(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let [format, values @ ..] = args else {
        return Err(no_overload("format", args, "a format and at least one value"));
    };
    if !becomes(format, &Type::VARCHAR) {
        let given = format.ty();
        return Err(SqlError::invalid(format!("Type of first argument to format() must be VARCHAR (actual: {given})")));
    }
    if values.is_empty() {
        return Err(no_overload("format", args, "a format and at least one value"));
    }
    let mut types = vec![Type::VARCHAR];
    for value in values {
        let nested = matches!(value.ty(), Type::Array(_) | Type::Map(..) | Type::Row(_) | Type::Varbinary);
        if nested || value.is_lambda() {
            return Err(SqlError::invalid(format!("Type not supported for formatting: {}", value.ty())));
        }
        types.push(value.ty().clone());
    }
    let (known, values) = (constant_text(format).map(parse), types[1..].to_vec());
    let call = ScalarCall::new(types, Type::VARCHAR, move |call| evaluate(call, &values, &known));
    // A NULL value is written as `null`; only a NULL format makes NULL.
    Ok(call.handles_nulls())
}

fn evaluate(call: &CallArgs<'_>, types: &[Type], known: &Option<Pieces>) -> DfResult<ColumnarValue> {
    let formats = Texts::of(call, 0)?;
    let arrays = (1..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<ArrayRef>>>()?;
    written_texts(call.rows, |row, out| {
        let Some(format) = formats.get(row) else { return Ok(false) };
        let own;
        let pieces = match known {
            Some(pieces) => pieces,
            None => {
                own = parse(format);
                &own
            }
        };
        let values =
            types.iter().zip(&arrays).map(|(ty, array)| value(ty, array, row)).collect::<DfResult<Vec<_>>>()?;
        match pieces.as_ref().map_err(Clone::clone).and_then(|pieces| fill(pieces, &values, out)) {
            Ok(()) => Ok(true),
            Err(reason) => fail(format!("Invalid format string: {format} ({reason})")),
        }
    })
}

fn fill(pieces: &[Piece], values: &[Value<'_>], out: &mut String) -> std::result::Result<(), String> {
    let (mut next, mut last) = (0, None);
    for piece in pieces {
        let specifier = match piece {
            Piece::Text(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Value(specifier) => specifier,
        };
        if specifier.conversion == '%' && !specifier.time {
            push(specifier, &Value::Null, out)?;
            continue;
        }
        let at = match specifier.index {
            Index::At(at) => at,
            Index::Same => last.ok_or_else(|| format!("MissingFormatArgument: {}", specifier.text))?,
            Index::Next => {
                next += 1;
                next - 1
            }
        };
        last = Some(at);
        let value = values.get(at).ok_or_else(|| format!("MissingFormatArgument: {}", specifier.text))?;
        push(specifier, value, out)?;
    }
    Ok(())
}

/// The value of a row as Java has it.
fn value<'a>(ty: &Type, array: &'a ArrayRef, row: usize) -> DfResult<Value<'a>> {
    if array.is_null(row) || *ty == Type::Unknown {
        return Ok(Value::Null);
    }
    Ok(match ty {
        Type::Boolean => Value::Boolean(array.as_boolean().value(row)),
        Type::TinyInt => Value::Long(i64::from(array.as_primitive::<Int8Type>().value(row))),
        Type::SmallInt => Value::Long(i64::from(array.as_primitive::<Int16Type>().value(row))),
        Type::Integer => Value::Long(i64::from(array.as_primitive::<Int32Type>().value(row))),
        Type::BigInt => Value::Long(array.as_primitive::<Int64Type>().value(row)),
        Type::Real => Value::Real(array.as_primitive::<Float32Type>().value(row)),
        Type::Double => Value::Double(array.as_primitive::<Float64Type>().value(row)),
        Type::Decimal(_, scale) => Value::Decimal(array.as_primitive::<Decimal128Type>().value(row), *scale),
        Type::Varchar(_) | Type::Json => Value::Text(Cow::Borrowed(array.as_string_view().value(row))),
        Type::Date => Value::Moment(Moment::date(i64::from(array.as_primitive::<Date32Type>().value(row)))),
        Type::Time(_) => Value::Moment(Moment::time(i128::from(array.as_primitive::<Int64Type>().value(row)))),
        Type::Timestamp(_) => Value::Moment(Moment::timestamp(Stamps::of(array)?.picos(row))),
        Type::TimestampTz(_) => {
            let zoned = Zoned::of(array)?;
            let zone = Zone::parse(zoned.zones.value(row)).unwrap_or(Zone::UTC);
            Value::Moment(Moment::zoned(zoned.instants.picos(row), zone))
        }
        ty => {
            let mut text = String::new();
            crate::render::text(ty, array, row, &mut text);
            Value::Text(Cow::Owned(text))
        }
    })
}
