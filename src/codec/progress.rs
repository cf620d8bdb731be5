//! How far a large body is read, told while it is.

use std::fmt;

/// Bytes between two words about progress.
const STEP: usize = 256 << 10;

/// Who wants to know how far decoding is; nobody by default.
///
/// It is told the bytes read of a document and all of them, every 256 KiB, by the thread that decodes;
/// documents inside one another and layers after one another are told of one by one.
#[derive(Clone, Copy, Default)]
pub struct Progress<'a>(Option<&'a dyn Fn(usize, usize)>);

impl<'a> Progress<'a> {
    /// Tells `listener`.
    pub fn new(listener: &'a dyn Fn(usize, usize)) -> Self {
        Self(Some(listener))
    }

    /// Measures the reading of a document of `all` bytes.
    pub(crate) fn of(self, all: usize) -> Meter<'a> {
        let next = if self.0.is_some() && all > STEP { STEP } else { usize::MAX };
        Meter { progress: self, all, next }
    }
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Progress").field(&self.0.is_some()).finish()
    }
}

/// Measures the reading of one document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meter<'a> {
    progress: Progress<'a>,
    all: usize,
    /// Where to speak next.
    next: usize,
}

impl Meter<'_> {
    /// The document is read up to here.
    #[inline]
    pub(crate) fn at(&mut self, at: usize) {
        if at >= self.next {
            self.tell(at);
        }
    }

    #[cold]
    fn tell(&mut self, at: usize) {
        self.next = at.saturating_add(STEP);
        if let Some(listener) = self.progress.0 {
            listener(at, self.all);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use bytes::Bytes;

    use crate::codec::{Hints, Progress, decode};

    fn told(body: Bytes, content_type: &str) -> Vec<(usize, usize)> {
        let told = RefCell::new(Vec::new());
        let listener = |at, all| told.borrow_mut().push((at, all));
        let progress = Progress::new(&listener);
        decode(body, &Hints { content_type, progress, ..Hints::default() });
        told.into_inner()
    }

    fn assert_steps(told: &[(usize, usize)], all: usize) {
        assert!(told.is_sorted() && told.len() >= 3, "{told:?}");
        assert!(told.iter().all(|(at, of)| at <= of && *of == all), "{told:?}");
        assert!(told.windows(2).all(|two| two[1].0 - two[0].0 >= super::STEP), "{told:?}");
    }

    #[test]
    fn a_large_document_is_told_of_in_steps() {
        let xml = format!("<a>{}</a>", "<b>value</b>".repeat(100_000));
        assert_steps(&told(Bytes::from(xml.clone()), "text/xml"), xml.len());
        let mut wbxml = vec![0x03, 0x01, 0x6A, 0x00, 0x45];
        for _ in 0..100_000 {
            wbxml.extend(b"\x5c\x4b\x03value\x00\x01\x01");
        }
        wbxml.push(0x01);
        let length = wbxml.len();
        assert_steps(&told(wbxml.into(), "application/vnd.ms-sync.wbxml"), length);
    }

    #[test]
    fn a_small_one_is_not_worth_a_word() {
        assert!(told(Bytes::from_static(b"<a>b</a>"), "text/xml").is_empty());
    }
}
