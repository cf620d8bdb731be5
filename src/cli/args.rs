//! Flags as typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::model::WallTime;

use super::demo::Mishap;

/// HTTPS inspection proxy and decoder for device provisioning traffic (ActiveSync, SyncML, OMA DM).
///
/// Without a command it starts the proxy with its terminal UI, as `synctap run` does. Use it for
/// devices and servers that you are allowed to test.
#[derive(Debug, Parser)]
#[command(name = "synctap", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to run the proxy when no command is given.
    #[command(flatten)]
    pub run: RunArgs,
    /// Read settings from this file [default: ~/.config/synctap/config.toml]
    #[arg(long, value_name = "FILE", env = "SYNCTAP_CONFIG", global = true)]
    pub config: Option<PathBuf>,
}

/// What synctap can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the proxy (the default)
    Run(Box<RunArgs>),
    /// Open a capture in the terminal UI
    Open(OpenArgs),
    /// Print a capture
    Show(ShowArgs),
    /// Draw what happened between each device and its server
    Timeline(TimelineArgs),
    /// Show the policy of each device, and what changed in it
    Policy(PolicyArgs),
    /// List the commands of each SyncML session, and what became of them
    Ledger(LedgerArgs),
    /// Show what is known of the configuration of each managed device, and by which command
    Config(ConfigArgs),
    /// Decode one body: WBXML, SyncML, XML, gzip of them
    Decode(DecodeArgs),
    /// Write WBXML from XML, such as `decode --xml` prints
    Encode(EncodeArgs),
    /// Check the signatures of a capture, or one signature over one body
    Verify(VerifyArgs),
    /// Show a certificate, a request, or the certificates in a message
    Cert(CertArgs),
    /// Look up a status code, an HRESULT, a policy, a command or a management path
    Explain(ExplainArgs),
    /// Show or export the certificate authority that devices must trust
    Ca(CaArgs),
    /// Watch a built-in device and server talk through the proxy
    Demo(DemoArgs),
    /// Say what stands between a device and this machine, or how far the devices of a capture got
    Doctor(DoctorArgs),
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// How the proxy runs.
#[derive(Debug, Clone, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct RunArgs {
    /// A way in: `regular` or `reverse:https://HOST[:PORT]`, each with an optional `@ADDR`; repeatable
    #[arg(long = "mode", value_name = "SPEC[@ADDR]")]
    pub modes: Vec<String>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Short for `--mode reverse:URL`
    #[arg(long, value_name = "URL")]
    pub reverse: Option<String>,
    /// In reverse mode, pass on the device's Host header instead of the server's
    #[arg(long, overrides_with = "no_keep_host")]
    pub keep_host: bool,
    /// Send the server's Host header, whatever the settings file says
    #[arg(long, overrides_with = "keep_host")]
    pub no_keep_host: bool,
    /// Also trust the certificates in this PEM file when connecting to servers; repeatable
    #[arg(long, value_name = "FILE")]
    pub upstream_ca: Vec<PathBuf>,
    /// Do not verify the certificates of servers
    #[arg(long, overrides_with = "verify_upstream")]
    pub insecure_upstream: bool,
    /// Verify the certificates of servers, whatever the settings file says
    #[arg(long, overrides_with = "insecure_upstream")]
    pub verify_upstream: bool,
    /// Let clients of this network in; needed to listen beyond loopback; repeatable
    #[arg(long, value_name = "CIDR")]
    pub allow: Vec<String>,
    /// Serve synctap's own pages (certificate, set-up steps) on this address too
    #[arg(long, value_name = "ADDR")]
    pub admin: Option<String>,
    /// Open the TLS of these hosts only: `*.example.com`, `mail.example:8443`, `10.0.0.0/8`; repeatable
    #[arg(long, value_name = "PATTERN")]
    pub intercept: Vec<String>,
    /// Pass the TLS of these hosts on unread; repeatable
    #[arg(long, value_name = "PATTERN")]
    pub passthrough: Vec<String>,
    /// Pass a host on unread once clients rejected its certificate this many times in a row
    #[arg(long, value_name = "N")]
    pub auto_passthrough: Option<std::num::NonZeroU32>,
    /// Write to this capture, appending if it exists [default: a dated file in the data folder]
    #[arg(long, value_name = "FILE")]
    pub capture: Option<PathBuf>,
    /// Most bytes of one body that the capture keeps (suffix K, M or G) [default: 64M]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub body_limit: Option<u64>,
    /// Stop recording while the capture is as large as this (suffix K, M or G); traffic goes on
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub capture_limit: Option<u64>,
    /// Where the certificate authority is kept [default: the data folder]
    #[arg(long, value_name = "DIR", env = "SYNCTAP_CA_DIR")]
    pub ca_dir: Option<PathBuf>,
    /// Print one line an exchange instead of the terminal UI
    #[arg(long)]
    pub no_tui: bool,
    /// Print one JSON object an exchange instead of the terminal UI
    #[arg(long)]
    pub json: bool,
    /// Show only exchanges that pass this filter: `cmd = Provision and http >= 400`
    #[arg(long, short = 'f', value_name = "EXPR")]
    pub filter: Option<String>,
    /// Keys and trust
    #[command(flatten)]
    pub keys: KeyArgs,
    /// Do not mask credentials in what is printed
    #[arg(long)]
    pub show_secrets: bool,
    /// Log to this file [default: stderr, or a file in the state folder while the UI runs]
    #[arg(long, value_name = "FILE", env = "SYNCTAP_LOG_FILE")]
    pub log_file: Option<PathBuf>,
}

