//! Commands by code and name (MS-ASHTTP 2.2.1.1.1.1.2).

use std::sync::LazyLock;

/// One row of `commands.tsv`.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// Code in the base64 query.
    pub code: u8,
    /// Name in the plain query.
    pub name: &'static str,
    /// First protocol version with it.
    pub first_version: &'static str,
    /// Last one; empty while current.
    pub last_version: &'static str,
}

impl Command {
    /// By code.
    pub fn by_code(code: u8) -> Option<&'static Self> {
        COMMANDS.iter().find(|command| command.code == code)
    }

    /// By name, in any case.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        COMMANDS.iter().find(|command| command.name.eq_ignore_ascii_case(name))
    }
}

static COMMANDS: LazyLock<Vec<Command>> = LazyLock::new(|| {
    let rows = include_str!("commands.tsv").lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(row).collect()
});

fn row(line: &'static str) -> Option<Command> {
    let mut cells = line.split('\t');
    Some(Command {
        code: cells.next()?.parse().ok()?,
        name: cells.next()?,
        first_version: cells.next()?,
        last_version: cells.next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_parses_and_is_unique() {
        let rows = include_str!("commands.tsv").lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!(COMMANDS.len(), rows);
        for command in COMMANDS.iter() {
            assert_eq!(Command::by_code(command.code), Some(command));
            assert_eq!(Command::by_name(&command.name.to_lowercase()), Some(command));
        }
        assert_eq!(Command::by_name("Provision").map(|c| c.code), Some(20));
    }
}
