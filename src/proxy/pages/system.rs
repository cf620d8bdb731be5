//! The system a device seems to run, from what its browser says of itself.

/// A system with steps of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::proxy) enum System {
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

    /// The system behind a `User-Agent`, of a browser, a mail app (`Apple-iPhone15C2/2104.52`,
    /// `Android-Mail/2023.04`, `MSFT-WP/8.10`) or a management client (`MSFT OMA DM Client/1.2.0.1`);
    /// `None` when it does not say. An iPad that asks for desktop pages calls itself a Macintosh: the
    /// page shows the others' steps too.
    pub(in crate::proxy) fn of(user_agent: &str) -> Option<Self> {
        let has = |words: &[&str]| words.iter().any(|word| user_agent.contains(word));
        if has(&["iPhone", "iPad", "iPod", "iOS/"]) {
            Some(Self::Ios)
        } else if has(&["Android", "SAMSUNG-", "TouchDown"]) {
            Some(Self::Android)
        } else if has(&["Windows", "MSFT"]) {
            Some(Self::Windows)
        } else if has(&["Macintosh", "Mac OS X", "MacOutlook"]) {
            Some(Self::Macos)
        } else if has(&["Linux", "X11", "CrOS"]) {
            Some(Self::Linux)
        } else {
            None
        }
    }

    /// The system that the table of advice calls so.
    pub(in crate::proxy) fn by_id(id: &str) -> Option<Self> {
        match id {
            "android" => Some(Self::Android),
            "ios" => Some(Self::Ios),
            "linux" => Some(Self::Linux),
            "macos" => Some(Self::Macos),
            "windows" => Some(Self::Windows),
            _ => None,
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
            ("Apple-iPhone15C2/2104.52", Some(System::Ios)),
            ("Android-Mail/2023.04.02.525", Some(System::Android)),
            ("SAMSUNG-SM-G991B/101.13", Some(System::Android)),
            ("MSFT-WP/8.10.14219", Some(System::Windows)),
            ("MSFT OMA DM Client/1.2.0.1", Some(System::Windows)),
            ("curl/8.0", None),
            ("", None),
        ] {
            assert_eq!(System::of(agent), system, "{agent}");
        }
    }
}
