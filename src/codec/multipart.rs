//! `application/vnd.ms-sync.multipart` (MS-ASCMD 2.2.1.10.1): the table of parts.

use crate::model::Span;

use super::faults::Faults;
use super::limits;
use super::reader::Reader;

/// The parts in table order; part 0 is the WBXML document.
///
/// A part that reaches beyond the body is cut at its end and reported; `truncated` says that this
/// is expected.
pub(crate) fn parts(layer: &[u8], truncated: bool, faults: &mut Faults) -> Vec<Span> {
    let mut reader = Reader::new(layer);
    let Some(count) = reader.u32_le() else {
        faults.broken(Span::new(0, layer.len()), CODE, "the body ends inside the part count");
        return Vec::new();
    };
    if count == 0 {
        faults.broken(Span::new(0, 4), CODE, "the part count is 0, expected 1 or more");
    }
    let mut parts = Vec::new();
    for index in 0..count {
        if parts.len() >= limits::PARTS {
            let text = format!("{count} parts, only {} are read", limits::PARTS);
            faults.broken(Span::new(0, 4), CODE, text);
            break;
        }
        let at = reader.at();
        let (Some(offset), Some(length)) = (reader.u32_le(), reader.u32_le()) else {
            let text = format!("the body ends inside the table entry of part {index} of {count}");
            faults.broken(Span::new(at, layer.len()), CODE, text);
            break;
        };
        let entry = Span::new(at, reader.at());
        parts.push(part(layer, index, (offset, length), entry, truncated, faults));
    }
    check_layout(&parts, reader.at(), layer.len(), faults);
    parts
}

/// True when the bytes begin with a plausible table.
pub(crate) fn is_likely(layer: &[u8]) -> bool {
    let mut reader = Reader::new(layer);
    let (Some(count), Some(first)) = (reader.u32_le(), reader.u32_le()) else { return false };
    (1..=0xFFFF).contains(&count)
        && Some(first) == count.checked_mul(8).and_then(|n| n.checked_add(4))
}

/// True when the bytes are nothing but a table and the parts it names, without a gap: for bodies
/// that come without a media type.
pub(crate) fn is_sound(layer: &[u8]) -> bool {
    let mut faults = Faults::default();
    is_likely(layer)
        && !parts(layer, false, &mut faults).is_empty()
        && faults.into_list().is_empty()
}

const CODE: &str = "multipart-table";

fn part(
    layer: &[u8],
    index: u32,
    (offset, length): (u32, u32),
    entry: Span,
    truncated: bool,
    faults: &mut Faults,
) -> Span {
    let size = u64::try_from(layer.len()).unwrap_or(u64::MAX);
    if u64::from(offset).saturating_add(u64::from(length)) > size {
        let text = format!(
            "part {index} at {offset} with {length} bytes reaches beyond the body of {size}"
        );
        if truncated {
            faults.odd(entry, CODE, text);
        } else {
            faults.broken(entry, CODE, text);
        }
    }
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(layer.len());
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    Span::new(start, start.saturating_add(length).min(layer.len()))
}

fn check_layout(parts: &[Span], table_end: usize, end: usize, faults: &mut Faults) {
    let mut sorted: Vec<_> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    sorted.sort_unstable();
    let mut reached = table_end;
    for part in sorted {
        let Span { start, .. } = part;
        if part.range().start < reached {
            let what = if reached == table_end { "the table" } else { "another part" };
            faults.odd(part, "multipart-overlap", format!("the part at {start} overlaps {what}"));
        } else if part.range().start > reached {
            let gap = Span::new(reached, part.range().start);
            faults.odd(gap, "multipart-gap", format!("{} bytes belong to no part", gap.len()));
        }
        reached = reached.max(part.range().end);
    }
    if reached < end {
        let gap = Span::new(reached, end);
        faults.odd(gap, "multipart-gap", format!("{} bytes belong to no part", gap.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &[u8] =
        b"\x02\0\0\0\x14\0\0\0\x05\0\0\0\x19\0\0\0\x02\0\0\0\x03\x01\x6A\x00\x45hi";

    fn read(layer: &[u8]) -> (Vec<Span>, Vec<&'static str>) {
        let mut faults = Faults::default();
        let parts = parts(layer, false, &mut faults);
        (parts, faults.into_list().into_iter().map(|fault| fault.code).collect())
    }

    #[test]
    fn two_parts() {
        assert!(is_likely(EXAMPLE));
        assert_eq!(read(EXAMPLE), (vec![Span::new(20, 25), Span::new(25, 27)], vec![]));
    }

    #[test]
    fn broken_tables() {
        assert_eq!(read(b"\x02\0").1, [CODE]);
        assert_eq!(read(b"\0\0\0\0").1, [CODE]);
        assert_eq!(read(b"\xFF\xFF\xFF\xFF\x04\0\0\0").1, [CODE]);
        let mut beyond = EXAMPLE.to_vec();
        beyond[16] = 3;
        assert_eq!(read(&beyond), (vec![Span::new(20, 25), Span::new(25, 27)], vec![CODE]));
        let mut overlap = EXAMPLE.to_vec();
        overlap[12] = 4;
        assert_eq!(read(&overlap).1, ["multipart-overlap", "multipart-gap"]);
    }
}
