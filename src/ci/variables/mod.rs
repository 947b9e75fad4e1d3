//! What the values of CI/CD variables come to: [`Scope::expand`] puts them into a text, as far as they are known.
//!
//! Variables of the project, its groups, the instance and whoever starts a pipeline go before those of the file
//! (`Gitlab::Ci::Variables::Builder`). They cannot be seen from the file, so what is known here is what the file says, and a
//! variable that the file does not define is not known rather than empty.

mod expand;
mod predefined;
mod scope;

pub use predefined::{is_persisted, shape};
pub use scope::{JobScopes, Scope, VariableName};
