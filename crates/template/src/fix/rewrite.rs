//! The difference between two values, written into the text the first was read from.

use super::print;
use crate::json::{Member, Node, NodeKind};
use serde_json::{Map, Value};
use std::ops::Range;

/// The text with what differs between the values changed, and nothing else.
pub(super) fn rewrite(text: &str, root: &Node, before: &Value, after: &Value) -> String {
    let mut patches = Patches { text, list: Vec::new() };
    patches.node(root, before, after);
    let mut list = patches.list;
    // Of an insertion and a removal at one place, the insertion comes first.
    list.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, inserted) in list {
        out.push_str(text.get(at..range.start).unwrap_or(""));
        out.push_str(&inserted);
        at = range.end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

struct Patches<'a> {
    text: &'a str,
    list: Vec<(Range<usize>, String)>,
}

impl Patches<'_> {
    fn replace(&mut self, range: Range<usize>, with: String) {
        self.list.push((range, with));
    }

    fn node(&mut self, node: &Node, before: &Value, after: &Value) {
        if before == after {
            return;
        }
        match (&node.kind, before, after) {
            (NodeKind::Object(members), Value::Object(before), Value::Object(after)) => {
                self.object(node, members, before, after);
            }
            (NodeKind::Array(nodes), Value::Array(before), Value::Array(after))
                if before.len() == after.len() =>
            {
                for ((node, before), after) in nodes.iter().zip(before).zip(after) {
                    self.node(node, before, after);
                }
            }
            _ => self.whole(node, after),
        }
    }

    /// Writes a value anew.
    fn whole(&mut self, node: &Node, after: &Value) {
        let range = node.span.start as usize..node.span.end as usize;
        let line = self.text.get(..range.start).unwrap_or("").rsplit('\n').next().unwrap_or("");
        let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
        let lines = plain(after).replace('\n', &format!("\n{indent}"));
        self.replace(range, lines);
    }

    fn object(
        &mut self,
        node: &Node,
        members: &[Member],
        before: &Map<String, Value>,
        after: &Map<String, Value>,
    ) {
        let gone: Vec<usize> =
            (0..members.len()).filter(|at| !after.contains_key(&members[*at].key.text)).collect();
        let new: Vec<&String> = after.keys().filter(|key| !before.contains_key(*key)).collect();
        let kept: Vec<&Member> =
            members.iter().filter(|member| after.contains_key(&member.key.text)).collect();
        if kept.is_empty() && gone.len() > new.len() {
            return self.whole(node, &Value::Object(after.clone()));
        }
        for member in kept {
            let key = &member.key.text;
            if let (Some(before), Some(after)) = (before.get(key), after.get(key)) {
                self.node(&member.value, before, after);
            }
        }
        // A key that went and one that came are one member with another name: of the same value if there is one.
        let mut new = new;
        let mut removed = Vec::new();
        let mut waiting = Vec::new();
        for at in gone {
            let value = before.get(&members[at].key.text);
            match new.iter().position(|key| after.get(*key) == value) {
                Some(found) => {
                    let key = new.remove(found);
                    self.rename(&members[at], key, value, after.get(key));
                }
                None => waiting.push(at),
            }
        }
        for at in waiting {
            if new.is_empty() {
                removed.push(at);
            } else {
                let key = new.remove(0);
                self.rename(&members[at], key, before.get(&members[at].key.text), after.get(key));
            }
        }
        self.remove(members, &removed);
        let last = (0..members.len()).rev().find(|at| !removed.contains(at));
        self.add(node, last.map(|at| &members[at]), &new, after);
    }

    fn rename(&mut self, member: &Member, key: &str, before: Option<&Value>, after: Option<&Value>) {
        let mut name = String::new();
        print::string(&mut name, key);
        self.replace(member.key_span.start as usize..member.key_span.end as usize, name);
        if let (Some(before), Some(after)) = (before, after) {
            self.node(&member.value, before, after);
        }
    }

    /// Takes members out, each with the comma that is then too much.
    fn remove(&mut self, members: &[Member], removed: &[usize]) {
        let mut at = 0;
        while at < members.len() {
            if !removed.contains(&at) {
                at += 1;
                continue;
            }
            let end = (at..members.len()).find(|next| !removed.contains(next)).unwrap_or(members.len());
            let start = members[at].span.start as usize;
            let range = match (at.checked_sub(1).map(|before| &members[before]), members.get(end)) {
                (Some(before), _) => before.span.end as usize..members[end - 1].span.end as usize,
                (None, Some(next)) => start..next.span.start as usize,
                (None, None) => start..members[end - 1].span.end as usize,
            };
            self.replace(range, String::new());
            at = end;
        }
    }

    /// Adds members after `last`, laid out as it is.
    fn add(&mut self, node: &Node, last: Option<&Member>, keys: &[&String], after: &Map<String, Value>) {
        if keys.is_empty() {
            return;
        }
        let Some(last) = last else { return self.whole(node, &Value::Object(after.clone())) };
        let lead = self.text.get(node.span.start as usize..last.span.start as usize).unwrap_or("");
        let space = &lead[lead.trim_end().len()..];
        let space = if space.is_empty() { " " } else { space };
        let indent = space.rsplit('\n').next().filter(|_| space.contains('\n')).unwrap_or("");
        let mut text = String::new();
        for key in keys {
            text.push(',');
            text.push_str(space);
            print::string(&mut text, key);
            text.push_str(": ");
            let value = after.get(*key).map(plain).unwrap_or_default();
            text.push_str(&value.replace('\n', &format!("\n{indent}")));
        }
        let end = last.span.end as usize;
        self.replace(end..end, text);
    }
}

/// A value in JSON that a person would write: no escapes that are not needed.
fn plain(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
