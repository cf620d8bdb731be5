//! A menu, over the last lines of the panes.

use ratatui::buffer::Buffer;

use crate::tui::app::App;
use crate::tui::layout::Areas;
use crate::tui::overlays::Menu;
use crate::tui::theme::Tone;

use super::paint::Pen;

/// Draws the title and the choices.
pub(crate) fn menu(app: &App, menu: &Menu, buffer: &mut Buffer, areas: &Areas) {
    let area = areas.box_of(menu.items().len() + 1);
    let mut pen = Pen::new(buffer, app.theme, area, 0).blank().over(Tone::BarFocused);
    pen.put(Tone::Strong, " ");
    pen.put(Tone::Strong, menu.title());
    for (line, item) in (1..).zip(menu.items()) {
        let selected = usize::from(line) == menu.marked() + 1;
        let mut pen = Pen::new(buffer, app.theme, area, line).blank();
        pen.put(Tone::Plain, app.theme.cursor(selected, true));
        pen.put(Tone::Key, item.key.encode_utf8(&mut [0; 4]));
        pen.skip(2);
        pen.put(if selected { Tone::Strong } else { Tone::Plain }, &item.label);
    }
}
