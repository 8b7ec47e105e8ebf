//! What do `+ - * / %` and the minus sign mean, and when do they fail?

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow::compute::kernels::arity;
use arrow::datatypes::{Int8Type, Int16Type, Int32Type, Int64Type};
use arrow::error::ArrowError;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{BinaryExpr, ColumnarValue, Expr, Operator};

use super::{decimal, no_operator, time_arithmetic};
use crate::call::{Typed, downcast};
use crate::coercion::{coerce, common_type};
use crate::error::{Result, SqlError, fail};
use crate::function::CallArgs;
use crate::scalar;
use crate::types::Type;

/// An arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithmeticOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulus,
}

impl ArithmeticOp {
    /// As written in SQL.
    pub fn symbol(self) -> &'static str {
        match self {
            ArithmeticOp::Add => "+",
            ArithmeticOp::Subtract => "-",
            ArithmeticOp::Multiply => "*",
            ArithmeticOp::Divide => "/",
            ArithmeticOp::Modulus => "%",
        }
    }

    /// As in Trino's messages.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            ArithmeticOp::Add => "addition",
            ArithmeticOp::Subtract => "subtraction",
            ArithmeticOp::Multiply => "multiplication",
            ArithmeticOp::Divide => "division",
            ArithmeticOp::Modulus => "modulus",
        }
    }

    fn native(self) -> Operator {
        match self {
            ArithmeticOp::Add => Operator::Plus,
            ArithmeticOp::Subtract => Operator::Minus,
            ArithmeticOp::Multiply => Operator::Multiply,
            ArithmeticOp::Divide => Operator::Divide,
            ArithmeticOp::Modulus => Operator::Modulo,
        }
    }
}

/// `left op right`.
pub fn arithmetic(op: ArithmeticOp, left: Typed, right: Typed) -> Result<Typed> {
    if let Some(result) = time_arithmetic::arithmetic(op, &left, &right)? {
        return Ok(result);
    }
    let number = |t: &Type| t.is_numeric() || *t == Type::Unknown;
    let common = common_type(&left.ty, &right.ty).filter(|_| number(&left.ty) && number(&right.ty));
    match common {
        None => Err(no_operator(op.symbol(), &left, &right)),
        Some(Type::Unknown) => Ok(scalar::null_of(&Type::Unknown)),
        Some(Type::Decimal(..)) => decimal::arithmetic(op, left, right),
        Some(ty @ (Type::Real | Type::Double)) => {
            let (left, right) = (coerce(left, &ty)?, coerce(right, &ty)?);
            let expr = BinaryExpr::new(Box::new(left.expr), op.native(), Box::new(right.expr));
            Ok(Typed::new(Expr::BinaryExpr(expr), ty))
        }
        Some(ty) => {
            let (left, right) = (coerce(left, &ty)?, coerce(right, &ty)?);
            let returns = ty.clone();
            Ok(scalar::strict(op.symbol(), vec![left, right], returns, move |call| {
                Ok(ColumnarValue::Array(match ty {
                    Type::TinyInt => integers::<Int8Type>(op, &ty, call)?,
                    Type::SmallInt => integers::<Int16Type>(op, &ty, call)?,
                    Type::Integer => integers::<Int32Type>(op, &ty, call)?,
                    _ => integers::<Int64Type>(op, &ty, call)?,
                }))
            }))
        }
    }
}

/// What an integer can do without wrapping around.
pub(crate) trait Checked: Copy + std::fmt::Display {
    fn apply(self, op: ArithmeticOp, other: Self) -> Option<Self>;
    fn is_zero(self) -> bool;
    fn negated(self) -> Option<Self>;
}

macro_rules! checked {
    ($($t:ty),*) => {$(
        impl Checked for $t {
            fn apply(self, op: ArithmeticOp, other: Self) -> Option<Self> {
                match op {
                    ArithmeticOp::Add => self.checked_add(other),
                    ArithmeticOp::Subtract => self.checked_sub(other),
                    ArithmeticOp::Multiply => self.checked_mul(other),
                    ArithmeticOp::Divide => self.checked_div(other),
                    ArithmeticOp::Modulus => Some(self.wrapping_rem(other)),
                }
            }
            fn is_zero(self) -> bool {
                self == 0
            }
            fn negated(self) -> Option<Self> {
                self.checked_neg()
            }
        }
    )*};
}

