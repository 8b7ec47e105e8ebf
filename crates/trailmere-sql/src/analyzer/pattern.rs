//! MATCH_RECOGNIZE and patterns in windows: the rows of a partition become a list, and what is found in it rows again.

use std::sync::Arc;

use datafusion::common::{Column, NullHandling, UnnestOptions};
use datafusion::functions_aggregate::array_agg::array_agg_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, Sort};
use datafusion::logical_expr::{Aggregate, ColumnarValue, Expr, LogicalPlan, Unnest};

use super::pattern_scope::{Compiled, PatternFrame, available};
use super::query::Ctes;
use super::scope::{Env, Rows, Scope, ScopeColumn};
use super::stage::{Context, Stage};
use super::{Analyzer, column, internal, project};
use crate::ast::{
    AfterMatch, FrameBound, FrameUnit, Ident, MatchRecognize, PatternBody, PatternNode, RowsPerMatch, WindowSpec,
};
use crate::call::{Typed, apply};
use crate::error::{Result, SqlError};
use crate::function::{CallArgs, ScalarCall};
use crate::operators;
use crate::pattern::program::{Node, Program};
use crate::pattern::{Output, Pattern, Skip};
use crate::types::{RowField, Type};

/// A pattern of a window, to be planned with the stage's windows.
pub(crate) struct PatternWindow {
    /// As written, to know it again.
    spec: WindowSpec,
    known: Vec<ScopeColumn>,
    partition_by: Vec<Expr>,
    order_by: Vec<Sort>,
    body: PatternBody,
    output: Output,
    labels: Labels,
    compiled: Compiled,
    /// Measures: name, the column that holds it, type.
    measures: Vec<(Ident, String, Type)>,
}

/// Labels of a pattern and its subsets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Labels {
    pub(crate) names: Vec<Ident>,
    pub(crate) subsets: Vec<(Ident, Vec<usize>)>,
}

impl Labels {
    fn of(body: &PatternBody) -> Result<Labels> {
        let mut labels = Labels::default();
        labels.collect(&body.pattern);
        for (name, members) in &body.subsets {
            let set = members.iter().map(|m| labels.index(m)).collect::<Result<Vec<_>>>()?;
            if labels.set(name).is_some() {
                return Err(SqlError::invalid(format!("`{}` is a label already", name.value)).at(name.at.into()));
            }
            labels.subsets.push((name.clone(), set));
        }
        for (i, (name, _)) in body.define.iter().enumerate() {
            labels.index(name)?;
            if body.define[..i].iter().any(|(other, _)| other.is_exactly(name)) {
                return Err(SqlError::invalid(format!("DEFINE names `{}` twice", name.value)).at(name.at.into()));
            }
        }
        Ok(labels)
    }

    fn collect(&mut self, node: &PatternNode) {
        match node {
            PatternNode::Label(name) if !self.names.iter().any(|n| n.is_exactly(name)) => self.names.push(name.clone()),
            PatternNode::Sequence(all) | PatternNode::Choice(all) | PatternNode::Permute(all) => {
                all.iter().for_each(|n| self.collect(n));
            }
            PatternNode::Excluded(inner) | PatternNode::Repeat(inner, ..) => self.collect(inner),
            _ => {}
        }
    }

    fn index(&self, name: &Ident) -> Result<usize> {
        self.names.iter().position(|n| n.is_exactly(name)).ok_or_else(|| {
            SqlError::not_found(format!("`{}` is no label of the pattern", name.value)).at(name.at.into())
        })
    }

    /// The labels that a name stands for.
    pub(crate) fn set(&self, name: &Ident) -> Option<Vec<usize>> {
        if let Some(i) = self.names.iter().position(|n| n.is_exactly(name)) {
            return Some(vec![i]);
        }
        self.subsets.iter().find(|(n, _)| n.is_exactly(name)).map(|(_, set)| set.clone())
    }

