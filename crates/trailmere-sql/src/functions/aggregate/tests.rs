//! Every aggregate gives the same whole and in parts, grouped and alone.

use arrow::array::{Array, AsArray, BooleanArray, Float64Array, Int64Array, StringViewArray, UInt32Array};
use arrow::compute::{SortOptions, cast, take};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::EmitTo;
use datafusion::physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion::physical_expr::expressions::col;

use super::*;
use crate::function::FunctionKind;
use arrow::array::ArrayRef;

const ROWS: usize = 12;

/// A column of each type, with NULLs.
fn column(ty: &Type) -> ArrayRef {
    let hole = |i: usize| i % 5 == 3;
    let range = 0..ROWS;
    match ty {
        Type::Boolean => Arc::new(range.map(|i| (!hole(i)).then_some(i % 3 == 0)).collect::<BooleanArray>()),
        Type::Double => Arc::new(range.map(|i| (!hole(i)).then_some(i as f64 + 0.5)).collect::<Float64Array>()),
        Type::BigInt => Arc::new(range.map(|i| (!hole(i)).then_some((i as i64 * 7) % 5)).collect::<Int64Array>()),
        _ => Arc::new(range.map(|i| (!hole(i)).then(|| format!("value {}", i % 4))).collect::<StringViewArray>()),
    }
}

/// Calls that together use every fold.
fn calls() -> Vec<(&'static str, Vec<Type>)> {
    use Type::{BigInt, Boolean, Double};
    let text = || Type::VARCHAR;
    vec![
        ("sum", vec![BigInt]),
        ("sum", vec![Double]),
        ("avg", vec![BigInt]),
        ("count_if", vec![Boolean]),
        ("bool_and", vec![Boolean]),
        ("bool_or", vec![Boolean]),
        ("max", vec![Double]),
        ("min", vec![Double]),
        ("max_by", vec![text(), BigInt]),
        ("min_by", vec![BigInt, text()]),
        ("max_by", vec![text(), BigInt, BigInt]),
        ("array_agg", vec![text()]),
        ("map_agg", vec![text(), BigInt]),
        ("multimap_agg", vec![text(), BigInt]),
        ("histogram", vec![text()]),
        ("listagg", vec![text()]),
        ("approx_distinct", vec![BigInt]),
        ("bitwise_or_agg", vec![BigInt]),
        ("checksum", vec![text()]),
        ("geometric_mean", vec![Double]),
        ("entropy", vec![BigInt]),
    ]
}

/// The aggregate and its arguments, coerced.
fn bound(name: &str, types: &[Type]) -> (AggregateFunctionExpr, Vec<ArrayRef>) {
    let function = all().into_iter().find(|f| f.name == name).unwrap();
    let FunctionKind::Aggregate(bind) = function.kind else { panic!("{name} is no aggregate") };
    let args: Vec<Arg<'_>> = types.iter().map(|ty| Arg::Value { ty: ty.clone(), constant: None }).collect();
    let call = bind(&args).unwrap();
    let field = |(i, t): (usize, &Type)| Field::new(format!("a{i}"), t.arrow(), true);
    let schema = Arc::new(Schema::new(call.args.iter().enumerate().map(field).collect::<Vec<_>>()));
    let args = (0..types.len()).map(|i| col(&format!("a{i}"), &schema).unwrap()).collect();
    let mut columns: Vec<ArrayRef> =
        types.iter().zip(&call.args).map(|(from, to)| cast(&column(from), &to.arrow()).unwrap()).collect();
    if types.len() == 3 {
        // How many to take is neither NULL nor zero.
        columns[2] = Arc::new(Int64Array::from(vec![2; ROWS]));
    }
    (AggregateExprBuilder::new(call.udaf, args).schema(schema).alias(name).build().unwrap(), columns)
}

/// Doubles are summed in another order.
fn same(a: &ScalarValue, b: &ScalarValue) -> bool {
    match (a, b) {
        (ScalarValue::Float64(Some(a)), ScalarValue::Float64(Some(b))) => (a - b).abs() < 1e-9 * a.abs().max(1.0),
        _ => a == b,
    }
}

fn whole(expr: &AggregateFunctionExpr, columns: &[ArrayRef]) -> ScalarValue {
    let mut accumulator = expr.create_accumulator().unwrap();
    accumulator.update_batch(columns).unwrap();
    accumulator.evaluate().unwrap()
}

