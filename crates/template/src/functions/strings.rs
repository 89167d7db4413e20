//! Functions on text.

use super::{Context, Failure, Function, P, elements, text, texts, whole};
use crate::text::Text;
use crate::value::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

pub(super) const TABLE: &[Function] = &[
    Function::new("upper", &[P::Str], P::Str, |_, a| Ok(upper(text(a, 0)?).into())),
    Function::new("lower", &[P::Str], P::Str, |_, a| Ok(lower(text(a, 0)?).into())),
    Function::new("title", &[P::Str], P::Str, |_, a| Ok(title(text(a, 0)?).into())),
    Function::new("trimspace", &[P::Str], P::Str, |_, a| Ok(text(a, 0)?.trim().into())),
    Function::new("chomp", &[P::Str], P::Str, |_, a| Ok(text(a, 0)?.trim_end_matches(['\r', '\n']).into())),
    Function::new("trim", &[P::Str, P::Str], P::Str, |_, a| {
        let cut: Vec<char> = text(a, 1)?.chars().collect();
        Ok(text(a, 0)?.trim_matches(|c| cut.contains(&c)).into())
    }),
    Function::new("trimprefix", &[P::Str, P::Str], P::Str, |_, a| {
        let whole = text(a, 0)?;
        Ok(whole.strip_prefix(text(a, 1)?).unwrap_or(whole).into())
    }),
    Function::new("trimsuffix", &[P::Str, P::Str], P::Str, |_, a| {
        let whole = text(a, 0)?;
        Ok(whole.strip_suffix(text(a, 1)?).unwrap_or(whole).into())
    }),
    Function::new("startswith", &[P::Str, P::Str], P::Bool, |_, a| {
        Ok(text(a, 0)?.starts_with(text(a, 1)?).into())
    }),
    Function::new("endswith", &[P::Str, P::Str], P::Bool, |_, a| {
        Ok(text(a, 0)?.ends_with(text(a, 1)?).into())
    }),
    Function::new("strcontains", &[P::Str, P::Str], P::Bool, |_, a| {
        Ok(text(a, 0)?.contains(text(a, 1)?).into())
    }),
    Function::new("strrev", &[P::Str], P::Str, |_, a| {
        Ok(text(a, 0)?.graphemes(true).rev().collect::<String>().into())
    }),
    Function::new("replace", &[P::Str, P::Str, P::Str], P::Str, |context, a| {
        let (whole, old, new) = (text(a, 0)?, text(a, 1)?, text(a, 2)?);
        let found = whole.matches(old).count();
        context.take(whole.len().saturating_add(found.saturating_mul(new.len())))?;
        Ok(whole.replace(old, new).into())
    }),
    Function::new("substr", &[P::Str, P::Num, P::Num], P::Str, substr),
    Function::new("split", &[P::Str, P::Str], P::Strs, |context, a| {
        let (separator, whole) = (text(a, 0)?, text(a, 1)?);
        context.take(whole.matches(separator).count() * size_of::<Value>())?;
        let pieces: Vec<Value> = if separator.is_empty() {
            whole.chars().map(|c| Value::from(c.to_string())).collect()
        } else {
            whole.split(separator).map(Value::from).collect()
        };
        Ok(Value::List(pieces))
    }),
    Function::new("join", &[P::Str], P::Str, join).rest(P::Strs).passes_holes(),
    Function::new("indent", &[P::Num, P::Str], P::Str, |context, a| {
        let blanks = usize::try_from(whole(a, 0)?).map_err(|_| Failure::arg(0, "must not be negative"))?;
        if blanks > 10_000 {
            return Err(Failure::arg(0, "more than 10000 blanks are not possible"));
        }
        let whole = text(a, 1)?;
        context.take(whole.len().saturating_add(whole.matches('\n').count().saturating_mul(blanks)))?;
        Ok(whole.replace('\n', &format!("\n{}", " ".repeat(blanks))).into())
    }),
    Function::new("format", &[P::Str], P::Str, |context, a| {
        Ok(Value::String(format_text(context, text(a, 0)?, a.get(1..).unwrap_or(&[]), 1)?))
    })
    .rest(P::Any)
    .passes_holes(),
    Function::new("formatlist", &[P::Str], P::Strs, format_list).rest(P::Any).passes_holes(),
];

/// Upper case as Go has it: a letter becomes one letter or stays (`ß`).
fn upper(text: &str) -> String {
    text.chars().map(upper_letter).collect()
}

fn upper_letter(c: char) -> char {
    let mut upper = c.to_uppercase();
    upper.next().filter(|_| upper.next().is_none()).unwrap_or(c)
}

