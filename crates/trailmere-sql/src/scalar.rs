//! How is one kernel called on typed arguments, and folded where they are all constant?
//!
//! What operators and casts share: every call carries its whole meaning in its name and types, since that is what tells
//! two calls apart in a plan.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StructArray, make_array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::config::ConfigOptions;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs};

use crate::call::{Typed, apply};
use crate::function::{CallArgs, ScalarCall, field_of};
use crate::types::Type;

/// Calls a kernel whose result is NULL where an argument is; `name` must tell everything that the kernel has captured.
pub(crate) fn strict(
    name: &str,
    args: Vec<Typed>,
    returns: Type,
    kernel: impl Fn(&CallArgs<'_>) -> DfResult<ColumnarValue> + Send + Sync + 'static,
) -> Typed {
    let types = args.iter().map(|a| a.ty.clone()).collect();
    call(name, ScalarCall::new(types, returns, kernel), args)
}

/// Calls a kernel that deals with NULLs itself.
pub(crate) fn lenient(
    name: &str,
    args: Vec<Typed>,
    returns: Type,
    kernel: impl Fn(&CallArgs<'_>) -> DfResult<ColumnarValue> + Send + Sync + 'static,
) -> Typed {
    let types = args.iter().map(|a| a.ty.clone()).collect();
    call(name, ScalarCall::new(types, returns, kernel).handles_nulls(), args)
}

fn call(name: &str, call: ScalarCall, args: Vec<Typed>) -> Typed {
    fold(apply(name, call, args, vec![]))
}

/// Evaluates a call whose arguments are all literals. A call that fails stays as it is: it must only fail when it runs
/// (it may stand in a branch that never does).
pub fn fold(value: Typed) -> Typed {
    match fold_scalar(&value) {
        Some(scalar) => Typed::constant(scalar, value.ty),
        None => value,
    }
}

fn fold_scalar(value: &Typed) -> Option<ScalarValue> {
    let Expr::ScalarFunction(function) = &value.expr else { return None };
    if function.func.signature().volatility != datafusion::logical_expr::Volatility::Immutable {
        return None;
    }
    let mut args = Vec::with_capacity(function.args.len());
    let mut arg_fields = Vec::with_capacity(function.args.len());
    for arg in &function.args {
        let Expr::Literal(scalar, _) = arg else { return None };
        arg_fields.push(Arc::new(arrow::datatypes::Field::new("arg", scalar.data_type(), true)));
        args.push(ColumnarValue::Scalar(scalar.clone()));
    }
    let result = function.func.invoke_with_args(ScalarFunctionArgs {
        args,
        arg_fields,
        number_rows: 1,
        return_field: Arc::new(field_of("result", &value.ty)),
        config_options: Arc::new(ConfigOptions::default()),
    });
    match result.ok()? {
        ColumnarValue::Scalar(scalar) => Some(scalar),
        ColumnarValue::Array(array) => ScalarValue::try_from_array(&array, 0).ok(),
    }
}

/// A NULL of `ty`.
pub(crate) fn null_of(ty: &Type) -> Typed {
    let scalar = ScalarValue::try_from(&ty.arrow()).unwrap_or(ScalarValue::Null);
    Typed::constant(scalar, ty.clone())
}

/// The rows where all arguments have a value.
pub(crate) fn both_valid(a: &dyn Array, b: &dyn Array) -> Option<NullBuffer> {
    NullBuffer::union(a.logical_nulls().as_ref(), b.logical_nulls().as_ref())
}

/// The array with NULL where the mask says so; also in the members of structs, since those are read without their parent.
pub(crate) fn with_nulls(array: &ArrayRef, mask: &NullBuffer) -> DfResult<ArrayRef> {
    let nulls = NullBuffer::union(array.nulls(), Some(mask));
    match array.as_struct_opt() {
        Some(rows) => {
            let members = rows.columns().iter().map(|c| with_nulls(c, mask)).collect::<DfResult<Vec<_>>>()?;
            Ok(Arc::new(StructArray::try_new_with_length(rows.fields().clone(), members, nulls, rows.len())?))
        }
        None if array.data_type() == &DataType::Null => Ok(Arc::clone(array)),
        None => Ok(make_array(array.to_data().into_builder().nulls(nulls).build()?)),
    }
}

/// An array as a kernel's result.
pub(crate) fn columnar(array: impl Array + 'static) -> ColumnarValue {
    ColumnarValue::Array(Arc::new(array) as ArrayRef)
}
