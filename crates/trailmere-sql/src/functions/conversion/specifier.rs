//! What does a format string of Java's Formatter ask for?

/// A piece of a format string.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// To be copied.
    Text(String),
    /// A value to be written.
    Value(Specifier),
}

/// Which argument a specifier means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Index {
    /// The one after that of the last specifier without a number.
    Next,
    /// `%<`: that of the specifier before.
    Same,
    /// `%2$`, from 0.
    At(usize),
}

/// The flags of a specifier.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Flags {
    /// `-`
    pub(super) left: bool,
    /// `#`
    pub(super) alternate: bool,
    /// `+`
    pub(super) plus: bool,
    /// A blank
    pub(super) blank: bool,
    /// `0`
    pub(super) zero: bool,
    /// `,`
    pub(super) group: bool,
    /// `(`
    pub(super) parentheses: bool,
}

/// `%[index$][flags][width][.precision]conversion`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Specifier {
    pub(super) index: Index,
    pub(super) flags: Flags,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    /// `T`, or `S` for `s`.
    pub(super) upper: bool,
    /// In lower case, but for the letters after `t`.
    pub(super) conversion: char,
    /// Whether `conversion` stood after `t`.
    pub(super) time: bool,
    /// As written.
    pub(super) text: String,
}

/// Widths above this would only fill memory.
const WIDEST: usize = 1 << 20;

/// Cuts a format string into pieces; the error names Java's exception.
pub(super) fn parse(format: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        if at > 0 {
            pieces.push(Piece::Text(rest[..at].to_string()));
        }
        let (specifier, after) = specifier(&rest[at..])?;
        check(&specifier)?;
        pieces.push(match specifier.conversion {
            'n' => Piece::Text("\n".to_string()),
            _ => Piece::Value(specifier),
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_string()));
    }
    Ok(pieces)
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn size(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n <= WIDEST).ok_or_else(|| format!("IllegalFormatWidth: {text}"))
}

fn specifier(text: &str) -> Result<(Specifier, &str), String> {
    let mut rest = &text[1..];
    let mut index = Index::Next;
    let (number, after) = digits(rest);
    if let (Some(after), false) = (after.strip_prefix('$'), number.is_empty()) {
        let at = size(number)?;
        index = Index::At(at.checked_sub(1).ok_or("IllegalFormatArgumentIndex: 0")?);
        rest = after;
    }
    let (flags, same, after) = flags(rest)?;
    if same {
        index = Index::Same;
    }
    let (width, after) = digits(after);
    let width = if width.is_empty() { None } else { Some(size(width)?) };
    let (precision, after) = match after.strip_prefix('.') {
        Some(after) => {
            let (digits, after) = digits(after);
            if digits.is_empty() {
                return Err("UnknownFormatConversion: Conversion = '.'".to_string());
            }
            (Some(size(digits)?), after)
        }
        None => (None, after),
    };
    let (time, letters) = match after.strip_prefix(['t', 'T']) {
        Some(letters) => (true, letters),
        None => (false, after),
    };
    let Some(letter) = letters.chars().next() else {
        return Err("UnknownFormatConversion: Conversion = '%'".to_string());
    };
    let rest = &letters[letter.len_utf8()..];
    let specifier = Specifier {
        index,
        flags,
        width,
        precision,
        upper: if time { after.starts_with('T') } else { "BHSCXEGA".contains(letter) },
        conversion: if time { letter } else { letter.to_ascii_lowercase() },
        time,
        text: text[..text.len() - rest.len()].to_string(),
    };
    let known = if time { "HIklMSLNpzZsQBbhAaCYyjmdeRTrDFc" } else { "bBhHsScCdoxXeEfgGaAn%" };
    if !known.contains(letter) {
        return Err(format!("UnknownFormatConversion: Conversion = '{letter}'"));
    }
    Ok((specifier, rest))
}

fn flags(text: &str) -> Result<(Flags, bool, &str), String> {
    let (mut flags, mut same) = (Flags::default(), false);
    for (i, c) in text.char_indices() {
        let flag = match c {
            '-' => &mut flags.left,
            '#' => &mut flags.alternate,
            '+' => &mut flags.plus,
            ' ' => &mut flags.blank,
            '0' => &mut flags.zero,
            ',' => &mut flags.group,
            '(' => &mut flags.parentheses,
            '<' => &mut same,
            _ => return Ok((flags, same, &text[i..])),
        };
        if std::mem::replace(flag, true) {
            return Err(format!("DuplicateFormatFlags: Flags = '{c}'"));
        }
    }
    Ok((flags, same, ""))
}

/// What Java refuses whatever the argument is.
fn check(specifier: &Specifier) -> Result<(), String> {
    let Specifier { flags, width, precision, conversion, time, text, .. } = specifier;
    let mismatch =
        |flag: char| Err(format!("FormatFlagsConversionMismatch: Conversion = {conversion}, Flags = {flag}"));
    if (flags.left || flags.zero) && width.is_none() {
        return Err(format!("MissingFormatWidth: {text}"));
    }
    if (flags.left && flags.zero) || (flags.plus && flags.blank) {
        return Err(format!("IllegalFormatFlags: {text}"));
    }
    if *conversion == 'n' && !time {
        return match (width, precision) {
            (Some(width), _) => Err(format!("IllegalFormatWidth: {width}")),
            (_, Some(precision)) => Err(format!("IllegalFormatPrecision: {precision}")),
            _ => Ok(()),
        };
    }
    let numeric = !*time && "doxefga".contains(*conversion);
    if !numeric && (flags.plus || flags.blank || flags.zero || flags.group || flags.parentheses) {
        return mismatch(if flags.group { ',' } else { '+' });
    }
    if (*time || "doxc%".contains(*conversion)) && precision.is_some() {
        return Err(format!("IllegalFormatPrecision: {}", precision.unwrap_or(0)));
    }
    if flags.alternate && (*time || "bcdgh".contains(*conversion)) {
        return mismatch('#');
    }
    if flags.group && !*time && "oxea".contains(*conversion) {
        return mismatch(',');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_specifiers() {
        let pieces = parse("a%-7.3s%2$,05d%<tY%%%n").expect("a format");
        assert_eq!(pieces.len(), 6);
        let Piece::Value(first) = &pieces[1] else { panic!("a specifier") };
        assert_eq!((first.width, first.precision, first.flags.left), (Some(7), Some(3), true));
        let Piece::Value(third) = &pieces[3] else { panic!("a specifier") };
        assert_eq!((third.index, third.conversion, third.time), (Index::Same, 'Y', true));
    }

    #[test]
    fn refuses_what_java_refuses() {
        for format in
            ["%", "%--2d", "%-s", "%5n", "%y", "%.3d", "%-05d", "%+ d", "%#d", "%,s", "%tV", "%1$", "%0$s", "%.s"]
        {
            assert!(parse(format).is_err(), "{format}");
        }
    }
}
