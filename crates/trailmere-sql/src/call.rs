//! Makes a DataFusion expression of a bound call: the one place where kernels meet DataFusion.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExpressionPlacement, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};

use crate::function::{CallArgs, Implementation, Kernel, Nulls, ScalarCall};
use crate::lambda::{BoundLambda, Captures};
use crate::types::Type;

/// An expression with its Trino type.
#[derive(Debug, Clone, PartialEq)]
pub struct Typed {
    /// What DataFusion evaluates; its Arrow type is `ty.arrow()`.
    pub expr: Expr,
    /// The Trino type.
    pub ty: Type,
}

impl Typed {
    /// Pairs an expression with its type.
    pub fn new(expr: Expr, ty: Type) -> Self {
        Typed { expr, ty }
    }

    /// A constant.
    pub fn constant(value: ScalarValue, ty: Type) -> Self {
        Typed { expr: Expr::Literal(value, None), ty }
    }

    /// The constant's value, if the expression is a literal (also a NULL).
    pub fn literal(&self) -> Option<&ScalarValue> {
        match &self.expr {
            Expr::Literal(value, _) => Some(value),
            _ => None,
        }
    }
}

/// Applies a bound call to arguments that have the types of `call.args` already; `captures` are the columns that its lambdas use.
pub fn apply(name: &str, call: ScalarCall, args: Vec<Typed>, captures: Vec<Expr>) -> Typed {
    let returns = call.returns.clone();
    let args: Vec<Expr> = args.into_iter().map(|a| a.expr).collect();
    let expr = match call.implementation {
        Implementation::Native(build) => build(args),
        Implementation::Kernel(kernel) => {
            let volatility = if call.volatile { Volatility::Volatile } else { Volatility::Immutable };
            let signature = match args.len() + captures.len() {
                0 => TypeSignature::Nullary,
                n => TypeSignature::Any(n),
            };
            let udf = KernelUdf {
                name: name.to_string(),
                values: args.len(),
                returns: call.returns.arrow(),
                is_lookup: name == "element_at" && matches!(call.args.first(), Some(Type::Map(..))),
                identity: identity(&call.args, &call.returns, &call.lambdas),
                nulls: call.nulls,
                signature: Signature::new(signature, volatility),
                kernel,
            };
            let all = args.into_iter().chain(captures).collect();
            Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(ScalarUDF::new_from_impl(udf)), all))
        }
    };
    Typed { expr, ty: returns }
}

/// What, beside the name and the arguments, makes two calls the same computation.
fn identity(args: &[Type], returns: &Type, lambdas: &[BoundLambda]) -> String {
    let mut text = format!("{args:?}{returns:?}");
    for lambda in lambdas {
        text.push_str(&format!("{:?}{:?}", lambda.body, lambda.captures));
    }
    text
}

/// A kernel in DataFusion's clothes.
struct KernelUdf {
    name: String,
    values: usize,
    returns: DataType,
    identity: String,
    /// Gives an entry of a map: never fails, and a scan can read it without the rest of the map.
    is_lookup: bool,
    nulls: Nulls,
    signature: Signature,
    kernel: Kernel,
}

impl std::fmt::Debug for KernelUdf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.name)
    }
}

impl PartialEq for KernelUdf {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.values == other.values && self.identity == other.identity
    }
}

impl Eq for KernelUdf {}

impl Hash for KernelUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.identity.hash(state);
    }
}

impl ScalarUDFImpl for KernelUdf {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DfResult<DataType> {
        Ok(self.returns.clone())
    }

    fn placement(&self, args: &[ExpressionPlacement]) -> ExpressionPlacement {
        use ExpressionPlacement::{Column, KeepInPlace, Literal, MoveTowardsLeafNodes};
        match args {
            [Column | MoveTowardsLeafNodes, Literal] if self.is_lookup => MoveTowardsLeafNodes,
            _ => KeepInPlace,
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        let (values, captured) = args.args.split_at(self.values);
        // All constant: compute one row and hand on a constant.
        let constant = args.args.iter().all(|v| matches!(v, ColumnarValue::Scalar(_)))
            && self.signature.volatility == Volatility::Immutable;
        let rows = if constant { 1 } else { args.number_rows };
        if self.nulls == Nulls::Propagate && values.iter().any(is_null_scalar) {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from(&self.returns)?));
        }
        let call = CallArgs { values, captures: Captures { values: captured, rows }, rows };
        let result = (self.kernel)(&call)?;
        let result = match self.nulls {
            Nulls::Propagate => mask(result, values)?,
            Nulls::Handled => result,
        };
        match result {
            ColumnarValue::Array(array) if constant => {
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?))
            }
            other => Ok(other),
        }
    }
}

fn is_null_scalar(value: &ColumnarValue) -> bool {
    matches!(value, ColumnarValue::Scalar(s) if s.is_null())
}

/// Makes the result NULL where an argument is.
fn mask(result: ColumnarValue, values: &[ColumnarValue]) -> DfResult<ColumnarValue> {
    let nulls = values.iter().fold(None, |nulls, value| match value {
        ColumnarValue::Array(array) => NullBuffer::union(nulls.as_ref(), array.logical_nulls().as_ref()),
        ColumnarValue::Scalar(_) => nulls,
    });
    match (nulls, result) {
        (Some(nulls), ColumnarValue::Array(array)) if nulls.null_count() > 0 => {
            Ok(ColumnarValue::Array(crate::scalar::with_nulls(&array, &nulls)?))
        }
        (Some(nulls), ColumnarValue::Scalar(value)) if nulls.null_count() > 0 => {
            Ok(ColumnarValue::Array(crate::scalar::with_nulls(&value.to_array_of_size(nulls.len())?, &nulls)?))
        }
        (_, result) => Ok(result),
    }
}

/// Downcasts an argument array; a mismatch is a defect of the binding.
pub fn downcast<T: Any>(array: &ArrayRef) -> DfResult<&T> {
    array.as_any().downcast_ref::<T>().ok_or_else(|| {
        crate::error::SqlError::new(
            crate::error::Kind::Internal,
            format!("unexpected Arrow type {}", array.data_type()),
        )
        .into()
    })
}
