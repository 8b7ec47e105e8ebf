//! How does a plan become one whose rows have their texts coded?

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, NullHandling, Result};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::{DataSource, DataSourceExec};
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::projection::{ProjectionExpr, ProjectionExprs};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::unnest::{ListUnnest, UnnestExec};

use trailmere_store::UNIQUE;

use super::among::KeepAmong;
use super::compact::Compact;
use super::list_texts::{ListTexts, Which};
use super::rows::{CodedRows, Step};
use crate::scan::EventSource;

/// The same rows with their texts coded, of a scan and of filters, projections and UNNEST above it.
pub(crate) fn coded_rows(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if let Some(scan) = plan.downcast_ref::<DataSourceExec>() {
        return Ok(scan_of(scan).and_then(coded_scan));
    }
    if let Some(among) = plan.downcast_ref::<KeepAmong>() {
        return Ok(Some(Arc::new(among.coded())));
    }
    let (steps, input) = if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        let Some(input) = coded_rows(filter.input())?.filter(|_| plan.fetch().is_none()) else { return Ok(None) };
        let condition = Compact::new(Arc::clone(filter.predicate()), &filter.input().schema())?;
        let columns = filter.projection().as_ref().map(|columns| columns.to_vec());
        (vec![Step::Filter(condition, columns)], input)
    } else if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
        if let Some(unnested) = texts_unnested(plan, projection)? {
            return Ok(Some(unnested));
        }
        let Some(input) = coded_rows(projection.input())? else { return Ok(None) };
        let schema = projection.input().schema();
        let exprs = projection.expr().iter().map(|one| Compact::new(Arc::clone(&one.expr), &schema));
        (vec![Step::Project(exprs.collect::<Result<_>>()?)], input)
    } else if let Some(unnest) = plan.downcast_ref::<UnnestExec>() {
        let (Some(list), Some(input)) = (only_list(unnest), coded_rows(unnest.input())?) else { return Ok(None) };
        (vec![Step::Unnest(vec![list])], input)
    } else {
        return Ok(None);
    };
    Ok(Some(Arc::new(CodedRows::new(Arc::clone(plan), steps, input))))
}

/// The name of the table's column that an expression over rows of a scan is.
pub(crate) fn table_column(plan: &Arc<dyn ExecutionPlan>, expr: &Arc<dyn PhysicalExpr>) -> Option<String> {
    let column = expr.downcast_ref::<Column>()?;
    if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
        return table_column(projection.input(), &projection.expr().get(column.index())?.expr);
    }
    if let Some(filter) = plan.downcast_ref::<FilterExec>().filter(|filter| filter.projection().is_none()) {
        return table_column(filter.input(), expr);
    }
    match scan_of(plan.downcast_ref::<DataSourceExec>()?)?.file_source().projection() {
        Some(projection) => {
            let read = projection.as_ref().get(column.index())?.expr.downcast_ref::<Column>()?;
            Some(read.name().to_owned())
        }
        None => Some(column.name().to_owned()),
    }
}

/// Whether a column of a scan's rows hardly ever has the same value twice.
pub(crate) fn is_unique(plan: &Arc<dyn ExecutionPlan>, expr: &Arc<dyn PhysicalExpr>) -> bool {
    table_column(plan, expr).is_some_and(|name| UNIQUE.contains(&name.as_str()))
}

/// What a plan scans of a store.
pub(crate) fn scan_of(scan: &DataSourceExec) -> Option<&FileScanConfig> {
    let config = scan.data_source().downcast_ref::<FileScanConfig>()?;
    config.file_source().is::<EventSource>().then_some(config)
}

fn coded_scan(config: &FileScanConfig) -> Option<Arc<dyn ExecutionPlan>> {
    let source = config.file_source().downcast_ref::<EventSource>()?;
    let mut coded = config.clone();
    coded.file_source = Arc::new(source.coded());
    Some(DataSourceExec::from_data_source(coded))
}

/// The list that is all that an UNNEST unnests, if rows without elements are left out.
fn only_list(unnest: &UnnestExec) -> Option<usize> {
    let [ListUnnest { index_in_input_schema: list, depth: 1 }] = unnest.list_column_indices() else { return None };
    let drops = unnest.options().null_handling == NullHandling::Drop && unnest.struct_column_indices().is_empty();
    drops.then_some(*list)
}

