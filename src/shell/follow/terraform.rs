//! Terraform and OpenTofu: the context of the kubernetes, helm and kubectl providers.
//!
//! Of the files in HCL that lie in the folder, this reads texts and `var.NAME` behind `config_path`, `config_context` and
//! `host` in the blocks of these providers, and the defaults of variables. Locals, functions, modules and other files of
//! variables are not read: what hangs on them is not known.
//!
//! Source: the providers' references, "Argument Reference" (`KUBE_CONFIG_PATH`, `KUBE_CTX`).

use std::collections::HashMap;
use std::ops::Range;

use super::super::action::{ActionKind, Argument, ClusterCommand, Contact, Tool};
use super::super::library::NotRead;
use super::super::walk::Walker;
use super::super::words::Word;
use super::paths::{Named, joined};
use crate::gitlab::{PartialText, Shape};

/// How many files of a folder are read.
const MAX_FILES: usize = 100;

/// What a provider says, and where.
#[derive(Clone, Default)]
struct Provider {
    path: Option<Expression>,
    context: Option<Expression>,
    /// Whether it is told of a server.
    has_host: bool,
}

/// What stands behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Expression {
    value: Value,
    /// Behind the items.
    range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    Variable(String),
    Other(String),
}

impl Walker<'_> {
    /// `terraform apply`
    pub(super) fn terraform(&mut self, program: &str, words: &[Word], set: &[(String, Word)], whole: &Range<usize>) {
        // What else it does is not seen.
        self.recognize(program, words, set, whole);
        let arguments = words.get(1..).unwrap_or_default();
        let verb = arguments.iter().map(Word::known).find(|word| !word.is_empty() && !word.starts_with('-'));
        let verb = match verb.as_deref() {
            Some("run-all" | "run") => arguments.iter().map(Word::known).filter(|word| !word.starts_with('-')).nth(1),
            _ => verb,
        };
        let verb = verb.filter(|verb| {
            matches!(&**verb, "plan" | "apply" | "destroy" | "refresh" | "import" | "plan-json" | "test")
        });
        let Some(verb) = verb else { return };
        let variable = |walker: &Self, name: &str| {
            let own = set.iter().rev().find(|(known, _)| known == name).map(|(_, word)| word.text().into_owned());
            let text = own.unwrap_or_else(|| walker.variable(name));
            (text != PartialText::unknown(name, Shape::Any) && !text.is_empty()).then_some(text)
        };
        let found = self.providers(arguments);
        if found.is_none() && !self.following.library.is_empty() {
            let written: Vec<String> = words.iter().map(|word| word.text().to_string()).collect();
            self.name_not_read(words, written.join(" "), NotRead::Missing);
        }
        let (providers, defaults) = found.unwrap_or_default();
        let has_values = self.has_values_elsewhere(arguments, &verb);
        let of_variables = Provider::default();
        let all: Vec<&Provider> = if providers.is_empty() { vec![&of_variables] } else { providers.iter().collect() };
        for provider in all.into_iter().filter(|provider| !provider.has_host) {
            let value = |walker: &Self, expression: &Expression| match &expression.value {
                Value::Text(text) => PartialText::known(text),
                Value::Other(text) => PartialText::unknown(text, Shape::Any),
                Value::Variable(name) => {
                    let default = || match defaults.get(name) {
                        Some(Value::Text(text)) => PartialText::known(text),
                        _ => PartialText::unknown(&format!("var.{name}"), Shape::Any),
                    };
                    // What a call or a file sets goes before the environment.
                    match is_set_by(arguments, name) || has_values {
                        true => PartialText::unknown(&format!("var.{name}"), Shape::Any),
                        false => variable(walker, &format!("TF_VAR_{name}")).unwrap_or_else(default),
                    }
                }
            };
            let path = match &provider.path {
                Some(path) => Some(value(self, path)),
                None => variable(self, "KUBE_CONFIG_PATH").or_else(|| variable(self, "KUBE_CONFIG_PATHS")),
            };
            // Any other file is not GitLab's.
            if path.is_none_or(|path| path != PartialText::unknown("KUBECONFIG", Shape::Any)) {
                continue;
            }
            let (context, range) = match &provider.context {
                Some(context) => (Some(value(self, context)), context.range.clone()),
                None => (variable(self, "KUBE_CTX"), whole.clone()),
            };
            let context = context.map(|text| Argument { text, range: range.clone() });
            let command = ClusterCommand {
                tool: Tool::Terraform,
                verb: verb.clone().into_owned(),
                contacts_cluster: Contact::Maybe,
                context,
                kubeconfig: None,
                settings: Some("provider"),
                server: None,
                cluster: None,
                user: None,
                token: None,
                insecure_skip_tls_verify: None,
                certificate_authority: false,
                open: false,
            };
            self.add(ActionKind::Cluster(command), range.clone(), range);
        }
    }

    /// Whether files of values, or arguments in the environment, may set any variable.
    ///
    /// Source: Terraform's documentation, "Variable Definition Precedence", "Environment Variables".
    fn has_values_elsewhere(&self, arguments: &[Word], verb: &str) -> bool {
        let has_arguments = |name: &str| self.variable(name) != PartialText::unknown(name, Shape::Any);
        let is_values = |path: &String| path.ends_with(".tfvars") || path.ends_with(".tfvars.json");
        let library = self.following.library;
        let Some(folder) = self.terraform_folder(arguments) else { return true };
        has_arguments("TF_CLI_ARGS")
            || has_arguments(&format!("TF_CLI_ARGS_{verb}"))
            || self.following.written.iter().any(is_values)
            || [".tfvars", ".tfvars.json"].iter().any(|ending| !library.files_in(&folder, ending).is_empty())
    }

    /// The folder that a call works in; `None` where it is not known.
    fn terraform_folder(&self, arguments: &[Word]) -> Option<String> {
        let Named::Here(mut folder) = self.folder() else { return None };
        if let Some(word) = arguments.iter().find(|word| word.start().starts_with("-chdir=")) {
            let Named::Here(path) = self.named(&word.after("-chdir=".len()).text()) else { return None };
            folder = path;
        }
        if let Named::Here(root) = self.named(&self.variable("TF_ROOT")) {
            // The images of GitLab's templates go there.
            folder = joined("", &root).unwrap_or(folder);
        }
        Some(folder)
    }

    /// The providers of the folder's files, and the defaults of its variables; `None` where there is no such file.
    fn providers(&mut self, arguments: &[Word]) -> Option<(Vec<Provider>, HashMap<String, Value>)> {
        let (mut providers, mut defaults) = (Vec::new(), HashMap::new());
        let Some(folder) = self.terraform_folder(arguments) else { return Some((providers, defaults)) };
        let paths = self.following.library.files_in(&folder, ".tf");
        if paths.is_empty() {
            return None;
        }
        for path in paths.into_iter().take(MAX_FILES) {
            if let Ok(text) = self.following.library.text(&path) {
                let (_, start) = self.following.enter(&path, &text);
                read(&text.text, start, &mut providers, &mut defaults);
            }
        }
        Some((providers, defaults))
    }
}

