//! Do a store's ledger and its events agree in number?

use std::collections::HashMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use trailmere_model::{EventDataStore, Result};

use super::catalog::said;
use super::table::Sound;
use super::{Ailment, Examination};
use crate::balance::Removed;

/// How often both are read again while others commit in between.
const ATTEMPTS: usize = 5;

/// How many events each log file gave, by the ledger.
pub(super) struct Counts {
    pub(super) by_log_file: HashMap<String, u64>,
    pub(super) removed: Removed,
    /// The version of the table that this is true of; none if it changed all the time.
    pub(super) version: Option<u64>,
    rows: u64,
}

/// Reads a store's ledger, and compares its sum with the rows that the log counts. Nothing if it cannot be read.
pub(super) async fn examine(
    sound: &Sound,
    store: &EventDataStore,
    examination: &mut Examination,
) -> Result<Option<Counts>> {
    let place = format!("{}/_ledger", sound.table.inner.path);
    let counts = match read(sound).await {
        Ok(counts) => counts,
        Err(error) => {
            examination.findings.push(Ailment::Ledger.found(place, said(&error)).of(&store.name));
            return Ok(None);
        }
    };
    let (taken, gone, rows) = (counts.by_log_file.values().sum::<u64>(), counts.removed.total(), counts.rows);
    if counts.version.is_some() && rows + gone != taken {
        let seen = format!("{taken} events were taken and {gone} removed since, but {rows} are there");
        examination.findings.push(Ailment::Balance.found(place, seen).of(&store.name));
    }
    Ok(Some(counts))
}

/// Reads ledger and log of the same version, if others let it.
async fn read(sound: &Sound) -> Result<Counts> {
    let mut counts = read_once(sound).await?;
    for _ in 0..ATTEMPTS {
        if counts.version.is_some() {
            break;
        }
        counts = read_once(sound).await?;
    }
    Ok(counts)
}

async fn read_once(sound: &Sound) -> Result<Counts> {
    let before = sound.table.snapshot().await?;
    let ledger = sound.table.ledger().await?;
    let mut by_log_file: HashMap<String, u64> = HashMap::new();
    ledger.entries().await?.iter().for_each(|rows| add(rows, &mut by_log_file));
    ledger.quarantine().await?;
    let removed = sound.table.removed().await?;
    let after = sound.table.snapshot().await?;
    let version = (before.version == after.version).then_some(before.version);
    Ok(Counts { by_log_file, removed, version, rows: before.rows() })
}

fn add(rows: &RecordBatch, counts: &mut HashMap<String, u64>) {
    let names = rows.column_by_name("log_file").and_then(|names| names.as_string_opt::<i32>());
    let events = rows.column_by_name("events").and_then(|events| events.as_primitive_opt::<Int64Type>());
    let (Some(names), Some(events)) = (names, events) else { return };
    for row in 0..names.len() {
        *counts.entry(names.value(row).to_owned()).or_default() += u64::try_from(events.value(row)).unwrap_or(0);
    }
}