/// A projection of an UNNEST of a scan, which reads only texts of the lists' elements: these are read by themselves, and as
/// they are coded.
fn texts_unnested(
    plan: &Arc<dyn ExecutionPlan>,
    projection: &ProjectionExec,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(unnest) = projection.input().downcast_ref::<UnnestExec>() else { return Ok(None) };
    let (Some(list), Some(scan)) = (only_list(unnest), unnest.input().downcast_ref::<DataSourceExec>()) else {
        return Ok(None);
    };
    let Some(config) = scan_of(scan) else { return Ok(None) };
    let rows = unnest.input().schema();
    let element = rows.field(list);
    let Some(read) = Reads::of(projection, list)? else { return Ok(None) };
    let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(element.name(), list));
    let texts = read.texts.iter().map(|which| {
        let texts = ListTexts::of(Arc::clone(&column), element.data_type(), which.clone())?;
        Some(Arc::new(texts) as Arc<dyn PhysicalExpr>)
    });
    let Some(texts) = texts.collect::<Option<Vec<_>>>() else { return Ok(None) };
    let columns = read
        .columns
        .iter()
        .map(|index| Arc::new(Column::new(rows.field(*index).name(), *index)) as Arc<dyn PhysicalExpr>);
    let wanted = texts.into_iter().chain(columns).enumerate();
    let wanted = ProjectionExprs::new(wanted.map(|(nth, expr)| ProjectionExpr { expr, alias: format!("read_{nth}") }));
    let Some(source) = config.try_swapping_with_projection(&wanted)? else { return Ok(None) };
    let Some(input) = source.downcast_ref::<FileScanConfig>().and_then(coded_scan) else { return Ok(None) };
    let count = read.texts.len();
    let fields = input.schema();
    let fields = fields.fields().iter().enumerate().map(|(nth, field)| match nth < count {
        true => field.as_ref().clone().with_data_type(DataType::Utf8View),
        false => field.as_ref().clone(),
    });
    let unnested = Schema::new(fields.collect::<Vec<_>>());
    let exprs = projection.expr().iter().map(|one| Compact::new(read.rewritten(&one.expr)?, &unnested));
    let steps = vec![Step::Unnest((0..count).collect()), Step::Project(exprs.collect::<Result<_>>()?)];
    Ok(Some(Arc::new(CodedRows::new(Arc::clone(plan), steps, input))))
}

/// What expressions over unnested rows read.
struct Reads {
    /// The column of the elements.
    list: usize,
    /// Of the elements.
    texts: Vec<Which>,
    /// The other columns.
    columns: Vec<usize>,
}

impl Reads {
    /// What a projection reads; `None` if it reads no texts of elements, or elements whole that are no texts.
    fn of(projection: &ProjectionExec, list: usize) -> Result<Option<Self>> {
        let mut read = Reads { list, texts: vec![], columns: vec![] };
        for one in projection.expr() {
            one.expr.apply(|node| {
                if let Some(which) = read.text(node) {
                    push_new(&mut read.texts, which);
                    return Ok(TreeNodeRecursion::Jump);
                }
                if let Some(column) = node.downcast_ref::<Column>() {
                    push_new(&mut read.columns, column.index());
                }
                Ok(TreeNodeRecursion::Continue)
            })?;
        }
        Ok((!read.texts.is_empty()).then_some(read))
    }

    /// The text of an element that an expression is.
    fn text(&self, expr: &Arc<dyn PhysicalExpr>) -> Option<Which> {
        if self.is_element(expr) {
            return Some(Which::Elements);
        }
        let call = expr.downcast_ref::<ScalarFunctionExpr>().filter(|call| call.name() == "get_field")?;
        let [element, name] = call.args() else { return None };
        let name = name.downcast_ref::<Literal>()?.value().try_as_str()??;
        self.is_element(element).then(|| Which::Member(name.into()))
    }

    fn is_element(&self, expr: &Arc<dyn PhysicalExpr>) -> bool {
        expr.downcast_ref::<Column>().is_some_and(|column| column.index() == self.list)
    }

    /// An expression over the texts and then the other columns.
    fn rewritten(&self, expr: &Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        let rewritten = Arc::clone(expr).transform_down(|node| {
            let place = match (self.text(&node), node.downcast_ref::<Column>()) {
                (Some(which), _) => self.texts.iter().position(|known| *known == which),
                (None, Some(column)) => {
                    let place = self.columns.iter().position(|known| *known == column.index());
                    place.map(|place| self.texts.len() + place)
                }
                (None, None) => return Ok(Transformed::no(node)),
            };
            let place = place.ok_or_else(|| DataFusionError::Internal(format!("nobody reads {node}")))?;
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(&format!("read_{place}"), place));
            Ok(Transformed::new(column, true, TreeNodeRecursion::Jump))
        });
        rewritten.map(|rewritten| rewritten.data)
    }
}

fn push_new<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}
