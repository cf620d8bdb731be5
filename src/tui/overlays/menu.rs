//! A few choices, each with a letter.

use crate::engine::Order;
use crate::tui::action::{Action, Choices, Coding, Export, Piece, Scope, Step};
use crate::tui::panes::{Column, ListPane, Scroll};

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// The key that takes it.
    pub(crate) key: char,
    /// What it is.
    pub(crate) label: String,
    /// What taking it does.
    pub(crate) action: Action,
}

/// An open menu.
#[derive(Debug, Clone)]
pub(crate) struct Menu {
    title: String,
    items: Vec<Item>,
    marked: Scroll,
}

impl Menu {
    /// A menu with this title.
    pub(crate) fn new(title: impl Into<String>, items: Vec<Item>) -> Self {
        let mut marked = Scroll::default();
        marked.resize(items.len(), items.len());
        Self { title: title.into(), items, marked }
    }

    /// What is to be chosen.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// The choices.
    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    /// Index of the marked choice.
    pub(crate) fn marked(&self) -> usize {
        self.marked.cursor()
    }

    /// Puts the mark on the choice that does this.
    pub(crate) fn mark(&mut self, action: Action) {
        let at = self.items.iter().position(|item| item.action == action);
        self.marked.go(at.unwrap_or(0), self.items.len());
    }

    /// Moves the mark.
    pub(crate) fn step(&mut self, step: Step) {
        self.marked.step(step, self.items.len());
    }

    /// What the marked choice does.
    pub(crate) fn chosen(&self) -> Option<Action> {
        self.items.get(self.marked()).map(|item| item.action)
    }

    /// What the choice with this key does.
    pub(crate) fn choice(&self, key: char) -> Option<Action> {
        self.items.iter().find(|item| item.key == key).map(|item| item.action)
    }
}

/// The menus of the table, for a list in this order.
pub(crate) fn menu(choices: Choices, list: &ListPane, order: Order) -> Menu {
    let item = |key, label: &str, action| Item { key, label: label.to_owned(), action };
    match choices {
        Choices::Copy => Menu::new(
            "Copy",
            vec![
                item('n', "the selected node with what is inside", Action::Copy(Piece::Node)),
                item('v', "its value", Action::Copy(Piece::Value)),
                item('p', "its path", Action::Copy(Piece::Path)),
                item('x', "the document as XML", Action::Copy(Piece::Xml)),
                item('u', "the URL", Action::Copy(Piece::Url)),
                item('c', "the request as a curl command", Action::Copy(Piece::Curl)),
            ],
        ),
        Choices::Save => Menu::new(
            "Save the body into a file here",
            vec![
                item('r', "raw: as received", Action::Save(Coding::Raw)),
                item('d', "decoded: XML, or the innermost bytes", Action::Save(Coding::Decoded)),
            ],
        ),
        Choices::Export => Menu::new(
            "Export into files here",
            vec![
                item('j', "this exchange as JSON", Action::Export(Scope::Selected, Export::Json)),
                item(
                    'b',
                    "its bodies as received",
                    Action::Export(Scope::Selected, Export::Bodies),
                ),
                item(
                    'J',
                    "all of the list as JSON lines",
                    Action::Export(Scope::Listed, Export::Json),
                ),
                item('B', "all bodies of the list", Action::Export(Scope::Listed, Export::Bodies)),
            ],
        ),
        Choices::HideAll => Menu::new(
            "Delete everything from view? The capture keeps it, and `u` takes it back",
            vec![
                item('n', "no", Action::Back),
                item('y', "yes, delete everything from view", Action::HideAll),
            ],
        ),
        Choices::Sort => Menu::new("Sort by (again: the other way round)", sorts(order)),
        Choices::Columns => Menu::new("Columns (Esc when done)", columns(list)),
    }
}

fn sorts(order: Order) -> Vec<Item> {
    let item = |(key, column): (char, Column)| {
        let now = match (column.sort_by() == order.column, order.descending) {
            (true, true) => ", now the greatest first",
            (true, false) => ", now",
            (false, _) => "",
        };
        Item { key, label: format!("{}{now}", column.title()), action: Action::Sort(column) }
    };
    KEYS.into_iter().zip(Column::ALL).map(item).collect()
}

fn columns(list: &ListPane) -> Vec<Item> {
    let item = |(key, column): (char, Column)| {
        let sign = if list.left_out.has(column) { "[ ]" } else { "[x]" };
        let label = format!("{sign} {}", column.title());
        Item { key, label, action: Action::ToggleColumn(column) }
    };
    KEYS.into_iter().zip(Column::ALL).map(item).collect()
}

/// A key a column, in display order: the first letter of most.
const KEYS: [char; 8] = ['t', 'd', 'c', 'h', 's', 'l', 'b', 'f'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_takes_one_choice() {
        use Choices::{Columns, Copy, Export, HideAll, Save, Sort};
        for choices in [Copy, Save, Export, Sort, Columns, HideAll] {
            let menu = menu(choices, &ListPane::default(), Order::default());
            for item in menu.items() {
                assert_eq!(menu.choice(item.key), Some(item.action), "{item:?}");
            }
        }
    }

    #[test]
    fn the_mark_moves_and_is_taken() {
        let mut menu = menu(Choices::Save, &ListPane::default(), Order::default());
        assert_eq!(menu.chosen(), Some(Action::Save(Coding::Raw)));
        menu.step(Step::Down);
        menu.step(Step::Down);
        assert_eq!(menu.chosen(), Some(Action::Save(Coding::Decoded)));
        assert_eq!(menu.choice('!'), None);
    }
}
