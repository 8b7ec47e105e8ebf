//! Do the shipped queries use Lake's columns, spelt as records spell them, and functions of its first tier only?
//!
//! Oracle: the published columns, and the functions that Lake's own documents and samples name.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Ident, Query, Select, SelectItem, Statement, TableAlias, TableFactor, Visit, Visitor};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use trailmere_model::{StoreType, display_name, published_columns};
use trailmere_queries::shipped;

const FUNCTIONS: [&str; 78] = [
    "element_at",
    "cardinality",
    "map_keys",
    "map_values",
    "contains",
    "array_distinct",
    "array_max",
    "array_min",
    "array_sort",
    "slice",
    "transform",
    "filter",
    "any_match",
    "array_agg",
    "array_join",
    "json_parse",
    "json_format",
    "json_extract",
    "json_extract_scalar",
    "json_array_get",
    "json_array_contains",
    "json_array_length",
    "is_json_scalar",
    "current_timestamp",
    "now",
    "date",
    "date_add",
    "date_diff",
    "date_trunc",
    "date_format",
    "date_parse",
    "from_iso8601_timestamp",
    "to_unixtime",
    "from_unixtime",
    "parse_datetime",
    "day",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "hour",
    "minute",
    "second",
    "month",
    "quarter",
    "week",
    "year",
    "replace",
    "lower",
    "upper",
    "substr",
    "split",
    "split_part",
    "strpos",
    "concat",
    "regexp_like",
    "regexp_extract",
    "trim",
    "length",
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "arbitrary",
    "approx_distinct",
    "max_by",
    "min_by",
    "count_if",
    "rank",
    "row_number",
    "if",
    "coalesce",
    "nullif",
    "try",
    "greatest",
    "least",
    "cast",
    "try_cast",
];

/// Everything that a statement names.
#[derive(Default)]
struct Names {
    columns: Vec<Vec<String>>,
    functions: BTreeSet<String>,
    tables: BTreeSet<String>,
    ctes: BTreeSet<String>,
    /// Names that the statement makes itself: of results, sub-queries, tables.
    own: BTreeSet<String>,
    /// Members of a function's result, and the arguments of lambdas.
    inner: BTreeSet<String>,
}

impl Names {
    fn alias(&mut self, alias: &TableAlias) {
        self.own.insert(alias.name.value.clone());
        self.own.extend(alias.columns.iter().map(|column| column.name.value.clone()));
    }
}

impl Visitor for Names {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.alias(&cte.alias);
            self.ctes.insert(cte.alias.name.value.clone());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        for item in &select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => {
                    self.own.insert(alias.value.clone());
                }
                SelectItem::UnnamedExpr(Expr::CompoundIdentifier(path)) => {
                    self.own.extend(path.last().map(|last| last.value.clone()));
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                self.tables.insert(name.to_string());
                alias.iter().for_each(|alias| self.alias(alias));
            }
            TableFactor::UNNEST { alias, .. } | TableFactor::Derived { alias, .. } => {
                alias.iter().for_each(|alias| self.alias(alias));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let text = |path: &[Ident]| path.iter().map(|part| part.value.clone()).collect();
        match expr {
            Expr::Identifier(name) => self.columns.push(vec![name.value.clone()]),
            Expr::CompoundIdentifier(path) => self.columns.push(text(path)),
            Expr::Function(function) => {
                self.functions.insert(function.name.to_string().to_lowercase());
            }
            Expr::CompoundFieldAccess { access_chain, .. } => {
                self.inner
                    .extend(access_chain.iter().map(|access| access.to_string().trim_start_matches('.').to_owned()));
            }
            Expr::BinaryOp { left, op, .. } if op.to_string() == "->" => {
                self.inner.insert(left.to_string());
            }
            Expr::Lambda(lambda) => {
                self.inner.extend(lambda.params.to_string().split(',').map(|name| name.trim().to_owned()));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn statement(sql: &str) -> Statement {
    let mut statements = Parser::parse_sql(&GenericDialect {}, sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    assert_eq!(statements.len(), 1, "one statement\n{sql}");
    statements.remove(0)
}

fn names(sql: &str) -> Names {
    let mut names = Names::default();
    assert!(statement(sql).visit(&mut names).is_continue());
    names
}

#[test]
fn every_query_is_one_select_from_events_or_insights() {
    for query in shipped() {
        assert!(matches!(statement(&query.sql), Statement::Query(_)), "{}", query.name);
        let names = names(&query.sql);
        let tables: Vec<&str> =
            names.tables.iter().map(String::as_str).filter(|table| !names.ctes.contains(*table)).collect();
        assert!(matches!(tables.as_slice(), ["events"] | ["insights"]), "{}: {tables:?}", query.name);
    }
}

#[test]
fn every_function_is_of_the_first_tier() {
    for query in shipped() {
        for function in names(&query.sql).functions {
            assert!(FUNCTIONS.contains(&function.as_str()), "{}: `{function}`", query.name);
        }
    }
}

#[test]
fn every_column_is_lakes_and_spelt_as_in_records() {
    for query in shipped() {
        let names = names(&query.sql);
        let store_type = if names.tables.contains("insights") { StoreType::Insights } else { StoreType::CloudTrail };
        for path in &names.columns {
            assert!(
                is_known(store_type, &names, path),
                "{}: `{}` is no column, or spelt otherwise",
                query.name,
                path.join(".")
            );
        }
    }
}

fn is_known(store_type: StoreType, names: &Names, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    let published = published_columns(store_type).iter().any(|column| column.display == first);
    if published {
        let full = path.join(".");
        return display_name(store_type, &full).as_deref() == Some(&full);
    }
    if names.inner.contains(first) {
        return rest.is_empty()
            || display_name(store_type, &format!("insightContext.attributions.{}", rest.join("."))).is_some();
    }
    // A name of the statement's own, or a column behind the name of a table.
    names.own.contains(first) && (rest.is_empty() || is_known(store_type, names, rest))
}

#[test]
fn the_check_itself_finds_what_is_wrong() {
    let wrong = names(
        "SELECT eventname, e.userIdentity.nosuch FROM events AS e WHERE levenshtein_distance(eventName, nope) > 1",
    );
    assert!(wrong.functions.contains("levenshtein_distance") && !FUNCTIONS.contains(&"levenshtein_distance"));
    let unknown: Vec<String> = wrong
        .columns
        .iter()
        .filter(|path| !is_known(StoreType::CloudTrail, &wrong, path))
        .map(|path| path.join("."))
        .collect();
    assert_eq!(unknown, ["eventname", "e.userIdentity.nosuch", "nope"]);
}
