//! What GitLab keeps for a project, before it looks at environments and refs.

use super::agent::AgentId;
use super::candidate::Candidate;
use super::condition::Condition;
use super::decision::winners;
use super::index::Index;

impl<'w> Index<'w> {
    /// What of an agent counts for a project whatever its jobs are, one for each state of what is not known: the entry, implicit access,
    /// or nothing.
    ///
    /// It is what `ciAccessAuthorizedAgents` shows (`ci_access/finder.rb`): the choice per agent without entries that the licence does not
    /// cover, before the filters by environment and ref. Costs in proportion to the entries that name the project or a group above it.
    #[must_use]
    pub fn authorized(&self, agent: AgentId, project: &str) -> Vec<(Vec<Condition>, Option<Candidate<'w>>)> {
        winners(&self.candidates_of(agent, project), self.settings())
    }
}
