//! What was not read, as an object for programs; the same in every report.

use serde_json::{Value as Json, json};

use crate::ci::Unread;

/// `name`, `kind` and the place; for what a job runs also `job` and `reason`.
pub(crate) fn object(unread: &Unread) -> Json {
    let line = unread.place.source.position(unread.place.span.start).line;
    let mut object =
        json!({ "name": unread.name, "kind": unread.kind.name(), "path": unread.place.source.path(), "line": line });
    if let Some(run) = &unread.run {
        object["job"] = json!(*run.job);
        object["reason"] = json!(run.reason.name());
    }
    object
}
