//! How is a function called in a test, both with constants and with columns?

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::col;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::create_physical_expr;

use crate::call::{Typed, apply};
use crate::function::{Arg, FunctionKind, field_of};
use crate::types::Type;

/// An argument.
#[derive(Debug, Clone)]
pub(crate) enum V {
    /// varchar
    T(&'static str),
    /// json
    J(&'static str),
    /// varbinary
    B(&'static [u8]),
    /// bigint
    I(i64),
    /// double
    D(f64),
    /// boolean
    L(bool),
    /// decimal(18, s)
    M(i128, u8),
    /// array(varchar)
    A(&'static [&'static str]),
    /// NULL of a type
    N(Type),
}

impl V {
    fn value(&self) -> (ScalarValue, Type) {
        match self.clone() {
            V::T(s) => (ScalarValue::Utf8View(Some(s.to_string())), Type::VARCHAR),
            V::J(s) => (ScalarValue::Utf8View(Some(s.to_string())), Type::Json),
            V::B(b) => (ScalarValue::BinaryView(Some(b.to_vec())), Type::Varbinary),
            V::I(n) => (ScalarValue::Int64(Some(n)), Type::BigInt),
            V::D(x) => (ScalarValue::Float64(Some(x)), Type::Double),
            V::L(b) => (ScalarValue::Boolean(Some(b)), Type::Boolean),
            V::M(n, s) => (ScalarValue::Decimal128(Some(n), 18, s as i8), Type::Decimal(18, s)),
            V::A(items) => {
                let items: Vec<_> = items.iter().map(|s| ScalarValue::Utf8View(Some(s.to_string()))).collect();
                let list = ScalarValue::new_list_nullable(&items, &Type::VARCHAR.arrow());
                (ScalarValue::List(list), Type::array(Type::VARCHAR))
            }
            V::N(ty) => (ScalarValue::try_from(&ty.arrow()).expect("a type with a null"), ty),
        }
    }
}

/// What a call gives as text, `None` for NULL; asserts that constants and columns give the same.
pub(crate) fn eval(name: &str, args: &[V]) -> Result<Option<String>, String> {
    let constant = run(name, args, false);
    let column = run(name, args, true);
    assert_eq!(constant, column, "{name}({args:?}) with constants and with columns");
    constant
}

/// Asserts a table of calls and results; a result that starts with `!` is the start of an error's message.
pub(crate) fn check(name: &str, cases: &[(&[V], Option<&str>)]) {
    for (args, expected) in cases {
        match (eval(name, args), expected) {
            (Err(message), Some(expected)) if expected.starts_with('!') => {
                assert!(message.contains(&expected[1..]), "{name}({args:?}): {message}");
            }
            (result, expected) => {
                assert_eq!(result, Ok(expected.map(str::to_string)), "{name}({args:?})");
            }
        }
    }
}

fn run(name: &str, args: &[V], as_columns: bool) -> Result<Option<String>, String> {
    let function = super::lookup(name).expect("a function");
    let FunctionKind::Scalar(bind) = function.kind else { panic!("{name} is no scalar function") };
    let values: Vec<(ScalarValue, Type)> = args.iter().map(V::value).collect();
    let bound: Vec<Arg<'_>> = values
        .iter()
        .map(|(v, ty)| Arg::Value { ty: ty.clone(), constant: (!as_columns).then(|| v.clone()) })
        .collect();
    let call = bind(&bound).map_err(|e| e.message)?;
    let fields: Vec<_> = values.iter().enumerate().map(|(i, (_, ty))| field_of(&format!("c{i}"), ty)).collect();
    let schema = Arc::new(Schema::new(fields));
    let typed = values.iter().enumerate().zip(&call.args).map(|((i, (value, ty)), want)| {
        let typed = match as_columns {
            true => Typed::new(col(format!("c{i}")), ty.clone()),
            false => Typed::constant(value.clone(), ty.clone()),
        };
        crate::coercion::coerce(typed, want).map_err(|e| e.message)
    });
    let typed = typed.collect::<Result<Vec<_>, _>>()?;
    let result = apply(name, call, typed, vec![]);
    // A row of NULLs beside the row asked for: strict functions must not stumble over it.
    let columns: Vec<ArrayRef> = values
        .iter()
        .map(|(value, ty)| {
            let null = ScalarValue::try_from(&ty.arrow()).expect("a null");
            ScalarValue::iter_to_array([value.clone(), null]).expect("a column")
        })
        .collect();
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(2));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options).expect("a batch");
    let df_schema = DFSchema::try_from(schema).expect("a schema");
    let context = PhysicalPlanningContext::default();
    let physical =
        create_physical_expr(&result.expr, &df_schema, &ExecutionProps::new(), &context).expect("an expression");
    let value = physical.evaluate(&batch).map_err(|e| e.to_string())?.into_array(2).map_err(|e| e.to_string())?;
    assert_eq!(value.data_type(), &result.ty.arrow(), "the Arrow type of {name}");
    if value.is_null(0) {
        return Ok(None);
    }
    let mut text = String::new();
    crate::render::text(&result.ty, &value, 0, &mut text);
    Ok(Some(text))
}
