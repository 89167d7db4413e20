//! Encodings and hashes.

use super::{Context, Failure, Function, P, text};
use crate::value::Value;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use sha1::Digest;
use std::io::Write;

/// What `urlencode` leaves as it is, besides letters and digits.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');

pub(super) const TABLE: &[Function] = &[
    Function::new("base64encode", &[P::Str], P::Str, |_, a| Ok(STANDARD.encode(text(a, 0)?).into())),
    Function::new("base64decode", &[P::Str], P::Str, |_, a| {
        let bytes = decode64(a, 0)?;
        String::from_utf8(bytes)
            .map(Value::from)
            .map_err(|_| Failure::arg(0, "the decoded bytes are not UTF-8 text"))
    }),
    Function::new("base64gzip", &[P::Str], P::Str, |_, a| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        let packed = gzip.write_all(text(a, 0)?.as_bytes()).and_then(|()| gzip.finish());
        packed.map(|bytes| STANDARD.encode(bytes).into()).map_err(|error| Failure::new(error.to_string()))
    }),
    Function::new("textencodebase64", &[P::Str, P::Str], P::Str, |_, a| {
        let source = text(a, 0)?;
        let bytes = match encoding(text(a, 1)?)? {
            Charset::Utf8 => source.as_bytes().to_vec(),
            Charset::Utf16 { big } => source
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect(),
            Charset::Latin1 => source
                .chars()
                .map(|c| {
                    u8::try_from(u32::from(c))
                        .map_err(|_| Failure::arg(0, format!("\"{c}\" does not exist in ISO-8859-1")))
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(STANDARD.encode(bytes).into())
    }),
    Function::new("textdecodebase64", &[P::Str, P::Str], P::Str, |_, a| {
        let bytes = decode64(a, 0)?;
        let wrong = |_| Failure::arg(0, "the bytes are no text in this encoding");
        Ok(match encoding(text(a, 1)?)? {
            Charset::Utf8 => String::from_utf8(bytes).map_err(|_| wrong(()))?,
            Charset::Utf16 { big } => {
                let units = bytes.chunks(2).map(|pair| match *pair {
                    [a, b] if big => u16::from_be_bytes([a, b]),
                    [a, b] => u16::from_le_bytes([a, b]),
                    _ => 0xFFFD,
                });
                String::from_utf16(&units.collect::<Vec<_>>()).map_err(|_| wrong(()))?
            }
            Charset::Latin1 => bytes.into_iter().map(char::from).collect(),
        }
        .into())
    }),
    Function::new("urlencode", &[P::Str], P::Str, |_, a| {
        let encoded = percent_encoding::utf8_percent_encode(text(a, 0)?, QUERY).to_string();
        Ok(encoded.replace(' ', "+").into())
    }),
    Function::new("jsonencode", &[P::Any], P::Str, |_, a| {
        to_json(a.first().unwrap_or(&Value::Null)).map(Value::from).map_err(|m| Failure::arg(0, m))
    }),
    Function::new("jsondecode", &[P::Str], P::Any, |_, a| {
        let json = serde_json::from_str::<serde_json::Value>(text(a, 0)?);
        json.map(|json| Value::from_json(&json))
            .map_err(|error| Failure::arg(0, format!("no valid JSON: {error}")))
    }),
    Function::new("yamlencode", &[P::Any], P::Str, |context, a| {
        let value = a.first().unwrap_or(&Value::Null);
        let (size, depth) = value.measure();
        let mut lines = size / size_of::<Value>();
        value.each_text(&mut |text| lines += text.known().map_or(0, |known| known.matches('\n').count()));
        context.take(lines.saturating_mul(2 * depth))?;
        let mut out = String::new();
        to_yaml(a.first().unwrap_or(&Value::Null), 0, &mut out).map_err(|m| Failure::arg(0, m))?;
        // A bare scalar needs the mark that ends a document.
        let bare = matches!(a.first(), Some(Value::Null | Value::Bool(_) | Value::Number(_)));
        let end = if bare { "...\n" } else { "" };
        Ok(format!("{}\n{end}", out.trim_start_matches('\n')).into())
    }),
    Function::new("yamldecode", &[P::Str], P::Any, |context, a| super::yaml::decode(context, text(a, 0)?)),
    Function::new("csvdecode", &[P::Str], P::Seq, csv_decode),
    Function::new("md5", &[P::Str], P::Str, |_, a| Ok(hex(&md5::Md5::digest(text(a, 0)?)).into())),
    Function::new("sha1", &[P::Str], P::Str, |_, a| Ok(hex(&sha1::Sha1::digest(text(a, 0)?)).into())),
    Function::new("sha256", &[P::Str], P::Str, |_, a| Ok(hex(&sha2::Sha256::digest(text(a, 0)?)).into())),
    Function::new("sha512", &[P::Str], P::Str, |_, a| Ok(hex(&sha2::Sha512::digest(text(a, 0)?)).into())),
    Function::new("uuidv4", &[], P::Str, |context, _| Ok(random_uuid(context).to_string().into())),
    Function::new("uuidv5", &[P::Str, P::Str], P::Str, |_, a| {
        let namespace = match text(a, 0)? {
            "dns" => uuid::Uuid::NAMESPACE_DNS,
            "url" => uuid::Uuid::NAMESPACE_URL,
            "oid" => uuid::Uuid::NAMESPACE_OID,
            "x500" => uuid::Uuid::NAMESPACE_X500,
            other => {
                other.parse().map_err(|_| Failure::arg(0, "dns, url, oid, x500 or a UUID is required"))?
            }
        };
        Ok(uuid::Uuid::new_v5(&namespace, text(a, 1)?.as_bytes()).to_string().into())
    }),
];

enum Charset {
    Utf8,
    Utf16 { big: bool },
    Latin1,
}

fn encoding(name: &str) -> Result<Charset, Failure> {
    match name.to_ascii_uppercase().as_str() {
        "UTF-8" | "UTF8" => Ok(Charset::Utf8),
        "UTF-16LE" => Ok(Charset::Utf16 { big: false }),
        "UTF-16BE" | "UTF-16" => Ok(Charset::Utf16 { big: true }),
        "ISO-8859-1" | "LATIN1" | "WINDOWS-1252" | "US-ASCII" => Ok(Charset::Latin1),
        _ => Err(Failure::arg(1, format!("the encoding \"{name}\" is not known"))),
    }
}

/// A random UUID from the run's seed: the n-th of a run is the same whenever the run is evaluated again.
pub(crate) fn random_uuid(context: &Context<'_>) -> uuid::Uuid {
    let drawn = context.drawn.get();
    context.drawn.set(drawn + 1);
    let mut hash = sha2::Sha256::new();
    hash.update(context.inputs.random.to_le_bytes());
    hash.update(context.inputs.run_uuid.as_bytes());
    hash.update(drawn.to_le_bytes());
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

fn decode64(a: &[Value], index: usize) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text(a, index)?).map_err(|error| Failure::arg(index, format!("no valid base64: {error}")))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// JSON as Go's encoder writes it: `<`, `>`, `&` and two separators are escaped, numbers in full.
pub(crate) fn to_json(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    write_json(value, &mut out)?;
    Ok(out)
}

fn write_json(value: &Value, out: &mut String) -> Result<(), String> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) if !number.as_f64().is_finite() => {
            return Err("infinity has no form in JSON".into());
        }
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => json_string(text.known().ok_or("it is known only during the build")?, out),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write_json(item, out)?;
            }
            out.push(']');
        }
        Value::Map(entries) | Value::Object(entries) => {
            out.push('{');
            for (index, (key, item)) in entries.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                json_string(key, out);
                out.push(':');
                write_json(item, out)?;
            }
            out.push('}');
        }
        Value::Unknown(_) => return Err("it is not known yet".into()),
    }
    Ok(())
}

