//! Expressions over rows of which some columns are positions in dictionaries: worked out once for each text.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, RecordBatch, RecordBatchOptions, new_null_array,
};
use arrow::compute::{concat, take};
use arrow::datatypes::{Field, Int32Type, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr_common::physical_expr::is_volatile;

/// An expression over the columns that it reads, and no others.
#[derive(Clone, Debug)]
pub(crate) struct Compact {
    expr: Arc<dyn PhysicalExpr>,
    columns: Vec<usize>,
    schema: SchemaRef,
    kind: Kind,
    /// Of the last dictionary: its texts, and what the expression is for each of them, and for NULL at last.
    known: Option<(ArrayRef, ArrayRef)>,
}

#[derive(Clone, Debug)]
enum Kind {
    /// One column as it is.
    Column,
    /// The same for the same text.
    Stable,
    Volatile,
    /// Of one value, which this array has alone.
    Constant(ArrayRef),
}

/// What an expression is for some rows.
pub(crate) enum Values {
    /// A value a row.
    Plain(ArrayRef),
    /// Values by their positions in `values`.
    Coded {
        /// Of each row, never NULL.
        codes: Int32Array,
        /// What `values` are worked out from.
        texts: ArrayRef,
        /// Those of the texts; then that of rows whose text is NULL.
        values: ArrayRef,
    },
}

impl Compact {
    /// Of an expression over `schema`.
    pub(crate) fn new(expr: Arc<dyn PhysicalExpr>, schema: &Schema) -> Result<Self> {
        let kind = match (expr.downcast_ref::<Column>().is_some(), is_volatile(&expr)) {
            (true, _) => Kind::Column,
            (false, true) => Kind::Volatile,
            (false, false) => Kind::Stable,
        };
        let mut columns = vec![];
        let expr = expr.transform_up(|node| {
            let Some(column) = node.downcast_ref::<Column>() else { return Ok(Transformed::no(node)) };
            let at = columns.iter().position(|known| *known == column.index()).unwrap_or_else(|| {
                columns.push(column.index());
                columns.len() - 1
            });
            let moved: Arc<dyn PhysicalExpr> = Arc::new(Column::new(column.name(), at));
            Ok(Transformed::yes(moved))
        })?;
        let fields: Vec<Field> = columns.iter().map(|index| schema.field(*index).clone().with_nullable(true)).collect();
        Ok(Compact { expr: expr.data, columns, schema: Arc::new(Schema::new(fields)), kind, known: None })
    }

    /// The same value for all rows.
    pub(crate) fn constant(value: &ScalarValue) -> Result<Self> {
        let expr: Arc<dyn PhysicalExpr> = Arc::new(Literal::new(value.clone()));
        let compact = Compact::new(expr, &Schema::empty())?;
        Ok(Compact { kind: Kind::Constant(value.to_array()?), ..compact })
    }

    /// The columns that it reads.
    pub(crate) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Whether it is one column as it is.
    pub(crate) fn is_column(&self) -> bool {
        matches!(self.kind, Kind::Column)
    }

    /// For rows whose texts may be coded.
    pub(crate) fn evaluate(&mut self, rows: &RecordBatch) -> Result<Values> {
        if let Kind::Constant(value) = &self.kind {
            let codes = Int32Array::from(vec![0; rows.num_rows()]);
            return Ok(Values::Coded { codes, texts: Arc::clone(value), values: Arc::clone(value) });
        }
        if let [column] = self.columns.as_slice()
            && let Some(coded) = rows.column(*column).as_dictionary_opt::<Int32Type>()
            && let Some(values) = self.of_texts(coded, rows.num_rows())?
        {
            return Ok(values);
        }
        let columns = self.columns.iter().map(|index| plain(rows.column(*index))).collect::<Result<Vec<_>>>()?;
        self.over(columns, rows.num_rows()).map(Values::Plain)
    }

    /// For rows, one value a row.
    pub(crate) fn array(&mut self, rows: &RecordBatch) -> Result<ArrayRef> {
        if let ([column], Kind::Column) = (self.columns.as_slice(), &self.kind) {
            return plain(rows.column(*column));
        }
        match self.evaluate(rows)? {
            Values::Plain(array) => Ok(array),
            Values::Coded { codes, values, .. } => Ok(take(&values, &codes, None)?),
        }
    }

    /// For rows; by positions in a dictionary where these are rows of texts that are, but for lists and the like.
    pub(crate) fn coded(&mut self, rows: &RecordBatch) -> Result<ArrayRef> {
        if let ([column], Kind::Column) = (self.columns.as_slice(), &self.kind) {
            return Ok(Arc::clone(rows.column(*column)));
        }
        let same = match self.columns.as_slice() {
            [column] => rows.column(*column).as_dictionary_opt::<Int32Type>(),
            _ => None,
        };
        match (self.evaluate(rows)?, same) {
            (Values::Plain(array), _) => Ok(array),
            (Values::Coded { codes, values, .. }, _) if values.data_type().is_nested() => {
                Ok(take(&values, &codes, None)?)
            }
            // The positions were checked before, and stay where NULL is NULL still.
            (Values::Coded { values, .. }, Some(same))
                if same.keys().null_count() == 0 || values.is_null(values.len() - 1) =>
            {
                Ok(Arc::new(same.with_values(values)))
            }
            (Values::Coded { codes, values, .. }, _) => Ok(Arc::new(DictionaryArray::try_new(codes, values)?)),
        }
    }

    /// Once for each text; `None` if there are more texts than rows, or one fails that may be in no row.
    fn of_texts(&mut self, coded: &DictionaryArray<Int32Type>, rows: usize) -> Result<Option<Values>> {
        let texts = coded.values();
        let values = match self.known.take() {
            Some((before, values)) if Arc::ptr_eq(&before, texts) => values,
            _ => {
                match self.kind {
                    Kind::Volatile => return Ok(None),
                    Kind::Stable if texts.len() >= rows => return Ok(None),
                    _ => {}
                }
                let with_null = concat(&[texts.as_ref(), new_null_array(texts.data_type(), 1).as_ref()])?;
                let count = with_null.len();
                let Ok(values) = self.over(vec![with_null], count) else { return Ok(None) };
                values
            }
        };
        self.known = Some((Arc::clone(texts), Arc::clone(&values)));
        let codes = match coded.keys().nulls() {
            None => coded.keys().clone(),
            Some(nulls) => {
                let null = texts.len() as i32;
                let codes = coded.keys().values().iter().zip(nulls.iter());
                codes.map(|(code, is_valid)| if is_valid { *code } else { null }).collect::<Vec<_>>().into()
            }
        };
        Ok(Some(Values::Coded { codes, texts: Arc::clone(texts), values }))
    }

    /// For columns in the order in which it reads them.
    pub(crate) fn over(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<ArrayRef> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        self.expr.evaluate(&batch)?.into_array(rows)
    }
}

/// A column with its texts in place.
pub(crate) fn plain(column: &ArrayRef) -> Result<ArrayRef> {
    match column.as_dictionary_opt::<Int32Type>() {
        Some(coded) => Ok(take(coded.values(), coded.keys(), None)?),
        None => Ok(Arc::clone(column)),
    }
}
