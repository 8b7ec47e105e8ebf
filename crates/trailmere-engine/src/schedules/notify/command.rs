//! How is a program told? It is started without a shell and gets JSON on stdin; success is exit code 0.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use trailmere_model::{Error, Result};

use crate::schedules::message::Message;

/// A program that takes longer is stopped.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of what it said that are shown.
const SHOWN_BYTES: usize = 200;

pub(super) async fn send(line: &str, message: &Message) -> Result<()> {
    let words = words(line)?;
    let (program, arguments) = words.split_first().ok_or_else(|| Error::invalid("there is no program to run"))?;
    let place = format!("`{program}`");
    let body = serde_json::to_string(message).map_err(|e| Error::internal("a message is no JSON").source(e))?;
    let failed = |e: std::io::Error| Error::unavailable("a program can't be run").at(place.clone()).source(e);
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let stdin = child.stdin.take();
    let told = async move {
        if let Some(mut stdin) = stdin {
            // A program that does not read what it is told may still do its work.
            let _ = stdin.write_all(format!("{body}\n").as_bytes()).await;
        }
        child.wait_with_output().await
    };
    let output = match tokio::time::timeout(TIMEOUT, told).await {
        Ok(output) => output.map_err(failed)?,
        Err(_) => {
            let seconds = TIMEOUT.as_secs();
            return Err(Error::unavailable(format!("a program took longer than {seconds} s")).at(place));
        }
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr[..output.stderr.len().min(SHOWN_BYTES)]).trim().to_owned();
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    Err(Error::unavailable(format!("a program ended with {}{said}", output.status)).at(place))
}

/// The words of a command line: parted by spaces, except in quotes.
pub(super) fn words(line: &str) -> Result<Vec<String>> {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(Error::invalid(format!("a quote is not closed in `{line}`")));
    }
    words.extend(word);
    if words.is_empty() {
        return Err(Error::invalid("there is no program to run").hint("write `command:PROGRAM ARGUMENTS`"));
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_cut_at_spaces_outside_quotes() {
        let cases: [(&str, &[&str]); 4] = [
            ("/bin/x  a b", &["/bin/x", "a", "b"]),
            ("x 'a b' \"c 'd'\"", &["x", "a b", "c 'd'"]),
            ("x ''", &["x", ""]),
            ("x a'b c'd $HOME;rm", &["x", "ab cd", "$HOME;rm"]),
        ];
        for (line, expected) in cases {
            assert_eq!(words(line).unwrap(), expected, "{line}");
        }
        assert!(words(" ").is_err() && words("x 'y").is_err());
    }
}
