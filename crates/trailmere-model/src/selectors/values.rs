//! Does a text equal, begin with or end with any of many values, without looking at each?

use super::{FieldSelector, SelectorOperator};

/// The conditions on one field, ready to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Matcher {
    select: Option<ValueSet>,
    deselect: ValueSet,
}

impl Matcher {
    pub(super) fn new(selector: &FieldSelector) -> Self {
        use SelectorOperator::{EndsWith, Equals, NotEndsWith, NotEquals, NotStartsWith, StartsWith};
        let select = ValueSet::new(selector, [Equals, StartsWith, EndsWith]);
        Self {
            select: Some(select).filter(|set| !set.is_empty()),
            deselect: ValueSet::new(selector, [NotEquals, NotStartsWith, NotEndsWith]),
        }
    }

    /// An absent field hits nothing: a select operator fails on it, a deselect operator passes.
    pub(super) fn matches(&self, value: Option<&str>) -> bool {
        match value {
            Some(text) => self.selects(text) && !self.deselect.hit(text),
            None => self.select.is_none(),
        }
    }

    /// Of several values, one must be selected and none deselected. No value at all is an absent field.
    pub(super) fn matches_all<'a>(&self, values: impl Iterator<Item = &'a str>) -> bool {
        let mut selected = self.select.is_none();
        for text in values {
            if self.deselect.hit(text) {
                return false;
            }
            selected = selected || self.selects(text);
        }
        selected
    }

    fn selects(&self, text: &str) -> bool {
        self.select.as_ref().is_none_or(|set| set.hit(text))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ValueSet {
    /// Sorted.
    equals: Box<[Box<str>]>,
    /// Sorted; none begins with another, so that only the greatest one up to a text can begin it.
    starts: Box<[Box<str>]>,
    /// Sorted from their ends on; none ends with another.
    ends: Box<[Box<str>]>,
}

impl ValueSet {
    fn new(selector: &FieldSelector, [equals, starts, ends]: [SelectorOperator; 3]) -> Self {
        let boxed = |operator| -> Vec<Box<str>> {
            selector.values(operator).iter().map(|value| value.as_str().into()).collect()
        };
        let (mut equals, mut starts, mut ends) = (boxed(equals), boxed(starts), boxed(ends));
        equals.sort();
        starts.sort();
        starts.dedup_by(|longer, shorter| longer.starts_with(&**shorter));
        ends.sort_by(|a, b| a.bytes().rev().cmp(b.bytes().rev()));
        ends.dedup_by(|longer, shorter| longer.ends_with(&**shorter));
        Self { equals: equals.into(), starts: starts.into(), ends: ends.into() }
    }

    fn is_empty(&self) -> bool {
        self.equals.is_empty() && self.starts.is_empty() && self.ends.is_empty()
    }

    fn hit(&self, text: &str) -> bool {
        self.equals.binary_search_by(|value| (**value).cmp(text)).is_ok() || self.begins(text) || self.ends(text)
    }

    fn begins(&self, text: &str) -> bool {
        let after = self.starts.partition_point(|value| **value <= *text);
        after > 0 && text.starts_with(&*self.starts[after - 1])
    }

    fn ends(&self, text: &str) -> bool {
        let after = self.ends.partition_point(|value| value.bytes().rev().le(text.bytes().rev()));
        after > 0 && text.ends_with(&*self.ends[after - 1])
    }
}
