//! Putting an item into a list, or an entry into `ci_access`, so that the rest stays as it is.

use crate::agent_config::{AccessAs, CiAccess, CiEntry, Impersonation, Mode, is_true};
use crate::project::AgentFile;
use crate::schema::Field;
use crate::source::{Source, Span};
use crate::words::in_quotes;
use crate::yaml::{Data, NodeId, Tree, written};

/// What to write behind a place, and where.
pub(crate) type Insertion = (Span, String);

/// A name that an entry's `environments` is to list as well.
///
/// `None` where it could not be done without touching more: the list is empty, or written elsewhere and used by an alias.
pub(super) fn of_environment(entry: &CiEntry, source: &Source, name: &str) -> Option<Insertion> {
    let key = entry.environments_key?;
    let last = entry.environments.last()?.span;
    // What an alias stands for may be used by others.
    let is_here = entry.environments.iter().all(|item| entry.span.contains(item.span) && item.span.start >= key.end);
    let between = source.text().get(key.end..entry.environments.first()?.span.start)?;
    if !is_here || between.contains(['*', '&', '!']) {
        return None;
    }
    if between.contains('[') {
        return Some((Span::empty(last.end), format!(", {}", written(name, true, None))));
    }
    let line = source.line_span(source.line_index(last.start));
    let dash = source.slice(Span::new(line.start, last.start)).find("- ")?;
    let column = source.slice(Span::new(line.start, line.start + dash));
    let indent = column.chars().all(|character| character == ' ').then_some(column)?;
    let end = source.line_span(source.line_index(last.end)).end;
    Some((Span::empty(end), format!("{}{indent}- {}", line_break(source), written(name, false, None))))
}

/// A line that a job is to have as well, in front of its others.
///
/// `None` where the job is not written as a block below its name.
pub(super) fn of_job_line(source: &Source, name: Span, line: &str) -> Option<Insertion> {
    let at = source.line_index(name.start);
    let whole = source.line_span(at);
    let behind = source.slice(Span::new(name.end, whole.end)).trim_start_matches(['"', '\'']).strip_prefix(':')?;
    // Behind the name there may be an anchor and a comment.
    let rest = behind.trim_start();
    let rest = match rest.strip_prefix('&') {
        Some(anchor) => anchor.trim_start_matches(|character: char| !character.is_whitespace()).trim_start(),
        None => rest,
    };
    if !(rest.is_empty() || rest.starts_with('#')) {
        return None;
    }
    let texts = (at + 1..source.line_count()).map(|line| source.slice(source.line_span(line)));
    let first = texts.into_iter().find(|text| !text.trim().is_empty() && !text.trim_start().starts_with('#'))?;
    let indent: String = first.chars().take_while(|character| *character == ' ').collect();
    let before = source.slice(Span::new(whole.start, name.start)).trim_start_matches(['"', '\'']);
    let is_below = before.is_empty() && !indent.is_empty() && !first.trim_start().starts_with("- ");
    is_below.then(|| (Span::empty(whole.end), format!("{}{indent}{line}", line_break(source))))
}

/// An entry for a project, with the restrictions of another entry, that `ci_access` is to list as well.
pub(crate) fn of_project(file: &AgentFile, path: &str, like: &CiEntry) -> Option<Insertion> {
    let document = &file.config.document;
    if !document.problems().is_empty() || document.unshown() {
        return None;
    }
    let (tree, source) = (document.tree(), &*file.source);
    let root = file.config.value.as_ref()?;
    let section = root.set("ci_access")?;
    let access = section.value.as_message()?;
    if is_flow(tree, section.value.node) {
        return None;
    }
    let first = access.fields.first()?;
    let indent = indent_of(source, first)?;
    match access.field("projects") {
        Some(field) => into_list(tree, source, field, path, like),
        None => {
            let line = source.line_span(source.line_index(first.key_span.start)).start;
            let entry = lines(source, &format!("{indent}  "), path, like);
            let text = format!("{indent}projects:{}{entry}{}", line_break(source), line_break(source));
            Some((Span::empty(line), text))
        }
    }
}

