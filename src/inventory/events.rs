//! The inventory straight from a parser's events, without a tree: that of a large instance is many times as long as any
//! agent configuration.
//!
//! This reads only what is right in every respect and plain: no unknown or repeated keys, no wrong types, no nulls, no
//! anchors, no tags. It gives up at anything else, and the whole document is then read with all its problems
//! ([`super::document`]). A test holds the two to the same result.

use super::keys::INVENTORY;
use std::sync::Arc;

use super::rows::{EnvironmentRows, GroupRow, NamedRow, ProjectRow, Rows, Text, UnreadRow};
use super::shared_list::SharedList;
use crate::gitlab::{ByName, NEWEST};
use crate::schema::{Check, Key, Kind, Message};
use crate::source::{Source, Span};
use crate::yaml::{PlainEvent, PlainEvents, Scalar};

/// Reads a plain inventory; `None` for any other.
pub(super) fn read(source: &Source) -> Option<Rows> {
    let mut reader = Reader { events: PlainEvents::new(source)?, known: Known::default() };
    let mut rows = Rows::default();
    if reader.event()? != PlainEvent::Mapping {
        return None;
    }
    reader.fields(&INVENTORY, |reader, key| match &*key.name {
        "gitlab" => reader.gitlab(message_of(&key.kind)?, &mut rows),
        "groups" => reader.list(message_of(&key.kind)?, Reader::group, &mut rows.groups),
        "users" => reader.texts().map(|users| rows.users = users),
        "projects" => reader.list(message_of(&key.kind)?, Reader::project, &mut rows.projects),
        "unread" => reader.list(message_of(&key.kind)?, Reader::unread, &mut rows.unread),
        _ => None,
    })?;
    (reader.event()? == PlainEvent::Finished).then_some(rows)
}

fn message_of(kind: &'static Kind) -> Option<&'static Message> {
    kind.declared()
}

struct Reader<'t> {
    events: PlainEvents<'t>,
    known: Known<'t>,
}

/// What was read of texts and lists that stand on one line, by that: most projects have the same.
#[derive(Default)]
struct Known<'t> {
    branches: ByName<String, Arc<str>>,
    rules: ByName<&'t str, SharedList<Box<str>>>,
    environments: ByName<&'t str, EnvironmentRows>,
}

/// How many texts or lists of a kind are known; where there are more, few projects have the same.
const MOST_KNOWN: usize = 1_000;