fn parts(expr: &AggregateFunctionExpr, columns: &[ArrayRef]) -> ScalarValue {
    let mut last = expr.create_accumulator().unwrap();
    for (from, length) in [(0, 5), (5, 0), (5, ROWS - 5)] {
        let mut part = expr.create_accumulator().unwrap();
        let slices: Vec<ArrayRef> = columns.iter().map(|c| c.slice(from, length)).collect();
        part.update_batch(&slices).unwrap();
        let state = part.state().unwrap();
        let state: Vec<ArrayRef> = state.iter().map(|s| s.to_array().unwrap()).collect();
        last.merge_batch(&state).unwrap();
    }
    last.evaluate().unwrap()
}

#[test]
fn aggregates_are_the_same_whole_and_in_parts() {
    for (name, types) in calls() {
        let (expr, columns) = bound(name, &types);
        let (whole, parts) = (whole(&expr, &columns), parts(&expr, &columns));
        assert!(same(&whole, &parts), "{name}{types:?}: {whole} {parts}");
        assert!(!whole.is_null(), "{name}");
    }
}

#[test]
fn groups_are_as_their_rows_alone() {
    let groups: Vec<usize> = (0..ROWS).map(|row| row % 3).collect();
    for (name, types) in calls() {
        let (expr, columns) = bound(name, &types);
        assert!(expr.groups_accumulator_supported(), "{name}");
        let mut grouped = expr.create_groups_accumulator().unwrap();
        let mut merged = expr.create_groups_accumulator().unwrap();
        grouped.update_batch(&columns, &groups, None, 4).unwrap();
        let states = grouped.convert_to_state(&columns, None).unwrap();
        merged.merge_batch(&states, &groups, 4).unwrap();
        let first = grouped.evaluate(EmitTo::First(1)).unwrap();
        let rest = grouped.evaluate(EmitTo::All).unwrap();
        let merged = merged.evaluate(EmitTo::All).unwrap();
        for group in 0..3 {
            let rows: UInt32Array = (0..ROWS as u32).filter(|r| *r as usize % 3 == group).collect();
            let alone: Vec<ArrayRef> = columns.iter().map(|c| take(c, &rows, None).unwrap()).collect();
            let expected = whole(&expr, &alone);
            let found = match group {
                0 => ScalarValue::try_from_array(&first, 0),
                _ => ScalarValue::try_from_array(&rest, group - 1),
            };
            assert!(same(&expected, &found.unwrap()), "{name}{types:?} group {group}: {expected}");
            let found = ScalarValue::try_from_array(&merged, group).unwrap();
            assert!(same(&expected, &found), "{name}{types:?} group {group} merged: {expected} {found}");
        }
    }
}

#[test]
fn sliding_frames_forget_what_they_have_left() {
    let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![1, 2, 3, 4]))];
    let (expr, _) = bound("sum", &[Type::BigInt]);
    let mut sliding = expr.create_sliding_accumulator().unwrap();
    sliding.update_batch(&columns).unwrap();
    sliding.retract_batch(&[columns[0].slice(0, 2)]).unwrap();
    assert_eq!(sliding.evaluate().unwrap(), ScalarValue::Int64(Some(7)));
    sliding.update_batch(&[columns[0].slice(0, 1)]).unwrap();
    sliding.retract_batch(&[columns[0].slice(2, 1)]).unwrap();
    assert_eq!(sliding.evaluate().unwrap(), ScalarValue::Int64(Some(5)));
}

#[test]
fn an_aggregate_takes_its_rows_in_order() {
    let types = [Type::VARCHAR];
    let function = all().into_iter().find(|f| f.name == "array_agg").unwrap();
    let FunctionKind::Aggregate(bind) = function.kind else { panic!("array_agg is an aggregate") };
    let call = bind(&[Arg::Value { ty: types[0].clone(), constant: None }]).unwrap();
    let call = call.in_order(vec![SortOptions { descending: true, nulls_first: false }]);
    let fields = vec![Field::new("a", DataType::Utf8View, true), Field::new("b", DataType::Int64, true)];
    let schema = Arc::new(Schema::new(fields));
    let args = vec![col("a", &schema).unwrap(), col("b", &schema).unwrap()];
    let expr = AggregateExprBuilder::new(call.udaf, args).schema(schema).alias("a").build().unwrap();
    let values: ArrayRef = Arc::new(StringViewArray::from(vec!["x", "y", "z"]));
    let keys: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
    let ScalarValue::List(list) = whole(&expr, &[values, keys]) else { panic!("array_agg gives a list") };
    let found = list.value(0);
    assert_eq!(found.as_string_view().iter().flatten().collect::<Vec<_>>(), ["z", "x", "y"]);
}
