//! The filter language: one parser for the screen, headless mode and `show --filter`.
//!
//! ```text
//! cmd = Provision and http >= 400          device ~ ^iphone or user in (alice, bob)
//! not host = mail.example time > 2s        tag:RemoteWipe   locuri:DMClient   "quota exceeded"
//! ```
//!
//! A comparison is `field op value`; comparisons side by side mean `and`, which binds closer than
//! `or`. A field alone asks whether it is set (`err`). A bare word or a quoted text searches
//! everything decoded. Text is compared without case; `~` is a regular expression, `:` means
//! "contains", `<` and `>` order numbers inside text as numbers (`version >= 12.1`).
//!
//! What rows decide and what needs decoded bodies is one three-valued question,
//! [`Filter::decide`]; whoever can decode answers the rest through [`Searched`].
//!
//! An exchange deleted from view passes only a filter that names `hidden`.

mod complete;
mod evaluate;
mod expression;
mod field;
mod fold;
mod lexer;
mod number;
mod parser;
#[cfg(test)]
pub(crate) mod properties;
mod value;

pub use complete::{Completion, complete};
pub use evaluate::{Bound, Searched};
pub use expression::{Expr, Filter, NumberOp, Order, Pattern, TextOp, Validity};
pub use field::{Field, FieldFacts, FieldKind};
pub use fold::{fold, natural_order};
pub use parser::FilterError;
pub use value::FieldValue;
