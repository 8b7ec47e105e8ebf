//! What type does the text of a type name?

use sqlparser::ast::DataType;

use crate::error::{Result, SqlError};
use crate::types::{RowField, Type};

/// Reads a type as Trino writes it: `row(a bigint, b array(varchar))`, `timestamp(3) with time zone`, in any case.
pub fn parse(text: &str) -> Result<Type> {
    let mut words = Words { text, at: 0, depth: 0 };
    let ty = words.any_type()?;
    words.skip_space();
    if words.at < text.len() {
        return Err(SqlError::unsupported(format!("unknown type `{text}`")));
    }
    Ok(ty)
}

/// The type of the parser's type.
pub fn from_ast(data_type: &DataType) -> Result<Type> {
    parse(&data_type.to_string())
}

/// Nesting beyond this is refused rather than recursed into.
const MAX_DEPTH: usize = 100;

#[derive(Clone)]
struct Words<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Words<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn word(&mut self) -> Option<String> {
        self.skip_space();
        let length = self.rest().find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest().len());
        let word = self.rest()[..length].to_lowercase();
        self.at += length;
        (length > 0).then_some(word)
    }

    fn eat(&mut self, symbol: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len_utf8();
        }
        found
    }

    fn eat_words(&mut self, words: &[&str]) -> bool {
        let mut ahead = self.clone();
        let found = words.iter().all(|w| ahead.word().as_deref() == Some(w));
        if found {
            self.at = ahead.at;
        }
        found
    }

    fn open(&mut self) -> bool {
        self.eat('(') || self.eat('<')
    }

    fn close(&mut self) -> Result<()> {
        if self.eat(')') || self.eat('>') { Ok(()) } else { Err(self.unknown()) }
    }

    fn unknown(&self) -> SqlError {
        SqlError::unsupported(format!("unknown type `{}`", self.text.trim()))
    }

    fn any_type(&mut self) -> Result<Type> {
        if self.depth >= MAX_DEPTH {
            return Err(SqlError::new(crate::error::Kind::Limit, format!("types nest deeper than {MAX_DEPTH}")));
        }
        self.depth += 1;
        let mut ty = self.base_type()?;
        loop {
            if self.eat('[') {
                if !self.eat(']') {
                    return Err(self.unknown());
                }
            } else if !self.eat_words(&["array"]) {
                break;
            }
            ty = Type::array(ty);
        }
        self.depth -= 1;
        Ok(ty)
    }

    fn base_type(&mut self) -> Result<Type> {
        let name = self.word().ok_or_else(|| self.unknown())?;
        Ok(match name.as_str() {
            "boolean" | "bool" => Type::Boolean,
            "tinyint" => Type::TinyInt,
            "smallint" => Type::SmallInt,
            "integer" | "int" => Type::Integer,
            "bigint" => Type::BigInt,
            "real" => Type::Real,
            "double" => {
                self.eat_words(&["precision"]);
                Type::Double
            }
            "decimal" | "numeric" | "dec" => self.decimal()?,
            "varchar" => Type::Varchar(self.length(0)?),
            "char" | "character" => Type::Char(self.length(1)?.unwrap_or(1)),
            "varbinary" => Type::Varbinary,
            "json" => Type::Json,
            "date" => Type::Date,
            "time" => self.precise(Type::Time, Type::TimeTz)?,
            "timestamp" => self.precise(Type::Timestamp, Type::TimestampTz)?,
            "interval" => self.interval()?,
            "ipaddress" => Type::IpAddress,
            "ipprefix" => Type::IpPrefix,
            "uuid" => Type::Uuid,
            "hyperloglog" | "p4hyperloglog" => Type::HyperLogLog,
            "tdigest" => Type::TDigest,
            "color" => Type::Color,
            "unknown" => Type::Unknown,
            "array" | "map" | "row" | "qdigest" => self.nested(&name)?,
            _ => return Err(self.unknown()),
        })
    }

    fn nested(&mut self, name: &str) -> Result<Type> {
        if !self.open() {
            return Err(self.unknown());
        }
        let ty = match name {
            "array" => Type::array(self.any_type()?),
            "qdigest" => Type::QDigest(Box::new(self.any_type()?)),
            "map" => {
                let key = self.any_type()?;
                if !self.eat(',') {
                    return Err(self.unknown());
                }
                Type::map(key, self.any_type()?)
            }
            _ => self.row()?,
        };
        self.close()?;
        Ok(ty)
    }

    fn row(&mut self) -> Result<Type> {
        let mut fields = vec![];
        loop {
            fields.push(self.field()?);
            if !self.eat(',') {
                return Ok(Type::Row(fields));
            }
        }
    }

    /// `bigint` or `name bigint`: a type where what follows ends the field, else a name.
    fn field(&mut self) -> Result<RowField> {
        let mut ahead = self.clone();
        if let Ok(ty) = ahead.any_type() {
            ahead.skip_space();
            if ahead.rest().starts_with([',', ')', '>']) {
                self.at = ahead.at;
                return Ok(RowField { name: None, ty });
            }
        }
        self.skip_space();
        let name = match self.rest().starts_with('"') {
            true => self.quoted()?,
            false => {
                let start = self.at;
                self.word().ok_or_else(|| self.unknown())?;
                self.text[start..self.at].to_string()
            }
        };
        self.eat(':');
        Ok(RowField { name: Some(name), ty: self.any_type()? })
    }

    fn quoted(&mut self) -> Result<String> {
        let mut name = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((i, c)) = chars.next() {
            if c != '"' {
                name.push(c);
            } else if chars.peek().is_some_and(|(_, next)| *next == '"') {
                chars.next();
                name.push('"');
            } else {
                self.at += i + 1;
                return Ok(name);
            }
        }
        Err(self.unknown())
    }

    fn number(&mut self) -> Result<u32> {
        let word = self.word().ok_or_else(|| self.unknown())?;
        word.parse().map_err(|_| self.unknown())
    }

    fn length(&mut self, least: u32) -> Result<Option<u32>> {
        if !self.open() {
            return Ok(None);
        }
        let length = self.number()?;
        if length < least {
            return Err(SqlError::invalid(format!("char length must be in range [1, {}]", crate::coercion::MAX_CHAR)));
        }
        self.close()?;
        Ok(Some(length))
    }

    fn decimal(&mut self) -> Result<Type> {
        if !self.open() {
            return Ok(Type::Decimal(38, 0));
        }
        let precision = self.number()?;
        let scale = if self.eat(',') { self.number()? } else { 0 };
        self.close()?;
        if !(1..=38).contains(&precision) || scale > precision {
            return Err(SqlError::invalid(format!(
                "decimal({precision}, {scale}): the precision must be in range [1, 38], the scale at most the precision"
            )));
        }
        Ok(Type::Decimal(precision as u8, scale as u8))
    }

    fn precise(&mut self, plain: fn(u8) -> Type, zoned: fn(u8) -> Type) -> Result<Type> {
        let mut precision = 3;
        if self.open() {
            precision = self.number()?;
            self.close()?;
        }
        if precision > 12 {
            return Err(SqlError::invalid(format!("precision {precision}: must be in range [0, 12]")));
        }
        if self.eat_words(&["with", "time", "zone"]) {
            return Ok(zoned(precision as u8));
        }
        self.eat_words(&["without", "time", "zone"]);
        Ok(plain(precision as u8))
    }

    fn interval(&mut self) -> Result<Type> {
        if self.eat_words(&["day", "to", "second"]) {
            return Ok(Type::IntervalDayToSecond);
        }
        if self.eat_words(&["year", "to", "month"]) {
            return Ok(Type::IntervalYearToMonth);
        }
        Err(self.unknown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_written_alike() {
        for text in [
            "boolean",
            "tinyint",
            "double",
            "decimal(10,2)",
            "varchar",
            "varchar(7)",
            "char(3)",
            "varbinary",
            "json",
            "timestamp(6) with time zone",
            "time(9)",
            "time(0) with time zone",
            "interval day to second",
            "interval year to month",
            "array(map(varchar, row(a bigint, \"b c\" array(integer))))",
            "row(double, varchar(1))",
            "qdigest(real)",
            "HyperLogLog",
            "ipprefix",
            "row(timestamp timestamp(3))",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_spellings() {
        for (text, written) in [
            ("DOUBLE PRECISION", "double"),
            ("ARRAY<INT>", "array(integer)"),
            ("bigint ARRAY", "array(bigint)"),
            ("bigint[][]", "array(array(bigint))"),
            ("TIMESTAMP", "timestamp(3)"),
            ("timestamp without time zone", "timestamp(3)"),
            ("DECIMAL", "decimal(38,0)"),
            ("ROW ( Time TIMESTAMP , DOUBLE PRECISION )", "row(Time timestamp(3), double)"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in [
            "",
            "blob",
            "array",
            "array(",
            "decimal(39,0)",
            "decimal(3,4)",
            "char(0)",
            "timestamp(13)",
            "row()",
            "integer integer",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"array(".repeat(5000)).is_err());
    }
}