fn json_string(text: &str, out: &mut String) {
    let quoted = serde_json::Value::from(text).to_string();
    for c in quoted.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
}

/// YAML in the block style cty uses: keys and strings quoted.
fn to_yaml(value: &Value, indent: usize, out: &mut String) -> Result<(), String> {
    let pad = " ".repeat(indent);
    match value {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&format!("\n{pad}-"));
                let mut inner = String::new();
                to_yaml(item, indent + 2, &mut inner)?;
                match inner.strip_prefix(&format!("\n{}", " ".repeat(indent + 2))) {
                    Some(block) => out.push_str(&format!(" {block}")),
                    None => out.push_str(&format!(" {inner}")),
                }
            }
        }
        Value::Map(entries) | Value::Object(entries) if !entries.is_empty() => {
            for (key, item) in entries {
                let mut inner = String::new();
                let nested = if item.as_elements().is_some() { indent } else { indent + 2 };
                to_yaml(item, nested, &mut inner)?;
                let blank = if inner.starts_with('\n') { "" } else { " " };
                out.push_str(&format!("\n{pad}{}:{blank}{inner}", serde_json::Value::from(key.as_str())));
            }
        }
        Value::List(_) | Value::Tuple(_) | Value::Set(_) => out.push_str("[]"),
        Value::Map(_) | Value::Object(_) => out.push_str("{}"),
        Value::String(text) => {
            let known = text.known().ok_or("it is known only during the build")?;
            if known.contains('\n') {
                let body: String =
                    known.trim_end_matches('\n').lines().map(|line| format!("\n{pad}{line}")).collect();
                let chomp = if known.ends_with('\n') { "" } else { "-" };
                out.push_str(&format!("|{chomp}{body}"));
            } else {
                out.push_str(&serde_json::Value::from(known).to_string());
            }
        }
        other => write_json(other, out)?,
    }
    Ok(())
}

fn csv_decode(context: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    let wrong = |error: csv::Error| Failure::arg(0, format!("no valid CSV: {error}"));
    let mut reader = csv::Reader::from_reader(text(a, 0)?.as_bytes());
    let header = reader.headers().map_err(wrong)?.clone();
    if header.is_empty() {
        return Err(Failure::arg(0, "the first line must name the columns"));
    }
    let names: usize = header.iter().map(str::len).sum();
    let rows = reader.records().map(|row| {
        let row = row.map_err(wrong)?;
        // Every row repeats the names of the columns.
        context.take(names + row.as_slice().len() + row.len() * size_of::<Value>())?;
        Ok(Value::Object(header.iter().zip(&row).map(|(key, cell)| (key.to_owned(), cell.into())).collect()))
    });
    Ok(Value::List(rows.collect::<Result<_, Failure>>()?))
}
