//! What the list shows: filter, order, marks, what is deleted from view.

use crate::engine::Order;
use crate::model::filter::Filter;
use crate::model::{Marking, SortBy};

use super::action::{Action, Choices, Step};
use super::app::App;
use super::message::Effect;
use super::overlays::Overlay;
use super::panes::Column;

/// The filter of [`Action::OnlyMarked`].
const MARKED: &str = "mark";

/// True for what [`App::act_on_list`] does.
pub(super) fn is_listing(action: Action) -> bool {
    matches!(
        action,
        Action::ToggleMark
            | Action::UnmarkAll
            | Action::OnlyMarked
            | Action::Hide
            | Action::HideAll
            | Action::ShowAll
            | Action::Sort(_)
            | Action::Reverse
            | Action::ToggleColumn(_)
    )
}

impl App {
    /// Does what changes the list itself.
    pub(super) fn act_on_list(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::ToggleMark => {
                let row = self.list.selected().map(|row| (row.id, row.marked));
                let (id, marked) = self.or_say(row, "no exchange is selected")?;
                let marking = Marking { marked: Some(!marked), ..Marking::default() };
                return Some(Effect::Mark(id, marking));
            }
            Action::Hide => {
                let id = self.list.selected().map(|row| row.id);
                let id = self.or_say(id, "no exchange is selected")?;
                // The one that comes after it is selected next.
                self.list.step(Step::Down);
                let marking = Marking { hidden: Some(true), ..Marking::default() };
                return Some(Effect::Mark(id, marking));
            }
            Action::UnmarkAll => return Some(Effect::UnmarkAll),
            Action::HideAll => return Some(Effect::HideAll),
            Action::ShowAll => return Some(Effect::ShowAll),
            Action::OnlyMarked => {
                let text = if self.filter.text == MARKED { "" } else { MARKED };
                return Some(self.use_filter(Filter::parse(text).ok()?));
            }
            Action::Sort(column) => return Some(self.sort_by(column)),
            Action::Reverse => {
                self.order.descending = !self.order.descending;
                return Some(self.show_list());
            }
            Action::ToggleColumn(column) => {
                self.list.left_out.toggle(column);
                // One rarely chooses only one.
                self.offer(Choices::Columns);
                if let Some(Overlay::Menu(menu)) = self.overlays.last_mut() {
                    menu.mark(action);
                }
            }
            _ => {}
        }
        None
    }

    /// Shows what passes `filter` from now on.
    pub(super) fn use_filter(&mut self, filter: Filter) -> Effect {
        self.filter = filter;
        self.list.renew();
        self.show_list()
    }

    fn sort_by(&mut self, column: Column) -> Effect {
        let by = column.sort_by();
        let again = self.order.column == by;
        // Numbers are looked at from the greatest on.
        let descending = if again {
            !self.order.descending
        } else {
            column.is_numeric() && by != SortBy::Started
        };
        self.order = Order { column: by, descending };
        self.show_list()
    }
}
