//! What does an expression read of a file? Less than whole columns: members of structs, entries of maps.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use crate::coded::{ListTexts, Which};

/// Something to read of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Input {
    /// The value of a partition column: the same for a whole file.
    Partition(usize),
    /// A column, or a member of a struct column, however deep.
    Path(Arc<[String]>),
    /// The value that a map has for a key: `element_at(map, 'key')`.
    Entry {
        /// Where the map is.
        map: Arc<[String]>,
        /// The key.
        key: Arc<str>,
    },
    /// The keys of a map, as lists.
    Keys(Arc<[String]>),
    /// A member of the structs in lists, as lists of texts: the path to the lists, and then to the member.
    Member(Arc<[String]>),
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::Partition(index) => write!(f, "partition column {index}"),
            Input::Path(path) => write!(f, "{}", path.join(".")),
            Input::Entry { map, key } => write!(f, "{}['{key}']", map.join(".")),
            Input::Keys(map) => write!(f, "keys of {}", map.join(".")),
            Input::Member(path) => write!(f, "{} in lists", path.join(".")),
        }
    }
}

/// The inputs of some expressions, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inputs {
    inputs: Vec<Input>,
    fields: Vec<FieldRef>,
}

impl Inputs {
    /// The inputs in the order of the rewritten expressions' columns.
    pub(crate) fn list(&self) -> &[Input] {
        &self.inputs
    }

    /// The type of an input.
    pub(crate) fn data_type(&self, index: usize) -> &DataType {
        self.fields[index].data_type()
    }

    /// The schema that the rewritten expressions are over.
    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.fields.clone()))
    }

    /// Rewrites an expression over the table into one over the inputs, which are added here.
    pub(crate) fn rewrite(
        &mut self,
        expr: Arc<dyn PhysicalExpr>,
        table: &TableSchema,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let rewritten = expr.transform_down(|node| {
            Ok(match input_of(node.as_ref(), table) {
                Some((input, data_type)) => {
                    let column: Arc<dyn PhysicalExpr> = Arc::new(self.column(input, data_type));
                    Transformed::new(column, true, TreeNodeRecursion::Jump)
                }
                None => Transformed::no(node),
            })
        });
        rewritten.map(|rewritten| rewritten.data)
    }

    fn column(&mut self, input: Input, data_type: DataType) -> Column {
        let name = input.to_string();
        let index = self.inputs.iter().position(|known| *known == input).unwrap_or_else(|| {
            self.inputs.push(input);
            self.fields.push(Arc::new(Field::new(&name, data_type, true)));
            self.inputs.len() - 1
        });
        Column::new(&name, index)
    }
}

/// The input that a node of an expression is, with its type.
fn input_of(node: &dyn PhysicalExpr, table: &TableSchema) -> Option<(Input, DataType)> {
    if let Some(column) = node.downcast_ref::<Column>() {
        let field = table.table_schema().fields().get(column.index())?;
        let partition = column.index().checked_sub(table.file_schema().fields().len());
        let input = match partition {
            Some(index) => Input::Partition(index),
            None => Input::Path(Arc::from([field.name().clone()])),
        };
        return Some((input, field.data_type().clone()));
    }
    if let Some(texts) = node.downcast_ref::<ListTexts>() {
        return list_texts(texts, table);
    }
    let call = node.downcast_ref::<ScalarFunctionExpr>()?;
    let (base, arguments) = call.args().split_first()?;
    match call.name() {
        "get_field" => member(base.as_ref(), arguments, table),
        "element_at" => entry(base.as_ref(), arguments, table),
        _ => None,
    }
}

/// `get_field(struct, 'member', …)`.
fn member(base: &dyn PhysicalExpr, names: &[Arc<dyn PhysicalExpr>], table: &TableSchema) -> Option<(Input, DataType)> {
    let (Input::Path(path), mut data_type) = input_of(base, table)? else { return None };
    let mut path = path.to_vec();
    for name in names {
        let name = text(name.as_ref())?;
        let DataType::Struct(members) = &data_type else { return None };
        let member = members.iter().find(|member| member.name() == name)?;
        path.push(name.to_owned());
        data_type = member.data_type().clone();
    }
    Some((Input::Path(path.into()), data_type))
}

/// `element_at(map, 'key')` of a map of texts.
fn entry(base: &dyn PhysicalExpr, key: &[Arc<dyn PhysicalExpr>], table: &TableSchema) -> Option<(Input, DataType)> {
    let [key] = key else { return None };
    let (Input::Path(map), data_type) = input_of(base, table)? else { return None };
    let key = Arc::from(text(key.as_ref())?);
    let value = texts_of_map(&data_type)?;
    Some((Input::Entry { map, key }, value))
}

/// Texts in lists: a member of a column of lists, or the keys of a map.
fn list_texts(texts: &ListTexts, table: &TableSchema) -> Option<(Input, DataType)> {
    let data_type = DataType::new_list(DataType::Utf8View, true);
    match &texts.which {
        Which::Member(name) => {
            let (Input::Path(path), _) = input_of(texts.lists.as_ref(), table)? else { return None };
            // Within structs, lists are read as they are.
            let [list] = path.as_ref() else { return None };
            Some((Input::Member([list.clone(), name.to_string()].into()), data_type))
        }
        Which::Elements => {
            let call = texts.lists.downcast_ref::<ScalarFunctionExpr>().filter(|call| call.name() == "map_keys")?;
            let [map] = call.args() else { return None };
            let (Input::Path(path), map) = input_of(map.as_ref(), table)? else { return None };
            texts_of_map(&map).map(|_| (Input::Keys(path), data_type))
        }
    }
}

/// The type of a map's values, if it is one from texts to texts.
fn texts_of_map(data_type: &DataType) -> Option<DataType> {
    let DataType::Map(entries, _) = data_type else { return None };
    let DataType::Struct(pair) = entries.data_type() else { return None };
    let [key, value] = pair.as_ref() else { return None };
    let is_text = |field: &FieldRef| *field.data_type() == DataType::Utf8View;
    (is_text(key) && is_text(value)).then(|| value.data_type().clone())
}

fn text(expr: &dyn PhysicalExpr) -> Option<&str> {
    match expr.downcast_ref::<Literal>()?.value() {
        ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)) => {
            Some(text)
        }
        _ => None,
    }
}
