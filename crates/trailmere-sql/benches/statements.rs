//! How long does a typical statement over CloudTrail events take to plan, and how fast are the functions it calls?
//!
//! Planning is parsing, analysis and DataFusion's optimisation over a table of the shape of an event data store. Functions
//! run over 8,192 made-up rows, as one batch of a scan.

use std::hint::black_box;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringViewArray, TimestampMicrosecondArray, new_null_array};
use arrow::datatypes::Schema;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext, ident};
use tokio::runtime::{Builder, Runtime};
use trailmere_sql::catalog::{Catalog, Table, TableColumn, TableName};
use trailmere_sql::function::field_of;
use trailmere_sql::{PlanOptions, SqlError, Statement, Type, session, type_name};

const ROWS: usize = 8_192;

/// Columns that the statements use.
const COLUMNS: &[(&str, &str)] = &[
    ("eventtime", "timestamp(6)"),
    ("eventsource", "varchar"),
    ("eventname", "varchar"),
    ("sourceipaddress", "varchar"),
    ("errorcode", "varchar"),
    ("requestparameters", "map(varchar, varchar)"),
    ("eventjson", "varchar"),
    (
        "useridentity",
        "row(type varchar, arn varchar, accesskeyid varchar, sessioncontext row(sessionissuer row(arn varchar, username varchar)))",
    ),
];

/// Name and statement.
const STATEMENTS: &[(&str, &str)] = &[
    ("filter", "SELECT eventName, userIdentity.arn FROM events WHERE eventTime > '2024-01-01' AND eventSource = 's3.amazonaws.com'"),
    (
        "group",
        "SELECT eventSource, count(*) AS n, count(DISTINCT eventName) FROM events WHERE eventTime >= date_add('day', -7, now())
         GROUP BY eventSource HAVING count(*) > 10 ORDER BY n DESC LIMIT 25",
    ),
    (
        "lambda",
        "SELECT filter(map_values(requestParameters), v -> v LIKE '%role%'), element_at(requestParameters, 'roleName')
         FROM events WHERE any_match(map_keys(requestParameters), k -> k = 'roleName')",
    ),
    (
        "join",
        "WITH roles AS (SELECT userIdentity.arn AS actor, eventTime AS t FROM events WHERE eventName = 'PassRole')
         SELECT r.actor, e.eventName, date_diff('minute', r.t, e.eventTime) FROM roles r JOIN events e ON r.actor = e.userIdentity.arn
         WHERE e.eventName IN ('RunInstances', 'CreateFunction20150331') AND e.eventTime BETWEEN r.t AND r.t + interval '10' minute",
    ),
    (
        "window",
        "SELECT * FROM (SELECT eventName, rank() OVER (PARTITION BY eventSource ORDER BY eventTime DESC) r FROM events) WHERE r = 1",
    ),
];

/// The calls that published queries use most; `{j}`, `{t}` and `{s}` are JSON, a time and text.
const CALLS: &[(&str, &str)] = &[
    ("json_extract_scalar", "json_extract_scalar({j}, '$.requestParameters.bucketName')"),
    ("json_extract", "json_extract({j}, '$.userIdentity')"),
    ("json_parse", "json_parse({j})"),
    ("like", "{s} LIKE '%Describe%'"),
    ("lower", "lower({s})"),
    ("replace", "replace({s}, 'a', 'bb')"),
    ("split_part", "split_part({s}, ':', 6)"),
    ("regexp_like", "regexp_like({s}, '(role|user)/adm[a-z]+')"),
    ("regexp_extract", "regexp_extract({s}, '([a-z]+)/([^/]+)$', 2)"),
    ("date_format", "date_format({t}, '%Y-%m-%dT%H:%i:%SZ')"),
    ("date_add", "date_add('day', -7, {t})"),
    ("date_trunc", "date_trunc('hour', {t})"),
    ("date_diff", "date_diff('minute', {t}, timestamp '2024-01-02 00:00:00')"),
    ("from_iso8601_timestamp", "from_iso8601_timestamp(to_iso8601({t}))"),
    ("coalesce", "coalesce(nullif({s}, ''), 'none')"),
    ("cast", "CAST(to_unixtime({t}) AS bigint)"),
];

