//! Dates and times. `timestamp()` and its kin give the start of the run, in UTC, throughout the run.

use super::{Context, Failure, Function, P, text};
use crate::number::Number;
use crate::value::Value;
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

pub(super) const TABLE: &[Function] = &[
    Function::new("timestamp", &[], P::Str, |context, _| Ok(rfc3339(&start(context)).into())),
    Function::new("formatdate", &[P::Str, P::Str], P::Str, |_, a| {
        format_date(text(a, 0)?, &parse(text(a, 1)?, 1)?).map(Value::from)
    }),
    Function::new("timeadd", &[P::Str, P::Str], P::Str, |_, a| {
        let time = parse(text(a, 0)?, 0)?;
        let amount = text(a, 1)?;
        let (negative, magnitude) = match amount.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, amount),
        };
        let duration =
            crate::options::parse_duration(magnitude).map_err(|message| Failure::arg(1, message))?;
        let wrong = || Failure::arg(1, "the result is outside the calendar");
        let signed = SignedDuration::try_from(duration).map_err(|_| wrong())?;
        let moved = time.checked_add(if negative { -signed } else { signed }).map_err(|_| wrong())?;
        Ok(rfc3339(&moved).into())
    }),
    Function::new("legacy_isotime", &[P::Str], P::Str, |context, a| match a.first() {
        None => Ok(rfc3339(&start(context)).into()),
        Some(_) => Ok(go_layout(text(a, 0)?, &start(context)).into()),
    })
    .optional(1),
    Function::new("legacy_strftime", &[P::Str], P::Str, |context, a| {
        strtime::format(text(a, 0)?, &start(context))
            .map(Value::from)
            .map_err(|error| Failure::arg(0, error.to_string()))
    }),
    Function::new("rfc3339_parse", &[P::Str], P::Any, |_, a| Ok(time_object(&parse(text(a, 0)?, 0)?))),
    Function::new("unix_timestamp_parse", &[P::Num], P::Any, |_, a| {
        let seconds = super::whole(a, 0)?;
        let time = Timestamp::from_second(seconds).map_err(|error| Failure::arg(0, error.to_string()))?;
        Ok(time_object(&time.to_zoned(TimeZone::UTC)))
    }),
];

fn start(context: &Context<'_>) -> Zoned {
    context.inputs.now.to_zoned(TimeZone::UTC)
}

fn parse(text: &str, arg: usize) -> Result<Zoned, Failure> {
    let wrong = || {
        Failure::arg(arg, format!("\"{text}\" is not a time in RFC 3339, such as \"2006-01-02T15:04:05Z\""))
    };
    // jiff also takes shorter forms; RFC 3339 has all of them.
    if text.len() < 20 || text.as_bytes().get(10) != Some(&b'T') {
        return Err(wrong());
    }
    let time: Timestamp = text.parse().map_err(|_| wrong())?;
    let offset = match text.strip_suffix('Z') {
        Some(_) => Offset::UTC,
        None => {
            let zone = text.get(text.len().saturating_sub(6)..).ok_or_else(wrong)?;
            let (hours, minutes) = zone
                .get(1..3)
                .zip(zone.get(4..6))
                .and_then(|(h, m)| h.parse::<i32>().ok().zip(m.parse::<i32>().ok()))
                .ok_or_else(wrong)?;
            let seconds = (hours * 60 + minutes) * 60;
            Offset::from_seconds(if zone.starts_with('-') { -seconds } else { seconds })
                .map_err(|_| wrong())?
        }
    };
    Ok(time.to_zoned(TimeZone::fixed(offset)))
}

