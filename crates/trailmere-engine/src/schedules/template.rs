//! How does a message's text come from its template?
//!
//! `{{schedule}}`, `{{scheduled_time}}`, `{{last_success_time}}`, `{{rows}}`, `{{error}}`, `{{query_id}}`, `{{table}}` (the
//! first rows), `{{first.COLUMN}}` (a value of the first row). What else stands in braces is left as it is written.

use serde_json::Value;

/// Values for a template.
pub(crate) struct Values<'a> {
    pub(crate) schedule: &'a str,
    pub(crate) scheduled_time: &'a str,
    pub(crate) last_success_time: &'a str,
    pub(crate) rows: u64,
    pub(crate) query_id: &'a str,
    pub(crate) error: &'a str,
    pub(crate) columns: &'a [String],
    pub(crate) first_rows: &'a [Vec<Value>],
}

/// What is said where no template is given.
pub(crate) const FINDING: &str =
    "{{schedule}}: {{rows}} found between {{last_success_time}} and {{scheduled_time}}\n{{table}}";

/// What is said of a run that failed.
pub(crate) const FAILURE: &str = "{{schedule}}: the run of {{scheduled_time}} failed: {{error}}";

/// Rows of `{{table}}`.
const TABLE_ROWS: usize = 10;
/// Characters of a value in `{{table}}`.
const CELL_CHARS: usize = 60;
/// Characters of a text; what receives it has limits too.
const TEXT_CHARS: usize = 8_000;

/// Fills a template.
pub(crate) fn render(template: &str, values: &Values<'_>) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else { break };
        text.push_str(&rest[..start]);
        let whole = &rest[start..start + length + 2];
        match values.value(whole[2..length].trim()) {
            Some(value) => text.push_str(&value),
            None => text.push_str(whole),
        }
        rest = &rest[start + length + 2..];
    }
    text.push_str(rest);
    cut(text.trim_end(), TEXT_CHARS)
}

impl Values<'_> {
    fn value(&self, name: &str) -> Option<String> {
        match name {
            "schedule" => Some(self.schedule.to_owned()),
            "scheduled_time" => Some(self.scheduled_time.to_owned()),
            "last_success_time" => Some(self.last_success_time.to_owned()),
            "rows" => Some(self.rows.to_string()),
            "query_id" => Some(self.query_id.to_owned()),
            "error" => Some(self.error.to_owned()),
            "table" => Some(self.table()),
            other => {
                let wanted = other.strip_prefix("first.")?;
                let at = self.columns.iter().position(|column| column.eq_ignore_ascii_case(wanted))?;
                Some(self.first_rows.first().and_then(|row| row.get(at)).map(shown).unwrap_or_default())
            }
        }
    }

    /// A line a row, `column=value`: it is read in chats, where columns would not stand in line.
    fn table(&self) -> String {
        let line = |row: &Vec<Value>| {
            let cells = self.columns.iter().zip(row).filter(|(_, cell)| !cell.is_null());
            cells.map(|(name, cell)| format!("{name}={}", cut(&shown(cell), CELL_CHARS))).collect::<Vec<_>>().join(", ")
        };
        let mut lines: Vec<String> = self.first_rows.iter().take(TABLE_ROWS).map(line).collect();
        let more = self.rows.saturating_sub(lines.len() as u64);
        if more > 0 && !lines.is_empty() {
            lines.push(format!("… and {more} more"));
        }
        lines.join("\n")
    }
}

/// A value as people read it, on one line.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(template: &str, rows: &[Vec<Value>]) -> String {
        let columns = ["who".to_owned(), "n".to_owned()];
        let values = Values {
            schedule: "root-use",
            scheduled_time: "2026-03-01 01:00:00",
            last_success_time: "2026-03-01 00:00:00",
            rows: rows.len() as u64,
            query_id: "q",
            error: "",
            columns: &columns,
            first_rows: rows,
        };
        render(template, &values)
    }

    #[test]
    fn names_in_braces_become_values() {
        let rows = [vec![json!("ann"), json!(3)], vec![json!("bob\n{{rows}}"), Value::Null]];
        let cases = [
            ("{{ schedule }}: {{rows}}", "root-use: 2"),
            ("{{first.WHO}} {{first.n}} {{first.nope}}", "ann 3 {{first.nope}}"),
            ("{{unknown}} {{", "{{unknown}} {{"),
            ("{{table}}", "who=ann, n=3\nwho=bob {{rows}}"),
            ("{{last_success_time}} to {{scheduled_time}}", "2026-03-01 00:00:00 to 2026-03-01 01:00:00"),
        ];
        for (template, expected) in cases {
            assert_eq!(filled(template, &rows), expected, "{template}");
        }
        assert_eq!(filled("a {{first.who}} b {{table}}", &[]), "a  b");
    }

    #[test]
    fn long_results_and_long_values_are_cut_and_say_so() {
        let rows: Vec<Vec<Value>> = (0..12).map(|n| vec![json!("x".repeat(80)), json!(n)]).collect();
        let text = filled("{{table}}", &rows);
        assert!(text.ends_with("… and 2 more"), "{text}");
        assert!(text.starts_with(&format!("who={}…, n=0", "x".repeat(60))), "{text}");
        assert_eq!(filled(&"y".repeat(9_000), &[]).chars().count(), 8_001);
    }
}
