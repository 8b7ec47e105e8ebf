//! `\queries`, `\run`, `\save`, `\explain`.

use trailmere_engine::bind_saved;
use trailmere_model::{Error, Result};
use trailmere_queries::SavedQuery;

use super::Flow;
use crate::session::{Session, write_screen};

pub(super) async fn list(session: &mut Session, words: &str) -> Result<Flow> {
    let phrase = (!words.is_empty()).then_some(words);
    let queries = session.engine.saved().list(phrase).await?;
    if queries.is_empty() {
        write_screen("no saved query has these words\n")?;
        return Ok(Flow::Stay);
    }
    let width = queries.iter().map(|q| q.name.len()).max().unwrap_or(0);
    let lines: String = queries.iter().map(|q| format!("{:<width$}  {}\n", q.name, q.title)).collect();
    write_screen(&lines)?;
    Ok(Flow::Stay)
}

pub(super) async fn run(session: &mut Session, rest: &str) -> Result<Flow> {
    let mut words = rest.split_whitespace();
    let Some(name) = words.next() else {
        return Err(Error::invalid("which query?").hint("`\\run NAME`; `\\queries` lists them"));
    };
    let given = words.map(parameter).collect::<Result<Vec<_>>>()?;
    let query = session.engine.saved().find(name).await?;
    let parameters = bind_saved(&query, &given)?;
    session.run(&query.sql, parameters).await?;
    Ok(Flow::Stay)
}

fn parameter(word: &str) -> Result<(String, String)> {
    let (name, value) = word
        .split_once('=')
        .ok_or_else(|| Error::invalid(format!("`{word}` is no parameter")).hint("write name=value"))?;
    Ok((name.to_string(), value.to_string()))
}

pub(super) async fn save(session: &mut Session, rest: &str) -> Result<Flow> {
    let (name, title) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if name.is_empty() {
        return Err(Error::invalid("under which name?").hint("`\\save NAME [TITLE]`"));
    }
    let Some(sql) = session.last_statement.clone() else {
        return Err(Error::not_found("there is no statement to save").hint("run one first"));
    };
    let mut query = SavedQuery::parse(name, &sql)?;
    if !title.is_empty() {
        query.title = title.to_string();
    }
    let version = session.engine.saved().save(&query).await?;
    write_screen(&format!("saved as {name}, version {version}\n"))?;
    Ok(Flow::NamesChanged)
}

pub(super) async fn explain(session: &mut Session, rest: &str) -> Result<Flow> {
    let sql = match (rest, &session.last_statement) {
        ("", Some(last)) => last.clone(),
        ("", None) => {
            return Err(Error::not_found("there is no statement to explain").hint("run one first, or give one"));
        }
        (statement, _) => statement.to_string(),
    };
    let (last, format) = (session.last_statement.take(), session.format);
    let result = session.run(&format!("EXPLAIN ANALYZE {sql}"), vec![]).await;
    (session.last_statement, session.format) = (last, format);
    result.map(|()| Flow::Stay)
}
