//! How is an input read from Parquet? By a schema that has nothing but the way to it.
//!
//! Levels are worked out once for all files of a schema: for a file with 76 leaves this took longer than reading it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::Result;
use parquet::arrow::{FieldLevels, ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::Repetition;
use parquet::errors::ParquetError;
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type, TypePtr};

/// What is read at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// All of it, in the table's type.
    Whole,
    /// All of it; texts by their positions in a dictionary.
    Coded,
    /// Of a map, lists of its keys, by their positions in a dictionary.
    Keys,
    /// Of a map, lists of its values.
    Values,
    /// Of lists of structs, lists of those with one member, whose name is the path's last; by its position in a
    /// dictionary.
    Member,
}

/// How to read one part at one path.
#[derive(Debug)]
pub(crate) struct Shape {
    /// For the reader: of a schema with one column.
    pub(crate) levels: FieldLevels,
    /// The leaf columns of the file, in the order of that schema.
    pub(crate) leaves: Vec<usize>,
    /// Structs around what is read.
    depth: usize,
    /// In lists, the level of definition from which on there is an element.
    pub(crate) entry_level: u32,
    /// The only member of the structs in lists.
    pub(crate) member: Option<Arc<str>>,
}

impl Shape {
    /// What was asked for, out of the column that the reader gave.
    pub(crate) fn unwrap(&self, column: &ArrayRef) -> Result<ArrayRef> {
        let mut array = Arc::clone(column);
        for _ in 0..self.depth {
            let Some(parent) = array.as_struct_opt() else { break };
            let child = Arc::clone(parent.column(0));
            array = match (parent.nulls(), child.nulls()) {
                // A member that is never missing is missing where its struct is.
                (Some(nulls), None) => {
                    arrow::array::make_array(child.to_data().into_builder().nulls(Some(nulls.clone())).build()?)
                }
                _ => child,
            };
        }
        Ok(array)
    }
}

type Known = Arc<Mutex<HashMap<(Arc<[String]>, Part), Option<Arc<Shape>>>>>;

/// The shapes of all schemas that were seen.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    schemas: Mutex<Vec<(SchemaDescPtr, Known)>>,
}

/// The shapes of one schema.
#[derive(Clone, Debug)]
pub(crate) struct SchemaShapes {
    schema: SchemaDescPtr,
    known: Known,
}

impl Shapes {
    /// The shapes of a file's schema.
    pub(crate) fn of(&self, schema: &SchemaDescPtr) -> SchemaShapes {
        let mut schemas = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |known: &SchemaDescPtr| Arc::ptr_eq(known, schema) || known.root_schema() == schema.root_schema();
        let (schema, known) = match schemas.iter().find(|(known, _)| same(known)) {
            Some((schema, known)) => (Arc::clone(schema), Arc::clone(known)),
            None => {
                let known = Known::default();
                schemas.push((Arc::clone(schema), Arc::clone(&known)));
                (Arc::clone(schema), known)
            }
        };
        SchemaShapes { schema, known }
    }
}

impl SchemaShapes {
    /// How to read a part at a path of the table; `None` if the file has no such column.
    pub(crate) fn get(&self, path: &Arc<[String]>, part: Part, table: &Fields) -> Result<Option<Arc<Shape>>> {
        let key = (Arc::clone(path), part);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shape) = known.get(&key) {
            return Ok(shape.clone());
        }
        let shape = shape(&self.schema, path, part, table)?.map(Arc::new);
        known.insert(key, shape.clone());
        Ok(shape)
    }
}

fn shape(schema: &SchemaDescriptor, path: &[String], part: Part, table: &Fields) -> Result<Option<Shape>> {
    let Some((column, leaves)) = narrowed(schema.root_schema(), path, part, 0)? else { return Ok(None) };
    let root = Type::group_type_builder(schema.root_schema().name()).with_fields(vec![column]).build()?;
    let narrow = SchemaDescriptor::new(Arc::new(root));
    let hint = hinted(table, path, part).map(|field| Fields::from(vec![field]));
    let levels = parquet_to_arrow_field_levels(&narrow, ProjectionMask::all(), hint.as_ref())
        // A file of another make: as it says itself, and cast afterwards.
        .or_else(|_| parquet_to_arrow_field_levels(&narrow, ProjectionMask::all(), None))?;
    let member = path.last().filter(|_| part == Part::Member).map(|name| Arc::from(name.as_str()));
    let depth = path.len() - 1 - usize::from(member.is_some());
    Ok(Some(Shape { levels, leaves, depth, entry_level: entry_level(narrow.root_schema()), member }))
}

