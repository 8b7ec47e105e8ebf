//! How is a saved query written in a file? A header of `-- key: value` comments, then the statement.
//!
//! ```text
//! -- title: Failed console sign-ins
//! -- description: Sign-ins that failed, by user and address.
//! --   A line that begins with two more spaces goes on.
//! -- tags: sign-in, console
//! -- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
//!
//! SELECT …
//! ```

use std::fmt::Write;

use trailmere_model::{Error, Result, nearest};

use crate::parameter::Parameter;
use crate::saved::SavedQuery;

const KEYS: [&str; 4] = ["title", "description", "tags", "param"];

/// Takes header and statement apart; what must hold of the whole is checked elsewhere.
pub(crate) fn parse(name: &str, text: &str) -> Result<SavedQuery> {
    let text = text.trim_start_matches('\u{feff}');
    let mut query = SavedQuery { name: name.to_owned(), ..SavedQuery::default() };
    let mut entries: Vec<(usize, &str, String)> = Vec::new();
    let mut body = text;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        match classify(line, !entries.is_empty()) {
            Line::Entry(key, value) => entries.push((index + 1, key, value.to_owned())),
            Line::Continuation(more) => {
                if let Some((_, _, value)) = entries.last_mut() {
                    value.push(' ');
                    value.push_str(more);
                }
            }
            Line::Blank => {}
            Line::Body => break,
        }
        body = &body[line.len()..];
    }
    for (line, key, value) in entries {
        add(&mut query, key, value.trim()).map_err(|error| error.at(format!("line {line}")))?;
    }
    body.trim().trim_end_matches(';').trim_end().clone_into(&mut query.sql);
    Ok(query)
}

enum Line<'a> {
    Entry(&'a str, &'a str),
    Continuation(&'a str),
    Blank,
    Body,
}

fn classify(line: &str, has_entry: bool) -> Line<'_> {
    let line = line.trim_end();
    if line.is_empty() {
        return Line::Blank;
    }
    let Some(comment) = line.strip_prefix("--") else {
        return Line::Body;
    };
    if has_entry && comment.starts_with("   ") {
        return Line::Continuation(comment.trim());
    }
    let is_key = |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase());
    match comment.trim_start().split_once(':') {
        Some((key, value)) if is_key(key) => Line::Entry(key, value),
        // Any other comment belongs to the statement, and ends the header.
        _ => Line::Body,
    }
}

fn add(query: &mut SavedQuery, key: &str, value: &str) -> Result<()> {
    match key {
        "title" => once(&mut query.title, key, value),
        "description" => once(&mut query.description, key, value),
        "tags" => {
            let tags = value.split(',').map(str::trim).filter(|tag| !tag.is_empty());
            query.tags.extend(tags.map(str::to_owned));
            Ok(())
        }
        "param" => {
            query.parameters.push(parameter(value)?);
            Ok(())
        }
        unknown => {
            let hint = match nearest(unknown, KEYS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("one of {}", KEYS.join(", ")),
            };
            Err(Error::syntax(format!("`{unknown}` is no entry of a query's header")).hint(hint))
        }
    }
}

fn once(field: &mut String, key: &str, value: &str) -> Result<()> {
    if !field.is_empty() {
        return Err(
            Error::syntax(format!("`{key}` stands twice in the header")).hint("indent a second line by three spaces")
        );
    }
    value.clone_into(field);
    Ok(())
}

/// `name type = default -- meaning`, where default and meaning may be left out.
fn parameter(text: &str) -> Result<Parameter> {
    let (declaration, about) = split_outside_quotes(text, "--").unwrap_or((text, ""));
    let (head, default) = match split_outside_quotes(declaration, "=") {
        Some((head, default)) => (head, Some(default.trim().to_owned())),
        None => (declaration, None),
    };
    let Some((name, type_name)) = head.trim().split_once(char::is_whitespace) else {
        return Err(Error::syntax(format!("`{}` declares no parameter", text.trim()))
            .hint("write `-- param: name type = default -- meaning`"));
    };
    let type_name = type_name.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Parameter { name: name.to_owned(), type_name, default, about: about.trim().to_owned() })
}

fn split_outside_quotes<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let outside = |at: &usize| text[..*at].matches('\'').count().is_multiple_of(2);
    let at = text.match_indices(separator).map(|(at, _)| at).find(outside)?;
    Some((&text[..at], &text[at + separator.len()..]))
}

/// Writes a query so that [`parse`] reads the same.
pub(crate) fn render(query: &SavedQuery) -> String {
    let mut text = String::new();
    let mut entry = |key: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "-- {key}: {value}");
        }
    };
    entry("title", &one_line(&query.title));
    entry("description", &one_line(&query.description));
    entry("tags", &query.tags.join(", "));
    for parameter in &query.parameters {
        let default = parameter.default.as_ref().map(|sql| format!(" = {}", one_line(sql))).unwrap_or_default();
        let about =
            if parameter.about.is_empty() { String::new() } else { format!(" -- {}", one_line(&parameter.about)) };
        entry("param", &format!("{} {}{default}{about}", parameter.name, parameter.type_name));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(query.sql.trim());
    text.push('\n');
    text
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
