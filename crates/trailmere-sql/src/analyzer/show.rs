//! SHOW TABLES, SHOW FUNCTIONS, SHOW COLUMNS and DESCRIBE: rows made here.

use datafusion::common::ScalarValue;

use super::{Analyzer, output_columns};
use crate::ast::{At, Expr, ExprKind, TableName};
use crate::error::Result;
use crate::functions;
use crate::statement::{Planned, StatementKind};

impl Analyzer<'_> {
    pub(super) fn show_tables(&self, like: Option<&str>) -> Result<Planned> {
        let mut names = self.catalog.table_names();
        names.sort();
        let rows = names.into_iter().map(|n| vec![n]).collect();
        self.shown(&["Table"], filtered(rows, like)?)
    }

    pub(super) fn show_functions(&self, like: Option<&str>) -> Result<Planned> {
        let row = |f: &crate::function::Function| {
            vec![f.name.to_string(), f.family.to_string(), f.signature.to_string(), f.about.to_string()]
        };
        let mut rows: Vec<_> = functions::all().iter().map(row).collect();
        rows.sort();
        self.shown(&["Function", "Family", "Signature", "Description"], filtered(rows, like)?)
    }

    pub(super) fn describe(&self, name: &TableName) -> Result<Planned> {
        let Some(table) = self.catalog.table(name) else {
            return Err(self.unknown_table(name));
        };
        let extra = |hidden: bool| if hidden { "hidden" } else { "" };
        let row = |c: crate::catalog::TableColumn| {
            vec![c.display.unwrap_or(c.name), c.ty.to_string(), extra(c.hidden).to_string(), String::new()]
        };
        let rows = table.columns.into_iter().map(row).collect();
        self.shown(&["Column", "Type", "Extra", "Comment"], rows)
    }

    /// A result of texts.
    fn shown(&self, names: &[&str], rows: Vec<Vec<String>>) -> Result<Planned> {
        let at = At::default();
        let cell = |text: String| (None, Expr::new(ExprKind::String(text), at));
        let row = |cells: Vec<String>| Expr::new(ExprKind::Row(cells.into_iter().map(cell).collect()), at);
        let empty = rows.is_empty();
        let rows: Vec<Expr> =
            if empty { vec![vec![String::new(); names.len()]] } else { rows }.into_iter().map(row).collect();
        let mut shown = self.values(&rows, None, &super::query::Ctes::default())?;
        for (column, name) in shown.scope.columns.iter_mut().zip(names) {
            column.name = Some((*name).to_string());
        }
        let columns = output_columns(&shown.scope);
        let never = datafusion::logical_expr::lit(ScalarValue::Boolean(Some(false)));
        let plan = if empty { super::filter(shown.plan, never)? } else { shown.plan };
        Ok(Planned { plan, columns, kind: StatementKind::Show })
    }
}

/// The rows whose first cell is LIKE the pattern.
fn filtered(rows: Vec<Vec<String>>, like: Option<&str>) -> Result<Vec<Vec<String>>> {
    let Some(pattern) = like else { return Ok(rows) };
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    Ok(rows.into_iter().filter(|r| matches(&pattern, &r[0].to_lowercase().chars().collect::<Vec<_>>())).collect())
}

/// LIKE without an escape, in time that grows with the product of both lengths.
fn matches(pattern: &[char], text: &[char]) -> bool {
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for p in pattern {
        let mut next = vec![false; text.len() + 1];
        match p {
            '%' => {
                let mut any = false;
                for i in 0..=text.len() {
                    any |= reached[i];
                    next[i] = any;
                }
            }
            c => {
                for i in 0..text.len() {
                    next[i + 1] = reached[i] && (*c == '_' || *c == text[i]);
                }
            }
        }
        reached = next;
    }
    reached[text.len()]
}
