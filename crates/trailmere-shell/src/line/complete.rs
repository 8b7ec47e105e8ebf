//! What can the word under the cursor become?

/// The words that completion knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vocabulary {
    /// SQL keywords, upper case.
    pub(crate) keywords: Vec<String>,
    /// Names of stores and tables.
    pub(crate) tables: Vec<String>,
    /// Columns and paths of struct members (`userIdentity.sessionContext.sessionIssuer.arn`), as records spell them.
    pub(crate) columns: Vec<String>,
    /// Frequent keys of map columns: `(column, key)`.
    pub(crate) map_keys: Vec<(String, String)>,
    /// Functions, lower case.
    pub(crate) functions: Vec<String>,
    /// Saved queries.
    pub(crate) queries: Vec<String>,
    /// Backslash commands.
    pub(crate) commands: Vec<String>,
}

/// Most words that are offered at once.
const MOST: usize = 60;

/// Where the completed word begins, and what it can be.
pub(crate) fn candidates(vocabulary: &Vocabulary, line: &str, position: usize) -> (usize, Vec<String>) {
    let head = &line[..position];
    if let Some(answer) = after_backslash(vocabulary, head) {
        return answer;
    }
    if let Some(answer) = within_map_key(vocabulary, head) {
        return answer;
    }
    let start = head.rfind(|c: char| !(c.is_alphanumeric() || "_.$-".contains(c))).map_or(0, |i| i + char_len(head, i));
    let word = &head[start..];
    if word.is_empty() {
        return (start, vec![]);
    }
    let after_from =
        last_word(&head[..start]).is_some_and(|w| ["from", "join", "describe", "table"].contains(&w.as_str()));
    let mut words = vec![];
    if after_from {
        words.extend(matching(&vocabulary.tables, word));
    } else {
        words.extend(matching(&vocabulary.columns, word));
        words.extend(matching(&vocabulary.functions, word).into_iter().map(|f| format!("{f}(")));
        words.extend(keywords(vocabulary, word));
        words.extend(matching(&vocabulary.tables, word));
    }
    words.dedup();
    words.truncate(MOST);
    (start, words)
}

fn after_backslash(vocabulary: &Vocabulary, head: &str) -> Option<(usize, Vec<String>)> {
    let command = head.strip_prefix('\\')?;
    match command.split_once(' ') {
        None => Some((1, matching(&vocabulary.commands, command))),
        Some((name, rest)) => {
            let words = match name {
                "run" | "r" => &vocabulary.queries,
                "d" | "use" | "u" => &vocabulary.tables,
                "?" => &vocabulary.functions,
                _ => return Some((head.len(), vec![])),
            };
            Some((head.len() - rest.len(), matching(words, rest)))
        }
    }
}

/// Within `element_at(requestParameters, 'buck` or `requestParameters['buck`: keys of that map.
fn within_map_key(vocabulary: &Vocabulary, head: &str) -> Option<(usize, Vec<String>)> {
    let quote = head.rfind('\'')?;
    if head.matches('\'').count().is_multiple_of(2) {
        return None;
    }
    let before = head[..quote].trim_end().trim_end_matches([',', '[']).trim_end().to_lowercase();
    let column = before.rsplit(|c: char| !c.is_alphanumeric()).next()?;
    let key = &head[quote + 1..];
    let keys = vocabulary.map_keys.iter().filter(|(c, k)| c.eq_ignore_ascii_case(column) && k.starts_with(key));
    let keys: Vec<String> = keys.map(|(_, k)| format!("{k}'")).take(MOST).collect();
    (!keys.is_empty()).then_some((quote + 1, keys))
}

fn matching(words: &[String], prefix: &str) -> Vec<String> {
    let prefix = prefix.to_lowercase();
    let mut found: Vec<String> = words.iter().filter(|w| w.to_lowercase().starts_with(&prefix)).cloned().collect();
    found.sort_by_key(|w| (w.len(), w.clone()));
    found
}

/// Keywords in the case in which the user began.
fn keywords(vocabulary: &Vocabulary, word: &str) -> Vec<String> {
    let found = matching(&vocabulary.keywords, word);
    match word.chars().all(|c| c.is_uppercase()) {
        true => found,
        false => found.into_iter().map(|w| w.to_lowercase()).collect(),
    }
}

fn last_word(text: &str) -> Option<String> {
    text.split_whitespace().next_back().map(str::to_lowercase)
}

fn char_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let words = |list: &[&str]| list.iter().map(|w| w.to_string()).collect();
        Vocabulary {
            keywords: words(&["SELECT", "FROM"]),
            tables: words(&["events", "audit"]),
            columns: words(&["eventName", "eventTime", "userIdentity.arn"]),
            map_keys: vec![("requestParameters".into(), "bucketName".into())],
            functions: words(&["element_at"]),
            queries: words(&["root-use"]),
            commands: words(&["run", "timing"]),
        }
    }

    #[test]
    fn words_become_what_fits_their_place() {
        let v = vocabulary();
        for (line, expected) in [
            ("sel", vec!["select"]),
            ("SEL", vec!["SELECT"]),
            ("select EVENTN", vec!["eventName"]),
            ("select useridentity.a", vec!["userIdentity.arn"]),
            ("select * from ev", vec!["events"]),
            ("select ele", vec!["element_at("]),
            ("select element_at(requestParameters, 'b", vec!["bucketName'"]),
            ("select requestparameters['", vec!["bucketName'"]),
            ("\\r", vec!["run"]),
            ("\\run ro", vec!["root-use"]),
            ("\\use a", vec!["audit"]),
            ("é", vec![]),
        ] {
            assert_eq!(candidates(&v, line, line.len()).1, expected, "{line}");
        }
    }
}
