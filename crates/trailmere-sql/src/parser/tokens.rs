//! From text to tokens with their places: words, literals, symbols, and bare names such as UUIDs and ARNs.

use sqlparser::tokenizer::{Token as SqlToken, TokenWithSpan, Tokenizer};

use super::dialect::TrinoDialect;
use crate::ast::At;
use crate::error::{Kind, Position, Result, SqlError};

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// An identifier or keyword without quotes.
    Word(String),
    /// An identifier in quotes.
    Quoted(String),
    /// A table name that is no identifier: a UUID, an ARN, `$EDS_ID`.
    Bare(String),
    /// `'…'`, `U&'…'`
    String(String),
    /// `X'…'`
    Binary(String),
    /// Digits as written.
    Number(String),
    /// `$name`
    Parameter(String),
    /// Everything else.
    Symbol(String),
    /// After the last.
    End,
}

/// A token with its place.
#[derive(Debug, Clone)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    pub(crate) at: At,
    /// Bytes of the text.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Cuts a statement into tokens; the last is [`Token::End`].
pub(crate) fn tokenize(text: &str) -> Result<Vec<Lexeme>> {
    let raw = Tokenizer::new(&TrinoDialect, text).tokenize_with_location().map_err(|e| {
        let position = Position { line: e.location.line, column: e.location.column, end_column: 0 };
        SqlError::new(Kind::Syntax, lexical_message(&e.message)).at(Some(position))
    })?;
    let mut places = Places { text, line: 1, column: 1, byte: 0 };
    let mut tokens = Vec::with_capacity(raw.len() + 1);
    for t in &raw {
        if let Some(lexeme) = lexeme(t, &mut places)? {
            tokens.push(lexeme);
        }
    }
    let end = text.trim_end().len();
    let at = tokens.last().map_or(At::default(), |l: &Lexeme| {
        let column = if l.at.0.end_column > 0 { l.at.0.end_column } else { l.at.0.column + 1 };
        At(Position { line: l.at.0.line, column, end_column: column + 1 })
    });
    let mut tokens = join_bare_names(text, tokens);
    tokens.push(Lexeme { token: Token::End, at, start: end, end });
    Ok(tokens)
}

/// Turns lines and columns, which only ever grow, into bytes.
struct Places<'a> {
    text: &'a str,
    line: u64,
    column: u64,
    byte: usize,
}

impl Places<'_> {
    fn byte(&mut self, line: u64, column: u64) -> usize {
        for c in self.text[self.byte..].chars() {
            if self.line > line || (self.line == line && self.column >= column) {
                break;
            }
            self.byte += c.len_utf8();
            if c == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.byte
    }
}

fn lexeme(t: &TokenWithSpan, places: &mut Places<'_>) -> Result<Option<Lexeme>> {
    let (from, to) = (t.span.start, t.span.end);
    if matches!(t.token, SqlToken::Whitespace(_) | SqlToken::EOF) {
        return Ok(None);
    }
    let start = places.byte(from.line, from.column);
    let end = places.byte(to.line, to.column);
    let end_column = if to.line == from.line { to.column } else { 0 };
    let at = At(Position { line: from.line, column: from.column, end_column });
    let source = &places.text[start..end];
    let token = token(&t.token, source).map_err(|e| e.at(at.into()))?;
    Ok(Some(Lexeme { token, at, start, end }))
}

fn token(token: &SqlToken, source: &str) -> Result<Token> {
    Ok(match token {
        SqlToken::Word(w) if w.quote_style.is_some() => {
            if w.value.is_empty() {
                return Err(SqlError::new(Kind::Syntax, "a name in quotes must not be empty"));
            }
            Token::Quoted(w.value.clone())
        }
        SqlToken::Word(w) => Token::Word(w.value.clone()),
        SqlToken::SingleQuotedString(s) => Token::String(s.clone()),
        SqlToken::UnicodeStringLiteral(_) => Token::String(source[2..].trim_matches('\'').replace("''", "'")),
        SqlToken::HexStringLiteral(_) if source.starts_with('0') => Token::Number(source.to_string()),
        SqlToken::HexStringLiteral(_) => Token::Binary(source[1..].trim_matches('\'').to_string()),
        SqlToken::Number(_, _) => Token::Number(source.to_string()),
        SqlToken::Placeholder(name) => Token::Parameter(name.clone()),
        SqlToken::NationalStringLiteral(_) => return Err(SqlError::unsupported("`N'…'` is no literal; write `'…'`")),
        SqlToken::Neq => Token::Symbol("<>".to_string()),
        other => Token::Symbol(other.to_string()),
    })
}

