//! The authority in the form that devices install.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::authority::Authority;

/// Characters of base64 in one line of a profile.
const LINE: usize = 64;

impl Authority {
    /// The certificate as a configuration profile for iOS and macOS (Apple, Configuration Profile
    /// Reference, `com.apple.security.root`). Its identifiers come from the certificate: installing
    /// it twice replaces it, and another authority is another profile.
    pub fn export_mobileconfig(&self) -> String {
        let id = |label: &str| uuid(label, self.export_der());
        let (profile, payload) = (id("profile"), id("payload"));
        let mut data = String::new();
        for line in STANDARD.encode(self.export_der()).as_bytes().chunks(LINE) {
            let _ = writeln!(data, "        {}", String::from_utf8_lossy(line));
        }
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadCertificateFileName</key>
      <string>synctap.cer</string>
      <key>PayloadContent</key>
      <data>
{data}      </data>
      <key>PayloadDescription</key>
      <string>The certificate authority of synctap</string>
      <key>PayloadDisplayName</key>
      <string>synctap CA</string>
      <key>PayloadIdentifier</key>
      <string>synctap.ca.{payload}</string>
      <key>PayloadType</key>
      <string>com.apple.security.root</string>
      <key>PayloadUUID</key>
      <string>{payload}</string>
      <key>PayloadVersion</key>
      <integer>1</integer>
    </dict>
  </array>
  <key>PayloadDescription</key>
  <string>Lets synctap read what this test device sends. Remove it when the test is over.</string>
  <key>PayloadDisplayName</key>
  <string>synctap</string>
  <key>PayloadIdentifier</key>
  <string>synctap.profile.{profile}</string>
  <key>PayloadType</key>
  <string>Configuration</string>
  <key>PayloadUUID</key>
  <string>{profile}</string>
  <key>PayloadVersion</key>
  <integer>1</integer>
</dict>
</plist>
"#
        )
    }
}

/// A UUID of version 8 (RFC 9562 §5.8): the same for the same bytes.
fn uuid(label: &str, bytes: &[u8]) -> String {
    let mut input = label.as_bytes().to_vec();
    input.extend_from_slice(bytes);
    let hash = digest(&SHA256, &input);
    let mut id = [0; 16];
    id.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    id[6] = (id[6] & 0x0f) | 0x80;
    id[8] = (id[8] & 0x3f) | 0x80;
    let mut text = String::new();
    for (at, byte) in id.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02X}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_holds_the_certificate_and_stays_itself() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path()).unwrap();
        let profile = authority.export_mobileconfig();
        let data = profile.split("<data>").nth(1).unwrap().split("</data>").next().unwrap();
        let data: String = data.split_whitespace().collect();
        assert_eq!(STANDARD.decode(data).unwrap(), authority.export_der());
        assert_eq!(profile, Authority::open(folder.path()).unwrap().export_mobileconfig());
        assert!(!profile.contains("PRIVATE"));
    }

    #[test]
    fn identifiers_differ_by_label_and_have_their_form() {
        let (one, two) = (uuid("a", b"x"), uuid("b", b"x"));
        assert_ne!(one, two);
        assert_eq!((one.len(), &one[14..15]), (36, "8"));
    }
}
