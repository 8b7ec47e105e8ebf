//! The names that a user can complete: tables, columns, members of structs, frequent keys of maps.

use trailmere_model::{ColumnType, Member, Result, StoreType, published_columns};

use crate::{Engine, QueryRequest};

/// Names for completion.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Stores and tables.
    pub tables: Vec<String>,
    /// Columns and member paths, in the record's spelling.
    pub columns: Vec<String>,
    /// Frequent keys of map columns: column and key.
    pub map_keys: Vec<(String, String)>,
}

/// Events that are looked at for map keys: the newest file's first rows.
const SAMPLE: &str = "SELECT DISTINCT k FROM (SELECT {column} AS m FROM events LIMIT 2000) CROSS JOIN UNNEST(map_keys(m)) AS t(k) LIMIT 300";

impl Engine {
    /// The names that fit the store of the request.
    pub async fn vocabulary(&self, request: &QueryRequest) -> Result<Vocabulary> {
        let mut words = Vocabulary::default();
        let stores = self.lake().stores().await?;
        words.tables = ["events", "insights", "trailmere.stores", "trailmere.ledger", "trailmere.quarantine"]
            .map(String::from)
            .to_vec();
        words.tables.extend(stores.iter().map(|s| s.name.clone()));
        let viewed = stores.iter().filter(|s| s.store_type == StoreType::CloudTrail);
        words.tables.extend(viewed.map(|s| format!("athena.{}", s.name)));
        for column in published_columns(StoreType::CloudTrail).iter().chain(published_columns(StoreType::Insights)) {
            words.columns.push(column.display.to_string());
            members(column.display, column.column_type.members(), &column.column_type, &mut words.columns);
        }
        words.columns.sort();
        words.columns.dedup();
        words.map_keys = self.map_keys(request).await.unwrap_or_default();
        Ok(words)
    }

    async fn map_keys(&self, request: &QueryRequest) -> Result<Vec<(String, String)>> {
        let mut keys = vec![];
        for column in published_columns(StoreType::CloudTrail).iter().filter(|c| c.column_type == ColumnType::Map) {
            let sql = SAMPLE.replace("{column}", column.name);
            for key in self.strings(&sql, request).await? {
                keys.push((column.name.to_string(), key));
            }
        }
        Ok(keys)
    }
}

fn members(path: &str, list: &[Member], column_type: &ColumnType, into: &mut Vec<String>) {
    if !matches!(column_type, ColumnType::Struct(_)) {
        return;
    }
    for member in list {
        let path = format!("{path}.{}", member.display);
        into.push(path.clone());
        members(&path, member.column_type.members(), &member.column_type, into);
    }
}
