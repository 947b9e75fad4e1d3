//! `make TARGET`: the recipes of the target and of what it needs, in the Makefile of the folder.
//!
//! Source: the GNU make manual, "Rules", "Recipes", "Using Variables", "Conditional Parts".

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use super::super::library::NotRead;
use super::super::text::FramePlace;
use super::super::walk::Walker;
use super::super::words::Word;
use super::How;
use super::paths::{Named, from_top, joined};
use crate::gitlab::{PartialText, Shape};

/// How many targets one call may make.
const MAX_TARGETS: usize = 300;
/// How many files a Makefile may include.
const MAX_INCLUDES: usize = 50;
/// How deep variables may stand in the values of others.
const MAX_VALUES: usize = 12;
/// The longest line that is put together, in bytes.
const MAX_LINE: usize = 16 * 1024;

/// What the arguments of a call ask for.
#[derive(Default)]
struct Asked {
    file: Option<Word>,
    folders: Vec<Word>,
    variables: Vec<(String, String)>,
    targets: Vec<Word>,
    prints_only: bool,
}

/// A Makefile with what it includes.
#[derive(Default)]
struct Makefile {
    rules: Vec<Rule>,
    variables: BTreeMap<String, Value>,
    /// Variables that recipes see.
    exported: Vec<String>,
    exports_all: bool,
    one_shell: bool,
    /// What it includes and was not read: the name and why.
    not_read: Vec<(String, NotRead)>,
}

struct Rule {
    targets: Vec<String>,
    needs: Vec<String>,
    recipe: Vec<Line>,
    /// Variables of the target alone.
    variables: Vec<(String, Value)>,
    /// Whether it stands between `ifeq` and `endif`.
    is_conditional: bool,
}

/// A line of a recipe, and where it starts, behind the items.
struct Line {
    text: String,
    start: usize,
}

#[derive(Clone)]
enum Value {
    Known(String),
    /// What the environment does not have otherwise.
    Default(String),
    Unknown,
}

/// What is walked.
struct Run<'m> {
    makefile: &'m Makefile,
    overrides: Vec<(String, String)>,
    done: HashSet<String>,
}

