//! Which parameters does a statement use? `$name` outside texts, quoted names and comments.

/// What Lake's own texts write in place of a store or a time: not ours to bind.
const LAKES: [&str; 1] = ["EDS_ID"];

/// The names of the parameters in a statement, each once, in order of appearance.
///
/// Lake's `$EDS_ID` and the `$Name$` of its dashboards are no parameters.
pub fn placeholders(sql: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(next) = sql[at..].chars().next() {
        let rest = &sql[at..];
        let length = skipped(rest).unwrap_or_else(|| match rest.strip_prefix('$') {
            Some(after) => 1 + take_name(after, &mut names),
            None => next.len_utf8(),
        });
        at += length;
    }
    names
}

/// The length of a text, a quoted name or a comment at the front.
fn skipped(rest: &str) -> Option<usize> {
    let until = |start: usize, end: &str| rest[start..].find(end).map_or(rest.len(), |at| start + at + end.len());
    if rest.starts_with("--") {
        return Some(until(2, "\n"));
    }
    if rest.starts_with("/*") {
        return Some(until(2, "*/"));
    }
    // A doubled quote within a text ends one and begins the next: both are skipped all the same.
    let quote = ["'", "\"", "`"].into_iter().find(|quote| rest.starts_with(quote))?;
    Some(until(1, quote))
}

fn take_name<'a>(after: &'a str, names: &mut Vec<&'a str>) -> usize {
    let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
    let name = &after[..end];
    if after[end..].starts_with('$') {
        return end + 1;
    }
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if is_name && !LAKES.contains(&name) && !names.contains(&name) {
        names.push(name);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_outside_texts_and_comments() {
        let cases: [(&str, &[&str]); 14] = [
            ("SELECT $a", &["a"]),
            ("$a + $b - $a", &["a", "b"]),
            ("x >= $since AND x<$until_2;", &["since", "until_2"]),
            ("'$a' || $b", &["b"]),
            ("'it''s $a' || $b", &["b"]),
            ("json_extract(x, '$.a') -- $c\n , $d", &["d"]),
            ("/* $a \n $b */ $c", &["c"]),
            ("\"$path\", \"$ingested\" FROM `$x`", &[]),
            ("FROM $EDS_ID WHERE eventTime > $StartTime$ AND $x$y", &[]),
            ("FROM $EventDataStoreId$ WHERE a = $b", &["b"]),
            ("$1, $, $", &[]),
            ("date_add('day', -$days, ts)", &["days"]),
            ("'unclosed $a", &[]),
            ("é$a /* $b", &["a"]),
        ];
        for (sql, expected) in cases {
            assert_eq!(placeholders(sql), expected, "{sql}");
        }
    }
}
