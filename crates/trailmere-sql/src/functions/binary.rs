//! Binary functions: what do Trino's functions of varbinary do?

use arrow::array::{ArrowPrimitiveType, BinaryViewArray, PrimitiveArray};
use arrow::datatypes::{Float32Type, Float64Type, Int32Type, Int64Type};
use datafusion::error::Result as DfResult;

use crate::error::{Result, fail};
use crate::function::{Arg, Function, FunctionKind, ScalarCall, no_overload};
use crate::functions::arguments::{Column, Texts, binaries, numbers, takes, texts};
use crate::types::Type;

mod encode;
mod hash;
mod murmur;
mod spooky;

/// The binary functions of Trino's manual, but those that text has too.
pub(crate) fn all() -> Vec<Function> {
    let mut all = encode::all();
    all.extend(hash::all());
    all.extend(numbers_of_bytes());
    all
}

const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<ScalarCall>,
) -> Function {
    Function { name, aliases: &[], family: "binary", signature, about, example, kind: FunctionKind::Scalar(bind) }
}

/// varbinary to varbinary.
fn map<S: AsRef<[u8]> + 'static>(name: &str, args: &[Arg<'_>], f: fn(&[u8]) -> S) -> Result<ScalarCall> {
    if !takes(args, &[Type::Varbinary]) {
        return Err(no_overload(name, args, "(varbinary)"));
    }
    Ok(ScalarCall::new(vec![Type::Varbinary], Type::Varbinary, move |call| {
        let bytes = Column::<BinaryViewArray>::of(call, 0)?;
        binaries(call.rows, |row| Ok(bytes.get(row).map(f)))
    }))
}

