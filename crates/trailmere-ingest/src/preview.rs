//! How much of a source's events would selectors keep? Answered before anything is stored.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::mpsc::{Receiver, channel};
use trailmere_model::{AdvancedEventSelectors, CompiledSelectors, Error, Result};

use crate::decode::{Decoder, FileEnd, Input, RecordSink, Rejected, ScannedRecord};
use crate::progress::{Decoded, Progress};
use crate::source::{Body, LogFile, Pruning, Source, fetch, open};

/// Listed files that may wait to be read.
const LISTED_AHEAD: usize = 256;

/// What selectors would keep of a source.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SelectorPreview {
    /// Log files read.
    pub files: u64,
    /// Log files that could not be read to their end.
    pub failed: u64,
    /// Records that are no events.
    pub rejected: u64,
    /// All events.
    pub all: Amount,
    /// The events that any selector takes: what a store would keep.
    pub kept: Amount,
    /// What each selector takes; an event may be taken by several.
    pub selectors: Vec<SelectorAmount>,
}

/// So many events, of so many bytes of JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// Events.
    pub events: u64,
    /// Bytes of JSON.
    pub bytes: u64,
}

/// What one selector takes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SelectorAmount {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Events and bytes.
    #[serde(flatten)]
    pub amount: Amount,
}

/// Reads a source and counts what each of the selectors would keep. Nothing is stored.
pub async fn preview_selectors(
    source: &str,
    selectors: &AdvancedEventSelectors,
    progress: &dyn Progress,
) -> Result<SelectorPreview> {
    selectors.validate()?;
    let source = Source::open(source).await?;
    let (to, files) = channel(LISTED_AHEAD);
    let (told, mut news) = tokio::sync::mpsc::unbounded_channel();
    let files = Arc::new(tokio::sync::Mutex::new(files));
    let compiled = Arc::new(selectors.compile());
    let count = std::thread::available_parallelism().map_or(2, usize::from);
    let counting = (0..count).map(|_| {
        let reader = Reader {
            files: files.clone(),
            selectors: compiled.clone(),
            count: selectors.selectors.len(),
            told: told.clone(),
        };
        async move {
            let read = tokio::task::spawn_blocking(move || reader.read_all()).await;
            read.map_err(|error| Error::internal("a background task ended early").source(error))
        }
    });
    let counting = futures::future::try_join_all(counting.collect::<Vec<_>>());
    drop((files, told));
    let listening = async {
        while let Some(decoded) = news.recv().await {
            progress.decoded(decoded);
        }
        Ok(())
    };
    let listing = async move {
        let pruning = Pruning::default();
        let listed = source.list(&pruning, &to).await;
        drop(to);
        listed
    };
    let ((), previews, ()) = tokio::try_join!(listing, counting, listening)?;
    let mut whole = SelectorPreview::of(selectors);
    for preview in previews {
        whole.add(&preview);
    }
    Ok(whole)
}

struct Reader {
    files: Arc<tokio::sync::Mutex<Receiver<LogFile>>>,
    selectors: Arc<CompiledSelectors>,
    count: usize,
    told: tokio::sync::mpsc::UnboundedSender<Decoded>,
}

impl Reader {
    fn read_all(&self) -> SelectorPreview {
        let mut decoder = Decoder::default();
        let mut preview =
            SelectorPreview { selectors: vec![SelectorAmount::default(); self.count], ..SelectorPreview::default() };
        loop {
            let Some(file) = self.files.blocking_lock().blocking_recv() else { return preview };
            let raw_bytes = self.read(&mut decoder, &file, &mut preview);
            let _ = self.told.send(Decoded { files: 1, records: 0, bytes_in: file.size, raw_bytes });
        }
    }

    fn read(&self, decoder: &mut Decoder, file: &LogFile, preview: &mut SelectorPreview) -> u64 {
        preview.files += 1;
        let fetched = tokio::runtime::Handle::current()
            .block_on(fetch(file))
            .and_then(|body| body.map_or_else(|| open(file), Ok));
        let mut counter = Counter { selectors: &self.selectors, preview };
        let report = match fetched {
            Ok(Body::Whole(bytes)) => decoder.read(Input::Bytes(&bytes), &mut counter),
            Ok(Body::Pieces(mut reader)) => decoder.read(Input::Reader(&mut reader), &mut counter),
            Err(_) => {
                preview.failed += 1;
                return 0;
            }
        };
        preview.failed += u64::from(!matches!(report.end, FileEnd::Whole));
        preview.rejected += report.rejected;
        report.raw_bytes
    }
}

struct Counter<'a> {
    selectors: &'a CompiledSelectors,
    preview: &'a mut SelectorPreview,
}

impl RecordSink for Counter<'_> {
    fn record(&mut self, record: &ScannedRecord<'_>) -> Result<()> {
        let bytes = record.json().len() as u64;
        self.preview.all.add(Amount { events: 1, bytes });
        let matching = record.with_facts(|facts| self.selectors.matching(facts));
        if !matching.is_empty() {
            self.preview.kept.add(Amount { events: 1, bytes });
        }
        for index in matching {
            if let Some(selector) = self.preview.selectors.get_mut(index) {
                selector.amount.add(Amount { events: 1, bytes });
            }
        }
        Ok(())
    }

    fn rejected(&mut self, _: &Rejected<'_>) -> Result<()> {
        Ok(())
    }
}

impl SelectorPreview {
    fn of(selectors: &AdvancedEventSelectors) -> Self {
        let named = selectors.selectors.iter();
        let named = named.map(|selector| SelectorAmount { name: selector.name.clone(), amount: Amount::default() });
        Self { selectors: named.collect(), ..Self::default() }
    }

    fn add(&mut self, more: &Self) {
        self.files += more.files;
        self.failed += more.failed;
        self.rejected += more.rejected;
        self.all.add(more.all);
        self.kept.add(more.kept);
        for (selector, more) in self.selectors.iter_mut().zip(&more.selectors) {
            selector.amount.add(more.amount);
        }
    }
}

impl Amount {
    fn add(&mut self, more: Amount) {
        self.events += more.events;
        self.bytes += more.bytes;
    }
}