fn zone(time: &Zoned, colon: bool, zulu: bool) -> String {
    let seconds = time.offset().seconds();
    if seconds == 0 && zulu {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    let separator = if colon { ":" } else { "" };
    format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
}

/// `2006-01-02T15:04:05Z`, without fractions.
pub(crate) fn rfc3339(time: &Zoned) -> String {
    format!("{}{}", time.strftime("%Y-%m-%dT%H:%M:%S"), zone(time, true, true))
}

fn time_object(time: &Zoned) -> Value {
    let number = |n: i64| Value::Number(Number::from(n));
    let weekday = i64::from(time.weekday().to_sunday_zero_offset());
    Value::Object(
        [
            ("year", number(time.year().into())),
            ("year_day", number(time.day_of_year().into())),
            ("month", number(time.month().into())),
            ("month_name", Value::from(time.strftime("%B").to_string())),
            ("day", number(time.day().into())),
            ("weekday", number(weekday)),
            ("weekday_name", Value::from(time.strftime("%A").to_string())),
            ("hour", number(time.hour().into())),
            ("minute", number(time.minute().into())),
            ("second", number(time.second().into())),
            ("unix", number(time.timestamp().as_second())),
            ("iso_year", number(time.date().iso_week_date().year().into())),
            ("iso_week", number(time.date().iso_week_date().week().into())),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect(),
    )
}

/// Formats with HCL's letters: `YYYY-MM-DD'T'hh:mm:ssZ`.
fn format_date(pattern: &str, time: &Zoned) -> Result<String, Failure> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if c == '\'' {
            let mut body = rest.get(1..).unwrap_or("");
            loop {
                let Some(end) = body.find('\'') else {
                    return Err(Failure::arg(0, "a literal started with ' is not closed"));
                };
                out.push_str(body.get(..end).unwrap_or(""));
                body = body.get(end + 1..).unwrap_or("");
                // Two quotes in a row are one quote.
                match body.strip_prefix('\'') {
                    Some(more) => {
                        out.push('\'');
                        body = more;
                    }
                    None => break,
                }
            }
            rest = body;
            continue;
        }
        if !c.is_ascii_alphabetic() {
            out.push(c);
            rest = rest.get(c.len_utf8()..).unwrap_or("");
            continue;
        }
        let run = rest.find(|other| other != c).unwrap_or(rest.len());
        let verb = rest.get(..run).unwrap_or("");
        rest = rest.get(run..).unwrap_or("");
        let hour12 = match time.hour() % 12 {
            0 => 12,
            hour => hour,
        };
        let piece = match verb {
            "YYYY" => format!("{:04}", time.year()),
            "YY" => format!("{:02}", time.year() % 100),
            "MMMM" => time.strftime("%B").to_string(),
            "MMM" => time.strftime("%b").to_string(),
            "MM" => format!("{:02}", time.month()),
            "M" => time.month().to_string(),
            "DD" => format!("{:02}", time.day()),
            "D" => time.day().to_string(),
            "EEEE" => time.strftime("%A").to_string(),
            "EEE" => time.strftime("%a").to_string(),
            "hh" => format!("{:02}", time.hour()),
            "h" => time.hour().to_string(),
            "HH" => format!("{hour12:02}"),
            "H" => hour12.to_string(),
            "AA" => if time.hour() < 12 { "AM" } else { "PM" }.to_owned(),
            "aa" => if time.hour() < 12 { "am" } else { "pm" }.to_owned(),
            "mm" => format!("{:02}", time.minute()),
            "m" => time.minute().to_string(),
            "ss" => format!("{:02}", time.second()),
            "s" => time.second().to_string(),
            "ZZZZZ" => zone(time, true, false),
            "ZZZZ" => zone(time, false, false),
            "ZZZ" if time.offset().is_zero() => "UTC".to_owned(),
            "ZZZ" => zone(time, false, false),
            "Z" => zone(time, true, true),
            _ => {
                return Err(Failure::arg(
                    0,
                    format!("\"{verb}\" is not a date element; text must stand between ' and '"),
                ));
            }
        };
        out.push_str(&piece);
    }
    Ok(out)
}

/// Formats with a layout of Go: the reference time `Mon Jan 2 15:04:05 MST 2006`, written as wanted.
pub(crate) fn go_layout(layout: &str, time: &Zoned) -> String {
    /// Longer elements first, so that `2006` is not read as `2` and `006`.
    const ELEMENTS: &[(&str, &str)] = &[
        ("January", "%B"),
        ("Monday", "%A"),
        ("2006", "%Y"),
        ("-07:00", "%:z"),
        ("-0700", "%z"),
        ("Z07:00", "Z"),
        ("Jan", "%b"),
        ("Mon", "%a"),
        ("MST", "%Z"),
        ("002", "%j"),
        ("01", "%m"),
        ("02", "%d"),
        ("03", "%I"),
        ("04", "%M"),
        ("05", "%S"),
        ("06", "%y"),
        ("15", "%H"),
        ("PM", "%p"),
        ("pm", "%P"),
        ("_2", "%e"),
        ("1", "%-m"),
        ("2", "%-d"),
        ("3", "%-I"),
        ("4", "%-M"),
        ("5", "%-S"),
    ];
    let mut out = String::new();
    let mut rest = layout;
    'next: while let Some(c) = rest.chars().next() {
        for (element, verb) in ELEMENTS {
            // "Jan" and "Mon" inside a longer word are text.
            let word =
                |rest: &str| element.len() == 3 && rest.as_bytes().get(3).is_some_and(u8::is_ascii_lowercase);
            if let Some(after) = rest.strip_prefix(element) {
                if element.starts_with(['J', 'M']) && word(rest) {
                    continue;
                }
                match *verb {
                    "Z" => out.push_str(&zone(time, true, true)),
                    "%:z" => out.push_str(&zone(time, true, false)),
                    verb => out.push_str(&time.strftime(verb).to_string()),
                }
                rest = after;
                continue 'next;
            }
        }
        out.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or("");
    }
    out
}
