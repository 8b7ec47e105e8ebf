//! Which of the listed files are read: not those outside an import, known to the ledger, or listed before?

use std::collections::HashSet;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use trailmere_model::{Error, Kind, Result};
use xxhash_rust::xxh3::xxh3_64;

use super::plan::{Task, Verdict};
use super::window::Window;
use super::{LISTED_AHEAD, Round, ended};
use crate::import::Prefixes;
use crate::progress::Step;
use crate::source::{Cursors, LogFile, Pruning, Source};
use crate::summary::{Failure, FileCounts};

/// Where a round's log files come from.
pub(crate) enum Feed<'a> {
    /// All of some sources.
    All { sources: &'a [Source], pruning: Pruning, cursors: Option<&'a mut Cursors> },
    /// What is new since the last round.
    Recent { sources: &'a [Source], pruning: Pruning, cursors: &'a mut Cursors },
    /// What has to be done again, for some of the targets.
    Again(Vec<Again>),
}

/// A log file that overlapped with what another ingester took.
pub(crate) struct Again {
    pub(crate) file: LogFile,
    /// For which of the targets, a bit each.
    pub(crate) among: u64,
    /// Whether the round before has counted it.
    pub(crate) is_counted: bool,
}

/// What listing came to.
#[derive(Default)]
pub(crate) struct Listed {
    pub(crate) files: FileCounts,
    pub(crate) failures: Vec<Failure>,
    pub(crate) prefixes: Prefixes,
    /// Why not everything was listed.
    pub(crate) trouble: Option<Error>,
}

impl Feed<'_> {
    /// Sends what is to be read, and counts the rest.
    pub(super) async fn choose(self, round: &Round<'_>, to: Sender<Task>) -> Result<Listed> {
        let is_looking_again = matches!(self, Feed::Recent { .. });
        let (listed, window) = (Listed::default(), Window::default());
        let mut chooser = Chooser { round, to, listed, window, seen: HashSet::new(), is_looking_again };
        let listing = match self {
            Feed::All { sources, pruning, cursors } => {
                chooser.list(&Listing { sources, pruning, since: None }, cursors).await
            }
            Feed::Recent { sources, pruning, cursors } => {
                let since = Cursors::clone(cursors);
                chooser.list(&Listing { sources, pruning, since: Some(&since) }, Some(cursors)).await
            }
            Feed::Again(files) => chooser.again(files).await,
        };
        round.progress.all_found();
        match listing {
            // Told to stop, or nobody is there to take more: who failed says why.
            Err(error) if error.kind() == Kind::Cancelled => Ok(chooser.listed),
            // What was listed before is taken all the same.
            Err(error) => Ok(Listed { trouble: Some(error), ..chooser.listed }),
            Ok(()) => Ok(chooser.listed),
        }
    }
}

struct Listing<'a> {
    sources: &'a [Source],
    pruning: Pruning,
    since: Option<&'a Cursors>,
}

impl Listing<'_> {
    async fn run(&self, to: Sender<LogFile>) -> Result<()> {
        for source in self.sources {
            match self.since {
                Some(cursors) => cursors.list(source, &to).await?,
                None => source.list(&self.pruning, &to).await?,
            }
        }
        Ok(())
    }
}

struct Chooser<'r, 'a> {
    round: &'r Round<'a>,
    to: Sender<Task>,
    listed: Listed,
    /// What is to be read, and waits until there is room.
    window: Window,
    /// The keys listed, hashed: sources may overlap.
    seen: HashSet<u64>,
    /// Over what was listed before, for the most part.
    is_looking_again: bool,
}

impl Chooser<'_, '_> {
    async fn list(&mut self, listing: &Listing<'_>, cursors: Option<&mut Cursors>) -> Result<()> {
        let (to, mut files) = channel(LISTED_AHEAD);
        let (listed, chosen) = tokio::join!(listing.run(to), self.choose_all(&listing.pruning, &mut files, cursors));
        chosen.and(listed)
    }

    async fn choose_all(
        &mut self,
        pruning: &Pruning,
        files: &mut Receiver<LogFile>,
        mut cursors: Option<&mut Cursors>,
    ) -> Result<()> {
        let to = self.to.clone();
        let mut is_listing = true;
        let outcome = loop {
            if self.round.progress.is_stopped() {
                break Err(ended());
            }
            tokio::select! {
                // Listing comes first: the more is known, the better the order.
                biased;
                file = files.recv(), if is_listing && !self.window.is_full() => match file {
                    Some(file) => {
                        if let Some(cursors) = cursors.as_deref_mut() {
                            cursors.see(&file);
                        }
                        self.choose(pruning, file);
                    }
                    None => is_listing = false,
                },
                room = to.reserve(), if !self.window.is_empty() => match (room, self.window.pop()) {
                    (Ok(room), Some(task)) => {
                        self.round.progress.step(Step::Listed);
                        room.send(*task);
                    }
                    _ => break Err(ended()),
                },
                else => break Ok(()),
            }
        };
        files.close();
        outcome
    }

    fn choose(&mut self, pruning: &Pruning, file: LogFile) {
        if pruning.is_in_lake(&file) || !self.seen.insert(xxh3_64(file.key.as_bytes())) {
            return;
        }
        self.listed.files.listed += u64::from(!self.is_looking_again);
        if !pruning.takes(&file) {
            self.listed.files.pruned += 1;
            return;
        }
        self.listed.prefixes.found(&file.location);
        if let Some(task) = self.decide(file, (u64::MAX, false)) {
            self.window.push(task);
        }
    }

    /// What is to be read of a file; anything else is counted.
    fn decide(&mut self, file: LogFile, how: (u64, bool)) -> Option<Box<Task>> {
        let (among, is_counted) = how;
        let location = file.location.clone();
        let size = file.size;
        let verdict = self.round.plan.decide(file, among, is_counted);
        if let Verdict::Read(task) = verdict {
            self.round.progress.found(size);
            return Some(task);
        }
        if !is_counted && !self.is_looking_again {
            self.count(&verdict, location, size);
        }
        None
    }

    /// Counts what is not read. A follower sees the same files again and again: it counts them once.
    fn count(&mut self, verdict: &Verdict, location: String, size: u64) {
        let reason = match verdict {
            Verdict::Read(_) => return,
            Verdict::Known => {
                self.listed.files.known += 1;
                return self.listed.prefixes.done(&location);
            }
            Verdict::Changed { then } => {
                self.listed.files.changed += 1;
                format!("it had {then} bytes when it was taken and has {size} now; what is new was not taken")
            }
            Verdict::StillBroken => {
                self.listed.files.failed += 1;
                "it was cut short or corrupt when it was read, and has not changed since".to_owned()
            }
        };
        self.listed.failures.push(Failure { location, reason, events: 0 });
    }

    async fn again(&mut self, files: Vec<Again>) -> Result<()> {
        for Again { file, among, is_counted } in files {
            if let Some(task) = self.decide(file, (among, is_counted)) {
                self.round.progress.step(Step::Listed);
                self.to.send(*task).await.map_err(|_| ended())?;
            }
        }
        Ok(())
    }
}
