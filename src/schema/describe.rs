//! Problems in words, for files that are kaslint's own. What GitLab does with an agent configuration is the rules' to say.

use super::decode::{Found, Problem, ProblemKind};
use super::suggest::Suggestion;
use super::table::{listed, listed_and};

/// What is wrong and what to write instead; `None` for what is no mistake.
#[must_use]
pub fn describe(problem: &Problem) -> Option<(String, String)> {
    let name = problem.route.rsplit('.').next().unwrap_or_default();
    let words = |message: String, help: &str| Some((message, help.to_owned()));
    match &problem.kind {
        ProblemKind::UnknownKey { key, message, suggestion, .. } => {
            let help = match suggestion {
                Some(Suggestion::Rename { key, .. }) => format!("write `{}`", key.name),
                Some(Suggestion::Up { key, owner }) => format!("`{}` belongs to {}", key.name, owner.name),
                Some(Suggestion::Down { key, under }) => format!("`{}` belongs below {}", key.name, listed(under)),
                Some(Suggestion::Elsewhere { key, routes }) => {
                    format!("`{}` belongs in `{}`", key.name, routes.join("` or `"))
                }
                None => {
                    let known: Vec<&str> = message.keys.iter().map(|key| &*key.name).collect();
                    format!("{} knows {}", message.name, listed_and(&known))
                }
            };
            Some((format!("there is no key `{key}` in {}", message.name), help))
        }
        ProblemKind::NullItem => words("this list item is empty".to_owned(), "write the value, or remove the dash"),
        ProblemKind::WrongType { kind, found } => {
            let help = match found {
                Found::Scalar { written, type_name: "a number" | "a boolean", plain: true, .. } => {
                    format!("quote it: \"{written}\"")
                }
                _ => format!("write {}", kind.in_words()),
            };
            Some((format!("`{name}` must be {}", kind.in_words()), help))
        }
        ProblemKind::UnknownName { names, found } => {
            let help = match super::suggest::nearest(found, names.all().into_iter()) {
                Some(near) => format!("write `{near}`"),
                None => format!("write {}", names.in_words("or")),
            };
            Some((format!("`{found}` is none of {}", names.in_words("and")), help))
        }
        ProblemKind::OutOfRange { found, .. } => words(format!("{found} is too large"), "write a smaller number"),
        ProblemKind::Missing(key) => Some((format!("`{}` is missing", key.name), format!("add it. {}", key.doc))),
        ProblemKind::Empty(key) => words(format!("`{}` is empty", key.name), "write a value"),
        ProblemKind::NoItems(key) => words(format!("`{}` has no items", key.name), "write at least one"),
        ProblemKind::RailsRefusal { key, what } => words(format!("`{}`: {what}", key.name), "write an allowed value"),
        ProblemKind::NotAllowed { key, allowed, found } => Some((
            format!("`{}` must be {}, and this is `{found}`", key.name, listed(allowed)),
            format!("write {}", listed(allowed)),
        )),
        _ => None,
    }
}