impl Walker<'_> {
    /// `make -C folder TARGET`; false where there is no Makefile.
    pub(super) fn make(
        &mut self,
        program: &Word,
        arguments: &[Word],
        set: &[(String, Word)],
        whole: &Range<usize>,
    ) -> bool {
        let asked = asked(arguments);
        if asked.prints_only {
            return true;
        }
        let mut folder = self.folder();
        for word in &asked.folders {
            let Named::Here(here) = folder else { break };
            let path = self.named(&word.text());
            folder = match (word.known(), path) {
                (known, Named::Here(_)) if !known.is_empty() && !known.starts_with('/') => {
                    joined(&here, &known).map_or(Named::Outside, Named::Here)
                }
                (_, path) => path,
            };
        }
        let written = || {
            let words = std::iter::once(program).chain(arguments);
            words.map(|word| word.text().to_string()).collect::<Vec<String>>().join(" ")
        };
        let folder = match folder {
            Named::Here(folder) => folder,
            Named::Outside => return false,
            Named::Unknown => {
                self.not_read(program, &written(), "make", NotRead::Variable, whole);
                return true;
            }
        };
        let path = match &asked.file {
            Some(file) => match file.text().as_known() {
                Some(path) => joined(&folder, path).ok_or(NotRead::Outside),
                None => Err(NotRead::Variable),
            },
            None => {
                let names =
                    ["GNUmakefile", "makefile", "Makefile"].map(|name| joined(&folder, name).unwrap_or_default());
                let mut names = names
                    .into_iter()
                    .filter(|path| !matches!(self.following.library.text(path), Err(NotRead::Missing)));
                match names.next() {
                    Some(path) => Ok(path),
                    None => Err(NotRead::Missing),
                }
            }
        };
        let path = match path {
            Ok(path) if self.following.written.contains(&path) => Err(NotRead::Generated),
            other => other,
        };
        let read = path.and_then(|path| {
            let mut makefile = Makefile::default();
            self.read_makefile(&path, &folder, &mut makefile, &mut HashSet::new())?;
            Ok((path, makefile))
        });
        let (path, makefile) = match read {
            Ok(read) => read,
            Err(why) => {
                self.not_read(program, &written(), "make", why, whole);
                return true;
            }
        };
        for (name, why) in &makefile.not_read {
            self.not_read(program, name, "make", *why, whole);
        }
        let targets: Vec<Word> = match asked.targets.is_empty() {
            true => Vec::new(),
            false => asked.targets,
        };
        let names: Vec<Option<String>> = match targets.is_empty() {
            true => vec![makefile.first_target()],
            false => targets.iter().map(|word| word.text().as_known().map(str::to_owned)).collect(),
        };
        let key = format!("{path} {}", written());
        let walked = self.within_file(&key, How::Started, set, whole, |walker| {
            walker.env.set("PWD", from_top(&folder));
            let mut run = Run { makefile: &makefile, overrides: asked.variables.clone(), done: HashSet::new() };
            walker.set_exported(&run);
            for name in &names {
                match name {
                    Some(name) if makefile.has(name) => walker.make_target(name, &mut run),
                    Some(name) if makefile.not_read.is_empty() => {
                        walker.not_read(program, &format!("make {name}"), "make", NotRead::Missing, whole);
                    }
                    _ => walker.not_read(program, &written(), "make", NotRead::Variable, whole),
                }
            }
        });
        if let Err(why) = walked {
            self.not_read(program, &written(), "make", why, whole);
        }
        true
    }

    /// Variables that recipes see: those that are exported, and those of the environment, which keep their place in it.
    fn set_exported(&mut self, run: &Run<'_>) {
        let makefile = run.makefile;
        for (name, value) in &makefile.variables {
            let is_exported = makefile.exports_all || makefile.exported.contains(name);
            let is_of_environment = name == "KUBECONFIG" || self.is_of_job(name);
            let is_kept = is_of_environment && matches!(value, Value::Default(_));
            if is_kept || !(is_exported || is_of_environment) {
                continue;
            }
            let value = self.expanded(&format!("$({name})"), run, "", &[], 0);
            self.set_for_recipes(name, &value);
        }
        for (name, value) in &run.overrides {
            self.set_for_recipes(name, value);
        }
    }

    fn set_for_recipes(&mut self, name: &str, value: &str) {
        let text = match value.contains('$') {
            true => PartialText::unknown(&format!("{name} of make"), Shape::Any),
            false => PartialText::known(value),
        };
        self.env.set(name, text);
        self.export(name);
    }

    fn make_target(&mut self, name: &str, run: &mut Run<'_>) {
        if run.done.len() >= MAX_TARGETS || !run.done.insert(name.to_owned()) {
            return;
        }
        let makefile = run.makefile;
        let rules: Vec<&Rule> =
            makefile.rules.iter().filter(|rule| rule.targets.iter().any(|target| target == name)).collect();
        let before = run.overrides.len();
        for rule in &rules {
            for (variable, value) in &rule.variables {
                let value = match value {
                    Value::Known(value) => value.clone(),
                    Value::Default(_) | Value::Unknown => format!("$(_{variable})"),
                };
                run.overrides.push((variable.clone(), value));
            }
        }
        let needs: Vec<String> = rules.iter().flat_map(|rule| &rule.needs).cloned().collect();
        for need in &needs {
            let need = self.expanded(need, run, name, &[], 0);
            for need in need.split_whitespace() {
                self.make_target(need, run);
            }
        }
        for rule in rules.into_iter().filter(|rule| !rule.recipe.is_empty()) {
            match rule.is_conditional {
                true => self.in_branch(|walker| walker.recipe(rule, name, &needs, run)),
                false => self.recipe(rule, name, &needs, run),
            }
        }
        run.overrides.truncate(before);
    }

    fn recipe(&mut self, rule: &Rule, target: &str, needs: &[String], run: &Run<'_>) {
        let mark = self.env.mark();
        for line in &rule.recipe {
            let skipped = line.text.len() - line.text.trim_start_matches([' ', '\t', '@', '-', '+']).len();
            let text = line.text.get(skipped..).unwrap_or_default();
            let start = line.start + skipped;
            let expanded = self.expanded(text, run, target, needs, 0);
            let place = match expanded == text {
                true => FramePlace::At(start),
                false => FramePlace::Within(start..start + text.trim_end().len()),
            };
            self.text(expanded, place);
            if !run.makefile.one_shell {
                self.env.undo(mark);
            }
        }
        self.env.undo(mark);
    }

    /// A text with make's variables put in, for the shell: what is not known stays a variable.
    fn expanded(&mut self, text: &str, run: &Run<'_>, target: &str, needs: &[String], depth: usize) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(rest.get(..at).unwrap_or_default());
            rest = rest.get(at + 1..).unwrap_or_default();
            if out.len() > MAX_LINE {
                break;
            }
            let Some(first) = rest.chars().next() else { break };
            let name = match first {
                '$' => {
                    out.push('$');
                    rest = rest.get(1..).unwrap_or_default();
                    continue;
                }
                '(' | '{' => {
                    let Some(end) = closing(rest, first) else {
                        out.push_str("${_of_make}");
                        break;
                    };
                    let name = rest.get(1..end).unwrap_or_default();
                    rest = rest.get(end + 1..).unwrap_or_default();
                    name
                }
                letter => {
                    let (name, behind) = rest.split_at(letter.len_utf8());
                    rest = behind;
                    name
                }
            };
            let value = self.value_of(name.trim(), run, target, needs, depth);
            out.push_str(&value);
        }
        out.push_str(rest);
        out
    }

    fn value_of(&mut self, name: &str, run: &Run<'_>, target: &str, needs: &[String], depth: usize) -> String {
        let is_name =
            !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter));
        let in_shell = |name: &str| format!("${{{}}}", name.replace(['-', '.'], "_"));
        match name {
            "@" => return target.to_owned(),
            "<" => return needs.first().cloned().unwrap_or_default(),
            "^" | "+" => return needs.join(" "),
            "MAKE" => return "make".to_owned(),
            "CURDIR" | "PWD" => return "${PWD}".to_owned(),
            "SHELL" => return "sh".to_owned(),
            _ if !is_name || depth >= MAX_VALUES => return "${_of_make}".to_owned(),
            _ => {}
        }
        let of_call = run.overrides.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let value = match of_call {
            Some(value) => Value::Known(value),
            None => match run.makefile.variables.get(name) {
                Some(value) => value.clone(),
                // make takes over what its environment has.
                None => return in_shell(name),
            },
        };
        match value {
            Value::Known(value) => self.expanded(&value, run, target, needs, depth + 1),
            Value::Default(value) => {
                let known = self.variable(name);
                match known.as_known() {
                    Some(known) if !known.is_empty() => in_shell(name),
                    _ => format!(
                        "${{{}:-{}}}",
                        name.replace(['-', '.'], "_"),
                        self.expanded(&value, run, target, needs, depth + 1)
                    ),
                }
            }
            Value::Unknown => in_shell(&format!("{name}_of_make")),
        }
    }

    /// Reads a Makefile and what it includes.
    fn read_makefile(
        &mut self,
        path: &str,
        folder: &str,
        makefile: &mut Makefile,
        known: &mut HashSet<String>,
    ) -> Result<(), NotRead> {
        if !known.insert(path.to_owned()) {
            return Ok(());
        }
        let text = self.following.library.text(path)?;
        let (_, start) = self.following.enter(path, &text);
        let includes = makefile.add(&text.text, start);
        for (name, is_optional) in includes {
            let path = match name.contains(['$', '*', '?', '%']) {
                true => Err(NotRead::Variable),
                false if known.len() > MAX_INCLUDES => Err(NotRead::TooMany),
                false => joined(folder, &name).ok_or(NotRead::Outside),
            };
            let read = path.and_then(|path| self.read_makefile(&path, folder, makefile, known));
            if let Err(why) = read
                && !(is_optional && why == NotRead::Missing)
            {
                makefile.not_read.push((name, why));
            }
        }
        Ok(())
    }
}

