//! Colour functions: how does a value get colour on a terminal?

use std::fmt::Write;

use arrow::array::{BooleanArray, Float64Array, Int32Array, Int64Array};
use arrow::datatypes::Int32Type;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, FunctionKind, ScalarCall, no_overload};
use crate::functions::arguments::{Column, Texts, becomes, numbers, takes, written_texts};
use crate::types::Type;

/// The colour functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    vec![
        entry(
            "bar",
            "bar(double, width) -> varchar\nbar(double, width, low color, high color) -> varchar",
            "A bar of a width, filled to a share from 0 to 1, from one colour to the other.",
            "bar(0.5, 10)",
            bar,
        ),
        entry(
            "color",
            "color(varchar) -> color\ncolor(double, low color, high color) -> color\ncolor(double, low, high, low color, high color) -> color",
            "A colour by name or as `#rgb`, or between two colours.",
            "render('x', color('red'))",
            color,
        ),
        entry(
            "render",
            "render(value, color) -> varchar\nrender(boolean) -> varchar",
            "A value in a colour; a boolean as a green or red mark.",
            "render(true)",
            render,
        ),
        entry(
            "rgb",
            "rgb(red, green, blue) -> color",
            "A colour by its parts, each from 0 to 255.",
            "render('x', rgb(255, 0, 0))",
            rgb,
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
    Function { name, aliases: &[], family: "color", signature, about, example, kind: FunctionKind::Scalar(bind) }
}

/// The widest bar.
const WIDEST: i64 = 10_000;
const RESET: &str = "\u{1b}[0m";
const RED: i32 = 0xff_0000;
const GREEN: i32 = 0x00_ff00;
/// The colours that terminals name; as a color, they are -1, -2…
const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

fn part(color: i32, shift: u32) -> i32 {
    color >> shift & 0xff
}

/// Appends what switches a terminal to the colour.
fn push_escape(color: i32, out: &mut String) {
    let level = |shift| part(color, shift) * 6 / 256;
    let code = if color < 0 { -(color + 1) } else { 16 + level(16) * 36 + level(8) * 6 + level(0) };
    let _ = write!(out, "\u{1b}[38;5;{code}m");
}

fn between(fraction: f64, low: i32, high: i32) -> i32 {
    let fraction = fraction.clamp(0.0, 1.0);
    let mix = |shift| {
        let (low, high) = (f64::from(part(low, shift)), f64::from(part(high, shift)));
        (low + fraction * (high - low)) as i32
    };
    mix(16) << 16 | mix(8) << 8 | mix(0)
}

fn bar(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let mut types = vec![Type::Double, Type::BigInt, Type::Color, Type::Color];
    types.truncate(if args.len() == 2 { 2 } else { 4 });
    if !takes(args, &types) {
        return Err(no_overload("bar", args, "(double, bigint[, color, color])"));
    }
    Ok(ScalarCall::new(types, Type::VARCHAR, bars))
}

fn bars(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let (shares, widths) = (Column::<Float64Array>::of(call, 0)?, Column::<Int64Array>::of(call, 1)?);
    let colors = match call.values.len() {
        4 => Some((Column::<Int32Array>::of(call, 2)?, Column::<Int32Array>::of(call, 3)?)),
        _ => None,
    };
    written_texts(call.rows, |row, out| {
        let (Some(share), Some(width)) = (shares.get(row), widths.get(row)) else { return Ok(false) };
        let Some((low, high)) = colors.as_ref().map_or(Some((RED, GREEN)), |(l, h)| l.get(row).zip(h.get(row))) else {
            return Ok(false);
        };
        if !(0..=WIDEST).contains(&width) {
            return fail(format!("the width of a bar must be from 0 to {WIDEST}"));
        }
        let count = ((share * width as f64) as i64).clamp(0, width);
        for i in 0..count {
            push_escape(between(i as f64 / (width - 1) as f64, low, high), out);
            out.push('\u{2588}');
        }
        out.push_str(RESET);
        out.extend(std::iter::repeat_n(' ', (width - count) as usize));
        Ok(true)
    })
}

