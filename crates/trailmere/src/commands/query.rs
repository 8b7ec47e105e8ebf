//! `trailmere query`: SQL from the command line, a file or stdin.

mod contract;
mod destination;
mod job;
mod note;

use std::io::{IsTerminal, Read};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use trailmere_engine::{Engine, Parameter, ParameterValue, QueryRequest, QueryRun};
use trailmere_model::Error;
use trailmere_shell::printers::{self, Format, Layout, Printer};
use trailmere_shell::show::{Shown, footer, show};

use crate::arguments::Global;
use crate::context::{engine, now, open_lake};
use crate::exit::{self, describe};
use crate::settings::query_settings;
use destination::Destination;
use note::Watched;

/// SQL to run.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Query {
    #[command(subcommand)]
    job: Option<job::Job>,
    /// The SQL; several statements are separated by `;` [default: read from stdin]
    #[arg(allow_hyphen_values = true)]
    sql: Option<String>,
    /// Read the SQL from a file
    #[arg(long, short, conflicts_with = "sql")]
    file: Option<String>,
    /// Go on after an error; with --format jsonl each statement becomes one object:
    /// {"columns","types","rows","statistics"} or {"error"}
    #[arg(long)]
    continue_on_error: bool,
    #[command(flatten)]
    output: Output,
}

/// How a statement is run and shown.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// What `events`, `insights` and `$EDS_ID` mean: a store's name, id or ARN
    #[arg(long)]
    store: Option<String>,
    /// The value of a `$NAME` in the statement; bound, never pasted. NAME:TYPE=VALUE gives it a type
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = parameter)]
    param: Vec<(String, Option<String>, String)>,
    /// table, vertical, auto, csv, tsv, json, jsonl, markdown, parquet, arrow [default: auto on a terminal, else csv]
    #[arg(long, value_parser = format)]
    format: Option<&'static Format>,
    /// Write the result to a file or s3://bucket/key; its ending says the format unless --format does
    #[arg(long, short, value_name = "FILE|s3://…")]
    output: Option<String>,
    /// Say rows, time and bytes on stderr
    #[arg(long)]
    timing: bool,
    /// Print at most this many rows of each result
    #[arg(long)]
    max_rows: Option<u64>,
    /// Stop a query after this time: 30s, 10m, 1h
    #[arg(long, value_parser = duration)]
    timeout: Option<Duration>,
    /// Memory that queries may hold before they spill, and fail where they can't: 512MB, 4GB [default: 4GB]
    #[arg(long, value_parser = bytes)]
    pub(crate) memory_limit: Option<usize>,
    /// Leave no record of the query in the lake
    #[arg(long)]
    no_record: bool,
}

pub(crate) async fn run(global: &Global, command: Query) -> Result<ExitCode> {
    if let Some(job) = command.job {
        return job::run(global, job).await;
    }
    let script = script(&command)?;
    let engine = engine(open_lake(global).await?, command.output.memory_limit)?;
    let statements = engine.split(&script);
    if statements.is_empty() {
        return Err(Error::invalid("there is no statement").hint("give SQL, `--file FILE`, or SQL on stdin").into());
    }
    if command.continue_on_error && command.output.format.is_some_and(|f| f.name == "jsonl") {
        return contract::run(&engine, &statements, &command.output).await;
    }
    let several = statements.len() > 1;
    let mut code = ExitCode::SUCCESS;
    for statement in &statements {
        let parameters = command.output.parameters();
        let result = run_statement(&engine, statement.text, parameters, &command.output).await;
        let Err(error) = result else { continue };
        if several {
            eprintln!("in the statement at line {}:", statement.line);
        }
        if !command.continue_on_error {
            return Err(error);
        }
        match error.downcast_ref::<Error>() {
            Some(ours) => eprintln!("{}", describe(ours)),
            None => eprintln!("error: {error:#}"),
        }
        code = exit::FAILED;
    }
    Ok(code)
}

fn script(command: &Query) -> Result<String> {
    match (&command.sql, &command.file) {
        (Some(sql), _) if sql != "-" => Ok(sql.clone()),
        (_, Some(file)) if file != "-" => Ok(std::fs::read_to_string(file)
            .map_err(|e| Error::not_found("the SQL file can't be read").at(file.clone()).source(e))?),
        _ => {
            if std::io::stdin().is_terminal() {
                eprintln!("reading SQL from the terminal; ctrl-D ends it");
            }
            let mut sql = String::new();
            std::io::stdin().read_to_string(&mut sql)?;
            Ok(sql)
        }
    }
}

impl Output {
    fn request(&self, parameters: Vec<Parameter>) -> QueryRequest {
        QueryRequest { store: self.store.clone(), parameters, now: now(), timeout: self.timeout }
    }

    /// The parameters of an ordinary statement.
    pub(crate) fn parameters(&self) -> Vec<Parameter> {
        parameters(&self.param)
    }

    /// The parameters as texts, for a saved query, which declares their types.
    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        self.param.iter().map(|(name, _, text)| (name.clone(), text.clone())).collect()
    }

    /// The format that was asked for, or that fits the place.
    fn format(&self) -> Result<&'static Format, Error> {
        choose_format(self.format, self.output.as_deref())
    }

    fn is_recorded(&self) -> bool {
        !self.no_record && query_settings().is_ok_and(|settings| settings.record)
    }
}

