//! URL functions: what are the parts of a URL, and how is text made safe for one?

use arrow::datatypes::Int64Type;

use crate::error::{Result, fail};
use crate::function::{Arg, Function, FunctionKind, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, numbers, takes, written_texts};
use crate::types::Type;

mod uri;

use uri::Uri;

/// The URL functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    vec![
        entry(
            "url_extract_protocol",
            "url_extract_protocol(varchar) -> varchar",
            "The scheme of a URL.",
            "url_extract_protocol('https://aws.amazon.com/')",
            |args| extract("url_extract_protocol", args, |uri, out| out.push_str(uri.scheme)),
        ),
        entry(
            "url_extract_host",
            "url_extract_host(varchar) -> varchar",
            "The host of a URL.",
            "url_extract_host('https://aws.amazon.com:443/')",
            |args| extract("url_extract_host", args, |uri, out| out.push_str(uri.host)),
        ),
        entry(
            "url_extract_path",
            "url_extract_path(varchar) -> varchar",
            "The path of a URL.",
            "url_extract_path('https://a.com/b/c.html?d#e')",
            |args| extract("url_extract_path", args, |uri, out| uri::push_decoded(uri.path, out)),
        ),
        entry(
            "url_extract_query",
            "url_extract_query(varchar) -> varchar",
            "The query of a URL.",
            "url_extract_query('https://a.com/b?k=v#e')",
            |args| extract("url_extract_query", args, |uri, out| uri::push_decoded(uri.query.unwrap_or(""), out)),
        ),
        entry(
            "url_extract_fragment",
            "url_extract_fragment(varchar) -> varchar",
            "The fragment of a URL.",
            "url_extract_fragment('https://a.com/b#e')",
            |args| extract("url_extract_fragment", args, |uri, out| uri::push_decoded(uri.fragment, out)),
        ),
        entry(
            "url_extract_port",
            "url_extract_port(varchar) -> bigint",
            "The port of a URL; NULL if it names none.",
            "url_extract_port('https://a.com:8443/')",
            port,
        ),
        entry(
            "url_extract_parameter",
            "url_extract_parameter(varchar, name) -> varchar",
            "The first value of a parameter of a URL's query.",
            "url_extract_parameter('https://a.com/?Action=ListUsers', 'Action')",
            parameter,
        ),
        entry(
            "url_encode",
            "url_encode(varchar) -> varchar",
            "The text as it stands in a URL's parameter.",
            "url_encode('a b/c')",
            encode,
        ),
        entry(
            "url_decode",
            "url_decode(varchar) -> varchar",
            "The text of a URL's parameter.",
            "url_decode('a+b%2Fc')",
            decode,
        ),
    ]
}

const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<ScalarCall>,
) -> Function {
    Function { name, aliases: &[], family: "url", signature, about, example, kind: FunctionKind::Scalar(bind) }
}

fn extract(name: &str, args: &[Arg<'_>], push: fn(&Uri<'_>, &mut String)) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR]) {
        return Err(no_overload(name, args, "(varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::VARCHAR, move |call| {
        let text = Texts::of(call, 0)?;
        written_texts(call.rows, |row, out| {
            Ok(text.get(row).and_then(Uri::parse).inspect(|uri| push(uri, out)).is_some())
        })
    }))
}

fn port(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR]) {
        return Err(no_overload("url_extract_port", args, "(varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::BigInt, |call| {
        let text = Texts::of(call, 0)?;
        numbers::<Int64Type>(call.rows, |row| Ok(text.get(row).and_then(Uri::parse).and_then(|uri| uri.port)))
    }))
}

fn parameter(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR, Type::VARCHAR]) {
        return Err(no_overload("url_extract_parameter", args, "(varchar, varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR; 2], Type::VARCHAR, |call| {
        let (text, names) = (Texts::of(call, 0)?, Texts::of(call, 1)?);
        written_texts(call.rows, |row, out| {
            let query = text.get(row).and_then(Uri::parse).and_then(|uri| uri.query);
            let (Some(query), Some(name)) = (query, names.get(row)) else { return Ok(false) };
            let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            let Some((_, value)) = pairs.into_iter().find(|(key, _)| *key == name) else { return Ok(false) };
            match uri::push_form_decoded(value, out) {
                Ok(()) => Ok(true),
                Err(reason) => fail(reason),
            }
        })
    }))
}

fn encode(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR]) {
        return Err(no_overload("url_encode", args, "(varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::VARCHAR, |call| {
        let text = Texts::of(call, 0)?;
        written_texts(call.rows, |row, out| {
            out.extend(text.get(row).map(uri::form_encoded).into_iter().flatten());
            Ok(true)
        })
    }))
}

fn decode(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR]) {
        return Err(no_overload("url_decode", args, "(varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::VARCHAR, |call| {
        let text = Texts::of(call, 0)?;
        written_texts(call.rows, |row, out| match uri::push_form_decoded(text.get(row).unwrap_or(""), out) {
            Ok(()) => Ok(true),
            Err(_) if text.get(row).is_none() => Ok(false),
            Err(reason) => fail(reason),
        })
    }))
}

#[cfg(test)]
mod tests;
