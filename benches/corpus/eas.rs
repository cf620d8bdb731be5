//! ActiveSync messages.

use super::random::Random;
use super::writer::Writer;

fn message(content: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new("eas", b"\x03\x01\x6A\x00");
    content(&mut writer);
    writer.finish()
}

fn policy(writer: &mut Writer, random: &mut Random, status: bool, key: bool) {
    writer.element("Provision", "Policies", |w| {
        w.element("Provision", "Policy", |w| {
            w.text("Provision", "PolicyType", "MS-EAS-Provisioning-WBXML");
            if key {
                w.text("Provision", "PolicyKey", &random.number(4_000_000_000));
            }
            if status {
                w.text("Provision", "Status", "1");
            }
        });
    });
}

pub(super) fn provision_request(random: &mut Random) -> Vec<u8> {
    message(|w| {
        w.element("Provision", "Provision", |w| {
            w.element("Settings", "DeviceInformation", |w| {
                w.element("Settings", "Set", |w| {
                    w.text(
                        "Settings",
                        "Model",
                        random.pick(&["iPhone15C2", "Pixel 8", "SM-S911B"]),
                    );
                    w.text("Settings", "IMEI", &format!("35{}", random.number(9_999_999_999_999)));
                    w.text("Settings", "FriendlyName", &random.prose(12));
                    w.text("Settings", "OS", random.pick(&["iOS 18.1", "Android 15"]));
                    w.text("Settings", "OSLanguage", random.pick(&["en", "de-CH", "ja"]));
                    w.text(
                        "Settings",
                        "PhoneNumber",
                        &format!("+41{}", random.number(999_999_999)),
                    );
                    w.text("Settings", "UserAgent", "Apple-iPhone15C2/2201.5");
                });
            });
            policy(w, random, false, false);
        });
    })
}

pub(super) fn provision_ack(random: &mut Random) -> Vec<u8> {
    message(|w| w.element("Provision", "Provision", |w| policy(w, random, true, true)))
}

/// Elements of a policy document and a ceiling of their values.
const SETTINGS: [(&str, u64); 38] = [
    ("DevicePasswordEnabled", 2),
    ("AlphanumericDevicePasswordRequired", 2),
    ("PasswordRecoveryEnabled", 2),
    ("RequireStorageCardEncryption", 2),
    ("AttachmentsEnabled", 2),
    ("MinDevicePasswordLength", 16),
    ("MaxInactivityTimeDeviceLock", 9999),
    ("MaxDevicePasswordFailedAttempts", 16),
    ("MaxAttachmentSize", 1_000_000),
    ("AllowSimpleDevicePassword", 2),
    ("DevicePasswordExpiration", 730),
    ("DevicePasswordHistory", 50),
    ("AllowStorageCard", 2),
    ("AllowCamera", 2),
    ("RequireDeviceEncryption", 2),
    ("AllowUnsignedApplications", 2),
    ("AllowUnsignedInstallationPackages", 2),
    ("MinDevicePasswordComplexCharacters", 4),
    ("AllowWiFi", 2),
    ("AllowTextMessaging", 2),
    ("AllowPOPIMAPEmail", 2),
    ("AllowBluetooth", 3),
    ("AllowIrDA", 2),
    ("RequireManualSyncWhenRoaming", 2),
    ("AllowDesktopSync", 2),
    ("MaxCalendarAgeFilter", 8),
    ("AllowHTMLEmail", 2),
    ("MaxEmailAgeFilter", 6),
    ("MaxEmailBodyTruncationSize", 100_000),
    ("MaxEmailHTMLBodyTruncationSize", 100_000),
    ("RequireSignedSMIMEMessages", 2),
    ("RequireEncryptedSMIMEMessages", 2),
    ("RequireSignedSMIMEAlgorithm", 5),
    ("AllowSMIMESoftCerts", 2),
    ("AllowBrowser", 2),
    ("AllowConsumerEmail", 2),
    ("AllowRemoteDesktop", 2),
    ("AllowInternetSharing", 2),
];

