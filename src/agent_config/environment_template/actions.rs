//! The actions of a template: what stands between `{{` and `}}`, read as Go's `text/template` does. Nothing is rendered.
//!
//! Source: `lex.go` and `parse.go` of `text/template/parse` in Go's standard library.

use std::collections::HashSet;
use std::ops::Range;

use super::names;

/// Something that keeps a template from being what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A variable that there is none of, as it is written, and the one that was probably meant.
    Variable(String, Option<String>),
    /// A function that there is none of, as it is written, and what was probably meant: a function, or a variable with its dot.
    Function(String, Option<String>),
    /// A `$name` that the template does not declare.
    Undeclared(String),
    /// What is no template at all, in words.
    Syntax(String),
}

/// A fault and where it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub kind: FaultKind,
    pub range: Range<usize>,
}

impl Fault {
    fn syntax(range: Range<usize>, words: impl Into<String>) -> Self {
        Self { kind: FaultKind::Syntax(words.into()), range }
    }

    pub fn is_syntax(&self) -> bool {
        matches!(self.kind, FaultKind::Syntax(_))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenKind {
    /// `.` alone.
    Dot,
    /// `.name`
    Field,
    /// `$` or `$name`
    Variable,
    /// A function or a keyword.
    Word,
    /// A text, number or character.
    Constant,
    Pipe,
    Open,
    Close,
    /// `:=`
    Declare,
    /// `=`
    Assign,
    Comma,
}

#[derive(Clone, Debug)]
struct Token {
    kind: TokenKind,
    range: Range<usize>,
    /// Whether a blank stands before it.
    is_apart: bool,
}

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Puts a value in its place.
    Print,
    Comment,
    If,
    /// `with` or `range`, in whose body the dot is something else.
    Scope,
    /// `define` or `block`, whose body is called from elsewhere.
    Define,
    Else,
    End,
    /// Declares or assigns, calls another template, leaves a loop.
    Other,
}

#[derive(Clone, Debug)]
struct Action {
    range: Range<usize>,
    does: Does,
    tokens: Range<usize>,
}

/// The actions of a text.
#[derive(Debug)]
pub(super) struct Actions<'t> {
    text: &'t str,
    actions: Vec<Action>,
    tokens: Vec<Token>,
    /// Where reading stopped.
    fault: Option<Fault>,
}

