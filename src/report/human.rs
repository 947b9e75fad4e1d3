//! `human`: miette's graphical report, in which equal findings are told as one and no lines of a file are shown twice.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeStyles};
use textwrap::{WordSeparator, WordSplitter};

use super::excerpt::{Excerpt, MaskedSource, line_of};
use super::shown::{Group, Shown, groups};
use super::{Outcome, Summary, View, statistics};
use crate::diagnostic::{Finding, Safety, Severity};
use crate::fixing::FILE_COUNTS;
use crate::outlet::{Outlet, Tone};
use crate::source::{Place, Printable, Source, Span};
use crate::words;

/// So many lines without a place are shown between two places. More take more room than the line that stands for the gap.
const BETWEEN: usize = 1;

/// How many places an excerpt shows.
const MOST_PLACES: usize = 4;

/// How many lines a finding has at most.
const MOST_LINES: usize = 30;

/// Of which so many may be its message, and so many its help. There are more only in very narrow terminals.
const MOST_OF_MESSAGE: usize = 12;
const MOST_OF_HELP: usize = 6;

/// So many lines name further places.
const MOST_OF_LIST: usize = 2;

/// So many lines are named of which the same is said.
const MOST_NAMED: usize = 6;

/// What the fixes of equal findings change, in one line; the first speaks for others only where all do the same. That unsafe ones change who
/// gets in, at each place in another way, goes without saying.
fn fix_line_of(group: &Group<'_>) -> Option<String> {
    let effect = |finding: &Finding| finding.fix.as_ref().and_then(|fix| fix.effect.clone());
    let first = effect(group.first);
    let is_safe = group.first.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Safe);
    // Whoever makes an unsafe fix looks at what it comes to; that the file counts then is why it is there.
    if !is_safe && first.as_deref().is_some_and(|effect| effect.starts_with(FILE_COUNTS)) {
        return None;
    }
    if group.others.iter().all(|other| effect(other) == first) {
        return super::fix_line(group.first);
    }
    is_safe.then(|| "fix (safe): GitLab takes the files then, and what they grant comes into force.".to_owned())
}

/// The tone of a severity.
pub(super) fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Doubtful,
        Severity::Note => Tone::Title,
    }
}

/// miette's signs in the tones of all other reports.
fn theme() -> GraphicalTheme {
    let style = |severity| tone(severity).style();
    let plain = Tone::Plain.style();
    let styles = ThemeStyles {
        error: style(Severity::Error),
        warning: style(Severity::Warning),
        advice: style(Severity::Note),
        help: plain,
        link: plain,
        linum: plain,
        highlights: vec![Tone::Position.style()],
    };
    GraphicalTheme { styles, ..GraphicalTheme::unicode() }
}

/// Stands where lines are left out.
const GAP: char = '⋮';

/// The report for people.
#[derive(Clone, Copy, Debug)]
pub struct Human {
    width: usize,
    /// The address below which rules have their pages, if the terminal shows links.
    pages: Option<&'static str>,
    /// Whether it is said which findings `--fix` mends.
    marks_fixes: bool,
}

