//! What is known and decided, as tables for a warehouse: which there are, their columns, and their rows, one file a table.
//!
//! Names of tables and columns stay. No column is nested. Texts have their secrets masked, the same text everywhere in the same way, so that tables can be
//! joined by them. How rows become Parquet is [`parquet`]'s business; no I/O but the receiver.

mod agents;
mod authorizations;
mod cell;
mod decisions;
mod entries;
mod environments;
mod groups;
mod jobs;
mod parquet;
mod patterns;
mod projects;
mod protected_refs;
mod user_access;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::io;

use crate::access::jobs::ProjectJobs;
use crate::access::{Agent, Authorization, DropReason, Index, Unknown};
use crate::gitlab::lower_path;
use crate::inventory::Project;
use crate::source::secrets;

pub use cell::Cell;
pub use parquet::Receiver;

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name; the file is `<name>.parquet`.
    pub name: &'static str,
    /// What a row is.
    pub row: &'static str,
    /// Its columns behind `snapshot` and `source`, in order.
    pub columns: &'static [Column],
    rows: Rows,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether a row may have none.
    pub is_optional: bool,
    /// What it says.
    pub says: &'static str,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// True or false.
    Flag,
    /// A day.
    Date,
}

impl Kind {
    /// Its type in SQL.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::Text => "STRING",
            Self::Number => "BIGINT",
            Self::Flag => "BOOLEAN",
            Self::Date => "DATE",
        }
    }
}

/// How the rows of a table come.
#[derive(Clone, Copy, Debug)]
enum Rows {
    /// One after the other.
    One(fn(&Tables<'_, '_>, &mut Push<'_>) -> io::Result<()>),
    /// From several projects side by side.
    Decisions,
}

/// Takes a row.
type Push<'p> = dyn FnMut(&mut [Cell<'_>]) -> io::Result<()> + 'p;

/// The columns that every table has in front.
pub const FRONT: [Column; 2] = [
    Column {
        name: "snapshot",
        kind: Kind::Date,
        is_optional: false,
        says: "the day of which the table is, as `--snapshot` has it",
    },
    text("source", "the address of the instance, or else the inventory, as it was named; `files` without one"),
];

/// All tables.
pub const ALL: [Table; 11] = [
    agents::TABLE,
    entries::TABLE,
    patterns::TABLE,
    authorizations::TABLE,
    user_access::TABLE,
    projects::TABLE,
    groups::TABLE,
    environments::TABLE,
    protected_refs::TABLE,
    jobs::TABLE,
    decisions::TABLE,
];

const fn text(name: &'static str, says: &'static str) -> Column {
    Column { name, kind: Kind::Text, is_optional: false, says }
}

const fn number(name: &'static str, says: &'static str) -> Column {
    Column { name, kind: Kind::Number, is_optional: false, says }
}

const fn flag(name: &'static str, says: &'static str) -> Column {
    Column { name, kind: Kind::Flag, is_optional: false, says }
}

const fn optional(column: Column) -> Column {
    Column { is_optional: true, ..column }
}

/// What tables are made of.
#[derive(Debug)]
pub struct Tables<'r, 'w> {
    index: &'r Index<'w>,
    jobs: &'r [&'r ProjectJobs<'r>],
    /// Days since 1970-01-01.
    snapshot: i32,
    source: &'r str,
    /// Of each project, by its path in lower case, the environments that its jobs name and the inventory does not list.
    unlisted: HashMap<String, BTreeSet<String>>,
}

impl<'r, 'w> Tables<'r, 'w> {
    /// Tables of one world, of a day that is told in days since 1970-01-01.
    #[must_use]
    pub fn new(index: &'r Index<'w>, jobs: &'r [&'r ProjectJobs<'r>], snapshot: i32, source: &'r str) -> Self {
        let mut unlisted: HashMap<String, BTreeSet<String>> = HashMap::new();
        for (path, name) in jobs.iter().flat_map(|jobs| environments::of_jobs(jobs)) {
            let listed = index.inventory().and_then(|inventory| inventory.find_project(path));
            if listed.is_some_and(|project| project.environment(name).is_none()) {
                unlisted.entry(lower_path(path).into_owned()).or_default().insert(name.to_owned());
            }
        }
        Self { index, jobs, snapshot, source, unlisted }
    }

