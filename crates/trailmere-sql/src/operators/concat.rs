//! What does `||` mean: on text, on bytes, on arrays and their elements?

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewBuilder, ListArray, StringViewBuilder};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::interleave;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::nested::span;
use crate::call::Typed;
use crate::coercion::{MAX_CHAR, coerce, common_type};
use crate::error::{Result, SqlError};
use crate::function::CallArgs;
use crate::render::padded;
use crate::scalar;
use crate::types::{Type, item_field};

/// `a || b || …`: NULL where one of them is.
pub fn concat(values: Vec<Typed>) -> Result<Typed> {
    if values.iter().any(|v| matches!(v.ty, Type::Array(_))) {
        return arrays(values);
    }
    if values.iter().all(|v| v.ty == Type::Unknown) {
        return Ok(scalar::null_of(&Type::VARCHAR));
    }
    if values.iter().all(|v| matches!(v.ty, Type::Varbinary | Type::Unknown)) {
        let values = values.into_iter().map(|v| coerce(v, &Type::Varbinary)).collect::<Result<Vec<_>>>()?;
        return Ok(scalar::strict("||", values, Type::Varbinary, binaries));
    }
    if let Some(other) = values.iter().find(|v| !v.ty.is_text() && v.ty != Type::Unknown) {
        let types: Vec<String> = values.iter().map(|v| v.ty.to_string()).collect();
        return Err(SqlError::invalid(format!("cannot apply operator: {}", types.join(" || ")))
            .hint(format!("`||` takes text: CAST the {} AS varchar", other.ty)));
    }
    texts(values)
}

/// char || char is char of both lengths; otherwise varchar.
fn texts(values: Vec<Typed>) -> Result<Typed> {
    let length = |v: &Typed| if let Type::Char(n) = v.ty { Some(n) } else { None };
    let lengths: Option<Vec<u32>> = values.iter().map(length).collect();
    let returns = lengths.map_or(Type::VARCHAR, |l| Type::Char(l.iter().sum()));
    if let Type::Char(length) = returns
        && length > MAX_CHAR
    {
        return Err(SqlError::invalid(format!("char({length}) is too long: at most {MAX_CHAR}")));
    }
    let target = |v: &Typed| if v.ty == Type::Unknown { Type::VARCHAR } else { v.ty.clone() };
    let values = values
        .into_iter()
        .map(|v| {
            let ty = target(&v);
            coerce(v, &ty)
        })
        .collect::<Result<Vec<_>>>()?;
    let pads: Vec<u32> = values.iter().map(|v| length(v).unwrap_or(0)).collect();
    let trim = matches!(returns, Type::Char(_));
    Ok(scalar::strict("||", values, returns, move |call| {
        let arrays = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
        let columns: Vec<_> = arrays.iter().map(|a| a.as_string_view()).collect();
        let mut out = StringViewBuilder::with_capacity(call.rows);
        let mut text = String::new();
        for row in 0..call.rows {
            if columns.iter().any(|c| c.is_null(row)) {
                out.append_null();
                continue;
            }
            text.clear();
            for (column, pad) in columns.iter().zip(&pads) {
                padded(column.value(row), *pad, &mut text);
            }
            out.append_value(if trim { text.trim_end_matches(' ') } else { &text });
        }
        Ok(scalar::columnar(out.finish()))
    }))
}

fn binaries(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let arrays = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
    let columns: Vec<_> = arrays.iter().map(|a| a.as_binary_view()).collect();
    let mut out = BinaryViewBuilder::with_capacity(call.rows);
    let mut bytes = Vec::new();
    for row in 0..call.rows {
        if columns.iter().any(|c| c.is_null(row)) {
            out.append_null();
            continue;
        }
        bytes.clear();
        columns.iter().for_each(|c| bytes.extend_from_slice(c.value(row)));
        out.append_value(&bytes);
    }
    Ok(scalar::columnar(out.finish()))
}

/// Arrays, and elements at their ends.
fn arrays(values: Vec<Typed>) -> Result<Typed> {
    // `array(array(x)) || array(NULL)`: an array, or an element?
    if values.iter().any(|v| depth(&v.ty) > 1) && values.iter().any(|v| v.ty == Type::array(Type::Unknown)) {
        return Err(mismatch(&values).hint("say what the array of NULL is: CAST(… AS array(…))"));
    }
    let mut element = Type::Unknown;
    // An operand that is no array of the same depth is an element.
    let whole = values.iter().filter_map(|v| if let Type::Array(e) = &v.ty { Some(e.as_ref().clone()) } else { None });
    for ty in whole {
        element = match common_type(&element, &ty) {
            Some(common) => common,
            // `array(array(x)) || array(x)`: the shallower one is the element.
            None if common_type(&element, &Type::array(ty.clone())).is_some() => element,
            None if common_type(&Type::array(element.clone()), &ty).is_some() => ty,
            None => return Err(mismatch(&values)),
        };
    }
    let as_array = |v: &Typed, element: &Type| match &v.ty {
        Type::Array(e) => common_type(e, element).is_some_and(|c| depth(&c) == depth(element)),
        _ => false,
    };
    for value in &values {
        if !as_array(value, &element) {
            element = common_type(&element, &value.ty).ok_or_else(|| mismatch(&values))?;
        }
    }
    let array = Type::array(element.clone());
    let single: Vec<bool> = values.iter().map(|v| !as_array(v, &element)).collect();
    let operands = values
        .into_iter()
        .zip(&single)
        .map(|(v, single)| coerce(v, if *single { &element } else { &array }))
        .collect::<Result<Vec<_>>>()?;
    let name = format!("|| {single:?}");
    Ok(scalar::lenient(&name, operands, array, move |call| join(call, &single, &element)))
}

fn depth(ty: &Type) -> usize {
    if let Type::Array(element) = ty { 1 + depth(element) } else { 0 }
}

fn mismatch(values: &[Typed]) -> SqlError {
    let types: Vec<String> = values.iter().map(|v| v.ty.to_string()).collect();
    SqlError::invalid(format!("cannot apply operator: {}", types.join(" || ")))
}

/// A NULL array makes the result NULL; a NULL element is an element.
fn join(call: &CallArgs<'_>, single: &[bool], element: &Type) -> DfResult<ColumnarValue> {
    let operands = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
    let items: Vec<ArrayRef> = operands
        .iter()
        .zip(single)
        .map(|(o, single)| if *single { Arc::clone(o) } else { Arc::clone(o.as_list::<i32>().values()) })
        .collect();
    let (mut picks, mut lengths, mut valid) = (vec![], vec![], vec![]);
    for row in 0..call.rows {
        let before = picks.len();
        let present = operands.iter().zip(single).all(|(o, single)| *single || o.is_valid(row));
        for (n, operand) in operands.iter().enumerate().filter(|_| present) {
            match single[n] {
                true => picks.push((n, row)),
                false => picks.extend(span(operand.as_list::<i32>().value_offsets(), row).map(|i| (n, i))),
            }
        }
        lengths.push(picks.len() - before);
        valid.push(present);
    }
    let sources: Vec<&dyn Array> = items.iter().map(|a| a.as_ref()).collect();
    let values = interleave(&sources, &picks)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(scalar::columnar(ListArray::try_new(item_field(element), offsets, values, Some(NullBuffer::from(valid)))?))
}
