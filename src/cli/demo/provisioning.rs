//! What the server that provisions devices says: ActiveSync provisioning (MS-ASPROV 3.1.5.1), and a
//! remote wipe.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::codec::Query;

use super::body;
use super::wire::{Message, Wire};

/// What the server knows of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Standing {
    /// It has no policy.
    #[default]
    New,
    /// It was given a temporary key and must acknowledge.
    Offered,
    /// It acknowledged.
    Provisioned,
    /// An administrator wants it wiped.
    ToBeWiped,
}

/// The key a device gets with the policy, and the one after it acknowledged.
const TEMPORARY_KEY: u32 = 1_307_199_584;
const FINAL_KEY: u32 = 3_942_919_513;

/// The device whose second `FolderSync` finds that it is to be wiped.
pub(super) const LOST_DEVICE: &str = "DEMOLOSTTABLET01";

/// The devices a server knows, by their ids in upper case.
#[derive(Debug, Clone, Default)]
pub(super) struct Standings(Arc<Mutex<HashMap<String, Standing>>>);

/// Answers one ActiveSync request.
pub(super) async fn activesync(
    wire: &mut Wire,
    request: &Message,
    standings: &Standings,
) -> io::Result<()> {
    let query = Query::of_target(request.second_word());
    if request.head.starts_with("OPTIONS") {
        let head = "HTTP/1.1 200 OK\r\nMS-ASProtocolVersions: 12.1,14.0,14.1\r\n\
            MS-ASProtocolCommands: Sync,FolderSync,Provision,Ping,Settings";
        return wire.say(head, b"").await;
    }
    let xml = body::as_xml(&request.body, "application/vnd.ms-sync.wbxml");
    let answer = {
        let mut standings = standings.0.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = standings.entry(query.device_id.to_ascii_uppercase()).or_default();
        let key = query
            .policy_key
            .map(|key| key.0)
            .or_else(|| request.header("x-ms-policykey").and_then(|value| value.parse().ok()));
        answer(&query, &xml, key.unwrap_or_default(), standing)
    };
    let body = body::activesync(&answer).map_err(io::Error::other)?;
    let mut head = String::from(
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.ms-sync.wbxml\r\nMS-Server-ActiveSync: 14.1",
    );
    if query.command == "FolderSync" {
        // The versions it speaks, for a device that begins (MS-ASHTTP 3.2.5.1).
        head.push_str("\r\nX-MS-RP: 12.1,14.0,14.1");
    }
    wire.say(&head, &body).await
}

/// One step of MS-ASPROV 3.1.5.1 as a server takes it.
fn answer(query: &Query, xml: &str, key: u32, standing: &mut Standing) -> String {
    let provision = query.command == "Provision";
    match (*standing, provision) {
        (Standing::ToBeWiped, false) => folder_sync_status(140),
        (Standing::ToBeWiped, true) if xml.contains("<RemoteWipe>") => {
            *standing = Standing::New;
            "<Provision xmlns=\"Provision\"><Status>1</Status></Provision>".into()
        }
        (Standing::ToBeWiped, true) => {
            "<Provision xmlns=\"Provision\"><Status>1</Status><RemoteWipe/></Provision>".into()
        }
        (_, true) if xml.contains("<PolicyKey>") => {
            *standing = Standing::Provisioned;
            policy("", FINAL_KEY, "")
        }
        (_, true) => {
            *standing = Standing::Offered;
            // What the device told of itself is acknowledged (MS-ASPROV 3.2.5.1.1).
            let told = xml.contains("DeviceInformation");
            policy(if told { DEVICE_INFORMATION } else { "" }, TEMPORARY_KEY, POLICY)
        }
        (Standing::Provisioned, false) if key == FINAL_KEY => {
            if query.device_id.eq_ignore_ascii_case(LOST_DEVICE) {
                *standing = Standing::ToBeWiped;
            }
            FOLDERS.into()
        }
        (_, false) => folder_sync_status(142),
    }
}

fn folder_sync_status(status: u16) -> String {
    format!("<FolderSync xmlns=\"FolderHierarchy\"><Status>{status}</Status></FolderSync>")
}

fn policy(told: &str, key: u32, data: &str) -> String {
    format!(
        "<Provision xmlns=\"Provision\">{told}<Status>1</Status><Policies><Policy>\
         <PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status>\
         <PolicyKey>{key}</PolicyKey>{data}</Policy></Policies></Provision>"
    )
}

const DEVICE_INFORMATION: &str =
    "<DeviceInformation xmlns=\"Settings\"><Status>1</Status></DeviceInformation>";

const POLICY: &str = "<Data><EASProvisionDoc><DevicePasswordEnabled>1</DevicePasswordEnabled>\
    <AlphanumericDevicePasswordRequired>1</AlphanumericDevicePasswordRequired>\
    <PasswordRecoveryEnabled>0</PasswordRecoveryEnabled><AttachmentsEnabled>1</AttachmentsEnabled>\
    <MinDevicePasswordLength>8</MinDevicePasswordLength>\
    <MaxInactivityTimeDeviceLock>300</MaxInactivityTimeDeviceLock>\
    <MaxDevicePasswordFailedAttempts>6</MaxDevicePasswordFailedAttempts>\
    <AllowSimpleDevicePassword>0</AllowSimpleDevicePassword>\
    <DevicePasswordExpiration>90</DevicePasswordExpiration>\
    <AllowCamera>0</AllowCamera><RequireDeviceEncryption>1</RequireDeviceEncryption>\
    </EASProvisionDoc></Data>";

const FOLDERS: &str = "<FolderSync xmlns=\"FolderHierarchy\"><Status>1</Status><SyncKey>1</SyncKey>\
    <Changes><Count>3</Count>\
    <Add><ServerId>1</ServerId><ParentId>0</ParentId><DisplayName>Inbox</DisplayName><Type>2</Type></Add>\
    <Add><ServerId>2</ServerId><ParentId>0</ParentId><DisplayName>Calendar</DisplayName><Type>8</Type></Add>\
    <Add><ServerId>3</ServerId><ParentId>0</ParentId><DisplayName>Contacts</DisplayName><Type>9</Type></Add>\
    </Changes></FolderSync>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_goes_from_142_to_its_folders() {
        let mut standing = Standing::default();
        let mut ask = |command: &str, xml: &str, key| {
            let query = Query::parse(&format!("Cmd={command}&DeviceId=a&DeviceType=b"));
            answer(&query, xml, key, &mut standing)
        };
        assert!(ask("FolderSync", "", 0).contains("142"));
        assert!(ask("Provision", "<Policy/>", 0).contains("EASProvisionDoc"));
        assert!(ask("FolderSync", "", TEMPORARY_KEY).contains("142"), "not acknowledged yet");
        assert!(ask("Provision", "<PolicyKey>1</PolicyKey>", TEMPORARY_KEY).contains("3942919513"));
        assert!(ask("FolderSync", "", FINAL_KEY).contains("Inbox"));
    }
}
