//! JSON_TABLE: a lateral query over `$json_table`, whose rows hold an item for each path, is made of it.
//!
//! The columns are JSON_VALUE and JSON_QUERY of those items.

use serde_json::{Value, json};

use super::Parser;
use super::json::{Otherwise, Returning, canonical, query_of, returned, text, value_of};
use crate::ast::{At, Expr, ExprKind, Ident, Query, QueryBody, Relation, RelationKind, Select, SelectItem};
use crate::error::{Result, SqlError};

/// A path with its columns.
struct PathColumns {
    number: usize,
    name: Option<Ident>,
    path: String,
    nested: Vec<PathColumns>,
}

/// A column of the result.
struct Column {
    name: Ident,
    /// Whose item or ordinality it shows.
    number: usize,
    kind: ColumnKind,
}

type Behaviors = (Option<Otherwise>, Option<Otherwise>);

enum ColumnKind {
    Ordinality,
    Value { path: String, ty: crate::types::Type, behaviors: Behaviors },
    Query { path: String, returning: Returning, options: String, behaviors: Behaviors },
}

fn item_name(number: usize) -> String {
    format!("$item{number}")
}

fn ordinality_name(number: usize) -> String {
    format!("$ordinality{number}")
}

impl Parser<'_> {
    /// JSON_TABLE; the word is next.
    pub(super) fn json_table(&mut self) -> Result<RelationKind> {
        let at = self.at();
        self.next += 2;
        let (mut args, mut options) = self.json_input(at)?;
        let name = if self.eat("as") { Some(self.ident()?) } else { None };
        self.json_passing(&mut args, &mut options)?;
        let path = match args[1].kind.as_ref() {
            ExprKind::String(path) => path.clone(),
            _ => String::new(),
        };
        let mut columns = vec![];
        let mut count = 0;
        let root = self.json_columns((name, path), &mut count, &mut columns)?;
        let plan = self.json_plan(&root)?;
        let strict = match self.eat_one(&["error", "empty"]) {
            Some(word) => {
                self.expect_all(&["on", "error"])?;
                word == "error"
            }
            None => false,
        };
        self.expect(")")?;
        options.push_str(if strict { " error=error" } else { " error=null" });
        args.insert(2, text(options, at));
        args.push(text(plan.to_string(), at));
        let names =
            (0..count).flat_map(|n| [Ident::new(item_name(n), at), Ident::new(ordinality_name(n), at)]).collect();
        let unnest = RelationKind::Unnest(vec![Expr::call("$json_table", args, at)], false);
        let rows = Relation { kind: Box::new(unnest), at };
        let aliased = RelationKind::Aliased(rows, Ident::new("$json_table".to_string(), at), names);
        let items = columns.into_iter().map(|column| select_item(column, strict)).collect();
        Ok(RelationKind::Lateral(query(items, Relation { kind: Box::new(aliased), at }, at)))
    }

    /// `COLUMNS (…)`
    fn json_columns(
        &mut self,
        (name, path): (Option<Ident>, String),
        count: &mut usize,
        columns: &mut Vec<Column>,
    ) -> Result<PathColumns> {
        let number = *count;
        *count += 1;
        let mut nested = vec![];
        self.expect_all(&["columns", "("])?;
        self.list(|p| {
            let is_nested = p.is("nested") && !p.is_at(1, "for") && (p.is_at(1, "path") || !p.is_name_at(1));
            if is_nested {
                p.advance();
                p.eat("path");
                let path = p.string()?;
                let name = if p.eat("as") { Some(p.ident()?) } else { None };
                nested.push(p.nested(|p| p.json_columns((name, path), count, columns))?);
                return Ok(());
            }
            let column = p.json_column(number)?;
            columns.push(column);
            Ok(())
        })?;
        self.expect(")")?;
        Ok(PathColumns { number, name, path, nested })
    }

    fn json_column(&mut self, number: usize) -> Result<Column> {
        let name = self.ident()?;
        if self.eat_all(&["for", "ordinality"]) {
            return Ok(Column { name, number, kind: ColumnKind::Ordinality });
        }
        let ty = self.data_type()?;
        let format = self.json_format()?;
        let path = match self.eat("path") {
            true => self.string()?,
            false => format!("lax $.\"{}\"", canonical(name.clone()).replace('"', "\"\"")),
        };
        let kind = match format {
            None => ColumnKind::Value { path, ty, behaviors: self.json_otherwise(&["null", "error", "default"])? },
            Some(format) => {
                let mut options = "input=j formats=".to_string();
                let behaviors = self.json_query_clauses(&mut options, name.at)?;
                let encoding = match format {
                    '6' => "utf16",
                    '2' => "utf32",
                    _ => "utf8",
                };
                ColumnKind::Query { path, returning: Returning { ty, encoding }, options, behaviors }
            }
        };
        Ok(Column { name, number, kind })
    }

    /// `[PLAN (…) | PLAN DEFAULT (…)]`: how the nested paths go together.
    fn json_plan(&mut self, root: &PathColumns) -> Result<Value> {
        if !self.eat("plan") {
            return Ok(default_plan(root, true, "union"));
        }
        let at = self.at();
        if self.eat_all(&["default", "("]) {
            let (mut outer, mut siblings) = (true, "union");
            for word in self.list(|p| {
                p.eat_one(&["outer", "inner", "union", "cross"])
                    .ok_or_else(|| p.unexpected("`OUTER`, `INNER`, `UNION` or `CROSS`"))
            })? {
                match word {
                    "outer" | "inner" => outer = word == "outer",
                    word => siblings = word,
                }
            }
            self.expect(")")?;
            return Ok(default_plan(root, outer, siblings));
        }
        let mut paths = vec![];
        collect(root, &mut paths);
        if paths.iter().any(|path| path.name.is_none()) {
            let message = "All JSON paths must be named when specific plan is given";
            return Err(SqlError::invalid(message).at(at.into()));
        }
        self.expect("(")?;
        let mut used = vec![];
        let plan = self.json_plan_part(&paths, &mut used)?;
        self.expect(")")?;
        let unused = paths.iter().find(|path| !used.contains(&path.number));
        if unused.is_some() || plan.get("number") != Some(&json!(0)) {
            let message = "JSON_TABLE plan should contain all JSON paths, the outermost one first";
            return Err(SqlError::invalid(message).at(at.into()));
        }
        Ok(plan)
    }

    /// `path [OUTER | INNER part]`, `part UNION part…` or `part CROSS part…`
    fn json_plan_part(&mut self, paths: &[&PathColumns], used: &mut Vec<usize>) -> Result<Value> {
        self.nested(|p| {
            let mut first = p.json_plan_primary(paths, used)?;
            if let Some(kind) = p.eat_one(&["outer", "inner"]) {
                first["outer"] = json!(kind == "outer");
                first["nested"] = p.json_plan_primary(paths, used)?;
                return Ok(first);
            }
            let Some(kind) = ["union", "cross"].into_iter().find(|kind| p.is(kind)) else { return Ok(first) };
            let mut parts = vec![first];
            while p.eat(kind) {
                parts.push(p.json_plan_primary(paths, used)?);
            }
            Ok(json!({ kind: parts }))
        })
    }

    fn json_plan_primary(&mut self, paths: &[&PathColumns], used: &mut Vec<usize>) -> Result<Value> {
        if self.eat("(") {
            let part = self.json_plan_part(paths, used)?;
            self.expect(")")?;
            return Ok(part);
        }
        let name = self.ident()?;
        let same = |path: &&&PathColumns| path.name.as_ref().is_some_and(|n| n.is_exactly(&name));
        let Some(path) = paths.iter().find(same) else {
            return Err(SqlError::invalid(format!("no path is named `{}`", name.value)).at(name.at.into()));
        };
        if used.contains(&path.number) {
            return Err(SqlError::invalid(format!("`{}` stands twice in the plan", name.value)).at(name.at.into()));
        }
        used.push(path.number);
        Ok(json!({ "number": path.number, "path": path.path }))
    }
}