/// A policy document of 200 bytes to 1 KB.
pub(super) fn provision_answer(random: &mut Random) -> Vec<u8> {
    provision_answer_with(random, None)
}

/// The same with a number of programs that are not approved and one of hashes of those that are.
pub(super) fn provision_answer_with(random: &mut Random, lists: Option<(u64, u64)>) -> Vec<u8> {
    message(|w| {
        w.element("Provision", "Provision", |w| {
            w.text("Provision", "Status", "1");
            w.element("Provision", "Policies", |w| {
                w.element("Provision", "Policy", |w| {
                    w.text("Provision", "PolicyType", "MS-EAS-Provisioning-WBXML");
                    w.text("Provision", "Status", "1");
                    w.text("Provision", "PolicyKey", &random.number(4_000_000_000));
                    w.element("Provision", "Data", |w| policy_document(w, random, lists));
                });
            });
        });
    })
}

fn policy_document(w: &mut Writer, random: &mut Random, lists: Option<(u64, u64)>) {
    w.element("Provision", "EASProvisionDoc", |w| {
        for (name, limit) in SETTINGS {
            w.text("Provision", name, &random.number(limit));
        }
        w.element("Provision", "UnapprovedInROMApplicationList", |w| {
            let programs = lists.map_or_else(|| random.below(12), |(programs, _)| programs);
            for _ in 0..programs {
                let name = format!("app{}.exe", random.number(1000));
                w.text("Provision", "ApplicationName", &name);
            }
        });
        w.element("Provision", "ApprovedApplicationList", |w| {
            let hashes = lists.map_or_else(|| random.below(16), |(_, hashes)| hashes);
            for _ in 0..hashes {
                let hash: Vec<_> =
                    random.bytes(20).iter().map(|byte| format!("{byte:02x}")).collect();
                w.text("Provision", "Hash", &hash.concat());
            }
        });
    });
}

pub(super) fn folders(random: &mut Random) -> Vec<u8> {
    message(|w| {
        w.element("FolderHierarchy", "FolderSync", |w| {
            w.text("FolderHierarchy", "Status", "1");
            w.text("FolderHierarchy", "SyncKey", &random.number(99));
            w.element("FolderHierarchy", "Changes", |w| {
                let count = 1 + random.below(14);
                w.text("FolderHierarchy", "Count", &count.to_string());
                for id in 0..count {
                    w.element("FolderHierarchy", "Add", |w| {
                        w.text("FolderHierarchy", "ServerId", &id.to_string());
                        w.text("FolderHierarchy", "ParentId", "0");
                        w.text("FolderHierarchy", "DisplayName", random.prose(9).trim_end());
                        w.text("FolderHierarchy", "Type", &random.number(19));
                    });
                }
            });
        });
    })
}

pub(super) fn ping(random: &mut Random) -> Vec<u8> {
    message(|w| {
        w.element("Ping", "Ping", |w| {
            w.text("Ping", "HeartbeatInterval", &random.number(3540));
            w.element("Ping", "Folders", |w| {
                for _ in 0..=random.below(5) {
                    w.element("Ping", "Folder", |w| {
                        w.text("Ping", "Id", &random.number(40));
                        w.text("Ping", "Class", random.pick(&["Email", "Calendar", "Contacts"]));
                    });
                }
            });
        });
    })
}

pub(super) fn sync_request(random: &mut Random) -> Vec<u8> {
    message(|w| {
        w.element("AirSync", "Sync", |w| {
            w.element("AirSync", "Collections", |w| {
                for _ in 0..=random.below(3) {
                    w.element("AirSync", "Collection", |w| {
                        w.text("AirSync", "SyncKey", &random.number(1_000_000));
                        w.text("AirSync", "CollectionId", &random.number(40));
                        w.empty("AirSync", "DeletesAsMoves");
                        w.empty("AirSync", "GetChanges");
                        w.text("AirSync", "WindowSize", "25");
                        w.element("AirSync", "Options", |w| {
                            w.text("AirSync", "FilterType", "3");
                            w.element("AirSyncBase", "BodyPreference", |w| {
                                w.text("AirSyncBase", "Type", "2");
                                w.text("AirSyncBase", "TruncationSize", "32768");
                            });
                        });
                    });
                }
            });
        });
    })
}

