//! How does a kernel read its arguments and write its result?

use std::sync::Arc;

use arrow::array::{
    Array, ArrayAccessor, ArrayRef, ArrowPrimitiveType, BinaryViewBuilder, BooleanBuilder, ListBuilder,
    PrimitiveBuilder, StringViewArray, StringViewBuilder,
};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use crate::call::downcast;
use crate::error::fail;
use crate::function::{Arg, CallArgs};
use crate::types::{Type, item_field};

/// Whether the arguments are as many as `types`, and each can become its type.
pub(crate) fn takes(args: &[Arg<'_>], types: &[Type]) -> bool {
    args.len() == types.len() && args.iter().zip(types).all(|(arg, want)| becomes(arg, want))
}

/// Whether the argument is a value that can become `want` without a cast.
pub(crate) fn becomes(arg: &Arg<'_>, want: &Type) -> bool {
    !arg.is_lambda() && (arg.ty() == want || widens(arg.ty(), want))
}

fn widens(from: &Type, to: &Type) -> bool {
    use Type::{BigInt, Decimal, Double, Integer, Real, SmallInt, TinyInt, Unknown, Varchar};
    match (from, to) {
        (Unknown, _) => true,
        (from, Varchar(None)) => from.is_text(),
        (TinyInt, SmallInt | Integer | BigInt | Real | Double) => true,
        (SmallInt, Integer | BigInt | Real | Double) => true,
        (Integer, BigInt | Real | Double) => true,
        (BigInt, Real | Double) => true,
        (Decimal(..), Real | Double) | (Real, Double) => true,
        (Type::Array(from), Type::Array(to)) => from == to || widens(from, to),
        (Type::Map(k, v), Type::Map(k2, v2)) => (k == k2 || widens(k, k2)) && (v == v2 || widens(v, v2)),
        _ => false,
    }
}

/// The text of a constant argument of type varchar, char or json.
pub(crate) fn constant_text<'a>(arg: &'a Arg<'_>) -> Option<&'a str> {
    match arg.constant()? {
        ScalarValue::Utf8View(Some(text)) | ScalarValue::Utf8(Some(text)) => Some(text),
        _ => None,
    }
}

/// An argument: one value for all rows, or one a row.
pub(crate) struct Column<A> {
    array: A,
    constant: bool,
}

/// A varchar, char or json argument.
pub(crate) type Texts = Column<StringViewArray>;

impl<A: Array + Clone + 'static> Column<A> {
    /// Argument `i` of the call.
    pub(crate) fn of(call: &CallArgs<'_>, i: usize) -> DfResult<Self> {
        let (array, constant) = match &call.values[i] {
            ColumnarValue::Scalar(value) => (value.to_array_of_size(1)?, true),
            ColumnarValue::Array(array) => (Arc::clone(array), false),
        };
        Ok(Column { array: downcast::<A>(&array)?.clone(), constant })
    }

    /// The value of a row, `None` where NULL.
    pub(crate) fn get<'a>(&'a self, row: usize) -> Option<<&'a A as ArrayAccessor>::Item>
    where
        &'a A: ArrayAccessor,
    {
        let row = if self.constant { 0 } else { row };
        self.array.is_valid(row).then(|| (&self.array).value(row))
    }

    /// The value, if it is one for all rows.
    pub(crate) fn constant<'a>(&'a self) -> Option<<&'a A as ArrayAccessor>::Item>
    where
        &'a A: ArrayAccessor,
    {
        if self.constant { self.get(0) } else { None }
    }
}

/// A varchar or json result.
pub(crate) fn texts<S: AsRef<str>>(
    rows: usize,
    mut value: impl FnMut(usize) -> DfResult<Option<S>>,
) -> DfResult<ColumnarValue> {
    let mut builder = StringViewBuilder::with_capacity(rows);
    for row in 0..rows {
        builder.append_option(value(row)?);
    }
    Ok(ColumnarValue::Array(Arc::new(builder.finish())))
}

/// The longest text that a function makes, in bytes: far above any use, far below exhausting memory.
pub(crate) const LARGEST_TEXT: usize = 64 << 20;
/// The most text that a function makes of one batch.
const LARGEST_BATCH: usize = 1 << 30;

/// Fails where a text grows beyond the limit; functions that multiply text ask while they write.
pub(crate) fn check_size(text: &str) -> DfResult<()> {
    if text.len() > LARGEST_TEXT {
        return fail(format!("a text exceeds this engine's limit of {LARGEST_TEXT} bytes"));
    }
    Ok(())
}

/// A varchar or json result that is written to a buffer; `false` is NULL.
pub(crate) fn written_texts(
    rows: usize,
    mut write: impl FnMut(usize, &mut String) -> DfResult<bool>,
) -> DfResult<ColumnarValue> {
    let mut builder = StringViewBuilder::with_capacity(rows);
    let mut buffer = String::new();
    let mut written = 0;
    for row in 0..rows {
        buffer.clear();
        let valid = write(row, &mut buffer)?;
        check_size(&buffer)?;
        written += buffer.len();
        if written > LARGEST_BATCH {
            return fail(format!("the texts of a batch exceed this engine's limit of {LARGEST_BATCH} bytes"));
        }
        match valid {
            true => builder.append_value(&buffer),
            false => builder.append_null(),
        }
    }
    Ok(ColumnarValue::Array(Arc::new(builder.finish())))
}

/// A varbinary result.
pub(crate) fn binaries<S: AsRef<[u8]>>(
    rows: usize,
    mut value: impl FnMut(usize) -> DfResult<Option<S>>,
) -> DfResult<ColumnarValue> {
    let mut builder = BinaryViewBuilder::with_capacity(rows);
    for row in 0..rows {
        builder.append_option(value(row)?);
    }
    Ok(ColumnarValue::Array(Arc::new(builder.finish())))
}

/// A numeric result.
pub(crate) fn numbers<T: ArrowPrimitiveType>(
    rows: usize,
    mut value: impl FnMut(usize) -> DfResult<Option<T::Native>>,
) -> DfResult<ColumnarValue> {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(rows);
    for row in 0..rows {
        builder.append_option(value(row)?);
    }
    Ok(ColumnarValue::Array(Arc::new(builder.finish())))
}

/// A boolean result.
pub(crate) fn booleans(rows: usize, mut value: impl FnMut(usize) -> DfResult<Option<bool>>) -> DfResult<ColumnarValue> {
    let mut builder = BooleanBuilder::with_capacity(rows);
    for row in 0..rows {
        builder.append_option(value(row)?);
    }
    Ok(ColumnarValue::Array(Arc::new(builder.finish())))
}

/// An array(varchar) result: `push` appends the elements of a row; `false` is NULL.
pub(crate) fn text_arrays(
    rows: usize,
    mut push: impl FnMut(usize, &mut StringViewBuilder) -> DfResult<bool>,
) -> DfResult<ColumnarValue> {
    let mut builder = ListBuilder::with_capacity(StringViewBuilder::new(), rows).with_field(item_field(&Type::VARCHAR));
    for row in 0..rows {
        let valid = push(row, builder.values())?;
        builder.append(valid);
    }
    Ok(ColumnarValue::Array(Arc::new(builder.finish()) as ArrayRef))
}
