//! The syntax of inline functions.

use super::{Expr, Ident};
use crate::types::Type;

/// One of WITH FUNCTION.
#[derive(Debug, Clone, PartialEq)]
pub struct InlineFunction {
    /// Its name.
    pub name: Ident,
    /// Parameters.
    pub parameters: Vec<(Ident, Type)>,
    /// The declared type.
    pub returns: Type,
    /// RETURNS NULL ON NULL INPUT.
    pub strict: bool,
    /// What it does; a RETURN stands last.
    pub body: RoutineStatement,
}

impl InlineFunction {
    /// The types of the parameters.
    pub fn types(&self) -> Vec<Type> {
        self.parameters.iter().map(|(_, ty)| ty.clone()).collect()
    }
}

/// A statement of a function.
#[derive(Debug, Clone, PartialEq)]
pub enum RoutineStatement {
    /// RETURN value
    Return(Expr),
    /// SET variable = value
    Set(Ident, Expr),
    /// BEGIN … END
    Block {
        /// DECLARE names type DEFAULT value, in order.
        variables: Vec<Variables>,
        /// The statements.
        body: Vec<RoutineStatement>,
    },
    /// IF … ELSEIF … ELSE … END IF, and CASE … END CASE
    If {
        /// Conditions and what follows.
        branches: Vec<(Expr, Vec<RoutineStatement>)>,
        /// ELSE
        otherwise: Vec<RoutineStatement>,
    },
    /// LOOP, WHILE and REPEAT
    Loop {
        /// Its label.
        label: Option<Ident>,
        /// WHILE
        before: Option<Expr>,
        /// The statements.
        body: Vec<RoutineStatement>,
        /// UNTIL
        until: Option<Expr>,
    },
    /// LEAVE label
    Leave(Ident),
    /// ITERATE label
    Iterate(Ident),
}

/// DECLARE.
#[derive(Debug, Clone, PartialEq)]
pub struct Variables {
    /// Names.
    pub names: Vec<Ident>,
    /// Their type.
    pub ty: Type,
    /// DEFAULT; NULL where there is none.
    pub default: Option<Expr>,
}
