//! The line editor: completion, colours, and when a line is whole.

mod complete;
mod helper;

pub(crate) use complete::Vocabulary;
pub(crate) use helper::LineHelper;

use std::path::PathBuf;

use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};
use trailmere_model::{Error, Result};

/// An editor with the user's history.
pub(crate) type LineEditor = Editor<LineHelper, FileHistory>;

/// Makes the editor; its history lies in the platform's state folder.
pub(crate) fn editor(vocabulary: Vocabulary, color: Color) -> Result<LineEditor> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .history_ignore_space(true)
        .max_history_size(10_000)
        .map(rustyline::config::Builder::build)
        .map_err(terminal_error)?;
    let mut editor = Editor::with_history(config.clone(), FileHistory::with_config(&config)).map_err(terminal_error)?;
    editor.set_helper(Some(LineHelper::new(vocabulary, color)));
    if let Some(file) = history_file() {
        // No history yet is no error.
        let _ = editor.load_history(&file);
    }
    Ok(editor)
}

/// Writes the history, if there is a place for it.
pub(crate) fn save_history(editor: &mut LineEditor) {
    let Some(file) = history_file() else { return };
    if let Some(folder) = file.parent() {
        let _ = std::fs::create_dir_all(folder);
    }
    let _ = editor.save_history(&file);
}

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    On,
    Off,
}

fn history_file() -> Option<PathBuf> {
    let folder = dirs::state_dir().or_else(dirs::data_local_dir)?;
    Some(folder.join("trailmere").join("history"))
}

fn terminal_error(e: rustyline::error::ReadlineError) -> Error {
    Error::unavailable("the terminal can't be used").source(e)
}
