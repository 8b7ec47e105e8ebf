//! Rows of which some columns are positions in dictionaries, and expressions over them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, RecordBatch, RecordBatchOptions, new_null_array,
};
use arrow::compute::{concat, take};
use arrow::datatypes::{Field, Int32Type, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;

/// An expression over the columns that it reads, and no others.
#[derive(Clone, Debug)]
pub(super) struct Compact {
    expr: Arc<dyn PhysicalExpr>,
    columns: Vec<usize>,
    schema: SchemaRef,
    /// Whether it is one column as it is.
    is_column: bool,
}

/// What an expression is for some rows.
pub(super) enum Values {
    /// A value a row.
    Plain(ArrayRef),
    /// Values by their positions in `values`; the last of `values` is that of rows whose text is NULL.
    Coded { codes: Int32Array, texts: ArrayRef, values: ArrayRef },
}

impl Compact {
    /// Of an expression over `schema`.
    pub(super) fn new(expr: Arc<dyn PhysicalExpr>, schema: &Schema) -> Result<Self> {
        let is_column = expr.downcast_ref::<Column>().is_some();
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
        Ok(Compact { expr: expr.data, columns, schema: Arc::new(Schema::new(fields)), is_column })
    }

    /// For rows whose texts may be coded.
    pub(super) fn evaluate(&self, rows: &RecordBatch) -> Result<Values> {
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
    pub(super) fn array(&self, rows: &RecordBatch) -> Result<ArrayRef> {
        match self.evaluate(rows)? {
            Values::Plain(array) => Ok(array),
            Values::Coded { codes, values, .. } => Ok(take(&values, &codes, None)?),
        }
    }

    /// Once for each text; `None` if there are more texts than rows, or one fails that may be in no row.
    fn of_texts(&self, coded: &DictionaryArray<Int32Type>, rows: usize) -> Result<Option<Values>> {
        let texts = coded.values();
        if !self.is_column && texts.len() >= rows {
            return Ok(None);
        }
        let with_null = concat(&[texts.as_ref(), new_null_array(texts.data_type(), 1).as_ref()])?;
        let count = with_null.len();
        let Ok(values) = self.over(vec![with_null], count) else { return Ok(None) };
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

    fn over(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<ArrayRef> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        self.expr.evaluate(&batch)?.into_array(rows)
    }
}

/// A column with its texts in place.
fn plain(column: &ArrayRef) -> Result<ArrayRef> {
    match column.as_dictionary_opt::<Int32Type>() {
        Some(coded) => Ok(take(coded.values(), coded.keys(), None)?),
        None => Ok(Arc::clone(column)),
    }
}
