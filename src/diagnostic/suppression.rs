//! Findings that somebody has looked at and accepted: comments in files, and `ignore` in the settings file.
//!
//! Each needs a reason. One that hides nothing, names no rule or gives no reason is a finding itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet};

use super::{Finding, INVALID_IGNORE, RuleTable, UNUSED_IGNORE};
use crate::source::{Place, Source, Span};
use crate::yaml;

/// What a comment starts with.
pub(crate) const MARK: &str = "kaslint:";

/// A comment that hides findings of rules on one line.
#[derive(Debug)]
pub(crate) struct Directive {
    source: Arc<Source>,
    /// The 1-based line that it speaks of.
    line: usize,
    /// The rules, each with the place of its name.
    rules: Vec<(&'static str, Span)>,
    used: HashSet<&'static str>,
}

/// The directives in the comments of a file, and what is wrong with them.
pub(crate) fn directives(
    source: &Arc<Source>,
    comments: &[yaml::Comment],
    table: RuleTable,
) -> (Vec<Directive>, Vec<Finding>) {
    let (mut directives, mut findings) = (Vec::new(), Vec::new());
    if !comments.iter().any(|comment| comment.text.trim_start().starts_with(MARK)) {
        return (directives, findings);
    }
    // Of several such comments one below the other, each speaks of the line below them all.
    let mut below: HashMap<usize, usize> = HashMap::new();
    for comment in comments.iter().rev().filter(|comment| stands_alone(source, comment)) {
        let line = line_of(source, comment);
        let line_below = below.get(&(line + 1)).copied().unwrap_or(line + 1);
        below.insert(line, line_below);
    }
    for comment in comments {
        let Some(at) = comment.text.find(MARK).filter(|at| comment.text[..*at].trim().is_empty()) else { continue };
        let start = comment.span.start + 1 + at;
        let own = line_of(source, comment);
        let line = if stands_alone(source, comment) { below.get(&own).copied().unwrap_or(own + 1) } else { own };
        let text = comment.text.get(at..).unwrap_or_default();
        let (rules, mut faults) = read(source, start, text.trim_end(), table);
        findings.append(&mut faults);
        if !rules.is_empty() {
            directives.push(Directive { source: Arc::clone(source), line, rules, used: HashSet::new() });
        }
    }
    (directives, findings)
}

/// The comments of a file that is no YAML: from a `#` at the start of a word to the end of its line, as shells and Makefiles have them.
pub(crate) fn comments_of_lines(source: &Source) -> Vec<yaml::Comment> {
    let comment = |index: usize| {
        let line = source.line_span(index);
        let text = source.slice(line);
        // Nothing but comments to kaslint counts, so what else a `#` may be is no matter.
        let at = text.match_indices('#').map(|(at, _)| at).find(|at| {
            let starts_word = text.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']));
            starts_word && text.get(at + 1..).is_some_and(|rest| rest.trim_start().starts_with(MARK))
        })?;
        let span = Span::new(line.start + at, line.end);
        Some(yaml::Comment { text: source.slice(Span::new(span.start + 1, span.end)).into(), span })
    };
    (0..source.line_count()).filter_map(comment).collect()
}

fn line_of(source: &Source, comment: &yaml::Comment) -> usize {
    source.line_index(comment.span.start) + 1
}

fn stands_alone(source: &Source, comment: &yaml::Comment) -> bool {
    let line = source.line_span(source.line_index(comment.span.start));
    source.slice(Span::new(line.start, comment.span.start)).trim_matches('\u{feff}').trim().is_empty()
}

/// Reads `kaslint: ignore[rule, rule] reason`, which starts at an offset of the text.
fn read(source: &Arc<Source>, start: usize, text: &str, table: RuleTable) -> (Vec<(&'static str, Span)>, Vec<Finding>) {
    const FORM: &str = "write `# kaslint: ignore[rule-name] reason`";
    let whole = Span::new(start, start + text.len());
    let fault = |span: Span, message: String, help: String| {
        Finding::new(&INVALID_IGNORE, source, span, message).label("hides nothing").help(help)
    };
    let rest = text.get(MARK.len()..).unwrap_or_default().trim_start();
    let Some(names) = rest.strip_prefix("ignore").map(str::trim_start) else {
        let message = "this comment is addressed to kaslint, which knows `ignore` only".to_owned();
        return (Vec::new(), vec![fault(whole, message, FORM.to_owned())]);
    };
    let Some((names, reason)) = names.strip_prefix('[').and_then(|names| names.split_once(']')) else {
        let message = "this comment names no rule, and would hide everything".to_owned();
        return (Vec::new(), vec![fault(whole, message, FORM.to_owned())]);
    };
    let names_start = start + text.len() - reason.len() - 1 - names.len();
    let (mut rules, mut faults) = (Vec::new(), Vec::new());
    let mut offset = names_start;
    for part in names.split(',') {
        let name = part.trim();
        let begin = offset + (part.len() - part.trim_start().len());
        let span = Span::new(begin, begin + name.len());
        offset += part.len() + 1;
        match table.find(name) {
            Some(rule) => rules.push((rule.name, span)),
            None if name.is_empty() => {
                faults.push(fault(whole, "this comment names no rule".to_owned(), FORM.to_owned()));
            }
            None => {
                let message = format!("`{name}` is no rule, so the comment hides nothing by it");
                faults.push(fault(span, message, table.nearest(name)).proposal(table.meant(name), span));
            }
        }
    }
    if reason.trim().is_empty() {
        let message = "this comment gives no reason, so it hides nothing".to_owned();
        let help = "say behind the bracket why the finding is accepted".to_owned();
        return (Vec::new(), vec![fault(whole, message, help)]);
    }
    (rules, faults)
}

/// What a comment that hides a finding says where a person has not said why yet.
pub(crate) const REASON: &str = "TODO: say why";

/// Where to write what, so that a comment hides a finding: a name into a comment that is there, else a comment behind the line, else
/// above it. `None` where no comment can stand, as within a text of several lines.
pub(crate) fn ignore_comment(finding: &Finding, table: RuleTable) -> Option<(Span, String)> {
    let Place { source, span } = &finding.place;
    let name = finding.rule.name;
    let line = source.line_span(source.line_index(span.start));
    let document = yaml::read(source);
    let comments = document.tree().comments();
    let here = comments.iter().find(|comment| line.contains(Span::empty(comment.span.start)));
    let is_break = if source.text().contains("\r\n") { "\r\n" } else { "\n" };
    let above = || {
        let text = source.slice(line);
        let indent: String = text.chars().take_while(|character| *character == ' ').collect();
        (Span::empty(line.start), format!("{indent}# {MARK} ignore[{name}] {REASON}{is_break}"))
    };
    let behind = || (Span::empty(line.end), format!("  # {MARK} ignore[{name}] {REASON}"));
    let candidates = match here {
        Some(comment) => {
            let close = comment.text.find(MARK).and_then(|at| Some(at + comment.text.get(at..)?.find(']')?));
            let into = close.map(|at| (Span::empty(comment.span.start + 1 + at), format!(", {name}")));
            into.into_iter().chain([above()]).collect()
        }
        None => vec![behind(), above()],
    };
    // What is said of a file as such is said of its first line, whatever that is.
    let is_of_file = span.is_empty() && span.start == 0;
    candidates.into_iter().filter(|(at, _)| !is_of_file || at.start > 0).find(|(at, text)| {
        let mut changed = source.text().to_owned();
        changed.insert_str(at.start, text);
        let moved = if at.start <= span.start { text.len() } else { 0 };
        let changed = Arc::new(source.with_text(changed));
        let read = yaml::read(&changed);
        let line = changed.position(span.start + moved).line;
        let (directives, _) = directives(&changed, read.tree().comments(), table);
        let hides =
            |directive: &Directive| directive.line == line && directive.rules.iter().any(|(rule, _)| *rule == name);
        read.problems().len() <= document.problems().len() && directives.iter().any(hides)
    })
}

impl Directive {
    /// The 1-based line that it speaks of.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Whether it names a rule.
    pub(super) fn names(&self, rule: &str) -> bool {
        self.rules.iter().any(|(name, _)| *name == rule)
    }

    /// The rules that it names and that ran without saying anything there.
    fn unused(&self, ran: &dyn Fn(&str, &str) -> bool) -> Vec<Finding> {
        let unused = self.rules.iter().filter(|(name, _)| !self.used.contains(name) && ran(name, self.source.path()));
        unused
            .map(|(name, span)| {
                let message = format!("`{name}` says nothing on line {}, so this hides nothing", self.line);
                Finding::new(&UNUSED_IGNORE, &self.source, *span, message)
                    .label("not needed")
                    .key(*name)
                    .help("remove it, so that it does not hide a later mistake")
            })
            .collect()
    }
}

/// Takes out the findings that comments hide, and adds those about the comments. Returns how many were hidden.
pub(crate) fn apply(
    findings: &mut Vec<Finding>,
    mut directives: Vec<Directive>,
    ran: &dyn Fn(&str, &str) -> bool,
) -> usize {
    let before = findings.len();
    let mut by_place: HashMap<(*const Source, usize, &'static str), usize> = HashMap::new();
    for (at, directive) in directives.iter().enumerate() {
        for (rule, _) in &directive.rules {
            by_place.entry((Arc::as_ptr(&directive.source), directive.line, rule)).or_insert(at);
        }
    }
    findings.retain(|finding| {
        let Place { source, span } = &finding.place;
        let key = (Arc::as_ptr(source), source.line_index(span.start) + 1, finding.rule.name);
        let hiding = by_place.get(&key).and_then(|&at| directives.get_mut(at));
        hiding.map(|directive| directive.used.insert(finding.rule.name)).is_none()
    });
    let hidden = before - findings.len();
    findings.extend(directives.iter().flat_map(|directive| directive.unused(ran)));
    hidden
}

/// The longest pattern of paths, in bytes.
const MAX_PATTERN: usize = 1_024;

/// How deep braces may stand within braces in a pattern of paths.
const MAX_BRACES: usize = 8;

/// How deep braces stand within each other. Those that are escaped or in a class are counted too, which asks no more of patterns
/// that somebody means.
fn deepest_braces(pattern: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in pattern.bytes() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// An item of `ignore` in the settings file.
#[derive(Clone, Debug)]
pub struct AcceptedFinding {
    /// The rule.
    pub rule: &'static str,
    /// The route of the finding, with ids for positions: `ci_access.groups[acme]`. It stands for everything below it.
    pub at: Option<String>,
    /// Which files, relative to the folder of the settings file.
    pub path: Option<GlobSet>,
    /// The file, where that is a path and no pattern.
    pub file: Option<String>,
    /// Where it is written.
    pub place: Place,
}

impl AcceptedFinding {
    /// A pattern of file paths, in which `*` stays within a folder.
    ///
    /// # Errors
    /// When it is no pattern, or one that is larger than any that somebody means.
    pub fn pattern(text: &str) -> Result<GlobSet, String> {
        if text.len() > MAX_PATTERN {
            return Err(format!("it has {} bytes, and {MAX_PATTERN} are allowed", text.len()));
        }
        if deepest_braces(text) > MAX_BRACES {
            return Err(format!("it is nested too deep: {MAX_BRACES} levels of braces are allowed"));
        }
        let glob = GlobBuilder::new(text).literal_separator(true).build().map_err(|error| error.kind().to_string())?;
        // A matcher of one pattern panics on what a set refuses.
        GlobSet::new([glob]).map_err(|error| error.kind().to_string())
    }

    /// The path that a pattern matches alone; `None` for one that may match others.
    #[must_use]
    pub fn only_path(pattern: &str) -> Option<String> {
        (!pattern.contains(['*', '?', '[', ']', '{', '}', '\\'])).then(|| pattern.to_owned())
    }

    /// Whether it is about this finding of a file, whose path starts from the folder of the settings file.
    #[must_use]
    pub fn hides(&self, finding: &Finding, path: &str) -> bool {
        let is_at = |at: &String| {
            finding.anchor.strip_prefix(at.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.rule == finding.rule.name && self.at.as_ref().is_none_or(is_at) && self.is_of(path)
    }

    /// Whether it may be about findings of a file, whose path starts from the folder of the settings file.
    #[must_use]
    pub fn is_of(&self, path: &str) -> bool {
        self.path.as_ref().is_none_or(|pattern| pattern.is_match(path))
    }

    /// What is said of one that hid nothing.
    #[must_use]
    pub fn unused(&self) -> Finding {
        let message = format!("no finding of `{}` is hidden by this", self.rule);
        Finding::new(&UNUSED_IGNORE, &self.place.source, self.place.span, message)
            .label("not needed")
            .route("ignore")
            .key(self.rule)
            .help("remove it, so that it does not hide a later mistake")
    }
}