/// An entry of `ci_access.projects` that lets a project in without any restriction, by the text and what was read of it: rules about jobs
/// have no more of an agent's file.
///
/// `None` where the file is not written in blocks, or has anchors: what an alias stands for may be used by others.
pub(super) fn of_new_project(source: &Source, access: Option<&CiAccess>, path: &str) -> Option<Insertion> {
    let text = source.text();
    if text.contains(['&', '\t']) {
        return None;
    }
    let is_break = line_break(source);
    let Some(access) = access else {
        let mut keys = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let is_plain = |line: &str| {
            let is_key = line.starts_with(|first: char| first.is_ascii_lowercase()) && line.contains(':');
            (is_key || line.starts_with([' ', '-'])) && !line.starts_with("---") && !line.starts_with("ci_access")
        };
        let before = if text.is_empty() || text.ends_with('\n') { "" } else { is_break };
        let entry = format!(
            "{before}ci_access:{is_break}  projects:{is_break}    - id: {}{is_break}",
            written(path, false, None)
        );
        return keys.all(is_plain).then(|| (Span::empty(text.len()), entry));
    };
    if let (Some(first), Some(last)) = (access.projects.first(), access.projects.last()) {
        let line = source.line_span(source.line_index(first.span.start));
        let before = source.slice(Span::new(line.start, first.span.start));
        let is_dash = text.get(first.span.start..).is_some_and(|rest| rest.starts_with('-'));
        let dash = if is_dash { before.len() } else { before.rfind('-')? };
        let indent = before.get(..dash).filter(|indent| indent.chars().all(|character| character == ' '))?;
        let end = last.span.start + source.slice(last.span).trim_end().len();
        let end = source.line_span(source.line_index(end)).end;
        return Some((Span::empty(end), format!("{is_break}{indent}- id: {}", written(path, false, None))));
    }
    let at = (0..source.line_count()).find(|line| source.slice(source.line_span(*line)).starts_with("ci_access:"))?;
    let below = (at + 1..source.line_count()).map(|line| source.slice(source.line_span(line)));
    let mut section = below.take_while(|line| line.is_empty() || line.starts_with([' ', '#', '\r']));
    if section.any(|line| line.trim_start().starts_with("projects")) {
        return None;
    }
    let start = source.line_span(at).start;
    let name = Span::new(start, start + "ci_access".len());
    of_job_line(source, name, &format!("projects: [{{id: {}}}]", written(path, true, None)))
}

/// Behind the last item of `projects`.
fn into_list(tree: &Tree, source: &Source, field: &Field, path: &str, like: &CiEntry) -> Option<Insertion> {
    // A list that stands behind an anchor or alias belongs to others as well.
    let is_here = field.value.span.start >= field.key_span.end;
    let items = match &tree.node(field.value.node).data {
        Data::Sequence { items, flow: false } if is_here => items,
        _ => return None,
    };
    let first = tree.node(*items.first()?).span.start;
    let line = source.line_span(source.line_index(first));
    // A mapping as an item begins at its dash, and anything else behind it.
    let is_dash = source.text().get(first..).is_some_and(|rest| rest.starts_with('-'));
    let before = source.slice(Span::new(line.start, first));
    let dash = if is_dash { before.len() } else { before.rfind('-')? };
    let indent = source.slice(Span::new(line.start, line.start + dash));
    if !indent.chars().all(|character| character == ' ') {
        return None;
    }
    let last = tree.node(*items.last()?).span;
    let text = source.slice(last);
    let end = last.start + text.trim_end().len();
    let end = source.line_span(source.line_index(end)).end;
    Some((Span::empty(end), format!("{}{}", line_break(source), lines(source, indent, path, like))))
}

