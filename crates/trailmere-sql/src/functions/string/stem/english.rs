//! How is an English word stemmed? By the Snowball project's algorithm, `english` (Porter 2).

/// A word with the starts of its regions: what follows the first consonant after a vowel, and the same within that.
struct Word {
    letters: Vec<char>,
    r1: usize,
    r2: usize,
}

/// The stem of a word in lower case.
pub(super) fn stem(word: &str) -> String {
    const EXCEPTIONS: [(&str, &str); 18] = [
        ("skis", "ski"),
        ("skies", "sky"),
        ("dying", "die"),
        ("lying", "lie"),
        ("tying", "tie"),
        ("idly", "idl"),
        ("gently", "gentl"),
        ("ugly", "ugli"),
        ("early", "earli"),
        ("only", "onli"),
        ("singly", "singl"),
        ("sky", "sky"),
        ("news", "news"),
        ("howe", "howe"),
        ("atlas", "atlas"),
        ("cosmos", "cosmos"),
        ("bias", "bias"),
        ("andes", "andes"),
    ];
    const DONE_EARLY: [&str; 8] = ["inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed"];
    if word.chars().count() <= 2 {
        return word.to_string();
    }
    if let Some((_, stem)) = EXCEPTIONS.iter().find(|(exception, _)| *exception == word) {
        return stem.to_string();
    }
    let mut word = Word::new(word);
    word.drop_genitive();
    word.drop_plural();
    if !DONE_EARLY.contains(&word.text().as_str()) {
        word.drop_past();
        word.soften_y();
        word.shorten_suffix();
        word.shorten_more();
        word.drop_suffix();
        word.drop_last();
    }
    word.text()
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

impl Word {
    fn new(text: &str) -> Word {
        let mut letters: Vec<char> = text.strip_prefix('\'').unwrap_or(text).chars().collect();
        // A y that is a consonant stands as Y for the time.
        for i in 0..letters.len() {
            if letters[i] == 'y' && (i == 0 || is_vowel(letters[i - 1])) {
                letters[i] = 'Y';
            }
        }
        let after = |from: usize| {
            (from + 1..letters.len())
                .find(|&i| is_vowel(letters[i - 1]) && !is_vowel(letters[i]))
                .map_or(letters.len(), |i| i + 1)
        };
        let special =
            ["gener", "commun", "arsen"].into_iter().find(|p| letters.iter().collect::<String>().starts_with(p));
        let r1 = special.map_or_else(|| after(0), str::len);
        let r2 = if r1 < letters.len() { after(r1) } else { letters.len() };
        Word { letters, r1, r2 }
    }

    fn text(&self) -> String {
        self.letters.iter().map(|c| if *c == 'Y' { 'y' } else { *c }).collect()
    }

    fn ends(&self, suffix: &str) -> bool {
        let count = suffix.len();
        self.letters.len() >= count && self.letters[self.letters.len() - count..].iter().copied().eq(suffix.chars())
    }

    /// Where the suffix begins, if the word ends with it.
    fn start_of(&self, suffix: &str) -> Option<usize> {
        self.ends(suffix).then(|| self.letters.len() - suffix.len())
    }

    fn replace(&mut self, from: usize, with: &str) {
        self.letters.truncate(from);
        self.letters.extend(with.chars());
    }

    fn has_vowel(&self, end: usize) -> bool {
        self.letters[..end].iter().any(|c| is_vowel(*c))
    }

    /// Whether the letters up to `end` end with a short syllable.
    fn is_short_before(&self, end: usize) -> bool {
        let w = &self.letters[..end];
        match w {
            [a, b] => is_vowel(*a) && !is_vowel(*b),
            [.., a, b, c] => !is_vowel(*a) && is_vowel(*b) && !is_vowel(*c) && !matches!(c, 'w' | 'x' | 'Y'),
            _ => false,
        }
    }

    fn drop_genitive(&mut self) {
        if let Some(at) = ["'s'", "'s", "'"].into_iter().find_map(|s| self.start_of(s)) {
            self.letters.truncate(at);
        }
    }

    fn drop_plural(&mut self) {
        if let Some(at) = self.start_of("sses") {
            self.replace(at, "ss");
        } else if let Some(at) = self.start_of("ied").or_else(|| self.start_of("ies")) {
            self.replace(at, if at > 1 { "i" } else { "ie" });
        } else if self.ends("s") && !self.ends("us") && !self.ends("ss") {
            let end = self.letters.len() - 1;
            if end > 1 && self.has_vowel(end - 1) {
                self.letters.truncate(end);
            }
        }
    }

    fn drop_past(&mut self) {
        if let Some(at) = self.start_of("eedly").or_else(|| self.start_of("eed")) {
            if at >= self.r1 {
                self.replace(at, "ee");
            }
            return;
        }
        let Some(at) = ["ingly", "edly", "ing", "ed"].into_iter().find_map(|s| self.start_of(s)) else { return };
        if !self.has_vowel(at) {
            return;
        }
        self.letters.truncate(at);
        let doubled = matches!(self.letters.as_slice(), [.., a, b] if a == b && "bdfgmnprt".contains(*a));
        if self.ends("at") || self.ends("bl") || self.ends("iz") {
            self.letters.push('e');
        } else if doubled {
            self.letters.pop();
        } else if self.r1 >= self.letters.len() && self.is_short_before(self.letters.len()) {
            self.letters.push('e');
        }
    }

    fn soften_y(&mut self) {
        let end = self.letters.len();
        if end > 2 && matches!(self.letters[end - 1], 'y' | 'Y') && !is_vowel(self.letters[end - 2]) {
            self.letters[end - 1] = 'i';
        }
    }

    fn shorten_suffix(&mut self) {
        const SUFFIXES: [(&str, &str); 24] = [
            ("ational", "ate"),
            ("ization", "ize"),
            ("fulness", "ful"),
            ("ousness", "ous"),
            ("iveness", "ive"),
            ("tional", "tion"),
            ("biliti", "ble"),
            ("lessli", "less"),
            ("entli", "ent"),
            ("ation", "ate"),
            ("alism", "al"),
            ("aliti", "al"),
            ("ousli", "ous"),
            ("iviti", "ive"),
            ("fulli", "ful"),
            ("enci", "ence"),
            ("anci", "ance"),
            ("abli", "able"),
            ("izer", "ize"),
            ("ator", "ate"),
            ("alli", "al"),
            ("bli", "ble"),
            ("ogi", "og"),
            ("li", ""),
        ];
        let Some((suffix, new)) = SUFFIXES.into_iter().find(|(suffix, _)| self.ends(suffix)) else { return };
        let at = self.letters.len() - suffix.len();
        let before = at.checked_sub(1).map(|i| self.letters[i]);
        let allowed = match suffix {
            "ogi" => before == Some('l'),
            "li" => before.is_some_and(|c| "cdeghkmnrt".contains(c)),
            _ => true,
        };
        if at >= self.r1 && allowed {
            self.replace(at, new);
        }
    }

    fn shorten_more(&mut self) {
        const SUFFIXES: [(&str, &str); 9] = [
            ("ational", "ate"),
            ("tional", "tion"),
            ("alize", "al"),
            ("icate", "ic"),
            ("iciti", "ic"),
            ("ative", ""),
            ("ical", "ic"),
            ("ness", ""),
            ("ful", ""),
        ];
        let Some((suffix, new)) = SUFFIXES.into_iter().find(|(suffix, _)| self.ends(suffix)) else { return };
        let at = self.letters.len() - suffix.len();
        if at >= self.r1 && (suffix != "ative" || at >= self.r2) {
            self.replace(at, new);
        }
    }

    fn drop_suffix(&mut self) {
        const SUFFIXES: [&str; 18] = [
            "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize",
            "ion", "al", "er", "ic",
        ];
        let Some(suffix) = SUFFIXES.into_iter().find(|suffix| self.ends(suffix)) else { return };
        let at = self.letters.len() - suffix.len();
        let allowed = suffix != "ion" || at.checked_sub(1).is_some_and(|i| matches!(self.letters[i], 's' | 't'));
        if at >= self.r2 && allowed {
            self.letters.truncate(at);
        }
    }

    fn drop_last(&mut self) {
        let Some(at) = self.letters.len().checked_sub(1) else { return };
        let drops = match self.letters[at] {
            'e' => at >= self.r2 || (at >= self.r1 && !self.is_short_before(at)),
            'l' => at >= self.r2 && at > 0 && self.letters[at - 1] == 'l',
            _ => false,
        };
        if drops {
            self.letters.truncate(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From Snowball's own sample vocabulary.
    #[test]
    fn stems_as_snowball_does() {
        for (word, expected) in [
            ("runs", "run"),
            ("abc", "abc"),
            ("accessories", "accessori"),
            ("faithfulness", "faith"),
            ("consigned", "consign"),
            ("consistency", "consist"),
            ("consolatory", "consolatori"),
            ("knightly", "knight"),
            ("knots", "knot"),
            ("generously", "generous"),
            ("hopping", "hop"),
            ("hoped", "hope"),
            ("denied", "deni"),
            ("cries", "cri"),
            ("ties", "tie"),
            ("gas", "gas"),
            ("gaps", "gap"),
            ("this", "this"),
            ("skies", "sky"),
            ("relational", "relat"),
            ("rational", "ration"),
            ("say", "say"),
            ("by", "by"),
            ("succeed", "succeed"),
            ("agreed", "agre"),
            ("fall", "fall"),
            ("john's", "john"),
            ("", ""),
        ] {
            assert_eq!(stem(word), expected, "{word}");
        }
    }
}
