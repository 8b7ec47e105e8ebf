//! The types that CAST, typed parameters and rows name.

use super::Parser;
use super::tokens::Token;
use crate::error::{Result, SqlError};
use crate::types::{RowField, Type};

/// Names without parameters.
const SIMPLE: &[(&str, Type)] = &[
    ("boolean", Type::Boolean),
    ("tinyint", Type::TinyInt),
    ("smallint", Type::SmallInt),
    ("integer", Type::Integer),
    ("int", Type::Integer),
    ("bigint", Type::BigInt),
    ("real", Type::Real),
    ("double", Type::Double),
    ("varchar", Type::VARCHAR),
    ("string", Type::VARCHAR),
    ("char", Type::Char(1)),
    ("decimal", Type::Decimal(38, 0)),
    ("varbinary", Type::Varbinary),
    ("json", Type::Json),
    ("date", Type::Date),
    ("ipaddress", Type::IpAddress),
    ("ipprefix", Type::IpPrefix),
    ("uuid", Type::Uuid),
    ("unknown", Type::Unknown),
    ("hyperloglog", Type::HyperLogLog),
    ("p4hyperloglog", Type::HyperLogLog),
    ("tdigest", Type::TDigest),
    ("color", Type::Color),
];

impl Parser<'_> {
    /// A type.
    pub(super) fn data_type(&mut self) -> Result<Type> {
        let mut ty = self.nested(Self::data_type_primary)?;
        while self.eat("array") {
            if self.eat("[") {
                self.number_parameter()?;
                self.expect("]")?;
            }
            ty = Type::array(ty);
        }
        Ok(ty)
    }

    fn data_type_primary(&mut self) -> Result<Type> {
        let at = self.at();
        let name = match self.advance() {
            Token::Word(name) | Token::Quoted(name) => name.to_lowercase(),
            _ => {
                self.next -= 1;
                return Err(self.unexpected("a type"));
            }
        };
        match name.as_str() {
            "row" if self.is("(") => self.row_type(),
            "array" if self.is("(") || self.is("<") => Ok(Type::array(self.type_parameters(1)?.remove(0))),
            "map" if self.is("(") || self.is("<") => {
                let mut kv = self.type_parameters(2)?;
                let value = kv.remove(1);
                Ok(Type::map(kv.remove(0), value))
            }
            "qdigest" => Ok(Type::QDigest(Box::new(self.type_parameters(1)?.remove(0)))),
            "timestamp" | "time" => self.time_type(&name),
            "interval" => self.interval_type(),
            "double" => {
                self.eat("precision");
                Ok(Type::Double)
            }
            _ if self.is("(") => self.sized_type(&name).map_err(|e| e.at(at.into())),
            _ => match SIMPLE.iter().find(|(n, _)| *n == name) {
                Some((_, ty)) => Ok(ty.clone()),
                None => Err(unknown_type(&name).at(at.into())),
            },
        }
    }

    fn type_parameters(&mut self, count: usize) -> Result<Vec<Type>> {
        let close = if self.eat("<") {
            ">"
        } else {
            self.expect("(")?;
            ")"
        };
        let types = self.list(Self::data_type)?;
        if types.len() != count {
            return Err(self.unexpected(&format!("{count} types")));
        }
        self.expect(close)?;
        Ok(types)
    }

    fn number_parameter(&mut self) -> Result<u32> {
        match self.peek() {
            Token::Number(n) => match n.parse() {
                Ok(n) => {
                    self.advance();
                    Ok(n)
                }
                Err(_) => Err(self.unexpected("a whole number")),
            },
            _ => Err(self.unexpected("a whole number")),
        }
    }

    fn sized_type(&mut self, name: &str) -> Result<Type> {
        self.expect("(")?;
        let numbers = self.list(Self::number_parameter)?;
        self.expect(")")?;
        match (name, numbers.as_slice()) {
            ("varchar", [n]) if *n <= i32::MAX as u32 => {
                Ok(Type::Varchar(if *n == i32::MAX as u32 { None } else { Some(*n) }))
            }
            ("char", [n]) if *n <= 65536 => Ok(Type::Char(*n)),
            ("char", [_]) => Err(SqlError::invalid("the length of char must be at most 65536")),
            ("decimal", [p]) => decimal(*p, 0),
            ("decimal", [p, s]) => decimal(*p, *s),
            _ if SIMPLE.iter().any(|(n, _)| *n == name) => {
                Err(SqlError::invalid(format!("the type `{name}` does not take these parameters")))
            }
            _ => Err(unknown_type(name)),
        }
    }

    fn time_type(&mut self, name: &str) -> Result<Type> {
        let mut precision = 3;
        if self.eat("(") {
            let at = self.at();
            precision = self.number_parameter()?;
            if precision > 12 {
                return Err(SqlError::invalid(format!("the precision of {name} must be from 0 to 12")).at(at.into()));
            }
            self.expect(")")?;
        }
        let zone = self.eat_all(&["with", "time", "zone"]);
        if !zone {
            self.eat_all(&["without", "time", "zone"]);
        }
        let p = precision as u8;
        Ok(match (name, zone) {
            ("timestamp", false) => Type::Timestamp(p),
            ("timestamp", true) => Type::TimestampTz(p),
            (_, false) => Type::Time(p),
            (_, true) => Type::TimeTz(p),
        })
    }

    fn interval_type(&mut self) -> Result<Type> {
        let from = self.eat_one(&["year", "month", "day", "hour", "minute", "second"]);
        if self.eat("to") {
            self.eat_one(&["month", "hour", "minute", "second"]);
        }
        match from {
            Some("year" | "month") => Ok(Type::IntervalYearToMonth),
            Some(_) => Ok(Type::IntervalDayToSecond),
            None => Err(self.unexpected("`YEAR TO MONTH` or `DAY TO SECOND`")),
        }
    }

    fn row_type(&mut self) -> Result<Type> {
        self.expect("(")?;
        let fields = self.list(Self::row_field)?;
        self.expect(")")?;
        Ok(Type::Row(fields))
    }

    /// `name type` or `type`: a type that a comma or a parenthesis follows is one.
    fn row_field(&mut self) -> Result<RowField> {
        let alone = self.attempt(|p| {
            let ty = p.data_type()?;
            if p.is(",") || p.is(")") { Ok(ty) } else { Err(p.unexpected("`)`")) }
        });
        if let Some(ty) = alone {
            return Ok(RowField { name: None, ty });
        }
        let name = self.ident()?;
        Ok(RowField { name: Some(name.value), ty: self.data_type()? })
    }
}

fn decimal(precision: u32, scale: u32) -> Result<Type> {
    match (precision, scale) {
        (1..=38, s) if s <= precision => Ok(Type::Decimal(precision as u8, scale as u8)),
        _ => Err(SqlError::invalid("decimal takes a precision from 1 to 38 and a scale from 0 to the precision")),
    }
}

fn unknown_type(name: &str) -> SqlError {
    let e = SqlError::not_found(format!("unknown type `{name}`"));
    let others = ["array", "map", "row", "timestamp", "time"];
    let names = SIMPLE.iter().map(|(n, _)| *n).chain(others);
    match crate::nearest::nearest(name, names) {
        Some(near) => e.hint(format!("did you mean `{near}`?")),
        None => e,
    }
}