/// The lines of an entry.
fn lines(source: &Source, indent: &str, path: &str, like: &CiEntry) -> String {
    // What restricts is taken over; a namespace and managed resources are each project's own.
    let CiEntry {
        kind: _,
        index: _,
        span: _,
        head: _,
        id: _,
        default_namespace: _,
        access_as,
        environments,
        environments_key: _,
        protected_branches_only,
        resource_management: _,
    } = like;
    let mut keys = vec![format!("id: {}", written(path, false, None))];
    if access_as.is_some() {
        let (mode, user) = AccessAs::identity(access_as.as_ref());
        keys.push(format!("access_as: {}", identity(mode, user)));
    }
    if !environments.is_empty() {
        let names: Vec<String> = environments.iter().map(|name| written(&name.value, true, None)).collect();
        keys.push(format!("environments: [{}]", names.join(", ")));
    }
    if is_true(protected_branches_only.as_ref()) {
        keys.push("protected_branches_only: true".to_owned());
    }
    let keys = keys.iter().enumerate();
    let written = keys.map(|(at, key)| format!("{indent}{}{key}", if at == 0 { "- " } else { "  " }));
    written.collect::<Vec<_>>().join(line_break(source))
}

fn identity(mode: Mode, user: Option<&Impersonation>) -> String {
    let Some(user) = user.filter(|_| mode == Mode::Impersonate) else { return format!("{{{}: {{}}}}", mode.key()) };
    let list = |texts: &mut dyn Iterator<Item = &str>| {
        format!("[{}]", texts.map(|text| written(text, true, None)).collect::<Vec<_>>().join(", "))
    };
    let Impersonation { username, groups, uid, extra } = user;
    let mut keys = Vec::new();
    keys.extend(username.iter().map(|name| format!("username: {}", written(&name.value, true, None))));
    keys.extend(uid.iter().map(|uid| format!("uid: {}", in_quotes(&uid.value))));
    if !groups.is_empty() {
        keys.push(format!("groups: {}", list(&mut groups.iter().map(|group| &*group.value))));
    }
    if !extra.is_empty() {
        let extra = extra.iter().map(|(key, values)| {
            let values = list(&mut values.iter().map(|value| &**value));
            format!("{{key: {}, val: {values}}}", written(&key.value, true, None))
        });
        keys.push(format!("extra: [{}]", extra.collect::<Vec<_>>().join(", ")));
    }
    format!("{{impersonate: {{{}}}}}", keys.join(", "))
}

fn is_flow(tree: &Tree, node: NodeId) -> bool {
    matches!(tree.node(node).data, Data::Mapping { flow: true, .. } | Data::Sequence { flow: true, .. })
}

/// The blanks before a key, if nothing else stands before it on its line.
fn indent_of<'s>(source: &'s Source, field: &Field) -> Option<&'s str> {
    let line = source.line_span(source.line_index(field.key_span.start));
    let before = source.slice(Span::new(line.start, field.key_span.start));
    (!before.is_empty() && before.chars().all(|character| character == ' ')).then_some(before)
}