/// varbinary to varchar.
fn write(name: &str, args: &[Arg<'_>], f: fn(&[u8]) -> String) -> Result<ScalarCall> {
    if !takes(args, &[Type::Varbinary]) {
        return Err(no_overload(name, args, "(varbinary)"));
    }
    Ok(ScalarCall::new(vec![Type::Varbinary], Type::VARCHAR, move |call| {
        let bytes = Column::<BinaryViewArray>::of(call, 0)?;
        texts(call.rows, |row| Ok(bytes.get(row).map(f)))
    }))
}

/// varchar, or varbinary that holds text, to varbinary.
fn read(name: &str, args: &[Arg<'_>], f: fn(&[u8]) -> std::result::Result<Vec<u8>, String>) -> Result<ScalarCall> {
    let checked = move |bytes: Option<&[u8]>| match bytes.map(f) {
        None => Ok(None),
        Some(Ok(bytes)) => Ok(Some(bytes)),
        Some(Err(reason)) => fail(reason),
    };
    if takes(args, &[Type::VARCHAR]) {
        return Ok(ScalarCall::new(vec![Type::VARCHAR], Type::Varbinary, move |call| {
            let text = Texts::of(call, 0)?;
            binaries(call.rows, |row| checked(text.get(row).map(str::as_bytes)))
        }));
    }
    if takes(args, &[Type::Varbinary]) {
        return Ok(ScalarCall::new(vec![Type::Varbinary], Type::Varbinary, move |call| {
            let bytes = Column::<BinaryViewArray>::of(call, 0)?;
            binaries(call.rows, |row| checked(bytes.get(row)))
        }));
    }
    Err(no_overload(name, args, "(varchar) or (varbinary)"))
}

fn numbers_of_bytes() -> Vec<Function> {
    vec![
        entry(
            "to_big_endian_64",
            "to_big_endian_64(bigint) -> varbinary",
            "A bigint as 8 bytes, the highest first.",
            "to_big_endian_64(1)",
            |args| bytes_of::<Int64Type, 8>("to_big_endian_64", args, Type::BigInt, i64::to_be_bytes),
        ),
        entry(
            "from_big_endian_64",
            "from_big_endian_64(varbinary) -> bigint",
            "The bigint of 8 bytes, the highest first.",
            "from_big_endian_64(X'0000000000000001')",
            |args| number_of::<Int64Type, 8>("from_big_endian_64", args, Type::BigInt, i64::from_be_bytes),
        ),
        entry(
            "to_big_endian_32",
            "to_big_endian_32(integer) -> varbinary",
            "An integer as 4 bytes, the highest first.",
            "to_big_endian_32(1)",
            |args| bytes_of::<Int32Type, 4>("to_big_endian_32", args, Type::Integer, i32::to_be_bytes),
        ),
        entry(
            "from_big_endian_32",
            "from_big_endian_32(varbinary) -> integer",
            "The integer of 4 bytes, the highest first.",
            "from_big_endian_32(X'00000001')",
            |args| number_of::<Int32Type, 4>("from_big_endian_32", args, Type::Integer, i32::from_be_bytes),
        ),
        entry(
            "to_ieee754_32",
            "to_ieee754_32(real) -> varbinary",
            "A real as the 4 bytes of IEEE 754, the highest first.",
            "to_ieee754_32(REAL '1.0')",
            |args| bytes_of::<Float32Type, 4>("to_ieee754_32", args, Type::Real, |x| plain_nan_32(x).to_be_bytes()),
        ),
        entry(
            "from_ieee754_32",
            "from_ieee754_32(varbinary) -> real",
            "The real of 4 bytes of IEEE 754, the highest first.",
            "from_ieee754_32(X'3F800000')",
            |args| number_of::<Float32Type, 4>("from_ieee754_32", args, Type::Real, f32::from_be_bytes),
        ),
        entry(
            "to_ieee754_64",
            "to_ieee754_64(double) -> varbinary",
            "A double as the 8 bytes of IEEE 754, the highest first.",
            "to_ieee754_64(1.0)",
            |args| bytes_of::<Float64Type, 8>("to_ieee754_64", args, Type::Double, |x| plain_nan_64(x).to_be_bytes()),
        ),
        entry(
            "from_ieee754_64",
            "from_ieee754_64(varbinary) -> double",
            "The double of 8 bytes of IEEE 754, the highest first.",
            "from_ieee754_64(X'3FF0000000000000')",
            |args| number_of::<Float64Type, 8>("from_ieee754_64", args, Type::Double, f64::from_be_bytes),
        ),
    ]
}

/// Java writes every NaN as the same one.
fn plain_nan_32(x: f32) -> u32 {
    if x.is_nan() { 0x7fc0_0000 } else { x.to_bits() }
}

fn plain_nan_64(x: f64) -> u64 {
    if x.is_nan() { 0x7ff8_0000_0000_0000 } else { x.to_bits() }
}

fn bytes_of<T: ArrowPrimitiveType, const N: usize>(
    name: &str,
    args: &[Arg<'_>],
    ty: Type,
    f: fn(T::Native) -> [u8; N],
) -> Result<ScalarCall> {
    if !takes(args, std::slice::from_ref(&ty)) {
        return Err(no_overload(name, args, &format!("({ty})")));
    }
    Ok(ScalarCall::new(vec![ty], Type::Varbinary, move |call| {
        let values = Column::<PrimitiveArray<T>>::of(call, 0)?;
        binaries(call.rows, |row| Ok(values.get(row).map(f)))
    }))
}

fn number_of<T: ArrowPrimitiveType, const N: usize>(
    name: &'static str,
    args: &[Arg<'_>],
    ty: Type,
    f: fn([u8; N]) -> T::Native,
) -> Result<ScalarCall> {
    if !takes(args, &[Type::Varbinary]) {
        return Err(no_overload(name, args, "(varbinary)"));
    }
    let kind = if name.contains("ieee754") { "floating-point value" } else { "value" };
    Ok(ScalarCall::new(vec![Type::Varbinary], ty, move |call| {
        let bytes = Column::<BinaryViewArray>::of(call, 0)?;
        numbers::<T>(call.rows, |row| -> DfResult<_> {
            match bytes.get(row).map(<[u8; N]>::try_from) {
                None => Ok(None),
                Some(Ok(bytes)) => Ok(Some(f(bytes))),
                Some(Err(_)) => fail(format!("Input {kind} must be exactly {N} bytes long")),
            }
        })
    }))
}

/// The two binary arguments of a call, where both are given.
fn pairs<'a>(
    first: &'a Column<BinaryViewArray>,
    second: &'a Column<BinaryViewArray>,
    row: usize,
) -> Option<(&'a [u8], &'a [u8])> {
    first.get(row).zip(second.get(row))
}