pub(super) fn settings(random: &mut Random) -> Vec<u8> {
    message(|w| {
        w.element("Settings", "Settings", |w| {
            w.text("Settings", "Status", "1");
            w.element("Settings", "Oof", |w| {
                w.text("Settings", "Status", "1");
                w.element("Settings", "Get", |w| {
                    w.text("Settings", "OofState", &random.number(3));
                    w.text("Settings", "StartTime", "2026-11-20T09:00:00.000Z");
                    w.text("Settings", "EndTime", "2026-11-27T17:00:00.000Z");
                    for audience in
                        ["AppliesToInternal", "AppliesToExternalKnown", "AppliesToExternalUnknown"]
                    {
                        w.element("Settings", "OofMessage", |w| {
                            w.empty("Settings", audience);
                            w.text("Settings", "Enabled", &random.number(2));
                            w.text("Settings", "ReplyMessage", &random.prose(120));
                            w.text("Settings", "BodyType", "Text");
                        });
                    }
                });
            });
        });
    })
}

pub(super) fn small_sync(random: &mut Random) -> Vec<u8> {
    let length = 400 + random.below(1200);
    sync(random, usize::try_from(length).unwrap_or(0))
}

/// A Sync answer of at least `length` bytes: mails, HTML when there is room.
pub(super) fn sync(random: &mut Random, length: usize) -> Vec<u8> {
    message(|w| {
        w.element("AirSync", "Sync", |w| {
            w.element("AirSync", "Collections", |w| {
                w.element("AirSync", "Collection", |w| {
                    w.text("AirSync", "SyncKey", &random.number(1_000_000));
                    w.text("AirSync", "CollectionId", &random.number(40));
                    w.text("AirSync", "Status", "1");
                    w.element("AirSync", "Commands", |w| {
                        while w.len() < length {
                            mail(w, random, length);
                        }
                    });
                });
            });
        });
    })
}

fn mail(w: &mut Writer, random: &mut Random, length: usize) {
    w.element("AirSync", "Add", |w| {
        w.text("AirSync", "ServerId", &format!("5:{}", random.number(100_000)));
        w.element("AirSync", "ApplicationData", |w| {
            w.text("Email", "To", "\"Alex Lab\" <alex@lab.example>");
            w.text("Email", "From", "\"Provisioning & Devices\" <devices@lab.example>");
            w.text("Email", "Subject", random.prose(30).trim_end());
            w.text("Email", "DateReceived", "2026-11-20T09:12:33.000Z");
            w.text("Email", "DisplayTo", "Alex Lab");
            w.text("Email", "ThreadTopic", random.prose(30).trim_end());
            w.text("Email", "Importance", "1");
            w.text("Email", "Read", &random.number(2));
            body(w, random, length);
            w.text("Email", "MessageClass", "IPM.Note");
            w.text("Email", "InternetCPID", "65001");
            w.element("Email", "Flag", |_| {});
            w.text("Email", "ContentClass", "urn:content-classes:message");
            w.text("AirSyncBase", "NativeBodyType", "2");
            w.opaque("Email2", "ConversationId", &random.bytes(16));
            w.opaque("Email2", "ConversationIndex", &random.bytes(5));
        });
    });
}

fn body(w: &mut Writer, random: &mut Random, length: usize) {
    // Phones ask for the beginning as plain text; a whole page is rare.
    let (kind, text) = if length > 10_000 && random.below(16) == 0 {
        let size = 500 + random.below(4000);
        ("2", random.page(usize::try_from(size).unwrap_or(0)))
    } else {
        let size = 60 + random.below(240);
        ("1", random.prose(usize::try_from(size).unwrap_or(0)))
    };
    w.element("AirSyncBase", "Body", |w| {
        w.text("AirSyncBase", "Type", kind);
        w.text("AirSyncBase", "EstimatedDataSize", &text.len().to_string());
        w.text("AirSyncBase", "Data", &text);
    });
}
