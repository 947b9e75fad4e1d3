//! The one place where text leaves the program, for people, for logs of CI systems and for programs.
//!
//! An [`Outlet`] takes lines, JSON, XML and rows, and is no [`io::Write`]: whatever a line holds, none of its characters acts on a terminal,
//! no line begins that kaslint has not begun, no token is shown, and no line is a command of a CI system's runner unless
//! [`Outlet::workflow_command`] wrote it. What is laid out before it comes here, and so may be cut or broken into lines, is made
//! [`crate::source::Printable`] before.

mod rows;
mod runner;
mod tone;

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io;

use serde::Serialize;
use serde_json::Value as Json;

pub use rows::Rows;
pub use tone::Tone;

use crate::source::{acts, json_escaped, secrets, visible};

/// What writes a report.
pub type Write<'a> = dyn Fn(&mut Outlet<'_>) -> io::Result<()> + 'a;

/// Where text leaves.
pub struct Outlet<'o> {
    out: &'o mut dyn io::Write,
    /// The line that is being made.
    line: String,
    /// Whether parts of lines have their tones.
    has_tones: bool,
}

impl<'o> Outlet<'o> {
    /// An outlet to a receiver.
    pub fn new(out: &'o mut dyn io::Write) -> Self {
        Self { out, line: String::new(), has_tones: true }
    }

    /// An outlet to what is read again, in which no part of a line has a colour.
    pub fn without_tones(out: &'o mut dyn io::Write) -> Self {
        Self { has_tones: false, ..Self::new(out) }
    }

    /// Whether parts of lines have their tones.
    #[must_use]
    pub fn has_tones(&self) -> bool {
        self.has_tones
    }

