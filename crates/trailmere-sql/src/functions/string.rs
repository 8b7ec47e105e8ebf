//! String functions: what do Trino's functions of varchar do, by code point and never by byte?

use arrow::array::{BinaryViewArray, Int64Array};
use arrow::datatypes::{Int32Type, Int64Type};

use crate::error::{Result, fail};
use crate::function::{Arg, Function, FunctionKind, ScalarCall, no_overload};
use crate::functions::arguments::{Column, Texts, binaries, numbers, takes, texts, written_texts};
use crate::types::Type;

mod characters;
mod compare;
mod join;
mod normalize;
mod pad;
mod search;
mod split;
mod split_map;
mod stem;
mod trim;

/// The string functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    let mut all = basic();
    all.extend(characters::all());
    all.extend(compare::all());
    all.extend(join::all());
    all.extend(normalize::all());
    all.extend(pad::all());
    all.extend(search::all());
    all.extend(split::all());
    all.extend(split_map::all());
    all.extend(stem::all());
    all.extend(trim::all());
    all
}

/// An entry of this family.
pub(super) const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<ScalarCall>,
) -> Function {
    Function { name, aliases: &[], family: "string", signature, about, example, kind: FunctionKind::Scalar(bind) }
}

fn basic() -> Vec<Function> {
    vec![
        entry(
            "length",
            "length(varchar) -> bigint\nlength(varbinary) -> bigint",
            "The number of characters of a text, or of bytes of a binary.",
            "length('naïve')",
            length,
        ),
        entry("lower", "lower(varchar) -> varchar", "The text in lower case.", "lower('PutObject')", lower),
        entry("upper", "upper(varchar) -> varchar", "The text in upper case.", "upper('deny')", upper),
        Function {
            aliases: &["substring"],
            ..entry(
                "substr",
                "substr(varchar, start[, length]) -> varchar\nsubstr(varbinary, start[, length]) -> varbinary",
                "The part from a position on; positions start with 1, and negative ones count from the end.",
                "substr('AROAEXAMPLE', 1, 4)",
                substr,
            )
        },
        entry("chr", "chr(bigint) -> varchar(1)", "The character of a Unicode code point.", "chr(9731)", chr),
        entry(
            "codepoint",
            "codepoint(varchar(1)) -> integer",
            "The Unicode code point of a single character.",
            "codepoint('A')",
            codepoint,
        ),
        entry("to_utf8", "to_utf8(varchar) -> varbinary", "The bytes of a text in UTF-8.", "to_utf8('abc')", to_utf8),
    ]
}

fn length(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if let [arg] = args {
        if let Type::Char(n) = arg.ty() {
            let n = i64::from(*n);
            return Ok(ScalarCall::new(vec![arg.ty().clone()], Type::BigInt, move |call| {
                numbers::<Int64Type>(call.rows, |_| Ok(Some(n)))
            }));
        }
        if arg.ty() == &Type::Varbinary {
            return Ok(ScalarCall::new(vec![Type::Varbinary], Type::BigInt, |call| {
                let bytes = Column::<BinaryViewArray>::of(call, 0)?;
                numbers::<Int64Type>(call.rows, |row| Ok(bytes.get(row).map(|b| b.len() as i64)))
            }));
        }
        if takes(args, &[Type::VARCHAR]) {
            return Ok(ScalarCall::new(vec![Type::VARCHAR], Type::BigInt, |call| {
                let text = Texts::of(call, 0)?;
                numbers::<Int64Type>(call.rows, |row| Ok(text.get(row).map(|s| characters::count(s) as i64)))
            }));
        }
    }
    Err(no_overload("length", args, "(varchar) or (varbinary)"))
}