    /// The environments of a project: those that are listed, then those that only its jobs name.
    fn environments<'s>(&'s self, project: &'s Project) -> impl Iterator<Item = &'s str> {
        let listed = project.environments.iter().flatten().map(|environment| &*environment.name);
        let unlisted = self.unlisted.get(&*lower_path(&project.path));
        listed.chain(unlisted.into_iter().flatten().map(String::as_str))
    }

    /// Writes a table and says how many rows it has.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn write<W: Receiver>(&self, table: &Table, to: W) -> io::Result<u64> {
        let mut writer = parquet::Writer::new(table, self.snapshot, self.source, to)?;
        match table.rows {
            Rows::One(rows) => {
                let form = writer.form();
                let mut group = form.group();
                rows(self, &mut |cells| {
                    group.push(cells)?;
                    if group.is_full() {
                        let full = std::mem::replace(&mut group, form.group());
                        writer.append(full.close()?)?;
                    }
                    Ok(())
                })?;
                writer.append(group.close()?)?;
            }
            Rows::Decisions => decisions::write(self, &mut writer)?,
        }
        writer.close()
    }
}

/// A text without its secrets.
fn masked(text: &str) -> Cow<'_, str> {
    secrets::mask(text)
}

/// By what tables name an agent: its context, or else its file, since several may have one name.
fn key(agent: &Agent<'_>) -> String {
    match (agent.project, agent.file) {
        (None, Some(file)) => file.path.to_owned(),
        _ => agent.context(),
    }
}

/// Why an entry has no effect, by a name that stays.
fn dropped(reason: &DropReason) -> &'static str {
    use crate::access::Outside;
    match reason {
        DropReason::BeyondLimit(_) => "beyond_limit",
        DropReason::Replaced(_) => "replaced",
        DropReason::NotFound => "not_found",
        DropReason::IsGroup => "is_group",
        DropReason::IsProject => "is_project",
        DropReason::IsUser => "is_user",
        DropReason::Outside(Outside::SubTree) => "outside_sub_tree",
        DropReason::Outside(Outside::PersonalNamespace) => "in_personal_namespace",
        DropReason::Outside(Outside::GroupFromPersonalNamespace) => "group_from_personal_namespace",
        DropReason::Outside(Outside::OtherRoot) => "other_top_level_group",
        DropReason::SettingOff => "instance_authorization_off",
        DropReason::Tier => "needs_paid_tier",
        DropReason::NotOwnProject => "not_own_project",
        DropReason::NoId => "no_id",
    }
}

/// What becomes of an entry, in tables.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// `kept`, `dropped` or `depends`.
    state: &'static str,
    reason: Option<&'static str>,
    needs_paid_tier: bool,
    needs_instance_authorization: bool,
    needs_group: bool,
    needs_place: bool,
}

/// What becomes of an entry whose identity the licence has this to say of: `None` for not known.
fn standing(authorization: &Authorization, is_usable: Option<bool>) -> Standing {
    let needs = match authorization {
        Authorization::Dropped(reason) => {
            return Standing { state: "dropped", reason: Some(dropped(reason)), ..Standing::default() };
        }
        _ if is_usable == Some(false) => {
            return Standing { state: "dropped", reason: Some(dropped(&DropReason::Tier)), ..Standing::default() };
        }
        Authorization::Kept => &[][..],
        Authorization::Depends(needs) => needs,
    };
    let mut standing = Standing { needs_paid_tier: is_usable.is_none(), ..Standing::default() };
    for (unknown, _) in needs {
        match unknown {
            Unknown::PaidTier => standing.needs_paid_tier = true,
            Unknown::InstanceAuthorization => standing.needs_instance_authorization = true,
            Unknown::Group(_) => standing.needs_group = true,
            _ => standing.needs_place = true,
        }
    }
    let is_open = standing.needs_paid_tier || !needs.is_empty();
    Standing { state: if is_open { "depends" } else { "kept" }, ..standing }
}