    fn node(&self, node: &PatternNode) -> Result<Node> {
        let all = |nodes: &[PatternNode]| nodes.iter().map(|n| self.node(n)).collect::<Result<Vec<_>>>();
        Ok(match node {
            PatternNode::Empty => Node::Empty,
            PatternNode::Start => Node::Start,
            PatternNode::End => Node::End,
            PatternNode::Label(name) => Node::Label(self.index(name)?),
            PatternNode::Sequence(nodes) => Node::Sequence(all(nodes)?),
            PatternNode::Choice(nodes) => Node::Choice(all(nodes)?),
            PatternNode::Permute(nodes) => Node::Permute(all(nodes)?),
            PatternNode::Excluded(inner) => Node::Excluded(Box::new(self.node(inner)?)),
            PatternNode::Repeat(inner, low, high, greedy) => {
                Node::Repeat(Box::new(self.node(inner)?), *low, *high, *greedy)
            }
        })
    }

    fn skip(&self, skip: &AfterMatch) -> Result<Skip> {
        let set = |name: &Ident| {
            let missing = || SqlError::not_found(format!("`{}` is no label of the pattern", name.value));
            self.set(name).ok_or_else(|| missing().at(name.at.into()))
        };
        Ok(match skip {
            AfterMatch::PastLast => Skip::PastLast,
            AfterMatch::NextRow => Skip::NextRow,
            AfterMatch::First(name) => Skip::First(set(name)?),
            AfterMatch::Last(name) => Skip::Last(set(name)?),
        })
    }

    /// What CLASSIFIER gives.
    fn shown(&self) -> Vec<String> {
        let canonical = |i: &Ident| if i.quoted { i.value.clone() } else { i.value.to_uppercase() };
        self.names.iter().map(canonical).collect()
    }
}