/// The field at a path with nothing beside it, and its leaves; `first` is the first leaf of `group`.
fn narrowed(
    group: &Type,
    path: &[String],
    part: Part,
    first: usize,
) -> Result<Option<(TypePtr, Vec<usize>)>, ParquetError> {
    let Some((name, rest)) = path.split_first() else { return Ok(None) };
    let mut leaf = first;
    for field in group.get_fields() {
        if field.name() != name {
            leaf += leaf_count(field);
            continue;
        }
        if let (Part::Member, [member]) = (part, rest) {
            return member_of_list(field, member, leaf);
        }
        if rest.is_empty() {
            return match part {
                Part::Whole | Part::Coded => Ok(Some((Arc::clone(field), (leaf..leaf + leaf_count(field)).collect()))),
                Part::Keys => half_of_map(field, 0, leaf),
                Part::Values => half_of_map(field, 1, leaf),
                Part::Member => Ok(None),
            };
        }
        if field.is_primitive() {
            return Ok(None);
        }
        let Some((child, leaves)) = narrowed(field, rest, part, leaf)? else { return Ok(None) };
        return Ok(Some((Arc::new(with_only(field, child)?), leaves)));
    }
    Ok(None)
}

/// A map with nothing but its keys (0) or its values (1), which is read as lists.
fn half_of_map(map: &Type, half: usize, first: usize) -> Result<Option<(TypePtr, Vec<usize>)>, ParquetError> {
    if map.is_primitive() {
        return Ok(None);
    }
    let [entries] = map.get_fields() else { return Ok(None) };
    if entries.is_primitive() {
        return Ok(None);
    }
    let [key, value] = entries.get_fields() else { return Ok(None) };
    if !key.is_primitive() || !value.is_primitive() {
        return Ok(None);
    }
    let kept = if half == 0 { key } else { value };
    let entries = with_only(entries, Arc::clone(kept))?;
    Ok(Some((Arc::new(with_only(map, Arc::new(entries))?), vec![first + half])))
}

/// A list whose elements have nothing but one member.
fn member_of_list(list: &Type, name: &str, first: usize) -> Result<Option<(TypePtr, Vec<usize>)>, ParquetError> {
    let only = |group: &Type| match group.is_primitive() {
        true => None,
        false => Some(group.get_fields()).filter(|fields| fields.len() == 1).map(|fields| Arc::clone(&fields[0])),
    };
    let Some(elements) = only(list) else { return Ok(None) };
    let Some(element) = only(&elements).filter(|element| !element.is_primitive()) else { return Ok(None) };
    let mut leaf = first;
    for member in element.get_fields() {
        if member.name() == name && member.is_primitive() {
            let element = with_only(&element, Arc::clone(member))?;
            let elements = with_only(&elements, Arc::new(element))?;
            return Ok(Some((Arc::new(with_only(list, Arc::new(elements))?), vec![leaf])));
        }
        leaf += leaf_count(member);
    }
    Ok(None)
}

/// The level of definition of what is repeated, in a schema of one leaf.
fn entry_level(root: &Type) -> u32 {
    let (mut level, mut of_repeated) = (0, 0);
    let mut group = root;
    while let Some(field) = (!group.is_primitive()).then(|| group.get_fields().first()).flatten() {
        let repetition = field.get_basic_info().repetition();
        level += u32::from(repetition != Repetition::REQUIRED);
        if repetition == Repetition::REPEATED {
            of_repeated = level;
        }
        group = field;
    }
    of_repeated
}

fn with_only(group: &Type, child: TypePtr) -> Result<Type, ParquetError> {
    let info = group.get_basic_info();
    Type::group_type_builder(info.name())
        .with_repetition(info.repetition())
        .with_converted_type(info.converted_type())
        .with_logical_type(info.logical_type_ref().cloned())
        .with_fields(vec![child])
        .build()
}

fn leaf_count(field: &Type) -> usize {
    match field.is_primitive() {
        true => 1,
        false => field.get_fields().iter().map(|field| leaf_count(field)).sum(),
    }
}

/// The Arrow type to read a path of the table in, with nothing beside it.
fn hinted(fields: &Fields, path: &[String], part: Part) -> Option<FieldRef> {
    let (name, rest) = path.split_first()?;
    let field = fields.iter().find(|field| field.name() == name)?;
    let data_type = match (rest.is_empty(), field.data_type()) {
        (false, DataType::List(element)) if part == Part::Member => {
            let DataType::Struct(members) = element.data_type() else { return None };
            let member = DataType::Struct(Fields::from(vec![hinted(members, rest, Part::Coded)?]));
            DataType::List(Arc::new(element.as_ref().clone().with_data_type(member)))
        }
        (true, data_type) => of_part(data_type, part),
        (false, DataType::Struct(members)) => DataType::Struct(Fields::from(vec![hinted(members, rest, part)?])),
        _ => return None,
    };
    Some(Arc::new(field.as_ref().clone().with_data_type(data_type)))
}

fn of_part(data_type: &DataType, part: Part) -> DataType {
    let coded = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    match (part, data_type) {
        (Part::Coded, DataType::Utf8View) => coded(),
        (Part::Keys, DataType::Map(..)) => DataType::List(Arc::new(Field::new("key", coded(), false))),
        (Part::Values, DataType::Map(..)) => DataType::List(Arc::new(Field::new("value", DataType::Utf8View, true))),
        (_, other) => other.clone(),
    }
}