impl Makefile {
    /// The target that is made where none is named.
    fn first_target(&self) -> Option<String> {
        if let Some(Value::Known(goal)) = self.variables.get(".DEFAULT_GOAL") {
            return Some(goal.clone());
        }
        let mut targets = self.rules.iter().flat_map(|rule| rule.targets.first());
        targets.find(|target| !target.starts_with('.') && !target.contains('%')).cloned()
    }

    fn has(&self, target: &str) -> bool {
        self.rules.iter().any(|rule| rule.targets.iter().any(|known| known == target))
    }

    /// Reads a text that starts at a place; returns what it includes, and whether that may be missing.
    fn add(&mut self, text: &Rc<str>, start: usize) -> Vec<(String, bool)> {
        let mut includes = Vec::new();
        let mut conditions = 0_usize;
        let mut in_define = false;
        let mut has_rule = false;
        for (at, line) in logical_lines(text) {
            if in_define {
                in_define = line.trim() != "endef";
                continue;
            }
            if line.starts_with('\t') && has_rule {
                let recipe = self.rules.last_mut().map(|rule| &mut rule.recipe);
                if let Some(recipe) = recipe.filter(|_| !line.trim().is_empty()) {
                    recipe.push(Line { text: line.trim_start_matches('\t').to_owned(), start: start + at + 1 });
                    let tabs = line.len() - line.trim_start_matches('\t').len();
                    if let Some(last) = recipe.last_mut() {
                        last.start = start + at + tabs;
                    }
                }
                continue;
            }
            let code = without_comment(line);
            let code = code.replace("\\\n", " ");
            let code = code.trim();
            let word = code.split_whitespace().next().unwrap_or_default();
            match word {
                "" => continue,
                "ifeq" | "ifneq" | "ifdef" | "ifndef" => {
                    conditions += 1;
                    continue;
                }
                "endif" => {
                    conditions = conditions.saturating_sub(1);
                    continue;
                }
                "else" => continue,
                "define" => {
                    let name = code.split_whitespace().nth(1).unwrap_or_default();
                    self.variables.insert(name.to_owned(), Value::Unknown);
                    in_define = true;
                    continue;
                }
                "include" | "-include" | "sinclude" => {
                    let is_optional = word != "include" || conditions > 0;
                    let names = code.get(word.len()..).unwrap_or_default().split_whitespace();
                    includes.extend(names.map(|name| (name.to_owned(), is_optional)));
                    has_rule = false;
                    continue;
                }
                _ => {}
            }
            let (is_exported, code) = match word {
                "export" => (true, code.get(word.len()..).unwrap_or_default().trim()),
                "unexport" | "undefine" | "vpath" => continue,
                "override" | "private" => (false, code.get(word.len()..).unwrap_or_default().trim()),
                _ => (false, code),
            };
            if let Some((name, value, operator)) = assignment(code) {
                self.assign(name, value, operator, conditions > 0);
                if is_exported {
                    self.exported.push(name.to_owned());
                }
                has_rule = false;
            } else if is_exported {
                match code.is_empty() {
                    true => self.exports_all = true,
                    false => self.exported.extend(code.split_whitespace().map(str::to_owned)),
                }
                has_rule = false;
            } else if let Some((targets, needs)) = code.split_once(':') {
                has_rule = true;
                self.rule(targets, needs.trim_start_matches(':'), conditions > 0);
                if let (Some(at_recipe), Some(rule)) = (line.find(';'), self.rules.last_mut())
                    && !rule.targets.is_empty()
                {
                    let recipe = line.get(at_recipe + 1..).unwrap_or_default().to_owned();
                    rule.recipe.push(Line { text: recipe, start: start + at + at_recipe + 1 });
                }
            }
        }
        includes
    }