impl Analyzer<'_> {
    /// `input MATCH_RECOGNIZE (…)`
    pub(super) fn match_recognize(
        &self,
        input: Rows,
        m: &MatchRecognize,
        outer: &Env<'_>,
        ctes: &Ctes,
    ) -> Result<Rows> {
        check_recognition(&input, m, outer)?;
        let stage = Stage::plain("MATCH_RECOGNIZE");
        let labels = Labels::of(&m.body)?;
        let (output, whole) = match m.rows {
            RowsPerMatch::One => (Output::OneRow, true),
            RowsPerMatch::All { empty, unmatched } => (Output::AllRows { empty, unmatched }, false),
        };
        let env = super::relation::rows_env(outer, &input.scope);
        let cx = Context { env: &env, ctes, stage: &stage };
        let partition = self.named_columns(&m.partition_by, &input.scope, cx)?;
        let order =
            self.named_columns(&m.order_by.iter().map(|o| o.expr.clone()).collect::<Vec<_>>(), &input.scope, cx)?;
        let order_by = self.sort_keys(&m.order_by, cx)?;
        let frame = PatternFrame::new(&input.scope, &labels);
        let compiled = self.pattern_conditions(&frame, (&m.body, &m.measures), whole, (outer, ctes, &stage))?;
        let plan = self.attach_all(input.plan.clone(), &input.plan, stage.take_subqueries(), &|e| Ok(e))?;
        let all = match m.rows {
            RowsPerMatch::One => vec![],
            RowsPerMatch::All { .. } => input.scope.columns.iter().filter(|c| !c.hidden).cloned().collect(),
        };
        let mut kept: Vec<ScopeColumn> = partition.clone();
        let add = |kept: &mut Vec<ScopeColumn>, c: &ScopeColumn| {
            if !kept.iter().any(|k| k.id == c.id) {
                kept.push(c.clone());
            }
        };
        if !all.is_empty() {
            order.iter().for_each(|c| add(&mut kept, c));
        }
        let leading = kept.len();
        all.iter().for_each(|c| add(&mut kept, c));
        let partition_by = partition.iter().map(|c| operators::group_key(c.typed()).expr).collect();
        let pattern =
            PatternPlan { known: &input.scope.columns, body: &m.body, labels: &labels, output, compiled: &compiled };
        let (plan, values) = self.find_matches(plan, (partition_by, order_by), &pattern, &kept)?;
        let mut columns = Vec::new();
        let mut exprs = Vec::new();
        let names = kept.iter().map(|c| (c.name.clone(), c.heading.clone()));
        let named: Vec<_> = names.chain(m.measures.iter().map(|(_, n)| (Some(n.value.clone()), None))).collect();
        for (value, (name, heading)) in values.into_iter().zip(named) {
            let id = self.fresh();
            exprs.push(value.expr.alias(&id));
            columns.push(ScopeColumn { heading, ..ScopeColumn::named(id, name, value.ty) });
        }
        // PARTITION BY, ORDER BY, MEASURES, then the rest.
        let measures = columns.split_off(kept.len());
        columns.splice(leading..leading, measures);
        Ok(Rows { plan: project(plan, exprs)?, scope: Scope { columns } })
    }

    /// PARTITION BY and ORDER BY take columns.
    fn named_columns(&self, written: &[crate::ast::Expr], scope: &Scope, cx: Context<'_>) -> Result<Vec<ScopeColumn>> {
        let one = |e: &crate::ast::Expr| {
            let value = self.expr(e, cx)?;
            let known = scope.columns.iter().find(|c| c.column() == value.expr).cloned();
            known.ok_or_else(|| {
                SqlError::invalid("MATCH_RECOGNIZE partitions and sorts by columns only").at(e.at.into())
            })
        };
        written.iter().map(one).collect()
    }

    /// Lists the rows of each partition, finds the matches, and gives the plan of their rows with the values they have.
    fn find_matches(
        &self,
        plan: LogicalPlan,
        (partition_by, order_by): (Vec<Expr>, Vec<Sort>),
        pattern: &PatternPlan<'_>,
        kept: &[ScopeColumn],
    ) -> Result<(LogicalPlan, Vec<Typed>)> {
        let needed = pattern.compiled.columns(kept, &available(&plan, pattern.known));
        let row = operators::row(needed.iter().map(|c| (Some(c.id.clone()), c.typed())).collect())?;
        let list = Type::array(row.ty.clone());
        let (rows, found) = (self.fresh(), self.fresh());
        let collect = AggregateFunction::new_udf(array_agg_udaf(), vec![row.expr], false, None, order_by, None);
        let collect = Expr::AggregateFunction(collect).alias(&rows);
        let group: Vec<Expr> = partition_by.into_iter().map(|e| e.alias(self.fresh())).collect();
        let aggregate = Aggregate::try_new(Arc::new(plan), group, vec![collect]).map_err(internal)?;
        let fields = kept.iter().map(|c| c.ty.clone()).chain(pattern.compiled.measure_types());
        let made = Type::Row(fields.map(|ty| RowField { name: None, ty }).collect());
        let machine = Pattern {
            program: Program::of(&pattern.labels.node(&pattern.body.pattern)?)?,
            labels: pattern.labels.shown(),
            defines: pattern.compiled.defines(&needed)?,
            measures: pattern.compiled.measures(&needed)?,
            output: pattern.output,
            skip: pattern.labels.skip(&pattern.body.skip)?,
            kept: kept.iter().filter_map(|k| needed.iter().position(|n| n.id == k.id)).collect(),
        };
        let element = made.clone();
        let kernel = move |args: &CallArgs<'_>| machine.apply(&args.array(0)?, &element).map(ColumnarValue::Array);
        let call = ScalarCall::new(vec![list.clone()], Type::array(made.clone()), kernel).handles_nulls();
        let name = format!("match_recognize_{}", self.fresh());
        let matches = apply(&name, call, vec![Typed::new(column(&rows), list)], vec![]);
        let plan = project(LogicalPlan::Aggregate(aggregate), vec![matches.expr.alias(&found)])?;
        let options = UnnestOptions::new().with_null_handling(NullHandling::Drop);
        let unnest = Unnest::try_new(Arc::new(plan), vec![Column::from_name(&found)], options).map_err(internal)?;
        let made_row = Typed::new(column(&found), made);
        let count = kept.len() + pattern.compiled.measure_types().count();
        let values = (0..count).map(|i| operators::field_at(made_row.clone(), i)).collect::<Result<Vec<_>>>()?;
        Ok((LogicalPlan::Unnest(unnest), values))
    }

    /// `m OVER w`: a measure of the window's pattern.
    pub(super) fn window_measure(&self, name: &Ident, spec: &WindowSpec, cx: Context<'_>) -> Result<Typed> {
        let Some(body) = &spec.pattern else {
            return Err(SqlError::invalid("the window has no pattern, so it has no measures").at(name.at.into()));
        };
        let known = cx.stage.patterns.borrow().iter().position(|p| p.spec == *spec);
        if known.is_none() {
            let window = self.pattern_window(spec, body, cx)?;
            cx.stage.patterns.borrow_mut().push(window);
        }
        let patterns = cx.stage.patterns.borrow();
        let window = known.map_or_else(|| patterns.last(), |i| patterns.get(i));
        let measure = window.and_then(|w| w.measures.iter().find(|(n, ..)| n.is_exactly(name)));
        match measure {
            Some((_, id, ty)) => Ok(cx.env.carry(Typed::new(column(id), ty.clone()))),
            None => Err(SqlError::not_found(format!("the window has no measure `{}`", name.value)).at(name.at.into())),
        }
    }

    fn pattern_window(&self, spec: &WindowSpec, body: &PatternBody, cx: Context<'_>) -> Result<PatternWindow> {
        let labels = Labels::of(body)?;
        if anchored(&body.pattern) {
            return Err(SqlError::invalid("a pattern in a window takes neither `^` nor `$`"));
        }
        let twice = |(i, (_, name)): (usize, &(crate::ast::Expr, Ident))| {
            spec.measures[..i].iter().any(|(_, n)| n.is_exactly(name))
        };
        if spec.measures.iter().enumerate().any(twice) {
            return Err(SqlError::invalid("MEASURES names a measure twice"));
        }
        let following = match &spec.frame {
            Some(f) if f.unit == FrameUnit::Rows && f.start == FrameBound::CurrentRow => match &f.end {
                FrameBound::UnboundedFollowing => None,
                FrameBound::CurrentRow => Some(0),
                FrameBound::Following(e) => {
                    let count = self.expr(e, cx)?;
                    match count.literal() {
                        Some(datafusion::common::ScalarValue::Int32(Some(n))) if *n >= 0 => Some(*n as usize),
                        _ => return Err(SqlError::invalid("expected a constant number of rows").at(e.at.into())),
                    }
                }
                _ => return Err(SqlError::invalid("a pattern needs a frame that ends after the current row")),
            },
            _ => return Err(SqlError::invalid("a pattern needs a frame of ROWS that begins with CURRENT ROW")),
        };
        let super::scope::Frame::Rows(scope) = &rows_of(cx.env).frame else {
            return Err(SqlError::unsupported("a pattern in a window needs rows"));
        };
        let mut partition_by = Vec::new();
        for key in &spec.partition_by {
            partition_by.push(operators::group_key(self.expr(key, cx)?).expr);
        }
        let order_by = self.sort_keys(&spec.order_by, cx)?;
        let frame = PatternFrame::new(scope, &labels).in_window();
        let nowhere = Env { frame: super::scope::Frame::Query, outer: None };
        let around = (&nowhere, cx.ctes, cx.stage);
        let compiled = self.pattern_conditions(&frame, (body, &spec.measures), true, around)?;
        let measures = (spec.measures.iter().zip(compiled.measure_types()))
            .map(|((_, name), ty)| (name.clone(), self.fresh(), ty))
            .collect();
        let output = Output::Window { seek: body.seek, following };
        Ok(PatternWindow {
            spec: spec.clone(),
            known: scope.columns.clone(),
            partition_by,
            order_by,
            body: body.clone(),
            output,
            labels,
            compiled,
            measures,
        })
    }

    /// Adds the measures of patterns in windows: every row comes back with them.
    pub(super) fn plan_patterns(&self, mut plan: LogicalPlan, windows: Vec<PatternWindow>) -> Result<LogicalPlan> {
        for window in windows {
            let kept = available(&plan, &window.known);
            if kept.len() < plan.schema().fields().len() {
                let message = "a pattern in a window cannot stand beside a column of this type";
                return Err(SqlError::unsupported(message));
            }
            let pattern = PatternPlan {
                known: &window.known,
                body: &window.body,
                labels: &window.labels,
                output: window.output,
                compiled: &window.compiled,
            };
            let over = (window.partition_by, window.order_by);
            let (found, values) = self.find_matches(plan, over, &pattern, &kept)?;
            let ids = kept.iter().map(|c| &c.id).chain(window.measures.iter().map(|(_, id, _)| id));
            plan = project(found, values.into_iter().zip(ids).map(|(v, id)| v.expr.alias(id)).collect())?;
        }
        Ok(plan)
    }

    /// Analyzes DEFINE and MEASURES. `whole`: measures see the whole match unless they say RUNNING.
    fn pattern_conditions(
        &self,
        frame: &PatternFrame<'_>,
        (body, measures): (&PatternBody, &[(crate::ast::Expr, Ident)]),
        whole: bool,
        (outer, ctes, stage): (&Env<'_>, &Ctes, &Stage<'_>),
    ) -> Result<Compiled> {
        let env = Env::inside(outer, super::scope::Frame::Pattern(frame));
        let cx = Context { env: &env, ctes, stage };
        let mut compiled = Compiled::new(frame.labels.names.len());
        for (name, condition) in &body.define {
            frame.begin_define();
            let holds = self.condition(condition, cx)?;
            compiled.define(frame.labels.index(name)?, Typed::new(holds, Type::Boolean), frame.take_slots());
        }
        for (measure, _) in measures {
            frame.begin(whole);
            let value = self.expr(measure, cx)?;
            compiled.measure(value, frame.take_slots());
        }
        Ok(compiled)
    }
}