/// What the demonstration shows.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct DemoArgs {
    /// Show this failure instead of the story; repeatable
    #[arg(long, value_name = "KIND", value_enum)]
    pub fail: Vec<Mishap>,
    /// Show every failure
    #[arg(long, conflicts_with = "fail")]
    pub fail_all: bool,
    /// Without the pauses for people to watch
    #[arg(long)]
    pub fast: bool,
    /// Write to this capture [default: a dated file in the data folder]
    #[arg(long, value_name = "FILE")]
    pub capture: Option<PathBuf>,
    /// Print one line an exchange instead of the terminal UI
    #[arg(long)]
    pub no_tui: bool,
    /// Print one JSON object an exchange instead of the terminal UI
    #[arg(long)]
    pub json: bool,
}

/// What is examined.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// A way in that is to work, as for `run`; repeatable
    #[arg(long = "mode", value_name = "SPEC[@ADDR]")]
    pub modes: Vec<String>,
    /// Where the explicit proxy is to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Where the certificate authority is kept [default: the data folder]
    #[arg(long, value_name = "DIR", env = "SYNCTAP_CA_DIR")]
    pub ca_dir: Option<PathBuf>,
    /// Look at this capture instead: which devices were seen, and how far each got
    #[arg(long, value_name = "FILE", conflicts_with_all = ["modes", "listen", "ca_dir"])]
    pub capture: Option<PathBuf>,
    /// Print one JSON object a check
    #[arg(long)]
    pub json: bool,
}

/// Which capture to open.
#[derive(Debug, clap::Args)]
pub struct OpenArgs {
    /// The capture
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Start with only the exchanges that pass this filter: `cmd = Provision and http >= 400`
    #[arg(long, short = 'f', value_name = "EXPR")]
    pub filter: Option<String>,
    /// Keys and trust
    #[command(flatten)]
    pub keys: KeyArgs,
}

/// What of a capture to print.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The capture
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only these exchanges, in full
    #[arg(value_name = "ID")]
    pub ids: Vec<u64>,
    /// Only exchanges that pass this filter: `cmd = Provision and http >= 400`
    #[arg(long, short = 'f', value_name = "EXPR", conflicts_with = "ids")]
    pub filter: Option<String>,
    /// Print overview, headers and annotated outline of every exchange, not only its line
    #[arg(long, short = 'd')]
    pub detail: bool,
    /// Print one JSON object an exchange, with the decoded trees
    #[arg(long)]
    pub json: bool,
    /// Do not mask credentials
    #[arg(long)]
    pub show_secrets: bool,
    /// Keys and trust
    #[command(flatten)]
    pub keys: KeyArgs,
}