/// The format that was asked for, or that fits the file, or the place.
fn choose_format(asked: Option<&'static Format>, output: Option<&str>) -> Result<&'static Format, Error> {
    match (asked, output) {
        (Some(format), _) => Ok(format),
        (None, Some(path)) => printers::format_of_file(path).ok_or_else(|| {
            Error::invalid("the ending of the output's name says no format").at(path).hint("add `--format`")
        }),
        (None, None) => printers::format(if std::io::stdout().is_terminal() { "auto" } else { "csv" }),
    }
}

/// Parameters with their types.
fn parameters(given: &[(String, Option<String>, String)]) -> Vec<Parameter> {
    let value = |type_name: &Option<String>, text: &String| match type_name {
        Some(type_name) => ParameterValue::Typed { type_name: type_name.clone(), text: text.clone() },
        None => ParameterValue::Text(text.clone()),
    };
    given.iter().map(|(name, ty, text)| Parameter { name: name.clone(), value: value(ty, text) }).collect()
}

/// Runs one statement and prints it; ctrl-C cancels it.
pub(crate) async fn run_statement(
    engine: &Engine,
    sql: &str,
    parameters: Vec<Parameter>,
    output: &Output,
) -> Result<ExitCode> {
    let format = output.format()?;
    if format.binary && output.output.is_none() && std::io::stdout().is_terminal() {
        return Err(Error::invalid(format!("`{}` is not for a terminal", format.name))
            .hint("add `--output FILE`")
            .into());
    }
    let cancelled = || Error::cancelled("the query was cancelled");
    let mut watched = Watched { sql, request: output.request(parameters), stores: vec![], started: now() };
    let run = tokio::select! {
        run = engine.query(sql, &watched.request) => run?,
        _ = tokio::signal::ctrl_c() => return Err(cancelled().into()),
    };
    watched.stores = run.stores.clone();
    let shown = tokio::select! {
        shown = print(run, format, output) => shown,
        _ = tokio::signal::ctrl_c() => Err(cancelled()),
    };
    if output.is_recorded() {
        let statistics = shown.as_ref().map(|shown| shown.statistics.clone()).unwrap_or_default();
        watched.note(engine, statistics, shown.as_ref().err()).await;
    }
    let shown = shown?;
    if shown.more {
        eprintln!("{} rows shown, there are more; raise --max-rows to see them", shown.rows);
    }
    if output.timing {
        eprintln!("{}", footer(&shown));
    }
    Ok(ExitCode::SUCCESS)
}

async fn print(run: QueryRun, format: &'static Format, output: &Output) -> Result<Shown, Error> {
    let Some(path) = &output.output else {
        return show(run, stdout_printer(format).as_mut(), output.max_rows).await;
    };
    let mut destination = Destination::open(path).await?;
    let mut printer = format.printer(destination.writer()?, Layout::default());
    let shown = show(run, printer.as_mut(), output.max_rows).await?;
    drop(printer);
    destination.finish().await?;
    Ok(shown)
}

fn stdout_printer(format: &'static Format) -> Box<dyn Printer> {
    let terminal = std::io::stdout().is_terminal();
    let width = terminal.then(trailmere_shell::terminal_width).flatten();
    let layout = Layout { width, color: terminal && std::env::var_os("NO_COLOR").is_none() };
    let out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout());
    format.printer(Box::new(out), layout)
}

/// `NAME=VALUE` or `NAME:TYPE=VALUE`.
fn parameter(text: &str) -> Result<(String, Option<String>, String), String> {
    let (name, value) = text.split_once('=').ok_or("give NAME=VALUE")?;
    let (name, type_name) = match name.split_once(':') {
        Some((name, type_name)) => (name, Some(type_name.to_string())),
        None => (name, None),
    };
    Ok((name.trim_start_matches('$').to_string(), type_name, value.to_string()))
}

fn format(name: &str) -> Result<&'static Format, String> {
    printers::format(name)
        .map_err(|e| e.advice().map_or(e.message().to_string(), |hint| format!("{}; {hint}", e.message())))
}

/// `90`, `30s`, `10m`, `1h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "give a time such as 30s, 10m or 1h".to_string())?;
    let seconds = match &text[digits.len()..] {
        "" | "s" => number,
        "m" => number * 60,
        "h" => number * 3_600,
        "ms" => return Ok(Duration::from_millis(number)),
        unit => return Err(format!("`{unit}` is no unit of time; use ms, s, m or h")),
    };
    Ok(Duration::from_secs(seconds))
}

/// `1048576`, `512MB`, `4GB`, `2GiB`.
pub(crate) fn bytes(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: usize = digits.parse().map_err(|_| "give a size such as 512MB or 4GB".to_string())?;
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        unit => return Err(format!("`{unit}` is no unit of size; use KB, MB or GB")),
    };
    number.checked_mul(unit).ok_or_else(|| "this is more memory than there is".to_string())
}
