//! Numbers: each is many things, depending on where it stands.

use crate::analyze::eas::{self, COMMANDS, CommandRow, StatusMeaning};
use crate::analyze::hresult;
use crate::analyze::syncml;

use super::look_up::{Explanation, Lines};

/// Codes above this are no plain code of any protocol here.
const HIGHEST_CODE: u32 = 0xFFFF;

/// Everything the number is known as. `asked` is what was typed, `value` what it is in 32 bits.
pub(super) fn explain(asked: &str, value: u32) -> Vec<Explanation> {
    let mut found = Vec::new();
    let hexadecimal = asked.starts_with("0x") || asked.starts_with("0X");
    if hexadecimal || value > HIGHEST_CODE {
        found.extend(hresult_value(value));
    }
    if value > HIGHEST_CODE {
        return found;
    }
    let code = value.to_string();
    found.extend(common(&code));
    found.extend(provision(&code));
    found.extend(command_statuses(&code));
    found.extend(http(&code));
    found.extend(syncml_status(&code));
    found.extend(alert(&code));
    found.extend(COMMANDS.iter().filter(|row| row.code == code).map(CommandRow::explanation));
    found.extend(win32(value));
    found
}

fn common(code: &str) -> Option<Explanation> {
    let row = eas::COMMON_STATUSES.iter().find(|row| row.status.code == code)?;
    let status = &row.status;
    let before_14 = if row.http_before_14.is_empty() {
        String::new()
    } else {
        format!("HTTP {}", row.http_before_14)
    };
    let lines = Lines::new(format!("{}: {}", status.label, status.meaning))
        .add("next", status.client_action)
        .add("retry", row.retry)
        .add("provisioning", row.provisioning)
        .add("versions", status.versions)
        .add("before 14.0", &before_14)
        .add("note", status.notes);
    Some(lines.done("ActiveSync common status", code, status.source))
}

fn provision(code: &str) -> Vec<Explanation> {
    let rows = eas::PROVISION_STATUSES.iter().filter(|row| row.code == code);
    rows.map(|row| {
        Lines::new(format!(
            "{} in a {}: {}: {}",
            row.context.0, row.context.1, row.label, row.meaning
        ))
        .add("next", row.client_action)
        .add("versions", row.versions)
        .add("note", row.notes)
        .done("ActiveSync Provision status", code, row.source)
    })
    .collect()
}

/// One entry for all commands: `Sync (Collection, Add): success: done`.
fn command_statuses(code: &str) -> Option<Explanation> {
    let mut groups: Vec<(&StatusMeaning, Vec<&str>)> = Vec::new();
    for row in eas::COMMAND_STATUSES.iter().filter(|row| row.code == code) {
        let same = |known: &&mut (&StatusMeaning, Vec<&str>)| {
            known.0.context.0 == row.context.0 && known.0.label == row.label
        };
        match groups.iter_mut().find(same) {
            Some((_, parents)) => parents.push(row.context.1),
            None => groups.push((row, vec![row.context.1])),
        }
    }
    let source = groups.first()?.0.source;
    let lines = groups.into_iter().map(|(row, parents)| {
        let next = if row.client_action.is_empty() {
            String::new()
        } else {
            format!(" (next: {})", row.client_action)
        };
        format!("{} ({}): {}: {}{next}", row.context.0, parents.join(", "), row.label, row.meaning)
    });
    Some(Lines(lines.collect()).done("ActiveSync command status", code, source))
}

fn http(code: &str) -> Option<Explanation> {
    let row = eas::HTTP_STATUSES.iter().find(|row| row.code == code)?;
    let lines = Lines::new(format!("{}: {}", row.label, row.meaning))
        .add("next", row.client_action)
        .add("provisioning", row.provisioning)
        .add("versions", row.versions)
        .add("note", row.notes);
    Some(lines.done("HTTP status in ActiveSync", code, row.source))
}

fn syncml_status(code: &str) -> Option<Explanation> {
    let row = syncml::status_named(code)?;
    let scope = if row.in_dm == "yes" { "" } else { "data synchronisation only" };
    let lines = Lines::new(format!("{}: {}", row.name, row.meaning))
        .add("class", row.class)
        .add("on Windows", row.windows)
        .add("scope", scope);
    Some(lines.done("SyncML status", code, row.source))
}

fn alert(code: &str) -> Option<Explanation> {
    let row = syncml::ALERTS.iter().find(|row| row.code == code)?;
    let lines = Lines::new(format!("{}: {}", row.name, row.meaning))
        .add("sent by", row.sender)
        .add("items", row.items)
        .add("on Windows", row.windows);
    Some(lines.done("SyncML alert", code, row.source))
}

/// A bare Win32 code is what its HRESULT `0x8007nnnn` says.
fn win32(value: u32) -> Option<Explanation> {
    let row = hresult::listed(0x8007_0000 | value).filter(|_| value != 0)?;
    let lines = Lines::new(format!("{}: {}", row.symbol, row.meaning))
        .add("as HRESULT", &hresult::hex(row.value))
        .add("certainty", row.certainty);
    Some(lines.done("Win32 error", &value.to_string(), row.source))
}

fn hresult_value(value: u32) -> Option<Explanation> {
    let (text, source) = hresult::meaning(value)?;
    let area = hresult::listed(value).map(|row| row.area).unwrap_or_default();
    let carried = match value {
        0x8007_0001..=0x8007_FFFF => format!("Win32 error {}", value & 0xFFFF),
        _ => String::new(),
    };
    let lines = Lines::new(text)
        .add("carries", &carried)
        .add("area", area)
        .add("signed", &value.cast_signed().to_string());
    Some(lines.done("HRESULT", &hresult::hex(value), source))
}

impl CommandRow {
    /// All the table has about the command.
    pub(super) fn explanation(&self) -> Explanation {
        let (table, key) = if self.code.is_empty() {
            ("ActiveSync command", self.name)
        } else {
            ("ActiveSync command code", self.code)
        };
        Lines::new(self.name)
            .add("code in the base64 query", self.code)
            .add("first version", self.first)
            .add("last version", self.last)
            .add("request body", self.request)
            .add("response body", self.response)
            .add("needs a policy key", self.key)
            .add("note", self.notes)
            .done(table, key, self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_and_hexadecimal_spellings_of_small_numbers_agree() {
        let plain = explain("170", 170);
        let hexadecimal = explain("0xAA", 0xAA);
        assert_eq!(plain, hexadecimal);
    }
}
