//! What was found where in one JSON value? A flat list of spans, reused from record to record: no tree is built.

use std::borrow::Cow;

use super::text::unescape_into;

/// What kind of value a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Text,
    Number,
    True,
    False,
    Null,
    Object,
    Array,
}

/// A value, or an object's key, which stands just before its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// Where it begins; for a string, after the quote.
    pub(crate) start: u32,
    /// Where it ends; for a string, before the quote.
    pub(crate) end: u32,
    /// The first node that is no part of it.
    pub(crate) next: u32,
    pub(crate) kind: NodeKind,
    /// Of a string: it has escapes. Of an object or array: there is white space in it, outside strings.
    pub(crate) marked: bool,
}

/// No value: the root is nobody's member, so its index is free to say so.
pub(crate) const ABSENT: u32 = 0;

/// A scanned value: its text and the spans in it.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a> {
    pub(crate) text: &'a str,
    pub(crate) nodes: &'a [Node],
}

impl<'a> Json<'a> {
    #[inline]
    pub(crate) fn node(&self, index: u32) -> Node {
        self.nodes[index as usize]
    }

    /// The kind of a value that may be absent.
    #[inline]
    pub(crate) fn kind(&self, index: u32) -> Option<NodeKind> {
        (index != ABSENT).then(|| self.node(index).kind)
    }

    /// The text of a span: of a string, what is between the quotes, as delivered.
    #[inline]
    pub(crate) fn raw(&self, node: Node) -> &'a str {
        &self.text[node.start as usize..node.end as usize]
    }

    /// What a string says.
    pub(crate) fn said(&self, node: Node) -> Cow<'a, str> {
        let raw = self.raw(node);
        if !node.marked {
            return Cow::Borrowed(raw);
        }
        let mut said = String::with_capacity(raw.len());
        unescape_into(raw, &mut said);
        Cow::Owned(said)
    }

    /// What a value is in a string column: a string says what it says, anything else is its JSON text, null is nothing.
    pub(crate) fn as_text(&self, index: u32) -> Option<Cow<'a, str>> {
        let node = match self.kind(index)? {
            NodeKind::Null => return None,
            _ => self.node(index),
        };
        match node.kind {
            NodeKind::Text => Some(self.said(node)),
            NodeKind::Object | NodeKind::Array if node.marked => {
                let mut compact = String::with_capacity(self.raw(node).len());
                super::compact::compact_into(self.raw(node), &mut compact);
                Some(Cow::Owned(compact))
            }
            _ => Some(Cow::Borrowed(self.raw(node))),
        }
    }

    /// What a value is in a boolean column.
    pub(crate) fn as_boolean(&self, index: u32) -> Option<bool> {
        let node = self.node(index);
        match self.kind(index)? {
            NodeKind::True => Some(true),
            NodeKind::False => Some(false),
            NodeKind::Text if self.said(node) == "true" => Some(true),
            NodeKind::Text if self.said(node) == "false" => Some(false),
            _ => None,
        }
    }

    /// The keys and values of an object; none if it is something else.
    #[inline]
    pub(crate) fn members(&self, index: u32) -> Members<'a> {
        let node = self.nodes[index as usize];
        let is_object = node.kind == NodeKind::Object;
        Members { nodes: self.nodes, at: index + 1, end: if is_object { node.next } else { 0 } }
    }

    /// The items of an array; none if it is something else.
    pub(crate) fn items(&self, index: u32) -> impl Iterator<Item = u32> + use<'a> {
        let nodes = self.nodes;
        let node = nodes[index as usize];
        let end = if node.kind == NodeKind::Array { node.next } else { 0 };
        let first = (index + 1 < end).then_some(index + 1);
        std::iter::successors(first, move |item| Some(nodes[*item as usize].next).filter(|next| *next < end))
    }

    /// The last member of an object (not the root) with this key, in any case, or [`ABSENT`].
    pub(crate) fn member(&self, index: u32, wanted: &str) -> u32 {
        let mut found = ABSENT;
        if index == ABSENT {
            return found;
        }
        for (key, value) in self.members(index) {
            let node = self.node(key);
            let is_wanted = if node.marked {
                self.said(node).eq_ignore_ascii_case(wanted)
            } else {
                self.raw(node).eq_ignore_ascii_case(wanted)
            };
            if is_wanted {
                found = value;
            }
        }
        found
    }
}

/// See [`Json::members`].
pub(crate) struct Members<'a> {
    nodes: &'a [Node],
    at: u32,
    end: u32,
}

impl Iterator for Members<'_> {
    type Item = (u32, u32);

    #[inline]
    fn next(&mut self) -> Option<(u32, u32)> {
        if self.at + 1 >= self.end {
            return None;
        }
        let (key, value) = (self.at, self.at + 1);
        self.at = self.nodes[value as usize].next;
        Some((key, value))
    }
}
