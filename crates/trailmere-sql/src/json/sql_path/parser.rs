//! How are the tokens of a path put together?

use super::lexer::{Token, tokenize};
use super::{Comparison, Method, Mode, Node, Predicate, SqlPath};
use crate::json::item::{Item, Number};

type Parsed<T> = Result<T, String>;

/// Deeper paths are refused.
const DEEPEST: usize = 200;

/// Reads a path.
pub(super) fn parse(text: &str) -> Parsed<SqlPath> {
    let mut parser = Parser { tokens: tokenize(text)?, at: 0, depth: 0 };
    let mode = match parser.next() {
        Some(Token::Word(word)) if word == "lax" => Mode::Lax,
        Some(Token::Word(word)) if word == "strict" => Mode::Strict,
        _ => return Err("a path begins with `lax` or `strict`".to_string()),
    };
    let root = parser.sum()?;
    match parser.peek() {
        None => Ok(SqlPath { mode, root }),
        Some(token) => Err(format!("unexpected {} in the path", describe(token))),
    }
}

fn describe(token: &Token) -> String {
    match token {
        Token::Word(text) | Token::Number(text) => format!("`{text}`"),
        Token::Text(text) => format!("`\"{text}\"`"),
        Token::Variable(name) => format!("`${name}`"),
        Token::Symbol(symbol) => format!("`{symbol}`"),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// A chain leans to the left: as many steps or operators, as deep the tree.
fn limited(links: &mut usize) -> Parsed<()> {
    *links += 1;
    if *links > DEEPEST { Err("the path has too many steps".to_string()) } else { Ok(()) }
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(s)) if *s == symbol);
        self.at += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w)) if w == word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.eat(symbol) { Ok(()) } else { Err(self.unexpected(&format!("`{symbol}`"))) }
    }

    fn unexpected(&self, wanted: &str) -> String {
        let found = self.peek().map_or("the end".to_string(), describe);
        format!("expected {wanted} in the path, found {found}")
    }

    fn sum(&mut self) -> Parsed<Node> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("the path nests too deep".to_string());
        }
        let mut left = self.product()?;
        let mut links = 0;
        while let Some(op) = ["+", "-"].into_iter().find(|op| self.eat(op)) {
            limited(&mut links)?;
            left = Node::Arithmetic(symbol(op), Box::new(left), Box::new(self.product()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn product(&mut self) -> Parsed<Node> {
        let mut left = self.unary()?;
        let mut links = 0;
        while let Some(op) = ["*", "/", "%"].into_iter().find(|op| self.eat(op)) {
            limited(&mut links)?;
            left = Node::Arithmetic(symbol(op), Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Node> {
        let mut signs = vec![];
        while let Some(sign) = ["-", "+"].into_iter().find(|sign| self.eat(sign)) {
            signs.push(sign);
        }
        limited(&mut signs.len())?;
        let node = self.accessors()?;
        Ok(signs.into_iter().rev().fold(node, |node, sign| match sign {
            "-" => Node::Negate(Box::new(node)),
            _ => Node::Plus(Box::new(node)),
        }))
    }

    fn accessors(&mut self) -> Parsed<Node> {
        let mut node = self.primary()?;
        let mut links = 0;
        loop {
            limited(&mut links)?;
            node = if self.eat("..") {
                let key = self.key()?;
                Node::Descendants(Box::new(node), key)
            } else if self.eat(".") {
                self.member(node)?
            } else if self.eat("[") {
                self.subscripts(node)?
            } else if self.eat("?") {
                self.expect("(")?;
                let predicate = self.predicate()?;
                self.expect(")")?;
                Node::Filter(Box::new(node), Box::new(predicate))
            } else {
                return Ok(node);
            };
        }
    }

    fn primary(&mut self) -> Parsed<Node> {
        let wanted = self.unexpected("a value");
        match self.next() {
            Some(Token::Symbol("$")) => Ok(Node::Context),
            Some(Token::Symbol("@")) => Ok(Node::Current),
            Some(Token::Symbol("(")) => {
                let node = self.sum()?;
                self.expect(")")?;
                Ok(node)
            }
            Some(Token::Variable(name)) => Ok(Node::Variable(name)),
            Some(Token::Text(text)) => Ok(Node::Literal(Item::Text(text))),
            Some(Token::Number(text)) => Ok(Node::Literal(Item::Number(Number::parse(&text)))),
            Some(Token::Word(word)) => match word.as_str() {
                "last" => Ok(Node::Last),
                "null" => Ok(Node::Literal(Item::Null)),
                "true" => Ok(Node::Literal(Item::Boolean(true))),
                "false" => Ok(Node::Literal(Item::Boolean(false))),
                _ => Err(wanted),
            },
            _ => Err(wanted),
        }
    }

    fn key(&mut self) -> Parsed<String> {
        let wanted = self.unexpected("a key");
        match self.next() {
            Some(Token::Word(key) | Token::Text(key)) => Ok(key),
            _ => Err(wanted),
        }
    }

    /// What follows a point: `*`, a key, or a method.
    fn member(&mut self, node: Node) -> Parsed<Node> {
        if self.eat("*") {
            return Ok(Node::Member(Box::new(node), None));
        }
        let is_word = matches!(self.peek(), Some(Token::Word(_)));
        let key = self.key()?;
        if !is_word || !self.eat("(") {
            return Ok(Node::Member(Box::new(node), Some(key)));
        }
        let method = match key.as_str() {
            "type" => Method::Type,
            "size" => Method::Size,
            "double" => Method::Double,
            "ceiling" => Method::Ceiling,
            "floor" => Method::Floor,
            "abs" => Method::Abs,
            "datetime" => Method::Datetime,
            "keyvalue" => Method::KeyValue,
            other => return Err(format!("`{other}()` is no method of a path")),
        };
        let argument = match self.peek().cloned() {
            Some(Token::Text(text)) if method == Method::Datetime => {
                self.at += 1;
                Some(text)
            }
            _ => None,
        };
        self.expect(")")?;
        Ok(Node::Method(Box::new(node), method, argument))
    }

    fn subscripts(&mut self, node: Node) -> Parsed<Node> {
        if self.eat("*") {
            self.expect("]")?;
            return Ok(Node::Elements(Box::new(node)));
        }
        let mut ranges = vec![];
        loop {
            let from = self.sum()?;
            let to = if self.eat_word("to") { Some(self.sum()?) } else { None };
            ranges.push((from, to));
            if !self.eat(",") {
                break;
            }
        }
        self.expect("]")?;
        Ok(Node::Subscripts(Box::new(node), ranges))
    }

    fn predicate(&mut self) -> Parsed<Predicate> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("the path nests too deep".to_string());
        }
        let mut left = self.conjunction()?;
        let mut links = 0;
        while self.eat("||") {
            limited(&mut links)?;
            left = Predicate::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn conjunction(&mut self) -> Parsed<Predicate> {
        let mut left = self.condition()?;
        let mut links = 0;
        while self.eat("&&") {
            limited(&mut links)?;
            left = Predicate::And(Box::new(left), Box::new(self.condition()?));
        }
        Ok(left)
    }

    fn condition(&mut self) -> Parsed<Predicate> {
        let mut negations = 0;
        while self.eat("!") {
            limited(&mut negations)?;
        }
        if negations > 0 {
            let condition = self.condition()?;
            return Ok((0..negations).fold(condition, |inner, _| Predicate::Not(Box::new(inner))));
        }
        let start = self.at;
        if self.eat("(") {
            // A predicate in parentheses, unless a comparison shows that it was a value.
            let inner = self.predicate();
            if inner.is_ok() && self.eat(")") {
                let inner = inner?;
                if self.eat_word("is") {
                    return match self.eat_word("unknown") {
                        true => Ok(Predicate::IsUnknown(Box::new(inner))),
                        false => Err(self.unexpected("`unknown`")),
                    };
                }
                return Ok(inner);
            }
            self.at = start;
        }
        if matches!(self.peek(), Some(Token::Word(w)) if w == "exists") {
            self.at += 1;
            self.expect("(")?;
            let node = self.sum()?;
            self.expect(")")?;
            return Ok(Predicate::Exists(node));
        }
        let left = self.sum()?;
        self.comparison(left)
    }

    fn comparison(&mut self, left: Node) -> Parsed<Predicate> {
        const COMPARISONS: [(&str, Comparison); 7] = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<>", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        if let Some((_, comparison)) = COMPARISONS.into_iter().find(|(symbol, _)| self.eat(symbol)) {
            return Ok(Predicate::Compare(comparison, left, self.sum()?));
        }
        if self.eat_word("starts") {
            if !self.eat_word("with") {
                return Err(self.unexpected("`with`"));
            }
            return Ok(Predicate::StartsWith(left, self.sum()?));
        }
        if self.eat_word("like_regex") {
            let wanted = self.unexpected("a pattern");
            let Some(Token::Text(pattern)) = self.next() else { return Err(wanted) };
            let flags = match self.eat_word("flag") {
                true => self.key()?,
                false => String::new(),
            };
            return Ok(Predicate::LikeRegex(left, pattern_of(&pattern, &flags)?));
        }
        Err(self.unexpected("a comparison"))
    }
}

fn symbol(op: &str) -> char {
    op.chars().next().unwrap_or('+')
}

/// Compiles a pattern of XQuery, which has fewer forms than the regex crate.
fn pattern_of(pattern: &str, flags: &str) -> Parsed<regex::Regex> {
    let reject = |what: &str| Err(format!("invalid like_regex pattern `{pattern}`: {what} are not supported"));
    if pattern.contains("(?<") || pattern.contains("(?P<") {
        return reject("named groups");
    }
    if pattern.contains("\\x") {
        return reject("xHH escapes");
    }
    if ["*+", "++", "?+", "}+"].iter().any(|p| pattern.contains(p)) {
        return reject("possessive quantifiers");
    }
    if let Some(flag) = flags.chars().find(|c| !"imsxq".contains(*c)) {
        return Err(format!("invalid like_regex flag `{flag}`"));
    }
    let literal = flags.contains('q');
    let pattern = if literal { regex::escape(pattern) } else { pattern.to_string() };
    regex::RegexBuilder::new(&pattern)
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .dot_matches_new_line(flags.contains('s'))
        .ignore_whitespace(flags.contains('x') && !literal)
        .build()
        .map_err(|e| format!("invalid like_regex pattern `{pattern}`: {e}"))
}
