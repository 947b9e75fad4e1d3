//! Files of tools that name contexts: `helmfile.yaml` and `skaffold.yaml`.

use std::collections::HashSet;
use std::ops::Range;
use std::rc::Rc;

use super::super::action::{ActionKind, Argument, ClusterCommand, Contact};
use super::super::library::{NotRead, Text};
use super::super::walk::Walker;
use super::super::words::Word;
use super::paths::{Named, folder_of, joined};
use super::yaml_file::{Scalar, entries, item_maps, scalar, scalars, value};
use crate::gitlab::{PartialText, Shape};
use crate::yaml::{NodeId, Tree};

/// How many files a helmfile may be made of.
const MAX_FILES: usize = 50;

/// A context that a file names, and the file.
struct Context {
    text: PartialText,
    range: Range<usize>,
}

/// What a helmfile says, with its bases and other helmfiles.
#[derive(Default)]
struct Helmfile {
    default: Option<Context>,
    environment: Option<Context>,
    releases: Vec<Option<Context>>,
    /// Whether it hangs on templates, or a part of it was not read.
    is_open: bool,
    not_read: Vec<(String, NotRead)>,
    known: HashSet<String>,
}

impl Walker<'_> {
    /// `helmfile apply`: `kubeContext` of releases, else of the environment, else of `helmDefaults`, unless the call names one.
    ///
    /// Source: helmfile's documentation, "Configuration"; `pkg/state/state.go`, `kubeConnectionFlags`.
    pub(super) fn helmfile(&mut self, program: &str, words: &[Word], set: &[(String, Word)], whole: &Range<usize>) {
        let Some(base) = self.call_of_tool(program, words, set, whole) else { return };
        let option = |names: &[&str]| option_of(words, names);
        const ENVIRONMENT: &str = "HELMFILE_ENVIRONMENT";
        let set_here = set.iter().rev().find(|(name, _)| name == ENVIRONMENT).map(|(_, word)| word.text().into_owned());
        let of_variable = set_here.unwrap_or_else(|| self.variable(ENVIRONMENT));
        let environment = match option(&["-e", "--environment"]).map(Word::text) {
            Some(text) => text.as_known().map(str::to_owned),
            None if of_variable == PartialText::unknown(ENVIRONMENT, Shape::Any) => Some("default".to_owned()),
            None => of_variable.as_known().map(|name| if name.is_empty() { "default" } else { name }.to_owned()),
        };
        let paths = match option(&["-f", "--file"]) {
            Some(file) => vec![self.named(&file.text())],
            None => self.first_of(&["helmfile.yaml", "helmfile.yaml.gotmpl", "helmfile.yml"], Some("helmfile.d")),
        };
        let mut read = Helmfile::default();
        for path in paths {
            match path {
                Named::Here(path) => self.read_helmfile(&path, environment.as_deref(), &mut read),
                Named::Outside => read.not_read.push(("helmfile.yaml".to_owned(), NotRead::Outside)),
                Named::Unknown => read.not_read.push(("helmfile.yaml".to_owned(), NotRead::Variable)),
            }
        }
        // Which releases a selector leaves is not worked out.
        if option(&["-l", "--selector"]).is_some() && !read.releases.is_empty() {
            read.releases.clear();
            read.is_open = true;
        }
        let is_whole = !read.is_open && read.not_read.is_empty() && environment.is_some();
        for (name, why) in std::mem::take(&mut read.not_read) {
            self.name_not_read(words, name, why);
        }
        let fallback = read.environment.or(read.default);
        let mut contexts: Vec<Context> = Vec::new();
        let needs_fallback = read.releases.is_empty() || read.releases.iter().any(Option::is_none);
        contexts.extend(read.releases.into_iter().flatten());
        let has_fallback = fallback.is_some();
        contexts.extend(fallback.filter(|_| needs_fallback));
        self.settle(base, contexts, is_whole && (has_fallback || needs_fallback), whole, words);
    }

    fn read_helmfile(&mut self, path: &str, environment: Option<&str>, read: &mut Helmfile) {
        if read.known.len() >= MAX_FILES {
            return read.not_read.push((path.to_owned(), NotRead::TooMany));
        }
        if !read.known.insert(path.to_owned()) {
            return;
        }
        let text = match self.following.library.text(path) {
            Ok(text) => text,
            Err(why) => return read.not_read.push((path.to_owned(), why)),
        };
        let Some(documents) = text.documents() else {
            return read.not_read.push((path.to_owned(), NotRead::NoYaml));
        };
        let (_, start) = self.following.enter(path, &text);
        read.is_open |= text.text.contains("{{");
        let mut further: Vec<String> = Vec::new();
        for document in documents.iter() {
            let tree = document.tree();
            let Some(root) = tree.root() else { continue };
            let context = |walker: &Self, map: NodeId| {
                scalar(tree, value(tree, map, "kubeContext")?).map(|found| walker.context(found, start))
            };
            if let Some(defaults) = value(tree, root, "helmDefaults") {
                read.default = context(self, defaults).or(read.default.take());
            }
            if let Some(environments) = value(tree, root, "environments") {
                for (name, map) in entries(tree, environments) {
                    match environment {
                        Some(environment) if environment != name => {}
                        Some(_) => read.environment = context(self, map).or(read.environment.take()),
                        None => read.is_open = true,
                    }
                }
            }
            for release in value(tree, root, "releases").into_iter().flat_map(|list| item_maps(tree, list)) {
                match ["condition", "installed"].iter().any(|key| value(tree, release, key).is_some()) {
                    true => read.is_open = true,
                    false => read.releases.push(context(self, release)),
                }
            }
            further.extend(further_files(tree, root));
        }
        for name in further {
            let path = match name.contains(['*', '{', '?']) || name.contains("://") {
                true => Err(NotRead::Variable),
                false => joined(folder_of(path), &name).ok_or(NotRead::Outside),
            };
            match path {
                Ok(path) => self.read_helmfile(&path, environment, read),
                Err(why) => read.not_read.push((name, why)),
            }
        }
    }

    /// `skaffold run`: `deploy.kubeContext`, or that of the profile, unless the call names one.
    ///
    /// Source: skaffold's reference of `skaffold.yaml`, and "Kube-context Activation" of its documentation.
    pub(super) fn skaffold(&mut self, program: &str, words: &[Word], set: &[(String, Word)], whole: &Range<usize>) {
        let Some(base) = self.call_of_tool(program, words, set, whole) else { return };
        let option = |names: &[&str]| option_of(words, names);
        let profile = option(&["-p", "--profile"]).map(Word::text);
        let path = match option(&["-f", "--filename"]) {
            Some(file) => self.named(&file.text()),
            None => self.first_of(&["skaffold.yaml", "skaffold.yml"], None).pop().unwrap_or(Named::Unknown),
        };
        let read = match path {
            Named::Here(path) => self.following.library.text(&path).map(|text| (path, text)),
            Named::Outside => Err(NotRead::Outside),
            Named::Unknown => Err(NotRead::Variable),
        };
        let read = read.and_then(|(path, text)| Ok((path, Rc::clone(&text), text.documents().ok_or(NotRead::NoYaml)?)));
        let (path, text, documents) = match read {
            Ok(read) => read,
            Err(why) => {
                self.name_not_read(words, "skaffold.yaml".to_owned(), why);
                return self.settle(base, Vec::new(), false, whole, words);
            }
        };
        let (_, start) = self.following.enter(&path, &text);
        let mut contexts = Vec::new();
        let mut is_whole = profile.as_ref().is_none_or(|profile| profile.as_known().is_some());
        for document in documents.iter() {
            let tree = document.tree();
            let Some(root) = tree.root() else { continue };
            let context = |map: NodeId| scalar(tree, value(tree, value(tree, map, "deploy")?, "kubeContext")?);
            let profiles = value(tree, root, "profiles").into_iter().flat_map(|list| item_maps(tree, list));
            let of_profile = profiles.filter(|map| {
                let name = value(tree, *map, "name").and_then(|name| scalar(tree, name));
                let asked = profile.as_ref().and_then(|profile| profile.as_known());
                name.is_some_and(|name| Some(&*name.text) == asked)
            });
            let of_profile = of_profile.filter_map(context).last();
            // A profile that switches itself on may bring another one.
            is_whole &= value(tree, root, "profiles").is_none() && value(tree, root, "requires").is_none();
            contexts.extend(of_profile.or_else(|| context(root)).map(|found| self.context(found, start)));
        }
        self.settle(base, contexts, is_whole, whole, words);
    }

    /// The call as it is without its file; `None` where it talks to no cluster or names a context itself, which then is all.
    fn call_of_tool(
        &mut self,
        program: &str,
        words: &[Word],
        set: &[(String, Word)],
        whole: &Range<usize>,
    ) -> Option<ClusterCommand> {
        let before = self.found.len();
        self.recognize(program, words, set, whole);
        let last = self.found.len().checked_sub(1).filter(|last| *last >= before)?;
        let needs_file = |command: &ClusterCommand| {
            command.contacts_cluster != Contact::No && command.context.is_none() && command.settings.is_some()
        };
        let ActionKind::Cluster(command) = &self.found.get(last)?.kind else { return None };
        if !needs_file(command) {
            return None;
        }
        let command = command.clone();
        self.found.truncate(last);
        Some(command)
    }

    /// Adds a call for each context that its file names, or one without; `is_whole` says that there is no other.
    fn settle(
        &mut self,
        base: ClusterCommand,
        contexts: Vec<Context>,
        is_whole: bool,
        whole: &Range<usize>,
        words: &[Word],
    ) {
        let is_alone = contexts.is_empty();
        for Context { text, range } in contexts {
            let context = Some(Argument { text, range: range.clone() });
            let command = ClusterCommand { context, settings: None, ..base.clone() };
            self.add(ActionKind::Cluster(command), range.clone(), range);
        }
        if is_alone {
            let settings = base.settings.filter(|_| !is_whole);
            let range = words.first().map_or(whole.clone(), Word::range);
            self.add(ActionKind::Cluster(ClusterCommand { settings, ..base }), range, whole.clone());
        }
    }

    pub(super) fn name_not_read(&mut self, words: &[Word], name: String, why: NotRead) {
        if let Some(program) = words.first() {
            let whole = program.whole.clone();
            self.not_read(program, &name, "$", why, &whole);
        }
    }

    /// The first of these files that there is in the folder, else those of another folder; the first name where there is none.
    fn first_of(&self, names: &[&str], folder: Option<&str>) -> Vec<Named> {
        let Named::Here(here) = self.folder() else { return vec![self.folder()] };
        let path = |name: &str| joined(&here, name).unwrap_or_default();
        let is_there = |path: &String| !matches!(self.following.library.text(path), Err(NotRead::Missing));
        if let Some(found) = names.iter().map(|name| path(name)).find(is_there) {
            return vec![Named::Here(found)];
        }
        let mut found: Vec<Named> = Vec::new();
        for ending in folder.iter().flat_map(|_| [".yaml", ".yml", ".gotmpl"]) {
            let files = self.following.library.files_in(&path(folder.unwrap_or_default()), ending);
            found.extend(files.into_iter().map(Named::Here));
        }
        if found.is_empty() {
            found.extend(names.first().map(|name| Named::Here(path(name))));
        }
        found
    }

    /// The text of a context in a file that starts at a place.
    fn context(&self, found: Scalar, start: usize) -> Context {
        let range = start + found.range.start..start + found.range.end;
        let text = match template_variable(&found.text) {
            Some(name) => self.variable(name),
            None if found.text.contains("{{") => PartialText::unknown(&found.text, Shape::NotEmpty),
            None => PartialText::known(&found.text),
        };
        Context { text, range }
    }
}

