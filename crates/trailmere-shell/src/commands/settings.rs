//! `\use`, `\format`, `\x`, `\o`, `\maxrows`, `\pager`, `\timing`.

use trailmere_model::{Error, Result};

use super::{Flow, switch};
use crate::printers;
use crate::session::{Session, write_screen};

pub(super) async fn use_store(session: &mut Session, name: &str) -> Result<Flow> {
    if !name.is_empty() {
        let store = session.engine.lake().find_store(name).await?;
        session.store = Some(store.id.to_string());
        write_screen(&format!("`events` and `insights` mean {} ({})\n", store.name, store.id))?;
        return Ok(Flow::NamesChanged);
    }
    match &session.store {
        Some(store) => write_screen(&format!("using {store}\n"))?,
        None => write_screen("using the default store, or the only one\n")?,
    }
    Ok(Flow::Stay)
}

pub(super) async fn format(session: &mut Session, name: &str) -> Result<Flow> {
    if name.is_empty() {
        let lines = printers::FORMATS.iter().map(|f| {
            let mark = if f.name == session.format.name { '*' } else { ' ' };
            format!("{mark} {:<9} {}\n", f.name, f.about)
        });
        write_screen(&lines.collect::<String>())?;
    } else {
        session.format = printers::format(name)?;
    }
    Ok(Flow::Stay)
}

pub(super) async fn expanded(session: &mut Session, word: &str) -> Result<Flow> {
    let on = switch(word, session.format.name == "vertical")?;
    session.format = printers::format(if on { "vertical" } else { "auto" })?;
    Ok(Flow::Stay)
}

pub(super) async fn output(session: &mut Session, file: &str) -> Result<Flow> {
    session.output = (!file.is_empty()).then(|| file.to_string());
    match &session.output {
        Some(file) => write_screen(&format!("each result goes to {file}, replacing the one before\n"))?,
        None => write_screen("results go to the screen\n")?,
    }
    Ok(Flow::Stay)
}

pub(super) async fn max_rows(session: &mut Session, word: &str) -> Result<Flow> {
    match word {
        "" => {
            let now = session.max_rows.map_or("off".to_string(), |n| n.to_string());
            write_screen(&format!("maxrows is {now}\n"))?;
        }
        "off" => session.max_rows = None,
        number => {
            let rows = number
                .parse()
                .map_err(|_| Error::invalid(format!("`{number}` is no number of rows")).hint("a number, or `off`"))?;
            session.max_rows = Some(rows);
        }
    }
    Ok(Flow::Stay)
}

pub(super) async fn pager(session: &mut Session, word: &str) -> Result<Flow> {
    session.pager = match word {
        "" if session.pager.is_empty() => "less -SFRX".to_string(),
        "on" => "less -SFRX".to_string(),
        "" | "off" => String::new(),
        command => command.to_string(),
    };
    let state = if session.pager.is_empty() { "off" } else { &session.pager };
    write_screen(&format!("pager: {state}\n"))?;
    Ok(Flow::Stay)
}

pub(super) async fn timing(session: &mut Session, word: &str) -> Result<Flow> {
    session.timing = switch(word, session.timing)?;
    write_screen(&format!("timing is {}\n", if session.timing { "on" } else { "off" }))?;
    Ok(Flow::Stay)
}
