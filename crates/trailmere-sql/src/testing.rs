//! How do tests compute an expression and look at its value?

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use datafusion::common::DFSchema;
use datafusion::prelude::SessionContext;

use crate::call::Typed;
use crate::types::Type;
use crate::{cast, literal, render, type_name};

/// The value of `text` cast to the named type: `of("bigint", "7")`; `null` gives a NULL.
pub(crate) fn of(ty: &str, text: &str) -> Typed {
    let ty = type_name::parse(ty).unwrap();
    if text == "null" {
        return cast::cast(literal::null(), &ty).unwrap();
    }
    let source = match &ty {
        // Nested values come from JSON.
        Type::Array(_) | Type::Map(..) | Type::Row(_) | Type::Json => literal::typed("json", text).unwrap(),
        _ => literal::string(text),
    };
    let value = cast::cast(source, &ty).unwrap();
    assert!(value.literal().is_some(), "{ty} '{text}'");
    value
}

/// The same value as a column of three rows, NULL in the middle: kernels must not depend on constants.
pub(crate) fn column(value: &Typed, index: usize) -> (Typed, ArrayRef) {
    let scalar = value.literal().unwrap();
    let array = scalar.to_array_of_size(3).unwrap();
    let array = cast::without(&array, &[1]).unwrap();
    let expr = datafusion::logical_expr::Expr::Column(datafusion::common::Column::new_unqualified(format!("c{index}")));
    (Typed::new(expr, value.ty.clone()), array)
}

/// The text of an expression over these columns, row by row; `null` for NULL, or the error.
pub(crate) fn rows(value: &Typed, columns: &[(Type, ArrayRef)]) -> Result<Vec<String>, String> {
    let fields = columns.iter().enumerate().map(|(i, (ty, _))| crate::function::field_of(&format!("c{i}"), ty));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let df_schema = DFSchema::try_from(Arc::clone(&schema)).unwrap();
    let context = SessionContext::new();
    let physical = context.create_physical_expr(value.expr.clone(), &df_schema).map_err(|e| e.to_string())?;
    let count = columns.first().map_or(1, |(_, a)| a.len());
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    let arrays = columns.iter().map(|(_, a)| Arc::clone(a)).collect();
    let batch = RecordBatch::try_new_with_options(schema, arrays, &options).unwrap();
    let result = physical.evaluate(&batch).and_then(|v| v.into_array(count)).map_err(|e| e.to_string())?;
    assert_eq!(result.data_type(), &value.ty.arrow(), "{}", value.ty);
    Ok((0..count).map(|i| render::string(&value.ty, &result, i).unwrap_or_else(|| "null".to_string())).collect())
}

/// The one value of a constant expression.
pub(crate) fn one(value: &Typed) -> Result<String, String> {
    Ok(rows(value, &[])?.remove(0))
}

/// What `make` gives for constants, checked to be the same for columns; a NULL operand must not fail.
pub(crate) fn both(
    make: &dyn Fn(Vec<Typed>) -> crate::error::Result<Typed>,
    operands: &[Typed],
) -> Result<(String, String), String> {
    let constant = make(operands.to_vec()).map_err(|e| e.message)?;
    let (exprs, arrays): (Vec<_>, Vec<_>) = operands.iter().enumerate().map(|(i, o)| column(o, i)).unzip();
    let over_columns = make(exprs).map_err(|e| e.message)?;
    assert_eq!(constant.ty, over_columns.ty);
    let types = operands.iter().map(|o| o.ty.clone());
    let arrays: Vec<(Type, ArrayRef)> = types.zip(arrays).collect();
    let expected = one(&constant);
    let got = rows(&over_columns, &arrays);
    match (&expected, &got) {
        (Ok(value), Ok(rows)) => assert_eq!(&rows[0], value, "constant against column"),
        (Err(a), Err(b)) => assert_eq!(a, b),
        _ => panic!("constant {expected:?}, column {got:?}"),
    }
    expected.map(|text| (text, constant.ty.to_string()))
}
