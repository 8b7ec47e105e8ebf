//! How is a schedule's question put, and does its answer fulfil the alert's condition?

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::Schema;
use chrono::{DateTime, TimeDelta, Utc};
use datafusion::catalog::MemTable;
use datafusion::common::Column;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::collect;
use trailmere_model::{Error, Result};
use trailmere_queries::placeholders;
use trailmere_sql::catalog::{Catalog, Table, TableColumn, TableName};
use trailmere_sql::{OutputColumn, PlanOptions, Planned, Statement, Type};

use super::condition::Condition;
use super::definition::{GivenParameter, LAST_SUCCESS_TIME, QueryTask, Question, SCHEDULED_TIME, Schedule, Task};
use super::findings::Gatherer;
use crate::engine::Engine;
use crate::error::{run_error, sql_error};
use crate::options::{Parameter, ParameterValue, QueryRequest};
use crate::saved::bind_saved;

/// The time that a run covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cover {
    /// From then on: `$last_success_time`.
    pub(crate) begin: DateTime<Utc>,
    /// Until then: `$scheduled_time`.
    pub(crate) end: DateTime<Utc>,
}

/// A statement, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) sql: String,
    pub(crate) request: QueryRequest,
}

/// The type of the two times of a run.
const TIME_TYPE: &str = "timestamp(3)";

impl Cover {
    fn of(&self, name: &str) -> Option<String> {
        let time = match name {
            SCHEDULED_TIME => self.end,
            LAST_SUCCESS_TIME => self.begin,
            _ => return None,
        };
        Some(time.format("%Y-%m-%d %H:%M:%S%.3f").to_string())
    }
}

/// Puts a task's question for the time it covers.
pub(crate) async fn put(engine: &Engine, task: &QueryTask, cover: Cover, now: DateTime<Utc>) -> Result<Asked> {
    let (sql, parameters) = match &task.question {
        Question::Sql(sql) => (sql.clone(), sql_parameters(sql, task, cover)),
        Question::Saved(name) => {
            let query = engine.saved().find(name).await?;
            let mut given: Vec<(String, String)> = [SCHEDULED_TIME, LAST_SUCCESS_TIME]
                .into_iter()
                .filter(|name| query.parameter(name).is_some())
                .filter_map(|name| Some((name.to_owned(), cover.of(name)?)))
                .collect();
            given.extend(task.parameters.iter().map(|(name, value)| (name.clone(), text(value, cover).0)));
            (query.sql.clone(), bind_saved(&query, &given)?)
        }
    };
    let timeout = task.timeout.map(super::period::Period::duration);
    Ok(Asked { sql, request: QueryRequest { store: task.store.clone(), parameters, now, timeout } })
}

fn sql_parameters(sql: &str, task: &QueryTask, cover: Cover) -> Vec<Parameter> {
    let mut parameters = vec![];
    for name in placeholders(sql) {
        let value = match (task.parameters.get(name), cover.of(name)) {
            (Some(given), _) => match (text(given, cover), &given.type_name) {
                ((text, None), None) => ParameterValue::Text(text),
                ((text, Some(own)), None) => ParameterValue::Typed { type_name: own.to_owned(), text },
                ((text, _), Some(type_name)) => ParameterValue::Typed { type_name: type_name.clone(), text },
            },
            (None, Some(text)) => ParameterValue::Typed { type_name: TIME_TYPE.to_owned(), text },
            // The analyzer says that it has no value, with its place.
            (None, None) => continue,
        };
        parameters.push(Parameter { name: name.to_owned(), value });
    }
    parameters
}

/// The text of a parameter, and its type if it is one of the run's own times.
fn text(given: &GivenParameter, cover: Cover) -> (String, Option<&'static str>) {
    match given.value.strip_prefix('$').and_then(|name| cover.of(name)) {
        Some(time) => (time, Some(TIME_TYPE)),
        None => (given.value.clone(), None),
    }
}

impl Engine {
    /// Refuses a schedule whose statement or condition can't be planned.
    pub async fn check_schedule(&self, schedule: &Schedule, now: DateTime<Utc>) -> Result<()> {
        let Task::Query(task) = &schedule.task else { return Ok(()) };
        let cover = Cover { begin: now - TimeDelta::hours(1), end: now };
        let asked = put(self, task, cover, now).await?;
        refuse_unknown(self, task).await?;
        let columns = self.plan(&asked.sql, &asked.request).await?.0.columns;
        Gatherer::new(&columns, &schedule.alerting.dedupe_by)?;
        if let Some(Condition::Sql(sql)) = schedule.alerting.effective_condition() {
            plan_condition(&sql, &columns, vec![], now)?;
        }
        Ok(())
    }
}

