//! Long results go through the user's pager; short ones straight to the terminal.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use trailmere_model::Result;

use crate::printers::output_error;

/// Output that is held until it is longer than the screen, and then goes through a pager.
pub(crate) struct Paged {
    /// Lines that fit the screen; `None` once the pager runs or there is to be none.
    held: Option<Vec<u8>>,
    lines: usize,
    screen: usize,
    command: String,
    child: Option<Child>,
}

impl Paged {
    /// Pages what is longer than `screen` lines through `command`; an empty command pages nothing.
    pub(crate) fn new(screen: usize, command: &str) -> Self {
        let held = (!command.is_empty()).then(Vec::new);
        Paged { held, lines: 0, screen, command: command.to_string(), child: None }
    }

    fn start_pager(&mut self) -> std::io::Result<()> {
        let mut words = self.command.split_whitespace();
        let program = words.next().unwrap_or("less");
        let mut child = Command::new(program).args(words).stdin(Stdio::piped()).spawn()?;
        if let (Some(held), Some(stdin)) = (self.held.take(), child.stdin.as_mut()) {
            stdin.write_all(&held)?;
        }
        self.child = Some(child);
        Ok(())
    }

    /// Shows what is held, or waits until the user has left the pager.
    pub(crate) fn close(mut self) -> Result<()> {
        if let Some(held) = self.held.take() {
            let mut out = std::io::stdout().lock();
            out.write_all(&held).and_then(|()| out.flush()).map_err(output_error)?;
        }
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            child.wait().map_err(output_error)?;
        }
        Ok(())
    }
}

impl Write for Paged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(held) = &mut self.held {
            held.extend_from_slice(bytes);
            self.lines += bytes.iter().filter(|b| **b == b'\n').count();
            if self.lines > self.screen && self.start_pager().is_err() {
                // Without a pager the text goes straight out.
                let held = self.held.take().unwrap_or_default();
                std::io::stdout().write_all(&held)?;
            }
            return Ok(bytes.len());
        }
        match self.child.as_mut().and_then(|c| c.stdin.as_mut()) {
            Some(stdin) => stdin.write(bytes),
            None => std::io::stdout().write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
