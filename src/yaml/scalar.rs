//! What `yaml.v2` makes of a scalar: YAML 1.1 booleans, octal and binary numbers, timestamps left as text.
//!
//! Source of every rule here: `resolve.go` and `decode.go` of yaml.v2 2.4.0, whose table sigs.k8s.io/yaml (the
//! library that the agent server reads with) carries unchanged in `goyaml.v2/resolve.go`.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::tree::{Node, Style};

const TAG_PREFIX: &str = "tag:yaml.org,2002:";

/// A resolved scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// Empty, `~`, `null` …
    Null,
    /// `true`, `yes`, `on`, `y` … and their opposites.
    Bool(bool),
    /// An integer that fits 64 bits with sign.
    Int(i64),
    /// An integer that fits 64 bits only without sign.
    UInt(u64),
    /// A float; infinite and NaN are possible and cannot become JSON.
    Float(f64),
    /// Text.
    Str(Cow<'a, str>),
}

impl Scalar<'_> {
    /// What the type is called in messages.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::UInt(_) | Self::Float(_) => "a number",
            Self::Str(_) => "text",
        }
    }

    /// The value as GitLab sees it, for messages: `true`, `83`, `1.1`, `"text"`.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::UInt(value) => value.to_string(),
            Self::Float(value) => float_text(*value),
            Self::Str(value) => format!("\"{value}\""),
        }
    }
}

/// A scalar that the parser refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScalarError {
    /// The tag asks for another type than the text has, e.g. `!!int abc`.
    TagMismatch {
        /// The tag's short form, e.g. `!!int`.
        tag: String,
        /// What the text is, e.g. `text`.
        found: &'static str,
    },
    /// `!!binary` with something that is not base64.
    Base64,
}

/// Resolves a scalar node; `text` and `style` are its data.
///
/// # Errors
/// When the parser refuses the combination of tag and text.
pub fn scalar<'a>(node: &Node, text: &'a str, style: Style) -> Result<Scalar<'a>, ScalarError> {
    let tag = node.tag.as_ref().map(|tag| &*tag.name);
    match tag {
        None => Ok(untagged(text, style)),
        Some(tag) => match tag.strip_prefix(TAG_PREFIX) {
            Some("str") => Ok(Scalar::Str(text.into())),
            Some("binary") => binary(text).map(|text| Scalar::Str(text.into())).ok_or(ScalarError::Base64),
            Some("timestamp") if is_timestamp(text) => Ok(Scalar::Str(text.into())),
            Some(kind @ ("bool" | "int" | "float" | "null" | "timestamp")) => tagged(kind, text),
            // A tag that the parser does not know, `!` among them, is dropped and leaves the text.
            _ => Ok(Scalar::Str(text.into())),
        },
    }
}

/// Resolves a scalar without a tag.
#[must_use]
pub fn untagged(text: &str, style: Style) -> Scalar<'_> {
    if style == Style::Plain { plain(text) } else { Scalar::Str(text.into()) }
}

fn tagged<'a>(kind: &str, text: &'a str) -> Result<Scalar<'a>, ScalarError> {
    match (kind, plain(text)) {
        ("bool", value @ Scalar::Bool(_))
        | ("int", value @ (Scalar::Int(_) | Scalar::UInt(_)))
        | ("float", value @ Scalar::Float(_))
        | ("null", value @ Scalar::Null) => Ok(value),
        #[allow(clippy::cast_precision_loss)] // As Go converts it.
        ("float", Scalar::Int(value)) => Ok(Scalar::Float(value as f64)),
        (_, value) => Err(ScalarError::TagMismatch { tag: format!("!!{kind}"), found: value.type_name() }),
    }
}

/// The meaning of a plain scalar without tag.
fn plain(text: &str) -> Scalar<'_> {
    let Some(&first) = text.as_bytes().first() else { return Scalar::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => match text {
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
            "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
            "~" | "null" | "Null" | "NULL" => Scalar::Null,
            _ => Scalar::Str(text.into()),
        },
        b'.' => match text {
            ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Scalar::Float(f64::INFINITY),
            // Go's ParseFloat takes underscores between digits; only here are they not stripped beforehand.
            _ if underscores_separate_digits(text) => float(&text.replace('_', "")).unwrap_or(Scalar::Str(text.into())),
            _ => Scalar::Str(text.into()),
        },
        b'+' | b'-' | b'0'..=b'9' => match text {
            "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
            // What most numbers are.
            _ if let Some(number) = few_digits(text) => Scalar::Int(number),
            _ if is_timestamp(text) => Scalar::Str(text.into()),
            _ => number(&text.replace('_', "")).unwrap_or(Scalar::Str(text.into())),
        },
        _ => Scalar::Str(text.into()),
    }
}

/// A decimal number of so few digits that it fits, without anything else that numbers may have.
fn few_digits(text: &str) -> Option<i64> {
    let is_plain = text.len() < 19 && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.bytes().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

/// An integer in Go's base-0 notation, else a decimal float.
fn number(text: &str) -> Option<Scalar<'static>> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let signed = digits.len() != text.len();
    let lower = digits.as_bytes().get(1).map(u8::to_ascii_lowercase);
    let (radix, body) = match (digits.as_bytes().first(), lower) {
        (Some(b'0'), Some(b'x')) => (16, &digits[2..]),
        (Some(b'0'), Some(b'o')) => (8, &digits[2..]),
        (Some(b'0'), Some(b'b')) => (2, &digits[2..]),
        (Some(b'0'), Some(_)) => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !body.is_empty()
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && let Ok(magnitude) = u64::from_str_radix(body, radix)
    {
        let value = if negative { -i128::from(magnitude) } else { i128::from(magnitude) };
        if let Ok(value) = i64::try_from(value) {
            return Some(Scalar::Int(value));
        }
        // Without a sign only: ParseUint knows none.
        if !signed {
            return Some(Scalar::UInt(magnitude));
        }
    }
    float(text)
}

/// yaml.v2's `yamlStyleFloat`, and Go's refusal of what overflows.
fn float(text: &str) -> Option<Scalar<'static>> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_is_valid = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    let exponent_is_valid = exponent.is_none_or(|text| digits(text.strip_prefix(['-', '+']).unwrap_or(text)));
    if !(mantissa_is_valid && exponent_is_valid) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite()).map(Scalar::Float)
}

