//! Names and calls within DEFINE and MEASURES: each value that is navigated to becomes a slot.

use std::cell::{Cell, RefCell};

use datafusion::common::DFSchema;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::call::{arguments, coerced};
use super::pattern::Labels;
use super::scope::{Scope, ScopeColumn};
use super::stage::Context;
use super::{Analyzer, column, internal};
use crate::ast::{self, Call, ExprKind, Ident};
use crate::call::Typed;
use crate::error::{Result, SqlError};
use crate::function::{AggregateCall, Arg, FunctionKind, field_of};
use crate::functions;
use crate::pattern::navigate::{Condition, Navigation, RowExpr, Selection, Slot};
use crate::types::Type;

/// Columns of a row's expression beside those of the input.
const CLASSIFIER: &str = "classifier";
const MATCH_NUMBER: &str = "match_number";

/// Where DEFINE and MEASURES are analyzed.
pub(crate) struct PatternFrame<'p> {
    rows: &'p Scope,
    pub(crate) labels: &'p Labels,
    slots: RefCell<Vec<PendingSlot>>,
    /// Within the argument of a navigation or an aggregate: the labels that its names have had so far.
    inner: RefCell<Option<Seen>>,
    /// FINAL is the default.
    whole: Cell<bool>,
    /// Within DEFINE, where the match is not known yet.
    defining: Cell<bool>,
    /// In a window, where matches are not numbered.
    window: bool,
}

/// The labels that names in an argument have: none yet, or one set (`None` for all rows).
type Seen = Option<Option<Vec<usize>>>;

/// A slot before the fields of the rows are known.
#[derive(Clone, PartialEq)]
enum PendingSlot {
    Value(Typed, Navigation),
    Aggregate(Vec<Typed>, PendingAggregate),
    MatchNumber,
}

#[derive(Clone)]
struct PendingAggregate {
    call: AggregateCall,
    over: Selection,
}

impl PartialEq for PendingAggregate {
    fn eq(&self, other: &Self) -> bool {
        self.call.udaf == other.call.udaf && self.over == other.over
    }
}

impl<'p> PatternFrame<'p> {
    pub(crate) fn new(rows: &'p Scope, labels: &'p Labels) -> Self {
        PatternFrame {
            rows,
            labels,
            slots: RefCell::default(),
            inner: RefCell::default(),
            whole: Cell::new(false),
            defining: Cell::new(false),
            window: false,
        }
    }

    /// The pattern of a window.
    pub(crate) fn in_window(self) -> Self {
        PatternFrame { window: true, ..self }
    }

    /// Begins a condition of DEFINE.
    pub(crate) fn begin_define(&self) {
        self.begin(false);
        self.defining.set(true);
    }

    /// Begins a measure.
    pub(crate) fn begin(&self, whole: bool) {
        self.slots.borrow_mut().clear();
        self.whole.set(whole);
        self.defining.set(false);
    }

    pub(crate) fn take_slots(&self) -> Slots {
        Slots(self.slots.take())
    }

    /// `A.x`, `x`: the value at the last row with the label.
    pub(crate) fn lookup(&self, parts: &[Ident]) -> Result<Option<(Typed, usize)>> {
        let labelled = (parts.len() > 1).then(|| self.labels.set(&parts[0])).flatten();
        let (found, taken) = match &labelled {
            Some(_) => (self.rows.find(&[], &parts[1])?, 2),
            None => match self.rows.find(&[], &parts[0])? {
                None if parts.len() > 1 => (self.rows.find(&parts[..1], &parts[1])?, 2),
                found => (found, 1),
            },
        };
        let Some(found) = found.map(ScopeColumn::typed) else { return Ok(None) };
        Ok(Some((self.at_label(found, labelled, &parts[0])?, taken)))
    }

    /// A value of a row: within an argument as it is, elsewhere at the last row.
    fn at_label(&self, value: Typed, labels: Option<Vec<usize>>, place: &Ident) -> Result<Typed> {
        if let Some(seen) = self.inner.borrow_mut().as_mut() {
            match seen {
                Some(before) if *before != labels => {
                    let message = "all names within a navigation or an aggregate must have the same label";
                    return Err(SqlError::invalid(message).at(place.at.into()));
                }
                _ => *seen = Some(labels),
            }
            return Ok(value);
        }
        let among = Selection { labels, of_whole: self.whole.get() };
        let navigation = Navigation { among, from_first: false, logical: 0, physical: 0 };
        Ok(self.slot(PendingSlot::Value(value.clone(), navigation), value.ty))
    }