fn collect<'a>(path: &'a PathColumns, all: &mut Vec<&'a PathColumns>) {
    all.push(path);
    path.nested.iter().for_each(|nested| collect(nested, all));
}

fn default_plan(path: &PathColumns, outer: bool, siblings: &str) -> Value {
    let mut plan = json!({ "number": path.number, "path": path.path, "outer": outer });
    let nested: Vec<Value> = path.nested.iter().map(|n| default_plan(n, outer, siblings)).collect();
    if !nested.is_empty() {
        plan["nested"] = json!({ siblings: nested });
    }
    plan
}

/// The column as an expression over the item of its path.
fn select_item(column: Column, strict: bool) -> SelectItem {
    let Column { name, number, kind } = column;
    let at = name.at;
    let column = |name: String| Expr::new(ExprKind::Name(Ident::new(name, at)), at);
    let args = |path: String| vec![column(item_name(number)), text(path, at)];
    let expr = match kind {
        ColumnKind::Ordinality => column(ordinality_name(number)),
        ColumnKind::Value { path, ty, behaviors } => {
            value_of(args(path), "input=j formats=".to_string(), ty, strictly(behaviors, strict))
        }
        ColumnKind::Query { path, returning, options, behaviors } => {
            returned(query_of(args(path), options, strictly(behaviors, strict)), Some(returning))
        }
    };
    SelectItem::Expr(expr, Some(name))
}

/// ERROR ON ERROR of the table holds for columns that say nothing themselves.
fn strictly((empty, error): Behaviors, strict: bool) -> Behaviors {
    let error = if error.is_none() && strict { Some(Otherwise::Word("error")) } else { error };
    (empty, error)
}

fn query(items: Vec<SelectItem>, from: Relation, at: At) -> Query {
    let select = Select {
        distinct: false,
        items,
        from: vec![from],
        filter: None,
        group_by: None,
        having: None,
        windows: vec![],
        at,
    };
    Query {
        with: vec![],
        functions: vec![],
        body: QueryBody::Select(Box::new(select)),
        order_by: vec![],
        offset: None,
        limit: None,
        at,
    }
}
