//! What does the AWS CLI's shorthand mean in JSON? `Name=x,FieldSelectors=[{Field=eventCategory,Equals=[Management]}]`

use serde_json::{Map, Value};

use super::rules::SelectorOperator;
use crate::{Error, Result};

const LISTS: [&str; 2] = ["Values", "ExcludeManagementEventSources"];

/// Reads one or several selectors, separated by white space, into a list.
pub(super) fn parse(text: &str) -> Result<Value> {
    let mut parser = Parser { text, at: 0 };
    let mut items = Vec::new();
    while parser.peek().is_some() {
        items.push(Value::Object(parser.pairs(1)?));
        parser.skip_space();
    }
    Ok(Value::Array(items))
}

/// Selectors nest three deep; what is deeper is no selector.
const MAX_DEPTH: usize = 8;

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    /// `key=value,key=value`, up to a bracket that closes, white space, or the end.
    fn pairs(&mut self, depth: usize) -> Result<Map<String, Value>> {
        let mut object = Map::new();
        loop {
            let key = self.word();
            if key.is_empty() || !self.take('=') {
                return Err(self.unexpected("`key=value`"));
            }
            let value = self.value(depth)?;
            // `a=1,2,3` is a list, as long as no `=` follows.
            let mut list = vec![value];
            while self.peek() == Some(',') && !self.key_follows() {
                self.take(',');
                list.push(self.value(depth)?);
            }
            let single = if list.len() == 1 { list.pop() } else { None };
            let value = typed(&key, single.unwrap_or(Value::Array(list)));
            object.insert(key, value);
            if !self.take(',') {
                return Ok(object);
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value> {
        if depth > MAX_DEPTH {
            return Err(self.unexpected("fewer brackets"));
        }
        if self.take('[') {
            return self.list(depth + 1);
        }
        if self.take('{') {
            let object = self.pairs(depth + 1)?;
            return if self.take('}') { Ok(Value::Object(object)) } else { Err(self.unexpected("`}`")) };
        }
        match self.peek() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            _ => Ok(Value::String(self.word())),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value> {
        let mut items = Vec::new();
        self.skip_space();
        while !self.take(']') {
            items.push(self.value(depth)?);
            self.skip_space();
            if !self.take(',') && self.peek() != Some(']') {
                return Err(self.unexpected("`,` or `]`"));
            }
            self.skip_space();
        }
        Ok(Value::Array(items))
    }

    fn quoted(&mut self, quote: char) -> Result<Value> {
        self.take(quote);
        let mut text = String::new();
        while let Some(next) = self.next() {
            match next {
                '\\' => text.extend(self.next()),
                next if next == quote => return Ok(Value::String(text)),
                next => text.push(next),
            }
        }
        Err(self.unexpected("a closing quote"))
    }

    fn word(&mut self) -> String {
        let rest = &self.text[self.at..];
        let ends = |next: char| next.is_whitespace() || ",=[]{}\"'".contains(next);
        let word = rest.find(ends).map_or(rest, |end| &rest[..end]);
        self.at += word.len();
        word.to_owned()
    }

    fn key_follows(&self) -> bool {
        let rest = &self.text[self.at + 1..];
        rest.find(|next: char| !next.is_alphanumeric()).is_some_and(|end| end > 0 && rest[end..].starts_with('='))
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
    }

    fn unexpected(&self, wanted: &str) -> Error {
        let column = self.text[..self.at].chars().count() + 1;
        let found = self.peek().map_or("the end".to_owned(), |next| format!("`{next}`"));
        Error::syntax(format!("expected {wanted} in the selectors, found {found}"))
            .at(format!("column {column}"))
            .hint("give JSON, a list of selectors that begins with `[`, or the AWS CLI's shorthand")
    }
}

/// The shorthand has texts only, and lets a list of one go without brackets.
fn typed(key: &str, value: Value) -> Value {
    let is_list = SelectorOperator::ALL.iter().any(|operator| operator.as_str() == key) || LISTS.contains(&key);
    match value.as_str() {
        Some(_) if is_list => Value::Array(vec![value]),
        Some("true") => Value::Bool(true),
        Some("false") => Value::Bool(false),
        _ => value,
    }
}
