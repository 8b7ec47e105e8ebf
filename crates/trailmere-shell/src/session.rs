//! What the shell remembers between statements, and how it runs one.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};

use chrono::{DateTime, Utc};
use trailmere_engine::{AskedStore, Engine, JobRequest, Noted, Origin, Parameter, QueryRequest, QueryRun};
use trailmere_model::{Error, Result};

use crate::pager::Paged;
use crate::printers::{Format, Layout, format, format_of_file};
use crate::show::{Shown, footer, show};

/// Settings of a shell, and its engine.
pub(crate) struct Session {
    pub(crate) engine: Engine,
    /// What `events` and `insights` mean.
    pub(crate) store: Option<String>,
    pub(crate) format: &'static Format,
    pub(crate) timing: bool,
    /// Where results go instead of the terminal.
    pub(crate) output: Option<String>,
    /// Empty: none.
    pub(crate) pager: String,
    pub(crate) max_rows: Option<u64>,
    /// The last statement that ran, for `\save` and `\explain`.
    pub(crate) last_statement: Option<String>,
    pub(crate) color: bool,
    /// Who asks, for the records of queries; nobody's queries are not recorded.
    pub(crate) who: Option<String>,
    clock: fn() -> DateTime<Utc>,
}

/// Rows that the shell shows unless told otherwise.
const DEFAULT_MAX_ROWS: u64 = 10_000;

impl Session {
    pub(crate) fn new(engine: Engine, store: Option<String>, clock: fn() -> DateTime<Utc>) -> Result<Self> {
        let terminal = std::io::stdout().is_terminal();
        Ok(Session {
            engine,
            store,
            format: format("auto")?,
            timing: true,
            output: None,
            pager: if terminal { default_pager() } else { String::new() },
            max_rows: Some(DEFAULT_MAX_ROWS),
            last_statement: None,
            color: terminal && std::env::var_os("NO_COLOR").is_none(),
            who: None,
            clock,
        })
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    pub(crate) fn request(&self, parameters: Vec<Parameter>) -> QueryRequest {
        QueryRequest { store: self.store.clone(), parameters, now: self.now(), timeout: None }
    }

    /// Runs one statement and shows its rows; ctrl-C cancels it and leaves the shell alive.
    pub(crate) async fn run(&mut self, sql: &str, parameters: Vec<Parameter>) -> Result<()> {
        self.last_statement = Some(sql.trim().trim_end_matches(';').trim_end().to_string());
        tokio::select! {
            result = self.run_to_end(sql, parameters) => result,
            _ = tokio::signal::ctrl_c() => Err(Error::cancelled("the query was cancelled")),
        }
    }

    async fn run_to_end(&mut self, sql: &str, parameters: Vec<Parameter>) -> Result<()> {
        let request = self.request(parameters);
        let run = self.engine.query(sql, &request).await?;
        let stores = run.stores.clone();
        let shown = self.show_rows(run).await;
        self.note(sql, request, stores, &shown).await;
        let shown = shown?;
        let mut line = String::new();
        if shown.more {
            let shown = indicatif::HumanCount(shown.rows);
            line = format!("{shown} rows shown, there are more; `\\maxrows off` shows all\n");
        }
        if self.timing {
            line.push_str(&footer(&shown));
            line.push('\n');
        }
        write_screen(&line)
    }

    async fn show_rows(&self, run: QueryRun) -> Result<Shown> {
        let Some(path) = &self.output else { return self.to_screen(run).await };
        let format =
            if is_screen_format(self.format) { format_of_file(path).unwrap_or(self.format) } else { self.format };
        let file = File::create(path).map_err(|e| output_refused(path, e))?;
        let mut printer = format.printer(Box::new(BufWriter::new(file)), Layout::default());
        show(run, printer.as_mut(), None).await
    }

    /// Records how it went; a lake that may only be read can be asked all the same.
    async fn note(&self, sql: &str, request: QueryRequest, stores: Vec<AskedStore>, shown: &Result<Shown>) {
        let Some(who) = self.who.clone() else { return };
        let statistics = shown.as_ref().map(|shown| shown.statistics.clone()).unwrap_or_default();
        let started = request.now;
        let sql = sql.trim().to_string();
        let job = JobRequest { sql, request, delivery: None, origin: Origin::Interactive, who };
        let noted = Noted { stores, statistics, error: shown.as_ref().err(), started, finished: self.now() };
        let _ = self.engine.jobs().note(&job, noted).await;
    }

    async fn to_screen(&self, run: QueryRun) -> Result<Shown> {
        if self.format.binary {
            return Err(Error::invalid(format!("`{}` is not for a terminal", self.format.name))
                .hint("send it to a file with `\\o FILE`, or choose another `\\format`"));
        }
        let size = terminal_size::terminal_size();
        let screen = size.map_or(usize::MAX, |(_, height)| usize::from(height.0).saturating_sub(2));
        let layout = Layout { width: size.map(|(width, _)| usize::from(width.0)), color: self.color };
        let mut paged = Paged::new(screen, &self.pager);
        let mut printer = self.format.printer(Box::new(&mut paged), layout);
        let shown = show(run, printer.as_mut(), self.max_rows).await;
        drop(printer);
        paged.close()?;
        shown
    }
}

fn is_screen_format(format: &Format) -> bool {
    ["auto", "table", "vertical"].contains(&format.name)
}

fn output_refused(path: &str, e: std::io::Error) -> Error {
    Error::unavailable("the output file can't be made").at(path).source(e)
}

/// Says something on the screen.
pub(crate) fn write_screen(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(crate::printers::output_error)
}

fn default_pager() -> String {
    match std::env::var("TRAILMERE_PAGER").or_else(|_| std::env::var("PAGER")) {
        Ok(pager) if pager.trim() == "less" => "less -SFRX".to_string(),
        Ok(pager) => pager,
        Err(_) => "less -SFRX".to_string(),
    }
}