checked!(i8, i16, i32, i64);

fn integers<T: ArrowPrimitiveType>(op: ArithmeticOp, ty: &Type, call: &CallArgs<'_>) -> DfResult<ArrayRef>
where
    T::Native: Checked,
{
    let divides = matches!(op, ArithmeticOp::Divide | ArithmeticOp::Modulus);
    pairwise::<T, T, T>(call, |a, b| {
        if divides && b.is_zero() {
            return Err("Division by zero".to_string());
        }
        a.apply(op, b).ok_or_else(|| format!("{ty} {} overflow: {a} {} {b}", op.noun(), op.symbol()))
    })
}

/// Computes where both sides have a value; one side may be a constant.
pub(crate) fn pairwise<A, B, O>(
    call: &CallArgs<'_>,
    compute: impl Fn(A::Native, B::Native) -> Result<O::Native, String>,
) -> DfResult<ArrayRef>
where
    A: ArrowPrimitiveType,
    B: ArrowPrimitiveType,
    O: ArrowPrimitiveType,
{
    let compute = |a, b| compute(a, b).map_err(ArrowError::ComputeError);
    let one = |i: usize| matches!(call.values[i], ColumnarValue::Scalar(_));
    let whole = |i: usize| if one(i) { call.values[i].to_array(1) } else { call.array(i) };
    let (a, b) = (whole(0)?, whole(1)?);
    let (a, b): (&PrimitiveArray<A>, &PrimitiveArray<B>) = (downcast(&a)?, downcast(&b)?);
    let result: Result<PrimitiveArray<O>, ArrowError> = match (one(0), one(1)) {
        (true, false) => {
            let constant = a.value(0);
            arity::try_unary(b, |b| compute(constant, b))
        }
        (false, true) => {
            let constant = b.value(0);
            arity::try_unary(a, |a| compute(a, constant))
        }
        _ => arity::try_binary(a, b, compute),
    };
    match result {
        Ok(array) => Ok(Arc::new(array)),
        Err(ArrowError::ComputeError(message)) => fail(message),
        Err(other) => Err(other.into()),
    }
}

/// `- value`.
pub fn negate(value: Typed) -> Result<Typed> {
    let ty = value.ty.clone();
    match &ty {
        Type::Unknown => Ok(value),
        Type::Real | Type::Double | Type::Decimal(..) => {
            if let Some(scalar) = value.literal().and_then(|v| v.arithmetic_negate().ok()) {
                return Ok(Typed::constant(scalar, ty));
            }
            Ok(Typed::new(Expr::Negative(Box::new(value.expr)), ty))
        }
        Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt => negate_integer(value),
        Type::IntervalDayToSecond | Type::IntervalYearToMonth => negate_integer(value),
        _ => Err(SqlError::invalid(format!("cannot apply operator: -{ty}"))),
    }
}

fn negate_integer(value: Typed) -> Result<Typed> {
    let ty = value.ty.clone();
    let returns = ty.clone();
    Ok(scalar::strict("negate", vec![value], returns, move |call| {
        let array = call.array(0)?;
        Ok(ColumnarValue::Array(match ty {
            Type::TinyInt => negated::<Int8Type>(&array, &ty)?,
            Type::SmallInt => negated::<Int16Type>(&array, &ty)?,
            Type::Integer | Type::IntervalYearToMonth => negated::<Int32Type>(&array, &ty)?,
            _ => negated::<Int64Type>(&array, &ty)?,
        }))
    }))
}

fn negated<T: ArrowPrimitiveType>(array: &ArrayRef, ty: &Type) -> DfResult<ArrayRef>
where
    T::Native: Checked,
{
    let source: &PrimitiveArray<T> = downcast(array)?;
    let result: Result<PrimitiveArray<T>, ArrowError> = arity::try_unary(source, |v: T::Native| {
        v.negated().ok_or_else(|| ArrowError::ComputeError(format!("{ty} negation overflow: {v}")))
    });
    match result {
        Ok(array) => Ok(Arc::new(array)),
        Err(ArrowError::ComputeError(message)) => fail(message),
        Err(other) => Err(other.into()),
    }
}
