//! Strings with Go-template actions as HCL strings.
//!
//! HCL2 templates still pass through Go's engine, so an action that works there stays as it is written. What does
//! not exist there any more, such as `user`, becomes an interpolation: alone as `${var.name}`, and inside a longer
//! action as a literal that HCL has filled in before Go reads it: ``{{ upper `${var.name}` }}``.

use crate::syntax::is_ident;

/// A piece of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Characters.
    Text(String),
    /// An HCL expression to be interpolated.
    Expr(String),
}

/// What a call of Go's engine stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call<'a> {
    User(&'a str),
    Env(&'a str),
    TemplateDir,
    Pwd,
    /// A value of the running build.
    Build(&'a str),
    /// Functions that ask a service: the HCL function of that name takes the same arguments.
    Asked(&'a str, &'a [String]),
}

/// Splits a text, asking what each call becomes; `None` leaves it as it is.
pub(super) fn pieces(text: &str, becomes: &mut dyn FnMut(Call<'_>) -> Option<String>) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let (before, tail) = rest.split_at(open);
        let Some(length) = action_length(tail) else { break };
        let (action, after) = tail.split_at(length);
        push(&mut out, before);
        rewrite(action, becomes, &mut out);
        rest = after;
    }
    push(&mut out, rest);
    out
}

fn push(out: &mut Vec<Piece>, text: &str) {
    match out.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(last)) => last.push_str(text),
        _ => out.push(Piece::Text(text.to_owned())),
    }
}

/// Length of an action that starts the text, delimiters included.
fn action_length(text: &str) -> Option<usize> {
    let mut at = 2;
    loop {
        let rest = text.get(at..)?;
        match rest.chars().next()? {
            '}' if rest.starts_with("}}") => return Some(at + 2),
            '`' | '"' => at += word_length(rest),
            c => at += c.len_utf8(),
        }
    }
}

/// Length of the quoted text, word or sign that starts the text.
fn word_length(text: &str) -> usize {
    let Some(first) = text.chars().next() else { return 0 };
    match first {
        '`' => text.get(1..).and_then(|rest| rest.find('`')).map_or(text.len(), |end| end + 2),
        '"' => {
            let mut escaped = false;
            for (at, c) in text.char_indices().skip(1) {
                match c {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '"' => return at + 1,
                    _ => {}
                }
            }
            text.len()
        }
        c if c.is_alphanumeric() || matches!(c, '_' | '.' | '$') => {
            text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '$'))).unwrap_or(text.len())
        }
        c => c.len_utf8(),
    }
}

fn unquoted(word: &str) -> Option<String> {
    if let Some(inner) = word.strip_prefix('`') {
        return inner.strip_suffix('`').map(str::to_owned);
    }
    // Go's escapes and JSON's are the same for what is found in real templates.
    word.starts_with('"').then(|| serde_json::from_str(word).ok())?
}

/// The call that starts the words, and how many words it takes.
fn call<'a>(words: &[&'a str], args: &'a mut Vec<String>) -> Option<(Call<'a>, usize)> {
    args.extend(words.iter().skip(1).map_while(|word| unquoted(word)));
    let first = args.first().map(String::as_str);
    Some(match (words.first().copied()?, first) {
        ("user", Some(name)) => (Call::User(name), 2),
        ("env", Some(name)) => (Call::Env(name), 2),
        ("build", Some(name)) => (Call::Build(name), 2),
        ("template_dir", _) => (Call::TemplateDir, 1),
        ("pwd", _) => (Call::Pwd, 1),
        (name @ ("vault" | "consul_key" | "aws_secretsmanager" | "aws_secretsmanager_raw"), Some(_)) => {
            let count = args.len();
            (Call::Asked(name, args.as_slice()), 1 + count)
        }
        _ => return None,
    })
}

