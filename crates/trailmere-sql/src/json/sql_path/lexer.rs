//! Which tokens does a path consist of?

/// A token of a path.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or keyword.
    Word(String),
    /// `"…"`
    Text(String),
    /// A number as written.
    Number(String),
    /// `$name`
    Variable(String),
    /// Anything else.
    Symbol(&'static str),
}

const SYMBOLS: [&str; 27] = [
    "..", "==", "!=", "<>", "<=", ">=", "&&", "||", "$", "@", ".", "*", "[", "]", "(", ")", ",", "?", "+", "-", "/",
    "%", "<", ">", "!", "=", ":",
];

/// Cuts a path into tokens.
pub(super) fn tokenize(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => {
                let (value, length) = quoted(rest)?;
                tokens.push(Token::Text(value));
                length
            }
            '$' if rest[1..].starts_with(is_name_start) => {
                let length = 1 + name_length(&rest[1..]);
                tokens.push(Token::Variable(rest[1..length].to_string()));
                length
            }
            '0'..='9' => {
                let length = number_length(rest);
                tokens.push(Token::Number(rest[..length].to_string()));
                length
            }
            c if is_name_start(c) => {
                let length = name_length(rest);
                tokens.push(Token::Word(rest[..length].to_string()));
                length
            }
            c => {
                let symbol = SYMBOLS.iter().find(|s| rest.starts_with(**s));
                let symbol = symbol.ok_or_else(|| format!("unexpected `{c}` in the path"))?;
                tokens.push(Token::Symbol(symbol));
                symbol.len()
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn is_name_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !(c == '_' || c.is_alphanumeric())).unwrap_or(text.len())
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn number_length(text: &str) -> usize {
    let mut length = digits(text);
    if text[length..].starts_with('.') && digits(&text[length + 1..]) > 0 {
        length += 1 + digits(&text[length + 1..]);
    }
    if let Some(exponent) = text[length..].strip_prefix(['e', 'E']) {
        let sign = usize::from(exponent.starts_with(['+', '-']));
        let count = digits(&exponent[sign..]);
        if count > 0 {
            length += 1 + sign + count;
        }
    }
    length
}

/// A text in quotes, where two quotes stand for one, and its length as written.
fn quoted(text: &str) -> Result<(String, usize), String> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' if chars.next_if(|(_, c)| *c == '"').is_some() => value.push('"'),
            '"' => return Ok((value, i + 1)),
            c => value.push(c),
        }
    }
    Err("a text in the path does not end".to_string())
}