/// SQL ignores values that it has no place for; in a schedule such a value is a mistake.
async fn refuse_unknown(engine: &Engine, task: &QueryTask) -> Result<()> {
    let sql = match &task.question {
        Question::Sql(sql) => sql.clone(),
        Question::Saved(name) => engine.saved().find(name).await?.sql,
    };
    let used = placeholders(&sql);
    match task.parameters.keys().find(|name| !used.contains(&name.as_str())) {
        Some(unused) => Err(Error::invalid(format!("the statement has no parameter `${unused}`"))
            .hint("take `--param` out, or write the name as the statement does")),
        None => Ok(()),
    }
}

/// Whether an SQL condition is true for any row that it gives over a result.
pub(crate) async fn holds(
    engine: &Engine,
    sql: &str,
    columns: &[OutputColumn],
    batches: Vec<RecordBatch>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let text = Condition::statement(sql);
    let planned = plan_condition(sql, columns, batches, now)?;
    let state = engine.session_state();
    let physical = state
        .create_physical_plan(&planned.plan)
        .await
        .map_err(|e| run_error(e, &text, engine.options().memory_limit))?;
    let answers =
        collect(physical, state.task_ctx()).await.map_err(|e| run_error(e, &text, engine.options().memory_limit))?;
    Ok(answers.iter().filter_map(|batch| batch.column(0).as_boolean_opt()).any(|fires| fires.true_count() > 0))
}

fn plan_condition(
    sql: &str,
    columns: &[OutputColumn],
    batches: Vec<RecordBatch>,
    now: DateTime<Utc>,
) -> Result<Planned> {
    let text = Condition::statement(sql);
    let place = |error: Error| match error.place() {
        Some(_) => error,
        None => error.at(format!("the condition `{sql}`")),
    };
    let statement = Statement::parse(&text).map_err(|e| place(sql_error(e, &text)))?;
    let catalog = ResultTable(result_table(columns, batches)?);
    let planned = statement.plan(&catalog, &PlanOptions::new(now)).map_err(|e| place(sql_error(e, &text)))?;
    match planned.columns.first().map(|column| &column.ty) {
        Some(Type::Boolean) => Ok(planned),
        ty => {
            let ty = ty.map_or("nothing".to_owned(), ToString::to_string);
            Err(Error::invalid(format!("the condition of an alert is {ty}, not boolean"))
                .at(format!("`{sql}`"))
                .hint("write a comparison over the result, such as `max(denied) > 10` or `count(*) > 0`"))
        }
    }
}

/// The only table that a condition sees.
struct ResultTable(Table);

impl Catalog for ResultTable {
    fn table(&self, name: &TableName) -> Option<Table> {
        name.text().eq_ignore_ascii_case("result").then(|| self.0.clone())
    }

    fn table_names(&self) -> Vec<String> {
        vec!["result".to_owned()]
    }
}

/// A result as a table. Headings of results need not be unique, so the columns have names of their own below.
fn result_table(columns: &[OutputColumn], batches: Vec<RecordBatch>) -> Result<Table> {
    let own = |index: usize| format!("c{index}");
    let fields = columns.iter().enumerate().map(|(i, c)| trailmere_sql::function::field_of(&own(i), &c.ty));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let mut renamed = vec![];
    for batch in batches {
        // What was kept in a file may have come back in a type that is only as good.
        let arrays = batch.columns().iter().zip(schema.fields()).map(|(array, field)| cast(array, field.data_type()));
        let arrays = arrays.collect::<std::result::Result<Vec<_>, _>>().map_err(mismatch)?;
        renamed.push(RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(mismatch)?);
    }
    let rows = MemTable::try_new(schema, vec![renamed])
        .map_err(|e| Error::internal("a result can't be asked about").source(e))?;
    let columns = columns.iter().enumerate().map(|(i, column)| TableColumn {
        name: column.name.to_lowercase(),
        display: Some(column.name.clone()),
        ty: column.ty.clone(),
        hidden: false,
        expr: Expr::Column(Column::new_unqualified(own(i))),
    });
    Ok(Table { source: provider_as_source(Arc::new(rows)), columns: columns.collect() })
}

fn mismatch(e: arrow::error::ArrowError) -> Error {
    Error::internal("a result has other types than its columns promise").source(e)
}
