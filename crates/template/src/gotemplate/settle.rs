//! What is left of an action for the build: what is known already, such as a variable of the user, stands in it as
//! text, since the build knows no variables.

use super::exec::GoValue;
use super::parse::{Node, Operand, Pipe};
use super::{Facts, functions};
use std::ops::Range;

/// The text of a node as written, with the calls in it that are known now replaced by what they give.
pub(super) fn settle(source: &str, range: &Range<usize>, node: &Node, facts: &Facts) -> String {
    let mut known = Vec::new();
    nodes(std::slice::from_ref(node), source, facts, &mut known);
    known.sort_by_key(|(place, _)| place.start);
    let mut out = String::new();
    let mut at = range.start;
    for (place, text) in known.iter().filter(|(place, _)| place.start >= range.start) {
        out.push_str(source.get(at..place.start).unwrap_or(""));
        out.push_str(text);
        at = place.end;
    }
    out.push_str(source.get(at..range.end).unwrap_or(""));
    out
}

type Known = Vec<(Range<usize>, String)>;

fn nodes(all: &[Node], source: &str, facts: &Facts, out: &mut Known) {
    for node in all {
        match node {
            Node::Text(_) => {}
            Node::Action { pipe: inner, .. } => pipe(inner, source, facts, out),
            Node::Branch { pipe: inner, then, otherwise, .. } => {
                pipe(inner, source, facts, out);
                nodes(then, source, facts, out);
                nodes(otherwise, source, facts, out);
            }
        }
    }
}

fn pipe(inner: &Pipe, source: &str, facts: &Facts, out: &mut Known) {
    for (position, command) in inner.commands.iter().enumerate() {
        match command.as_slice() {
            // What is piped in is one more argument.
            [Operand::Function(name, at), args @ ..]
                if position == 0 && call(name, *at, args, source, facts, out) => {}
            [first, args @ ..] => {
                if let Operand::Pipe(inner) = first {
                    pipe(inner, source, facts, out);
                }
                for arg in args {
                    match arg {
                        Operand::Function(name, at) => {
                            call(name, *at, &[], source, facts, out);
                        }
                        Operand::Pipe(inner) => pipe(inner, source, facts, out),
                        _ => {}
                    }
                }
            }
            [] => {}
        }
    }
}

/// Notes a call of one text or none, when its result is known.
fn call(name: &str, at: usize, args: &[Operand], source: &str, facts: &Facts, out: &mut Known) -> bool {
    let mut end = at + name.len();
    let values = match args {
        [] => Vec::new(),
        [Operand::Text(text)] => {
            let rest = source.get(end..).unwrap_or("");
            let open = end + rest.len() - rest.trim_start().len();
            let Some(quote @ ('`' | '"')) = source.get(open..).and_then(|rest| rest.chars().next()) else {
                return false;
            };
            // An escape would have to be read again to know where the text ends.
            let inner = source.get(open + 1..).unwrap_or("");
            let Some(length) = inner.find(quote).filter(|length| *length == text.len()) else { return false };
            end = open + length + 2;
            vec![GoValue::Text(text.clone())]
        }
        _ => return false,
    };
    let Ok(GoValue::Text(value)) = functions::call(name, &values, facts) else { return false };
    let quoted = match value.contains('`') {
        true => serde_json::Value::from(value).to_string(),
        false => format!("`{value}`"),
    };
    out.push((at..end, quoted));
    true
}
