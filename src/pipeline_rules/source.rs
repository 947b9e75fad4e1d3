//! What creates pipelines: the values of `CI_PIPELINE_SOURCE`.
//!
//! Sources: `app/models/concerns/enums/ci/pipeline.rb`, "`CI_PIPELINE_SOURCE` predefined variable" in
//! `doc/ci/jobs/job_rules.md`.

use std::fmt;

/// What creates a pipeline.
///
/// Left out are the sources whose pipelines do not have the jobs of `.gitlab-ci.yml`: `external`, `webide`, on-demand
/// DAST scans, security policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PipelineSource {
    /// A Git push of a branch or tag.
    Push,
    /// **New pipeline** in GitLab.
    Web,
    /// A pipeline schedule.
    Schedule,
    /// The pipelines API.
    Api,
    /// A trigger token.
    Trigger,
    /// A pipeline of another project.
    Pipeline,
    /// A parent pipeline.
    ParentPipeline,
    /// ChatOps.
    Chat,
    /// A pull request on GitHub.
    ExternalPullRequest,
    /// A merge request.
    MergeRequest,
}

impl PipelineSource {
    /// All sources.
    pub const ALL: [Self; 10] = [
        Self::Push,
        Self::Web,
        Self::Schedule,
        Self::Api,
        Self::Trigger,
        Self::Pipeline,
        Self::ParentPipeline,
        Self::Chat,
        Self::ExternalPullRequest,
        Self::MergeRequest,
    ];

    /// The value of `CI_PIPELINE_SOURCE`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Web => "web",
            Self::Schedule => "schedule",
            Self::Api => "api",
            Self::Trigger => "trigger",
            Self::Pipeline => "pipeline",
            Self::ParentPipeline => "parent_pipeline",
            Self::Chat => "chat",
            Self::ExternalPullRequest => "external_pull_request_event",
            Self::MergeRequest => "merge_request_event",
        }
    }

    /// What the pipelines are for a person.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Push => "pushes",
            Self::Web => "pipelines started by hand",
            Self::Schedule => "scheduled pipelines",
            Self::Api => "the pipelines API",
            Self::Trigger => "trigger tokens",
            Self::Pipeline => "multi-project pipelines",
            Self::ParentPipeline => "child pipelines",
            Self::Chat => "ChatOps",
            Self::ExternalPullRequest => "external pull requests",
            Self::MergeRequest => "merge requests",
        }
    }

    /// Whether a word of `only` and `except` means the source: its name without `_event`, or the plural of that.
    ///
    /// Source: `lib/gitlab/ci/build/policy/refs.rb`.
    #[must_use]
    pub fn is_meant_by(self, keyword: &str) -> bool {
        let name = self.name().trim_end_matches("_event");
        let plural = if self == Self::Push { "es" } else { "s" };
        keyword.strip_prefix(name).is_some_and(|ending| ending.is_empty() || ending == plural)
    }
}

/// A set of sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sources(u16);

impl Sources {
    /// Whether the source is in the set.
    #[must_use]
    pub fn contains(self, source: PipelineSource) -> bool {
        self.0 & Self::from(source).0 != 0
    }

    /// The sources of both sets.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The sources that are not in the other set.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// The sources, in their order.
    pub fn iter(self) -> impl Iterator<Item = PipelineSource> {
        PipelineSource::ALL.into_iter().filter(move |source| self.contains(*source))
    }

    /// The only source in the set.
    #[must_use]
    pub fn single(self) -> Option<PipelineSource> {
        self.iter().next().filter(|_| self.len() == 1)
    }
}

impl From<PipelineSource> for Sources {
    fn from(source: PipelineSource) -> Self {
        Self(1 << source as u16)
    }
}

impl FromIterator<PipelineSource> for Sources {
    fn from_iter<I: IntoIterator<Item = PipelineSource>>(sources: I) -> Self {
        sources.into_iter().fold(Self::default(), |set, source| set.with(source.into()))
    }
}

impl fmt::Display for Sources {
    /// `pushes, child pipelines and merge requests`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.len();
        for (at, source) in self.iter().enumerate() {
            let joint = match at {
                0 => "",
                at if at + 1 == count => " and ",
                _ => ", ",
            };
            write!(f, "{joint}{}", source.words())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_names_and_their_plurals() {
        let meant = |keyword: &str| {
            PipelineSource::ALL.into_iter().filter(|source| source.is_meant_by(keyword)).collect::<Sources>()
        };
        assert_eq!(meant("pushes").single(), Some(PipelineSource::Push));
        assert_eq!(meant("merge_requests").single(), Some(PipelineSource::MergeRequest));
        assert_eq!(meant("external_pull_requests").single(), Some(PipelineSource::ExternalPullRequest));
        assert_eq!(meant("web").single(), Some(PipelineSource::Web));
        assert_eq!(meant("pipelines").single(), Some(PipelineSource::Pipeline));
        assert!(meant("merge_request_event").is_empty());
        assert!(meant("main").is_empty());
    }
}
