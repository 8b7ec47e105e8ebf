//! What can be wrong with a lake, how bad is it, and what is to be done?

use serde::Serialize;

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub ailment: Ailment,
    /// The name of the event data store that it is about.
    pub store: Option<String>,
    /// The path or the thing that it is about.
    pub place: String,
    /// What exactly was seen.
    pub seen: String,
    /// What to do about it.
    pub mend: &'static str,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Events are lost, hidden, or told wrong.
    Problem,
    /// Nothing is wrong with the events; upkeep is due.
    Note,
}

/// What can be wrong with a lake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ailment {
    /// A document cannot be read.
    Document,
    /// A version of a document is missing.
    DocumentVersion,
    /// A store's name is not written down as its own.
    NameNotHeld,
    /// Two stores have one name.
    NameTwice,
    /// A name is written down for a store that has another one, or is gone.
    NameLeftBehind,
    /// Files of a store that is not defined, or no longer.
    Abandoned,
    /// The days of a store's pending deletion are over.
    DeletionDue,
    /// A store has no Delta table.
    NoTable,
    /// A store's Delta log cannot be read.
    Log,
    /// The log does not know the columns that files have.
    LogSchema,
    /// A file that the log names is not there.
    FileMissing,
    /// A file is not as long as the log says.
    FileSize,
    /// Files that nothing refers to.
    FilesUnused,
    /// A file cannot be read.
    FileUnreadable,
    /// A file has other columns than its store.
    FileSchema,
    /// A file has more or fewer rows than the log says.
    FileRows,
    /// A file's rows are not sorted, or it does not say so.
    FileOrder,
    /// A file has events of another day.
    FileDay,
    /// What the log says of a file's columns is not so.
    FileStatistics,
    /// A store's ledger cannot be read.
    Ledger,
    /// A store has more or fewer events than its ledger says.
    Balance,
    /// A log file has given more events than the ledger says.
    LogFileBalance,
}

impl Ailment {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Document,
        Self::DocumentVersion,
        Self::NameNotHeld,
        Self::NameTwice,
        Self::NameLeftBehind,
        Self::Abandoned,
        Self::DeletionDue,
        Self::NoTable,
        Self::Log,
        Self::LogSchema,
        Self::FileMissing,
        Self::FileSize,
        Self::FilesUnused,
        Self::FileUnreadable,
        Self::FileSchema,
        Self::FileRows,
        Self::FileOrder,
        Self::FileDay,
        Self::FileStatistics,
        Self::Ledger,
        Self::Balance,
        Self::LogFileBalance,
    ];

    /// How bad it is.
    pub fn severity(self) -> Severity {
        match self {
            Self::NameLeftBehind
            | Self::Abandoned
            | Self::DeletionDue
            | Self::LogSchema
            | Self::FilesUnused
            | Self::DocumentVersion => Severity::Note,
            _ => Severity::Problem,
        }
    }

    /// What to do about it.
    pub fn mend(self) -> &'static str {
        match self {
            Self::Document => {
                "bring the file back from a copy; without one, delete it: the version before it counts then"
            }
            Self::DocumentVersion => "nothing has to be done: the newest version counts, only history is lost",
            Self::NameNotHeld => "give the store another name and its own one again (`trailmere store update`)",
            Self::NameTwice => "give one of the stores another name (`trailmere store update`, by id)",
            Self::NameLeftBehind => "nothing has to be done: whoever wants the name gets it",
            Self::Abandoned => "`trailmere maintain` deletes them once they are a day old",
            Self::DeletionDue => "`trailmere maintain` removes the store for good",
            Self::NoTable => "bring `_delta_log` back from a copy; without one, delete the store and ingest again",
            Self::Log => "bring `_delta_log` back from a copy; without one, ingest again into a new store",
            Self::LogSchema => "`trailmere maintain` brings it up to date",
            Self::FileMissing | Self::FileSize | Self::FileUnreadable => {
                "bring the file back from a copy; without one, its events are lost: ingest its days again into a new store"
            }
            Self::FilesUnused => "`trailmere maintain` deletes them",
            Self::FileSchema | Self::FileRows | Self::FileDay => {
                "another program wrote or changed the file: bring it back from a copy, or ingest its days again into a new store"
            }
            Self::FileOrder | Self::FileStatistics => {
                "queries may miss events: bring the file back from a copy, or ingest its days again into a new store"
            }
            Self::Ledger => "bring `_ledger` back from a copy; without one, ingest again into a new store",
            Self::Balance => "look with `trailmere doctor --deep` for the log files; ingest again into a new store",
            Self::LogFileBalance => {
                "`trailmere maintain --dedupe` removes events that are there twice; lost ones come back by ingesting the log file into a new store"
            }
        }
    }

    /// A finding of it.
    pub(crate) fn found(self, place: impl Into<String>, seen: impl Into<String>) -> Finding {
        Finding {
            severity: self.severity(),
            ailment: self,
            store: None,
            place: place.into(),
            seen: seen.into(),
            mend: self.mend(),
        }
    }
}

impl Finding {
    pub(crate) fn of(self, store: &str) -> Self {
        Self { store: Some(store.to_owned()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_ailment_stands_in_the_list_once_and_says_what_to_do() {
        let all: HashSet<_> = Ailment::ALL.into_iter().collect();
        assert_eq!(all.len(), Ailment::ALL.len());
        assert!(Ailment::ALL.iter().all(|ailment| !ailment.mend().is_empty()));
    }
}