impl Human {
    /// A report of findings for so many columns.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width: width.clamp(20, 160), pages: None, marks_fixes: false }
    }

    /// Writes findings and, unless quiet is wanted, the summary.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub(super) fn write(outcome: &Outcome, view: View, out: &mut Outlet<'_>) -> io::Result<()> {
        let human = Self { pages: view.pages, marks_fixes: true, ..Self::new(view.width) };
        let (shown, groups) = Shown::grouped(outcome, view.limits);
        let rows = statistics::rows(outcome.findings.iter());
        match view.limits.statistics {
            true => statistics::lines(&rows).iter().try_for_each(|line| out.line(format_args!("{line}")))?,
            false => human.write_groups(&groups, out)?,
        }
        if view.is_quiet {
            return Ok(());
        }
        if outcome.findings.len() > 1 && !view.limits.statistics {
            let mut of_rules: Vec<(&str, usize)> = Vec::new();
            for row in &rows {
                match of_rules.iter_mut().find(|(rule, _)| *rule == row.rule) {
                    Some((_, count)) => *count += row.count,
                    None => of_rules.push((row.rule, row.count)),
                }
            }
            of_rules.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let counts: Vec<String> = of_rules.iter().map(|(rule, count)| format!("{count} {rule}")).collect();
            let counts = Printable::of(&format!("By rule: {}.", counts.join(", ")));
            human.paragraph(&counts, "").iter().try_for_each(|line| out.line(format_args!("{line}")))?;
        }
        for line in Summary::of(outcome).marked_lines(&shown) {
            out.line(format_args!("{line}"))?;
        }
        Ok(())
    }

    /// Writes findings alone, the worst first.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn write_findings(self, findings: &[Finding], out: &mut Outlet<'_>) -> io::Result<()> {
        self.write_groups(&groups(findings.iter()), out)
    }

    fn write_groups(self, groups: &[Group<'_>], out: &mut Outlet<'_>) -> io::Result<()> {
        let mut said = Said::default();
        for group in groups {
            for line in self.finding(group, &mut said)? {
                out.drawn_with_links(&line, self.pages)?;
            }
            out.empty_line()?;
        }
        Ok(())
    }

    /// The lines of a finding, and of those equal to it.
    fn finding<'o>(self, group: &Group<'o>, said: &mut Said<'o>) -> io::Result<Vec<String>> {
        let finding = group.first;
        let path = finding.place.source.path();
        let mut lines = self.message(finding)?;
        let mut behind = Vec::new();
        // Help that was given before helps here as well.
        if let Some(help) = finding.help.as_deref().filter(|help| said.helps.insert((finding.rule.name, help))) {
            behind = self.paragraph(&Printable::of(&format!("help: {}", Printable::of(help).into_string())), "  ");
            shorten(&mut behind, MOST_OF_HELP);
        }
        // So does what a fix changes, where it is the same.
        if let Some(fix) = fix_line_of(group)
            && said.fixes.insert((finding.rule.name, fix.clone()))
        {
            let lines = self.paragraph(&Printable::of(&fix), "  ");
            behind.extend(first_line(lines));
        }
        let others: Vec<&Place> = group.others.iter().map(|finding| &finding.place).collect();
        behind.extend(self.places("and at", "other place", &others, path));

        // What has no room is named.
        let mut room = MOST_LINES.saturating_sub(lines.len() + behind.len() + MOST_OF_LIST);
        let mut unshown: Vec<&Place> = Vec::new();
        let mut known: Vec<Known<'_>> = Vec::new();
        // Where the bar beside the lines shown last stands.
        let mut bar = None;
        for (at, marks) in clusters(finding).into_iter().enumerate() {
            let is_first = at == 0 && !is_about_the_file(finding);
            if let Some(marks) = self.known(&marks, is_first, &finding.place, said) {
                bar = bar.or_else(|| marks.first().map(|known| known.mark.line));
                known.extend(marks);
                continue;
            }
            let named = self.named(&known, bar, path);
            let drawn = match room.saturating_sub(named.len()) {
                0 | 1 => Vec::new(),
                _ => self.excerpt(&marks, (!is_first).then_some(path), said)?,
            };
            if drawn.is_empty() || named.len() + drawn.len() > room {
                unshown.extend(marks.iter().map(|mark| mark.place));
                continue;
            }
            room -= named.len() + drawn.len();
            lines.extend(named);
            lines.extend(drawn);
            known.clear();
            bar = marks.iter().map(|mark| mark.line).max();
            said.show(&marks, self.beside(digits(&marks)));
        }
        let mut named = self.named(&known, bar, path);
        if named.len() > room {
            named.truncate(room);
            unshown.splice(0..0, known.iter().skip(room).map(|known| known.mark.place));
        }
        lines.extend(named);
        lines.extend(self.places("and here, at", "more place", &unshown, path));
        lines.extend(behind);
        Ok(lines)
    }

    /// Severity, rule and message.
    fn message(self, finding: &Finding) -> io::Result<Vec<String>> {
        let message = match is_about_the_file(finding) {
            false => Printable::of(&finding.message),
            true => Printable::of(&format!("{}: {}", finding.place.source.path(), finding.message)),
        };
        let head = Head { code: self.code(finding), message, severity: finding.severity };
        let mut lines = self.drawn(&Report { head, source: None, labels: Vec::new() })?;
        shorten(&mut lines, MOST_OF_MESSAGE);
        Ok(lines)
    }

    /// Severity and rule, and whether `--fix` mends the finding.
    fn code(self, finding: &Finding) -> String {
        let name = tone(finding.severity).painted(&format!("{}[{}]", finding.severity, finding.rule.name));
        let linked = match self.pages.and_then(|pages| finding.rule.url_below(pages)) {
            Some(url) => format!("\u{1b}]8;;{url}\u{1b}\\{name}\u{1b}]8;;\u{1b}\\"),
            None => name,
        };
        let is_fixable = self.marks_fixes && statistics::is_fixable(finding);
        format!("{linked}{}", if is_fixable { " [*] " } else { ": " })
    }

    /// Places whose lines were shown, above or, if there is text alike, as the finding's own; nothing for others.
    fn known<'o>(self, marks: &[Mark<'o>], is_first: bool, own: &Place, said: &Said<'o>) -> Option<Vec<Known<'o>>> {
        let is_shown = said.knows(marks, self.beside(digits(marks)));
        let is_the_same_text = || match marks {
            [mark] => !is_first && line_text(mark.place) == line_text(own),
            _ => false,
        };
        if !is_shown && !is_the_same_text() {
            return None;
        }
        let known = |(at, mark): (usize, &Mark<'o>)| Known { mark: *mark, is_first: is_first && at == 0, is_shown };
        Some(marks.iter().enumerate().map(known).collect())
    }

    /// Names such places, those together of which the same is said; `bar` is the line beside which they stand.
    fn named(self, known: &[Known<'_>], bar: Option<usize>, own_path: &str) -> Vec<String> {
        let is_said_alike = |one: &Known<'_>, other: &Known<'_>| {
            let is_in_file = |known: &Known<'_>| !known.is_first && known.mark.place.source.path() == own_path;
            is_in_file(one) && is_in_file(other) && (one.is_shown, one.mark.label) == (other.is_shown, other.mark.label)
        };
        let indent = number_width(bar.unwrap_or_default()) + 2;
        let line = |alike: &[Known<'_>]| {
            let first = alike.first()?;
            let Known { mark, is_first, is_shown } = *first;
            let source = &mark.place.source;
            let position = source.position(mark.place.span.start);
            let place = match !is_first && source.path() == own_path {
                true => {
                    let mut numbers: Vec<usize> = alike.iter().map(|known| known.mark.line + 1).collect();
                    numbers.dedup();
                    let noun = if numbers.len() == 1 { "line" } else { "lines" };
                    let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
                    format!("{noun} {}", words::some_of(&numbers, MOST_NAMED))
                }
                false => format!("{}:{}:{}", source.path(), position.line, position.column),
            };
            let start = if is_first { "at" } else { "and here," };
            let how = if is_shown { ", shown above" } else { "" };
            let label = if mark.label.is_empty() { String::new() } else { format!(": {}", mark.label) };
            let text = Printable::of(&format!("{start} {place}{how}{label}")).into_string();
            Some(format!("{:indent$}{GAP} {text}", ""))
        };
        known.chunk_by(is_said_alike).filter_map(line).collect()
    }

    /// How many columns a line has beside its number, a rule and blanks.
    fn beside(self, digits: usize) -> usize {
        self.width.saturating_sub(digits + 6)
    }

    /// Some places near each other in their lines.
    fn excerpt<'o>(self, marks: &[Mark<'o>], above: Option<&str>, said: &mut Said<'o>) -> io::Result<Vec<String>> {
        let Some(first) = marks.first() else { return Ok(Vec::new()) };
        let (source, digits) = (&first.place.source, digits(marks));
        let is_same_file = above == Some(source.path());
        let width = self.beside(digits);
        let spans: Vec<Span> = marks.iter().map(|mark| underlined(mark.place)).collect();
        let excerpt = Excerpt::new(&said.masked(source), &spans, width);
        let lines_of_marks: HashSet<usize> = marks.iter().map(|mark| mark.line).collect();
        let is_one_a_line = lines_of_marks.len() == marks.len();
        let gap = |what: &str| format!("{:1$}{GAP} and here{what}", "", digits + 2);
        if let ([mark], true) = (marks, is_same_file)
            && stands_alone(mark.place)
        {
            // What is meant is plain without a line that underlines it, and has room in one where both are short.
            let label = if mark.label.is_empty() {
                String::new()
            } else {
                format!(": {}", Printable::of(mark.label).into_string())
            };
            let line = excerpt.first_line();
            let in_one = gap(&format!(", line {}, `{}`{label}", mark.line + 1, line.trim().trim_end_matches(',')));
            if !line.contains('`') && textwrap::core::display_width(&in_one) <= self.width {
                return Ok(vec![in_one]);
            }
            return Ok(vec![gap(&label), format!(" {:>digits$} │ {line}", mark.line + 1)]);
        }
        let label = |(at, (mark, span)): (usize, (&Mark<'_>, &Span))| {
            let label = Some(mark.label).filter(|label| !label.is_empty() && !is_one_a_line);
            let label = label.map(|label| Printable::of(label).into_string());
            match at {
                0 => LabeledSpan::new_primary_with_span(label, excerpt.shown(*span)),
                _ => LabeledSpan::new_with_span(label, excerpt.shown(*span)),
            }
        };
        let labels = marks.iter().zip(&spans).enumerate().map(label).collect();
        let head = Head { code: String::new(), message: Printable::default(), severity: Severity::Note };
        let drawn = self.drawn(&Report { head, source: Some(excerpt), labels })?;
        // Without the line of the message, and the last, which what follows makes up for.
        let mut drawn: Vec<String> = drawn.into_iter().skip(1).collect();
        drawn.pop();
        if let Some(header) = drawn.first_mut().filter(|_| above.is_some()) {
            *header = match is_same_file {
                true => gap(""),
                false => header.replacen("╭─[", "╭─ and here [", 1),
            };
        }
        if is_one_a_line { Ok(self.labelled(drawn, marks, digits)) } else { Ok(drawn) }
    }

    /// Puts labels beside what is underlined, or below it where they have no room. Each line with a place is followed by one that
    /// underlines it.
    fn labelled(self, drawn: Vec<String>, marks: &[Mark<'_>], digits: usize) -> Vec<String> {
        let first = marks.iter().map(|mark| mark.line).min().unwrap_or_default();
        let mut labelled = Vec::with_capacity(drawn.len() + marks.len());
        let mut drawn = drawn.into_iter();
        labelled.extend(drawn.next());
        for number in first.. {
            let Some(text) = drawn.next() else { break };
            labelled.push(text);
            let Some(mark) = marks.iter().find(|mark| mark.line == number) else { continue };
            let Some(underline) = drawn.next() else { break };
            let label = Printable::of(mark.label);
            let columns = textwrap::core::display_width(&underline) + 1 + textwrap::core::display_width(&label);
            if label.is_empty() || columns <= self.width {
                labelled.push(format!("{underline} {}", &*label).trim_end().to_owned());
            } else {
                labelled.push(underline);
                let indent = format!("{:1$}·   ", "", digits + 2);
                labelled.extend(self.paragraph(&label, &indent));
            }
        }
        labelled
    }

    /// The lines that miette makes of a report.
    fn drawn(self, report: &Report) -> io::Result<Vec<String>> {
        let handler = GraphicalReportHandler::new_themed(theme())
            .with_links(false)
            // An excerpt has no lines that are not to be shown.
            .with_context_lines(MOST_PLACES * (BETWEEN + 1))
            .with_word_separator(WordSeparator::AsciiSpace)
            .with_word_splitter(WordSplitter::NoHyphenation)
            // miette leaves two columns free.
            .with_width(self.width + 2);
        let mut text = String::new();
        handler.render_report(&mut text, report).map_err(io::Error::other)?;
        Ok(text.lines().map(|line| line.trim_end().to_owned()).collect())
    }

    /// Names places in few lines: "and at 61 other places: line 12, 19; other.yml:4".
    fn places(self, before: &str, noun: &str, places: &[&Place], own_path: &str) -> Vec<String> {
        if places.is_empty() {
            return Vec::new();
        }
        // One place is its own number.
        let number = match places.len() {
            1 => String::new(),
            number => format!(" {}:", words::count(number, noun)),
        };
        let mut text = format!("{before}{number}");
        // Behind the places stands how many more there are. Of other files one line has to do.
        let behind = " and 100000 more".len();
        let (most_of_lines, most_of_files) = (MOST_OF_LIST * (self.width - 2) - behind, self.width - 2 - behind);
        let (mut path, mut last, mut told) = (own_path, None, 0);
        for (at, place) in places.iter().enumerate() {
            let is_of_a_line = !place.span.is_empty() || place.span.start > 0;
            let line = is_of_a_line.then(|| line_of(&place.source, place.span.start) + 1);
            let is_same_file = place.source.path() == path;
            if !(at > 0 && is_same_file && line == last) {
                let shown = match (is_same_file, line) {
                    (true, Some(line)) if at == 0 => format!(" line {line}"),
                    (true, Some(line)) if last.is_some() => format!(", {line}"),
                    (_, Some(line)) => {
                        format!(
                            "{} {}:{line}",
                            if at > 0 { ";" } else { "" },
                            Printable::of(place.source.path()).into_string()
                        )
                    }
                    (_, None) => {
                        format!(
                            "{} {}",
                            if at > 0 { ";" } else { "" },
                            Printable::of(place.source.path()).into_string()
                        )
                    }
                };
                let columns = textwrap::core::display_width(&text) + textwrap::core::display_width(&shown);
                // A path is told whole, however long it is.
                if at > 0 && columns > if is_same_file && path == own_path { most_of_lines } else { most_of_files } {
                    break;
                }
                text.push_str(&shown);
            }
            (path, last) = (place.source.path(), line);
            told = at + 1;
        }
        match places.len() - told {
            0 => {}
            more => text.push_str(&format!(" and {more} more")),
        }
        self.paragraph_of_paths(&Printable::of(&text), "  ")
    }

    /// A text with paths in lines, none of which is broken within a path: one that has no room anywhere stands where it comes.
    fn paragraph_of_paths(self, text: &Printable, indent: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            let has_room = |line: &String| {
                let columns = textwrap::core::display_width(line) + 1 + textwrap::core::display_width(word);
                columns <= self.width
                    || textwrap::core::display_width(indent) + textwrap::core::display_width(word) > self.width
            };
            match lines.last_mut().filter(|line| has_room(line)) {
                Some(line) => {
                    line.push(' ');
                    line.push_str(word);
                }
                None => lines.push(format!("{indent}{word}")),
            }
        }
        lines
    }

    /// A text in lines.
    fn paragraph(self, text: &Printable, indent: &str) -> Vec<String> {
        let options = textwrap::Options::new(self.width)
            .initial_indent(indent)
            .subsequent_indent(indent)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
    }
}

