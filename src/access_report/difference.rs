//! The difference between a recorded result and the one of now.

use std::io;
use std::time::Duration;

use serde_json::Value as Json;
use similar::TextDiff;

use super::Format;
use crate::outlet::Outlet;
use crate::words;

/// How long the smallest difference is looked for; after that a larger one does.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes the difference as `diff -u` does. Lines of JSON are spread out first, so that it shows what changed in them.
///
/// # Errors
/// When the receiver does not take it.
pub fn write_difference(format: Format, recorded: (&str, &str), found: &str, out: &mut Outlet<'_>) -> io::Result<()> {
    let (name, recorded) = recorded;
    let spread = |text: &str| if format == Format::Json { spread_out(text) } else { text.to_owned() };
    let (before, after) = (spread(recorded), spread(found));
    let difference = TextDiff::configure().timeout(PATIENCE).diff_lines(&before, &after);
    let text = difference.unified_diff().header(name, "now").to_string();
    if text.is_empty() {
        return out.line(format_args!("{name} differs in form only: blanks, or the order or spelling of its JSON"));
    }
    for line in text.lines() {
        out.line(format_args!("{}", words::printable(line)))?;
    }
    Ok(())
}

fn spread_out(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let object = serde_json::from_str::<Json>(line).ok();
        object.and_then(|object| serde_json::to_string_pretty(&object).ok()).unwrap_or_else(|| line.to_owned())
    });
    lines.map(|line| line + "\n").collect()
}
