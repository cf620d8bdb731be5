//! Patterns of management paths, as the tables of dangerous and of sensitive nodes have them.

/// Longest path looked at, in bytes.
const PATH_BYTES: usize = 2_048;

/// The lower-case segments of a `LocURI` below `./`, `./Device/` or `./User/`, without query; `None` for
/// what is no path of the management tree.
pub(in crate::analyze) fn below_root(path: &str) -> Option<String> {
    if path.len() > PATH_BYTES {
        return None;
    }
    let path = path.split('?').next().unwrap_or_default().trim().to_lowercase();
    let path = path.strip_prefix("./").unwrap_or(&path).trim_end_matches('/');
    let path = path.strip_prefix("device/").unwrap_or(path);
    let path = path.strip_prefix("user/").unwrap_or(path);
    let first = path.split('/').next().unwrap_or_default();
    matches!(first, "vendor" | "syncml" | "devinfo" | "devdetail").then(|| path.to_owned())
}

/// One row of those tables.
#[derive(Debug)]
pub(in crate::analyze) struct Pattern {
    /// Its characters before the first that stands for others: what does not begin so is not meant.
    start: &'static str,
    segments: Vec<&'static str>,
}

impl Pattern {
    /// Reads `vendor/msft/wifi/profile/*/wlanxml`.
    pub(in crate::analyze) fn new(text: &'static str) -> Self {
        let start = text.split('*').next().unwrap_or_default();
        Self { start, segments: text.split('/').collect() }
    }

    /// True when it says `path`, as [`below_root`] makes it.
    pub(in crate::analyze) fn fits(&self, path: &str) -> bool {
        path.starts_with(self.start) && fits(&self.segments, path)
    }

    /// Its segments.
    #[cfg(test)]
    pub(in crate::analyze) fn segments(&self) -> &[&'static str] {
        &self.segments
    }
}

/// True when `path`, as [`below_root`] makes it, is what the segments of a pattern say: `*` = any one,
/// `**` at the end = any number, at least one; a trailing `*` in a segment = anything after it.
fn fits(pattern: &[&str], path: &str) -> bool {
    let mut segments = path.split('/');
    for wanted in pattern {
        let Some(segment) = segments.next() else { return false };
        match *wanted {
            "**" => return true,
            "*" => {}
            wanted => {
                let open = wanted.strip_suffix('*');
                if !open.map_or(segment == wanted, |start| segment.starts_with(start)) {
                    return false;
                }
            }
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_paths() {
        let path = below_root("./Device/Vendor/MSFT/WiFi/Profile/Lab/WlanXml?list=x").unwrap();
        assert_eq!(path, "vendor/msft/wifi/profile/lab/wlanxml");
        let fits = |text: &'static str| Pattern::new(text).fits(&path);
        assert!(fits("vendor/msft/wifi/profile/*/wlanxml"));
        assert!(fits("vendor/msft/wifi/**"));
        assert!(fits("vendor/msft/wifi/profile/*/wlan*"));
        assert!(!fits("vendor/msft/wifi/profile/*"));
        assert!(!fits("vendor/msft/wifi/profile/lab/wlanxml/**"));
        assert_eq!(below_root("card/unenroll"), None);
    }
}