fn lower(args: &[Arg<'_>]) -> Result<ScalarCall> {
    change_case("lower", args, characters::push_lower)
}

fn upper(args: &[Arg<'_>]) -> Result<ScalarCall> {
    change_case("upper", args, characters::push_upper)
}

fn change_case(name: &str, args: &[Arg<'_>], push: fn(&str, &mut String)) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR]) {
        return Err(no_overload(name, args, "(varchar)"));
    }
    let ty = match args[0].ty() {
        Type::Unknown => Type::VARCHAR,
        ty => ty.clone(),
    };
    Ok(ScalarCall::new(vec![ty.clone()], ty, move |call| {
        let text = Texts::of(call, 0)?;
        written_texts(call.rows, |row, out| {
            text.get(row).inspect(|s| push(s, out));
            Ok(true)
        })
    }))
}

fn substr(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let mut types = vec![Type::VARCHAR, Type::BigInt, Type::BigInt];
    types.truncate(args.len().max(2));
    if args.first().is_some_and(|a| a.ty() == &Type::Varbinary) {
        types[0] = Type::Varbinary;
    }
    if !takes(args, &types) {
        return Err(no_overload("substr", args, "(varchar, bigint[, bigint]) or (varbinary, bigint[, bigint])"));
    }
    let limited = types.len() == 3;
    if types[0] == Type::Varbinary {
        return Ok(ScalarCall::new(types, Type::Varbinary, move |call| {
            let bytes = Column::<BinaryViewArray>::of(call, 0)?;
            let (starts, lengths) = bounds(call, limited)?;
            binaries(call.rows, |row| {
                Ok(bytes.get(row).map(|b| {
                    let start = starts.get(row).unwrap_or(0);
                    let length = lengths.as_ref().map_or(Some(i64::MAX), |l| l.get(row)).unwrap_or(0);
                    pad::part(b, start, length)
                }))
            })
        }));
    }
    Ok(ScalarCall::new(types, Type::VARCHAR, move |call| {
        let text = Texts::of(call, 0)?;
        let (starts, lengths) = bounds(call, limited)?;
        texts(call.rows, |row| {
            Ok(text.get(row).map(|s| {
                let start = starts.get(row).unwrap_or(0);
                let length = lengths.as_ref().map_or(Some(i64::MAX), |l| l.get(row)).unwrap_or(0);
                characters::part(s, start, length)
            }))
        })
    }))
}

type Bounds = (Column<Int64Array>, Option<Column<Int64Array>>);

fn bounds(call: &crate::function::CallArgs<'_>, limited: bool) -> datafusion::error::Result<Bounds> {
    let lengths = if limited { Some(Column::of(call, 2)?) } else { None };
    Ok((Column::of(call, 1)?, lengths))
}

fn chr(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::BigInt]) {
        return Err(no_overload("chr", args, "(bigint)"));
    }
    Ok(ScalarCall::new(vec![Type::BigInt], Type::Varchar(Some(1)), |call| {
        let points = Column::<Int64Array>::of(call, 0)?;
        written_texts(call.rows, |row, out| {
            let Some(point) = points.get(row) else { return Ok(false) };
            match u32::try_from(point).ok().and_then(char::from_u32) {
                Some(c) => out.push(c),
                None => return fail(format!("Not a valid Unicode code point: {point}")),
            }
            Ok(true)
        })
    }))
}

fn codepoint(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let long = args.first().is_some_and(|a| matches!(a.ty(), Type::Varchar(Some(n)) if *n > 1));
    if long || !takes(args, &[Type::VARCHAR]) {
        return Err(no_overload("codepoint", args, "(varchar(1))"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::Integer, |call| {
        let text = Texts::of(call, 0)?;
        numbers::<Int32Type>(call.rows, |row| {
            let Some(s) = text.get(row) else { return Ok(None) };
            let mut chars = s.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Ok(Some(c as i32)),
                _ => fail("Input string must be a single character string"),
            }
        })
    }))
}

fn to_utf8(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR]) {
        return Err(no_overload("to_utf8", args, "(varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::Varbinary, |call| {
        let text = Texts::of(call, 0)?;
        binaries(call.rows, |row| Ok(text.get(row)))
    }))
}

#[cfg(test)]
mod tests;
