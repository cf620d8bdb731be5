//! Where one request ends and the next begins, seen from beside the HTTP library.
//!
//! The library regroups repeated headers; to keep the head as received we watch the same bytes it
//! reads, and therefore must know where heads begin (RFC 9112 §6, §7.1).

/// Follows a body to its last byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Framing {
    /// This many bytes are left.
    Length(u64),
    /// Chunks.
    Chunked(Chunk),
}

/// Where in a chunked body we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chunk {
    /// In the hexadecimal size.
    Size(u64),
    /// After the size, before the line's end.
    Extension(u64),
    /// In the data, this many bytes left.
    Data(u64),
    /// In the line's end that follows data.
    DataEnd,
    /// In the trailer section; true when the current line has characters.
    Trailers(bool),
}

impl Framing {
    /// Takes the body's bytes from the front of `bytes`. Returns how many there were and whether
    /// the body is over; `None` when this is not a chunked body after all.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<(usize, bool)> {
        match self {
            Self::Length(left) => {
                let count = skip(left, bytes.len());
                Some((count, *left == 0))
            }
            Self::Chunked(chunk) => chunk.take(bytes),
        }
    }
}

impl Chunk {
    /// Before the first size.
    pub(super) const START: Self = Self::Size(0);

    fn take(&mut self, bytes: &[u8]) -> Option<(usize, bool)> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if let Self::Data(left) = self {
                at += skip(left, bytes.len() - at);
                if *left == 0 {
                    *self = Self::DataEnd;
                }
                continue;
            }
            at += 1;
            if self.step(*byte)? {
                return Some((at, true));
            }
        }
        Some((at, false))
    }

    /// One byte outside of data; true at the end of the body.
    fn step(&mut self, byte: u8) -> Option<bool> {
        *self = match (&*self, byte) {
            (Self::Size(size) | Self::Extension(size), b'\n') => match *size {
                0 => Self::Trailers(false),
                size => Self::Data(size),
            },
            (Self::Size(size), _) => match char::from(byte).to_digit(16) {
                Some(digit) => Self::Size(size.checked_mul(16)?.checked_add(u64::from(digit))?),
                None => Self::Extension(*size),
            },
            (Self::Extension(size), _) => Self::Extension(*size),
            (Self::DataEnd, b'\r') => Self::DataEnd,
            (Self::DataEnd, b'\n') => Self::START,
            (Self::DataEnd | Self::Data(_), _) => return None,
            (Self::Trailers(false), b'\n') => return Some(true),
            (Self::Trailers(true), b'\n') => Self::Trailers(false),
            (Self::Trailers(line), b'\r') => Self::Trailers(*line),
            (Self::Trailers(_), _) => Self::Trailers(true),
        };
        Some(false)
    }
}

fn skip(left: &mut u64, most: usize) -> usize {
    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(most);
    // A usize always fits: the targets we build for have 64 bits at most.
    *left -= u64::try_from(count).unwrap_or(u64::MAX);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends_at(mut framing: Framing, bytes: &[u8], step: usize) -> Option<usize> {
        let mut at = 0;
        for piece in bytes.chunks(step) {
            let (count, over) = framing.take(piece)?;
            at += count;
            if over {
                return Some(at);
            }
        }
        None
    }

    #[test]
    fn bodies_end_where_they_should_however_they_are_cut() {
        let chunked =
            b"5\r\nhello\r\n1A;x=\"y\"\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nT: 1\r\n\r\nGET";
        for step in [1, 2, 3, 7, 100] {
            let end = chunked.len() - 3;
            assert_eq!(ends_at(Framing::Chunked(Chunk::START), chunked, step), Some(end));
            assert_eq!(ends_at(Framing::Chunked(Chunk::START), b"0\r\n\r\nX", step), Some(5));
            assert_eq!(ends_at(Framing::Length(4), b"abcdef", step), Some(4));
        }
        assert_eq!(ends_at(Framing::Length(7), b"abcdef", 2), None);
    }

    #[test]
    fn what_is_not_chunked_is_given_up() {
        for bytes in [&b"3\r\nabcdef\r\n"[..], b"fffffffffffffffffff\r\n"] {
            assert_eq!(Framing::Chunked(Chunk::START).take(bytes), None);
        }
    }
}
