//! Runners of named scripts: `npm run`, `yarn`, `pnpm`, `task`, `just`.

use std::collections::HashSet;
use std::ops::Range;
use std::rc::Rc;

use super::super::library::{NotRead, Text};
use super::super::text::FramePlace;
use super::super::walk::Walker;
use super::super::words::Word;
use super::How;
use super::paths::{Named, folder_of, from_top, joined};
use super::settings::option_of;
use super::yaml_file::{Scalar, entries, items, scalar, scalars, value};
use crate::gitlab::{PartialText, Shape};
use crate::yaml::{Data, NodeId, Tree};

/// How many tasks one call may run.
const MAX_TASKS: usize = 200;

impl Walker<'_> {
    /// `npm run deploy`, `npm test`, `yarn deploy`, `pnpm run deploy`: the text in `package.json`, with those before and behind.
    ///
    /// Source: npm's documentation, "scripts"; yarn's and pnpm's references of `run`.
    pub(super) fn package_script(
        &mut self,
        program: &str,
        words: &[Word],
        set: &[(String, Word)],
        whole: &Range<usize>,
    ) -> bool {
        let arguments = words.get(1..).unwrap_or_default();
        let mut plain = arguments.iter().enumerate().filter(|(at, word)| {
            let behind_option = at.checked_sub(1).and_then(|at| arguments.get(at)).is_some_and(|word| {
                matches!(
                    &*word.known(),
                    "--prefix" | "-C" | "--cwd" | "--dir" | "-w" | "--workspace" | "--filter" | "-F"
                )
            });
            !word.start().starts_with('-') && !behind_option
        });
        let Some((_, first)) = plain.next() else { return false };
        let verb = first.known();
        let (name, is_named) = match &*verb {
            "run" | "run-script" | "rum" | "urn" => match plain.next() {
                Some((_, name)) => (name.clone(), true),
                None => return false,
            },
            "test" | "t" | "tst" => (Word { pieces: smallvec::SmallVec::new(), ..first.clone() }, false),
            "start" | "stop" | "restart" => (first.clone(), false),
            _ if program == "npm" || verb.is_empty() => return false,
            _ => (first.clone(), false),
        };
        let folder = option_of(arguments, &["--prefix", "-C", "--cwd", "--dir"]);
        let folder = folder.map_or_else(|| self.folder(), |folder| self.named(&folder.text()));
        // A part of a workspace that is not told apart here.
        let is_elsewhere = option_of(arguments, &["-w", "--workspace", "--filter", "-F"]).is_some();
        let shown = format!("{program} {}", if verb.is_empty() { "run" } else { &verb });
        let shown = if is_named { format!("{shown} {}", name.text()) } else { shown };
        let name =
            if name.pieces.is_empty() { Some("test".to_owned()) } else { name.text().as_known().map(str::to_owned) };
        let read = match (folder, name) {
            _ if is_elsewhere => Err(NotRead::Variable),
            (Named::Outside, _) => Err(NotRead::Outside),
            (Named::Unknown, _) | (_, None) => Err(NotRead::Variable),
            (Named::Here(folder), Some(name)) => {
                let path = joined(&folder, "package.json").unwrap_or_default();
                self.following.library.text(&path).map(|text| (folder, path, text, name))
            }
        };
        let (folder, path, text, name) = match read {
            Ok(read) => read,
            // `yarn tsc` runs a program, `npm test` does nothing of its own.
            Err(_) if !is_named => return false,
            Err(why) => {
                self.not_read_of(words, &shown, why, whole);
                return true;
            }
        };
        let Some(documents) = text.documents() else {
            self.not_read_of(words, &shown, NotRead::NoYaml, whole);
            return true;
        };
        let Some(tree) = documents.first().map(crate::yaml::Document::tree) else { return false };
        let scripts = tree.root().and_then(|root| value(tree, root, "scripts"));
        let script = |name: &str| scripts.and_then(|scripts| scalar(tree, value(tree, scripts, name)?));
        if script(&name).is_none() {
            if is_named {
                self.not_read_of(words, &shown, NotRead::Missing, whole);
            }
            return is_named;
        }
        let (_, start) = self.following.enter(&path, &text);
        let around = [format!("pre{name}"), name.clone(), format!("post{name}")];
        let key = format!("{path} {name}");
        let walked = self.within_file(&key, How::Started, set, whole, |walker| {
            walker.env.set("PWD", from_top(&folder));
            for name in &around {
                if let Some(script) = script(name) {
                    walker.own_shell(&script, start);
                }
            }
        });
        if let Err(why) = walked {
            self.not_read_of(words, &shown, why, whole);
        }
        true
    }

    /// Walks a text of a YAML or JSON file in a shell of its own.
    fn own_shell(&mut self, script: &Scalar, start: usize) {
        let mark = self.env.mark();
        let place = match script.is_literal {
            true => FramePlace::At(start + script.range.start),
            false => FramePlace::Within(start + script.range.start..start + script.range.end),
        };
        self.text(script.text.to_string(), place);
        self.env.undo(mark);
    }

    fn not_read_of(&mut self, words: &[Word], name: &str, why: NotRead, whole: &Range<usize>) {
        if let Some(program) = words.first() {
            self.not_read(program, name, &program.known(), why, whole);
        }
    }

    /// `task deploy`: the commands of `Taskfile.yml`, and of the tasks that it needs.
    ///
    /// Source: Task's documentation, "Usage". Included Taskfiles are named and not read.
    pub(super) fn task(&mut self, words: &[Word], set: &[(String, Word)], whole: &Range<usize>) -> bool {
        const NAMES: [&str; 4] = ["Taskfile.yml", "taskfile.yml", "Taskfile.yaml", "Taskfile.dist.yml"];
        let arguments = words.get(1..).unwrap_or_default();
        let file = option_of(arguments, &["-t", "--taskfile"]);
        let folder = option_of(arguments, &["-d", "--dir"]);
        let folder = folder.map_or_else(|| self.folder(), |folder| self.named(&folder.text()));
        let Named::Here(folder) = folder else { return false };
        let found = match file {
            Some(file) => match self.named(&file.text()) {
                Named::Here(path) => Some(path),
                _ => None,
            },
            None => self.first_there(&folder, &NAMES),
        };
        let Some(path) = found else { return false };
        let names: Vec<Word> =
            plain_words(arguments, &["-t", "--taskfile", "-d", "--dir", "-o", "--output", "-C", "--concurrency"]);
        let shown = |name: &str| format!("task {name}");
        let documents = self.following.library.text(&path).and_then(|text| {
            let documents = text.documents().ok_or(NotRead::NoYaml)?;
            Ok((text, documents))
        });
        let (text, documents) = match documents {
            Ok(read) => read,
            Err(why) => {
                self.not_read_of(words, &path, why, whole);
                return true;
            }
        };
        let Some(tree) = documents.first().map(crate::yaml::Document::tree) else { return true };
        let (_, start) = self.following.enter(&path, &text);
        let folder = folder_of(&path).to_owned();
        let names = match names.is_empty() {
            true => vec![Some("default".to_owned())],
            false => names.iter().map(|name| name.text().as_known().map(str::to_owned)).collect(),
        };
        let key = format!("{path} {names:?}");
        let walked = self.within_file(&key, How::Started, set, whole, |walker| {
            walker.env.set("PWD", from_top(&folder));
            let mut done = HashSet::new();
            for name in names {
                let why = match name.as_deref() {
                    Some(name) if walker.run_task(tree, name, (&folder, start), &mut done) => continue,
                    Some(_) => NotRead::Missing,
                    None => NotRead::Variable,
                };
                walker.not_read_of(words, &shown(name.as_deref().unwrap_or("$")), why, whole);
            }
        });
        if let Err(why) = walked {
            self.not_read_of(words, &path, why, whole);
        }
        true
    }

    /// Whether there is such a task.
    fn run_task(
        &mut self,
        tree: &Tree,
        name: &str,
        (folder, start): (&str, usize),
        done: &mut HashSet<String>,
    ) -> bool {
        let tasks = tree.root().and_then(|root| value(tree, root, "tasks"));
        let Some(task) = tasks.and_then(|tasks| value(tree, tasks, name)) else { return false };
        if done.len() >= MAX_TASKS || !done.insert(name.to_owned()) {
            return true;
        }
        let is_map = matches!(tree.node(task).data, Data::Mapping { .. });
        let of = |key: &str| value(tree, task, key).filter(|_| is_map);
        for need in of("deps").into_iter().flat_map(|list| scalars_or_tasks(tree, list)) {
            self.run_task(tree, &need, (folder, start), done);
        }
        let mark = self.env.mark();
        if let Some(dir) = of("dir").and_then(|dir| scalar(tree, dir)) {
            let path = joined(folder, &dir.text).filter(|_| !dir.text.contains("{{"));
            self.env
                .set("PWD", path.map_or_else(|| PartialText::unknown("PWD", Shape::NotEmpty), |path| from_top(&path)));
        }
        for (name, node) in of("env").into_iter().flat_map(|map| entries(tree, map)) {
            let value = scalar(tree, node).filter(|value| !value.text.contains("{{"));
            let unknown = || PartialText::unknown(&format!("{name} of a task"), Shape::Any);
            self.env.set(name, value.map_or_else(unknown, |value| PartialText::known(&value.text)));
            self.export(name);
        }
        let commands = of("cmds").or_else(|| of("cmd")).unwrap_or(task);
        let single = scalar(tree, commands).map(|_| commands);
        for command in single.into_iter().chain(items(tree, commands)) {
            let text = scalar(tree, command).or_else(|| scalar(tree, value(tree, command, "cmd")?));
            if let Some(text) = text {
                self.template(&text, start);
            } else if let Some(other) = value(tree, command, "task").and_then(|task| tree.scalar_text(task)) {
                let other = other.to_owned();
                self.run_task(tree, &other, (folder, start), done);
            }
        }
        self.env.undo(mark);
        true
    }

    /// Walks a text with `{{…}}` in it, of which nothing is known.
    fn template(&mut self, text: &Scalar, start: usize) {
        match without_templates(&text.text) {
            None => self.own_shell(text, start),
            Some(put) => {
                let script = Scalar { text: put.into(), range: text.range.clone(), is_literal: false };
                self.own_shell(&script, start);
            }
        }
    }

    /// `just deploy`: the recipe of the justfile and those that it needs.
    ///
    /// Source: just's manual, "Recipe Parameters", "Dependencies", "Shebang Recipes". What `{{…}}` puts in is not known.
    pub(super) fn just(&mut self, words: &[Word], set: &[(String, Word)], whole: &Range<usize>) -> bool {
        let arguments = words.get(1..).unwrap_or_default();
        let Named::Here(folder) = self.folder() else { return false };
        let found = match option_of(arguments, &["-f", "--justfile"]) {
            Some(file) => match self.named(&file.text()) {
                Named::Here(path) => Some(path),
                _ => None,
            },
            None => self.first_there(&folder, &["justfile", "Justfile", ".justfile"]),
        };
        let Some(path) = found else { return false };
        let text = match self.following.library.text(&path) {
            Ok(text) => text,
            Err(why) => {
                self.not_read_of(words, &path, why, whole);
                return true;
            }
        };
        let recipes = recipes(&text);
        let names = plain_words(arguments, &["-f", "--justfile", "-d", "--working-directory", "--set"]);
        let name = match names.first() {
            None => recipes.first().map(|recipe| recipe.name.clone()),
            Some(name) => name.text().as_known().map(str::to_owned),
        };
        let (_, start) = self.following.enter(&path, &text);
        let key = format!("{path} {name:?}");
        let walked = self.within_file(&key, How::Started, set, whole, |walker| {
            walker.env.set("PWD", from_top(folder_of(&path)));
            let mut done = HashSet::new();
            let why = match name.as_deref() {
                Some(name) if walker.run_recipe(&recipes, name, start, &mut done) => return,
                Some(_) => NotRead::Missing,
                None => NotRead::Variable,
            };
            walker.not_read_of(words, &format!("just {}", name.as_deref().unwrap_or("$")), why, whole);
        });
        if let Err(why) = walked {
            self.not_read_of(words, &path, why, whole);
        }
        true
    }

    fn run_recipe(&mut self, recipes: &[Recipe], name: &str, start: usize, done: &mut HashSet<String>) -> bool {
        let Some(recipe) = recipes.iter().find(|recipe| recipe.name == name) else { return false };
        if done.len() >= MAX_TASKS || !done.insert(name.to_owned()) {
            return true;
        }
        for need in &recipe.needs {
            self.run_recipe(recipes, need, start, done);
        }
        for (text, range) in &recipe.body {
            let scalar = Scalar { text: text.as_str().into(), range: range.clone(), is_literal: true };
            self.template(&scalar, start);
        }
        true
    }

    /// The first of these files that is there.
    fn first_there(&self, folder: &str, names: &[&str]) -> Option<String> {
        let mut paths = names.iter().filter_map(|name| joined(folder, name));
        paths.find(|path| !matches!(self.following.library.text(path), Err(NotRead::Missing)))
    }
}