fn underscores_separate_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |index: Option<usize>| index.and_then(|index| bytes.get(index)).is_some_and(u8::is_ascii_digit);
    bytes.iter().enumerate().all(|(index, &byte)| {
        // Runs of underscores are refused, as each needs a digit on both sides.
        byte != b'_' || (is_digit(index.checked_sub(1)) && is_digit(Some(index + 1)))
    })
}

/// The formats that yaml.v2 tries: a date, or a date and a time.
fn is_timestamp(text: &str) -> bool {
    parse_timestamp(text).is_some()
}

fn parse_timestamp(text: &str) -> Option<()> {
    let (year, rest) = text.split_once('-')?;
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (month, rest) = rest.split_once('-')?;
    let month = short_number(month)?;
    let day_length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (day, rest) = rest.split_at(day_length);
    let day = short_number(day)?;
    let year: u32 = year.parse().ok()?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last_day = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day == 0 || day > last_day {
        return None;
    }
    let Some(separator) = rest.chars().next() else { return Some(()) };
    let (time, zoned) = match separator {
        'T' | 't' => (&rest[1..], true),
        ' ' => (&rest[1..], false),
        _ => return None,
    };
    let time = if zoned { strip_zone(time)? } else { time };
    let (time, fraction) = time.split_once(['.', ',']).map_or((time, None), |(time, fraction)| (time, Some(fraction)));
    if fraction.is_some_and(|text| text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let mut parts = time.split(':');
    let hour = short_number(parts.next()?)?;
    let minute = short_number(parts.next()?)?;
    let second = short_number(parts.next()?)?;
    (parts.next().is_none() && hour < 24 && minute < 60 && second < 60).then_some(())
}

fn strip_zone(time: &str) -> Option<&str> {
    if let Some(time) = time.strip_suffix('Z') {
        return Some(time);
    }
    let zone = time.get(time.len().checked_sub(6)?..)?;
    let [sign, h1, h2, b':', m1, m2] = zone.as_bytes() else { return None };
    let digits = [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit());
    (matches!(sign, b'+' | b'-') && digits).then(|| &time[..time.len() - 6])
}

fn short_number(text: &str) -> Option<u32> {
    ((1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn binary(text: &str) -> Option<String> {
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let text: String = text.chars().filter(|character| !matches!(character, '\r' | '\n')).collect();
    let bytes = GeneralPurpose::new(&STANDARD, CONFIG).decode(text).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The shortest decimal form of a float, as Go's JSON encoder writes it.
pub(crate) fn float_text(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() };
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        return go_exponent(&format!("{value:e}"));
    }
    format!("{value}")
}

/// A float key as text: Go's `%g` with the precision of 32 bits (ghodss/yaml's and sigs.k8s.io/yaml's choice).
#[allow(clippy::cast_possible_truncation)]
pub(super) fn float_key(value: f64) -> String {
    let value = value as f32;
    if !value.is_finite() {
        return float_text(f64::from(value));
    }
    let scientific = format!("{value:e}");
    let exponent: i32 = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    if (-4..6).contains(&exponent) { format!("{value}") } else { go_exponent(&scientific) }
}

/// `1e5` as Go writes it: a sign and at least two digits in the exponent.
fn go_exponent(scientific: &str) -> String {
    match scientific.split_once('e') {
        Some((mantissa, exponent)) => {
            let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        None => scientific.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        plain(text).shown()
    }

    #[test]
    fn plain_scalars_read_as_yaml_1_1() {
        for (written, shown) in [
            ("y", "true"),
            ("Off", "false"),
            ("yEs", "\"yEs\""),
            ("NULL", "null"),
            ("0123", "83"),
            ("09", "9"),
            ("0o17", "15"),
            ("0x1F", "31"),
            ("0b101", "5"),
            ("1_000", "1000"),
            ("+1", "1"),
            ("-0", "0"),
            ("1e3", "1000"),
            ("1.0", "1"),
            ("1.", "1"),
            (".5", "0.5"),
            ("190:20:30", "\"190:20:30\""),
            ("2001-01-01", "\"2001-01-01\""),
            ("100m", "\"100m\""),
            ("_1", "\"_1\""),
            ("0x", "\"0x\""),
            ("=", "\"=\""),
            ("18446744073709551615", "18446744073709551615"),
            ("1e999", "\"1e999\""),
            ("1.10", "1.1"),
            ("+18446744073709551615", "18446744073709552000"),
            ("-.inf", "-.inf"),
            (".1_0", "0.1"),
            ("._5", "\"._5\""),
            ("-0b11", "-3"),
            ("1e21", "1e+21"),
        ] {
            assert_eq!(read(written), shown, "{written}");
        }
    }

    #[test]
    fn timestamps_stay_text_and_are_checked_for_their_tag() {
        for (text, valid) in [
            ("2001-01-01", true),
            ("2001-2-30", false),
            ("2001-12-14t21:59:43.10-05:00", true),
            ("2001-12-14 21:59:43", true),
            ("2001-12-14 21:59:43.10 -5", false),
            ("201-01-01", false),
        ] {
            assert_eq!(is_timestamp(text), valid, "{text}");
        }
    }
}
