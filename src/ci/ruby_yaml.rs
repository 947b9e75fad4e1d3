//! What Ruby's Psych, with which GitLab reads CI files, makes of a scalar.
//!
//! Source: `lib/psych/scalar_scanner.rb` and `lib/psych/visitors/to_ruby.rb` of ruby/psych. It differs from yaml.v2: `y`
//! and `n` are text, `12:30` is a number, and a date is refused (`Gitlab::Config::Loader::Yaml` permits no class but
//! `Symbol`).

use std::borrow::Cow;

use crate::yaml::Style;

/// The type that a scalar has for GitLab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number,
    Text,
    Date,
}

/// The type of a scalar, and its value as text (Ruby's `to_s`).
pub(super) fn resolve<'t>(text: &'t str, style: Style, tag: Option<&str>) -> (Kind, Cow<'t, str>) {
    let is_text = style != Style::Plain || matches!(tag, Some("!" | "tag:yaml.org,2002:str"));
    if is_text { (Kind::Text, Cow::Borrowed(text)) } else { plain(text) }
}

fn plain(text: &str) -> (Kind, Cow<'_, str>) {
    let as_is = Cow::Borrowed(text);
    match text.as_bytes() {
        [] | [b'~'] => (Kind::Null, Cow::Borrowed("")),
        // A symbol.
        [b':', _, ..] => (Kind::Text, Cow::Borrowed(text.get(1..).unwrap_or_default())),
        [b'0'..=b'9' | b'+' | b'-' | b'.', ..] if text.len() <= 64 => number(text).unwrap_or((Kind::Text, as_is)),
        _ if text.len() > 5 => (Kind::Text, as_is),
        _ => match &*text.to_ascii_lowercase() {
            "null" => (Kind::Null, Cow::Borrowed("")),
            "yes" | "true" | "on" => (Kind::Bool(true), Cow::Borrowed("true")),
            "no" | "false" | "off" => (Kind::Bool(false), Cow::Borrowed("false")),
            _ => (Kind::Text, as_is),
        },
    }
}

fn number(text: &str) -> Option<(Kind, Cow<'_, str>)> {
    if is_date(text) {
        return Some((Kind::Date, Cow::Borrowed(text)));
    }
    let value = integer(text).or_else(|| sexagesimal(text)).or_else(|| float(text))?;
    Some((Kind::Number, if value == text { Cow::Borrowed(text) } else { Cow::Owned(value) }))
}

/// Digits with separators, of one of the bases that Ruby's `Integer` tells by their prefix.
fn integer(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let in_base = |digits: &str, base: u32| -> Option<String> {
        let bare: String = digits.chars().filter(|character| !matches!(character, '_' | ',')).collect();
        let value = u128::from_str_radix(&bare, base).ok().filter(|_| !bare.starts_with('+'))?;
        Some(if value == 0 { "0".to_owned() } else { format!("{sign}{value}") })
    };
    if let Some(hex) = digits.strip_prefix("0x") {
        return in_base(hex, 16);
    }
    if let Some(binary) = digits.strip_prefix("0b") {
        return in_base(binary, 2);
    }
    if digits.len() > 1 && digits.starts_with('0') {
        return in_base(digits, 8);
    }
    in_base(digits, 10)
}

/// `12:30`, which Psych reads as hours and minutes even where there are no seconds.
fn sexagesimal(text: &str) -> Option<String> {
    // The sign is that of the hours alone.
    let (sign, bare) = text.strip_prefix('-').map_or((1, text), |bare| (-1, bare));
    let parts: Vec<&str> = bare.strip_prefix('+').unwrap_or(bare).split(':').collect();
    let is_number = |part: &str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
    let [first, rest @ ..] = &parts[..] else { return None };
    if rest.is_empty() || rest.len() > 2 || !is_number(first) {
        return None;
    }
    let mut value: i64 = sign * first.parse::<i64>().ok()? * 3600;
    for (part, unit) in rest.iter().zip([60, 1]) {
        let number: i64 = part.parse().ok().filter(|&number| is_number(part) && part.len() <= 2 && number < 60)?;
        value += number * unit;
    }
    Some(value.to_string())
}