    fn assign(&mut self, name: &str, value: &str, operator: &str, is_conditional: bool) {
        let is_known = self.variables.contains_key(name);
        let value = match operator {
            "?" if is_known => return,
            _ if is_conditional || is_known => Value::Unknown,
            "?" => Value::Default(value.to_owned()),
            "" | ":" | "::" => Value::Known(value.to_owned()),
            _ => Value::Unknown,
        };
        self.variables.insert(name.to_owned(), value);
    }

    fn rule(&mut self, targets: &str, needs: &str, is_conditional: bool) {
        let needs = needs.split(';').next().unwrap_or_default();
        let targets: Vec<String> = targets.split_whitespace().map(str::to_owned).collect();
        match targets.first().map(String::as_str) {
            Some(".ONESHELL") => self.one_shell = true,
            Some(".EXPORT_ALL_VARIABLES") => self.exports_all = true,
            _ => {}
        }
        let mut rule = Rule { targets, needs: Vec::new(), recipe: Vec::new(), variables: Vec::new(), is_conditional };
        if rule
            .targets
            .first()
            .is_some_and(|first| first.starts_with('.') && first.chars().skip(1).all(char::is_uppercase))
        {
            rule.targets.clear();
        }
        match assignment(needs.trim()) {
            Some((name, value, operator)) => {
                let value = match operator {
                    "" | ":" | "::" if !is_conditional => Value::Known(value.to_owned()),
                    _ => Value::Unknown,
                };
                rule.variables.push((name.to_owned(), value));
            }
            // Names that hang on variables stay one piece, to be put in when the target is made.
            None => rule.needs.extend(needs.split_whitespace().filter(|need| *need != "|").map(str::to_owned)),
        }
        self.rules.push(rule);
    }
}