/// Rewrites one action.
fn rewrite(action: &str, becomes: &mut dyn FnMut(Call<'_>) -> Option<String>, out: &mut Vec<Piece>) {
    let mut spans = Vec::new();
    let mut at = 2;
    let end = action.len() - 2;
    while at < end {
        let rest = action.get(at..end).unwrap_or("");
        let space = rest.len() - rest.trim_start().len();
        at += space;
        let length = word_length(rest.get(space..).unwrap_or(""));
        if length == 0 {
            break;
        }
        spans.push(at..at + length);
        at += length;
    }
    let words: Vec<&str> = spans.iter().filter_map(|span| action.get(span.clone())).collect();
    let mut args = Vec::new();
    if let Some((found, count)) = call(&words, &mut args)
        && count == words.len()
    {
        match becomes(found) {
            Some(expr) => out.push(Piece::Expr(expr)),
            None => push(out, action),
        }
        return;
    }
    let mut copied = 0;
    let mut word = 0;
    while word < words.len() {
        let mut args = Vec::new();
        let found = call(&words[word..], &mut args);
        let Some((expr, count)) = found.and_then(|(found, count)| Some((becomes(found)?, count))) else {
            word += 1;
            continue;
        };
        // The parentheses around it are not needed any more.
        let enclosed = word > 0 && words[word - 1] == "(" && words.get(word + count) == Some(&")");
        let from = if enclosed { spans[word - 1].start } else { spans[word].start };
        let to = if enclosed { spans[word + count].end } else { spans[word + count - 1].end };
        push(out, action.get(copied..from).unwrap_or(""));
        push(out, "`");
        out.push(Piece::Expr(expr));
        push(out, "`");
        copied = to;
        word += count + usize::from(enclosed);
    }
    push(out, action.get(copied..).unwrap_or(""));
}

/// A string in HCL.
pub(super) fn quoted(pieces: &[Piece]) -> String {
    let mut out = String::from("\"");
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => {
                let before_expr = matches!(pieces.get(index + 1), Some(Piece::Expr(_)));
                escape(&mut out, text, before_expr);
            }
            Piece::Expr(expr) => {
                out.push_str("${");
                out.push_str(expr);
                out.push('}');
            }
        }
    }
    out.push('"');
    out
}

/// A string without actions in HCL.
pub(super) fn literal(text: &str) -> String {
    quoted(&[Piece::Text(text.to_owned())])
}

fn escape(out: &mut String, text: &str, before_expr: bool) {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let rest = text.get(at + c.len_utf8()..).unwrap_or("");
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if rest.starts_with('{') => {
                out.push(c);
                out.push(c);
                out.push('{');
                chars.next();
            }
            // Before `${` a second dollar would make an escape of it.
            '$' if before_expr && rest.is_empty() => out.push_str("${\"$\"}"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
}

/// A name of the language that is like a text.
pub(super) fn identifier(text: &str) -> String {
    if is_ident(text) {
        return text.to_owned();
    }
    let mut out: String =
        text.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
    if !is_ident(&out) {
        out.insert(0, '_');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> String {
        quoted(&pieces(text, &mut |call| match call {
            Call::User(name) => Some(format!("var.{name}")),
            Call::Env(name) => Some(format!("env({})", literal(name))),
            Call::TemplateDir => Some("path.root".to_owned()),
            Call::Pwd => Some("path.cwd".to_owned()),
            Call::Build(_) => None,
            Call::Asked(name, args) => Some(format!("{name}({})", args.len())),
        }))
    }

    #[test]
    fn actions_become_what_hcl_has() {
        for (text, wanted) in [
            ("a {{user `b`}} c", r#""a ${var.b} c""#),
            ("{{ user \"b\" }}", r#""${var.b}""#),
            ("{{template_dir}}/x", r#""${path.root}/x""#),
            ("{{ .HTTPIP }}:{{ build `Host` }}", r#""{{ .HTTPIP }}:{{ build `Host` }}""#),
            ("{{ upper (user `b`) }}", r#""{{ upper `${var.b}` }}""#),
            ("{{user `b` | upper}}", r#""{{`${var.b}` | upper}}""#),
            ("{{isotime \"2006\"}}", r#""{{isotime \"2006\"}}""#),
            ("{{vault `p` `k`}}", r#""${vault(2)}""#),
            ("${HOME} $$ %{x} ${", r#""$${HOME} $$ %%{x} $${""#),
            ("cost $", r#""cost $""#),
            ("cost ${{user `b`}}", r#""cost $${{user `b`}}""#),
            ("a\\b\"\n\u{1}", r#""a\\b\"\n\u0001""#),
            ("{{ open", r#""{{ open""#),
        ] {
            let found = rewritten(text);
            if text.starts_with("cost ${{") {
                // `${` in the text is the start of `{{`: the dollar stays a dollar.
                assert_eq!(found, r#""cost ${"$"}${var.b}""#);
            } else {
                assert_eq!(found, wanted, "{text}");
            }
        }
    }

    #[test]
    fn names_become_identifiers() {
        assert_eq!(identifier("ubuntu-16.04"), "ubuntu-16_04");
        assert_eq!(identifier("7zip"), "_7zip");
        assert_eq!(identifier("web"), "web");
    }
}
