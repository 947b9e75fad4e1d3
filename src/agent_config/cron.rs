//! Schedules as agentk parses `cadence`: the standard parser of robfig/cron v3 (`parser.go`), with its five fields,
//! names, descriptors and time zone prefix.

/// What is wrong with a schedule; `None` for one that agentk can parse.
pub(super) fn error(spec: &str) -> Option<String> {
    let mut spec = spec;
    if spec.starts_with("TZ=") || spec.starts_with("CRON_TZ=") {
        // The zone's name is looked up on the agent's machine; which ones it has cannot be known here.
        match spec.split_once(' ') {
            Some((_, rest)) => spec = rest.trim(),
            None => return Some("nothing follows the time zone".to_owned()),
        }
    }
    if let Some(descriptor) = spec.strip_prefix('@') {
        return descriptor_error(descriptor);
    }
    let fields: Vec<&str> = spec.split_whitespace().collect();
    if fields.len() != BOUNDS.len() {
        return Some(format!(
            "it has {} fields, and five are needed: minute, hour, day of the month, month, day of the week",
            fields.len()
        ));
    }
    fields.iter().zip(&BOUNDS).find_map(|(field, bounds)| field_error(field, bounds))
}

struct Bounds {
    name: &'static str,
    low: u64,
    high: u64,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const BOUNDS: [Bounds; 5] = [
    Bounds { name: "minute", low: 0, high: 59, names: &[] },
    Bounds { name: "hour", low: 0, high: 23, names: &[] },
    Bounds { name: "day of the month", low: 1, high: 31, names: &[] },
    Bounds { name: "month", low: 1, high: 12, names: MONTHS },
    Bounds { name: "day of the week", low: 0, high: 6, names: DAYS },
];

fn field_error(field: &str, bounds: &Bounds) -> Option<String> {
    // Empty parts between commas are skipped.
    field.split(',').filter(|part| !part.is_empty()).find_map(|part| range_error(part, bounds))
}

fn range_error(part: &str, bounds: &Bounds) -> Option<String> {
    let Bounds { name, low, high, .. } = bounds;
    let (range, step) = match part.split('/').collect::<Vec<_>>()[..] {
        [range] => (range, None),
        [range, step] => (range, Some(step)),
        _ => return Some(format!("the {name} `{part}` has more than one slash")),
    };
    let ends: Vec<&str> = range.split('-').collect();
    if !matches!(ends[0], "*" | "?") {
        if ends.len() > 2 {
            return Some(format!("the {name} `{part}` has more than one hyphen"));
        }
        let number = |text: &str| number(text, bounds).ok_or_else(|| format!("the {name} `{text}` is no number"));
        let (start, mut end) = match (number(ends[0]), ends.get(1).map(|text| number(text))) {
            (Err(error), _) | (_, Some(Err(error))) => return Some(error),
            (Ok(start), None) => (start, start),
            (Ok(start), Some(Ok(end))) => (start, end),
        };
        if step.is_some() && ends.len() == 1 {
            end = *high;
        }
        if start < *low || end > *high {
            return Some(format!("the {name} `{part}` is not between {low} and {high}"));
        }
        if start > end {
            return Some(format!("the {name} `{part}` ends before it starts"));
        }
    }
    let step = step?;
    match integer(step) {
        Some(0) => Some(format!("the step of the {name} `{part}` is zero")),
        Some(_) => None,
        None => Some(format!("the step of the {name} `{part}` is no number")),
    }
}

fn number(text: &str, bounds: &Bounds) -> Option<u64> {
    let lower = text.to_lowercase();
    match bounds.names.iter().position(|name| *name == lower) {
        Some(index) => Some(bounds.low + index as u64),
        None => integer(text),
    }
}

/// Go's `Atoi` without negative numbers.
fn integer(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}

fn descriptor_error(descriptor: &str) -> Option<String> {
    const KNOWN: [&str; 7] = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"];
    if let Some(interval) = descriptor.strip_prefix("every ") {
        return (!is_go_duration(interval)).then(|| format!("`{interval}` is no interval such as `1h30m`"));
    }
    if KNOWN.contains(&descriptor) {
        return None;
    }
    Some(format!(
        "`@{descriptor}` is none of `@yearly`, `@monthly`, `@weekly`, `@daily`, `@hourly` and `@every <interval>`"
    ))
}

/// Go's `time.ParseDuration`: `1h30m`, `1.5h`, `-5m`, `0`.
fn is_go_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let number_length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_length);
        let has_digit = number.bytes().any(|byte| byte.is_ascii_digit());
        if !has_digit || number.matches('.').count() > 1 {
            return false;
        }
        let units = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"];
        let Some(unit) = units.into_iter().filter(|unit| tail.starts_with(unit)).max_by_key(|unit| unit.len()) else {
            return false;
        };
        rest = &tail[unit.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::error;

    #[test]
    fn schedules_are_judged_as_the_standard_parser_judges() {
        for spec in [
            "0 0 * * *",
            "*/15 1-5,7 ? JAN-Mar mon",
            "@daily",
            "@every 1h30m",
            "CRON_TZ=Europe/Berlin 0 6 * * *",
            "5/10 * * * *",
            "0 0 1 1 0",
            "0  0 * * sun,",
            "*-5 * * * *",
        ] {
            assert_eq!(error(spec), None, "{spec}");
        }
        for spec in [
            "0 0 * *",
            "0 0 * * * *",
            "60 * * * *",
            "0 24 * * *",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 * * 7",
            "a * * * *",
            "5-1 * * * *",
            "*/0 * * * *",
            "1/2/3 * * * *",
            "1-2-3 * * * *",
            "@Daily",
            "@every",
            "@every 1d",
            "TZ=UTC",
            "-1 * * * *",
            "",
        ] {
            assert!(error(spec).is_some(), "{spec}");
        }
    }
}
