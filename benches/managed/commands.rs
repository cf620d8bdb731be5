//! What the server asks, and what the device answers.

use std::fmt::Write as _;

use super::status;

/// Nodes that are set, all integers.
const SET: [&str; 16] = [
    "Policy/Config/DeviceLock/MinDevicePasswordComplexCharacters",
    "Policy/Config/DeviceLock/DevicePasswordHistory",
    "Policy/Config/DeviceLock/MaxInactivityTimeDeviceLock",
    "Policy/Config/DeviceLock/AllowSimpleDevicePassword",
    "Policy/Config/Camera/AllowCamera",
    "Policy/Config/Defender/AllowArchiveScanning",
    "Policy/Config/Defender/AllowRealtimeMonitoring",
    "Policy/Config/Defender/AvgCPULoadFactor",
    "Policy/Config/Defender/ScheduleScanDay",
    "Policy/Config/Defender/SubmitSamplesConsent",
    "Policy/Config/Defender/PUAProtection",
    "Policy/Config/System/AllowTelemetry",
    "Policy/Config/Update/ActiveHoursStart",
    "Policy/Config/WiFi/AllowInternetSharing",
    "Policy/Config/Experience/AllowCortana",
    "DMClient/Provider/MS%20DM%20Server/Poll/IntervalForFirstSetOfRetries",
];

/// Nodes that are read, with their format and a value.
const READ: [(&str, &str, &str); 8] = [
    ("./DevDetail/SwV", "chr", "10.0.26100.2033"),
    ("./DevDetail/Ext/Microsoft/DeviceName", "chr", "LAB-0042"),
    ("./DevDetail/Ext/Microsoft/FreeStorage", "int", "183520"),
    ("./Device/Vendor/MSFT/DeviceStatus/Antivirus/Status", "int", "0"),
    ("./Device/Vendor/MSFT/DeviceStatus/Battery/EstimatedChargeRemaining", "int", "87"),
    ("./Device/Vendor/MSFT/Policy/Result/DeviceLock/DevicePasswordHistory", "int", "12"),
    ("./DevDetail/Ext/WLANMACAddress", "chr", "00005E005301"),
    ("./Device/Vendor/MSFT/DeviceStatus/Compliance/EncryptionCompliance", "bool", "false"),
];

/// One command of the server; its `CmdID` and the next three are its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Chooses what it is.
    pub(super) seed: u64,
    /// Its `CmdID`.
    pub(super) id: u64,
}

impl Asked {
    fn set(self) -> &'static str {
        SET[usize::try_from(self.seed % 16).unwrap()]
    }

    fn read(self) -> (&'static str, &'static str, &'static str) {
        READ[usize::try_from(self.seed / 3 % 8).unwrap()]
    }

    /// What becomes of it.
    fn code(self) -> &'static str {
        if self.seed.is_multiple_of(31) { "404" } else { "200" }
    }
}

/// Writes a command.
pub(super) fn ask(text: &mut String, asked: Asked) {
    let id = asked.id;
    let _ = match asked.seed % 16 {
        0 | 5 | 9 | 13 => write!(
            text,
            "<Get><CmdID>{id}</CmdID><Item><Target><LocURI>{}</LocURI></Target></Item></Get>",
            asked.read().0
        ),
        3 => write!(
            text,
            "<Atomic><CmdID>{id}</CmdID>{}{}</Atomic>",
            write_of("Replace", id + 1, asked),
            write_of("Add", id + 2, Asked { seed: asked.seed + 1, ..asked })
        ),
        7 => write!(
            text,
            "<Exec><CmdID>{id}</CmdID><Item><Target><LocURI>./Device/Vendor/MSFT/Defender/UpdateSignature</LocURI></Target></Item></Exec>"
        ),
        11 => write!(
            text,
            "<Delete><CmdID>{id}</CmdID><Item><Target><LocURI>./Device/Vendor/MSFT/{}</LocURI></Target></Item></Delete>",
            asked.set()
        ),
        2 | 14 => write!(text, "{}", write_of("Add", id, asked)),
        _ => write!(text, "{}", write_of("Replace", id, asked)),
    };
}

fn write_of(verb: &str, id: u64, asked: Asked) -> String {
    // 1 is a value of each of them.
    let (node, value) = (asked.set(), 1);
    format!(
        "<{verb}><CmdID>{id}</CmdID><Item><Target><LocURI>./Device/Vendor/MSFT/{node}</LocURI></Target><Meta><Format xmlns=\"syncml:metinf\">int</Format><Type xmlns=\"syncml:metinf\">text/plain</Type></Meta><Data>{value}</Data></Item></{verb}>"
    )
}

/// Writes what the device answers.
pub(super) fn answer(text: &mut String, id: &mut u64, message: u64, asked: Asked) {
    let mut next = || {
        *id += 1;
        *id
    };
    let (command, code) = (asked.id, asked.code());
    match asked.seed % 16 {
        0 | 5 | 9 | 13 => {
            status(text, next(), message, command, "Get", code);
            let (node, format, value) = asked.read();
            if code == "200" {
                let _ = write!(
                    text,
                    "<Results><CmdID>{}</CmdID><MsgRef>{message}</MsgRef><CmdRef>{command}</CmdRef><Cmd>Get</Cmd><Item><Source><LocURI>{node}</LocURI></Source><Meta><Format xmlns=\"syncml:metinf\">{format}</Format></Meta><Data>{value}</Data></Item></Results>",
                    next()
                );
            }
        }
        3 => {
            for (at, verb) in [(0, "Atomic"), (1, "Replace"), (2, "Add")] {
                status(text, next(), message, command + at, verb, "200");
            }
        }
        7 => status(text, next(), message, command, "Exec", code),
        11 => status(text, next(), message, command, "Delete", code),
        2 | 14 => status(text, next(), message, command, "Add", code),
        _ => status(text, next(), message, command, "Replace", code),
    }
}