/// Whether a call gives a variable a value, or may.
fn is_set_by(arguments: &[Word], name: &str) -> bool {
    arguments.iter().any(|word| {
        let start = word.start();
        start.starts_with("-var-file") || start.contains(&format!("{name}=")) || word.may_hold_options()
    })
}

/// A word, text or sign of HCL, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// A text, and whether something is put into it.
    Text(String, bool),
    Sign(char),
    Line,
}

/// The words of a text in HCL, without comments.
fn tokens(text: &str) -> Vec<(Token, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    let line_end = |from: usize| text.get(from..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| from + end);
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        match byte {
            b'#' => at = line_end(at),
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = line_end(at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = text.get(at + 2..).and_then(|rest| rest.find("*/")).map_or(text.len(), |end| at + end + 4);
            }
            b'\n' => {
                found.push((Token::Line, at..at + 1));
                at += 1;
            }
            b'"' => {
                at += 1;
                let mut is_open = false;
                while let Some(&inner) = bytes.get(at).filter(|inner| **inner != b'"' && **inner != b'\n') {
                    is_open |= matches!(inner, b'$' | b'%') && bytes.get(at + 1) == Some(&b'{');
                    at += if inner == b'\\' { 2 } else { 1 };
                }
                let end = at.min(text.len());
                found.push((
                    Token::Text(text.get(start + 1..end).unwrap_or_default().to_owned(), is_open),
                    start + 1..end,
                ));
                at = end + 1;
            }
            b'<' if bytes.get(at + 1) == Some(&b'<') => {
                let end = line_end(at);
                let word = text.get(at + 2..end).unwrap_or_default().trim_start_matches(['-', '~']).trim();
                let mut line = end;
                while line < text.len() {
                    let next = line_end(line + 1);
                    let is_last = text.get(line + 1..next).is_some_and(|text| text.trim() == word);
                    line = next;
                    if is_last {
                        break;
                    }
                }
                found.push((Token::Text(String::new(), true), start..line));
                at = line;
            }
            _ if byte.is_ascii_alphanumeric() || byte == b'_' => {
                let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'-' | b'.');
                at += bytes.get(at..).unwrap_or_default().iter().take_while(is_part).count();
                found.push((Token::Word(text.get(start..at).unwrap_or_default().to_owned()), start..at));
            }
            _ => {
                let sign = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
                at += sign.len_utf8();
                if !sign.is_whitespace() {
                    found.push((Token::Sign(sign), start..at));
                }
            }
        }
    }
    found
}

