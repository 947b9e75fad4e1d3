//! From the text of one file to its values, as Ruby's Psych would make them.

use std::collections::HashMap;
use std::sync::Arc;

use super::MAX_DEPTH;
use super::block_text;
use super::problem::{Problem, ProblemKind};
use super::ruby_yaml::{self, Kind};
use super::text::Text;
use super::value::{Entry, List, Map, Reference, Scalar, Value, Work};
use crate::source::{Place, Source, Span};
use crate::yaml::{self, Data, Node, NodeId, Style, Tree};

/// One file, before its inputs are put in.
#[derive(Debug)]
pub(super) struct Loaded {
    pub source: Arc<Source>,
    /// The document before the content, if it has `spec`.
    ///
    /// Source: `has_header?` in `lib/gitlab/ci/config/yaml/documents.rb`.
    pub header: Option<Arc<Map>>,
    /// `None` where there is nothing that could be read.
    pub content: Option<Arc<Map>>,
    pub problems: Vec<Problem>,
}

/// How many values a file may have with its aliases followed.
const MAX_VALUES: u64 = 1_000_000;

/// Reads a file.
pub(super) fn load(source: &Arc<Source>, work: &Work) -> Loaded {
    let mut problems = Vec::new();
    let document = yaml::read_libyaml(source, 0);
    let mut header = None;
    let mut content = read_document(source, &document, work, &mut problems);
    let second =
        document.ignored().filter(|rest| source.text().get(rest.start..).is_some_and(|at| at.starts_with("---")));
    if let Some(rest) = second
        && content.as_ref().is_some_and(|map| map.get("spec").is_some())
    {
        header = content;
        content = read_document(source, &yaml::read_libyaml(source, rest.start), work, &mut problems);
    }
    Loaded { source: Arc::clone(source), header, content, problems }
}

fn read_document(
    source: &Arc<Source>,
    document: &yaml::Document,
    work: &Work,
    problems: &mut Vec<Problem>,
) -> Option<Arc<Map>> {
    for problem in document.problems().iter().filter(|problem| stops_ruby(source, problem)) {
        if let Some(text) = block_text::ended(source, document.tree(), problem) {
            let line = |span: Span| source.position(span.start).line;
            let kind = ProblemKind::BlockTextEnds { from: line(text.start), blanks: text.indentation };
            let related = Some(Place::new(source, text.start));
            problems.push(Problem { kind, place: Place::new(source, text.end), related });
            continue;
        }
        let related = problem.cause.map(|cause| Place::new(source, cause));
        let place = Place::new(source, problem.span);
        problems.push(Problem { kind: ProblemKind::Syntax(problem.kind.clone()), place, related });
    }
    let tree = document.tree();
    let whole_file = || Place::new(source, Span::empty(0));
    let Some(root) = tree.root() else {
        problems.push(Problem::new(ProblemKind::EmptyFile, whole_file()));
        return None;
    };
    let mut converter = Converter { tree, source, anchored: HashMap::new(), open: Vec::new(), problems, work };
    let converted = converter.convert(root, 1);
    let place = converted.value.place().clone();
    let kind = match converted.value {
        _ if converted.weight > MAX_VALUES => ProblemKind::TooLarge,
        Value::Map(map) => return Some(map),
        value if value.is_null() => ProblemKind::EmptyFile,
        _ => ProblemKind::NoMap,
    };
    problems.push(Problem::new(kind, place));
    None
}

/// Psych takes `%YAML 1.2`.
fn stops_ruby(source: &Source, problem: &yaml::Problem) -> bool {
    problem.kind != yaml::ProblemKind::TagOrDirective || !source.slice(problem.span).starts_with('%')
}

/// A value with its number of values and its levels, aliases followed.
#[derive(Clone)]
struct Converted {
    value: Value,
    weight: u64,
    height: usize,
}

struct Converter<'a> {
    tree: &'a Tree,
    source: &'a Arc<Source>,
    anchored: HashMap<NodeId, Converted>,
    /// Anchored nodes that are being read, to which an alias cannot lead.
    open: Vec<NodeId>,
    problems: &'a mut Vec<Problem>,
    work: &'a Work,
}

