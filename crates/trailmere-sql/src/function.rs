//! What a function of the library says of itself, and how the analyzer calls it.
//!
//! A function is bound once per call site, with Trino types: its `bind` picks the overload, says to which types the
//! arguments are to be coerced, which type comes out, and gives the kernel. The analyzer inserts the coercions and makes
//! a DataFusion expression of it. Kernels therefore only ever see the Arrow types of the types that they asked for.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::SortOptions;
use arrow::datatypes::Field;
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{AggregateUDF, ColumnarValue, Expr, WindowUDF};

use crate::call::Typed;
use crate::error::{Result, SqlError};
use crate::lambda::{BoundLambda, Captures};
use crate::types::Type;

/// A function of the library. Help, completion and the compatibility table are made from these.
#[derive(Debug, Clone)]
pub struct Function {
    /// Name, lower case.
    pub name: &'static str,
    /// Other names for the same.
    pub aliases: &'static [&'static str],
    /// Section of Trino's manual: `string`, `regexp`, `json`, `datetime`, `array`, `map`, `aggregate`…
    pub family: &'static str,
    /// One overload a line: `date_parse(varchar, varchar) -> timestamp(3)`.
    pub signature: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// An expression that runs on its own.
    pub example: &'static str,
    /// How a call is bound.
    pub kind: FunctionKind,
}

