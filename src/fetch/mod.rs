//! From a GitLab instance, or from dumps of its API, to an inventory: what is asked, in which order, and what the answers say.
//!
//! Nothing here opens a socket, reads a file or writes one.

mod answers;
mod ask;
mod from_api;
mod gathered;
mod git_hash;
mod includes;
mod instance;
mod inventory_text;
mod kept;
mod needs;
mod plan;
mod queries;
mod settled;
mod side_by_side;
mod steps;

pub use ask::Ask;
pub use from_api::{Found, finish, take_dump};
pub use gathered::{File, Gathered, Group, Project, Rights};
pub use inventory_text::inventory_text;
pub use kept::{Kept, Store};
pub use plan::{Plan, Step, plan};
pub use steps::{Before, Targets, Watch, Wishes, fetch};