impl Converter<'_> {
    fn place(&self, node: &Node) -> Place {
        Place::new(self.source, node.span)
    }

    fn null(&self, node: &Node) -> Converted {
        let text = Text::new("", self.place(node), None);
        Converted { value: Value::Scalar(Arc::new(Scalar { text, kind: Kind::Null })), weight: 1, height: 1 }
    }

    fn too_deep(&mut self, node: &Node) -> Converted {
        if !self.problems.iter().any(|problem| problem.kind == ProblemKind::TooDeep) {
            let place = self.place(node);
            self.problems.push(Problem::new(ProblemKind::TooDeep, place));
        }
        self.null(node)
    }

    fn convert(&mut self, id: NodeId, depth: usize) -> Converted {
        let node = self.tree.node(id);
        if depth > MAX_DEPTH {
            return self.too_deep(node);
        }
        let is_anchored = node.anchor.is_some();
        if is_anchored {
            self.open.push(id);
        }
        let converted = match &node.data {
            Data::Scalar { text, style } => {
                let scalar = self.scalar(node, text, *style);
                Converted { value: Value::Scalar(scalar), weight: 1, height: 1 }
            }
            Data::Sequence { items, .. } => self.list(node, items, depth),
            Data::Mapping { entries, .. } => self.map(node, entries, depth),
            Data::Alias { .. } => return self.alias(node, id, depth),
        };
        if is_anchored {
            self.open.pop();
            self.anchored.insert(id, converted.clone());
        }
        converted
    }

    fn alias(&mut self, node: &Node, id: NodeId, depth: usize) -> Converted {
        let target = self.tree.follow(id).filter(|target| !self.open.contains(target));
        // An alias to nothing or to itself is a problem of the YAML reader's.
        let Some(converted) = target.and_then(|target| self.anchored.get(&target)) else { return self.null(node) };
        if depth + converted.height > MAX_DEPTH + 1 {
            return self.too_deep(node);
        }
        converted.clone()
    }

    fn scalar(&mut self, node: &Node, text: &str, style: Style) -> Arc<Scalar> {
        let tag = node.tag.as_ref().map(|tag| &*tag.name);
        let (kind, value) = ruby_yaml::resolve(text, style, tag);
        let place = self.place(node);
        if kind == Kind::Date {
            self.problems.push(Problem::new(ProblemKind::Date(text.to_owned()), place.clone()));
        }
        let style = (*value == *text).then_some(style);
        Arc::new(Scalar { text: Text::new(&value, place, style), kind })
    }

    fn list(&mut self, node: &Node, items: &[NodeId], depth: usize) -> Converted {
        let items: Vec<Converted> = items.iter().map(|&item| self.convert(item, depth + 1)).collect();
        let weight = items.iter().fold(1u64, |sum, item| sum.saturating_add(item.weight));
        let height = 1 + items.iter().map(|item| item.height).max().unwrap_or(0);
        let items = items.into_iter().map(|item| item.value);
        let place = self.place(node);
        let is_reference = node.tag.as_ref().is_some_and(|tag| &*tag.name == "!reference");
        let value = if is_reference {
            let path: Option<Vec<Arc<str>>> = items.map(|item| item.as_string().map(Text::shared)).collect();
            Value::Reference(Arc::new(Reference { path: path.filter(|path| !path.is_empty()), place }))
        } else {
            Value::List(Arc::new(List { items: items.collect(), place }))
        };
        Converted { value, weight, height }
    }

    fn map(&mut self, node: &Node, entries: &[(NodeId, NodeId)], depth: usize) -> Converted {
        let mut map = Map::new(self.place(node));
        let (mut weight, mut height) = (1u64, 1);
        for &(key, value) in entries {
            let is_merge = self.is_merge(key);
            let key = self.convert(key, depth + 1);
            let converted = self.convert(value, depth + 1);
            weight = weight.saturating_add(1).saturating_add(converted.weight);
            height = height.max(1 + converted.height);
            let is_alias = matches!(self.tree.node(value).data, Data::Alias { .. });
            if is_merge && self.merge(&mut map, &converted.value, is_alias) {
                continue;
            }
            // A list or map as a key is nothing that GitLab knows a keyword for.
            if let Value::Scalar(key) = key.value {
                map.set(Entry::new(key, converted.value));
            }
        }
        Converted { value: Value::Map(Arc::new(map)), weight, height }
    }

    /// Whether a key is `<<`; for Psych quotes change nothing, the tag `!!str` does (`revive_hash` in `to_ruby.rb`).
    fn is_merge(&self, key: NodeId) -> bool {
        let node = self.tree.node(key);
        self.tree.scalar_text(key) == Some("<<")
            && node.tag.as_ref().is_none_or(|tag| &*tag.name != "tag:yaml.org,2002:str")
    }

    /// Takes over the entries of a map, or those of a list of maps of which the first wins. What the mapping itself has
    /// above is replaced, what it has below replaces, as in `revive_hash`. An alias to a list merges nothing.
    fn merge(&mut self, map: &mut Map, value: &Value, is_alias: bool) -> bool {
        match value {
            Value::Map(merged) => self.take(map, merged),
            Value::List(list) if !is_alias && list.items.iter().all(|item| item.as_map().is_some()) => {
                list.items.iter().rev().filter_map(Value::as_map).for_each(|merged| self.take(map, merged));
            }
            _ => return false,
        }
        true
    }

    fn take(&mut self, map: &mut Map, merged: &Map) {
        if self.work.spend(merged.entries().len()) {
            merged.entries().iter().for_each(|entry| map.set(entry.clone()));
        }
    }
}
