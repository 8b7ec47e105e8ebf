//! The interactive SQL shell, and the printers that the command line shares with it.
//!
//! The only crate that knows a terminal. It asks the engine and shows what comes; it decides nothing about SQL or stores.

pub mod printers;

pub mod show;

mod tokens;

mod line;

mod pager;
mod progress;
mod session;

mod commands;

mod repl;

pub use commands::COMMANDS;
pub use progress::QueryProgress;
pub use repl::{ShellOptions, run};

/// Columns of the terminal on stdout, if there is one.
pub fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}
