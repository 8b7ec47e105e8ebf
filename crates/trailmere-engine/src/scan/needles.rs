//! Which files, and which row groups of them, can hold the values that a query looks for by equality?
//!
//! Asked of the bloom filters, whose places the log knows: 32 bytes a row group are read instead of a file's footer.

use datafusion::common::ScalarValue;
use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, RowGroupAccess};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use futures::{StreamExt, stream};
use object_store::ObjectStore;
use trailmere_store::{DataFile, NEEDLES};

use super::kept_needles::KeptNeedles;

/// Files asked at the same time.
const ASKED_AT_ONCE: usize = 32;

/// More values than this are not looked up one by one.
const MOST_TEXTS: usize = 64;

/// Texts of which a row must have one in a column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Needle<'a> {
    column: String,
    texts: Vec<&'a str>,
}

/// A file that may hold rows, and which row groups of it, if they were told apart.
pub(crate) struct Candidate<'a> {
    pub(crate) file: &'a DataFile,
    pub(crate) groups: Option<Vec<bool>>,
}

impl<'a> Candidate<'a> {
    /// A file of which nothing more is known.
    pub(crate) fn whole(file: &'a DataFile) -> Self {
        Candidate { file, groups: None }
    }

    /// What the reader may leave out, if it may leave out anything.
    pub(crate) fn access_plan(&self) -> Option<ParquetAccessPlan> {
        let groups = self.groups.as_ref().filter(|groups| groups.contains(&false))?;
        let access = |holds: &bool| if *holds { RowGroupAccess::Scan } else { RowGroupAccess::Skip };
        Some(ParquetAccessPlan::new(groups.iter().map(access).collect()))
    }
}

/// What all of these filters together look for by equality.
pub(crate) fn needles(filters: &[Expr]) -> Vec<Needle<'_>> {
    filters.iter().flat_map(split_conjunction).filter_map(needle).collect()
}

fn needle(filter: &Expr) -> Option<Needle<'_>> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            let (column, text) = match (path(left), text(right)) {
                (Some(column), Some(text)) => (column, text),
                _ => (path(right)?, text(left)?),
            };
            known(column, vec![text])
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let (mut one, other) = (needle(left)?, needle(right)?);
            one.texts.extend(other.texts);
            (one.column == other.column).then_some(one).filter(|one| one.texts.len() <= MOST_TEXTS)
        }
        Expr::InList(InList { expr, list, negated: false }) => {
            known(path(expr)?, list.iter().map(text).collect::<Option<_>>()?)
        }
        _ => None,
    }
}

fn known(column: String, texts: Vec<&str>) -> Option<Needle<'_>> {
    let is_known = NEEDLES.contains(&column.as_str()) && !texts.is_empty() && texts.len() <= MOST_TEXTS;
    is_known.then_some(Needle { column, texts })
}

/// The path of a column or of a member of a struct column.
fn path(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Column(column) => Some(column.name.clone()),
        Expr::ScalarFunction(call) if call.name() == "get_field" => {
            let (base, members) = call.args.split_first()?;
            members.iter().try_fold(path(base)?, |path, member| Some(format!("{path}.{}", text(member)?)))
        }
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(
            ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
            _,
        ) => Some(text),
        _ => None,
    }
}

/// The files that may hold what is looked for, in their order. A filter that cannot be read excludes nothing: the scan
/// will say what is wrong with the file.
pub(crate) async fn look_up<'a>(
    (kept, store): (&KeptNeedles, &dyn ObjectStore),
    files: Vec<&'a DataFile>,
    needles: &[Needle<'_>],
) -> Vec<Candidate<'a>> {
    if needles.is_empty() {
        return files.into_iter().map(Candidate::whole).collect();
    }
    let mut asked = Vec::with_capacity(files.len());
    for file in files {
        asked.push(ask((kept, store), file, needles));
    }
    let answers: Vec<Option<Candidate<'a>>> = stream::iter(asked).buffered(ASKED_AT_ONCE).collect().await;
    answers.into_iter().flatten().collect()
}

async fn ask<'a>(
    (kept, store): (&KeptNeedles, &dyn ObjectStore),
    file: &'a DataFile,
    needles: &[Needle<'_>],
) -> Option<Candidate<'a>> {
    let mut groups: Option<Vec<bool>> = None;
    for needle in needles {
        let Some(found) = kept.ask(store, file, &needle.column, &needle.texts).await else { continue };
        groups = Some(match groups {
            Some(before) => before.iter().zip(found).map(|(before, found)| *before && found).collect(),
            None => found,
        });
        if groups.as_ref().is_some_and(|groups| !groups.contains(&true)) {
            return None;
        }
    }
    Some(Candidate { file, groups })
}

#[cfg(test)]
mod tests {
    use datafusion::functions::core::expr_fn::get_field;
    use datafusion::prelude::{col, lit};

    use super::*;

    #[test]
    fn equalities_on_columns_with_filters_are_needles() {
        let key = get_field(col("useridentity"), "accesskeyid");
        let filters = [
            col("eventid").eq(lit("a")).and(lit("b").eq(key.clone())),
            col("requestid").in_list(vec![lit("c"), lit("d")], false),
            key.clone().eq(lit("e")).or(key.clone().eq(lit("f"))),
        ];
        let found: Vec<String> =
            needles(&filters).iter().map(|needle| format!("{}: {}", needle.column, needle.texts.join(" "))).collect();
        assert_eq!(
            found,
            ["eventid: a", "useridentity.accesskeyid: b", "requestid: c d", "useridentity.accesskeyid: e f"]
        );
    }

    #[test]
    fn anything_else_is_none() {
        let filters = [
            col("eventid").not_eq(lit("a")),
            col("eventname").eq(lit("a")),
            col("requestid").in_list(vec![lit("c")], true),
            col("eventid").eq(lit("a")).or(col("requestid").eq(lit("b"))),
            col("eventid").eq(lit("a")).or(col("eventname").eq(lit("b"))),
            col("eventid").eq(col("requestid")),
        ];
        assert_eq!(needles(&filters), []);
    }
}
