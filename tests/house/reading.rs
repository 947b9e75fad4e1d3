//! What the text of one file says: its modules, what they define and import, and every path in it.
//!
//! The text is read as tokens, so comments and strings are no code, and what macros are given or made of is.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};

/// The words in front of the name of an item.
const DEFINING: [&str; 9] = ["const", "enum", "fn", "macro_rules", "static", "struct", "trait", "type", "union"];

/// How a path goes on after its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It does not.
    Name,
    /// With `::*`.
    Glob,
    /// With a name that only the caller of a macro knows: `crate::$room`.
    Metavariable,
}

/// A path as it is written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The scope that it stands in, by its position in [`Reading::scopes`].
    pub scope: usize,
    /// Its names, without `r#`.
    pub names: Vec<String>,
    /// How it goes on.
    pub ending: Ending,
    /// Its line, from 1; in a tree of `use`, that of the leaf.
    pub line: usize,
}

/// One leaf of a `use`.
#[derive(Clone, Debug)]
pub struct Import {
    /// What is imported.
    pub path: Written,
    /// Its name here; a glob has none.
    pub name: Option<String>,
    /// The path of the module within which it is visible; none stands for everywhere.
    pub visible_in: Option<Vec<String>>,
}

/// A module of the file: the file itself, or `mod name { … }`.
#[derive(Debug, Default)]
pub struct Scope {
    /// The names of the modules from the file's own down to this one; the file's own has none.
    pub names: Vec<String>,
    /// The items that it defines, as far as they are written out.
    pub items: BTreeSet<String>,
}

/// A `#[path = "file"] mod name;`.
#[derive(Debug)]
pub struct Moved {
    /// The scope that declares the module.
    pub scope: usize,
    /// The module's name.
    pub name: String,
    /// The file, relative to the folder of the declaring one.
    pub file: String,
}

/// What a file says.
#[derive(Debug)]
pub struct Reading {
    /// Its modules, its own first.
    pub scopes: Vec<Scope>,
    /// Everything that it imports.
    pub imports: Vec<Import>,
    /// Its other paths of two names or more.
    pub paths: Vec<Written>,
    /// The modules that lie in files of other names.
    pub moved: Vec<Moved>,
}

/// Reads a text; an error is the line at which it is no Rust.
pub fn read(text: &str) -> Result<Reading, usize> {
    let tokens: TokenStream = text.parse().map_err(|error: proc_macro2::LexError| error.span().start().line)?;
    let mut reading = Reading::empty();
    reading.tokens(&listed(tokens), 0, Level::Items);
    Ok(reading)
}

/// What the tokens at hand are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// The items of a module.
    Items,
    /// The rules of a `macro_rules!`.
    Rules,
    /// The inside of an attribute, in which a string may be a path.
    Attribute,
    /// Anything else.
    Inside,
}

impl Reading {
    /// What a file says that says nothing.
    pub fn empty() -> Self {
        let (imports, paths, moved) = Default::default();
        Self { scopes: vec![Scope::default()], imports, paths, moved }
    }

