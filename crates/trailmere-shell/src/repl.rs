//! The loop: read, run, show.

use chrono::{DateTime, Utc};
use rustyline::error::ReadlineError;
use trailmere_engine::Engine;
use trailmere_model::{Error, Result};

use crate::commands::{Flow, names, run_command};
use crate::line::{Color, LineEditor, Vocabulary, editor, save_history};
use crate::session::{Session, write_screen};

/// How a shell starts.
pub struct ShellOptions {
    /// What `events` and `insights` mean.
    pub store: Option<String>,
    /// Who asks, for the records of queries; without it none are kept.
    pub who: Option<String>,
    /// Reads the clock.
    pub clock: fn() -> DateTime<Utc>,
    /// How errors are told.
    pub describe: fn(&Error) -> String,
    /// Said at the start.
    pub greeting: String,
}

const PROMPT: &str = "trailmere> ";

/// Ctrl-C in a row that leave the shell.
const LEAVING_INTERRUPTS: usize = 3;

/// Runs the shell until the user leaves it.
pub async fn run(engine: Engine, options: ShellOptions) -> Result<()> {
    let mut session = Session::new(engine, options.store, options.clock)?;
    session.who = options.who;
    let color = if session.color { Color::On } else { Color::Off };
    let mut line = editor(vocabulary(&session).await, color)?;
    write_screen(&options.greeting)?;
    let mut interrupts = 0;
    while interrupts < LEAVING_INTERRUPTS {
        let (returned, read) = read_line(line).await?;
        line = returned;
        let text = match read {
            Ok(text) => text,
            Err(ReadlineError::Interrupted) => {
                interrupts += 1;
                continue;
            }
            Err(ReadlineError::Eof) => break,
            Err(e) => return Err(Error::unavailable("the terminal can't be read").source(e)),
        };
        interrupts = 0;
        if !text.trim().is_empty() {
            // A history that can't be kept is no reason to stop.
            let _ = line.add_history_entry(text.trim_end());
        }
        match respond(&mut session, &text).await {
            Ok(Flow::Leave) => break,
            Ok(Flow::Stay) => {}
            Ok(Flow::NamesChanged) => refresh(&mut line, &session).await,
            Err(error) => write_screen(&format!("{}\n", (options.describe)(&error)))?,
        }
    }
    save_history(&mut line);
    Ok(())
}

/// The editor blocks, so it reads on a thread of its own.
async fn read_line(mut line: LineEditor) -> Result<(LineEditor, rustyline::Result<String>)> {
    tokio::task::spawn_blocking(move || {
        let read = line.readline(PROMPT);
        (line, read)
    })
    .await
    .map_err(|e| Error::internal("the line editor stopped").source(e))
}

async fn respond(session: &mut Session, text: &str) -> Result<Flow> {
    let trimmed = text.trim();
    if trimmed.starts_with('\\') {
        return run_command(session, trimmed).await;
    }
    if ["exit", "quit"].contains(&trimmed.trim_end_matches(';').to_ascii_lowercase().as_str()) {
        return Ok(Flow::Leave);
    }
    let engine = session.engine.clone();
    for statement in engine.split(text) {
        session.run(statement.text, vec![]).await?;
    }
    Ok(Flow::Stay)
}

async fn refresh(line: &mut LineEditor, session: &Session) {
    let vocabulary = vocabulary(session).await;
    if let Some(helper) = line.helper_mut() {
        helper.vocabulary = vocabulary;
    }
}

/// What completion knows; what can't be read now is left out.
async fn vocabulary(session: &Session) -> Vocabulary {
    let words = session.engine.vocabulary(&session.request(vec![])).await.unwrap_or_default();
    let functions = trailmere_sql::functions::all().iter().map(|f| f.name.to_string()).collect();
    let keywords = sqlparser::keywords::ALL_KEYWORDS.iter().map(|k| k.to_string()).collect();
    let queries = match session.engine.saved().list(None).await {
        Ok(list) => list.into_iter().map(|q| q.name).collect(),
        Err(_) => vec![],
    };
    Vocabulary {
        keywords,
        tables: words.tables,
        columns: words.columns,
        map_keys: words.map_keys,
        functions,
        queries,
        commands: names(),
    }
}