fn lower(text: &str) -> String {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

fn title(text: &str) -> String {
    let mut start = true;
    text.chars()
        .map(|c| {
            let first = start && c.is_alphabetic();
            start = !(c.is_alphanumeric() || c == '_' || c == '\'');
            if first { upper_letter(c) } else { c }
        })
        .collect()
}

fn substr(_: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    let clusters: Vec<&str> = text(a, 0)?.graphemes(true).collect();
    let (offset, length) = (whole(a, 1)?, whole(a, 2)?);
    let count = clusters.len() as i64;
    let start = if offset < 0 { (count + offset).max(0) } else { offset.min(count) };
    // As in cty: from a place counted from the end, a length of 0 is everything after it.
    let end = if length < 0 || (offset < 0 && length == 0) {
        count
    } else {
        start.saturating_add(length).min(count)
    };
    let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
    Ok(clusters.get(range).map(<[&str]>::concat).unwrap_or_default().into())
}

fn join(context: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    if a.len() < 2 {
        return Err(Failure::new("at least one list is required"));
    }
    let Some(Value::String(separator)) = a.first() else { return Err(super::wrong(0)) };
    let mut joined = Text::default();
    let mut first = true;
    for index in 1..a.len() {
        for piece in texts(a, index)? {
            context.take(separator.size() + piece.size())?;
            if !first {
                joined.push_text(separator);
            }
            first = false;
            joined.push_text(&piece);
        }
    }
    Ok(Value::String(joined))
}

fn format_list(context: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    let pattern = text(a, 0)?;
    let lengths: Vec<usize> =
        a.iter().skip(1).filter_map(|arg| arg.as_elements().map(<[Value]>::len)).collect();
    let Some(&length) = lengths.first() else {
        let single = format_text(context, pattern, a.get(1..).unwrap_or(&[]), 1)?;
        return Ok(Value::List(vec![Value::String(single)]));
    };
    if lengths.iter().any(|other| *other != length) {
        return Err(Failure::new("all lists must have the same length"));
    }
    let each: usize = a.iter().filter(|arg| arg.as_elements().is_none()).map(|arg| arg.measure().0).sum();
    let rows = (0..length).map(|row| {
        context.take(each)?;
        let args: Vec<Value> = a
            .iter()
            .skip(1)
            .map(|arg| match arg.as_elements() {
                Some(items) => items.get(row).cloned().unwrap_or_default(),
                None => arg.clone(),
            })
            .collect();
        format_text(context, pattern, &args, 1).map(Value::String)
    });
    Ok(Value::List(rows.collect::<Result<_, _>>()?))
}

struct Verb {
    flags: String,
    width: Option<usize>,
    precision: Option<usize>,
    verb: char,
}

/// Formats as cty's `format` does. `first` is the position of the first argument in the call.
fn format_text(context: &Context<'_>, pattern: &str, args: &[Value], first: usize) -> Result<Text, Failure> {
    let mut out = Text::default();
    let mut next = 0;
    let mut highest = 0;
    let mut chars = pattern.chars().peekable();
    let mut plain = String::new();
    while let Some(c) = chars.next() {
        if c != '%' {
            plain.push(c);
            continue;
        }
        if chars.peek() == Some(&'%') {
            chars.next();
            plain.push('%');
            continue;
        }
        out.push_str(&std::mem::take(&mut plain));
        let mut verb = Verb { flags: String::new(), width: None, precision: None, verb: ' ' };
        let digits = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let mut text = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                text.push(digit);
            }
            text.parse::<usize>().ok()
        };
        while let Some(flag) = chars.next_if(|c| "+-# 0".contains(*c)) {
            verb.flags.push(flag);
        }
        verb.width = digits(&mut chars);
        if chars.next_if_eq(&'.').is_some() {
            verb.precision = Some(digits(&mut chars).unwrap_or(0));
        }
        if chars.next_if_eq(&'[').is_some() {
            let index = digits(&mut chars).filter(|index| *index > 0);
            let closed = chars.next_if_eq(&']').is_some();
            let (Some(index), true) = (index, closed) else {
                return Err(Failure::arg(0, "an argument index is written like %[1]s"));
            };
            next = index - 1;
        }
        verb.verb = chars.next().ok_or_else(|| Failure::arg(0, "the text ends inside a verb"))?;
        if verb.width.max(verb.precision).is_some_and(|n| n > 100_000) {
            return Err(Failure::arg(0, "this width is too large"));
        }
        let Some(arg) = args.get(next) else {
            return Err(Failure::arg(
                0,
                format!("there are not enough arguments for \"%{}\": need argument {}", verb.verb, next + 1),
            ));
        };
        context.take(arg.measure().0 + verb.width.max(verb.precision).unwrap_or(0))?;
        out.push_text(&format_one(&verb, arg).map_err(|message| Failure::arg(first + next, message))?);
        next += 1;
        highest = highest.max(next);
    }
    out.push_str(&plain);
    if highest < args.len() {
        return Err(Failure::arg(first + highest, "there are more arguments than the text has verbs for"));
    }
    Ok(out)
}