    /// A column that was added to the rows, such as a subquery's answer.
    pub(crate) fn row_value(&self, value: Typed) -> Typed {
        if self.inner.borrow().is_some() {
            return value;
        }
        let among = Selection { labels: None, of_whole: self.whole.get() };
        let navigation = Navigation { among, from_first: false, logical: 0, physical: 0 };
        let ty = value.ty.clone();
        self.slot(PendingSlot::Value(value, navigation), ty)
    }

    fn slot(&self, slot: PendingSlot, ty: Type) -> Typed {
        let mut slots = self.slots.borrow_mut();
        let known = slots.iter().position(|s| *s == slot);
        let i = known.unwrap_or_else(|| {
            slots.push(slot);
            slots.len() - 1
        });
        Typed::new(column(&format!("s{i}")), ty)
    }

    /// Analyzes an argument; gives what it yields and the labels of its names.
    fn within<T>(&self, place: &Ident, analyze: impl FnOnce() -> Result<T>) -> Result<(T, Option<Vec<usize>>)> {
        if self.inner.borrow().is_some() {
            let message = format!("`{}` cannot be nested here", place.value);
            return Err(SqlError::invalid(message).at(place.at.into()));
        }
        *self.inner.borrow_mut() = Some(None);
        let result = analyze();
        let seen = self.inner.borrow_mut().take().flatten();
        Ok((result?, seen.flatten()))
    }
}