impl<'t> Actions<'t> {
    /// Reads the actions of a text, up to the first fault of syntax.
    pub fn read(text: &'t str) -> Self {
        let mut read = Self { text, actions: Vec::new(), tokens: Vec::new(), fault: None };
        let mut from = 0;
        while let Some(start) = text.get(from..).and_then(|rest| rest.find("{{")).map(|at| from + at) {
            let before = read.tokens.len();
            match read.action(start) {
                Ok((end, does)) => {
                    let tokens = before..read.tokens.len();
                    read.actions.push(Action { range: start..end, does, tokens });
                    from = end;
                }
                Err(fault) => {
                    read.tokens.truncate(before);
                    read.fault = Some(fault);
                    break;
                }
            }
        }
        read
    }

    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.fault.is_none()
    }

    /// Whether every action puts one value in its place, so that the text around them stays as it is.
    pub fn only_print(&self) -> bool {
        let text = |token: &Token| self.text.get(token.range.clone()).unwrap_or_default();
        // A text may hold line breaks.
        let is_plain = |token: &Token| token.kind != TokenKind::Constant || !text(token).contains(['\\', '\n']);
        self.fault.is_none()
            && self.actions.iter().all(|action| action.does == Does::Print)
            && self.tokens.iter().all(is_plain)
    }

    /// How many actions change what the dot is.
    pub fn scopes(&self) -> usize {
        self.actions.iter().filter(|action| matches!(action.does, Does::Scope | Does::Define)).count()
    }

    /// The text with a word of the same length in place of each value, and blanks in place of what controls.
    pub fn masked(&self) -> String {
        let mut masked = String::with_capacity(self.text.len());
        let mut from = 0;
        for Action { range, does, .. } in &self.actions {
            masked.push_str(self.text.get(from..range.start).unwrap_or_default());
            let stand_in = if *does == Does::Print { "x" } else { " " };
            masked.push_str(&stand_in.repeat(range.len()));
            from = range.end;
        }
        masked.push_str(self.text.get(from..).unwrap_or_default());
        masked
    }

    /// The variables that the text declares, without `$`.
    pub fn declared(&self) -> HashSet<&'t str> {
        let mut declared = HashSet::new();
        for action in &self.actions {
            let tokens = self.tokens_of(action);
            if let Some(at) = tokens.iter().position(|token| token.kind == TokenKind::Declare) {
                let variables = tokens.iter().take(at).filter(|token| token.kind == TokenKind::Variable);
                declared.extend(variables.map(|token| self.name(token)));
            }
        }
        declared
    }

    /// The faults in the order of the text. `declared` are the variables that may be used, `judges_dot` is whether the dot is the top of
    /// all variables outside of the actions that change it.
    pub fn faults(&self, declared: &HashSet<&str>, judges_dot: bool) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut open = Open::default();
        for action in &self.actions {
            let tokens = self.tokens_of(action);
            let (is_top, is_root) = (judges_dot && open.scopes == 0, judges_dot && open.defines == 0);
            match action.does {
                // Only `else with` has another dot.
                Does::Else => match open.close() {
                    Some(action) => open.open(action, tokens.get(1).is_some_and(|token| self.name(token) == "with")),
                    None => {
                        faults.push(Fault::syntax(action.range.clone(), "`else` stands in no `if`, `with` or `range`"))
                    }
                },
                Does::End if open.close().is_none() => {
                    faults.push(Fault::syntax(action.range.clone(), "this `end` closes nothing"));
                }
                _ => {}
            }
            let skipped = self.keywords(tokens);
            self.judge(tokens.get(skipped..).unwrap_or_default(), (declared, is_top, is_root), &mut faults);
            self.form(action, tokens.get(skipped..).unwrap_or_default(), skipped > 0, &mut faults);
            if matches!(action.does, Does::If | Does::Scope | Does::Define) {
                open.open(action, action.does != Does::If);
            }
        }
        match &self.fault {
            Some(fault) => faults.push(fault.clone()),
            None => faults.extend(
                open.actions.first().map(|(action, _)| Fault::syntax(action.range.clone(), "this has no `{{ end }}`")),
            ),
        }
        faults
    }

    /// The fault of a pipeline's form.
    fn form(&self, action: &Action, tokens: &[Token], has_keyword: bool, faults: &mut Vec<Fault>) {
        let declares = tokens.iter().position(|token| token.kind == TokenKind::Declare).unwrap_or(0);
        let comma = tokens.iter().skip(declares).find(|token| token.kind == TokenKind::Comma);
        let is_pipe = |token: Option<&Token>| token.is_some_and(|token| token.kind == TokenKind::Pipe);
        if let Some(comma) = comma {
            let words = "arguments stand beside each other without commas or brackets around them";
            faults.push(Fault::syntax(comma.range.clone(), words));
        } else if is_pipe(tokens.first()) || is_pipe(tokens.last()) {
            faults.push(Fault::syntax(action.range.clone(), "a value or a function is missing beside `|`"));
        } else if tokens.is_empty() && !has_keyword && action.does != Does::Comment {
            faults.push(Fault::syntax(action.range.clone(), "nothing stands between the braces"));
        }
    }

    /// How many words at the start of an action are keywords.
    fn keywords(&self, tokens: &[Token]) -> usize {
        let is_word = |token: Option<&Token>, words: &[&str]| {
            token.is_some_and(|token| token.kind == TokenKind::Word && words.contains(&self.name(token)))
        };
        match does_of(tokens.first().filter(|token| token.kind == TokenKind::Word).map(|token| self.name(token))) {
            None => 0,
            Some(Does::Else) if is_word(tokens.get(1), &["if", "with"]) => 2,
            Some(_) => 1,
        }
    }

    /// What the names in a pipeline are judged to be.
    fn judge(
        &self,
        tokens: &[Token],
        (declared, is_top, is_root): (&HashSet<&str>, bool, bool),
        faults: &mut Vec<Fault>,
    ) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let follows = |token: &&Token| token.kind == TokenKind::Field && !token.is_apart;
            let fields = tokens.get(at + 1..).unwrap_or_default().iter().take_while(follows).count();
            let chain = tokens.get(at..=at + fields).unwrap_or_default();
            let range = token.range.start..chain.last().map_or(token.range.end, |last| last.range.end);
            let path = |chain: &[Token]| -> Vec<&str> { chain.iter().map(|token| self.name(token)).collect() };
            let mut variable = |path: &[&str]| {
                if !names::is_variable(path) {
                    let written = self.text.get(range.clone()).unwrap_or_default().to_owned();
                    let meant = names::nearest_variable(path);
                    faults.push(Fault { kind: FaultKind::Variable(written, meant), range: range.clone() });
                }
            };
            match token.kind {
                TokenKind::Field if is_top => variable(&path(chain)),
                TokenKind::Variable if self.name(token).is_empty() && is_root => {
                    variable(&path(chain.get(1..).unwrap_or_default()));
                }
                TokenKind::Variable if !self.name(token).is_empty() && !declared.contains(self.name(token)) => {
                    let written = self.text.get(token.range.clone()).unwrap_or_default().to_owned();
                    faults.push(Fault { kind: FaultKind::Undeclared(written), range: token.range.clone() });
                }
                TokenKind::Word if !self.is_constant(token) && !names::is_function(self.name(token)) => {
                    let written = self.text.get(range.clone()).unwrap_or_default().to_owned();
                    let path = path(chain);
                    let meant = match names::is_variable(&path) {
                        true => Some(format!(".{written}")),
                        false => names::nearest_function(&written).map(str::to_owned),
                    };
                    faults.push(Fault { kind: FaultKind::Function(written, meant), range });
                }
                _ => {}
            }
            // What follows a bracket or a constant is of a value that nobody knows here.
            at += 1 + fields;
        }
    }

    fn is_constant(&self, token: &Token) -> bool {
        matches!(self.name(token), "true" | "false" | "nil")
    }

    fn tokens_of(&self, action: &Action) -> &[Token] {
        self.tokens.get(action.tokens.clone()).unwrap_or_default()
    }

    /// The name of a token, without dot or `$`.
    fn name(&self, token: &Token) -> &'t str {
        self.text.get(token.range.clone()).unwrap_or_default().trim_start_matches(['.', '$'])
    }

    /// Reads the action that starts here; where it ends, and what it does.
    fn action(&mut self, start: usize) -> Result<(usize, Does), Fault> {
        let mut at = start + 2;
        let rest = |at: usize| self.text.get(at..).unwrap_or_default();
        if rest(at).strip_prefix('-').is_some_and(|rest| rest.starts_with(is_blank)) {
            at += 2;
        }
        if rest(at).starts_with("/*") {
            let open = || Fault::syntax(start..start + 2, "this comment is never closed");
            let end = at + 2 + rest(at + 2).find("*/").ok_or_else(open)? + 2;
            let closed = closing(rest(end)).map(|length| (end + length, Does::Comment));
            return closed.ok_or_else(|| {
                Fault::syntax(end - 2..end, "a comment fills its braces: `}}` comes right behind `*/`")
            });
        }
        let (mut depth, mut is_apart) = (0_usize, true);
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            if let Some(length) = closing(rest) {
                if depth > 0 {
                    return Err(Fault::syntax(at..at + length, "a `)` is missing before this"));
                }
                let tokens = self.tokens.len();
                return Ok((at + length, self.does(start, tokens)));
            }
            let Some(first) = rest.chars().next() else {
                return Err(Fault::syntax(start..start + 2, "`{{` is never closed"));
            };
            if is_blank(first) {
                (at, is_apart) = (at + 1, true);
                continue;
            }
            let (kind, length) = token(rest, first).map_err(|(length, words)| Fault::syntax(at..at + length, words))?;
            match kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close if depth == 0 => {
                    return Err(Fault::syntax(at..at + 1, "this `)` closes nothing"));
                }
                TokenKind::Close => depth -= 1,
                _ => {}
            }
            self.tokens.push(Token { kind, range: at..at + length, is_apart });
            (at, is_apart) = (at + length, false);
        }
    }

    /// What the action does whose tokens come last.
    fn does(&self, start: usize, tokens: usize) -> Does {
        let of = self.tokens.get(..tokens).unwrap_or_default();
        let first = of.partition_point(|token| token.range.start < start);
        let of = of.get(first..).unwrap_or_default();
        let word = of.first().filter(|token| token.kind == TokenKind::Word).map(|token| self.name(token));
        let sets = |token: &Token| matches!(token.kind, TokenKind::Declare | TokenKind::Assign);
        does_of(word).unwrap_or_else(|| if of.iter().any(sets) { Does::Other } else { Does::Print })
    }
}

