//! What the file says of a run, below what the command line says.

use std::path::PathBuf;

use super::file::SettingsFile;
use super::value::{Kind, List, Text};
use crate::cli::args::RunArgs;

impl SettingsFile {
    /// `args` with what the file says wherever they say nothing. A list on the command line replaces
    /// the file's; `--mode`, `--listen` and `--reverse` together replace the file's ways in.
    pub(in crate::cli) fn under(&self, args: &RunArgs) -> RunArgs {
        let file = &self.written;
        let mut args = args.clone();
        if args.modes.is_empty() && args.listen.is_none() && args.reverse.is_none() {
            args.modes = texts(file.mode.as_ref());
            args.listen = file.listen.as_ref().map(Text::get);
            args.reverse = file.reverse.as_ref().map(Text::get);
        }
        // In a file it is for whenever there is a server to be spoken to in its own name.
        let reverse =
            args.reverse.is_some() || args.modes.iter().any(|m| m.starts_with("reverse:"));
        args.keep_host |= file.keep_host && reverse && !args.no_keep_host;
        args.insecure_upstream |= file.insecure_upstream && !args.verify_upstream;
        args.admin = args.admin.or_else(|| file.admin.as_ref().map(Text::get));
        args.auto_passthrough = args.auto_passthrough.or(file.auto_passthrough);
        args.body_limit = args.body_limit.or(file.body_limit.map(|size| size.0));
        args.capture_limit = args.capture_limit.or(file.capture_limit.map(|size| size.0));
        fill(&mut args.allow, texts(file.allow.as_ref()));
        fill(&mut args.intercept, texts(file.intercept.as_ref()));
        fill(&mut args.passthrough, texts(file.passthrough.as_ref()));
        let authorities = texts(file.upstream_ca.as_ref());
        fill(&mut args.upstream_ca, authorities.iter().map(|path| self.place(path)).collect());
        let log_file = || file.log_file.as_ref().map(|path| self.place(&path.to_string_lossy()));
        args.log_file = args.log_file.or_else(log_file);
        args.ca_dir = args.ca_dir.or_else(|| self.ca_dir());
        args
    }

    /// Where the file wants the certificate authority.
    pub(in crate::cli) fn ca_dir(&self) -> Option<PathBuf> {
        self.written.ca_dir.as_ref().map(|path| self.place(&path.to_string_lossy()))
    }

    /// A path of the file: `~/` is the home folder, what is relative begins where the file is.
    fn place(&self, path: &str) -> PathBuf {
        let home = path.strip_prefix("~/").zip(std::env::home_dir());
        if let Some((rest, home)) = home {
            return home.join(rest);
        }
        self.path.parent().map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
    }
}

fn texts<K: Kind>(list: Option<&List<K>>) -> Vec<String> {
    list.map(List::texts).unwrap_or_default()
}

fn fill<T>(own: &mut Vec<T>, other: Vec<T>) {
    if own.is_empty() {
        *own = other;
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::written;
    use super::*;

    const FILE: &str = "listen = \"9\"\nadmin = \"localhost:10\"\nallow = \"10.0.0.0/8\"\n\
        intercept = [\"*.example\", \"mail.test:8443\"]\npassthrough = \"10.0.0.0/8\"\n\
        auto_passthrough = 3\nupstream_ca = [\"lab.pem\", \"/etc/ca.pem\"]\nbody_limit = \"1M\"\n\
        capture_limit = 4096\nca_dir = \"~/ca\"\nkeep_host = true\ninsecure_upstream = true\n";

    #[test]
    fn what_the_command_line_leaves_open_the_file_says() {
        let file = written(FILE).unwrap();
        let args = file.under(&RunArgs::default());
        assert_eq!(
            (args.listen.as_deref(), args.admin.as_deref()),
            (Some("9"), Some("localhost:10"))
        );
        assert_eq!(args.intercept, ["*.example", "mail.test:8443"]);
        assert_eq!(
            (args.allow, args.passthrough),
            (vec!["10.0.0.0/8".into()], vec!["10.0.0.0/8".into()])
        );
        assert_eq!((args.body_limit, args.capture_limit), (Some(1 << 20), Some(4096)));
        assert_eq!(args.auto_passthrough.map(std::num::NonZeroU32::get), Some(3));
        assert!(!args.keep_host, "there is no server to keep it from");
        let folder = file.path().parent().unwrap();
        assert_eq!(args.upstream_ca, [folder.join("lab.pem"), "/etc/ca.pem".into()]);
        assert!(args.ca_dir.unwrap().is_absolute());
    }

    #[test]
    fn the_command_line_wins() {
        let file = written(FILE).unwrap();
        let said = RunArgs {
            reverse: Some("https://mail.example".into()),
            intercept: vec!["one".into()],
            body_limit: Some(5),
            ca_dir: Some("/own".into()),
            ..RunArgs::default()
        };
        let args = file.under(&said);
        assert_eq!((args.listen, args.reverse.as_deref()), (None, Some("https://mail.example")));
        assert_eq!((args.intercept, args.body_limit), (vec!["one".into()], Some(5)));
        assert_eq!(args.ca_dir, Some("/own".into()));
        assert!(args.keep_host && args.insecure_upstream);
        let safe = RunArgs { no_keep_host: true, verify_upstream: true, ..said };
        let args = file.under(&safe);
        assert!(!args.keep_host && !args.insecure_upstream);
    }
}
