//! Texts in lists as a scan is asked for them, where it is to give them by their positions in dictionaries.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StructArray};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;

/// Which texts of lists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Which {
    /// The elements.
    Elements,
    /// A member of elements that are structs.
    Member(Arc<str>),
}

/// Lists of texts, made of lists.
#[derive(Clone, Debug, Eq)]
pub(crate) struct ListTexts {
    /// What gives the lists.
    pub(crate) lists: Arc<dyn PhysicalExpr>,
    /// What is taken of them.
    pub(crate) which: Which,
}

impl ListTexts {
    /// Of a column of this type; `None` if it has no such texts.
    pub(crate) fn of(lists: Arc<dyn PhysicalExpr>, data_type: &DataType, which: Which) -> Option<Self> {
        let DataType::List(element) = data_type else { return None };
        let texts = match (&which, element.data_type()) {
            (Which::Elements, data_type) => Some(data_type),
            (Which::Member(name), DataType::Struct(members)) => {
                members.iter().find(|member| *member.name() == **name).map(|member| member.data_type())
            }
            (Which::Member(_), _) => None,
        };
        (texts == Some(&DataType::Utf8View)).then_some(ListTexts { lists, which })
    }
}

impl Hash for ListTexts {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.lists, &self.which).hash(state);
    }
}

// Not derived: that would move the expression.
impl PartialEq for ListTexts {
    fn eq(&self, other: &Self) -> bool {
        self.which == other.which && self.lists.eq(&other.lists)
    }
}

impl fmt::Display for ListTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.which {
            Which::Elements => write!(f, "{}[]", self.lists),
            Which::Member(name) => write!(f, "{}[].{name}", self.lists),
        }
    }
}

impl PhysicalExpr for ListTexts {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(DataType::new_list(DataType::Utf8View, true))
    }

    fn nullable(&self, _: &Schema) -> Result<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let lists = self.lists.evaluate(batch)?.into_array(batch.num_rows())?;
        of_lists(&lists, &self.which).map(ColumnarValue::Array)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.lists]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let [lists] = children.as_slice() else {
            return Err(DataFusionError::Internal("texts are of one column of lists".to_owned()));
        };
        Ok(Arc::new(ListTexts { lists: Arc::clone(lists), which: self.which.clone() }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The texts of lists that were read whole; the elements may be coded, or structs of one member.
pub(crate) fn of_lists(lists: &ArrayRef, which: &Which) -> Result<ArrayRef> {
    let other = || DataFusionError::Internal(format!("{which:?} of what are no such lists: {}", lists.data_type()));
    let lists: &ListArray = lists.as_list_opt().ok_or_else(other)?;
    let texts = match which {
        Which::Elements => Arc::clone(lists.values()),
        Which::Member(name) => {
            let elements: &StructArray = lists.values().as_struct_opt().ok_or_else(other)?;
            let member = elements.column_by_name(name).ok_or_else(other)?;
            match elements.nulls() {
                None => Arc::clone(member),
                // A member of no element is none.
                Some(nulls) => arrow::compute::nullif(member, &arrow::array::BooleanArray::from(!nulls.inner()))?,
            }
        }
    };
    let texts = match texts.as_dictionary_opt::<Int32Type>() {
        Some(_) if texts.data_type() == &coded_type() => texts,
        _ => arrow::compute::cast(&texts, &DataType::Utf8View)?,
    };
    let field = Arc::new(Field::new_list_field(texts.data_type().clone(), true));
    Ok(Arc::new(ListArray::try_new(field, lists.offsets().clone(), texts, lists.nulls().cloned())?))
}

/// Views by their positions.
fn coded_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View))
}

#[cfg(test)]
mod tests {
    use arrow::array::StringViewArray;
    use arrow::buffer::{NullBuffer, OffsetBuffer};
    use arrow::datatypes::Fields;

    use super::*;

    #[test]
    fn a_member_of_no_element_is_null() {
        let members = Fields::from(vec![Field::new("arn", DataType::Utf8View, true)]);
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a"), Some("hidden"), None]));
        let present = NullBuffer::from(vec![true, false, true]);
        let elements = StructArray::new(members.clone(), vec![texts], Some(present));
        let field = Arc::new(Field::new_list_field(DataType::Struct(members), true));
        let offsets = OffsetBuffer::from_lengths([2, 0, 1]);
        let nulls = NullBuffer::from(vec![true, false, true]);
        let lists: ArrayRef = Arc::new(ListArray::new(field, offsets, Arc::new(elements), Some(nulls)));
        let texts = of_lists(&lists, &Which::Member("arn".into())).unwrap();
        let texts = texts.as_list::<i32>();
        assert_eq!(texts.value(0).as_string_view().iter().collect::<Vec<_>>(), [Some("a"), None]);
        assert!(texts.is_null(1));
        assert_eq!(texts.value(2).as_string_view().iter().collect::<Vec<_>>(), [None]);
        assert!(of_lists(&lists, &Which::Member("type".into())).is_err());
    }
}
