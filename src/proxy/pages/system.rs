//! The system a device seems to run, from what its browser says of itself.

/// A system with steps of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    Android,
    Ios,
    Linux,
    Macos,
    Windows,
}

impl System {
    /// In the order the page shows them.
    pub(super) const ALL: [Self; 5] =
        [Self::Windows, Self::Android, Self::Ios, Self::Macos, Self::Linux];

    /// The system behind a `User-Agent`; `None` when it does not say. An iPad that asks for desktop
    /// pages calls itself a Macintosh: the page shows the others' steps too.
    pub(super) fn of(user_agent: &str) -> Option<Self> {
        let has = |words: &[&str]| words.iter().any(|word| user_agent.contains(word));
        if has(&["iPhone", "iPad", "iPod"]) {
            Some(Self::Ios)
        } else if has(&["Android"]) {
            Some(Self::Android)
        } else if has(&["Windows"]) {
            Some(Self::Windows)
        } else if has(&["Macintosh", "Mac OS X"]) {
            Some(Self::Macos)
        } else if has(&["Linux", "X11", "CrOS"]) {
            Some(Self::Linux)
        } else {
            None
        }
    }

    /// As people call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Android => "Android",
            Self::Ios => "iPhone and iPad",
            Self::Linux => "Linux",
            Self::Macos => "macOS",
            Self::Windows => "Windows",
        }
    }

    /// What to do there: a fragment of the page.
    pub(super) const fn steps(self) -> &'static str {
        match self {
            Self::Android => include_str!("steps/android.html"),
            Self::Ios => include_str!("steps/ios.html"),
            Self::Linux => include_str!("steps/linux.html"),
            Self::Macos => include_str!("steps/macos.html"),
            Self::Windows => include_str!("steps/windows.html"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_known_by_what_browsers_say() {
        for (agent, system) in [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", Some(System::Windows)),
            ("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36", Some(System::Android)),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit",
                Some(System::Ios),
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", Some(System::Macos)),
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", Some(System::Linux)),
            ("curl/8.0", None),
            ("", None),
        ] {
            assert_eq!(System::of(agent), system, "{agent}");
        }
    }
}