/// Reads providers and variables of a text that starts at a place.
fn read(text: &str, start: usize, providers: &mut Vec<Provider>, defaults: &mut HashMap<String, Value>) {
    let tokens = tokens(text);
    let mut at = 0;
    let mut depth = 0_usize;
    while let Some((token, _)) = tokens.get(at) {
        at += 1;
        let label = match tokens.get(at) {
            Some((Token::Text(label, false), _)) => Some(label.clone()),
            _ => None,
        };
        match (token, label) {
            (Token::Sign('{'), _) => depth += 1,
            (Token::Sign('}'), _) => depth = depth.saturating_sub(1),
            (Token::Word(word), Some(label)) if depth == 0 && word == "provider" => {
                let (block, end) = block(&tokens, at);
                at = end;
                if matches!(&*label, "kubernetes" | "helm" | "kubectl") {
                    providers.push(provider(block, start));
                }
            }
            (Token::Word(word), Some(label)) if depth == 0 && word == "variable" => {
                let (block, end) = block(&tokens, at);
                at = end;
                if let Some(expression) = attribute(block, "default", start) {
                    defaults.insert(label, expression.value);
                }
            }
            _ => {}
        }
    }
}

/// The tokens between the next braces, and what follows them.
fn block(tokens: &[(Token, Range<usize>)], from: usize) -> (&[(Token, Range<usize>)], usize) {
    let is_open = |(token, _): &(Token, Range<usize>)| *token == Token::Sign('{');
    let Some(open) = tokens.get(from..).and_then(|rest| rest.iter().position(is_open)) else {
        return (&[], tokens.len());
    };
    let open = from + open;
    let mut depth = 0_usize;
    for (number, (token, _)) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => {
                depth -= 1;
                if depth == 0 {
                    return (tokens.get(open + 1..number).unwrap_or_default(), number + 1);
                }
            }
            _ => {}
        }
    }
    (tokens.get(open + 1..).unwrap_or_default(), tokens.len())
}

/// What a provider's block says; that of helm has a block or map of its own for it.
fn provider(block: &[(Token, Range<usize>)], start: usize) -> Provider {
    let is_there = |name: &str| attribute(block, name, start).is_some();
    Provider {
        path: attribute(block, "config_path", start).or_else(|| {
            let several = attribute(block, "config_paths", start)?;
            Some(Expression { value: Value::Other("config_paths".to_owned()), ..several })
        }),
        context: attribute(block, "config_context", start),
        has_host: is_there("host") || is_there("exec"),
    }
}

fn attribute(block: &[(Token, Range<usize>)], name: &str, start: usize) -> Option<Expression> {
    let is_name = |pair: &[(Token, Range<usize>)]| match pair {
        [(Token::Word(word), _), (Token::Sign('='), _)] => word == name,
        _ => false,
    };
    let at = block.windows(2).position(is_name)?;
    let rest = block.get(at + 2..)?;
    let (first, range) = rest.first()?;
    let is_alone = rest.get(1).is_none_or(|(next, _)| matches!(next, Token::Line | Token::Sign(',' | '}')));
    let value = match first {
        Token::Text(text, false) if is_alone && !text.contains('\\') => Value::Text(text.clone()),
        Token::Word(word) if is_alone => match word.strip_prefix("var.") {
            Some(name) => Value::Variable(name.to_owned()),
            None => Value::Other(word.clone()),
        },
        _ => Value::Other(name.to_owned()),
    };
    Some(Expression { value, range: start + range.start..start + range.end })
}
