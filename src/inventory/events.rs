//! The inventory straight from a parser's events, without a tree: that of a large instance is many times as long as any
//! agent configuration.
//!
//! This reads only what is right in every respect and plain: no unknown or repeated keys, no wrong types, no nulls, no
//! anchors, no tags. It gives up at anything else, and the whole document is then read with all its problems
//! ([`super::document`]). A test holds the two to the same result.

use super::keys::INVENTORY;
use super::rows::{GroupRow, NamedRow, ProjectRow, Rows, Text, UnreadRow};
use crate::gitlab::NEWEST;
use crate::schema::{Check, Key, Kind, Message};
use crate::source::{Source, Span};
use crate::yaml::{PlainEvent, PlainEvents, Scalar};

/// Reads a plain inventory; `None` for any other.
pub(super) fn read(source: &Source) -> Option<Rows> {
    let mut reader = Reader { events: PlainEvents::new(source)? };
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
}

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
        loop {
            match self.event()? {
                PlainEvent::End => break,
                PlainEvent::Scalar(Scalar::Str(name), _) => {
                    let position = message.keys.iter().position(|key| key.name == name)?;
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
        let mut row = ProjectRow::new(Text { value: Box::default(), span: Span::default() });
        self.fields(message, |reader, key| {
            match &*key.name {
                "path" => row.path = reader.text(key)?,
                "id" => row.id = Some(reader.id()?),
                "default_branch" => row.default_branch = Some(reader.text(key)?.value),
                "protected_branches" => row.protected_branches = Some(reader.rules()?),
                "protected_tags" => row.protected_tags = Some(reader.rules()?),
                "environments" => row.environments = Some(reader.named(message_of(&key.kind)?)?),
                "agents" => row.agents = Some(reader.named(message_of(&key.kind)?)?),
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
    fn named(&mut self, message: &'static Message) -> Option<Box<[NamedRow]>> {
        self.open_sequence()?;
        let mut rows = Vec::new();
        loop {
            match self.event()? {
                PlainEvent::End => return Some(rows.into()),
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

    fn rules(&mut self) -> Option<Box<[Box<str>]>> {
        Some(self.texts()?.into_iter().map(|text| text.value).collect())
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
