//! The help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::App;
use crate::tui::overlays::{Help, HelpLine};
use crate::tui::theme::Tone;

use super::paint::Pen;

/// Cells of the keys.
const KEYS_WIDTH: usize = 20;

/// Draws the lines in sight over the whole body.
pub(crate) fn help(app: &App, help: &Help, buffer: &mut Buffer, area: Rect) {
    let mut pen = Pen::new(buffer, app.theme, area, 0).over(Tone::BarFocused);
    pen.put(Tone::Strong, " Keys");
    if help.has_more() {
        pen.put(Tone::Plain, "  (more below)");
    }
    for (line, content) in (1..).zip(help.visible()) {
        let mut pen = Pen::new(buffer, app.theme, area, line);
        pen.skip(1);
        match content {
            HelpLine::Heading(title) => pen.put(Tone::Strong, title),
            HelpLine::Keys(keys, what) => {
                pen.skip(1);
                pen.field(Tone::Key, keys, KEYS_WIDTH);
                pen.put(Tone::Plain, what);
            }
            HelpLine::Gap => {}
        }
    }
}