fn format_one(verb: &Verb, arg: &Value) -> Result<Text, String> {
    let has = |flag| verb.flags.contains(flag);
    if let (Value::String(text), true) = (arg, arg.first_hole().is_some()) {
        return match (verb.verb, verb.width, verb.precision) {
            ('s' | 'v', None, None) => Ok(text.clone()),
            _ => Err("a value known only during the build can be inserted only with a plain %s".into()),
        };
    }
    if arg.first_hole().is_some() {
        return Err("it is known only during the build".into());
    }
    let body = match verb.verb {
        'v' | 's' => {
            let text = match arg {
                _ if verb.verb == 'v' && has('#') => super::encoding::to_json(arg)?,
                _ if arg.to_text().is_some() => arg.to_text().map(|t| t.reveal()).unwrap_or_default(),
                Value::Null if verb.verb == 'v' => "null".to_owned(),
                Value::Null => return Err("it is null, and %s needs a string".into()),
                _ if verb.verb == 'v' => super::encoding::to_json(arg)?,
                _ => return Err(format!("{} cannot be formatted with %s", crate::eval::describe(arg))),
            };
            match verb.precision {
                Some(most) => text.graphemes(true).take(most).collect(),
                None => text,
            }
        }
        'q' => {
            let text = arg.to_text().ok_or("a string is required for %q")?.reveal();
            super::encoding::to_json(&Value::from(text))?
        }
        't' => match crate::types::convert(arg, &crate::types::Type::Bool) {
            // As in cty, the width plays no part.
            Ok(Value::Bool(value)) => return Ok(Text::from(value.to_string())),
            _ => return Err("a bool is required for %t".into()),
        },
        'd' | 'b' | 'o' | 'x' | 'X' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let number = match crate::types::convert(arg, &crate::types::Type::Number) {
                Ok(Value::Number(number)) => number,
                _ => return Err(format!("a number is required for %{}", verb.verb)),
            };
            if matches!(verb.verb, 'd' | 'b' | 'o' | 'x' | 'X') && number.as_i128().is_none() {
                return Err(format!("a whole number is required for %{}", verb.verb));
            }
            let whole = number.trunc().as_i128().unwrap_or_default().unsigned_abs();
            let magnitude = number.abs();
            let digits = match verb.verb {
                'd' => whole.to_string(),
                'b' => format!("{whole:b}"),
                'o' => format!("{whole:o}"),
                'x' => format!("{whole:x}"),
                'X' => format!("{whole:X}"),
                'e' | 'E' => {
                    let plain = format!("{:.*e}", verb.precision.unwrap_or(6), magnitude.as_f64());
                    let text = go_exponent(&plain);
                    if verb.verb == 'E' { text.to_uppercase() } else { text }
                }
                'f' | 'F' => format!("{:.*}", verb.precision.unwrap_or(6), magnitude.as_f64()),
                _ => go_shortest(magnitude.as_f64()),
            };
            let sign = if number.is_negative() {
                "-"
            } else if has('+') {
                "+"
            } else if has(' ') {
                " "
            } else {
                ""
            };
            if let (true, false, Some(width)) = (has('0'), has('-'), verb.width) {
                let zeros = width.saturating_sub(sign.len() + digits.len());
                format!("{sign}{}{digits}", "0".repeat(zeros))
            } else {
                format!("{sign}{digits}")
            }
        }
        other => return Err(format!("\"%{other}\" is not a verb")),
    };
    let count = body.graphemes(true).count();
    let padding = " ".repeat(verb.width.unwrap_or(0).saturating_sub(count));
    Ok(Text::from(if has('-') { format!("{body}{padding}") } else { format!("{padding}{body}") }))
}

/// The shortest form as Go's %g writes it: with an exponent below 1e-4 and from 1e21 on.
fn go_shortest(value: f64) -> String {
    if value != 0.0 && !(1e-4..1e21).contains(&value) {
        go_exponent(&format!("{value:e}"))
    } else {
        format!("{value}")
    }
}

/// `1.5e3` as Go writes it: `1.5e+03`.
fn go_exponent(text: &str) -> String {
    let Some((mantissa, exponent)) = text.split_once('e') else { return text.to_owned() };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// Unicode normal form C, which strings of the language always are in.
pub(crate) fn normal(text: &str) -> String {
    text.nfc().collect()
}

/// The number of characters people see.
pub(super) fn length(text: &str) -> usize {
    normal(text).graphemes(true).count()
}

/// All elements, for functions of any number of lists.
pub(super) fn all_elements(a: &[Value]) -> Result<Vec<Value>, Failure> {
    let mut out = Vec::new();
    for index in 0..a.len() {
        out.extend(elements(a, index)?.iter().cloned());
    }
    Ok(out)
}