/// Which device's history to draw.
#[derive(Debug, clap::Args)]
pub struct TimelineArgs {
    /// The capture
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only this device
    #[arg(long, value_name = "ID")]
    pub device: Option<String>,
    /// Print one JSON object an exchange
    #[arg(long)]
    pub json: bool,
}

/// Which device's policy to show.
#[derive(Debug, clap::Args)]
pub struct PolicyArgs {
    /// The capture
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only this device
    #[arg(long, value_name = "ID")]
    pub device: Option<String>,
    /// Print one JSON object a device
    #[arg(long)]
    pub json: bool,
    /// Compare with another capture, or with another device of this one [default: the policy before]
    #[arg(long, value_name = "FILE|DEVICE")]
    pub against: Option<String>,
}

/// Which ledgers to print.
#[derive(Debug, clap::Args)]
pub struct LedgerArgs {
    /// The capture
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only sessions with this `SessionID`
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// Only sessions of this device
    #[arg(long, value_name = "ID")]
    pub device: Option<String>,
    /// Check MD5 credentials with this password; repeatable
    #[arg(long, value_name = "USER:PASSWORD", env = "SYNCTAP_DM_PASSWORD", hide_env_values = true)]
    pub password: Vec<String>,
    /// Print one JSON object a session
    #[arg(long)]
    pub json: bool,
    /// Do not mask credentials
    #[arg(long)]
    pub show_secrets: bool,
}

/// Whose configuration to show.
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    /// The capture
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only this device
    #[arg(long, value_name = "ID")]
    pub device: Option<String>,
    /// Print one JSON object a device
    #[arg(long)]
    pub json: bool,
    /// Compare with another capture, or with another device of this one [default: the last session
    /// with those before]
    #[arg(long, value_name = "FILE|DEVICE")]
    pub against: Option<String>,
    /// Do not mask credentials
    #[arg(long)]
    pub show_secrets: bool,
}

/// Which body to decode and how.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct DecodeArgs {
    /// The body, or `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Read it as this document type instead of sniffing it
    #[arg(long = "as", value_name = "TYPE")]
    pub as_type: Option<String>,
    /// Its media type, as a Content-Type header would say it
    #[arg(long, value_name = "MEDIA-TYPE", default_value = "")]
    pub content_type: String,
    /// Which half of an exchange it was [default: guessed]
    #[arg(long, value_enum)]
    pub leg: Option<LegArg>,
    /// Print the document as XML, which `encode` reads back: whole, but for credentials on a terminal
    #[arg(long, conflicts_with = "json")]
    pub xml: bool,
    /// Print every ASN.1 value of signed and encrypted messages, not only what is inside them
    #[arg(long, conflicts_with_all = ["json", "xml"])]
    pub asn1: bool,
    /// Report deviations from the WBXML grammar that can be read all the same
    #[arg(long)]
    pub strict: bool,
    /// Print layers, trees and problems as one JSON object
    #[arg(long)]
    pub json: bool,
    /// Check the MAC of a provisioning document (`SEC`, `MAC` of its media type) with this PIN
    #[arg(long, value_name = "DIGITS", default_value = "", hide_default_value = true)]
    pub pin: String,
    /// The same with the device's IMSI, for NETWPIN and USERNETWPIN
    #[arg(long, value_name = "DIGITS", default_value = "", hide_default_value = true)]
    pub imsi: String,
    /// Do not mask credentials
    #[arg(long)]
    pub show_secrets: bool,
    /// Keys and trust
    #[command(flatten)]
    pub keys: KeyArgs,
}

/// Keys for what is encrypted, and who is trusted.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct KeyArgs {
    /// Open what is encrypted for the key in this file (PEM, PKCS#8, PKCS#12); repeatable. A password
    /// is taken from `SYNCTAP_KEY_PASSWORD`, or asked for
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// Trust the certificates in this file when signatures are checked; repeatable
    #[arg(long, value_name = "FILE")]
    pub trust: Vec<PathBuf>,
}