/// A number with a point; an exponent needs both the point and a sign.
fn float(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).map_or((unsigned, "+0"), |parts| parts);
    let (whole, fraction) = mantissa.split_once('.')?;
    let whole: String = whole.chars().filter(|character| !matches!(character, '_' | ',')).collect();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let power = exponent.strip_prefix(['+', '-']).filter(|power| !power.is_empty() && digits(power))?;
    if !digits(&whole) || !digits(fraction) || whole.len() + fraction.len() == 0 || power.len() > 3 {
        return None;
    }
    let value: f64 = format!("{sign}0{whole}.{fraction}0e{exponent}").parse().ok()?;
    Some(ruby_float(value))
}

/// A float as Ruby writes it.
fn ruby_float(value: f64) -> String {
    if value != 0.0 && !(1e-4..1e16).contains(&value.abs()) {
        let scientific = format!("{value:e}");
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let point = if mantissa.contains('.') { "" } else { ".0" };
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        return format!("{mantissa}{point}e{sign}{digits:0>2}");
    }
    format!("{value:?}")
}

/// `2024-01-31`, with or without a time.
fn is_date(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let mut part = |lengths: std::ops::RangeInclusive<usize>| {
        parts
            .next()
            .filter(|part| lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|part| part.parse::<u32>().ok())
    };
    let (Some(_), Some(month), Some(day)) = (part(4..=4), part(1..=2), part(1..=2)) else { return false };
    if parts.next().is_some() {
        return false;
    }
    match time {
        None => month <= 12 && day <= 31,
        Some(time) => is_clock(time.trim_start()),
    }
}

/// Hours, minutes and seconds, perhaps with a fraction and a zone.
fn is_clock(time: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let [hour, minute, rest] = time.splitn(3, ':').collect::<Vec<_>>()[..] else { return false };
    let (second, rest) = rest.split_at_checked(2).unwrap_or_default();
    let rest =
        rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches(|c: char| c.is_ascii_digit()));
    let zone = rest.trim_start();
    let offset = zone.strip_prefix(['+', '-']).map(|offset| offset.replacen(':', "", 1));
    let is_zone = zone.is_empty() || zone == "Z" || offset.is_some_and(|offset| offset.len() <= 4 && digits(&offset));
    digits(hour) && hour.len() <= 2 && digits(minute) && minute.len() == 2 && digits(second) && is_zone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_read_as_psych_reads_them() {
        for (written, kind, value) in [
            ("on", Kind::Bool(true), "true"),
            ("No", Kind::Bool(false), "false"),
            ("y", Kind::Text, "y"),
            ("~", Kind::Null, ""),
            ("Null", Kind::Null, ""),
            ("0123", Kind::Number, "83"),
            ("089", Kind::Text, "089"),
            ("0x1F", Kind::Number, "31"),
            ("1_000", Kind::Number, "1000"),
            ("-7", Kind::Number, "-7"),
            ("1.10", Kind::Number, "1.1"),
            ("1.", Kind::Number, "1.0"),
            ("1.2.3", Kind::Text, "1.2.3"),
            (".", Kind::Text, "."),
            ("1e3", Kind::Text, "1e3"),
            ("1.5e+3", Kind::Number, "1500.0"),
            ("1.5e+20", Kind::Number, "1.5e+20"),
            ("12:30", Kind::Number, "45000"),
            ("12:30:15", Kind::Number, "45015"),
            ("-1:30", Kind::Number, "-1800"),
            ("8080:80", Kind::Text, "8080:80"),
            ("1.5_0", Kind::Text, "1.5_0"),
            ("-.5", Kind::Number, "-0.5"),
            ("1,000.5", Kind::Number, "1000.5"),
            ("12:75", Kind::Text, "12:75"),
            ("2024-01-31", Kind::Date, "2024-01-31"),
            ("2024-01-31 10:00:00", Kind::Date, "2024-01-31 10:00:00"),
            ("2024-01-31T10:00:00.5+02:00", Kind::Date, "2024-01-31T10:00:00.5+02:00"),
            ("2024-01-31 10:00:00 UTC", Kind::Text, "2024-01-31 10:00:00 UTC"),
            ("2024-01-31-rc", Kind::Text, "2024-01-31-rc"),
            (":name", Kind::Text, "name"),
            ("-", Kind::Text, "-"),
            ("1ü", Kind::Text, "1ü"),
        ] {
            assert_eq!(resolve(written, Style::Plain, None), (kind, Cow::Borrowed(value)), "{written}");
        }
        assert_eq!(resolve("on", Style::SingleQuoted, None).0, Kind::Text);
        assert_eq!(resolve("1", Style::Plain, Some("tag:yaml.org,2002:str")).0, Kind::Text);
    }
}
