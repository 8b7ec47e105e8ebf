//! Which known name did the user probably mean?

/// The known name nearest to what was typed, if any is near.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let typed = typed.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&typed, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1 + typed.len().min(name.len()) / 4 && *distance < typed.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_slip_and_nothing_far() {
        assert_eq!(nearest("evnetname", ["eventname", "eventsource"]).as_deref(), Some("eventname"));
        assert_eq!(nearest("xyz", ["eventname"]), None);
    }
}
