//! Programs of the user's that show or edit what we show.

use std::env;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::action::Program;
use super::copy::NamedBytes;
use super::files;

/// Shows a copy of the bytes in the user's program, which has the terminal meanwhile, and waits for
/// its end.
///
/// # Errors
/// Why it could not be shown, in one line.
pub(crate) async fn show(program: Program, named: &NamedBytes) -> Result<(), String> {
    let command = command(program, |name| env::var(name).ok());
    let copy = files::write(&env::temp_dir(), &named.stem, named.extension, &named.bytes);
    let copy = copy.map_err(|error| format!("cannot write a copy to show: {error}"))?;
    let ran = run(&command, &copy).await;
    // An editor may have renamed it; the copy is ours, and may hold secrets.
    let _ = std::fs::remove_file(&copy);
    ran
}

async fn run(command: &str, file: &Path) -> Result<(), String> {
    // The variable may hold arguments; the shell takes them apart, and the file is one of its own.
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{command} \"$1\"")).arg("sh").arg(file);
    shell.stdin(Stdio::inherit()).kill_on_drop(true);
    match shell.status().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{command}` ended with {status}")),
        Err(error) => Err(format!("cannot start `{command}`: {error}")),
    }
}

/// What the environment names, or what every system has.
fn command(program: Program, variable: impl Fn(&str) -> Option<String>) -> String {
    let (names, usual): (&[&str], _) = match program {
        Program::Pager => (&["PAGER"], "less"),
        Program::Editor => (&["VISUAL", "EDITOR"], "vi"),
    };
    let named =
        names.iter().find_map(|name| variable(name).filter(|value| !value.trim().is_empty()));
    named.unwrap_or_else(|| usual.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_program() {
        let none = |_: &str| None;
        assert_eq!(command(Program::Pager, none), "less");
        let editor = |name: &str| (name == "EDITOR").then(|| "nano -w".to_owned());
        assert_eq!(command(Program::Editor, editor), "nano -w");
        assert_eq!(command(Program::Pager, |_| Some("  ".into())), "less");
    }

    #[tokio::test]
    async fn a_program_gets_a_copy_that_is_gone_afterwards() {
        let folder = tempfile::TempDir::new().unwrap();
        let out = folder.path().join("out");
        let copy = folder.path().join("it's a copy.xml");
        std::fs::write(&copy, "<a/>").unwrap();
        let command = format!("cp \"$1\" '{}'; true", out.display());
        run(&command, &copy).await.unwrap();
        assert_eq!(std::fs::read(out).unwrap(), b"<a/>");
        assert!(run("false", &copy).await.unwrap_err().contains("false"));
    }
}
