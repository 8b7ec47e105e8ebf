//! Where are schedules, their states and dead letters kept? Documents of the lake, changed by conditional writes.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Kind, Result, nearest};
use trailmere_store::{Document, DocumentVersion, Documents, Lake};
use uuid::Uuid;

use super::definition::Schedule;
use super::state::{Notice, Refused, ScheduleState};

const KIND: &str = "schedule";
const STATE_KIND: &str = "schedule-state";
const DEAD_LETTER_KIND: &str = "schedule-dead-letter";

/// Versions of a state that are kept whatever their age, and the age up to which all are. Nobody who read a version that
/// long ago still means to write the next: leases are over after minutes.
const KEPT_VERSIONS: usize = 100;
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The schedules of a lake.
#[derive(Clone, Debug)]
pub struct Schedules {
    documents: Documents,
}

/// A notification that could not be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// The schedule's id.
    pub schedule_id: Uuid,
    /// What was to be sent to whom, and why it was not.
    pub notice: Notice,
    /// When it was given up.
    pub died: DateTime<Utc>,
}

impl Schedules {
    pub(crate) fn new(lake: &Lake) -> Self {
        Schedules { documents: lake.documents() }
    }

    /// All schedules by name.
    pub async fn list(&self) -> Result<Vec<Schedule>> {
        Ok(self.documents.list::<Schedule>(KIND).await?.into_iter().map(|document| document.value).collect())
    }

    /// The schedule of a name.
    pub async fn find(&self, name: &str) -> Result<Schedule> {
        Ok(self.document(name).await?.value)
    }

    /// The schedule of a name, if there is one.
    pub async fn get(&self, name: &str) -> Result<Option<Schedule>> {
        Ok(self.documents.get(KIND, name).await?.map(|document: Document<Schedule>| document.value))
    }

    /// Keeps a new schedule.
    pub async fn add(&self, schedule: &Schedule) -> Result<()> {
        schedule.validate()?;
        match self.documents.put_new(KIND, &schedule.name, schedule).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == Kind::Invalid => Err(error.hint("delete it first, or choose another name")),
            Err(error) => Err(error),
        }
    }

    /// Changes a schedule; its runs stay its own.
    pub async fn change(&self, name: &str, mut change: impl FnMut(&mut Schedule)) -> Result<Schedule> {
        self.find(name).await?;
        let changed = self.documents.change(KIND, name, |schedule: &mut Schedule| {
            let id = schedule.id;
            change(schedule);
            schedule.id = id;
            schedule.validate()
        });
        Ok(changed.await?.value)
    }

    /// Deletes a schedule and what is known of its runs.
    pub async fn delete(&self, name: &str) -> Result<()> {
        let document = self.document(name).await?;
        self.documents.delete(KIND, name, document.version).await?;
        let id = document.value.id.to_string();
        // A run that ends at this moment may write once more; what it writes is deleted too.
        loop {
            let Some(state) = self.documents.get::<ScheduleState>(STATE_KIND, &id).await? else { return Ok(()) };
            match self.documents.delete(STATE_KIND, &id, state.version).await {
                Err(error) if error.kind() == Kind::Unavailable && std::error::Error::source(&error).is_none() => {}
                done => return done,
            }
        }
    }

    /// All versions of a schedule, oldest first.
    pub async fn versions(&self, name: &str) -> Result<Vec<DocumentVersion<Schedule>>> {
        self.documents.history(KIND, name).await
    }

    /// What is known of a schedule's runs.
    pub async fn state(&self, id: Uuid) -> Result<ScheduleState> {
        let found: Option<Document<ScheduleState>> = self.documents.get(STATE_KIND, &id.to_string()).await?;
        Ok(found.map(|document| document.value).unwrap_or_default())
    }

    /// Changes a state in one conditional write, again and again until nobody comes between. What `change` refuses is
    /// not written.
    pub(crate) async fn change_state<T>(
        &self,
        id: Uuid,
        mut change: impl FnMut(&mut ScheduleState) -> std::result::Result<T, Refused>,
    ) -> Result<std::result::Result<T, Refused>> {
        let key = id.to_string();
        self.begin_state(&key).await?;
        let mut answer = None;
        let written = self.documents.change(STATE_KIND, &key, |state: &mut ScheduleState| {
            let changed = change(state);
            let is_refused = changed.is_err();
            answer = Some(changed);
            if is_refused { Err(Error::cancelled("the state stays as it is")) } else { Ok(()) }
        });
        match (written.await, answer) {
            (Ok(document), Some(changed)) => {
                self.forget_old_versions(&key, document.version).await;
                Ok(changed)
            }
            (Err(error), Some(Err(refused))) if error.kind() == Kind::Cancelled => Ok(Err(refused)),
            (Err(error), _) => Err(error),
            (Ok(_), None) => Err(Error::internal("a state was written without a change")),
        }
    }

    async fn begin_state(&self, key: &str) -> Result<()> {
        if self.documents.get::<ScheduleState>(STATE_KIND, key).await?.is_some() {
            return Ok(());
        }
        match self.documents.put_new(STATE_KIND, key, &ScheduleState::default()).await {
            // Somebody else was faster, which is as good.
            Err(error) if error.kind() == Kind::Invalid && std::error::Error::source(&error).is_none() => Ok(()),
            done => done.map(|_| ()),
        }
    }

    /// A state is written several times a run: old versions would pile up. A failure to clean up is nobody's failure.
    async fn forget_old_versions(&self, key: &str, version: u64) {
        if version.is_multiple_of(KEPT_VERSIONS as u64) {
            let _ = self.documents.forget(STATE_KIND, key, KEPT_VERSIONS, KEPT_FOR).await;
        }
    }

    /// Notifications that could not be sent, oldest first.
    pub async fn dead_letters(&self) -> Result<Vec<DeadLetter>> {
        let mut letters: Vec<DeadLetter> =
            self.documents.list(DEAD_LETTER_KIND).await?.into_iter().map(|document| document.value).collect();
        letters.sort_by_key(|letter| (letter.died, letter.notice.id));
        Ok(letters)
    }

    /// Keeps a notification that could not be sent; once, however often it is said.
    pub(crate) async fn bury(&self, letter: &DeadLetter) -> Result<()> {
        let key = letter.notice.id.to_string();
        match self.documents.put_new(DEAD_LETTER_KIND, &key, letter).await {
            Err(error) if error.kind() == Kind::Invalid && std::error::Error::source(&error).is_none() => Ok(()),
            done => done.map(|_| ()),
        }
    }

    /// Takes a notification from the dead letters, after it was sent.
    pub(crate) async fn raise_from_dead(&self, id: Uuid) -> Result<()> {
        let key = id.to_string();
        match self.documents.get::<DeadLetter>(DEAD_LETTER_KIND, &key).await? {
            Some(document) => self.documents.delete(DEAD_LETTER_KIND, &key, document.version).await,
            None => Ok(()),
        }
    }

    async fn document(&self, name: &str) -> Result<Document<Schedule>> {
        if let Some(found) = self.documents.get(KIND, name).await? {
            return Ok(found);
        }
        let error = Error::not_found(format!("there is no schedule `{name}`"));
        let names: Vec<String> = self.list().await?.into_iter().map(|schedule| schedule.name).collect();
        Err(match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`trailmere schedule list` shows all"),
        })
    }
}