/// `{{ requiredEnv "X" }}`, `{{ env "X" }}`
fn template_variable(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let name = inner.strip_prefix("requiredEnv").or_else(|| inner.strip_prefix("env"))?.trim();
    let name = name.strip_prefix('"')?.strip_suffix('"')?;
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    name.chars().all(is_name).then_some(name)
}

/// `bases` and `helmfiles`
fn further_files(tree: &Tree, root: NodeId) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for key in ["bases", "helmfiles"] {
        let Some(list) = value(tree, root, key) else { continue };
        names.extend(scalars(tree, list));
        let paths = item_maps(tree, list).filter_map(|map| scalar(tree, value(tree, map, "path")?));
        names.extend(paths.map(|path| path.text.to_string()));
    }
    names
}

/// The value of an option, behind it or behind `=`.
pub(super) fn option_of<'w>(words: &'w [Word], names: &[&str]) -> Option<&'w Word> {
    let at = words.iter().position(|word| names.contains(&&*word.start()))?;
    words.get(at + 1)
}

impl Text {
    /// The documents of a YAML file, each with its tree; `None` where it is no YAML that can be read.
    pub fn documents(&self) -> Option<Rc<Vec<crate::yaml::Document>>> {
        const MOST: usize = 100;
        let read = || {
            let mut documents = vec![crate::yaml::read_libyaml(&self.source, 0)];
            while let Some(rest) = documents.last().and_then(crate::yaml::Document::ignored) {
                if documents.len() >= MOST
                    || !self.source.text().get(rest.start..).is_some_and(|at| at.starts_with("---"))
                {
                    break;
                }
                documents.push(crate::yaml::read_libyaml(&self.source, rest.start));
            }
            let is_sound = |document: &crate::yaml::Document| document.problems().is_empty();
            documents.iter().all(is_sound).then(|| Rc::new(documents))
        };
        self.documents.get_or_init(read).clone()
    }
}
