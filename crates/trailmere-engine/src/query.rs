//! One query, from its text to its rows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::Schema;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;
use trailmere_model::{Error, Result};
use trailmere_sql::{Fragment, OutputColumn, PlanOptions, Planned, Statement};

use crate::aggregate::ByNumbers;
use crate::athena::OpenRows;
use crate::engine::Engine;
use crate::error::{run_error, sql_error};
use crate::implied::ImpliedTimes;
use crate::jobs::AskedStore;
use crate::members::SplitStructs;
use crate::newest::NewestFirst;
use crate::options::QueryRequest;
use crate::slim::slim;
use crate::statistics::{Meter, QueryStatistics};
use crate::topk::{Narrowed, narrow};

/// A running query. Dropping it cancels it.
pub struct QueryRun {
    /// The columns of the result.
    pub columns: Vec<OutputColumn>,
    /// The stores that the statement names.
    pub stores: Vec<AskedStore>,
    reader: Reader,
    meter: Meter,
    rows: u64,
    deadline: Option<(Instant, Duration)>,
    sql: String,
    memory_limit: usize,
    finished: Option<QueryStatistics>,
}

impl std::fmt::Debug for QueryRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QueryRun({})", self.sql)
    }
}

/// Runs the plan on a task of its own, so that whoever waits for rows can also see a timeout or ctrl-C, however long the
/// plan computes before it gives the next batch. Dropped, it ends the task.
struct Reader {
    batches: Receiver<datafusion::error::Result<RecordBatch>>,
    task: JoinHandle<()>,
}

impl Reader {
    fn start(mut stream: SendableRecordBatchStream) -> Self {
        let (to, batches) = channel(BATCHES_AHEAD);
        let task = tokio::spawn(async move {
            while let Some(batch) = stream.next().await {
                if to.send(batch).await.is_err() {
                    break;
                }
            }
        });
        Reader { batches, task }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Batches that may wait for whoever reads the result.
const BATCHES_AHEAD: usize = 2;

impl Engine {
    /// Cuts a script into its statements.
    pub fn split<'a>(&self, script: &'a str) -> Vec<Fragment<'a>> {
        trailmere_sql::split_script(script)
    }

    /// Plans a statement and starts it; its rows come from [`QueryRun::next_batch`].
    ///
    /// # Errors
    /// Whatever is wrong with the statement, with its place; a store that is missing or pending deletion.
    pub async fn query(&self, sql: &str, request: &QueryRequest) -> Result<QueryRun> {
        let started = Instant::now();
        self.scans().begin_statement();
        let (planned, stores) = self.plan(sql, request).await?;
        let (state, memory_limit) = (self.session_state(), self.options().memory_limit);
        let failed = |e| run_error(e, sql, memory_limit);
        let (physical, scouted) = physical_plan(planned.plan, &state).await.map_err(failed)?;
        let stream = execute_stream(Arc::clone(&physical), state.task_ctx()).map_err(failed)?;
        Ok(QueryRun {
            columns: planned.columns,
            stores,
            reader: Reader::start(stream),
            meter: Meter::new(physical, scouted, started),
            rows: 0,
            deadline: request.timeout.map(|timeout| (started + timeout, timeout)),
            sql: sql.to_string(),
            memory_limit,
            finished: None,
        })
    }

    pub(crate) async fn plan(&self, sql: &str, request: &QueryRequest) -> Result<(Planned, Vec<AskedStore>)> {
        let most = self.options().statement_limit;
        if sql.len() > most && sql.chars().count() > most {
            return Err(Error::limit(format!("the statement is longer than {most} characters")));
        }
        let statement = Statement::parse(sql).map_err(|e| sql_error(e, sql))?;
        let names: Vec<String> = statement.table_names().iter().map(|name| name.text()).collect();
        let catalog = self.open_tables(&names, request).await?;
        let mut options = PlanOptions::new(request.now);
        options.max_length = most;
        options.parameters = self.bind(&request.parameters, request).await?;
        let planned = statement.plan(&catalog, &options).map_err(|e| sql_error(e, sql))?;
        Ok((planned, catalog.stores))
    }

    /// A session with all rules. Made once: registering functions and rules takes as long as planning a short statement.
    pub(crate) fn session_state(&self) -> SessionState {
        self.session().get_or_init(|| self.new_session()).clone()
    }