impl Analyzer<'_> {
    /// Calls that mean something of their own within a pattern's expressions.
    pub(super) fn pattern_call(&self, frame: &PatternFrame<'_>, call: &Call, cx: Context<'_>) -> Result<Option<Typed>> {
        let name = call.name.value.to_lowercase();
        let own = ["first", "last", "prev", "next", "classifier", "match_number"].contains(&name.as_str());
        if own && call.name.quoted {
            return Ok(None);
        }
        if own && (call.distinct || call.filter.is_some() || !call.order_by.is_empty()) {
            return Err(SqlError::invalid(format!("`{name}` takes no DISTINCT, FILTER or ORDER BY")));
        }
        if name == "match_number" && frame.window {
            return Err(SqlError::invalid("matches in a window are not numbered"));
        }
        match name.as_str() {
            "first" | "last" => self.navigation(frame, call, 0, cx).map(Some),
            "prev" | "next" => {
                let offset = offset_of(call.args.get(1), 1)?;
                let physical = if name == "prev" { -offset } else { offset };
                let inner =
                    call.args.first().ok_or_else(|| SqlError::invalid(format!("`{name}` takes an argument")))?;
                let logical = |c: &Call| ["first", "last"].iter().any(|n| c.name.value.eq_ignore_ascii_case(n));
                let wrapped = match inner.kind.as_ref() {
                    ExprKind::Call(c) if logical(c) => self.navigation(frame, c, physical, cx),
                    ExprKind::Semantics(whole, c) => match c.kind.as_ref() {
                        ExprKind::Call(c) if logical(c) => {
                            self.with_semantics(frame, *whole, || self.navigation(frame, c, physical, cx))
                        }
                        _ => return Err(SqlError::invalid("RUNNING and FINAL go with FIRST, LAST and aggregates")),
                    },
                    _ => self.navigated(frame, (inner, &call.name), (false, 0, physical), cx),
                };
                wrapped.map(Some)
            }
            "classifier" => self.classifier(frame, call).map(Some),
            "match_number" if frame.inner.borrow().is_some() => {
                Ok(Some(Typed::new(column(MATCH_NUMBER), Type::BigInt)))
            }
            "match_number" => Ok(Some(frame.slot(PendingSlot::MatchNumber, Type::BigInt))),
            _ => match functions::lookup(&name).map(|f| f.kind) {
                Some(FunctionKind::Aggregate(bind)) => self.pattern_aggregate(frame, bind, call, cx).map(Some),
                _ => Ok(None),
            },
        }
    }

    /// RUNNING and FINAL.
    pub(super) fn with_semantics(
        &self,
        frame: &PatternFrame<'_>,
        whole: bool,
        analyze: impl FnOnce() -> Result<Typed>,
    ) -> Result<Typed> {
        if whole && frame.defining.get() {
            return Err(SqlError::invalid("FINAL has no place in DEFINE: the match is not complete there"));
        }
        let before = frame.whole.replace(whole);
        let result = analyze();
        frame.whole.set(before);
        result
    }

    fn navigation(&self, frame: &PatternFrame<'_>, call: &Call, physical: i64, cx: Context<'_>) -> Result<Typed> {
        let from_first = call.name.value.eq_ignore_ascii_case("first");
        let logical = usize::try_from(offset_of(call.args.get(1), 0)?).unwrap_or(0);
        let Some(inner) = call.args.first() else {
            return Err(SqlError::invalid(format!("`{}` takes an argument", call.name.value)));
        };
        self.navigated(frame, (inner, &call.name), (from_first, logical, physical), cx)
    }

    fn navigated(
        &self,
        frame: &PatternFrame<'_>,
        (inner, place): (&ast::Expr, &Ident),
        (from_first, logical, physical): (bool, usize, i64),
        cx: Context<'_>,
    ) -> Result<Typed> {
        let (value, labels) = frame.within(place, || self.expr(inner, cx))?;
        let among = Selection { labels, of_whole: frame.whole.get() };
        let ty = value.ty.clone();
        Ok(frame.slot(PendingSlot::Value(value, Navigation { among, from_first, logical, physical }), ty))
    }

    fn classifier(&self, frame: &PatternFrame<'_>, call: &Call) -> Result<Typed> {
        let labels = match call.args.first().map(|a| a.kind.as_ref()) {
            None => None,
            Some(ExprKind::Name(name)) => Some(frame.labels.set(name).ok_or_else(|| {
                SqlError::not_found(format!("`{}` is no label of the pattern", name.value)).at(name.at.into())
            })?),
            Some(_) => return Err(SqlError::invalid("`classifier` takes a label")),
        };
        frame.at_label(Typed::new(column(CLASSIFIER), Type::VARCHAR), labels, &call.name)
    }

    fn pattern_aggregate(
        &self,
        frame: &PatternFrame<'_>,
        bind: fn(&[Arg<'_>]) -> Result<AggregateCall>,
        call: &Call,
        cx: Context<'_>,
    ) -> Result<Typed> {
        if call.distinct || call.filter.is_some() || !call.order_by.is_empty() {
            let message = "an aggregate in a pattern takes no DISTINCT, FILTER or ORDER BY";
            return Err(SqlError::unsupported(message));
        }
        let all_of = call.args.first().and_then(|a| match a.kind.as_ref() {
            ExprKind::Field(label, star) if star.value == "*" => super::name::dotted(label),
            _ => None,
        });
        let mut call = call.clone();
        let ((values, bound), mut labels) = frame.within(&call.name.clone(), || {
            if all_of.is_some() {
                call.args.clear();
            }
            let captured = RefCell::default();
            let (values, lambdas) = self.arguments(&call.args, cx, &captured)?;
            let bound = bind(&arguments(&call.args, &values, &lambdas))?;
            let mut values = bound.prepared(coerced(&call.name.value, &call, values, &bound.args)?);
            if values.is_empty() {
                values.push(Typed::constant(datafusion::common::ScalarValue::Int64(Some(1)), Type::BigInt));
            }
            Ok((values, bound))
        })?;
        if let Some([label]) = all_of.as_deref() {
            labels = Some(frame.labels.set(label).ok_or_else(|| {
                SqlError::not_found(format!("`{}` is no label of the pattern", label.value)).at(label.at.into())
            })?);
        }
        let over = Selection { labels, of_whole: frame.whole.get() };
        let (returns, finish) = (bound.returns.clone(), bound.finish.clone());
        let value = frame.slot(PendingSlot::Aggregate(values, PendingAggregate { call: bound, over }), returns.clone());
        Ok(match finish {
            Some(finish) => Typed::new(finish(value.expr), returns),
            None => value,
        })
    }
}

/// A constant number of rows.
fn offset_of(e: Option<&ast::Expr>, default: i64) -> Result<i64> {
    match e.map(|e| (e.kind.as_ref(), e.at)) {
        None => Ok(default),
        Some((ExprKind::Number(n), at)) => match n.parse::<i64>() {
            Ok(n) if (0..=i64::from(i32::MAX)).contains(&n) => Ok(n),
            _ => Err(SqlError::invalid("the offset of a navigation must be a number of rows").at(at.into())),
        },
        Some((_, at)) => Err(SqlError::invalid("the offset of a navigation must be a number").at(at.into())),
    }
}

/// Slots of one condition or measure.
pub(crate) struct Slots(Vec<PendingSlot>);

/// The conditions and measures of a pattern, to be compiled when the fields of its rows are known.
pub(crate) struct Compiled {
    defines: Vec<Option<(Typed, Slots)>>,
    measures: Vec<(Typed, Slots)>,
}

impl Compiled {
    pub(crate) fn new(labels: usize) -> Self {
        Compiled { defines: (0..labels).map(|_| None).collect(), measures: vec![] }
    }

    pub(crate) fn define(&mut self, label: usize, condition: Typed, slots: Slots) {
        self.defines[label] = Some((condition, slots));
    }

    pub(crate) fn measure(&mut self, value: Typed, slots: Slots) {
        self.measures.push((value, slots));
    }

    pub(crate) fn measure_types(&self) -> impl Iterator<Item = Type> + '_ {
        self.measures.iter().map(|(value, _)| value.ty.clone())
    }

    /// The columns that the rows need: those kept, and those that a slot reads.
    pub(crate) fn columns(&self, kept: &[ScopeColumn], available: &[ScopeColumn]) -> Vec<ScopeColumn> {
        let mut all = kept.to_vec();
        let slots = self.defines.iter().flatten().chain(&self.measures).flat_map(|(_, slots)| &slots.0);
        for slot in slots {
            let values: &[Typed] = match slot {
                PendingSlot::Value(value, _) => std::slice::from_ref(value),
                PendingSlot::Aggregate(args, _) => args,
                PendingSlot::MatchNumber => &[],
            };
            for read in values.iter().flat_map(|v| v.expr.column_refs()) {
                let column = available.iter().find(|c| c.id == read.name);
                all.extend(
                    column.filter(|c| !all.iter().any(|a| a.id == c.id)).cloned().into_iter().collect::<Vec<_>>(),
                );
            }
        }
        all
    }

    pub(crate) fn defines(&self, columns: &[ScopeColumn]) -> Result<Vec<Option<Condition>>> {
        let one = |(id, define): (usize, &Option<(Typed, Slots)>)| {
            define.as_ref().map(|(value, slots)| condition(id, value, slots, columns)).transpose()
        };
        self.defines.iter().enumerate().map(one).collect()
    }

    pub(crate) fn measures(&self, columns: &[ScopeColumn]) -> Result<Vec<Condition>> {
        let first = self.defines.len();
        let one = |(i, (value, slots)): (usize, &(Typed, Slots))| condition(first + i, value, slots, columns);
        self.measures.iter().enumerate().map(one).collect()
    }
}

