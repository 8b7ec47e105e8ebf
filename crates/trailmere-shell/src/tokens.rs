//! SQL text as tokens, for the end of a statement, for colours and for completion: never character by character.

use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

/// Whether the text is a whole statement: it ends with `;` outside quotes and comments.
pub(crate) fn is_complete(text: &str) -> bool {
    let dialect = GenericDialect {};
    let Ok(tokens) = Tokenizer::new(&dialect, text).tokenize() else {
        // An open quote or comment: more lines are to come.
        return false;
    };
    tokens.iter().rev().find(|t| !matches!(t, Token::Whitespace(_))).is_some_and(|t| *t == Token::SemiColon)
}

/// Whether there is nothing but blanks and comments.
pub(crate) fn is_blank(text: &str) -> bool {
    let dialect = GenericDialect {};
    match Tokenizer::new(&dialect, text).tokenize() {
        Ok(tokens) => tokens.iter().all(|t| matches!(t, Token::Whitespace(_))),
        Err(_) => false,
    }
}

/// What a piece of text is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    Keyword,
    Text,
    Number,
    Comment,
    Parameter,
    Plain,
}

/// Cuts text into pieces; together they are the text again. What can't be read stays plain.
pub(crate) fn pieces(text: &str) -> Vec<(Piece, &str)> {
    let dialect = GenericDialect {};
    let Ok(tokens) = Tokenizer::new(&dialect, text).with_unescape(false).tokenize_with_location() else {
        return vec![(Piece::Plain, text)];
    };
    let lines = line_starts(text);
    let offset = |line: u64, column: u64| -> usize {
        let start = lines.get(line.saturating_sub(1) as usize).copied().unwrap_or(text.len());
        let rest = &text[start..];
        rest.char_indices().nth(column.saturating_sub(1) as usize).map_or(text.len(), |(i, _)| start + i)
    };
    let mut pieces = vec![];
    let mut at = 0;
    for (i, token) in tokens.iter().enumerate() {
        let end = tokens.get(i + 1).map_or(text.len(), |next| offset(next.span.start.line, next.span.start.column));
        if end > at {
            pieces.push((piece(&token.token), &text[at..end]));
            at = end;
        }
    }
    pieces
}

fn piece(token: &Token) -> Piece {
    match token {
        Token::Word(word) if word.keyword != Keyword::NoKeyword && word.quote_style.is_none() => Piece::Keyword,
        Token::SingleQuotedString(_) | Token::HexStringLiteral(_) | Token::NationalStringLiteral(_) => Piece::Text,
        Token::Number(..) => Piece::Number,
        Token::Placeholder(_) => Piece::Parameter,
        Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => Piece::Comment,
        _ => Piece::Plain,
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_outside_quotes_and_comments() {
        for (text, complete) in [
            ("SELECT 1;", true),
            ("SELECT 1", false),
            ("SELECT ';'", false),
            ("SELECT ';", false),
            ("SELECT 1; -- done", true),
            ("SELECT 1 -- ;", false),
            ("SELECT /* ; */ 1", false),
            ("SELECT 'it''s';", true),
        ] {
            assert_eq!(is_complete(text), complete, "{text}");
        }
    }

    #[test]
    fn pieces_are_the_whole_text() {
        for text in ["SELECT 'é' AS x, 1.5 -- é\nFROM events e\nWHERE a = $b;", "SELECT '", "", "\n\n"] {
            let joined: String = pieces(text).iter().map(|(_, t)| *t).collect();
            assert_eq!(joined, text);
        }
        assert_eq!(pieces("SELECT 'a'")[0], (Piece::Keyword, "SELECT"));
        assert_eq!(pieces("SELECT 'a'")[2], (Piece::Text, "'a'"));
    }
}