    /// Reads the tokens of one group or of the file.
    fn tokens(&mut self, tokens: &[TokenTree], scope: usize, level: Level) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at = match token {
                TokenTree::Ident(ident) => self.word(tokens, at, ident, scope, level),
                TokenTree::Group(group) => {
                    self.group(group, &tokens[..at], scope, level);
                    at + 1
                }
                TokenTree::Punct(_) if is_metavariable(tokens, at) => after_names(tokens, at + 2),
                // The rest of `<T as Trait>::name`, or a path into another crate.
                TokenTree::Punct(_) if is_separator(tokens, at) => after_names(tokens, at),
                TokenTree::Punct(_) => at + 1,
                TokenTree::Literal(literal) => {
                    if level == Level::Attribute {
                        self.path_in_string(&literal.to_string(), literal.span().start().line, scope);
                    }
                    at + 1
                }
            };
        }
    }

    /// Reads what begins with a word and gives the position behind it.
    fn word(&mut self, tokens: &[TokenTree], at: usize, ident: &Ident, scope: usize, level: Level) -> usize {
        let word = ident.to_string();
        match word.as_str() {
            "use" => {
                let visible_in = visible_in(&tokens[..at]);
                self.import(tokens, at + 1, Vec::new(), &visible_in, scope)
            }
            "mod" => self.module(tokens, at, scope),
            _ if DEFINING.contains(&word.as_str()) => {
                if level == Level::Items
                    && let Some(name) = defined(tokens, at)
                {
                    self.scopes[scope].items.insert(name);
                }
                at + 1
            }
            _ => self.path(tokens, at, ident, scope),
        }
    }

    /// Reads `mod name { … }` and `mod name;`.
    fn module(&mut self, tokens: &[TokenTree], at: usize, scope: usize) -> usize {
        // In a macro the name may be `$name`; it still is one floor of `super`.
        let at_name = if is_punct(tokens, at + 1, '$') { at + 2 } else { at + 1 };
        let Some(name) = name_at(tokens, at_name) else {
            return at + 1;
        };
        if let Some(TokenTree::Group(group)) = tokens.get(at_name + 1) {
            let mut names = self.scopes[scope].names.clone();
            names.push(name);
            self.scopes.push(Scope { names, ..Scope::default() });
            self.tokens(&listed(group.stream()), self.scopes.len() - 1, Level::Items);
        } else if let Some(file) = file_of(&tokens[..at]) {
            self.moved.push(Moved { scope, name, file });
        }
        at_name + 2
    }

    /// Reads a path; one name alone is none.
    fn path(&mut self, tokens: &[TokenTree], at: usize, first: &Ident, scope: usize) -> usize {
        let mut names = vec![plain(first)];
        let mut end = at + 1;
        while is_separator(tokens, end)
            && let Some(name) = name_at(tokens, end + 2)
        {
            names.push(name);
            end += 3;
        }
        let is_open = is_separator(tokens, end) && is_punct(tokens, end + 2, '$');
        if names.len() > 1 || is_open {
            let ending = if is_open { Ending::Metavariable } else { Ending::Name };
            self.paths.push(Written { scope, names, ending, line: first.span().start().line });
        }
        end
    }

    /// Reads a tree of `use` behind the names that lead to it.
    fn import(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        mut names: Vec<String>,
        visible_in: &Option<Vec<String>>,
        scope: usize,
    ) -> usize {
        if is_separator(tokens, at) {
            // Another crate; no module has a name without letters.
            names.push(String::new());
            at += 2;
        }
        while let Some(token) = tokens.get(at) {
            let line = token.span().start().line;
            match token {
                TokenTree::Ident(ident) => {
                    names.push(plain(ident));
                    if is_separator(tokens, at + 1) {
                        at += 3;
                        continue;
                    }
                    let (renamed, end) = renamed(tokens, at + 1);
                    self.leaf(names, renamed, visible_in, (scope, line));
                    return end;
                }
                TokenTree::Group(group) => {
                    self.branches(&listed(group.stream()), &names, visible_in, scope);
                    return at + 1;
                }
                TokenTree::Punct(punct) if punct.as_char() == '$' && !is_metavariable(tokens, at) => at += 1,
                TokenTree::Punct(punct) => {
                    let ending = match punct.as_char() {
                        '*' => Ending::Glob,
                        '$' => Ending::Metavariable,
                        _ => return at + 1,
                    };
                    let path = Written { scope, names, ending, line };
                    self.imports.push(Import { path, name: None, visible_in: visible_in.clone() });
                    return at + 1;
                }
                TokenTree::Literal(_) => return at + 1,
            }
        }
        at
    }

    /// Reads the trees between the braces of a `use`.
    fn branches(&mut self, tokens: &[TokenTree], names: &[String], visible_in: &Option<Vec<String>>, scope: usize) {
        let mut at = 0;
        while at < tokens.len() {
            at = self.import(tokens, at, names.to_vec(), visible_in, scope);
            while at < tokens.len() && !is_punct(tokens, at, ',') {
                at += 1;
            }
            at += 1;
        }
    }

    fn leaf(
        &mut self,
        mut names: Vec<String>,
        renamed: Option<String>,
        visible_in: &Option<Vec<String>>,
        (scope, line): (usize, usize),
    ) {
        if names.len() > 1 && names.last().is_some_and(|name| name == "self") {
            names.pop();
        }
        let name = renamed.or_else(|| names.last().cloned());
        let path = Written { scope, names, ending: Ending::Name, line };
        self.imports.push(Import { path, name, visible_in: visible_in.clone() });
    }

    fn group(&mut self, group: &Group, before: &[TokenTree], scope: usize, level: Level) {
        let tokens = listed(group.stream());
        let inside = if is_attribute(group, before) {
            if name_at(&tokens, 0).is_some_and(|name| name == "doc") {
                return;
            }
            Level::Attribute
        } else {
            match level {
                Level::Items if ends_with(before, &['!']) => Level::Items,
                Level::Items if is_macro_rules(before) => Level::Rules,
                Level::Rules if ends_with(before, &['=', '>']) => Level::Items,
                Level::Attribute => Level::Attribute,
                Level::Items | Level::Rules | Level::Inside => Level::Inside,
            }
        };
        self.tokens(&tokens, scope, inside);
    }

    /// Reads `#[serde(with = "crate::text")]`: a string that is a path as a whole.
    fn path_in_string(&mut self, literal: &str, line: usize, scope: usize) {
        let names: Vec<String> = literal.trim_matches('"').split("::").map(str::to_owned).collect();
        let is_path = names.iter().all(|name| name.chars().all(|c| c == '_' || c.is_alphanumeric()));
        if is_path && names.len() > 1 && ["crate", "self", "super"].contains(&names[0].as_str()) {
            self.paths.push(Written { scope, names, ending: Ending::Name, line });
        }
    }
}

