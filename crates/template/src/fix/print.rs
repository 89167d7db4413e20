//! JSON as Go's `encoding/json` writes it, in Packer's indentation.

use serde_json::Value;
use std::fmt::Write as _;

/// A value in lines indented by two spaces a level, keys sorted; the first line is not indented.
pub(super) fn print(value: &Value, level: usize) -> String {
    let mut out = String::new();
    write(&mut out, value, level);
    out
}

fn write(out: &mut String, value: &Value, level: usize) {
    let line = |out: &mut String, level: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    };
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number_text(number.as_f64().unwrap_or(0.0))),
        Value::String(text) => string(out, text),
        Value::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                line(out, level + 1);
                write(out, element, level + 1);
            }
            if !elements.is_empty() {
                line(out, level);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (index, (key, value)) in sorted.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                line(out, level + 1);
                string(out, key);
                out.push_str(": ");
                write(out, value, level + 1);
            }
            if !sorted.is_empty() {
                line(out, level);
            }
            out.push('}');
        }
    }
}

/// A number as Go writes a float64: plain, but with an exponent below 1e-6 and from 1e21.
fn number_text(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        // Go writes the sign of the exponent.
        return if text.contains("e-") { text } else { text.replace('e', "e+") };
    }
    format!("{number}")
}

/// A string as Go writes it, `<`, `>` and `&` escaped.
pub(super) fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\0'..='\x1f' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_as_go_writes_them() {
        for (number, text) in [
            (4000.0, "4000"),
            (1.5, "1.5"),
            (-0.25, "-0.25"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-7, "1e-7"),
            (1.5e-7, "1.5e-7"),
        ] {
            assert_eq!(super::number_text(number), text);
        }
    }
}