/// Which signatures to check.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// The capture, or a signed body
    #[arg(value_name = "FILE", required_unless_present = "signature")]
    pub file: Option<PathBuf>,
    /// Check this signature instead: the value of a header, or a message in DER, BER or PEM
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    pub signature: Option<PathBuf>,
    /// What the signature is over [default: what it holds itself]
    #[arg(long, value_name = "FILE", requires = "signature")]
    pub body: Option<PathBuf>,
    /// When it arrived, as 2026-11-20T14:02:11Z [default: now]; exchanges of a capture know that
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at: Option<WallTime>,
    /// Keys and trust
    #[command(flatten)]
    pub keys: KeyArgs,
    /// Print one JSON object a signature
    #[arg(long)]
    pub json: bool,
}

/// Which certificates to show.
#[derive(Debug, clap::Args)]
pub struct CertArgs {
    /// The file (PEM, DER, PKCS#7, PKCS#10), or `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print the ASN.1 tree too
    #[arg(long)]
    pub tree: bool,
    /// Print one JSON object a certificate
    #[arg(long)]
    pub json: bool,
}

/// Which XML to encode and as what.
#[derive(Debug, clap::Args)]
pub struct EncodeArgs {
    /// The XML document, or `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The document type: `eas`, `syncml12`, `prov`, …
    #[arg(long = "as", value_name = "TYPE")]
    pub as_type: String,
    /// Write to this file [default: standard output, unless it is a terminal]
    #[arg(long, short = 'o', value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Which half of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LegArg {
    /// Device to server
    Request,
    /// Server to device
    Response,
}

/// What to look up.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// `165`, `0x80070032`, `./Vendor/MSFT/…`, `DevicePasswordEnabled`, `Provision`, …
    #[arg(value_name = "CODE|PATH|NAME", allow_hyphen_values = true)]
    pub what: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The certificate authority.
#[derive(Debug, clap::Args)]
pub struct CaArgs {
    /// What to do with it; shows path, fingerprint and validity without one.
    #[command(subcommand)]
    pub command: Option<CaCommand>,
    /// Where it is kept [default: the data folder]
    #[arg(long, value_name = "DIR", env = "SYNCTAP_CA_DIR", global = true)]
    pub ca_dir: Option<PathBuf>,
}

/// What can be done with the certificate authority.
#[derive(Debug, Subcommand)]
pub enum CaCommand {
    /// Write its certificate (never its key) to standard output
    Export(ExportArgs),
}

/// The encoding of the certificate.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// As PEM text (the default)
    #[arg(long, conflicts_with = "der")]
    pub pem: bool,
    /// As DER bytes
    #[arg(long, conflicts_with = "mobileconfig")]
    pub der: bool,
    /// As a configuration profile for iOS and macOS
    #[arg(long, conflicts_with = "pem")]
    pub mobileconfig: bool,
}

fn parse_time(text: &str) -> Result<WallTime, String> {
    WallTime::parse_rfc3339(text)
        .ok_or_else(|| "expected a time such as 2026-11-20T14:02:11Z".to_owned())
}

/// Bytes with an optional binary suffix.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim().trim_end_matches(['B', 'b']).trim_end_matches(['i']);
    let (digits, shift) = match text.chars().last().map(|c| c.to_ascii_uppercase()) {
        Some('K') => (&text[..text.len() - 1], 10),
        Some('M') => (&text[..text.len() - 1], 20),
        Some('G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let number: u64 = digits
        .trim()
        .parse()
        .map_err(|_| "expected a number such as 512K, 64M or 1G".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "too large".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn no_command_means_run() {
        let args =
            Args::try_parse_from(["synctap", "--mode", "regular@[::1]:0", "--json"]).unwrap();
        assert!(args.command.is_none());
        assert_eq!(args.run.modes, ["regular@[::1]:0"]);
        assert!(args.run.json);
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size("64M"), Ok(64 << 20));
        assert_eq!(parse_size("512KiB"), Ok(512 << 10));
        assert_eq!(parse_size("0"), Ok(0));
        assert!(parse_size("many").is_err());
        assert!(parse_size("99999999999G").is_err());
    }
}
