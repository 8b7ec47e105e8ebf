//! Which items does a path find, in lax and in strict mode?

use super::{Mode, Node, Predicate, compare, method};
use crate::json::item::{Item, Number};

type Found = Result<Vec<Item>, String>;

/// The evaluation of a path on a context.
#[derive(Clone, Copy)]
pub(super) struct Evaluation<'a> {
    pub(super) mode: Mode,
    pub(super) context: &'a Item,
    pub(super) variables: &'a [(String, Vec<Item>)],
}

/// What `@` and `last` mean at a place in the path.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    current: Option<&'a Item>,
    last: Option<i128>,
}

impl Evaluation<'_> {
    /// Evaluates a whole path.
    pub(super) fn path(&self, node: &Node) -> Found {
        self.node(node, Place::default())
    }

    fn is_lax(&self) -> bool {
        self.mode == Mode::Lax
    }

    fn node(&self, node: &Node, place: Place<'_>) -> Found {
        match node {
            Node::Context => Ok(vec![self.context.clone()]),
            Node::Variable(name) => match self.variables.iter().find(|(n, _)| n == name) {
                Some((_, items)) => Ok(items.clone()),
                None => Err(format!(
                    "no value passed for parameter {name}. Try quoting \"{name}\" in the PASSING clause to match case"
                )),
            },
            Node::Current => place.current.cloned().map(|item| vec![item]).ok_or("`@` outside a filter".to_string()),
            Node::Last => match place.last {
                Some(last) => Ok(vec![Item::Number(Number::exact(last, 0))]),
                None => Err("`last` outside a subscript".to_string()),
            },
            Node::Literal(item) => Ok(vec![item.clone()]),
            Node::Negate(inner) => self.sign(inner, place, true),
            Node::Plus(inner) => self.sign(inner, place, false),
            Node::Arithmetic(op, left, right) => {
                let (left, right) = (self.operand(left, place)?, self.operand(right, place)?);
                Ok(vec![Item::Number(compare::arithmetic(*op, &left, &right)?)])
            }
            Node::Member(base, key) => self.member(self.node(base, place)?, key.as_deref()),
            Node::Descendants(base, key) => {
                let mut found = vec![];
                self.node(base, place)?.iter().for_each(|item| push_descendants(item, key, &mut found));
                Ok(found)
            }
            Node::Elements(base) => self.elements(self.node(base, place)?),
            Node::Subscripts(base, ranges) => self.subscripts(self.node(base, place)?, ranges, place),
            Node::Filter(base, predicate) => self.filter(self.node(base, place)?, predicate, place),
            Node::Method(base, method, argument) => {
                let mut items = self.node(base, place)?;
                if self.is_lax() && method::unwraps(*method) {
                    items = unwrap(items);
                }
                let mut found = vec![];
                for item in items {
                    method::call(*method, argument.as_deref(), item, self.mode, &mut found)?;
                }
                Ok(found)
            }
        }
    }

    fn sign(&self, inner: &Node, place: Place<'_>, negative: bool) -> Found {
        let mut items = self.node(inner, place)?;
        if self.is_lax() {
            items = unwrap(items);
        }
        let sign = |item: Item| match item {
            Item::Number(number) if negative => compare::negate(&number).map(Item::Number),
            Item::Number(number) => Ok(Item::Number(number)),
            other => Err(invalid_type("NUMBER", &other)),
        };
        items.into_iter().map(sign).collect()
    }

    /// The one number that an operand must be.
    fn operand(&self, node: &Node, place: Place<'_>) -> Result<Number, String> {
        let mut items = self.node(node, place)?;
        if self.is_lax() {
            items = unwrap(items);
        }
        match items.as_slice() {
            [Item::Number(number)] => Ok(number.clone()),
            [other] => Err(invalid_type("NUMBER", other)),
            _ => Err("arithmetic binary expression requires singleton operands".to_string()),
        }
    }

    fn member(&self, items: Vec<Item>, key: Option<&str>) -> Found {
        let items = if self.is_lax() { unwrap(items) } else { items };
        let mut found = vec![];
        for item in items {
            match (item, key) {
                (Item::Object(members), None) => found.extend(members.into_iter().map(|(_, value)| value)),
                (Item::Object(members), Some(key)) => {
                    let value = members.into_iter().find(|(name, _)| name == key);
                    if value.is_none() && !self.is_lax() {
                        return Err(format!("structural error: missing member '{key}' in JSON object"));
                    }
                    found.extend(value.map(|(_, value)| value));
                }
                (other, _) if !self.is_lax() => return Err(invalid_type("OBJECT", &other)),
                _ => {}
            }
        }
        Ok(found)
    }

    fn elements(&self, items: Vec<Item>) -> Found {
        let mut found = vec![];
        for item in items {
            match item {
                Item::Array(elements) => found.extend(elements),
                other if self.is_lax() => found.push(other),
                other => return Err(invalid_type("ARRAY", &other)),
            }
        }
        Ok(found)
    }

    fn subscripts(&self, items: Vec<Item>, ranges: &[(Node, Option<Node>)], place: Place<'_>) -> Found {
        let mut found = vec![];
        for item in items {
            let elements = match item {
                Item::Array(elements) => elements,
                other if self.is_lax() => vec![other],
                other => return Err(invalid_type("ARRAY", &other)),
            };
            let last = elements.len() as i128 - 1;
            let place = Place { last: Some(last), ..place };
            for (from, to) in ranges {
                let from = self.index(from, place)?;
                let to = to.as_ref().map_or(Ok(from), |to| self.index(to, place))?;
                if !self.is_lax() && (from < 0 || from > to || to > last) {
                    let size = elements.len();
                    return Err(format!(
                        "structural error: invalid array subscript: [{from}, {to}] for array of size {size}"
                    ));
                }
                let (from, to) = (from.max(0), to.min(last));
                if from <= to {
                    found.extend_from_slice(&elements[from as usize..=to as usize]);
                }
            }
        }
        Ok(found)
    }

    fn index(&self, node: &Node, place: Place<'_>) -> Result<i128, String> {
        match self.node(node, place)?.as_slice() {
            [Item::Number(number)] => Ok(number.value.trunc() as i128),
            [other] => Err(invalid_type("NUMBER", other)),
            _ => Err("array subscript requires a single number".to_string()),
        }
    }

    fn filter(&self, items: Vec<Item>, predicate: &Predicate, place: Place<'_>) -> Found {
        let items = if self.is_lax() { unwrap(items) } else { items };
        let holds = |item: &Item| self.predicate(predicate, Place { current: Some(item), ..place }) == Some(true);
        Ok(items.into_iter().filter(holds).collect())
    }

    /// `None` is unknown.
    fn predicate(&self, predicate: &Predicate, place: Place<'_>) -> Option<bool> {
        match predicate {
            Predicate::And(a, b) => match (self.predicate(a, place), self.predicate(b, place)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Predicate::Or(a, b) => match (self.predicate(a, place), self.predicate(b, place)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Predicate::Not(inner) => self.predicate(inner, place).map(|holds| !holds),
            Predicate::IsUnknown(inner) => Some(self.predicate(inner, place).is_none()),
            Predicate::Exists(node) => self.node(node, place).ok().map(|found| !found.is_empty()),
            Predicate::Compare(comparison, left, right) => {
                let (left, right) = (self.values(left, place)?, self.values(right, place)?);
                self.any(&left, &right, |a, b| compare::compare(*comparison, a, b))
            }
            Predicate::StartsWith(text, start) => {
                let (text, start) = (self.values(text, place)?, self.values(start, place)?);
                self.any(&text, &start, |a, b| match (a, b) {
                    (Item::Text(a), Item::Text(b)) => Some(a.starts_with(b.as_str())),
                    _ => None,
                })
            }
            Predicate::LikeRegex(text, pattern) => {
                let text = self.values(text, place)?;
                self.any(&text, &[Item::Null], |a, _| match a {
                    Item::Text(a) => Some(pattern.is_match(a)),
                    _ => None,
                })
            }
        }
    }

    fn values(&self, node: &Node, place: Place<'_>) -> Option<Vec<Item>> {
        let items = self.node(node, place).ok()?;
        Some(if self.is_lax() { unwrap(items) } else { items })
    }

    /// Whether a pair passes: in lax mode the first that does decides, in strict mode one without an answer.
    fn any(&self, left: &[Item], right: &[Item], test: impl Fn(&Item, &Item) -> Option<bool>) -> Option<bool> {
        let (mut found, mut unknown) = (false, false);
        for (a, b) in left.iter().flat_map(|a| right.iter().map(move |b| (a, b))) {
            match test(a, b) {
                Some(true) if self.is_lax() => return Some(true),
                Some(holds) => found |= holds,
                None => unknown = true,
            }
        }
        if unknown { None } else { Some(found) }
    }
}

/// Takes the elements of arrays for the arrays.
fn unwrap(items: Vec<Item>) -> Vec<Item> {
    let mut unwrapped = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Item::Array(elements) => unwrapped.extend(elements),
            other => unwrapped.push(other),
        }
    }
    unwrapped
}

fn push_descendants(item: &Item, key: &str, found: &mut Vec<Item>) {
    match item {
        Item::Object(members) => {
            found.extend(members.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone()));
            members.iter().for_each(|(_, value)| push_descendants(value, key, found));
        }
        Item::Array(elements) => elements.iter().for_each(|element| push_descendants(element, key, found)),
        _ => {}
    }
}

/// The message for an item of another type than a step takes.
pub(super) fn invalid_type(expected: &str, item: &Item) -> String {
    format!("invalid item type. Expected: {expected}, actual: {}", item.type_name().to_uppercase())
}
