//! `\?` and `\q`.

use trailmere_model::Result;

use super::{COMMANDS, Flow, find};
use crate::session::{Session, write_screen};

pub(super) async fn help(_: &mut Session, topic: &str) -> Result<Flow> {
    let text = match topic {
        "" => all(),
        topic => about(topic)?,
    };
    write_screen(&text)?;
    Ok(Flow::Stay)
}

fn all() -> String {
    let mut text = String::from("A statement is Trino's SELECT and ends with `;`. Commands:\n\n");
    for command in COMMANDS {
        let usage = format!("\\{} {}", command.name, command.arguments);
        text.push_str(&format!("  {usage:<32} {}\n", command.about));
    }
    text.push_str("\n`\\? NAME` explains a function. Ctrl-C cancels a query, ctrl-D leaves.\n");
    text
}

/// Help on a function, or else on a command.
fn about(topic: &str) -> Result<String> {
    let name = topic.trim_end_matches("()");
    if let Some(function) = trailmere_sql::functions::lookup(name) {
        let signatures: String = function.signature.lines().map(|l| format!("  {}\n", l.trim())).collect();
        return Ok(format!("{signatures}\n{}\n\nexample: SELECT {}\n", function.about, function.example));
    }
    let command = find(topic.trim_start_matches('\\'))?;
    Ok(format!("  \\{} {}\n\n{}\n", command.name, command.arguments, command.about))
}

pub(super) async fn quit(_: &mut Session, _: &str) -> Result<Flow> {
    Ok(Flow::Leave)
}
