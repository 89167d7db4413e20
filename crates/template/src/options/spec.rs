//! How an option is declared.

use serde::Serialize;
use std::time::Duration;

/// Everything the product knows about one option: decoding, checking, the form, completion, hover text and
/// the reference pages all read this.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OptionSpec {
    /// Packer's own name.
    pub name: &'static str,
    /// The name people read.
    pub title: &'static str,
    /// What it does, in a sentence or two.
    pub help: &'static str,
    /// The heading it stands under.
    pub group: &'static str,
    /// The shape of its value.
    #[serde(rename = "type")]
    pub ty: OptionType,
    /// The value when it is not set, as one would write it; `None` when there is none.
    pub default: Option<&'static str>,
    /// The unit of a number: "MiB", "ports" ...
    pub unit: Option<&'static str>,
    /// True when most people never touch it.
    pub advanced: bool,
    /// True when a build is impossible without it.
    pub required: bool,
    /// What the value must satisfy beyond its type.
    pub constraint: Constraint,
    /// Where this is known from.
    pub source: &'static str,
    /// What a path points at, for the file dialog.
    pub path: Option<PathKind>,
    /// True when the value is a secret.
    pub sensitive: bool,
    /// True when early Go-template rendering leaves it alone: it is rendered during the build.
    pub late: bool,
    /// Why it should not be used any more.
    pub deprecated: Option<&'static str>,
}

/// The shape of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionType {
    /// Characters.
    String,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Bool,
    /// A Go duration such as `1h5m2s`.
    Duration,
    /// A disk size such as `8G`; a bare number is MiB.
    Size,
    /// A list of strings.
    List,
    /// A list of whole numbers.
    IntegerList,
    /// A list of lists of strings.
    Rows,
    /// A map from string to string.
    Map,
    /// A nested block with options of its own.
    Block,
}

impl OptionType {
    /// The name the reference uses.
    pub fn name(self) -> &'static str {
        match self {
            OptionType::String => "string",
            OptionType::Integer => "number",
            OptionType::Bool => "bool",
            OptionType::Duration => "duration",
            OptionType::Size => "size",
            OptionType::List => "list of strings",
            OptionType::IntegerList => "list of numbers",
            OptionType::Rows => "list of lists of strings",
            OptionType::Map => "map of strings",
            OptionType::Block => "block",
        }
    }
}

/// What a value must satisfy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    /// Nothing more.
    None,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A number between these two, both allowed.
    Range(i64, i64),
    /// At most so many characters.
    MaxLength(usize),
}

/// What a path points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PathKind {
    /// An existing file.
    File,
    /// An existing folder.
    Folder,
    /// A file to be written.
    Output,
}

impl OptionSpec {
    /// An option with nothing said about it but its name and type.
    pub const fn new(
        group: &'static str,
        name: &'static str,
        ty: OptionType,
        title: &'static str,
        help: &'static str,
    ) -> Self {
        OptionSpec {
            name,
            title,
            help,
            group,
            ty,
            default: None,
            unit: None,
            advanced: true,
            required: false,
            constraint: Constraint::None,
            source: "",
            path: None,
            sensitive: false,
            late: false,
            deprecated: None,
        }
    }

    /// Sets the default, as written. Lists are written as JSON.
    pub const fn default(mut self, text: &'static str) -> Self {
        self.default = Some(text);
        self
    }

    /// Sets the unit.
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Shows it among the basic options.
    pub const fn basic(mut self) -> Self {
        self.advanced = false;
        self
    }

    /// Makes it required, and basic.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self.advanced = false;
        self
    }

    /// Restricts it to these texts.
    pub const fn one_of(mut self, choices: &'static [&'static str]) -> Self {
        self.constraint = Constraint::OneOf(choices);
        self
    }

    /// Restricts it to this range, ends included.
    pub const fn range(mut self, least: i64, most: i64) -> Self {
        self.constraint = Constraint::Range(least, most);
        self
    }

    /// Restricts its length in characters.
    pub const fn max_length(mut self, most: usize) -> Self {
        self.constraint = Constraint::MaxLength(most);
        self
    }

    /// Says where the fact is from, when it is not the component's own source.
    pub const fn source(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    /// It is a path.
    pub const fn path(mut self, kind: PathKind) -> Self {
        self.path = Some(kind);
        self
    }

    /// It is a secret.
    pub const fn secret(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// It is rendered during the build.
    pub const fn late(mut self) -> Self {
        self.late = true;
        self
    }

    /// It should not be used any more, and why.
    pub const fn deprecated(mut self, why: &'static str) -> Self {
        self.deprecated = Some(why);
        self
    }
}

/// Reads a Go duration: `300ms`, `1h5m2s`, `1.5h`, `-1s` (as zero), `0`.
///
/// # Errors
/// What is wrong with the text. A bare number has no unit and is refused, as Go does.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is not a duration; write it like \"90s\", \"5m\" or \"1h30m\"");
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut seconds = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(|| {
            format!(
                "\"{text}\" has no unit; write it like \"{text}s\" for seconds or \"{text}m\" for minutes"
            )
        })?;
        let amount: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        seconds += amount
            * match &rest[..unit] {
                "ns" => 1e-9,
                "us" | "µs" | "μs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return Err(wrong()),
            };
        rest = &rest[unit..];
    }
    if negative {
        return Ok(Duration::ZERO);
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_in_go() {
        for (text, millis) in
            [("90s", 90_000), ("1h5m2s", 3_902_000), ("300ms", 300), ("1.5m", 90_000), ("0", 0), ("-3s", 0)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for bad in ["", "5", "5x", "s", "1h5", "5 s"] {
            assert!(parse_duration(bad).is_err(), "{bad:?}");
        }
    }
}
