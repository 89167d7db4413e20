//! Writes values as JSON.

use super::super::{AttributeValue, EditError, lines, write as native};
use crate::document::{Document, Language};
use crate::json::{self, Node};
use crate::syntax::{FileId, parse_expression};

/// Arrays longer than this many characters get a line per element.
const LINE_WIDTH: usize = 80;

/// Writes values in the style of a document.
pub(super) struct Writer<'a> {
    unit: &'a str,
    eol: &'a str,
    legacy: bool,
    /// The value is a bare expression in quotes, as the type of a variable is.
    word: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn of(document: &'a Document, word: bool) -> Self {
        Writer {
            unit: unit(document),
            eol: document.line_ending().as_str(),
            legacy: document.language() == Language::LegacyTemplate,
            word,
        }
    }

    /// A value whose first line is indented by `indent`.
    pub(super) fn value(&self, value: &AttributeValue, indent: &str) -> Result<String, EditError> {
        Ok(match value {
            AttributeValue::Expression(text) => self.expression(text)?,
            AttributeValue::String(text) if self.legacy || self.word => quoted(text),
            AttributeValue::String(text) => quoted(&text.replace("${", "$${").replace("%{", "%%{")),
            AttributeValue::Template(text) => quoted(text),
            AttributeValue::Number(number) => native::number_text(*number)?,
            AttributeValue::Bool(flag) => flag.to_string(),
            AttributeValue::List(elements) => {
                let inner = format!("{indent}{}", self.unit);
                let texts: Vec<String> =
                    elements.iter().map(|element| self.value(element, &inner)).collect::<Result<_, _>>()?;
                let one_line = format!("[{}]", texts.join(", "));
                if one_line.chars().count() <= LINE_WIDTH && !one_line.contains('\n') {
                    return Ok(one_line);
                }
                self.tall('[', &texts, ']', indent)
            }
            AttributeValue::Map(entries) => self.object(entries, indent)?,
        })
    }

    /// An object with a line for each entry.
    pub(super) fn object(
        &self,
        entries: &[(String, AttributeValue)],
        indent: &str,
    ) -> Result<String, EditError> {
        let inner = format!("{indent}{}", self.unit);
        let entry = |(key, value): &(String, AttributeValue)| {
            Ok(format!("{}: {}", quoted(key), self.value(value, &inner)?))
        };
        let texts: Vec<String> = entries.iter().map(entry).collect::<Result<_, EditError>>()?;
        Ok(self.tall('{', &texts, '}', indent))
    }

    /// Brackets around items, one on each line.
    pub(super) fn tall(&self, open: char, items: &[String], close: char, indent: &str) -> String {
        if items.is_empty() {
            return format!("{open}{close}");
        }
        let (eol, inner) = (self.eol, format!("{indent}{}", self.unit));
        let items: Vec<String> = items.iter().map(|item| format!("{inner}{item}")).collect();
        format!("{open}{eol}{}{eol}{indent}{close}", items.join(&format!(",{eol}")))
    }

    pub(super) fn unit(&self) -> &'a str {
        self.unit
    }

    /// JSON as it is; in HCL also an expression, which stands in a string as `${...}`.
    fn expression(&self, text: &str) -> Result<String, EditError> {
        let text = text.trim();
        let read = json::parse(FileId(0), text);
        if read.errors.is_empty() {
            return Ok(native::with_line_ending(text, self.ending()));
        }
        let bad =
            |message: &str| EditError::BadExpression { text: text.to_owned(), message: message.to_owned() };
        if self.legacy {
            let message = read.errors.first().map_or("", |error| error.message.as_str());
            return Err(bad(&format!("{message}; a JSON template holds JSON values, text in quotes")));
        }
        let (_, errors) = parse_expression(FileId(0), text);
        match errors.first() {
            Some(error) => Err(bad(&error.message)),
            None if self.word => Ok(quoted(text)),
            None => Ok(quoted(&format!("${{{text}}}"))),
        }
    }

    fn ending(&self) -> crate::document::LineEnding {
        match self.eol {
            "\r\n" => crate::document::LineEnding::CrLf,
            _ => crate::document::LineEnding::Lf,
        }
    }
}

/// Text in quotes.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// One level of indentation, as the document does it.
fn unit(document: &Document) -> &str {
    fn find<'a>(document: &'a Document, node: &Node) -> Option<&'a str> {
        let outer = lines::indentation(document, node.span.start);
        let members =
            node.members().unwrap_or_default().iter().map(|member| (member.span.start, &member.value));
        let elements =
            node.elements().unwrap_or_default().iter().map(|element| (element.span.start, element));
        for (start, value) in members.chain(elements) {
            if lines::starts_line(document, start)
                && let Some(unit) = lines::indentation(document, start).strip_prefix(outer)
                && !unit.is_empty()
            {
                return Some(unit);
            }
            if let Some(unit) = find(document, value) {
                return Some(unit);
            }
        }
        None
    }
    document.json().and_then(|json| find(document, &json.root)).unwrap_or("  ")
}
