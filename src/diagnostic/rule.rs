//! What is told of a rule everywhere: name, severity, needs, page.

use super::Severity;
use crate::schema::nearest;

/// Where kaslint's pages are: `homepage` in Cargo.toml. Empty while no address is known.
pub const PAGES: &str = env!("CARGO_PKG_HOMEPAGE");

/// What a rule must know beyond the file; without it, the rule stays silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The configuration project's full path.
    Project,
    /// An inventory.
    Inventory,
    /// The release of GitLab; the newest one is assumed where nobody says.
    Release,
    /// The instance setting "Enable instance level authorization".
    InstanceSetting,
}

impl Need {
    /// The option that provides it, for the line that says what was not checked.
    #[must_use]
    pub fn option(self) -> &'static str {
        match self {
            Self::Project => "--project",
            Self::Inventory => "--inventory",
            Self::Release => "--gitlab-version",
            Self::InstanceSetting => "gitlab.instance_authorization in .kaslint.yaml or the inventory",
        }
    }
}

/// What a rule is about; the documentation is ordered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The file as such.
    File,
    /// Keys and values: one of these refuses the whole file.
    Keys,
    /// Ids that match nothing.
    Ids,
    /// Where the file reads stricter than it is.
    Access,
    /// As whom jobs act in the cluster.
    Identity,
    /// What jobs of CI files do with agents.
    Jobs,
    /// The linter itself.
    Linter,
}

impl Topic {
    /// All topics, in the order of the documentation.
    pub const ALL: [Self; 7] =
        [Self::File, Self::Keys, Self::Ids, Self::Access, Self::Identity, Self::Jobs, Self::Linter];

    /// The heading of the topic.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::File => "The file",
            Self::Keys => "Keys and values",
            Self::Ids => "Ids",
            Self::Access => "Access",
            Self::Identity => "Identity",
            Self::Jobs => "Jobs",
            Self::Linter => "The linter's own",
        }
    }
}

/// The description of a rule.
#[derive(Debug)]
pub struct RuleInfo {
    /// The name, which never changes.
    pub name: &'static str,
    /// The severity unless settings say otherwise.
    pub severity: Severity,
    /// What it is about.
    pub topic: Topic,
    /// What it must know beyond the file.
    pub needs: &'static [Need],
    /// Whether it runs only where settings or `--select` ask for it.
    pub is_off: bool,
    /// How editors show what it is about, beside the severity.
    pub tag: Option<Tag>,
    /// The doc comment. One text and not one for each line: a pointer in the binary costs each start of the program.
    pub doc: &'static str,
}

impl RuleInfo {
    /// The first line of the documentation.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.doc.lines().next().map_or("", str::trim)
    }

    /// The documentation as Markdown, without the blank that starts each line of a doc comment.
    #[must_use]
    pub fn markdown(&self) -> String {
        self.doc.lines().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
    }

    /// What `kaslint rules` shows beside the name: the severity, or `off`.
    #[must_use]
    pub fn level(&self) -> &'static str {
        if self.is_off { "off" } else { self.severity.name() }
    }

    /// The address of the rule's page; none while no address of the pages is known.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        self.url_below(PAGES)
    }

    /// The address of the rule's page, with another address of the pages.
    #[must_use]
    pub fn url_below(&self, pages: &str) -> Option<String> {
        (!pages.is_empty()).then(|| format!("{}/rules.html#{}", pages.trim_end_matches('/'), self.name))
    }
}

/// How editors show a place, beside the severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// It has no effect: faded out.
    NoEffect,
    /// It is going away, or gone: struck through.
    GoingAway,
}

/// The rules that there are. The one table stands with the rules and is handed down to whoever reads names of rules.
#[derive(Clone, Copy, Debug)]
pub struct RuleTable(pub &'static [&'static RuleInfo]);

impl RuleTable {
    /// The rule of this name.
    #[must_use]
    pub fn find(self, name: &str) -> Option<&'static RuleInfo> {
        self.iter().find(|info| info.name == name)
    }

    /// All rules, those of the linter itself behind the others.
    pub fn iter(self) -> impl Iterator<Item = &'static RuleInfo> {
        self.0.iter().copied()
    }

    /// The rule that may be meant by a name that none has.
    #[must_use]
    pub fn meant(self, name: &str) -> Option<&'static str> {
        nearest(name, self.iter().map(|rule| rule.name))
    }

    /// What to say of a name that no rule has.
    #[must_use]
    pub fn nearest(self, name: &str) -> String {
        match self.meant(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`kaslint rules` lists the rules".to_owned(),
        }
    }
}
