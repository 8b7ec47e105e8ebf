//! How does a struct of a store become a row of Athena's table, without reading members that nobody asks for?
//!
//! A row is `shown_row(struct, named_struct(…))`: the members that are shown, NULL where the struct is. A member of it is
//! the member of the `named_struct`, which DataFusion takes straight from the file.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StringViewBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use datafusion::common::Result as DfResult;
use datafusion::common::tree_node::Transformed;
use datafusion::functions::core::expr_fn::{get_field, named_struct};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{ColumnarValue, Expr, LogicalPlan, lit};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use trailmere_sql::call::{Typed, apply, downcast};
use trailmere_sql::function::ScalarCall;
use trailmere_sql::types::{item_field, row_fields};
use trailmere_sql::{RowField, Type};

use super::time::iso_text;

/// A member of a row, by its name there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member<'a> {
    /// Text.
    Text(&'static str),
    /// A timestamp, shown as text.
    Time(&'static str),
    /// A map of text to text.
    Map(&'static str),
    /// The value of a key of a map, where the whole is a map and no struct.
    Key(&'static str),
    /// A row.
    Row(&'static str, &'a [Member<'a>]),
}

const SHOWN_ROW: &str = "shown_row";

/// The row of these members of `base`.
pub(super) fn row(base: Expr, members: &[Member<'_>]) -> Typed {
    let mut fields = vec![];
    let mut pairs = vec![];
    for member in members {
        let (name, value) = value(&base, *member);
        fields.push(RowField { name: Some(name.to_string()), ty: value.ty });
        pairs.extend([lit(name), value.expr]);
    }
    let ty = Type::Row(fields);
    let arrow = match ty.arrow() {
        DataType::Struct(fields) => fields,
        _ => row_fields(&[]),
    };
    let call = ScalarCall::new(vec![Type::Unknown, ty.clone()], ty.clone(), move |args| {
        let (whole, shown) = (args.array(0)?, args.array(1)?);
        let columns = shown.as_struct().columns().to_vec();
        let row = StructArray::try_new_with_length(arrow.clone(), columns, whole.logical_nulls(), args.rows)?;
        Ok(ColumnarValue::Array(Arc::new(row)))
    });
    let shown = Typed::new(named_struct(pairs), ty);
    apply(SHOWN_ROW, call.handles_nulls(), vec![Typed::new(base, Type::Unknown), shown], vec![])
}

fn value(base: &Expr, member: Member<'_>) -> (&'static str, Typed) {
    let field = |name: &str| get_field(base.clone(), name);
    match member {
        Member::Text(name) => (name, Typed::new(field(name), Type::VARCHAR)),
        Member::Time(name) => (name, iso_text(field(name))),
        Member::Map(name) => (name, Typed::new(field(name), Type::map(Type::VARCHAR, Type::VARCHAR))),
        Member::Key(name) => (name, value_of_key(base.clone(), name)),
        Member::Row(name, members) => (name, row(field(name), members)),
    }
}

/// The value of a key of a map, in any case of the key.
fn value_of_key(map: Expr, key: &'static str) -> Typed {
    let ty = Type::map(Type::VARCHAR, Type::VARCHAR);
    let call = ScalarCall::new(vec![ty.clone()], Type::VARCHAR, move |args| {
        let maps = args.array(0)?;
        let maps = downcast::<MapArray>(&maps)?;
        let (keys, values) = (maps.keys().as_string_view(), maps.values().as_string_view());
        let mut out = StringViewBuilder::with_capacity(maps.len());
        for row in 0..maps.len() {
            let mut entries = maps.value_offsets()[row] as usize..maps.value_offsets()[row + 1] as usize;
            let found = entries.find(|e| maps.is_valid(row) && keys.value(*e).eq_ignore_ascii_case(key));
            out.append_option(found.filter(|e| values.is_valid(*e)).map(|e| values.value(e)));
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    });
    apply(&format!("value_of_{key}"), call, vec![Typed::new(map, ty)], vec![])
}

/// An array of rows, with these members in this order.
pub(super) fn list_of_rows(list: Expr, members: &'static [&'static str]) -> Typed {
    let fields = members.iter().map(|m| RowField { name: Some(m.to_string()), ty: Type::VARCHAR }).collect();
    let row = Type::Row(fields);
    let ty = Type::array(row.clone());
    let call = ScalarCall::new(vec![Type::Unknown], ty.clone(), move |args| {
        let list = args.array(0)?;
        let list = downcast::<ListArray>(&list)?;
        let rows = list.values().as_struct();
        let columns: Option<Vec<ArrayRef>> = members.iter().map(|m| rows.column_by_name(m).cloned()).collect();
        let (Some(columns), DataType::Struct(fields)) = (columns, row.arrow()) else {
            return datafusion::common::internal_err!("the stored rows lack one of {members:?}");
        };
        let shown = StructArray::try_new_with_length(fields, columns, rows.nulls().cloned(), rows.len())?;
        let (offsets, nulls): (_, Option<NullBuffer>) = (list.offsets().clone(), list.nulls().cloned());
        Ok(ColumnarValue::Array(Arc::new(ListArray::try_new(item_field(&row), offsets, Arc::new(shown), nulls)?)))
    });
    apply("shown_rows", call, vec![Typed::new(list, Type::Unknown)], vec![])
}

/// A boolean as `true` or `false`.
pub(super) fn boolean_text(value: Expr) -> Typed {
    let call = ScalarCall::new(vec![Type::Boolean], Type::VARCHAR, |args| {
        let values = args.array(0)?;
        let mut out = StringViewBuilder::with_capacity(values.len());
        for value in values.as_boolean().iter() {
            out.append_option(value.map(|v| if v { "true" } else { "false" }));
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    });
    apply("boolean_text", call, vec![Typed::new(value, Type::Boolean)], vec![])
}

/// Takes a member of a shown row from the struct: `get_field(shown_row(s, named_struct(…)), m)` is
/// `get_field(named_struct(…), m)`, because members of a NULL struct are NULL.
#[derive(Debug)]
pub(crate) struct OpenRows;

impl OptimizerRule for OpenRows {
    fn name(&self) -> &str {
        "open_rows"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> DfResult<Transformed<LogicalPlan>> {
        use datafusion::common::tree_node::TreeNode;
        let names = datafusion::logical_expr::expr_rewriter::NamePreserver::new(&plan);
        plan.map_expressions(|expr| {
            let name = names.save(&expr);
            let opened = expr.transform_up(|e| Ok(open(e)))?;
            Ok(opened.update_data(|e| name.restore(e)))
        })
    }
}

fn open(expr: Expr) -> Transformed<Expr> {
    let Expr::ScalarFunction(field) = &expr else { return Transformed::no(expr) };
    if !is_get_field(field) {
        return Transformed::no(expr);
    }
    let Some(Expr::ScalarFunction(row)) = field.args.first() else { return Transformed::no(expr) };
    let Some(shown) = (row.func.name() == SHOWN_ROW).then(|| row.args.get(1)).flatten() else {
        return Transformed::no(expr);
    };
    let args = std::iter::once(shown.clone()).chain(field.args[1..].iter().cloned()).collect();
    Transformed::yes(resolved(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&field.func), args))))
}

fn is_get_field(call: &ScalarFunction) -> bool {
    call.func.inner().is::<datafusion::functions::core::getfield::GetFieldFunc>()
}

/// A member of a `named_struct`: its value, and what is left of the path from there.
fn resolved(expr: Expr) -> Expr {
    let Expr::ScalarFunction(field) = &expr else { return expr };
    let [Expr::ScalarFunction(constructor), Expr::Literal(name, _), rest @ ..] = field.args.as_slice() else {
        return expr;
    };
    let named = |pair: &&[Expr]| matches!(&pair[0], Expr::Literal(n, _) if n.try_as_str() == name.try_as_str());
    let Some(value) = constructor.args.chunks_exact(2).find(named).map(|pair| pair[1].clone()) else { return expr };
    if rest.is_empty() {
        return value;
    }
    let args = std::iter::once(value).chain(rest.iter().cloned()).collect();
    open(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&field.func), args))).data
}
