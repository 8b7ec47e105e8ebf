//! How is a text or a binary brought to a length, or turned round?

use std::sync::Arc;

use arrow::array::{Array, BinaryViewArray, Int64Array, UInt32Array};
use arrow::compute::take;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::{characters, entry};
use crate::call::downcast;
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Column, LARGEST_TEXT, Texts, binaries, takes, written_texts};
use crate::types::Type;

/// Functions that pad and reverse.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "lpad",
            "lpad(varchar, size, pad) -> varchar\nlpad(varbinary, size, pad) -> varbinary",
            "Brings a text to a length: cuts it at the end, or fills it at the front.",
            "lpad('7', 3, '0')",
            |args| pad("lpad", args, Side::Front),
        ),
        entry(
            "rpad",
            "rpad(varchar, size, pad) -> varchar\nrpad(varbinary, size, pad) -> varbinary",
            "Brings a text to a length: cuts or fills it at the end.",
            "rpad('7', 3, '.')",
            |args| pad("rpad", args, Side::End),
        ),
        entry(
            "reverse",
            "reverse(varchar) -> varchar\nreverse(varbinary) -> varbinary\nreverse(array(E)) -> array(E)",
            "The characters, bytes or elements in reverse order.",
            "reverse('lake')",
            reverse,
        ),
    ]
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Front,
    End,
}

fn pad(name: &'static str, args: &[Arg<'_>], side: Side) -> Result<ScalarCall> {
    if takes(args, &[Type::Varbinary, Type::BigInt, Type::Varbinary]) && args[0].ty() != &Type::Unknown {
        let types = vec![Type::Varbinary, Type::BigInt, Type::Varbinary];
        return Ok(ScalarCall::new(types, Type::Varbinary, move |call| pad_binary(call, side)));
    }
    let types = vec![Type::VARCHAR, Type::BigInt, Type::VARCHAR];
    if !takes(args, &types) {
        return Err(no_overload(name, args, "(varchar, bigint, varchar) or (varbinary, bigint, varbinary)"));
    }
    Ok(ScalarCall::new(types, Type::VARCHAR, move |call| pad_text(call, side)))
}

fn pad_text(call: &CallArgs<'_>, side: Side) -> DfResult<ColumnarValue> {
    let (text, sizes, pads) = (Texts::of(call, 0)?, Column::<Int64Array>::of(call, 1)?, Texts::of(call, 2)?);
    written_texts(call.rows, |row, out| {
        let (Some(s), Some(size), Some(pad)) = (text.get(row), sizes.get(row), pads.get(row)) else { return Ok(false) };
        let size = checked_size(size)?;
        if pad.is_empty() {
            return fail("Padding string must not be empty");
        }
        let length = characters::count(s);
        if length >= size {
            out.push_str(characters::part(s, 1, size as i64));
            return Ok(true);
        }
        let fill = pad.chars().cycle().take(size - length);
        match side {
            Side::Front => {
                out.extend(fill);
                out.push_str(s);
            }
            Side::End => {
                out.push_str(s);
                out.extend(fill);
            }
        }
        Ok(true)
    })
}

fn pad_binary(call: &CallArgs<'_>, side: Side) -> DfResult<ColumnarValue> {
    let (bytes, pads) = (Column::<BinaryViewArray>::of(call, 0)?, Column::<BinaryViewArray>::of(call, 2)?);
    let sizes = Column::<Int64Array>::of(call, 1)?;
    binaries(call.rows, |row| {
        let (Some(b), Some(size), Some(pad)) = (bytes.get(row), sizes.get(row), pads.get(row)) else { return Ok(None) };
        let size = checked_size(size)?;
        if pad.is_empty() {
            return fail("Padding bytes must not be empty");
        }
        let fill = pad.iter().copied().cycle().take(size.saturating_sub(b.len()));
        let own = b[..b.len().min(size)].iter().copied();
        Ok(Some(match side {
            Side::Front => fill.chain(own).collect::<Vec<u8>>(),
            Side::End => own.chain(fill).collect(),
        }))
    })
}

fn checked_size(size: i64) -> DfResult<usize> {
    if !(0..=i64::from(i32::MAX)).contains(&size) {
        return fail("Target length must be in the range [0..2147483647]");
    }
    let size = size as usize;
    if size > LARGEST_TEXT {
        return fail(format!("Target length {size} is above this engine's limit of {LARGEST_TEXT}"));
    }
    Ok(size)
}

/// Trino's `substr` of bytes.
pub(super) fn part(b: &[u8], start: i64, length: i64) -> &[u8] {
    let size = b.len() as i64;
    let first = if start > 0 { start - 1 } else { size.saturating_add(start) };
    if start == 0 || length <= 0 || first < 0 || first >= size {
        return &[];
    }
    &b[first as usize..first.saturating_add(length).min(size) as usize]
}

fn reverse(args: &[Arg<'_>]) -> Result<ScalarCall> {
    match args {
        [arg] if matches!(arg.ty(), Type::Array(_)) => {
            Ok(ScalarCall::new(vec![arg.ty().clone()], arg.ty().clone(), reverse_arrays))
        }
        [arg] if arg.ty() == &Type::Varbinary => Ok(ScalarCall::new(vec![Type::Varbinary], Type::Varbinary, |call| {
            let bytes = Column::<BinaryViewArray>::of(call, 0)?;
            binaries(call.rows, |row| Ok(bytes.get(row).map(|b| b.iter().rev().copied().collect::<Vec<u8>>())))
        })),
        args if takes(args, &[Type::VARCHAR]) => Ok(ScalarCall::new(vec![Type::VARCHAR], Type::VARCHAR, |call| {
            let text = Texts::of(call, 0)?;
            written_texts(call.rows, |row, out| {
                out.extend(text.get(row).unwrap_or("").chars().rev());
                Ok(true)
            })
        })),
        args => Err(no_overload("reverse", args, "(varchar), (varbinary) or (array)")),
    }
}

fn reverse_arrays(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let array = call.array(0)?;
    let list = downcast::<arrow::array::ListArray>(&array)?;
    let mut indices = Vec::with_capacity(list.values().len());
    let mut lengths = Vec::with_capacity(list.len());
    for window in list.value_offsets().windows(2) {
        indices.extend((window[0]..window[1]).rev().map(|i| i as u32));
        lengths.push((window[1] - window[0]) as usize);
    }
    let values = take(list.values(), &UInt32Array::from(indices), None)?;
    let arrow::datatypes::DataType::List(field) = list.data_type() else { return Ok(ColumnarValue::Array(array)) };
    let offsets = arrow::buffer::OffsetBuffer::from_lengths(lengths);
    let reversed = arrow::array::ListArray::try_new(Arc::clone(field), offsets, values, list.nulls().cloned())?;
    Ok(ColumnarValue::Array(Arc::new(reversed)))
}