    /// Writes a line for people. Line breaks within it become visible, tabs stay.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn line(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        line.write_fmt(text).map_err(io::Error::other)?;
        let result = self.finish(&harmless(&secrets::mask(&line), Colours::Escaped));
        self.line = line;
        result
    }

    /// Writes a line of parts, each in its tone. What is true of a line is true of all parts together.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn parts(&mut self, parts: &[(Tone, &str)]) -> io::Result<()> {
        let whole: String = parts.iter().map(|(_, text)| *text).collect();
        let line = if self.has_tones { painted(&secrets::mask(&whole), parts) } else { None };
        match line {
            Some(line) => self.finish(&harmless(&line, Colours::Kept { links: None })),
            None => self.line(format_args!("{whole}")),
        }
    }

    /// Writes a line behind an empty one.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn paragraph(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        self.empty_line()?;
        self.line(text)
    }

    /// Writes an empty line.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn empty_line(&mut self) -> io::Result<()> {
        self.finish("")
    }

    /// Writes lines that were drawn, with colours, of parts that are all printable or kaslint's own.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn drawn(&mut self, text: &str) -> io::Result<()> {
        self.drawn_with_links(text, None)
    }

    /// Writes the same, in which links to addresses that begin with `base` are kept as well.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn drawn_with_links(&mut self, text: &str, base: Option<&str>) -> io::Result<()> {
        let kept = Colours::Kept { links: base };
        text.split_terminator('\n').try_for_each(|line| self.finish(&harmless(&secrets::mask(line), kept)))
    }

    /// Writes the lines of a text that was made for a file, as `diff` has them: of a break of two characters both stay. It is known
    /// afterwards whether any line had to be changed.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn lines_of_file(&mut self, text: &str) -> io::Result<bool> {
        self.lines_in_tones(text, &|_| Tone::Plain)
    }

    /// Writes a difference as `diff -u` has it, with what is added and taken away in tones. The rest is as with the lines of a file.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn difference(&mut self, text: &str) -> io::Result<bool> {
        self.lines_in_tones(text, &|line| match line.as_bytes().first() {
            _ if line.starts_with("--- ") || line.starts_with("+++ ") => Tone::Title,
            Some(b'-') => Tone::Removed,
            Some(b'+') => Tone::Added,
            Some(b'@') => Tone::Position,
            _ => Tone::Plain,
        })
    }

    fn lines_in_tones(&mut self, text: &str, tone_of: &dyn Fn(&str) -> Tone) -> io::Result<bool> {
        let mut is_changed = false;
        for whole in text.split_inclusive('\n') {
            let (line, end) = match (whole.strip_suffix("\r\n"), whole.strip_suffix('\n')) {
                (Some(line), _) => (line, "\r\n"),
                (None, Some(line)) => (line, "\n"),
                (None, None) => (whole, ""),
            };
            let shown = harmless(line, Colours::Escaped);
            is_changed |= matches!(shown, Cow::Owned(_));
            let mut line = String::new();
            let tone = if self.has_tones { tone_of(&shown) } else { Tone::Plain };
            tone.paint(&mut line, &shown);
            self.out.write_all(line.as_bytes())?;
            self.out.write_all(end.as_bytes())?;
        }
        Ok(is_changed)
    }

    /// Writes one of GitHub's workflow commands: `::name key=value,key=value::message`. Each line of the message is a text of its own.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn workflow_command(
        &mut self,
        name: &'static str,
        properties: &[(&'static str, &str)],
        message: &[&str],
    ) -> io::Result<()> {
        let command = runner::command(name, properties, message);
        self.finish(&command)
    }

    /// Writes XML, of texts that are all printable. It may hold line breaks.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn xml(&mut self, text: &str) -> io::Result<()> {
        text.split_terminator('\n').try_for_each(|line| self.finish(&harmless(line, Colours::Escaped)))
    }

    /// Writes an object as JSON over several lines. It keeps its values.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string_pretty(value)?;
        self.json_text(&text)?;
        self.out.write_all(b"\n")
    }

    /// Writes an object as JSON on one line.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn json_line(&mut self, value: &Json) -> io::Result<()> {
        self.json_part(value)?;
        self.out.write_all(b"\n")
    }

    /// Writes a text that is JSON on one line.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn json_line_text(&mut self, text: &str) -> io::Result<()> {
        self.json_text(text)?;
        self.out.write_all(b"\n")
    }

    /// Writes a value within an object that is written bit by bit.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn json_part(&mut self, value: &Json) -> io::Result<()> {
        let text = serde_json::to_string(value)?;
        self.json_text(&text)
    }

    /// Writes a text that is JSON.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn json_text(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(harmless_json(text).as_bytes())
    }

    /// Writes a value within a `script` element of HTML, out of which nothing in it leads.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn json_in_html(&mut self, value: &Json) -> io::Result<()> {
        let text = serde_json::to_string(value)?;
        // Within JSON, it stands in a text.
        self.out.write_all(harmless_json(&text).replace('<', "\\u003c").as_bytes())
    }

    /// Writes a text within an element of HTML, or within an attribute in double quotes.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn html_text(&mut self, text: &str) -> io::Result<()> {
        let masked = secrets::mask(text);
        let mut escaped = String::with_capacity(masked.len());
        for character in harmless(&masked, Colours::Escaped).chars() {
            match character {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&#39;"),
                other => escaped.push(other),
            }
        }
        self.out.write_all(escaped.as_bytes())
    }

    /// Writes what stands in the code.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn syntax(&mut self, text: &'static str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    /// Writes a whole text of kaslint's own, which holds nothing that comes from elsewhere: the pages of rules, schemas, completions.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn own_text(&mut self, text: &[u8]) -> io::Result<()> {
        self.out.write_all(text)
    }

    /// Rows as RFC 4180 has them.
    pub fn rows(&mut self) -> Rows<'_> {
        Rows::new(self.out)
    }

    fn finish(&mut self, line: &str) -> io::Result<()> {
        self.out.write_all(line.as_bytes())?;
        self.out.write_all(b"\n")
    }
}

impl fmt::Debug for Outlet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outlet")
    }
}

/// A line whose parts have their tones, by the same line without secrets; `None` where that is not as long, so that the parts are not known.
fn painted(masked: &str, parts: &[(Tone, &str)]) -> Option<String> {
    let mut line = String::with_capacity(masked.len() + 16);
    let mut rest = masked;
    for (tone, text) in parts {
        let (part, behind) = rest.split_at_checked(text.len())?;
        tone.paint(&mut line, &runner::escaped(part, |_| None));
        rest = behind;
    }
    rest.is_empty().then_some(line)
}

