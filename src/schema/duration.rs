//! Durations as protojson reads and writes them.

/// A signed time span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration {
    /// The whole of it in nanoseconds.
    nanoseconds: i128,
}

/// The largest number of seconds (protojson: `well_known_types.go`).
const MAX_SECONDS: i128 = 315_576_000_000;

impl Duration {
    /// Reads `3600s`, `1.5s`, `-1s`, `+1s`, `.5s`: sign, digits without leading zero, up to nine digits of fraction, `s`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix('s')?;
        let (negative, number) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        if number.is_empty() {
            return None;
        }
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
        if !digits(whole) || !digits(fraction) || fraction.len() > 9 || has_leading_zero || whole.len() > 15 {
            return None;
        }
        let seconds: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let nanos: i128 = format!("{fraction:0<9}").parse().ok()?;
        let magnitude = seconds * 1_000_000_000 + nanos;
        // Only the seconds are compared; a fraction beyond the limit passes.
        (seconds <= MAX_SECONDS).then_some(Self { nanoseconds: if negative { -magnitude } else { magnitude } })
    }

    /// Whether it is longer than nothing.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.nanoseconds > 0
    }
}

impl std::fmt::Display for Duration {
    /// The canonical form: no fraction, or one of three, six or nine digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.nanoseconds < 0 { "-" } else { "" };
        let magnitude = self.nanoseconds.unsigned_abs();
        let (seconds, nanos) = (magnitude / 1_000_000_000, magnitude % 1_000_000_000);
        match nanos {
            0 => write!(f, "{sign}{seconds}s"),
            _ if nanos.is_multiple_of(1_000_000) => write!(f, "{sign}{seconds}.{:03}s", nanos / 1_000_000),
            _ if nanos.is_multiple_of(1_000) => write!(f, "{sign}{seconds}.{:06}s", nanos / 1_000),
            _ => write!(f, "{sign}{seconds}.{nanos:09}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_protojson_reads_them() {
        for (text, canonical) in [
            ("60s", "60s"),
            ("1.5s", "1.500s"),
            ("0s", "0s"),
            ("-1s", "-1s"),
            ("+1s", "1s"),
            (".5s", "0.500s"),
            ("1.s", "1s"),
            ("1.123456789s", "1.123456789s"),
            ("315576000000.9s", "315576000000.900s"),
            (".s", "0s"),
            ("1.50s", "1.500s"),
        ] {
            assert_eq!(Duration::parse(text).map(|read| read.to_string()).as_deref(), Some(canonical), "{text}");
        }
        for text in [
            "60",
            "1m",
            "1h",
            "1m0s",
            "60 s",
            "060s",
            "3600S",
            "1e3s",
            "1_0s",
            "s",
            "",
            "1.1234567891s",
            "315576000001s",
            "--1s",
            "1.-5s",
        ] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }
}
