//! `trailmere schedule add`.

use std::process::ExitCode;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args};
use trailmere_engine::Engine;
use trailmere_engine::schedules::{
    CatchUp, Condition, Failures, GivenParameter, Notify, Period, QueryTask, Question, Schedule, Target, Task,
};

use super::wanted::{Maintain, Wanted, parsed};
use crate::commands::ingest::moment;
use crate::context::now;

/// What to add.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("task").required(true).args(["query", "sql", "maintain"]))]
#[command(group = ArgGroup::new("cadence").required(true).args(["every", "cron"]))]
pub(super) struct Add {
    /// Name: letters, digits, `-`, `_`, `.`
    name: String,
    /// A saved query, shipped or your own; `$scheduled_time` and `$last_success_time` are the run's own times
    #[arg(long)]
    query: Option<String>,
    /// SQL; `$scheduled_time` and `$last_success_time` in it are the run's own times
    #[arg(long, allow_hyphen_values = true)]
    sql: Option<String>,
    /// Maintain the lake instead of asking anything
    #[arg(long)]
    maintain: bool,
    /// Run every 15m, 1h, 1d, 1w: on the hour, at midnight, on Mondays, UTC
    #[arg(long, value_parser = parsed::<Period>)]
    every: Option<Period>,
    /// Run when a cron expression matches: minute, hour, day of month, month, day of week
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// The time zone of the cron expression, such as Europe/Berlin [default: UTC]
    #[arg(long, requires = "cron")]
    zone: Option<String>,
    /// The value of a `$NAME`; `$scheduled_time` and `$last_success_time` are values too. NAME:TYPE=VALUE gives it a type
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = parameter)]
    param: Vec<(String, GivenParameter)>,
    /// What `events` means: a store's name, id or ARN
    #[arg(long)]
    store: Option<String>,
    /// Deliver each result to a folder or s3://bucket/prefix
    #[arg(long, value_name = "DIR|s3://…")]
    deliver: Option<String>,
    /// Stop a run after this time
    #[arg(long, value_parser = parsed::<Period>)]
    timeout: Option<Period>,
    /// Run so long after each slot, for events that are delivered late: 15m
    #[arg(long, value_parser = parsed::<Period>)]
    settle: Option<Period>,
    /// Missed slots: all (each is run), last (one run covers their time), none [default: last]
    #[arg(long, value_parser = parsed::<CatchUp>)]
    catch_up: Option<CatchUp>,
    /// Run the slots after this time, past ones too [default: now]
    #[arg(long, value_parser = moment)]
    from: Option<DateTime<Utc>>,
    /// `rows > 0`, `changed`, or SQL over the table `result`: `max(denied) > 10` [default: `rows > 0` if anybody is told]
    #[arg(long, value_name = "CONDITION", value_parser = parsed::<Condition>, allow_hyphen_values = true)]
    alert_when: Option<Condition>,
    /// Tell: https://…, webhook:URL|env:NAME|file:PATH, command:PROGRAM …, file:PATH, sns:TOPIC_ARN@URL
    #[arg(long, value_name = "WHERE", value_parser = parsed::<Target>)]
    notify: Vec<Target>,
    /// Where the key is that signs webhooks: env:NAME or file:PATH
    #[arg(long, value_name = "env:NAME|file:PATH", requires = "notify")]
    secret: Option<String>,
    /// The text, with {{schedule}}, {{rows}}, {{table}}, {{first.COLUMN}}, {{scheduled_time}}, {{last_success_time}}
    #[arg(long, requires = "notify")]
    template: Option<String>,
    /// Findings that agree in these columns are the same one [default: all rows together]
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    dedupe_by: Vec<String>,
    /// Tell the same finding again only after this time; 0s tells it every time [default: 1d]
    #[arg(long, value_parser = parsed::<Period>)]
    dedupe_window: Option<Period>,
    /// Don't tell anybody of runs that fail
    #[arg(long)]
    silent_failures: bool,
    /// Don't run it yet
    #[arg(long)]
    disabled: bool,
    /// Don't look whether its statement and condition can be run now
    #[arg(long)]
    no_check: bool,
}

pub(super) async fn run(engine: &Engine, add: Add) -> Result<ExitCode> {
    let now = now();
    let no_check = add.no_check;
    let schedule = add.wanted().schedule(now)?;
    if !no_check {
        engine.check_schedule(&schedule, now).await.map_err(|error| {
            let message = "its statement or condition can't be run; `--no-check` adds it all the same";
            if error.advice().is_some() { error } else { error.hint(message) }
        })?;
    }
    engine.schedules().add(&schedule).await?;
    let state = engine.schedules().state(schedule.id).await?;
    match schedule.next_run(&state, now) {
        Some(next) => println!("added {}, next run {}", schedule.name, next.format("%Y-%m-%d %H:%M:%S UTC")),
        None => println!("added {}", schedule.name),
    }
    if let Some(hint) = all_time(engine, &schedule).await {
        eprintln!("hint: {hint}");
    }
    Ok(ExitCode::SUCCESS)
}

impl Add {
    fn wanted(self) -> Wanted {
        let notify = |to| Notify { to, secret: self.secret.clone(), template: self.template.clone() };
        Wanted {
            notify: self.notify.iter().cloned().map(notify).collect(),
            name: self.name,
            query: self.query,
            sql: self.sql,
            maintain: self.maintain.then(Maintain::default),
            every: self.every,
            cron: self.cron,
            zone: self.zone,
            parameters: self.param.into_iter().collect(),
            store: self.store,
            deliver: self.deliver,
            timeout: self.timeout,
            settle: self.settle,
            catch_up: self.catch_up,
            from: self.from,
            alert_when: self.alert_when,
            dedupe_by: self.dedupe_by,
            dedupe_window: self.dedupe_window,
            failures: self.silent_failures.then_some(Failures::Silent),
            enabled: self.disabled.then_some(false),
        }
    }
}

/// Many shipped queries look at all time unless they are told otherwise: every run of such a schedule finds it all again.
async fn all_time(engine: &Engine, schedule: &Schedule) -> Option<String> {
    let Task::Query(QueryTask { question: Question::Saved(name), parameters, .. }) = &schedule.task else {
        return None;
    };
    let query = engine.saved().find(name).await.ok()?;
    let is_open = |name: &str| query.parameter(name).is_some() && !parameters.contains_key(name);
    (is_open("since") && is_open("until")).then(|| {
        "every run looks at all time; `--param since='$last_success_time' --param until='$scheduled_time'` makes runs \
         cover time once"
            .to_string()
    })
}

/// `NAME=VALUE` or `NAME:TYPE=VALUE`.
fn parameter(text: &str) -> Result<(String, GivenParameter), String> {
    let (name, value) = text.split_once('=').ok_or("give NAME=VALUE")?;
    let (name, type_name) = match name.split_once(':') {
        Some((name, type_name)) => (name, Some(type_name.to_string())),
        None => (name, None),
    };
    let given = GivenParameter { type_name, value: value.to_string() };
    Ok((name.trim_start_matches('$').to_string(), given))
}