    fn new_session(&self) -> SessionState {
        let state = trailmere_sql::session::session_state(self.session_config());
        let mut rules = state.optimizers().to_vec();
        rules.insert(0, Arc::new(SplitStructs));
        // Filters have reached the scan by then, and common parts of them are not yet taken out.
        let at = rules.iter().position(|r| r.name() == "common_sub_expression_eliminate").unwrap_or(rules.len());
        rules.insert(at, Arc::new(ImpliedTimes));
        rules.push(Arc::new(OpenRows));
        SessionStateBuilder::new_from_existing(state)
            .with_runtime_env(self.runtime())
            .with_optimizer_rules(rules)
            .with_physical_optimizer_rule(Arc::new(NewestFirst))
            .with_physical_optimizer_rule(Arc::new(ByNumbers))
            .build()
    }

    /// The first column of a result, as text; for the engine's own small questions.
    pub(crate) async fn strings(&self, sql: &str, request: &QueryRequest) -> Result<Vec<String>> {
        // Boxed, since parameters ask in turn.
        let mut run = Box::pin(self.query(sql, request)).await?;
        let mut values = vec![];
        while let Some(batch) = run.next_batch().await? {
            if let Some(texts) = batch.column(0).as_string_view_opt() {
                values.extend(texts.iter().flatten().map(str::to_string));
            }
        }
        Ok(values)
    }
}

/// The plan to run, and one that was run to make it better.
async fn physical_plan(
    plan: LogicalPlan,
    state: &SessionState,
) -> datafusion::error::Result<(Arc<dyn ExecutionPlan>, Option<Arc<dyn ExecutionPlan>>)> {
    let Narrowed { plan, scouted } = narrow(state.optimize(&slim(plan, state))?, state).await?;
    // Optimized once more only if it has changed: planning is a part of every answer's time.
    let physical = match scouted {
        None => state.query_planner().create_physical_plan(&plan, state).await?,
        Some(_) => state.create_physical_plan(&plan).await?,
    };
    Ok((physical, scouted))
}

impl QueryRun {
    /// The next rows, in the Arrow types of `columns`; `None` after the last.
    pub async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let next = match self.deadline {
            None => self.reader.batches.recv().await,
            Some((end, timeout)) => match tokio::time::timeout_at(end.into(), self.reader.batches.recv()).await {
                Ok(next) => next,
                Err(_) => {
                    return Err(Error::limit(format!("the query took longer than {} s", timeout.as_secs_f64()))
                        .hint("raise `--timeout`, or narrow the time range"));
                }
            },
        };
        match next {
            None if self.finished.is_some() => Ok(None),
            None => {
                // A plan that panicked has no more batches either.
                (&mut self.reader.task).await.map_err(|e| Error::internal("the query broke off").source(e))?;
                self.finished.get_or_insert_with(|| self.meter.read(self.rows));
                Ok(None)
            }
            Some(Err(e)) => Err(run_error(e, &self.sql, self.memory_limit)),
            Some(Ok(batch)) => {
                self.rows += batch.num_rows() as u64;
                self.shown(batch).map(Some)
            }
        }
    }

    /// Whether the time that the query may take is over.
    pub fn is_overdue(&self) -> bool {
        self.deadline.is_some_and(|(end, _)| Instant::now() >= end)
    }

    /// What the query has cost so far.
    pub fn statistics(&self) -> QueryStatistics {
        self.finished.clone().unwrap_or_else(|| self.meter.read(self.rows))
    }

    /// The batch in the types that the columns promise (EXPLAIN's come from DataFusion as they are).
    fn shown(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let fits = |(array, column): (&ArrayRef, &OutputColumn)| *array.data_type() == column.ty.arrow();
        if batch.columns().iter().zip(&self.columns).all(fits) {
            return Ok(batch);
        }
        let arrays = batch.columns().iter().zip(&self.columns).map(|(array, column)| cast(array, &column.ty.arrow()));
        let arrays = arrays.collect::<std::result::Result<Vec<_>, _>>().map_err(mismatch)?;
        let fields: Vec<_> = self.columns.iter().map(|c| trailmere_sql::function::field_of(&c.name, &c.ty)).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(mismatch)
    }
}

fn mismatch(e: arrow::error::ArrowError) -> Error {
    Error::internal("a result has other types than planned").source(e)
}
