//! The colours of everything that kaslint shows line by line: one palette.
//!
//! It is bold print, red, green and magenta of the terminal's own colours, which can be read on light and on dark. Faint print, yellow, cyan and
//! blue cannot be on one of the two. What has a colour says the same in words.

use owo_colors::Style;

/// What a part of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Text as any other.
    Plain,
    /// A title, the head of a table, the name of what a line is about.
    Title,
    /// That something is refused, lost or denied.
    Bad,
    /// That something is accepted or let in.
    Good,
    /// That something is doubtful or unknown.
    Doubtful,
    /// A line that a change takes away.
    Removed,
    /// A line that a change adds.
    Added,
    /// Where a change stands.
    Position,
}

impl Tone {
    /// The parameters of ECMA-48's SGR; none for plain text.
    fn parameters(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Title => Some("1"),
            Self::Bad => Some("1;31"),
            Self::Good => Some("1;32"),
            Self::Doubtful => Some("1;35"),
            Self::Removed => Some("31"),
            Self::Added => Some("32"),
            Self::Position => Some("35"),
        }
    }

    /// The same for a library that paints by itself.
    #[must_use]
    pub fn style(self) -> Style {
        let plain = Style::new();
        match self {
            Self::Plain => plain,
            Self::Title => plain.bold(),
            Self::Bad => plain.red().bold(),
            Self::Good => plain.green().bold(),
            Self::Doubtful => plain.magenta().bold(),
            Self::Removed => plain.red(),
            Self::Added => plain.green(),
            Self::Position => plain.magenta(),
        }
    }

    /// A text in this tone, in which nothing acts.
    #[must_use]
    pub fn painted(self, text: &str) -> String {
        let mut line = String::new();
        self.paint(&mut line, text);
        line
    }

    /// Adds a text in this tone, in which nothing acts.
    pub(super) fn paint(self, line: &mut String, text: &str) {
        match self.parameters().filter(|_| !text.is_empty()) {
            Some(parameters) => {
                line.push_str("\u{1b}[");
                line.push_str(parameters);
                line.push('m');
                line.push_str(text);
                line.push_str("\u{1b}[0m");
            }
            None => line.push_str(text),
        }
    }
}
