//! Which saved queries answer a phrase, the likeliest first?

use trailmere_model::nearest;

use crate::saved::SavedQuery;

/// A query that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit<'a> {
    /// The query.
    pub query: &'a SavedQuery,
    /// How well it answers: 1 is the best that the phrase allows, near 0 the least.
    pub relevance: f64,
}

/// Words that say nothing about a question.
const EMPTY: [&str; 26] = [
    "a", "an", "and", "are", "by", "did", "do", "does", "for", "from", "how", "i", "in", "is", "me", "of", "on", "or",
    "show", "that", "the", "to", "was", "were", "with", "my",
];

/// The places where a word can stand, and what it is worth there.
const NAME: u32 = 8;
const TITLE: u32 = 6;
const TAG: u32 = 5;
const DESCRIPTION: u32 = 2;
const STATEMENT: u32 = 1;
const BEST: u32 = NAME + TITLE + TAG + DESCRIPTION + STATEMENT;

/// The queries that have any word of the phrase, ranked; all of them, in their order, if the phrase has no words.
///
/// A word also counts, for half, where it only begins another; a misspelt one as the nearest that any query has.
pub fn search<'a>(queries: impl IntoIterator<Item = &'a SavedQuery>, phrase: &str) -> Vec<Hit<'a>> {
    let indexed: Vec<Indexed<'a>> = queries.into_iter().map(Indexed::new).collect();
    let asked: Vec<String> = words(phrase).into_iter().filter(|word| !EMPTY.contains(&word.as_str())).collect();
    if asked.is_empty() {
        return indexed.iter().map(|entry| Hit { query: entry.query, relevance: 1.0 }).collect();
    }
    let asked: Vec<String> = asked.into_iter().map(|word| respell(word, &indexed)).collect();
    let most = f64::from(2 * BEST) * f64::from(u32::try_from(asked.len()).unwrap_or(u32::MAX));
    let mut hits: Vec<Hit<'a>> = indexed
        .iter()
        .map(|entry| Hit { query: entry.query, relevance: f64::from(entry.score(&asked)) / most })
        .filter(|hit| hit.relevance > 0.0)
        .collect();
    hits.sort_by(|a, b| b.relevance.total_cmp(&a.relevance).then_with(|| a.query.name.cmp(&b.query.name)));
    hits
}

struct Indexed<'a> {
    query: &'a SavedQuery,
    /// The words of each place, with what they are worth.
    places: [(u32, Vec<String>); 5],
    is_detection: bool,
}

impl<'a> Indexed<'a> {
    fn new(query: &'a SavedQuery) -> Self {
        let places = [
            (NAME, words(&query.name)),
            (TITLE, words(&query.title)),
            (TAG, words(&query.tags.join(" "))),
            (DESCRIPTION, words(&query.description)),
            (STATEMENT, words(&query.sql)),
        ];
        Self { query, places, is_detection: query.tags.iter().any(|tag| tag == "detection") }
    }

    fn score(&self, asked: &[String]) -> u32 {
        let of_word = |word: &String| self.places.iter().map(|(worth, words)| worth * hit(word, words)).sum::<u32>();
        // Every word that is found at all outweighs a word that is found everywhere.
        let found = asked.iter().filter(|word| of_word(word) > 0).count();
        let sum: u32 = asked.iter().map(of_word).sum();
        // A detection is for a schedule: whoever asks a question comes to the query that just answers it first.
        let is_aside = self.is_detection && !asked.iter().any(|word| word.starts_with("detect"));
        let sum = if is_aside { sum / 2 } else { sum };
        sum * u32::try_from(found).unwrap_or(1) / u32::try_from(asked.len()).unwrap_or(1).max(1)
    }

    fn has(&self, word: &str) -> bool {
        self.places.iter().any(|(_, words)| hit(word, words) > 0)
    }
}

/// 2 for the word itself, or with an `s` more or less; 1 for a word that begins with it.
fn hit(asked: &str, words: &[String]) -> u32 {
    let stem = |word: &str| word.strip_suffix('s').unwrap_or(word).to_owned();
    if words.iter().any(|word| word == asked || stem(word) == stem(asked)) {
        return 2;
    }
    u32::from(asked.len() >= 2 && words.iter().any(|word| word.starts_with(asked)))
}

/// The word itself if any query has it, or the nearest that one has in its name, title or tags.
fn respell(word: String, indexed: &[Indexed<'_>]) -> String {
    if word.len() < 4 || indexed.iter().any(|entry| entry.has(&word)) {
        return word;
    }
    let known = indexed.iter().flat_map(|entry| &entry.places[..3]).flat_map(|(_, words)| words);
    nearest(&word, known.map(String::as_str)).map(str::to_owned).unwrap_or(word)
}

/// Lower-case runs of letters and digits.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
