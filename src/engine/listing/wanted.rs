//! What a search is to find, and what is to be made of it.

use crate::engine::groups::{Groups, Unfolded};
use crate::model::SortBy;
use crate::model::filter::{Expr, Field, Filter};

use super::handle::Order;
use super::keys::Keys;
use super::made::Made;
use super::ranked::Ranked;

/// What passes, and in which order.
pub(in crate::engine) struct Wanted {
    /// What passes.
    pub(super) filter: Filter,
    /// `None` for the order of the capture.
    pub(super) by: Option<Field>,
    /// Groups, no list.
    pub(super) grouped: bool,
    unfolded: Unfolded,
    /// Everything passes that is not deleted from view, or that too, in the order of the capture.
    pub(super) whole: bool,
    descending: bool,
}

impl Wanted {
    /// A list of what passes `filter`, in this order. `hidden`: with what is deleted from view.
    pub(super) fn list(filter: Filter, order: Order, hidden: bool) -> Self {
        let by = match order.column {
            SortBy::Field(field) => Some(field),
            SortBy::Started => None,
        };
        let whole = filter.is_blank() && by.is_none();
        let filter = if hidden { with_hidden(filter) } else { filter };
        let unfolded = Unfolded::default();
        Self { filter, by, grouped: false, unfolded, whole, descending: order.descending }
    }

    /// Groups of what passes `filter`, of which these are unfolded.
    pub(in crate::engine) fn groups(filter: Filter, unfolded: Unfolded) -> Self {
        Self { filter, by: None, grouped: true, unfolded, whole: false, descending: false }
    }

    /// Before anything is found.
    pub(super) fn nothing(&self) -> Made {
        if self.grouped {
            Made::Groups(Groups::unfolded(self.unfolded.clone()))
        } else {
            Made::Lines(Ranked::new(self.by.is_some()))
        }
    }

    /// What lines are sorted by.
    pub(super) fn keys(&self) -> Keys {
        let textual = self.by.is_some_and(|field| !field.kind().is_number());
        Keys::new(textual, self.by.is_some() && self.descending)
    }
}

/// The filter, passing also what is deleted from view.
fn with_hidden(filter: Filter) -> Filter {
    if filter.names_hidden() {
        return filter;
    }
    let is = Expr::Is(Field::Hidden);
    let either = Expr::Or(vec![is.clone(), Expr::Not(Box::new(is))]);
    let all = filter.expr.into_iter().chain([either]).collect();
    Filter { text: filter.text, expr: Some(Expr::And(all)) }
}