impl<'t> Reader<'t> {
    fn event(&mut self) -> Option<PlainEvent<'t>> {
        self.events.next_plain()
    }

    /// The rest of a mapping that has been opened: each key of the table at most once, required ones once.
    fn fields(
        &mut self,
        message: &'static Message,
        mut field: impl FnMut(&mut Self, &'static Key) -> Option<()>,
    ) -> Option<()> {
        let mut seen = 0u32;
        let mut next = 0;
        loop {
            match self.event()? {
                PlainEvent::End => break,
                PlainEvent::Scalar(Scalar::Str(name), _) => {
                    // Most keys are written in the order of the table.
                    let behind = message.keys.iter().enumerate().skip(next);
                    let mut keys = behind.chain(message.keys.iter().enumerate().take(next));
                    let (position, _) = keys.find(|(_, key)| key.name == name)?;
                    next = position + 1;
                    let bit = 1u32.checked_shl(u32::try_from(position).ok()?)?;
                    if seen & bit != 0 {
                        return None;
                    }
                    seen |= bit;
                    field(self, message.keys.get(position)?)?;
                }
                _ => return None,
            }
        }
        let is_seen = |position: usize| seen >> position & 1 == 1;
        let mut keys = message.keys.iter().enumerate();
        keys.all(|(position, key)| is_seen(position) || !key.is_required(NEWEST)).then_some(())
    }

    fn gitlab(&mut self, message: &'static Message, rows: &mut Rows) -> Option<()> {
        self.open_mapping()?;
        self.fields(message, |reader, key| {
            match &*key.name {
                "url" => rows.url = Some(reader.text(key)?),
                "version" => rows.version = Some(reader.text(key)?),
                "tier" => rows.tier = Some(reader.text(key)?),
                "instance_authorization" => match reader.event()? {
                    PlainEvent::Scalar(Scalar::Bool(value), span) => rows.instance_authorization = Some((value, span)),
                    _ => return None,
                },
                _ => return None,
            }
            Some(())
        })
    }

    /// A list of mappings.
    fn list<T>(
        &mut self,
        message: &'static Message,
        item: fn(&mut Self, &'static Message) -> Option<T>,
        items: &mut Vec<T>,
    ) -> Option<()> {
        self.open_sequence()?;
        loop {
            match self.event()? {
                PlainEvent::End => return Some(()),
                PlainEvent::Mapping => items.push(item(self, message)?),
                _ => return None,
            }
        }
    }

    fn group(&mut self, message: &'static Message) -> Option<GroupRow> {
        let (mut path, mut id, mut auto_devops) = (None, None, None);
        self.fields(message, |reader, key| {
            match &*key.name {
                "path" => path = Some(reader.text(key)?),
                "id" => id = Some(reader.id()?),
                "auto_devops" => auto_devops = Some(reader.switch()?),
                _ => return None,
            }
            Some(())
        })?;
        Some(GroupRow { path: path?, id, auto_devops })
    }

    fn unread(&mut self, message: &'static Message) -> Option<UnreadRow> {
        let (mut project, mut what, mut reason, mut needs) = (None, None, None, None);
        self.fields(message, |reader, key| {
            match &*key.name {
                "project" => project = Some(reader.text(key)?),
                "what" => what = Some(reader.text(key)?),
                "reason" => reason = Some(reader.text(key)?.value),
                "needs" => needs = Some(reader.text(key)?.value),
                _ => return None,
            }
            Some(())
        })?;
        Some(UnreadRow { project, what: what?, reason, needs })
    }

    fn project(&mut self, message: &'static Message) -> Option<ProjectRow> {
        let mut row = ProjectRow::new(Text { value: Arc::default(), span: Span::default() });
        self.fields(message, |reader, key| {
            match &*key.name {
                "path" => row.path = reader.text(key)?,
                "id" => row.id = Some(reader.id()?),
                "default_branch" => row.default_branch = Some(reader.branch(key)?),
                "protected_branches" => row.protected_branches = Some(reader.rules()?),
                "protected_tags" => row.protected_tags = Some(reader.rules()?),
                "environments" => row.environments = Some(reader.environments(message_of(&key.kind)?)?),
                "agents" => row.agents = Some(reader.named(message_of(&key.kind)?)?.into()),
                "archived" => row.archived = Some(reader.switch()?),
                "auto_devops" => row.auto_devops = Some(reader.switch()?),
                "ci_config_path" => row.ci_config_path = Some(reader.text(key)?.value),
                "protect_merge_request_pipelines" => row.protect_merge_request_pipelines = Some(reader.switch()?),
                "repository" => row.repository = Some(reader.text(key)?.value),
                _ => return None,
            }
            Some(())
        })?;
        Some(row)
    }

    /// A list of names, or of mappings with a name.
    fn named(&mut self, message: &'static Message) -> Option<Vec<NamedRow>> {
        self.open_sequence()?;
        let mut rows = Vec::new();
        loop {
            match self.event()? {
                PlainEvent::End => return Some(rows),
                PlainEvent::Scalar(Scalar::Str(name), span) if !name.is_empty() => {
                    rows.push(NamedRow { name: Text { value: name.into(), span }, tier: None, id: None });
                }
                PlainEvent::Mapping => {
                    let (mut name, mut tier, mut id) = (None, None, None);
                    self.fields(message, |reader, key| {
                        match &*key.name {
                            "name" => name = Some(reader.text(key)?),
                            "tier" => tier = Some(reader.text(key)?.value),
                            "id" => id = Some(reader.id()?),
                            _ => return None,
                        }
                        Some(())
                    })?;
                    rows.push(NamedRow { name: name?, tier, id });
                }
                _ => return None,
            }
        }
    }

    fn texts(&mut self) -> Option<Vec<Text>> {
        self.open_sequence()?;
        let mut texts = Vec::new();
        loop {
            match self.event()? {
                PlainEvent::End => return Some(texts),
                PlainEvent::Scalar(Scalar::Str(text), span) if !text.is_empty() => {
                    texts.push(Text { value: text.into(), span });
                }
                _ => return None,
            }
        }
    }

    /// The environments of a project. Of equal ones it is told where they stand, so that a list with such is not known for another line.
    fn environments(&mut self, message: &'static Message) -> Option<EnvironmentRows> {
        self.known_list(
            |known| &mut known.environments,
            |reader| Some(reader.named(message)?.into_iter().collect()),
            |rows| rows.again.is_empty(),
        )
    }

    fn rules(&mut self) -> Option<SharedList<Box<str>>> {
        let rules = |reader: &mut Self| Some(reader.texts()?.iter().map(|text| (&*text.value).into()).collect());
        self.known_list(|known| &mut known.rules, rules, |_| true)
    }

    /// A list, which is not read again where it stands on one line that was read before.
    fn known_list<T: Clone>(
        &mut self,
        known: for<'k> fn(&'k mut Known<'t>) -> &'k mut ByName<&'t str, T>,
        read: impl FnOnce(&mut Self) -> Option<T>,
        may_be_known: fn(&T) -> bool,
    ) -> Option<T> {
        let Some(line) = self.events.list_to_line_end() else { return read(self) };
        if let Some(list) = known(&mut self.known).get(line.text()) {
            let list = list.clone();
            self.events.skip(&line);
            return Some(list);
        }
        let list = read(self)?;
        let all = known(&mut self.known);
        if all.len() < MOST_KNOWN && may_be_known(&list) && self.events.is_behind(&line) {
            all.insert(line.text(), list.clone());
        }
        Some(list)
    }

    fn branch(&mut self, key: &Key) -> Option<Arc<str>> {
        let branch = self.text(key)?.value;
        if let Some(known) = self.known.branches.get(&*branch) {
            return Some(Arc::clone(known));
        }
        if self.known.branches.len() < MOST_KNOWN {
            self.known.branches.insert(branch.to_string(), Arc::clone(&branch));
        }
        Some(branch)
    }

    /// A text that is not empty, and one of those that the table allows if it lists any.
    fn text(&mut self, key: &Key) -> Option<Text> {
        let PlainEvent::Scalar(Scalar::Str(text), span) = self.event()? else { return None };
        let is_allowed = key.checks.iter().all(|check| match check {
            Check::OneOf(allowed) => allowed.contains(&&*text),
            Check::OneOfInAnyCase(allowed) => allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(&text)),
            _ => true,
        });
        (is_allowed && !text.is_empty()).then(|| Text { value: text.into(), span })
    }

    fn switch(&mut self) -> Option<bool> {
        match self.event()? {
            PlainEvent::Scalar(Scalar::Bool(value), _) => Some(value),
            _ => None,
        }
    }

    fn id(&mut self) -> Option<(i64, Span)> {
        match self.event()? {
            PlainEvent::Scalar(Scalar::Int(id), span) => Some((id, span)),
            _ => None,
        }
    }

    fn open_mapping(&mut self) -> Option<()> {
        (self.event()? == PlainEvent::Mapping).then_some(())
    }

    fn open_sequence(&mut self) -> Option<()> {
        (self.event()? == PlainEvent::Sequence).then_some(())
    }
}
