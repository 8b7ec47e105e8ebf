//! How are texts, binaries and arrays put together?

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryViewArray, ListArray, StringViewArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::interleave;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use crate::call::downcast;
use crate::error::{Result, SqlError};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Column, Texts, becomes, binaries, takes, written_texts};
use crate::types::{Type, item_field};

/// Functions that join.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "concat",
            "concat(varchar, …) -> varchar\nconcat(varbinary, …) -> varbinary\nconcat(array(E), …) -> array(E)",
            "The arguments one after the other, as `||` does.",
            "concat('s3://', 'bucket', '/key')",
            concat,
        ),
        entry(
            "concat_ws",
            "concat_ws(separator, varchar, …) -> varchar\nconcat_ws(separator, array(varchar)) -> varchar",
            "The arguments with a separator between them; those that are NULL are left out.",
            "concat_ws(':', 'arn', NULL, 'aws')",
            concat_ws,
        ),
    ]
}

/// Trino takes no more arguments in a call.
const MOST_ARGUMENTS: usize = 127;

fn concat(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if args.len() < 2 {
        return Err(SqlError::invalid("There must be two or more concatenation arguments"));
    }
    if args.len() > MOST_ARGUMENTS {
        return Err(SqlError::invalid("Too many arguments for function call concat()"));
    }
    if let Some(array) = array_type(args) {
        return Ok(ScalarCall::new(vec![array.clone(); args.len()], array, concat_arrays));
    }
    if args.iter().any(|a| a.ty() == &Type::Varbinary) && args.iter().all(|a| becomes(a, &Type::Varbinary)) {
        return Ok(ScalarCall::new(vec![Type::Varbinary; args.len()], Type::Varbinary, concat_binaries));
    }
    if args.iter().all(|a| becomes(a, &Type::VARCHAR)) {
        return Ok(ScalarCall::new(vec![Type::VARCHAR; args.len()], Type::VARCHAR, concat_texts));
    }
    Err(no_overload("concat", args, "texts, binaries or arrays of one type"))
}

/// The array type of the result: elements among arrays are taken as arrays by the `||` operator only.
fn array_type(args: &[Arg<'_>]) -> Option<Type> {
    let mut common: Option<Type> = None;
    for arg in args {
        match (arg.ty(), &common) {
            (Type::Unknown, _) => {}
            (Type::Array(_), None) => common = Some(arg.ty().clone()),
            (Type::Array(_), Some(other)) => common = Some(crate::coercion::common_type(arg.ty(), other)?),
            _ => return None,
        }
    }
    common
}

fn concat_texts(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let columns = (0..call.values.len()).map(|i| Texts::of(call, i)).collect::<DfResult<Vec<_>>>()?;
    written_texts(call.rows, |row, out| {
        for column in &columns {
            match column.get(row) {
                Some(s) => out.push_str(s),
                None => return Ok(false),
            }
        }
        Ok(true)
    })
}

fn concat_binaries(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let columns: Vec<Column<BinaryViewArray>> =
        (0..call.values.len()).map(|i| Column::of(call, i)).collect::<DfResult<_>>()?;
    binaries(call.rows, |row| {
        Ok(columns.iter().map(|c| c.get(row)).collect::<Option<Vec<&[u8]>>>().map(|p| p.concat()))
    })
}

/// Joins arrays of one type row by row.
pub(crate) fn concat_arrays(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let arrays = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<ArrayRef>>>()?;
    let lists = arrays.iter().map(downcast::<ListArray>).collect::<DfResult<Vec<_>>>()?;
    let mut picks = Vec::new();
    let mut lengths = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let before = picks.len();
        for (which, list) in lists.iter().enumerate().filter(|(_, list)| list.is_valid(row)) {
            let offsets = list.value_offsets();
            picks.extend((offsets[row]..offsets[row + 1]).map(|i| (which, i as usize)));
        }
        lengths.push(picks.len() - before);
    }
    let values: Vec<&dyn Array> = lists.iter().map(|l| l.values().as_ref()).collect();
    let values = interleave(&values, &picks)?;
    let field = match lists[0].data_type() {
        arrow::datatypes::DataType::List(field) => Arc::clone(field),
        _ => item_field(&Type::Unknown),
    };
    let joined = ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), values, None)?;
    Ok(ColumnarValue::Array(Arc::new(joined)))
}

fn concat_ws(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if takes(args, &[Type::VARCHAR, Type::array(Type::VARCHAR)]) && args[1].ty() != &Type::Unknown {
        let types = vec![Type::VARCHAR, Type::array(Type::VARCHAR)];
        return Ok(ScalarCall::new(types, Type::VARCHAR, join_array));
    }
    if args.len() >= 2 && args.iter().all(|a| becomes(a, &Type::VARCHAR)) {
        return Ok(ScalarCall::new(vec![Type::VARCHAR; args.len()], Type::VARCHAR, join_texts).handles_nulls());
    }
    Err(no_overload("concat_ws", args, "(varchar, varchar, …) or (varchar, array(varchar))"))
}

fn join_texts(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let separators = Texts::of(call, 0)?;
    let columns = (1..call.values.len()).map(|i| Texts::of(call, i)).collect::<DfResult<Vec<_>>>()?;
    written_texts(call.rows, |row, out| {
        let Some(separator) = separators.get(row) else { return Ok(false) };
        push_joined(columns.iter().filter_map(|c| c.get(row)), separator, out);
        Ok(true)
    })
}

fn join_array(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let separators = Texts::of(call, 0)?;
    let lists = Column::<ListArray>::of(call, 1)?;
    written_texts(call.rows, |row, out| {
        let (Some(separator), Some(list)) = (separators.get(row), lists.get(row)) else { return Ok(false) };
        push_joined(downcast::<StringViewArray>(&list)?.iter().flatten(), separator, out);
        Ok(true)
    })
}

fn push_joined<'a>(parts: impl Iterator<Item = &'a str>, separator: &str, out: &mut String) {
    for (i, part) in parts.enumerate() {
        if i > 0 {
            out.push_str(separator);
        }
        out.push_str(part);
    }
}