fn color(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if takes(args, &[Type::VARCHAR]) {
        return Ok(ScalarCall::new(vec![Type::VARCHAR], Type::Color, |call| {
            let names = Texts::of(call, 0)?;
            numbers::<Int32Type>(call.rows, |row| match names.get(row) {
                None => Ok(None),
                Some(name) => match parse(name) {
                    Some(color) => Ok(Some(color)),
                    None => fail(format!("Invalid color: '{name}'")),
                },
            })
        }));
    }
    let scaled = vec![Type::Double, Type::Double, Type::Double, Type::Color, Type::Color];
    let plain = vec![Type::Double, Type::Color, Type::Color];
    let types = if args.len() == 5 { scaled } else { plain };
    if !takes(args, &types) {
        return Err(no_overload(
            "color",
            args,
            "(varchar), (double, color, color) or (double, double, double, color, color)",
        ));
    }
    Ok(ScalarCall::new(types, Type::Color, |call| {
        let values = Column::<Float64Array>::of(call, 0)?;
        let at = call.values.len() - 2;
        let (low, high) = (Column::<Int32Array>::of(call, at)?, Column::<Int32Array>::of(call, at + 1)?);
        let range = match at {
            3 => Some((Column::<Float64Array>::of(call, 1)?, Column::<Float64Array>::of(call, 2)?)),
            _ => None,
        };
        numbers::<Int32Type>(call.rows, |row| {
            let (Some(value), Some(low), Some(high)) = (values.get(row), low.get(row), high.get(row)) else {
                return Ok(None);
            };
            if low < 0 || high < 0 {
                return fail("only colors of `rgb` or `#rgb` can be mixed");
            }
            let Some((from, to)) = range.as_ref().map_or(Some((0.0, 1.0)), |(f, t)| f.get(row).zip(t.get(row))) else {
                return Ok(None);
            };
            Ok(Some(between((value - from) / (to - from), low, high)))
        })
    }))
}

/// `#rgb`, or a name.
fn parse(name: &str) -> Option<i32> {
    if let (Some(digits), 4) = (name.strip_prefix('#'), name.len()) {
        let digits: Option<Vec<u32>> = digits.chars().map(|c| c.to_digit(16)).collect();
        return digits.map(|digits| digits.iter().fold(0, |color, digit| color << 8 | (digit * 0x11) as i32));
    }
    let index = NAMES.iter().position(|n| n.eq_ignore_ascii_case(name))?;
    Some(-(index as i32 + 1))
}

fn render(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if takes(args, &[Type::Boolean]) {
        return Ok(ScalarCall::new(vec![Type::Boolean], Type::VARCHAR, |call| {
            let values = Column::<BooleanArray>::of(call, 0)?;
            written_texts(call.rows, |row, out| {
                let Some(value) = values.get(row) else { return Ok(false) };
                let (name, mark) = if value { ("green", '\u{2713}') } else { ("red", '\u{2717}') };
                push_escape(parse(name).unwrap_or(GREEN), out);
                out.push(mark);
                out.push_str(RESET);
                Ok(true)
            })
        }));
    }
    let [value, color] = args else {
        return Err(no_overload("render", args, "(value, color) or (boolean)"));
    };
    let shown = [Type::BigInt, Type::Double, Type::VARCHAR].into_iter().find(|ty| becomes(value, ty));
    let (Some(ty), true) = (shown, becomes(color, &Type::Color)) else {
        return Err(no_overload("render", args, "(number or text, color) or (boolean)"));
    };
    Ok(ScalarCall::new(vec![ty.clone(), Type::Color], Type::VARCHAR, move |call| {
        let (values, colors) = (call.array(0)?, Column::<Int32Array>::of(call, 1)?);
        written_texts(call.rows, |row, out| {
            let Some(color) = colors.get(row) else { return Ok(false) };
            push_escape(color, out);
            crate::render::text(&ty, &values, row, out);
            out.push_str(RESET);
            Ok(true)
        })
    }))
}

fn rgb(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let types = vec![Type::BigInt; 3];
    if !takes(args, &types) {
        return Err(no_overload("rgb", args, "(bigint, bigint, bigint)"));
    }
    Ok(ScalarCall::new(types, Type::Color, |call| {
        let parts = [Column::<Int64Array>::of(call, 0)?, Column::of(call, 1)?, Column::of(call, 2)?];
        numbers::<Int32Type>(call.rows, |row| {
            let mut color = 0;
            for (part, name) in parts.iter().zip(["red", "green", "blue"]) {
                match part.get(row) {
                    None => return Ok(None),
                    Some(value @ 0..=255) => color = color << 8 | value as i32,
                    Some(_) => return fail(format!("{name} must be between 0 and 255")),
                }
            }
            Ok(Some(color))
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::testing::V::{D, I, L, T};
    use crate::functions::testing::check;

    #[test]
    fn colors_have_names_and_parts() {
        assert_eq!((parse("Red"), parse("#0f8"), parse("#0f"), parse("pink")), (Some(-2), Some(0x00ff88), None, None));
        assert_eq!(between(0.5, 0, 0x64_c8fe), 0x32_647f);
        check("color", &[(&[T("#fff")], Some("16777215")), (&[T("pink")], Some("!Invalid color: 'pink'"))]);
        check("rgb", &[(&[I(1), I(2), I(3)], Some("66051")), (&[I(0), I(256), I(0)], Some("!green must be between"))]);
    }

    #[test]
    fn bars_are_as_wide_as_asked() {
        check("bar", &[(&[D(0.0), I(3)], Some("\u{1b}[0m   ")), (&[D(0.4), I(-1)], Some("!the width of a bar"))]);
        check("render", &[(&[L(true)], Some("\u{1b}[38;5;2m\u{2713}\u{1b}[0m"))]);
    }
}