/// JSON in which nothing acts, and that no runner takes for a command. It has the same values.
fn harmless_json(json: &str) -> Cow<'_, str> {
    let escaped = json_escaped(json);
    // Within JSON, it stands in a text.
    if escaped.contains("##") { Cow::Owned(runner::disarmed_json(&escaped)) } else { escaped }
}

/// A text in double quotes with JSON's escapes, which are YAML's as well, if it would not stay as it is in a line of its own; else
/// nothing.
#[must_use]
pub fn quoted_for_a_line(text: &str) -> Option<String> {
    let stays = !text.contains(acts) && !runner::is_read(text);
    (!stays).then(|| harmless_json(&Json::from(text).to_string()).into_owned())
}

/// What becomes of colours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colours<'b> {
    Escaped,
    /// They are kept, and so are links to addresses that begin with a base, if there is one.
    Kept {
        links: Option<&'b str>,
    },
}

/// A line in which nothing acts, and that is no command of a runner. Tabs stay.
fn harmless<'l>(line: &'l str, colours: Colours<'_>) -> Cow<'l, str> {
    // Most lines have nothing of the kind; colours come to nothing where they are taken out later, and have to be looked past.
    let acting = |character: char| acts(character) && character != '\t';
    let visible_line = match line.contains(acting) {
        false => Cow::Borrowed(line),
        true if colours == Colours::Escaped && !line.contains('\t') => visible(line),
        true => Cow::Owned(match colours {
            Colours::Escaped => runner::escaped(line, |_| None),
            Colours::Kept { links } => runner::escaped(line, |text| runner::kept(text, links)),
        }),
    };
    if runner::is_read(&visible_line) {
        let links = if let Colours::Kept { links } = colours { links } else { None };
        return Cow::Owned(runner::disarmed(&visible_line, links));
    }
    visible_line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Outlet<'_>) -> io::Result<()>) -> String {
        let mut text = Vec::new();
        write(&mut Outlet::new(&mut text)).expect("a receiver");
        String::from_utf8(text).expect("UTF-8")
    }

    fn line(text: &str) -> String {
        written(|out| out.line(format_args!("{text}")))
    }

    #[test]
    fn a_line_stays_one_line_and_no_command() {
        assert_eq!(line("a\n::error::b\tc"), "a\\n::error::b\tc\n");
        assert_eq!(line("::error::b"), ":\\u{3a}error::b\n");
        assert_eq!(line("\u{3000} \t::error::b"), "\u{3000} \t:\\u{3a}error::b\n");
        assert_eq!(line("a ##[add-mask]b ###[x] ## [y]"), "a ##\\u{5b}add-mask]b ###\\u{5b}x] ## [y]\n");
        assert_eq!(line("a ##vso[task.x]b ##VSO[x] ##vs[y]"), "a ##vso\\u{5b}task.x]b ##VSO\\u{5b}x] ##vs[y]\n");
        assert_eq!(line("a::b \u{202e}"), "a::b \\u{202e}\n");
        assert_eq!(line("token glpat-aAbBcCdDeEfFgGhHiIjJ"), format!("token {}\n", "*".repeat(26)));
    }

    #[test]
    fn a_command_in_json_is_none_and_the_value_the_same() {
        let text = "a ##[b] ##vso[c] ##VSO[d] #[e] [f]";
        let json = harmless_json(&Json::from(text).to_string()).into_owned();
        assert_eq!(json, "\"a ##\\u005bb] ##vso\\u005bc] ##VSO\\u005bd] #[e] [f]\"");
        assert_eq!(serde_json::from_str::<String>(&json).expect("a text"), text);
    }

    #[test]
    fn colours_are_kept_where_something_is_drawn_and_hide_no_command() {
        let drawn = |text: &str| written(|out| out.drawn(text));
        assert_eq!(drawn("\u{1b}[1;31ma\u{1b}[0m\nb\u{1b}]8;;x\r"), "\u{1b}[1;31ma\u{1b}[0m\nb\\u{1b}]8;;x\\r\n");
        assert_eq!(drawn(" \u{1b}[1m:\u{1b}[0m:error::"), " \u{1b}[1m:\u{1b}[0m\\u{3a}error::\n");
        assert_eq!(drawn("#\u{1b}[1m#\u{1b}[0m[x]"), "#\u{1b}[1m#\u{1b}[0m\\u{5b}x]\n");
        assert_eq!(line("\u{1b}[1ma"), "\\u{1b}[1ma\n");
    }

    #[test]
    fn links_are_kept_where_they_lead_to_pages_of_kaslint() {
        let drawn = |text: &str| written(|out| out.drawn_with_links(text, Some("https://kaslint.example/")));
        let link = "\u{1b}]8;;https://kaslint.example/rules.html#a-b\u{1b}\\a-b\u{1b}]8;;\u{1b}\\";
        assert_eq!(drawn(link), format!("{link}\n"));
        let elsewhere = drawn("\u{1b}]8;;https://elsewhere.example/\u{1b}\\a");
        assert_eq!(elsewhere, "\\u{1b}]8;;https://elsewhere.example/\\u{1b}\\a\n");
        let with_more = drawn("\u{1b}]8;;https://kaslint.example/\u{1b}[1m\u{1b}\\a");
        assert_eq!(with_more, "\\u{1b}]8;;https://kaslint.example/\u{1b}[1m\\u{1b}\\a\n");
        assert_eq!(written(|out| out.drawn(link)).matches("\\u{1b}").count(), 4);
        assert_eq!(drawn("\u{1b}]8;;\u{1b}\\::error::"), "\u{1b}]8;;\u{1b}\\:\\u{3a}error::\n");
    }

    #[test]
    fn parts_have_colours_and_are_as_harmless_as_a_line() {
        let parts = |parts: &[(Tone, &str)]| written(|out| out.parts(parts));
        assert_eq!(parts(&[(Tone::Title, "a"), (Tone::Plain, " b")]), "\u{1b}[1ma\u{1b}[0m b\n");
        assert_eq!(parts(&[(Tone::Bad, ""), (Tone::Plain, "b\u{1b}[1m\n")]), "b\\u{1b}[1m\\n\n");
        assert_eq!(parts(&[(Tone::Good, ":"), (Tone::Plain, ":error::")]), "\u{1b}[1;32m:\u{1b}[0m\\u{3a}error::\n");
        let stars = format!("\u{1b}[1m{}\u{1b}[0m{}\n", "*".repeat(10), "*".repeat(16));
        assert_eq!(parts(&[(Tone::Title, "glpat-aAbB"), (Tone::Plain, "cCdDeEfFgGhHiIjJ")]), stars);
        let plain = |parts: &[(Tone, &str)]| {
            let mut bytes = Vec::new();
            Outlet::without_tones(&mut bytes).parts(parts).expect("a receiver");
            String::from_utf8(bytes).expect("UTF-8")
        };
        assert_eq!(plain(&[(Tone::Title, "a"), (Tone::Plain, " b")]), "a b\n");
    }

    #[test]
    fn a_difference_has_colours_and_the_lines_of_the_files() {
        let mut bytes = Vec::new();
        let is_changed =
            Outlet::new(&mut bytes).difference("--- a\n+++ a\n@@ -1 +1 @@\n-b\r\n+c\n d\n").expect("a receiver");
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(!is_changed);
        assert_eq!(
            text,
            "\u{1b}[1m--- a\u{1b}[0m\n\u{1b}[1m+++ a\u{1b}[0m\n\u{1b}[35m@@ -1 +1 @@\u{1b}[0m\n\u{1b}[31m-b\u{1b}[0m\r\n\u{1b}[32m+c\u{1b}[0m\n d\n"
        );
    }

    #[test]
    fn files_keep_their_line_breaks() {
        let changed = |text: &str| {
            let mut bytes = Vec::new();
            let is_changed = Outlet::new(&mut bytes).lines_of_file(text).expect("a receiver");
            (String::from_utf8(bytes).expect("UTF-8"), is_changed)
        };
        assert_eq!(changed("a\r\n\tb"), ("a\r\n\tb".to_owned(), false));
        assert_eq!(changed("a\rb\u{1b}\n"), ("a\\rb\\u{1b}\n".to_owned(), true));
    }
}
