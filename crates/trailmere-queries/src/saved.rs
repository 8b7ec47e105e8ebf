//! What is a saved query, and what must hold of one?

use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result, nearest};

use crate::parameter::Parameter;
use crate::{header, placeholders};

/// A question by name, with what it needs to be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedQuery {
    /// The name it is run by.
    pub name: String,
    /// A few words.
    #[serde(default)]
    pub title: String,
    /// What it answers.
    #[serde(default)]
    pub description: String,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What can be given when it is run.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// The statement, with `$name` where a parameter goes.
    pub sql: String,
}

impl SavedQuery {
    /// Reads a query from its text: a header of comments, then the statement.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let query = header::parse(name, text).map_err(|error| error.at(place(name)))?;
        query.validate()?;
        Ok(query)
    }

    /// Writes the query as [`parse`](Self::parse) reads it, for a file in version control.
    pub fn to_text(&self) -> String {
        header::render(self)
    }

    /// Refuses a query that could not be run or written down.
    pub fn validate(&self) -> Result<()> {
        validate_query_name(&self.name)?;
        self.check().map_err(|error| error.at(place(&self.name)))
    }

    fn check(&self) -> Result<()> {
        if self.sql.trim().is_empty() {
            return Err(Error::invalid("there is no statement").hint("write one below the header"));
        }
        for (index, parameter) in self.parameters.iter().enumerate() {
            parameter.validate()?;
            if self.parameters[..index].iter().any(|other| other.name == parameter.name) {
                return Err(Error::invalid(format!("parameter `{}` is declared twice", parameter.name)));
            }
        }
        self.check_placeholders()
    }

    fn check_placeholders(&self) -> Result<()> {
        let used = placeholders::placeholders(&self.sql);
        if let Some(undeclared) = used.iter().find(|name| self.parameter(name).is_none()) {
            let known = self.parameters.iter().map(|parameter| parameter.name.as_str());
            let hint = match nearest(undeclared, known) {
                Some(near) => format!("did you mean `${near}`?"),
                None => format!("add a line `-- param: {undeclared} varchar -- meaning` to the header"),
            };
            return Err(Error::invalid(format!("parameter `${undeclared}` is not declared")).hint(hint));
        }
        match self.parameters.iter().find(|parameter| !used.contains(&parameter.name.as_str())) {
            Some(unused) => Err(Error::invalid(format!("parameter `{}` is declared and not used", unused.name))
                .hint(format!("write `${}` in the statement, or take the line out", unused.name))),
            None => Ok(()),
        }
    }

    /// The declaration of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// Refuses values for parameters that are not declared, and the lack of one that has no default.
    pub fn check_given<'a>(&self, given: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let given: Vec<&str> = given.into_iter().collect();
        let known = || self.parameters.iter().map(|parameter| parameter.name.as_str());
        if let Some(unknown) = given.iter().find(|name| self.parameter(name).is_none()) {
            let hint = match (nearest(unknown, known()), self.parameters.is_empty()) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, true) => "it has no parameters".to_owned(),
                (None, false) => format!("it has {}", known().collect::<Vec<_>>().join(", ")),
            };
            return Err(Error::not_found(format!("there is no parameter `{unknown}`"))
                .at(place(&self.name))
                .hint(hint));
        }
        let lacking = self.parameters.iter().find(|p| p.default.is_none() && !given.contains(&p.name.as_str()));
        match lacking {
            Some(parameter) => Err(Error::invalid(format!("parameter `{}` needs a value", parameter.name))
                .at(place(&self.name))
                .hint(format!("give {} of type {}: {}", parameter.name, parameter.type_name, parameter.about))),
            None => Ok(()),
        }
    }
}

/// Refuses a name that is not 1 to 128 letters, digits, `.`, `_` and `-`, beginning with a letter or digit.
pub fn validate_query_name(name: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    if begins && name.len() <= 128 && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(Error::invalid(format!("`{name}` cannot be the name of a saved query"))
        .hint("a name has 1 to 128 letters, digits, `.`, `_` and `-`, and begins with a letter or digit"))
}

fn place(name: &str) -> String {
    format!("saved query `{name}`")
}

#[cfg(test)]
mod tests;