/// What was said before.
#[derive(Default)]
struct Said<'o> {
    /// Lines with places, by path; of lines that are cut, the places.
    lines: HashMap<&'o str, HashSet<(usize, usize)>>,
    /// Helps, by rule.
    helps: HashSet<(&'static str, &'o str)>,
    /// What fixes change, by rule.
    fixes: HashSet<(&'static str, String)>,
    /// The texts that excerpts are made of.
    texts: HashMap<*const Source, Arc<MaskedSource>>,
}

impl<'o> Said<'o> {
    fn masked(&mut self, source: &Arc<Source>) -> Arc<MaskedSource> {
        let text = self.texts.entry(Arc::as_ptr(source)).or_insert_with(|| Arc::new(MaskedSource::new(source)));
        Arc::clone(text)
    }

    /// Whether all lines with these places were shown, in so many columns.
    fn knows(&self, marks: &[Mark<'o>], width: usize) -> bool {
        let lines = |mark: &Mark<'_>| self.lines.get(mark.place.source.path());
        marks.iter().all(|mark| lines(mark).is_some_and(|lines| lines.contains(&mark.shown(width))))
    }

    fn show(&mut self, marks: &[Mark<'o>], width: usize) {
        for mark in marks {
            self.lines.entry(mark.place.source.path()).or_default().insert(mark.shown(width));
        }
    }
}

/// A place that is underlined, and what is there.
#[derive(Clone, Copy, Debug)]
struct Mark<'o> {
    place: &'o Place,
    label: &'o str,
    /// The 0-based number of its line.
    line: usize,
}

/// A place whose line was shown before.
#[derive(Clone, Copy, Debug)]
struct Known<'o> {
    mark: Mark<'o>,
    /// Whether nothing of its finding is shown above it.
    is_first: bool,
    /// Whether the line itself was shown, and not one with the same text.
    is_shown: bool,
}

