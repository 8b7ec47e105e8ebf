//! How does `.datetime()` read a date or time, with a template or without?

use crate::json::item::Item;
use crate::temporal::month_length;

/// The parts that a text may name.
#[derive(Default)]
struct Parts {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    hour: Option<i64>,
    minute: Option<i64>,
    second: Option<i64>,
    fraction: String,
    afternoon: Option<bool>,
    zone: Option<(i64, i64)>,
}

/// Reads a text as a template says, or in the form of SQL's literals.
pub(super) fn read(text: &str, template: Option<&str>) -> Result<Item, String> {
    let fails = || format!("cannot read `{text}` as a date or time");
    if let Some(template) = template {
        return item(by_template(text, template)?).ok_or_else(fails);
    }
    const TEMPLATES: [&str; 8] = [
        "YYYY-MM-DD HH24:MI:SS.FF",
        "YYYY-MM-DD HH24:MI:SS",
        "YYYY-MM-DD\"T\"HH24:MI:SS.FF",
        "YYYY-MM-DD\"T\"HH24:MI:SS",
        "YYYY-MM-DD",
        "HH24:MI:SS.FF",
        "HH24:MI:SS",
        "HH24:MI",
    ];
    let zones = ["", "TZH:TZM", " TZH:TZM"];
    let read = |template: &str| by_template(text, template).ok().and_then(item);
    let all = TEMPLATES.iter().flat_map(|t| zones.iter().map(move |zone| format!("{t}{zone}")));
    all.into_iter().find_map(|template| read(&template)).ok_or_else(fails)
}

fn by_template(text: &str, template: &str) -> Result<Parts, String> {
    const FIELDS: [(&str, usize); 15] = [
        ("YYYY", 4),
        ("HH24", 2),
        ("HH12", 2),
        ("SSSSS", 5),
        ("TZH", 3),
        ("TZM", 2),
        ("A.M.", 4),
        ("P.M.", 4),
        ("MM", 2),
        ("DD", 2),
        ("HH", 2),
        ("MI", 2),
        ("SS", 2),
        ("AM", 2),
        ("PM", 2),
    ];
    let mut parts = Parts::default();
    let (mut rest, mut template) = (text, template);
    while let Some(c) = template.chars().next() {
        if let Some(after) = template.strip_prefix("FF") {
            let count = after.chars().next().and_then(|c| c.to_digit(10)).map(|d| d as usize);
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count().min(count.unwrap_or(9));
            if digits == 0 {
                return Err(format!("`{text}` has no fraction of a second"));
            }
            parts.fraction = rest[..digits].to_string();
            rest = &rest[digits..];
            template = &after[usize::from(count.is_some())..];
        } else if let Some((field, width)) = FIELDS.iter().find(|(field, _)| template.starts_with(field)) {
            rest =
                take(field, *width, rest, &mut parts).ok_or_else(|| format!("`{text}` does not fit the template"))?;
            template = &template[field.len()..];
        } else if let Some(quoted) = template.strip_prefix('"') {
            let (literal, after) = quoted.split_once('"').ok_or("a text in the template does not end")?;
            rest = rest.strip_prefix(literal).ok_or_else(|| format!("`{text}` does not fit the template"))?;
            template = after;
        } else if "-./,';: ".contains(c) {
            rest = rest.strip_prefix(c).ok_or_else(|| format!("`{text}` does not fit the template"))?;
            template = &template[1..];
        } else {
            return Err(format!("invalid datetime template: `{template}`"));
        }
    }
    if rest.is_empty() { Ok(parts) } else { Err(format!("`{text}` is longer than the template")) }
}

fn take<'a>(field: &str, width: usize, rest: &'a str, parts: &mut Parts) -> Option<&'a str> {
    let (text, after) = rest.split_at_checked(width)?;
    let digits = text.trim_start_matches(['+', '-']);
    let number = || digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i64>().ok()).flatten();
    match field {
        "YYYY" => parts.year = Some(number()?),
        "MM" => parts.month = Some(number()?),
        "DD" => parts.day = Some(number()?),
        "HH24" | "HH12" | "HH" => parts.hour = Some(number()?),
        "MI" => parts.minute = Some(number()?),
        "SS" => parts.second = Some(number()?),
        "SSSSS" => {
            let seconds = number()?;
            (parts.hour, parts.minute, parts.second) =
                (Some(seconds / 3600), Some(seconds / 60 % 60), Some(seconds % 60));
        }
        "TZH" => {
            let sign = if text.starts_with('-') { -1 } else { 1 };
            text.starts_with(['+', '-']).then_some(())?;
            parts.zone = Some((sign, number()? * 60));
        }
        "TZM" => {
            let (sign, minutes) = parts.zone?;
            parts.zone = Some((sign, minutes + number()?));
        }
        _ => parts.afternoon = Some(text.to_ascii_uppercase().starts_with('P')),
    }
    Some(after)
}

/// The item of parts that go together.
fn item(parts: Parts) -> Option<Item> {
    let date = match (parts.year, parts.month, parts.day) {
        (None, None, None) => None,
        (Some(year), month, day) => {
            let (month, day) = (month.unwrap_or(1), day.unwrap_or(1));
            let valid = (1..=12).contains(&month) && (1..=i64::from(month_length(year, month as u32))).contains(&day);
            Some(valid.then(|| format!("{year:04}-{month:02}-{day:02}"))?)
        }
        _ => return None,
    };
    let hour = match (parts.hour, parts.afternoon) {
        (Some(hour), Some(afternoon)) => Some(hour % 12 + if afternoon { 12 } else { 0 }),
        (hour, _) => hour,
    };
    let time = hour.map(|hour| {
        let (minute, second) = (parts.minute.unwrap_or(0), parts.second.unwrap_or(0));
        let point = if parts.fraction.is_empty() { "" } else { "." };
        let valid = hour < 24 && minute < 60 && second < 60;
        valid.then(|| format!("{hour:02}:{minute:02}:{second:02}{point}{}", parts.fraction))
    });
    let zone = parts.zone.map(|(sign, minutes)| crate::zone::offset_text((sign * minutes) as i32));
    match (date, time, zone) {
        (Some(date), None, None) => Some(Item::Moment("date", date)),
        (None, Some(time), None) => Some(Item::Moment("time without time zone", time?)),
        (None, Some(time), Some(zone)) => Some(Item::Moment("time with time zone", time? + &zone)),
        (Some(date), Some(time), None) => {
            Some(Item::Moment("timestamp without time zone", format!("{date} {}", time?)))
        }
        (Some(date), Some(time), Some(zone)) => {
            Some(Item::Moment("timestamp with time zone", format!("{date} {} {zone}", time?)))
        }
        _ => None,
    }
}