/// The line break that the file has.
pub(crate) fn line_break(source: &Source) -> &'static str {
    if source.text().contains("\r\n") { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::agent_config::AgentConfig;
    use crate::agent_config::location::Location;
    use crate::project::{Context, Input};

    fn file(text: &str) -> AgentFile {
        let location = Location::Config { agent: "prod".to_owned() };
        AgentFile::read(&Input::text(location, Arc::new(Source::new("a", text))), &Context::default())
    }

    fn inserted(text: &str, insertion: Option<Insertion>) -> Option<String> {
        let (span, new) = insertion?;
        Some([&text[..span.start], &new, &text[span.end..]].concat())
    }

    fn with_environment(text: &str, name: &str) -> Option<String> {
        let file = file(text);
        let access = file.config.ci_access.as_ref().expect("ci_access");
        inserted(text, of_environment(&access.projects[0], &file.source, name))
    }

    fn with_project(text: &str) -> Option<String> {
        let file = file(text);
        let access = file.config.ci_access.as_ref().expect("ci_access");
        inserted(text, of_project(&file, "acme/agents", &access.groups[0]))
    }

    /// What is written reads back as what was meant, and all else as before.
    fn reads_back(text: &str) -> AgentConfig {
        let config = file(text).config;
        assert_eq!(config.refused_at(), None, "{text}");
        AgentConfig::clone(&config)
    }

    #[test]
    fn a_project_is_let_in_by_an_entry_of_its_own() {
        let entry = "- id: acme/web/shop";
        for (text, expected) in [
            ("", "ci_access:\n  projects:\n    - id: acme/web/shop\n".to_owned()),
            ("# x\n", "# x\nci_access:\n  projects:\n    - id: acme/web/shop\n".to_owned()),
            (
                "user_access:\n  projects:\n  - id: a/b",
                format!("user_access:\n  projects:\n  - id: a/b\nci_access:\n  projects:\n    {entry}\n"),
            ),
            (
                "ci_access:\n  projects:\n  - id: a/b # c\n",
                format!("ci_access:\n  projects:\n  - id: a/b # c\n  {entry}\n"),
            ),
            (
                "ci_access:\n  projects:\n    - environments: [x]\n      id: a/b\n\n  groups: []\n",
                format!(
                    "ci_access:\n  projects:\n    - environments: [x]\n      id: a/b\n    {entry}\n\n  groups: []\n"
                ),
            ),
            (
                "ci_access:\n  groups:\n    - id: a\n",
                "ci_access:\n  projects: [{id: acme/web/shop}]\n  groups:\n    - id: a\n".to_owned(),
            ),
        ] {
            let before = file(text);
            let insertion = of_new_project(&before.source, before.config.ci_access.as_ref(), "acme/web/shop");
            let changed = inserted(text, insertion).expect(text);
            assert_eq!(changed, expected);
            let projects = reads_back(&changed).ci_access.expect("ci_access").projects;
            assert_eq!(projects.last().and_then(|entry| entry.id.as_ref()).map(|id| &*id.value), Some("acme/web/shop"));
        }
        for text in [
            "ci_access: {projects: [{id: a/b}]}\n",
            "ci_access: {groups: [{id: a}]}\n",
            "ci_access:\n  projects: []\n  groups: [{id: a}]\n",
            "ci_access:\n",
            "x: &x\n  - id: a/b\nci_access:\n  projects: *x\n",
            "--- {}\n",
        ] {
            let before = file(text);
            let insertion = of_new_project(&before.source, before.config.ci_access.as_ref(), "acme/web/shop");
            assert_eq!(inserted(text, insertion), None, "{text}");
        }
    }

    #[test]
    fn environments_are_added_in_the_style_of_the_list() {
        let head = "ci_access:\n  projects:\n    - id: a/b\n      environments:";
        for (list, expected) in [
            (" [x]\n", " [x, new]\n"),
            (" [ 'x' , \"y\" ] # z\n", " [ 'x' , \"y\", new ] # z\n"),
            (" [x,\n        z,\n      ]\n", " [x,\n        z, new,\n      ]\n"),
            ("\n      - x # z\n", "\n      - x # z\n      - new\n"),
            ("\n        - x\n\n        - z", "\n        - x\n\n        - z\n        - new"),
        ] {
            let changed = with_environment(&format!("{head}{list}"), "new").expect(list);
            assert_eq!(changed, format!("{head}{expected}"));
            let config = reads_back(&changed);
            let environments = &config.ci_access.expect("ci_access").projects[0].environments;
            assert_eq!(environments.last().map(|name| &*name.value), Some("new"));
        }
        for list in [" []\n", "\n", " &a [x]\n", " [*a]\n"] {
            assert_eq!(with_environment(&format!("{head}{list}"), "new"), None, "{list}");
        }
    }

    #[test]
    fn lines_of_jobs_go_below_the_name() {
        let with_line = |text: &str| {
            let end = text.find(':').expect("a colon");
            let name = Span::new(0, end);
            inserted(text, of_job_line(&Source::new("a", text), name, "environment: x"))
        };
        for (text, expected) in [
            ("a:\n  script: x\n", "a:\n  environment: x\n  script: x\n"),
            ("a: &b # c\n\n    # d\n    script: x", "a: &b # c\n    environment: x\n\n    # d\n    script: x"),
            ("a:\r\n  script: x\r\n", "a:\r\n  environment: x\r\n  script: x\r\n"),
        ] {
            assert_eq!(with_line(text).as_deref(), Some(expected));
        }
        for text in ["a: {script: x}\n", "a:\nb: x\n", "a: *b\n", "a:\n"] {
            assert_eq!(with_line(text), None, "{text}");
        }
    }

    #[test]
    fn names_are_quoted_where_yaml_would_read_something_else() {
        for (name, flow, block) in [
            ("review/x-1.0", "review/x-1.0", "review/x-1.0"),
            ("on", "'on'", "'on'"),
            ("1.10", "'1.10'", "'1.10'"),
            ("a, b", "'a, b'", "a, b"),
            ("it's", "it's", "it's"),
            ("*x", "'*x'", "'*x'"),
            ("a #b", "'a #b'", "'a #b'"),
            ("a:b", "'a:b'", "a:b"),
            ("", "''", "''"),
        ] {
            assert_eq!((&*written(name, true, None), &*written(name, false, None)), (flow, block));
        }
    }

    #[test]
    fn a_project_is_listed_with_the_restrictions_of_its_group() {
        let groups = "  groups:\n    - id: acme\n      environments: [production, 'on']\n      access_as: {impersonate: {username: x, uid: '1', groups: [a], extra: [{key: k, val: [v]}]}}\n      protected_branches_only: true\n";
        let texts = [
            format!("ci_access:\n{groups}"),
            format!("ci_access:\n  projects:\n    - id: a/b\n      environments: [x]\n{groups}"),
            format!("ci_access:\n  projects:\n  - {{id: a/b}} # c\n{groups}"),
            format!("ci_access:\n{groups}  projects:\n    - id: a/b"),
            format!("ci_access:\r\n{}", groups.replace('\n', "\r\n")),
        ];
        for text in &texts {
            let config = reads_back(&with_project(text).expect(text));
            let access = config.ci_access.expect("ci_access");
            let (own, group) = (access.projects.last().expect("an entry"), &access.groups[0]);
            assert_eq!(own.id.as_ref().map(|id| &*id.value), Some("acme/agents"));
            let names = |entry: &CiEntry| entry.environments.iter().map(|name| name.value.clone()).collect::<Vec<_>>();
            assert_eq!((names(own), own.is_protected_only(), own.mode()), (names(group), true, Mode::Impersonate));
            let user = |entry: &CiEntry| {
                let user =
                    entry.access_as.as_ref().and_then(|access_as| access_as.impersonation.clone()).expect("a user");
                let text =
                    |text: &Option<crate::agent_config::Spanned<String>>| text.as_ref().map(|text| text.value.clone());
                let groups: Vec<String> = user.groups.iter().map(|group| group.value.clone()).collect();
                let extra: Vec<(String, Vec<String>)> =
                    user.extra.iter().map(|(key, val)| (key.value.clone(), val.clone())).collect();
                (text(&user.username), text(&user.uid), groups, extra)
            };
            assert_eq!(user(own), user(group));
        }
        for text in ["ci_access: {groups: [{id: acme}]}", "ci_access:\n  projects: []\n  groups:\n    - id: acme\n"] {
            assert_eq!(with_project(text), None, "{text}");
        }
    }
}