/// Words that are no options and no values of these.
fn plain_words(arguments: &[Word], valued: &[&str]) -> Vec<Word> {
    let mut plain = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let start = word.start();
        if word.is("--") {
            break;
        }
        if valued.contains(&&*start) {
            words.next();
        } else if !start.starts_with('-') && !start.contains('=') {
            plain.push(word.clone());
        }
    }
    plain
}

/// Names of tasks, as texts or as `task: NAME`.
fn scalars_or_tasks(tree: &Tree, list: NodeId) -> Vec<String> {
    let mut names = scalars(tree, list);
    let tasks = items(tree, list).filter_map(|item| tree.scalar_text(value(tree, item, "task")?));
    names.extend(tasks.map(str::to_owned));
    names
}

/// A text in which what a template puts in is a variable that is not known; `None` where there is no template.
fn without_templates(text: &str) -> Option<String> {
    if !text.contains("{{") {
        return None;
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        out.push_str(rest.get(..at).unwrap_or_default());
        let inner = rest.get(at + 2..).unwrap_or_default();
        out.push_str("${_of_template}");
        rest = inner.find("}}").and_then(|end| inner.get(end + 2..)).unwrap_or_default();
    }
    out.push_str(rest);
    Some(out)
}

/// A recipe of a justfile.
struct Recipe {
    name: String,
    needs: Vec<String>,
    /// Lines, or the whole of a script, each with its place in the file.
    body: Vec<(String, Range<usize>)>,
}

