//! When the next frame is due.

use std::time::Duration;

use tokio::time::Instant;

/// Least time between two frames when traffic changes the screen: about 30 a second.
pub(crate) const FRAME: Duration = Duration::from_millis(33);

/// Least time between two frames when keys do: a held key is smooth, a burst of them is one frame.
pub(crate) const KEY_FRAME: Duration = Duration::from_millis(8);

/// Lets many changes share a frame. Nothing is due while nothing changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    last: Instant,
    due: Option<Instant>,
}

impl Pace {
    /// A first frame is due `now`.
    pub(crate) fn new(now: Instant) -> Self {
        Self { last: now, due: Some(now) }
    }

    /// Something changed: a frame is due once `least` has passed since the last one.
    pub(crate) fn wish(&mut self, least: Duration) {
        let due = self.last + least;
        self.due = Some(self.due.map_or(due, |sooner| sooner.min(due)));
    }

    /// When the next frame is due, if one is.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// A frame was drawn, and shown at `now`.
    pub(crate) fn drawn(&mut self, now: Instant) {
        (self.last, self.due) = (now, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames drawn in one second, when a change comes every millisecond.
    fn frames(least: Duration) -> usize {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let mut frames = 0;
        for millisecond in 0..1000 {
            let now = start + Duration::from_millis(millisecond);
            pace.wish(least);
            if pace.due().is_some_and(|due| due <= now) {
                frames += 1;
                pace.drawn(now);
            }
        }
        frames
    }

    #[test]
    fn a_burst_of_changes_shares_frames() {
        assert_eq!(frames(FRAME), 31);
        assert_eq!(frames(KEY_FRAME), 125);
    }

    #[test]
    fn a_key_does_not_wait_for_the_frame_of_the_traffic() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.drawn(start);
        assert_eq!(pace.due(), None, "idle");
        pace.wish(FRAME);
        pace.wish(KEY_FRAME);
        pace.wish(FRAME);
        assert_eq!(pace.due(), Some(start + KEY_FRAME));
    }
}