fn condition(id: usize, value: &Typed, slots: &Slots, columns: &[ScopeColumn]) -> Result<Condition> {
    let mut types = Vec::new();
    let mut compiled = Vec::new();
    for slot in &slots.0 {
        compiled.push(match slot {
            PendingSlot::MatchNumber => {
                types.push(Type::BigInt);
                Slot::MatchNumber
            }
            PendingSlot::Value(value, navigation) => {
                types.push(value.ty.clone());
                Slot::Value(row_expr(value, columns)?, navigation.clone())
            }
            PendingSlot::Aggregate(args, aggregate) => {
                types.push(aggregate.call.returns.clone());
                Slot::Aggregate {
                    udaf: std::sync::Arc::clone(&aggregate.call.udaf),
                    args: args.iter().map(|a| row_expr(a, columns)).collect::<Result<_>>()?,
                    over: aggregate.over.clone(),
                    returns: aggregate.call.returns.clone(),
                }
            }
        });
    }
    let schema = Condition::schema_of(&types);
    let expr = physical(&value.expr, &schema)?;
    Ok(Condition { id, slots: compiled, expr, schema, ty: value.ty.clone() })
}

/// An expression over the fields of a row, its label and the match's number.
fn row_expr(value: &Typed, columns: &[ScopeColumn]) -> Result<RowExpr> {
    let fields = columns.iter().map(|c| field_of(&c.id, &c.ty));
    let more = [field_of(CLASSIFIER, &Type::VARCHAR), field_of(MATCH_NUMBER, &Type::BigInt)];
    let schema = std::sync::Arc::new(arrow::datatypes::Schema::new(fields.chain(more).collect::<Vec<_>>()));
    let of_match = value.expr.column_refs().iter().any(|c| c.name == CLASSIFIER || c.name == MATCH_NUMBER);
    Ok(RowExpr { expr: physical(&value.expr, &schema)?, schema, ty: value.ty.clone(), of_match })
}

fn physical(
    expr: &Expr,
    schema: &arrow::datatypes::SchemaRef,
) -> Result<std::sync::Arc<dyn datafusion::physical_expr::PhysicalExpr>> {
    let named = DFSchema::try_from(schema.as_ref().clone()).map_err(internal)?;
    let expr = crate::operators::protect_expr(expr.clone(), &named).map_err(internal)?;
    let context = PhysicalPlanningContext::default();
    datafusion::physical_expr::create_physical_expr(&expr, &named, &ExecutionProps::new(), &context).map_err(internal)
}

/// Every column of a plan: by its name in `known`, or as its Arrow type says.
pub(super) fn available(plan: &LogicalPlan, known: &[ScopeColumn]) -> Vec<ScopeColumn> {
    let one = |f: &arrow::datatypes::FieldRef| match known.iter().find(|c| c.id == *f.name()) {
        Some(column) => Some(column.clone()),
        None => {
            let ty = Type::from_arrow(f.data_type()).filter(|t| t.arrow() == *f.data_type())?;
            Some(ScopeColumn::unnamed(f.name().clone(), ty))
        }
    };
    plan.schema().fields().iter().filter_map(one).collect()
}
