//! array_join: the elements as one text.

use arrow::array::{Array, AsArray};
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use super::lists::{Lists, element_of};
use crate::error::Result;
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, written_texts};
use crate::functions::lambda::compiled::Compiled;
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![entry(
        "array_join",
        "array_join(array(E), delimiter) -> varchar\narray_join(array(E), delimiter, null_replacement) -> varchar",
        "The elements as texts with a delimiter between them; NULLs are left out or replaced.",
        "array_join(ARRAY['a', NULL, 'b'], '-', '?')",
        array_join,
    )]
}

fn array_join(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("array_join", args, "an array, a delimiter and perhaps a replacement of NULLs");
    let element = args.first().and_then(element_of).ok_or_else(bad)?;
    let texts = |a: &Arg<'_>| !a.is_lambda() && (a.ty().is_text() || *a.ty() == Type::Unknown);
    if !(2..=3).contains(&args.len())
        || !args[1..].iter().all(texts)
        || matches!(element, Type::Map(..) | Type::Row(_) | Type::Array(_))
    {
        return Err(bad());
    }
    let to_text = Compiled::cast(&element, &Type::VARCHAR)?;
    let mut types = vec![Type::array(element)];
    types.resize(args.len(), Type::VARCHAR);
    Ok(ScalarCall::new(types, Type::VARCHAR, move |call| join(call, &to_text)))
}

fn join(call: &CallArgs<'_>, to_text: &Compiled) -> datafusion::error::Result<ColumnarValue> {
    let lists = Lists::of(call, 0)?;
    let elements = to_text.run(lists.values())?;
    let elements = elements.as_string_view();
    let delimiters = Texts::of(call, 1)?;
    let replacements = if call.values.len() > 2 { Some(Texts::of(call, 2)?) } else { None };
    written_texts(call.rows, |row, out| {
        let Some(delimiter) = delimiters.get(row) else { return Ok(false) };
        let replacement = replacements.as_ref().and_then(|r| r.get(row));
        let mut first = true;
        for i in lists.range(row) {
            let text = if elements.is_valid(i) { Some(elements.value(i)) } else { replacement };
            if let Some(text) = text {
                if !std::mem::take(&mut first) {
                    out.push_str(delimiter);
                }
                out.push_str(text);
            }
        }
        Ok(true)
    })
}
