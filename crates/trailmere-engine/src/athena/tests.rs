use datafusion::common::DFSchema;
use datafusion::logical_expr::ExprSchemable;
use trailmere_model::StoreType;

use super::*;
use crate::columns::{file_schema, partition_field};

#[test]
fn every_column_has_the_type_that_it_promises() {
    let mut fields = file_schema(StoreType::CloudTrail).fields().to_vec();
    fields.push(partition_field());
    let schema = DFSchema::try_from(arrow::datatypes::Schema::new(fields)).unwrap();
    let mut names = std::collections::HashSet::new();
    for column in table_columns() {
        assert_eq!(column.expr.get_type(&schema).unwrap(), column.ty.arrow(), "{}", column.name);
        assert!(names.insert(column.name.clone()), "{} stands twice", column.name);
    }
}