/// What the arguments ask for.
fn asked(arguments: &[Word]) -> Asked {
    let mut asked = Asked::default();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let start = word.start();
        match &*start {
            "-C" | "--directory" => asked.folders.extend(words.next().cloned()),
            "-f" | "--file" | "--makefile" => asked.file = words.next().cloned(),
            "-n" | "--dry-run" | "--just-print" | "--help" | "-h" | "--version" | "-v" | "-q" => {
                asked.prints_only = true
            }
            "-I" | "-o" | "-W" | "-E" => drop(words.next()),
            "-j" | "-l" if words.as_slice().first().is_some_and(|next| next.known().parse::<u32>().is_ok()) => {
                words.next();
            }
            _ if start.starts_with("-C") => asked.folders.push(word.after(2)),
            _ if start.starts_with("--directory=") => asked.folders.push(word.after("--directory=".len())),
            _ if start.starts_with("-f") => asked.file = Some(word.after(2)),
            _ if start.starts_with("--file=") => asked.file = Some(word.after("--file=".len())),
            _ if start.starts_with('-') => {}
            _ => match start.split_once('=') {
                Some((name, _)) => {
                    let name = name.trim_end_matches(':').to_owned();
                    let value = word.after(start.find('=').map_or(0, |at| at + 1));
                    let value = value.text().as_known().map(|value| value.replace('$', "$$"));
                    asked.variables.push((name.clone(), value.unwrap_or_else(|| format!("$(_{name}_of_make)"))));
                }
                None => asked.targets.push(word.clone()),
            },
        }
    }
    asked
}

/// Lines with those that a backslash continues, each with its place.
fn logical_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let mut end = 0;
        loop {
            let line = rest.get(end..).unwrap_or_default();
            match line.find('\n') {
                None => {
                    end = rest.len();
                    break;
                }
                Some(length) => {
                    let is_continued =
                        line.get(..length).is_some_and(|line| line.trim_end_matches(' ').ends_with('\\'));
                    end += length + 1;
                    if !is_continued || end >= rest.len() {
                        break;
                    }
                }
            }
        }
        let start = at;
        at += end;
        Some((start, rest.get(..end).unwrap_or_default().trim_end_matches('\n')))
    })
}

fn without_comment(line: &str) -> &str {
    match line.find('#') {
        Some(at) if !line.get(..at).unwrap_or_default().ends_with('\\') => line.get(..at).unwrap_or_default(),
        _ => line,
    }
}

/// `NAME := value`: name, value and what stands before `=`.
fn assignment(code: &str) -> Option<(&str, &str, &str)> {
    let at = code.find('=')?;
    let (before, value) = (code.get(..at)?, code.get(at + 1..)?);
    let name = before.trim_end_matches([':', '?', '+', '!', ' ', '\t']);
    let operator = before.get(name.len()..)?.trim();
    let is_name =
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter));
    is_name.then_some((name, value.trim(), operator))
}

/// Where the bracket that a text begins with is closed.
fn closing(text: &str, open: char) -> Option<usize> {
    let close = if open == '(' { ')' } else { '}' };
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        if letter == open {
            depth += 1;
        } else if letter == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}