impl Mark<'_> {
    /// What an excerpt of so many columns shows for it: its line, or of one that may be cut only what is around the place.
    fn shown(&self, width: usize) -> (usize, usize) {
        let is_whole = self.place.source.line_span(self.line).len() <= width;
        (self.line, if is_whole { 0 } else { 1 + self.place.span.start })
    }
}

/// The places of a finding, those together that are near each other: that of the finding first, if it can be shown, then the others in
/// their order.
fn clusters(finding: &Finding) -> Vec<Vec<Mark<'_>>> {
    let own = (&finding.place, finding.label.as_str());
    let own = Some(own).filter(|_| !is_about_the_file(finding));
    let related = finding.related.iter().map(|related| (&related.place, related.message.as_str()));
    let mut marks: Vec<(usize, Mark<'_>)> = Vec::with_capacity(finding.related.len() + 1);
    for (at, (place, label)) in own.into_iter().chain(related).enumerate() {
        marks.push((at, Mark { place, label, line: line_of(&place.source, place.span.start) }));
    }
    marks.sort_by_key(|(at, mark)| (mark.place.source.path(), mark.line, *at));
    let mut clusters: Vec<Vec<(usize, Mark<'_>)>> = Vec::new();
    for (at, mark) in marks {
        let last = clusters.last_mut().filter(|cluster| {
            let is_near = |(_, last): &(usize, Mark<'_>)| {
                Arc::ptr_eq(&last.place.source, &mark.place.source) && mark.line - last.line <= BETWEEN + 1
            };
            cluster.len() < MOST_PLACES && cluster.last().is_some_and(is_near)
        });
        match last {
            Some(cluster) => cluster.push((at, mark)),
            None => clusters.push(vec![(at, mark)]),
        }
    }
    for cluster in &mut clusters {
        cluster.sort_by_key(|(at, _)| *at);
    }
    clusters.sort_by_key(|cluster| cluster.first().map(|(at, _)| *at));
    clusters.into_iter().map(|cluster| cluster.into_iter().map(|(_, mark)| mark).collect()).collect()
}

/// Whether a place is all that its line says, but for a key in front of it and marks around it.
fn stands_alone(place: &Place) -> bool {
    let (source, span) = (&place.source, underlined(place));
    let line = source.line_span(line_of(source, span.start));
    let before = source.slice(Span::new(line.start, span.start.max(line.start)));
    let behind = source.slice(Span::new(span.end.min(line.end), line.end));
    let is_a_key = |character: char| character.is_alphanumeric() || " \t-_\"'{[:".contains(character);
    before.chars().all(is_a_key)
        && before.matches(':').count() <= 1
        && behind.chars().all(|character| " \t,\"'}]{[:\r".contains(character))
}

/// How many digits the last of their lines' numbers has.
fn digits(marks: &[Mark<'_>]) -> usize {
    number_width(marks.iter().map(|mark| mark.line).max().unwrap_or_default())
}

/// How many digits the number of a line has, which is counted from 0 here.
fn number_width(line: usize) -> usize {
    (line + 1).to_string().len()
}

/// The line of a place, without the blanks around it.
fn line_text(place: &Place) -> &str {
    let source = &place.source;
    source.slice(source.line_span(line_of(source, place.span.start))).trim()
}

/// Leaves so many lines, and says that there were more.
fn shorten(lines: &mut Vec<String>, most: usize) {
    if lines.len() > most {
        lines.truncate(most.saturating_sub(1));
        lines.push("  …".to_owned());
    }
}

/// The first of some lines, which says that others follow: machine formats have all of it.
fn first_line(lines: Vec<String>) -> Option<String> {
    let is_cut = lines.len() > 1;
    let mut first = lines.into_iter().next()?;
    if is_cut {
        // In the room of the last word.
        let end = first.rfind(' ').filter(|end| !first[..*end].trim().is_empty()).unwrap_or(first.len());
        first.truncate(end);
        first.push_str(" …");
    }
    Some(first)
}

/// Whether a finding has no place within its file that could be shown.
fn is_about_the_file(finding: &Finding) -> bool {
    let place = &finding.place;
    let is_of_no_place = place.span.is_empty() && finding.label.is_empty() && finding.route.is_empty();
    is_of_no_place || place.source.text().is_empty()
}

/// The part of a place that is underlined: of several lines the first, and at least one character if there is any.
fn underlined(place: &Place) -> Span {
    let line = place.source.line_span(place.source.line_index(place.span.start));
    Span::new(place.span.start, place.span.end.min(line.end.max(place.span.start)))
}

/// What a finding begins with.
#[derive(Debug)]
struct Head {
    /// kaslint's own, with colours; it ends with what parts it from the message.
    code: String,
    message: Printable,
    severity: Severity,
}

/// A part of a finding as miette shows it, in lines that it makes: what it shows holds none.
#[derive(Debug)]
struct Report {
    head: Head,
    source: Option<Excerpt>,
    /// Their texts are printable.
    labels: Vec<LabeledSpan>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.head.code)?;
        f.write_str(&self.head.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.head.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() { None } else { Some(Box::new(self.labels.iter().cloned())) }
    }
}