/// How a call is bound.
#[derive(Debug, Clone, Copy)]
pub enum FunctionKind {
    /// One value a row.
    Scalar(fn(&[Arg<'_>]) -> Result<ScalarCall>),
    /// One value a group; also usable with OVER.
    Aggregate(fn(&[Arg<'_>]) -> Result<AggregateCall>),
    /// Only with OVER.
    Window(fn(&[Arg<'_>]) -> Result<WindowCall>),
}

/// An argument as the analyzer found it.
pub enum Arg<'a> {
    /// An ordinary value; `constant` is its value where it is known at planning.
    Value {
        /// Its type before coercion.
        ty: Type,
        /// Its value, if constant (in the Arrow type of `ty`).
        constant: Option<ScalarValue>,
    },
    /// A lambda, bound once the function has said which types its parameters have.
    Lambda(&'a dyn LambdaArg),
}

/// A lambda argument before its parameter types are known.
pub trait LambdaArg {
    /// Number of parameters as written.
    fn parameters(&self) -> usize;
    /// Analyzes the body with these parameter types. Its captured columns become hidden arguments of the call.
    fn bind(&self, parameters: &[Type]) -> Result<BoundLambda>;
}

impl Arg<'_> {
    /// The type of a value argument; `unknown` for a lambda.
    pub fn ty(&self) -> &Type {
        match self {
            Arg::Value { ty, .. } => ty,
            Arg::Lambda(_) => &Type::Unknown,
        }
    }

    /// The constant, if it is one and not NULL.
    pub fn constant(&self) -> Option<&ScalarValue> {
        match self {
            Arg::Value { constant: Some(value), .. } if !value.is_null() => Some(value),
            _ => None,
        }
    }

    /// Binds a lambda argument; an error for a value.
    pub fn lambda(&self, parameters: &[Type]) -> Result<BoundLambda> {
        match self {
            Arg::Lambda(lambda) if lambda.parameters() == parameters.len() => lambda.bind(parameters),
            Arg::Lambda(lambda) => Err(SqlError::invalid(format!(
                "the lambda takes {} parameters, not {}",
                parameters.len(),
                lambda.parameters()
            ))),
            Arg::Value { ty, .. } => Err(SqlError::invalid(format!("expected a lambda, found {ty}"))),
        }
    }

    /// Whether the argument is a lambda.
    pub fn is_lambda(&self) -> bool {
        matches!(self, Arg::Lambda(_))
    }
}

/// What a kernel is called with.
pub struct CallArgs<'a> {
    /// The value arguments, coerced, without the lambdas.
    pub values: &'a [ColumnarValue],
    /// What the lambdas captured; hand it to [`BoundLambda::evaluate`].
    pub captures: Captures<'a>,
    /// Number of rows.
    pub rows: usize,
}

impl CallArgs<'_> {
    /// Argument `i` as an array of `rows` values.
    pub fn array(&self, i: usize) -> DfResult<ArrayRef> {
        self.values[i].to_array(self.rows)
    }

    /// Argument `i` if it is the same for all rows.
    pub fn scalar(&self, i: usize) -> Option<&ScalarValue> {
        match &self.values[i] {
            ColumnarValue::Scalar(value) => Some(value),
            ColumnarValue::Array(_) => None,
        }
    }
}

/// Computes a batch.
pub type Kernel = Arc<dyn Fn(&CallArgs<'_>) -> DfResult<ColumnarValue> + Send + Sync>;

/// What happens with NULL arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// Any NULL argument makes the result NULL: the caller masks, and rows with NULLs must not fail
    /// (the kernel still sees the arrays as they are and must respect validity before failing on a value).
    Propagate,
    /// The kernel deals with NULLs.
    Handled,
}

/// How a bound call is computed.
#[derive(Clone)]
pub enum Implementation {
    /// By a kernel.
    Kernel(Kernel),
    /// By an expression that DataFusion knows already (so that it can optimise and prune).
    Native(Arc<dyn Fn(Vec<Expr>) -> Expr + Send + Sync>),
}

/// A bound scalar call.
#[derive(Clone)]
pub struct ScalarCall {
    /// To which types the value arguments are to be coerced (one per value argument, lambdas left out).
    pub args: Vec<Type>,
    /// The result's type.
    pub returns: Type,
    /// NULL handling.
    pub nulls: Nulls,
    /// True for `random()` and the like: never folded.
    pub volatile: bool,
    /// The lambdas in the order of the arguments.
    pub lambdas: Vec<BoundLambda>,
    /// The computation.
    pub implementation: Implementation,
}

impl ScalarCall {
    /// A deterministic kernel whose result is NULL where an argument is.
    pub fn new(
        args: Vec<Type>,
        returns: Type,
        kernel: impl Fn(&CallArgs<'_>) -> DfResult<ColumnarValue> + Send + Sync + 'static,
    ) -> Self {
        ScalarCall {
            args,
            returns,
            nulls: Nulls::Propagate,
            volatile: false,
            lambdas: vec![],
            implementation: Implementation::Kernel(Arc::new(kernel)),
        }
    }

    /// An expression that DataFusion knows.
    pub fn native(args: Vec<Type>, returns: Type, build: impl Fn(Vec<Expr>) -> Expr + Send + Sync + 'static) -> Self {
        ScalarCall {
            args,
            returns,
            nulls: Nulls::Handled,
            volatile: false,
            lambdas: vec![],
            implementation: Implementation::Native(Arc::new(build)),
        }
    }

    /// The kernel deals with NULL arguments itself.
    pub fn handles_nulls(mut self) -> Self {
        self.nulls = Nulls::Handled;
        self
    }

    /// Not to be folded or shared.
    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// The lambdas that the kernel will evaluate.
    pub fn with_lambdas(mut self, lambdas: Vec<BoundLambda>) -> Self {
        self.lambdas = lambdas;
        self
    }
}

/// A bound aggregate call.
#[derive(Clone)]
pub struct AggregateCall {
    /// To which types the arguments are to be coerced. DISTINCT, FILTER and ORDER BY are the analyzer's business.
    pub args: Vec<Type>,
    /// What becomes of the coerced arguments before they are aggregated, where that is a matter of each by itself: a scan
    /// does it once for each text of a dictionary.
    pub prepare: Option<fn(Vec<Typed>) -> Vec<Typed>>,
    /// The result's type; its Arrow type is what `udaf` returns for the Arrow types of the prepared arguments.
    pub returns: Type,
    /// The computation: DataFusion's own where its meaning is Trino's, else ours (see `aggregate.rs`).
    pub udaf: Arc<AggregateUDF>,
    /// Wraps the result, where DataFusion's own aggregate returns another Arrow type (a cast, mostly).
    pub finish: Option<Arc<dyn Fn(Expr) -> Expr + Send + Sync>>,
}

impl AggregateCall {
    /// The arguments as they are aggregated, of coerced ones.
    pub fn prepared(&self, args: Vec<Typed>) -> Vec<Typed> {
        match self.prepare {
            Some(prepare) => prepare(args),
            None => args,
        }
    }

    /// The same over rows in an order: the sort keys follow the arguments, one for each of `order`. For aggregates with
    /// ORDER BY and OVER; DataFusion itself orders those of groups.
    pub fn in_order(mut self, order: Vec<SortOptions>) -> AggregateCall {
        self.udaf = Arc::new(crate::functions::aggregate::in_order(self.udaf, order));
        self
    }
}

/// A bound window call.
#[derive(Clone)]
pub struct WindowCall {
    /// To which types the arguments are to be coerced.
    pub args: Vec<Type>,
    /// The result's type.
    pub returns: Type,
    /// The computation.
    pub udwf: Arc<WindowUDF>,
    /// As in [`AggregateCall`].
    pub finish: Option<Arc<dyn Fn(Expr) -> Expr + Send + Sync>>,
}

/// The Arrow field under which a value of `ty` travels; everything is nullable.
pub fn field_of(name: &str, ty: &Type) -> Field {
    Field::new(name, ty.arrow(), true)
}

/// "no such overload": lists what the function takes and what it was given.
pub fn no_overload(function: &str, args: &[Arg<'_>], takes: &str) -> SqlError {
    let given: Vec<String> =
        args.iter().map(|a| if a.is_lambda() { "lambda".to_string() } else { a.ty().to_string() }).collect();
    SqlError::invalid(format!("`{function}` takes {takes}, not ({})", given.join(", ")))
}
