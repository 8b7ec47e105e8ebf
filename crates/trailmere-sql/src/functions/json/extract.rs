//! What stands in a JSON text under a path?

use arrow::datatypes::Int64Type;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::{entry, input};
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, becomes, constant_text, numbers, written_texts};
use crate::json::canonical::push_compact;
use crate::json::path::Path;
use crate::json::scan::{Kind, Malformed, Scanner};
use crate::types::Type;

/// Functions that take a path.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "json_extract",
            "json_extract(json, path) -> json\njson_extract(varchar, path) -> json",
            "The value under a path as JSON; NULL if there is none or the text is not JSON.",
            r#"json_extract('{"items":[{"id":1}]}', '$.items[0]')"#,
            |args| bind("json_extract", args, Type::Json, extract),
        ),
        entry(
            "json_extract_scalar",
            "json_extract_scalar(json, path) -> varchar\njson_extract_scalar(varchar, path) -> varchar",
            "The text, number or boolean under a path as text; NULL for objects, arrays and null.",
            r#"json_extract_scalar('{"user":{"name":"ann"}}', '$.user.name')"#,
            |args| bind("json_extract_scalar", args, Type::VARCHAR, extract_scalar),
        ),
        entry(
            "json_size",
            "json_size(json, path) -> bigint\njson_size(varchar, path) -> bigint",
            "The number of members of the object, or of elements of the array, under a path; 0 for anything else.",
            r#"json_size('{"a":[1,2]}', '$.a')"#,
            |args| bind("json_size", args, Type::BigInt, size),
        ),
    ]
}

type Extract = fn(&CallArgs<'_>, &mut Paths) -> DfResult<ColumnarValue>;

fn bind(name: &str, args: &[Arg<'_>], returns: Type, extract: Extract) -> Result<ScalarCall> {
    let ([json, path], true) = (args, args.get(1).is_some_and(|p| becomes(p, &Type::VARCHAR))) else {
        return Err(no_overload(name, args, "(json or varchar, path)"));
    };
    let Some(json) = input(json) else {
        return Err(no_overload(name, args, "(json or varchar, path)"));
    };
    // Not refused here even if wrong: a NULL document makes NULL of any path.
    let known = constant_text(path).map(Compiled::new);
    Ok(ScalarCall::new(vec![json, Type::VARCHAR], returns, move |call| {
        extract(call, &mut Paths { texts: Texts::of(call, 1)?, last: known.clone() })
    }))
}

#[derive(Clone)]
struct Compiled {
    text: String,
    path: Option<Path>,
}

impl Compiled {
    fn new(text: &str) -> Self {
        Compiled { text: text.to_string(), path: Path::parse(text) }
    }
}

/// The paths of a call; each is compiled once as long as it does not change.
struct Paths {
    texts: Texts,
    last: Option<Compiled>,
}

impl Paths {
    /// The path of a row, `None` where NULL.
    fn get(&mut self, row: usize) -> DfResult<Option<&Path>> {
        let Some(text) = self.texts.get(row) else { return Ok(None) };
        if self.last.as_ref().is_none_or(|last| last.text != text) {
            self.last = Some(Compiled::new(text));
        }
        match self.last.as_ref().and_then(|last| last.path.as_ref()) {
            Some(path) => Ok(Some(path)),
            None => fail(format!("Invalid JSON path: '{text}'")),
        }
    }
}

/// A scanner before the value of a row, if there is one.
fn seek<'a>(json: &'a Texts, paths: &mut Paths, row: usize) -> DfResult<Option<Scanner<'a>>> {
    let Some(text) = json.get(row) else { return Ok(None) };
    let Some(path) = paths.get(row)? else { return Ok(None) };
    let mut scanner = Scanner::new(text);
    let found = path.seek(&mut scanner).unwrap_or(false);
    Ok(found.then_some(scanner))
}

fn extract(call: &CallArgs<'_>, paths: &mut Paths) -> DfResult<ColumnarValue> {
    let json = Texts::of(call, 0)?;
    written_texts(call.rows, |row, out| {
        Ok(seek(&json, paths, row)?.is_some_and(|mut scanner| push_compact(&mut scanner, out).is_ok()))
    })
}

fn extract_scalar(call: &CallArgs<'_>, paths: &mut Paths) -> DfResult<ColumnarValue> {
    let json = Texts::of(call, 0)?;
    written_texts(call.rows, |row, out| {
        Ok(seek(&json, paths, row)?.is_some_and(|mut scanner| push_scalar(&mut scanner, out) == Ok(true)))
    })
}

/// Appends a text unquoted, a number or boolean as written; `false` for anything else.
pub(super) fn push_scalar(scanner: &mut Scanner<'_>, out: &mut String) -> Result<bool, Malformed> {
    match scanner.kind()? {
        Kind::String => scanner.string()?.push_to(out),
        Kind::Number | Kind::Boolean => out.push_str(scanner.raw()?),
        Kind::Object | Kind::Array | Kind::Null => return Ok(false),
    }
    Ok(true)
}

fn size(call: &CallArgs<'_>, paths: &mut Paths) -> DfResult<ColumnarValue> {
    let json = Texts::of(call, 0)?;
    numbers::<Int64Type>(call.rows, |row| {
        Ok(seek(&json, paths, row)?.and_then(|mut scanner| members(&mut scanner).ok()))
    })
}

fn members(scanner: &mut Scanner<'_>) -> Result<i64, Malformed> {
    let mut count = 0;
    match scanner.kind()? {
        Kind::Object => {
            let mut place = scanner.enter();
            while scanner.member(&mut place)?.is_some() {
                scanner.skip()?;
                count += 1;
            }
        }
        Kind::Array => {
            let mut place = scanner.enter();
            while scanner.element(&mut place)? {
                scanner.skip()?;
                count += 1;
            }
        }
        _ => scanner.skip()?,
    }
    Ok(count)
}
