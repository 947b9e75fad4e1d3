//! Lists of REST, page by page.

use serde_json::Value;

use crate::api::{ApiError, json_of};
use crate::fetch::ask::Ask;

/// How many items a page has.
const PAGE: usize = 100;

/// The most pages of a list; GitLab refuses pages by number beyond 50,000 items (`doc/api/rest/_index.md`).
const MOST_PAGES: usize = 500;

/// Why a list is not all there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lacking {
    /// It was not told, or not to its end.
    Refused(ApiError),
    /// Something was added or taken out while its pages were asked for, so that an item may have slipped from one to the other.
    Changed,
    /// A page came again under another number.
    Circle,
    /// It is longer than what can be asked for by number.
    Long,
}

impl Lacking {
    /// The same in words.
    pub fn reason(&self) -> String {
        match self {
            Self::Refused(error) => error.to_string(),
            Self::Changed => {
                "the list changed while it was read, so that one may be missing; fetch it again".to_owned()
            }
            Self::Circle => "the list goes round in a circle, so part of it may be missing".to_owned(),
            Self::Long => format!("the list has more than {} items, and no page behind these", PAGE * MOST_PAGES),
        }
    }
}

/// Asks for all pages of a list, whose address has a `?`, and hands each item on.
///
/// # Errors
/// Where nothing more can be asked. A list that is not told whole is no error.
pub(super) fn pages(
    ask: &dyn Ask,
    address: &str,
    mut take: impl FnMut(&Value),
) -> Result<Result<(), Lacking>, ApiError> {
    let mut total: Option<String> = None;
    let mut has_changed = false;
    let mut last: Vec<Value> = Vec::new();
    let joint = if address.ends_with('?') { "" } else { "&" };
    for page in 1..=MOST_PAGES {
        let answer = ask.get(&format!("{address}{joint}per_page={PAGE}&page={page}"));
        let told = answer.and_then(|response| Ok((json_of(&response)?, response.header("x-total").map(str::to_owned))));
        let (items, told_total) = match told {
            Ok((Value::Array(items), told_total)) => (items, told_total),
            Ok(_) => return Ok(Err(Lacking::Refused(ApiError::Malformed("what came is no list".to_owned())))),
            Err(error) if error.is_about_one_thing() => return Ok(Err(Lacking::Refused(error))),
            Err(error) => return Err(error),
        };
        if let Some(told) = told_total {
            has_changed |= total.as_ref().is_some_and(|before| *before != told);
            total = Some(told);
        }
        if !items.is_empty() && items == last {
            return Ok(Err(Lacking::Circle));
        }
        items.iter().for_each(&mut take);
        if items.len() < PAGE {
            return Ok(if has_changed { Err(Lacking::Changed) } else { Ok(()) });
        }
        last = items;
    }
    Ok(Err(Lacking::Long))
}
