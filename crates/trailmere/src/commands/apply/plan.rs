//! What has to change in a lake so that it is what a file says?

use chrono::{DateTime, Utc};
use trailmere_engine::Engine;
use trailmere_engine::schedules::Schedule;
use trailmere_model::{Kind, Result};
use trailmere_queries::find_shipped;

use super::change::{Change, differences};
use super::file::File;
use super::stores;

/// What becomes of schedules and queries that the file does not name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Surplus {
    Kept,
    Deleted,
}

/// The changes, in the order in which they can be made: what is asked before who asks it.
pub(super) async fn plan(engine: &Engine, file: File, surplus: Surplus, now: DateTime<Utc>) -> Result<Vec<Change>> {
    let mut changes = stores::plan(engine.lake(), &file, now).await?;
    changes.extend(queries(engine, &file, surplus).await?);
    changes.extend(schedules(engine, &file, surplus, now).await?);
    Ok(changes)
}

async fn queries(engine: &Engine, file: &File, surplus: Surplus) -> Result<Vec<Change>> {
    let wanted = file.queries()?;
    let there = engine.saved().list(None).await?;
    let mut changes = vec![];
    for query in &wanted {
        match there.iter().find(|known| known.name == query.name) {
            Some(known) if known == query => {}
            Some(known) => {
                changes.push(Change::UpdateQuery { query: query.clone(), differences: differences(known, query) });
            }
            None => changes.push(Change::CreateQuery(query.clone())),
        }
    }
    if surplus == Surplus::Deleted {
        for query in there.iter().filter(|known| !wanted.iter().any(|query| query.name == known.name)) {
            let is_shipped = find_shipped(&query.name).is_ok_and(|shipped| shipped == query);
            if !is_shipped {
                changes.push(Change::DeleteQuery(query.name.clone()));
            }
        }
    }
    Ok(changes)
}

async fn schedules(engine: &Engine, file: &File, surplus: Surplus, now: DateTime<Utc>) -> Result<Vec<Change>> {
    let wanted = file.schedules(now)?;
    let there = engine.schedules().list().await?;
    let mut changes = vec![];
    for schedule in &wanted {
        match there.iter().find(|known| known.name == schedule.name) {
            Some(known) if known.says_the_same(schedule) => {}
            Some(known) => {
                let differences = differences(known, &as_known(schedule, known));
                changes.push(Change::UpdateSchedule { schedule: Box::new(schedule.clone()), differences });
            }
            None => changes.push(Change::CreateSchedule(Box::new(schedule.clone()))),
        }
    }
    if surplus == Surplus::Deleted {
        let surplus = there.iter().filter(|known| !wanted.iter().any(|schedule| schedule.name == known.name));
        changes.extend(surplus.map(|schedule| Change::DeleteSchedule(schedule.name.clone())));
    }
    Ok(changes)
}

/// With the times and the id that a schedule keeps when it is changed, which are no difference.
fn as_known(schedule: &Schedule, known: &Schedule) -> Schedule {
    Schedule { id: known.id, from: known.from, created: known.created, updated: known.updated, ..schedule.clone() }
}

/// Whether an error says that something is not there.
pub(super) fn is_missing(error: &trailmere_model::Error) -> bool {
    error.kind() == Kind::NotFound
}
