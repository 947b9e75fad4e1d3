//! Patterns of environments against Ruby's regular expressions: `Regexp.new(pattern.gsub('*', '.*')).match?(name)`.

use kaslint::access::environment_pattern::is_expression;
use kaslint::access::{EnvironmentPattern, PartialVerdict, Verdict};
use kaslint::gitlab::{PartialText, Shape};
use onig::{MatchParam, Regex, RegexOptions, SearchOptions, Syntax};

/// The longest pattern and name that are compared with the reference, in bytes; it goes back and forth.
const MAX_COMPARED: usize = 80;

/// The first line is a pattern, the rest a name. No verdict is another than the reference's, a plain pattern always has one, and what is said
/// of a name that is known in part holds for the whole.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pattern, name) = text.split_once('\n').unwrap_or((&text, ""));
    let compiled = EnvironmentPattern::new(pattern);
    let verdict = compiled.compare(name);
    let is_clean = !name.chars().any(char::is_control);
    assert!(
        is_expression(pattern) || !is_clean || matches!(verdict, Verdict::Matches | Verdict::Differs),
        "{verdict:?}"
    );
    holds_for_a_part(pattern, name, &verdict);
    if pattern.len() > MAX_COMPARED || name.len() > MAX_COMPARED {
        return;
    }
    match verdict {
        Verdict::Unknown(_) => {}
        verdict if !pattern.contains('*') => assert_eq!(verdict == Verdict::Matches, pattern == name),
        // The reference knows more of Unicode than Ruby where it comes to classes.
        _ if pattern.contains('\\') && !name.is_ascii() => {}
        verdict => {
            if let Some(expected) = by_reference(pattern, name) {
                let told = match verdict {
                    Verdict::Matches => Some(true),
                    Verdict::Differs => Some(false),
                    _ => None,
                };
                assert_eq!(told, expected, "`{pattern}` on `{name}`");
            }
        }
    }
}

/// Whether the reference matches; `None` within where it refuses the pattern, and `None` where it gives up.
fn by_reference(pattern: &str, name: &str) -> Option<Option<bool>> {
    let expression = pattern.replace('*', ".*");
    let Ok(regex) = Regex::with_options(&expression, RegexOptions::REGEX_OPTION_NONE, Syntax::ruby()) else {
        return Some(None);
    };
    let options = SearchOptions::SEARCH_OPTION_NONE;
    let found = regex.search_with_param(name, 0, name.len(), options, None, MatchParam::default());
    Some(Some(found.ok()?.is_some()))
}

/// Of a name whose middle hangs on a variable, `Always` and `Never` hold for the name as it is.
fn holds_for_a_part(pattern: &str, name: &str, whole: &Verdict) {
    let places: Vec<usize> = name.char_indices().map(|(at, _)| at).collect();
    let (Some(from), Some(to)) = (places.get(places.len() / 3), places.get(places.len() * 2 / 3)) else { return };
    let mut partial = PartialText::known(&name[..*from]);
    partial.push(&PartialText::unknown("X", Shape::Any));
    partial.push_known(&name[*to..]);
    match EnvironmentPattern::new(pattern).compare_partial(&partial) {
        PartialVerdict::Always => assert_ne!(*whole, Verdict::Differs, "`{pattern}` always matches {partial}"),
        PartialVerdict::Never => assert_ne!(*whole, Verdict::Matches, "`{pattern}` never matches {partial}"),
        _ => {}
    }
}
