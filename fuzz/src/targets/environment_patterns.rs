//! Patterns of environments. The old matcher against Ruby's regular expressions, `Regexp.new(pattern.gsub('*', '.*')).match?(name)`, the new
//! one against its description.

use kaslint::access::environment_pattern::{NewPattern, OldPattern, Verdict, is_expression};
use kaslint::access::{EnvironmentMatcher, EnvironmentPattern, PartialVerdict};
use kaslint::gitlab::{PartialText, Shape};
use onig::{MatchParam, Regex, RegexOptions, SearchOptions, Syntax};

/// The longest pattern and name that are compared with Ruby's, in bytes: it goes back and forth.
const MAX_COMPARED: usize = 80;

/// The first line is a pattern, the rest a name. No verdict is another than the reference's, a plain pattern always has one, and what is said
/// of a name that is known in part holds for the whole.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pattern, name) = text.split_once('\n').unwrap_or((&text, ""));
    old(pattern, name);
    assert_eq!(NewPattern::new(pattern).matches(name), by_description(pattern, name), "{pattern:?} on {name:?}");
    for matcher in [EnvironmentMatcher::Old, EnvironmentMatcher::New, EnvironmentMatcher::Either] {
        holds_for_a_part(&EnvironmentPattern::new(pattern, matcher), pattern, name);
    }
}

fn old(pattern: &str, name: &str) {
    let verdict = OldPattern::new(pattern).compare(name);
    let is_clean = !name.chars().any(char::is_control);
    let is_settled = matches!(verdict, Verdict::Matches | Verdict::Differs);
    assert!(is_expression(pattern) || !is_clean || is_settled, "{verdict:?}");
    if pattern.len() > MAX_COMPARED || name.len() > MAX_COMPARED {
        return;
    }
    let told = match verdict {
        Verdict::Unknown(_) => return,
        Verdict::Matches => Some(true),
        Verdict::Differs => Some(false),
        Verdict::Raises(_) => None,
    };
    // The reference knows more of Unicode than Ruby where it comes to classes.
    let has_classes = pattern.contains('\\') && !name.is_ascii();
    if !pattern.contains('*') {
        assert_eq!(told, Some(pattern == name));
    } else if let Some(expected) = by_reference(pattern, name).filter(|_| !has_classes) {
        assert_eq!(told, expected, "{pattern:?} on {name:?}");
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

/// What the new matcher says by its description: the whole name, `*` being any run of characters without a line break.
fn by_description(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    // Whether what was read of the pattern can be the first so many characters of the name.
    let mut met = vec![false; name.len() + 1];
    met[0] = true;
    for wanted in pattern.chars() {
        if wanted == '*' {
            for at in 1..met.len() {
                met[at] |= met[at - 1] && name[at - 1] != '\n';
            }
        } else {
            for at in (1..met.len()).rev() {
                met[at] = met[at - 1] && name[at - 1] == wanted;
            }
            met[0] = false;
        }
    }
    met.last() == Some(&true)
}

/// Of a name whose middle hangs on a variable, `Always` and `Never` hold for the name as it is.
///
/// No name of an environment has a line break or another control character (`app/models/environment.rb`), and what is unknown has none either.
fn holds_for_a_part(compiled: &EnvironmentPattern<'_>, pattern: &str, name: &str) {
    if name.contains(char::is_control) {
        return;
    }
    let places: Vec<usize> = name.char_indices().map(|(at, _)| at).collect();
    let (Some(from), Some(to)) = (places.get(places.len() / 3), places.get(places.len() * 2 / 3)) else { return };
    let mut partial = PartialText::known(&name[..*from]);
    partial.push(&PartialText::unknown("X", Shape::Any));
    partial.push_known(&name[*to..]);
    let (whole, part) = (compiled.compare(name), compiled.compare_partial(&partial));
    let (always, never) = (PartialVerdict::Always, PartialVerdict::Never);
    if part.is(&always) {
        assert!(!whole.may_be(&never), "{pattern:?} always matches {partial}: {whole:?}");
    }
    if part.is(&never) {
        assert!(!whole.may_be(&always), "{pattern:?} never matches {partial}: {whole:?}");
    }
}
