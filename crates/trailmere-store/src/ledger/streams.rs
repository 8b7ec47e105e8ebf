//! Up to which key has each stream of log files been taken?

use std::collections::BTreeMap;
use std::sync::Arc;

use trailmere_model::log_key::LogKey;

/// The newest keys among those seen, by stream: all log files of one account, folder and region.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    newest: BTreeMap<String, String>,
    last: Option<String>,
}

impl Streams {
    /// Keys of one stream sort by time, since the date follows the region.
    pub(crate) fn see(&mut self, log_file: &str) {
        // Neighbours are mostly of one stream, and need no parsing then.
        if !self.last.as_deref().is_some_and(|stream| is_of(stream, log_file)) {
            self.last = stream(log_file);
        }
        let Some(stream) = &self.last else { return };
        match self.newest.get_mut(stream) {
            Some(known) if known.as_str() >= log_file => {}
            Some(known) => log_file.clone_into(known),
            None => {
                self.newest.insert(stream.clone(), log_file.to_owned());
            }
        }
    }

    /// Raises what was known to what was seen.
    pub(crate) fn add_to(self, known: &mut Arc<BTreeMap<String, String>>) {
        if self.newest.is_empty() {
            return;
        }
        let known = Arc::make_mut(known);
        for (stream, key) in self.newest {
            match known.get(&stream) {
                Some(newest) if *newest >= key => {}
                _ => {
                    known.insert(stream, key);
                }
            }
        }
    }
}

fn stream(log_file: &str) -> Option<String> {
    let key = LogKey::parse(log_file)?;
    let date = key.date.format("/%Y/%m/%d/").to_string();
    log_file.rsplit_once(&date).map(|(stream, _)| stream.to_owned())
}

/// Whether what follows the stream is a date and a file.
fn is_of(stream: &str, log_file: &str) -> bool {
    let Some(rest) = log_file.strip_prefix(stream) else { return false };
    let Some((date, file)) = rest.split_at_checked("/2024/01/01/".len()) else { return false };
    let is_date = date
        .bytes()
        .zip("/0000/00/00/".bytes())
        .all(|(is, form)| if form == b'0' { is.is_ascii_digit() } else { is == form });
    is_date && !file.is_empty() && !file.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(account: &str, region: &str, date: &str, unique: &str) -> String {
        format!(
            "AWSLogs/{account}/CloudTrail/{region}/{date}/{account}_CloudTrail_{region}_20240101T0005Z_{unique}.json.gz"
        )
    }

    #[test]
    fn remembers_the_last_key_of_each_stream() {
        let mut streams = Streams::default();
        let keys = [
            key("111122223333", "us-east-1", "2024/01/02", "BBBBBBBBBBBBBBBB"),
            key("111122223333", "us-east-1", "2024/01/01", "CCCCCCCCCCCCCCCC"),
            key("111122223333", "us-east-1", "2024/01/02", "AAAAAAAAAAAAAAAA"),
            "stdin:00".to_owned(),
            key("111122223333", "us-east-2", "2023/12/31", "AAAAAAAAAAAAAAAA"),
        ];
        keys.iter().for_each(|key| streams.see(key));
        let mut known = Arc::new(BTreeMap::from([(stream(&keys[4]).unwrap(), "AWSLogs/z".to_owned())]));
        streams.add_to(&mut known);
        let known: Vec<(&str, &str)> = known.iter().map(|(stream, key)| (stream.as_str(), key.as_str())).collect();
        let prefix = "AWSLogs/111122223333/CloudTrail";
        assert_eq!(
            known,
            [
                (format!("{prefix}/us-east-1").as_str(), keys[0].as_str()),
                (format!("{prefix}/us-east-2").as_str(), "AWSLogs/z")
            ]
        );
    }
}