struct Events(Table);

impl Catalog for Events {
    fn table(&self, _: &TableName) -> Option<Table> {
        Some(self.0.clone())
    }
}

fn events() -> Result<Events, DataFusionError> {
    let types: Vec<(&str, Type)> =
        COLUMNS.iter().filter_map(|(name, ty)| Some((*name, type_name::parse(ty).ok()?))).collect();
    let fields: Vec<_> = types.iter().map(|(name, ty)| field_of(name, ty)).collect();
    let schema = Arc::new(Schema::new(fields));
    let columns = types.iter().map(|(name, ty)| made_up(name, ty)).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    let rows = MemTable::try_new(schema, vec![vec![batch]])?;
    let column = |(name, ty): (&str, Type)| TableColumn {
        name: name.to_string(),
        display: None,
        ty,
        hidden: false,
        expr: ident(name),
    };
    Ok(Events(Table { source: provider_as_source(Arc::new(rows)), columns: types.into_iter().map(column).collect() }))
}

fn made_up(name: &str, ty: &Type) -> ArrayRef {
    let texts = |text: fn(usize) -> String| Arc::new((0..ROWS).map(|i| Some(text(i))).collect::<StringViewArray>());
    match name {
        "eventtime" => {
            let times = (0..ROWS as i64).map(|i| 1_704_067_200_000_000 + i * 1_000_000);
            Arc::new(TimestampMicrosecondArray::from_iter_values(times))
        }
        "eventname" => texts(|i| format!("arn:aws:sts::123456789012:assumed-role/admins/session-{i}")),
        "eventjson" => texts(|i| {
            format!(
                r#"{{"eventVersion":"1.08","userIdentity":{{"type":"AssumedRole","arn":"arn:aws:sts::1:role/{i}"}},"eventTime":"2024-01-01T00:00:00Z","eventSource":"s3.amazonaws.com","requestParameters":{{"bucketName":"logs-{i}","key":"a/b/c"}}}}"#
            )
        }),
        _ => new_null_array(&ty.arrow(), ROWS),
    }
}

fn plan(
    sql: &str,
    events: &Events,
    context: &SessionContext,
) -> Result<datafusion::logical_expr::LogicalPlan, DataFusionError> {
    let now = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
    let planned = Statement::parse(sql).and_then(|s| s.plan(events, &PlanOptions::new(now)));
    context.state().optimize(&planned.map_err(|e: SqlError| DataFusionError::External(Box::new(e)))?.plan)
}

fn planning(criterion: &mut Criterion, events: &Events, context: &SessionContext) {
    let mut group = criterion.benchmark_group("plan");
    for (name, sql) in STATEMENTS {
        group.bench_function(*name, |bencher| bencher.iter(|| black_box(plan(sql, events, context).is_ok())));
    }
    group.finish();
}

fn functions(criterion: &mut Criterion, events: &Events, context: &SessionContext, runtime: &Runtime) {
    let mut group = criterion.benchmark_group("call");
    group.throughput(Throughput::Elements(ROWS as u64));
    for (name, call) in CALLS {
        let call = call.replace("{j}", "eventJson").replace("{t}", "eventTime").replace("{s}", "eventName");
        let sql = format!("SELECT {call} FROM events");
        let Ok(plan) = plan(&sql, events, context) else { continue };
        let Ok(physical) = runtime.block_on(context.state().create_physical_plan(&plan)) else { continue };
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let rows = datafusion::physical_plan::collect(Arc::clone(&physical), context.task_ctx());
                black_box(runtime.block_on(rows).is_ok())
            });
        });
    }
    group.finish();
}

fn statements(criterion: &mut Criterion) {
    let config = SessionConfig::new().with_target_partitions(1);
    let context = SessionContext::new_with_state(session::session_state(config));
    let (Ok(events), Ok(runtime)) = (events(), Builder::new_current_thread().build()) else { return };
    planning(criterion, &events, &context);
    functions(criterion, &events, &context, &runtime);
}

criterion_group!(benches, statements);
criterion_main!(benches);