/// Refuses what cannot be recognised.
fn check_recognition(input: &Rows, m: &MatchRecognize, outer: &Env<'_>) -> Result<()> {
    let fail = |message: &str| Err(SqlError::invalid(message).at(m.at.into()));
    if outer.pattern().is_some() || outer.outer.is_some_and(|o| o.pattern().is_some()) {
        return fail("a pattern cannot stand within the DEFINE or MEASURES of another");
    }
    if m.body.seek {
        return fail("MATCH_RECOGNIZE takes no SEEK; AFTER MATCH SKIP says where to go on");
    }
    let visible: Vec<_> = input.scope.columns.iter().filter_map(|c| c.name.as_deref()).collect();
    if (1..visible.len()).any(|i| visible[..i].iter().any(|n| crate::ast::same_name(n, visible[i]))) {
        return fail("the input of MATCH_RECOGNIZE has two columns of one name");
    }
    if m.rows == RowsPerMatch::One && m.partition_by.is_empty() && m.measures.is_empty() {
        return fail("MATCH_RECOGNIZE gives no columns: name MEASURES or PARTITION BY");
    }
    if matches!(m.rows, RowsPerMatch::All { unmatched: true, .. }) && excludes(&m.body.pattern) {
        return fail("WITH UNMATCHED ROWS cannot go with an exclusion in the pattern");
    }
    Ok(())
}

