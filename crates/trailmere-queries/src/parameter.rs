//! What can be given to a query when it is run, and of which type?

use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result, nearest};

/// A parameter of a saved query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// The name; `$name` in the statement.
    pub name: String,
    /// The Trino type that a value is read as.
    pub type_name: String,
    /// SQL text of the value where none is given; without it, one must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// What it means.
    #[serde(default)]
    pub about: String,
}

/// The types of a parameter that take no precision or length.
const PLAIN: [&str; 10] = [
    "boolean",
    "tinyint",
    "smallint",
    "integer",
    "bigint",
    "real",
    "double",
    "date",
    "json",
    "timestamp with time zone",
];

/// The types that may be followed by numbers in parentheses.
const SIZED: [&str; 4] = ["varchar", "char", "timestamp", "decimal"];

impl Parameter {
    /// Refuses a name that is no identifier, an unknown type, and a default of none.
    pub fn validate(&self) -> Result<()> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let begins = self.name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if !begins || !self.name.chars().all(word) {
            return Err(Error::invalid(format!("`{}` cannot be the name of a parameter", self.name))
                .hint("a name has letters, digits and `_`, and begins with a letter"));
        }
        if !is_type(&self.type_name) {
            let hint = match nearest(&self.type_name, PLAIN.into_iter().chain(SIZED)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("one of {}, {}, or array(…) of one", SIZED.join(", "), PLAIN.join(", ")),
            };
            let message = format!("`{}` is no type of a parameter", self.type_name);
            return Err(Error::invalid(message).at(format!("parameter `{}`", self.name)).hint(hint));
        }
        match self.default.as_deref().map(str::trim) {
            Some("") => Err(Error::invalid(format!("the default of parameter `{}` is missing", self.name))
                .hint("write SQL after the `=`, for instance `''`")),
            _ => Ok(()),
        }
    }
}

/// Whether a text names a Trino type that a parameter can have, in any case.
pub fn is_type(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    if PLAIN.contains(&text.as_str()) || SIZED.contains(&text.as_str()) {
        return true;
    }
    let Some((name, rest)) = text.split_once('(') else {
        return false;
    };
    if name.trim() == "timestamp"
        && let Some(precision) = rest.strip_suffix(") with time zone")
    {
        return is_size(precision);
    }
    let Some(inner) = rest.strip_suffix(')') else {
        return false;
    };
    match name.trim() {
        "array" => is_type(inner),
        sized => SIZED.contains(&sized) && inner.split(',').all(is_size),
    }
}

fn is_size(text: &str) -> bool {
    let digits = text.trim();
    (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trinos_types_are_known_and_others_are_not() {
        for known in [
            "varchar",
            "VARCHAR",
            "varchar(20)",
            "char(3)",
            "bigint",
            "integer",
            "double",
            "boolean",
            "date",
            "timestamp",
            "timestamp(3)",
            "timestamp(6) with time zone",
            "timestamp with time zone",
            "decimal(10, 2)",
            "json",
            "array(varchar)",
            "array(array( bigint ))",
        ] {
            assert!(is_type(known), "{known}");
        }
        for unknown in [
            "",
            "text",
            "string",
            "int64",
            "bigint(3)",
            "varchar()",
            "varchar(x)",
            "array",
            "array()",
            "array(text)",
            "map(varchar,varchar)",
            "timestamp(3",
            "timestamp(3) with",
            "decimal(1,)",
            "array(varchar) x",
        ] {
            assert!(!is_type(unknown), "{unknown}");
        }
    }

    #[test]
    fn refusals_name_the_parameter() {
        let good = Parameter { name: "since".to_owned(), type_name: "timestamp".to_owned(), ..Parameter::default() };
        assert!(good.validate().is_ok());
        let cases = [
            (Parameter { name: "1st".to_owned(), ..good.clone() }, "`1st` cannot be the name of a parameter"),
            (Parameter { name: String::new(), ..good.clone() }, "`` cannot be the name of a parameter"),
            (Parameter { name: "a-b".to_owned(), ..good.clone() }, "`a-b` cannot be the name of a parameter"),
            (Parameter { type_name: "timestmp".to_owned(), ..good.clone() }, "`timestmp` is no type of a parameter"),
            (
                Parameter { default: Some(" ".to_owned()), ..good.clone() },
                "the default of parameter `since` is missing",
            ),
        ];
        for (parameter, message) in cases {
            assert_eq!(parameter.validate().unwrap_err().message(), message);
        }
        let misspelt = Parameter { type_name: "varchr".to_owned(), ..good };
        assert_eq!(misspelt.validate().unwrap_err().advice(), Some("did you mean `varchar`?"));
    }
}