fn listed(tokens: TokenStream) -> Vec<TokenTree> {
    tokens.into_iter().collect()
}

fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

fn name_at(tokens: &[TokenTree], at: usize) -> Option<String> {
    match tokens.get(at) {
        Some(TokenTree::Ident(ident)) => Some(plain(ident)),
        _ => None,
    }
}

fn is_punct(tokens: &[TokenTree], at: usize, expected: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == expected)
}

/// Whether `::` stands here.
fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let is_joint = matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.spacing() == Spacing::Joint);
    is_joint && is_punct(tokens, at, ':') && is_punct(tokens, at + 1, ':')
}

/// Whether `$name` stands here; `$crate` is no metavariable.
fn is_metavariable(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens, at, '$') && name_at(tokens, at + 1).is_some_and(|name| name != "crate")
}

/// The position behind `::name::name`.
fn after_names(tokens: &[TokenTree], mut at: usize) -> usize {
    while is_separator(tokens, at) {
        at += if name_at(tokens, at + 2).is_some() { 3 } else { 2 };
    }
    at
}

fn ends_with(tokens: &[TokenTree], puncts: &[char]) -> bool {
    let Some(start) = tokens.len().checked_sub(puncts.len()) else {
        return false;
    };
    puncts.iter().enumerate().all(|(offset, punct)| is_punct(tokens, start + offset, *punct))
}

fn is_attribute(group: &Group, before: &[TokenTree]) -> bool {
    group.delimiter() == Delimiter::Bracket && ends_with(before, &['#'])
}

/// Whether the tokens end with `macro_rules! name`.
fn is_macro_rules(tokens: &[TokenTree]) -> bool {
    let Some(start) = tokens.len().checked_sub(3) else {
        return false;
    };
    name_at(tokens, start).is_some_and(|name| name == "macro_rules") && is_punct(tokens, start + 1, '!')
}

/// The name that the item whose word is here defines. `const fn name` is found by its last word.
fn defined(tokens: &[TokenTree], at: usize) -> Option<String> {
    let is_between = is_punct(tokens, at + 1, '!') || name_at(tokens, at + 1).is_some_and(|word| word == "mut");
    name_at(tokens, if is_between { at + 2 } else { at + 1 })
}

/// The name behind `as`, and the position behind that.
fn renamed(tokens: &[TokenTree], at: usize) -> (Option<String>, usize) {
    if name_at(tokens, at).is_some_and(|word| word == "as") { (name_at(tokens, at + 1), at + 2) } else { (None, at) }
}

/// The module within which an item is visible, from the tokens in front of it; none stands for everywhere.
fn visible_in(before: &[TokenTree]) -> Option<Vec<String>> {
    let private = || Some(vec!["self".to_owned()]);
    match before {
        [.., TokenTree::Punct(dollar), TokenTree::Ident(_)] if dollar.as_char() == '$' => None,
        [.., TokenTree::Ident(word)] if *word == "pub" => None,
        [.., TokenTree::Ident(word), TokenTree::Group(group)] if *word == "pub" => {
            let names: Vec<String> = group
                .stream()
                .into_iter()
                .filter_map(|token| name_at(&[token], 0))
                .filter(|name| name != "in")
                .collect();
            Some(names)
        }
        _ => private(),
    }
}

/// The file that `#[path = "file"]` names for the module whose `mod` follows these tokens.
fn file_of(before: &[TokenTree]) -> Option<String> {
    for token in before.iter().rev() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return None,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                let inside = listed(group.stream());
                if let [TokenTree::Ident(word), TokenTree::Punct(_), TokenTree::Literal(file)] = inside.as_slice()
                    && *word == "path"
                {
                    return Some(file.to_string().trim_matches('"').to_owned());
                }
            }
            _ => {}
        }
    }
    None
}