/// What [`Analyzer::find_matches`] looks for.
struct PatternPlan<'p> {
    known: &'p [ScopeColumn],
    body: &'p PatternBody,
    labels: &'p Labels,
    output: Output,
    compiled: &'p Compiled,
}

/// The rows of the query, from within its select list.
fn rows_of<'e>(env: &'e Env<'e>) -> &'e Env<'e> {
    match (&env.frame, env.outer) {
        (super::scope::Frame::Rows(_) | super::scope::Frame::Query, _) | (_, None) => env,
        (_, Some(outer)) => rows_of(outer),
    }
}

fn excludes(node: &PatternNode) -> bool {
    holds(node, &|n| matches!(n, PatternNode::Excluded(_)))
}

fn anchored(node: &PatternNode) -> bool {
    holds(node, &|n| matches!(n, PatternNode::Start | PatternNode::End))
}

/// Whether any part of a pattern is so.
fn holds(node: &PatternNode, so: &dyn Fn(&PatternNode) -> bool) -> bool {
    so(node)
        || match node {
            PatternNode::Sequence(all) | PatternNode::Choice(all) | PatternNode::Permute(all) => {
                all.iter().any(|n| holds(n, so))
            }
            PatternNode::Repeat(inner, ..) | PatternNode::Excluded(inner) => holds(inner, so),
            _ => false,
        }
}