/// The actions that wait for their `end`, each with whether the dot is something else there.
#[derive(Default)]
struct Open<'a> {
    actions: Vec<(&'a Action, bool)>,
    /// How many of them have another dot.
    scopes: usize,
    /// How many of them are called from elsewhere.
    defines: usize,
}

impl<'a> Open<'a> {
    fn open(&mut self, action: &'a Action, has_other_dot: bool) {
        self.scopes += usize::from(has_other_dot);
        self.defines += usize::from(action.does == Does::Define);
        self.actions.push((action, has_other_dot));
    }

    fn close(&mut self) -> Option<&'a Action> {
        let (action, has_other_dot) = self.actions.pop()?;
        self.scopes -= usize::from(has_other_dot);
        self.defines -= usize::from(action.does == Does::Define);
        Some(action)
    }
}

/// What an action does that starts with this word, if it is a keyword.
fn does_of(word: Option<&str>) -> Option<Does> {
    Some(match word? {
        "if" => Does::If,
        "with" | "range" => Does::Scope,
        "define" | "block" => Does::Define,
        "else" => Does::Else,
        "end" => Does::End,
        "template" | "break" | "continue" => Does::Other,
        _ => return None,
    })
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn is_of_name(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// The length of the end of an action, if the text starts with one.
fn closing(text: &str) -> Option<usize> {
    match text.strip_prefix(is_blank) {
        Some(rest) => rest.starts_with("-}}").then_some(4),
        None => text.starts_with("}}").then_some(2),
    }
}

/// The token that a text starts with, and its length; else the length of what is wrong, and why.
fn token(text: &str, first: char) -> Result<(TokenKind, usize), (usize, String)> {
    let name = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        from + rest.find(|character| !is_of_name(character)).unwrap_or(rest.len())
    };
    let named = |kind: TokenKind, length: usize| {
        let rest = text.get(length..).unwrap_or_default();
        match rest.chars().next() {
            Some(next) if !is_blank(next) && !".,|:)(=".contains(next) && !rest.starts_with("}}") => {
                Err((length + next.len_utf8(), format!("no name has `{}`", next.escape_debug())))
            }
            _ => Ok((kind, length)),
        }
    };
    let second = text.chars().nth(1);
    match first {
        '|' => Ok((TokenKind::Pipe, 1)),
        '(' => Ok((TokenKind::Open, 1)),
        ')' => Ok((TokenKind::Close, 1)),
        ',' => Ok((TokenKind::Comma, 1)),
        '=' => Ok((TokenKind::Assign, 1)),
        ':' if second == Some('=') => Ok((TokenKind::Declare, 2)),
        '"' => quoted(text, '"').map(|length| (TokenKind::Constant, length)),
        '`' => match text.get(1..).and_then(|rest| rest.find('`')) {
            Some(at) => Ok((TokenKind::Constant, at + 2)),
            None => Err((1, "this quote is never closed".to_owned())),
        },
        '\'' => {
            let length = quoted(text, '\'')?;
            let inner = text.get(1..length - 1).unwrap_or_default();
            match inner.contains('\\') || inner.chars().count() == 1 {
                true => Ok((TokenKind::Constant, length)),
                false => Err((length, "a text stands in double quotes: single ones hold one character".to_owned())),
            }
        }
        '.' if second.is_some_and(|second| second.is_ascii_digit()) => Ok((TokenKind::Constant, number(text))),
        '.' => match name(1) {
            1 => named(TokenKind::Dot, 1),
            length => named(TokenKind::Field, length),
        },
        '$' => named(TokenKind::Variable, name(1)),
        '+' | '-' | '0'..='9' => Ok((TokenKind::Constant, number(text))),
        _ if is_of_name(first) => named(TokenKind::Word, name(0)),
        '{' | '}' => Err((1, format!("a single `{first}` means nothing between the braces"))),
        _ => Err((first.len_utf8(), format!("`{}` means nothing here", first.escape_debug()))),
    }
}

/// The length of a number, which may be none.
fn number(text: &str) -> usize {
    let rest = text.get(1..).unwrap_or_default();
    1 + rest.find(|character: char| character != '.' && !is_of_name(character)).unwrap_or(rest.len())
}

/// The length of a text in quotes that ends on its line.
fn quoted(text: &str, quote: char) -> Result<usize, (usize, String)> {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '\n' => break,
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if character == quote => return Ok(at + 1),
            _ => {}
        }
    }
    Err((1, "this quote is never closed on its line".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The faults of a text, in short.
    fn faults(text: &str) -> Vec<String> {
        let read = Actions::read(text);
        let declared = read.declared();
        let shown = |fault: Fault| {
            let written = text.get(fault.range).expect("within the text");
            match fault.kind {
                FaultKind::Variable(name, meant) => format!("variable {name} {}", meant.unwrap_or_default()),
                FaultKind::Function(name, meant) => format!("function {name} {}", meant.unwrap_or_default()),
                FaultKind::Undeclared(name) => format!("undeclared {name}"),
                FaultKind::Syntax(words) => format!("syntax at {written}: {words}"),
            }
        };
        let faults = read.faults(&declared, true).into_iter().map(shown);
        faults.map(|fault| fault.trim_end().to_owned()).collect()
    }

    #[test]
    fn good_templates_have_no_faults() {
        for text in [
            "",
            "no { { braces } }",
            "{{ .environment.slug }}-{{ .project.id }}-{{ .agent.id }}",
            "{{.legacy_namespace}}{{- .user.username -}}",
            "{{ .project.slug | slugify }} {{ slugify 10 .project.path | lower }}",
            "{{ replace \"_\" \"-\" .project.slug }} {{ substr 0 5 `hello world` }}",
            "{{ trimPrefix \"-\" (trimSuffix \"-\" .environment.name) }}",
            "{{/* a comment, with `quotes\" */}} {{- /* and another */ -}}",
            "{{ if eq .environment.tier \"production\" }}a{{ else if .environment.url }}b{{ else }}c{{ end }}",
            "{{ with .environment }}{{ .slug }}{{ $.project.id }}{{ end }}{{ .user.id }}",
            "{{ with .environment }}{{ .slug }}{{ else }}{{ .project.id }}{{ end }}",
            "{{ $name := .project.slug }}{{ $name }}{{ $name = \"x\" }}",
            "{{ range $key, $value := .environment }}{{ $key }}{{ .x }}{{ break }}{{ end }}",
            "{{ define \"x\" }}{{ .whatever }}{{ $.whatever }}{{ end }}{{ template \"x\" .agent }}{{ block \"y\" . }}{{ .z }}{{ end }}",
            "{{ printf \"%s-%d\" .environment.slug 1 | print }} {{ index . \"agent\" \"id\" }} {{ (index . \"x\").y }}",
            "{{ .environment.slug\n | lower }} {{ true }} {{ nil | not }} {{ len \"\u{e9}\" }} {{ -1.5e3 }} {{ .5 }} {{ 'a' }}",
            "{{ and .environment.url (ne .environment.url \"}}\") }}",
        ] {
            assert_eq!(faults(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn names_that_there_are_none_of_are_told() {
        for (text, expected) in [
            ("{{ .Environment.Slug }}", &["variable .Environment.Slug .environment.slug"][..]),
            ("{{ .Values.name }}", &["variable .Values.name"]),
            ("{{ .project.id.x }}", &["variable .project.id.x"]),
            ("{{ $.project.name }}", &["variable $.project.name"]),
            (
                "{{ with .environment }}{{ $.enviroment.slug }}{{ end }}",
                &["variable $.enviroment.slug .environment.slug"],
            ),
            ("{{ if .foo }}{{ else if .bar }}{{ end }}", &["variable .foo", "variable .bar"]),
            ("{{ environment.slug }}", &["function environment.slug .environment.slug"]),
            ("{{ legacy_namespace }}", &["function legacy_namespace .legacy_namespace"]),
            ("{{ .project.slug | upper | trim_suffix \"-\" }}", &["function upper", "function trim_suffix trimSuffix"]),
            ("{{ .project.slug | trunc 10 }}", &["function trunc"]),
            ("{{ $CI_PROJECT_ID }}", &["undeclared $CI_PROJECT_ID"]),
        ] {
            assert_eq!(faults(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_template_is_told() {
        for (text, expected) in [
            ("a {{ .agent.id", "syntax at {{: `{{` is never closed"),
            ("{{ .agent.id }", "syntax at }: a single `}` means nothing between the braces"),
            ("{{ }}", "syntax at {{ }}: nothing stands between the braces"),
            ("{{ .agent.id | }}", "syntax at {{ .agent.id | }}: a value or a function is missing beside `|`"),
            (
                "{{ replace(\"_\", \"-\") }}",
                "syntax at ,: arguments stand beside each other without commas or brackets around them",
            ),
            ("{{ (.agent.id }}", "syntax at }}: a `)` is missing before this"),
            ("{{ .agent.id) }}", "syntax at ): this `)` closes nothing"),
            ("{{ \"a }}", "syntax at \": this quote is never closed on its line"),
            ("{{ lower 'abc' }}", "syntax at 'abc': a text stands in double quotes: single ones hold one character"),
            ("{{ .ci-job.id }}", "syntax at .ci-: no name has `-`"),
            ("{{ if true }}", "syntax at {{ if true }}: this has no `{{ end }}`"),
            ("{{ end }}", "syntax at {{ end }}: this `end` closes nothing"),
            ("{{/* a", "syntax at {{: this comment is never closed"),
            ("{{/* a */ .b }}", "syntax at */: a comment fills its braces: `}}` comes right behind `*/`"),
            ("{{ .a ; }}", "syntax at ;: `;` means nothing here"),
        ] {
            let found = faults(text);
            assert_eq!(found.last().map(String::as_str), Some(expected), "{text}: {found:?}");
        }
    }

    #[test]
    fn masks_keep_every_place() {
        let text = "a: {{ .agent.id }}\n{{- if \u{e9} }}\nb: 1\n{{ end }}";
        let masked = Actions::read(text).masked();
        assert_eq!(masked, format!("a: {}\n{}\nb: 1\n{}", "x".repeat(15), " ".repeat(12), " ".repeat(9)));
        assert_eq!(masked.len(), text.len());
    }
}