fn recipes(text: &Rc<Text>) -> Vec<Recipe> {
    let mut recipes: Vec<Recipe> = Vec::new();
    let mut at = 0;
    let mut is_script = false;
    for line in text.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line.trim_end();
        let indented = content.len() - content.trim_start().len();
        let Some(body) = content.get(indented..).filter(|body| !body.is_empty()) else { continue };
        if indented > 0 {
            let Some(recipe) = recipes.last_mut() else { continue };
            if recipe.body.is_empty() && body.starts_with("#!") {
                // A script as a whole, in one shell if it is for one.
                is_script = ["sh", "bash", "zsh"].iter().any(|shell| body.ends_with(shell)) || body.contains("bash ");
                recipe.body.push((String::new(), start..start));
                continue;
            }
            let is_of_script =
                recipe.body.first().is_some_and(|(first, range)| range.start == range.end || first.contains('\n'));
            if is_of_script && !is_script {
                continue;
            }
            let marks = body.len() - body.trim_start_matches(['@', '-']).len();
            match recipe.body.last_mut().filter(|_| is_of_script) {
                Some((script, range)) => {
                    if range.start == range.end {
                        *range = start..start;
                    }
                    script.push_str(line);
                    range.end = at;
                }
                None => {
                    let from = start + indented + marks;
                    recipe.body.push((body.get(marks..).unwrap_or_default().to_owned(), from..start + content.len()));
                }
            }
            continue;
        }
        let is_recipe = !body.starts_with(['#', '[']) && !body.contains(":=");
        if let Some((head, needs)) = body.split_once(':').filter(|_| is_recipe) {
            let name = head.split_whitespace().next().unwrap_or_default().trim_start_matches('@');
            let needs = needs.split_whitespace().filter(|need| *need != "&&");
            let needs = needs.map(|need| need.trim_start_matches('(').trim_end_matches(')').to_owned());
            recipes.push(Recipe { name: name.to_owned(), needs: needs.collect(), body: Vec::new() });
            is_script = false;
        }
    }
    recipes
}