fn lexical_message(message: &str) -> String {
    let mut message = message.replace("EOF", "the end").replace("Unterminated", "unterminated");
    if let Some(first) = message.get(..1) {
        message = first.to_lowercase() + &message[1..];
    }
    message
}

/// Whether the token is one of `U&'…'`, whose escapes the grammar resolves because UESCAPE may follow.
pub(crate) fn is_unicode(text: &str, lexeme: &Lexeme) -> bool {
    text.get(lexeme.start..lexeme.start + 2).is_some_and(|s| s.eq_ignore_ascii_case("u&"))
}

/// A UUID or an ARN arrives in pieces (`37382170`, `-`, `182`, `d`…): joins them again.
fn join_bare_names(text: &str, tokens: Vec<Lexeme>) -> Vec<Lexeme> {
    let mut out: Vec<Lexeme> = Vec::with_capacity(tokens.len());
    let mut skip_to = 0;
    for lexeme in tokens {
        if lexeme.start < skip_to {
            continue;
        }
        let mut lexeme = lexeme;
        // `schema.836ed07e-…`: the point and the first digits have been taken for a number.
        let point = matches!(&lexeme.token, Token::Number(n) if n.starts_with('.'));
        if point && bare_length(&text[lexeme.start + 1..]).is_some() {
            let mut at = lexeme.at;
            at.0.end_column = at.0.column + 1;
            let start = lexeme.start;
            out.push(Lexeme { token: Token::Symbol(".".into()), at, start, end: start + 1 });
            lexeme.at.0.column += 1;
            lexeme.start += 1;
        }
        let begins = matches!(&lexeme.token, Token::Word(_) | Token::Number(_));
        match begins.then(|| bare_length(&text[lexeme.start..])).flatten() {
            Some(length) => {
                let end = lexeme.start + length;
                let mut at = lexeme.at;
                at.0.end_column = at.0.column + length as u64;
                skip_to = end;
                let token = Token::Bare(text[lexeme.start..end].to_string());
                out.push(Lexeme { token, at, start: lexeme.start, end });
            }
            None => out.push(lexeme),
        }
    }
    out
}

/// Length of the UUID or ARN that the text begins with.
fn bare_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if text.get(..4).is_some_and(|s| s.eq_ignore_ascii_case("arn:")) {
        let stop = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '\'' | '"');
        return Some(text.find(stop).unwrap_or(text.len())).filter(|n| *n > 4);
    }
    let mut at = 0;
    for (i, group) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if i > 0 {
            (bytes.get(at) == Some(&b'-')).then_some(())?;
            at += 1;
        }
        bytes.get(at..at + group)?.iter().all(u8::is_ascii_hexdigit).then_some(())?;
        at += group;
    }
    let ends = bytes.get(at).is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'_' && *b != b'-');
    ends.then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        tokenize(text).map(|l| l.into_iter().map(|l| l.token).collect()).unwrap_or_default()
    }

    #[test]
    fn a_uuid_is_one_token_and_a_subtraction_is_three() {
        let id = "37382170-182d-42ed-9df9-5aaf0b4b9511";
        assert_eq!(tokens(id), [Token::Bare(id.into()), Token::End]);
        assert_eq!(tokens("a-1").len(), 4);
        let point = Token::Symbol(".".into());
        assert_eq!(tokens(&format!("a.{id}")), [Token::Word("a".into()), point, Token::Bare(id.into()), Token::End]);
        assert_eq!(tokens("FROM arn:aws:x/1 t")[1], Token::Bare("arn:aws:x/1".into()));
    }

    #[test]
    fn places_are_lines_and_columns() {
        let lexemes = tokenize("SELECT 'ü',\n  x").unwrap_or_default();
        assert_eq!(lexemes[3].at.0, Position { line: 2, column: 3, end_column: 4 });
        assert_eq!((lexemes[3].start, lexemes[3].end), (15, 16));
    }

    #[test]
    fn an_open_string_is_an_error_with_a_place() {
        let e = tokenize("SELECT 'a").err();
        assert!(e.is_some_and(|e| e.message.contains("unterminated") && e.position.is_some()));
    }
}
