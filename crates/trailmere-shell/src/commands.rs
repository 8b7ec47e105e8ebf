//! Backslash commands: one table, from which the help and the completion are made.

mod describe;
mod help;
mod queries;
mod settings;

use std::future::Future;
use std::pin::Pin;

use trailmere_model::{Error, Result, nearest};

use crate::session::Session;

/// What the loop does after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Reads on.
    Stay,
    /// Reads on; stores or saved queries have changed.
    NamesChanged,
    /// Ends.
    Leave,
}

pub(crate) type Answer<'a> = Pin<Box<dyn Future<Output = Result<Flow>> + Send + 'a>>;

/// A backslash command.
pub struct Command {
    /// What is typed after the backslash.
    pub name: &'static str,
    /// Its arguments, for the help.
    pub arguments: &'static str,
    /// One line of help.
    pub about: &'static str,
    run: for<'a> fn(&'a mut Session, &'a str) -> Answer<'a>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\\{}", self.name)
    }
}

macro_rules! command {
    ($name:literal, $arguments:literal, $about:literal, $run:path) => {
        Command {
            name: $name,
            arguments: $arguments,
            about: $about,
            run: |session, rest| Box::pin($run(session, rest)),
        }
    };
}

/// All commands, in the order of the help.
pub const COMMANDS: &[Command] = &[
    command!("d", "[TABLE]", "list the tables, or the columns of one", describe::describe),
    command!("ds", "", "list the event data stores", describe::stores),
    command!("use", "[STORE]", "what `events` and `insights` mean from now on", settings::use_store),
    command!("queries", "[WORDS]", "list or search saved queries", queries::list),
    command!("run", "NAME [PARAMETER=VALUE …]", "run a saved query", queries::run),
    command!("save", "NAME [TITLE]", "save the last statement under a name", queries::save),
    command!(
        "explain",
        "[STATEMENT]",
        "show the plan of a statement, or of the last one, with what it prunes",
        queries::explain
    ),
    command!("format", "[NAME]", "how results are printed", settings::format),
    command!("x", "[on|off]", "one line per column", settings::expanded),
    command!(
        "o",
        "[FILE]",
        "send results to a file (its ending says the format), or back to the screen",
        settings::output
    ),
    command!("maxrows", "[N|off]", "most rows that are shown", settings::max_rows),
    command!("pager", "[on|off|COMMAND]", "page long results", settings::pager),
    command!("timing", "[on|off]", "say rows, time and bytes after each result", settings::timing),
    command!("?", "[FUNCTION|COMMAND]", "help", help::help),
    command!("q", "", "leave", help::quit),
];

/// The names of all commands.
pub(crate) fn names() -> Vec<String> {
    COMMANDS.iter().map(|c| c.name.to_string()).collect()
}

/// Runs `\name rest`; a unique beginning of a name will do.
pub(crate) async fn run_command(session: &mut Session, line: &str) -> Result<Flow> {
    let text = line.trim_start_matches('\\').trim_end_matches(';').trim();
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let command = find(name)?;
    (command.run)(session, rest.trim()).await
}

fn find(name: &str) -> Result<&'static Command> {
    if let Some(exact) = COMMANDS.iter().find(|c| c.name == name) {
        return Ok(exact);
    }
    let begins: Vec<&Command> = COMMANDS.iter().filter(|c| !name.is_empty() && c.name.starts_with(name)).collect();
    match begins.as_slice() {
        [one] => Ok(one),
        [] => {
            let error = Error::not_found(format!("there is no command `\\{name}`"));
            Err(match nearest(name, COMMANDS.iter().map(|c| c.name)) {
                Some(near) => error.hint(format!("did you mean `\\{near}`?")),
                None => error.hint("`\\?` lists the commands"),
            })
        }
        several => {
            let names: Vec<String> = several.iter().map(|c| format!("\\{}", c.name)).collect();
            Err(Error::invalid(format!("`\\{name}` can be {}", names.join(", "))).hint("type more of it"))
        }
    }
}

/// `on` and `off`; nothing toggles.
pub(crate) fn switch(word: &str, now: bool) -> Result<bool> {
    match word.to_ascii_lowercase().as_str() {
        "" => Ok(!now),
        "on" | "true" | "1" => Ok(true),
        "off" | "false" | "0" => Ok(false),
        _ => Err(Error::invalid(format!("`{word}` is neither `on` nor `off`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_beginnings_are_enough() {
        for (i, a) in COMMANDS.iter().enumerate() {
            assert!(COMMANDS[i + 1..].iter().all(|b| b.name != a.name), "{}", a.name);
            assert!(!a.about.is_empty());
        }
        assert_eq!(find("ti").unwrap().name, "timing");
        assert_eq!(find("d").unwrap().name, "d");
        assert!(find("timng").unwrap_err().advice().unwrap().contains("\\timing"));
        assert!(find("").is_err());
    }

    #[test]
    fn switches_toggle_without_a_word() {
        assert!(switch("", false).unwrap());
        assert!(!switch("OFF", true).unwrap());
        assert!(switch("maybe", true).is_err());
    }
}
