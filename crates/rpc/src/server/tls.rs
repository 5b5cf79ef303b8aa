//! Certificates: somebody's, or a self-signed one that the server makes for itself and keeps.
//!
//! The certificate that is made names `localhost`, 127.0.0.1, ::1 and the machine, because clients look for the name by
//! which they called. It is its own root: who trusts the file trusts the server, and nobody else.

mod validity;

use rcgen::{CertificateParams, DnType, KeyPair};
use refalt::Diagnostic;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use validity::Certificate;

/// Name of the certificate in its folder.
pub const CERTIFICATE_FILE: &str = "cert.pem";
/// Name of the key in its folder.
pub const KEY_FILE: &str = "key.pem";

/// How long a certificate that is made holds.
const HOLDS: Duration = Duration::from_secs(397 * 24 * 3600);
/// A certificate that ends sooner is made again.
const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 3600);
/// Clocks of other machines may be behind.
const CLOCK_SKEW: Duration = Duration::from_secs(24 * 3600);

/// A certificate with its key, PEM.
#[derive(Clone)]
pub struct TlsIdentity {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl std::fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsIdentity(..)")
    }
}

/// A certificate cannot be used or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("cannot {action} `{}`: {cause}", .path.display())]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("`{}` holds no {expected} in PEM", .path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What is expected.
        expected: &'static str,
    },
    /// A certificate cannot be made.
    #[error("a certificate cannot be made: {reason}")]
    Make {
        /// The cause in words.
        reason: String,
    },
}

impl Diagnostic for TlsError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotPem { .. } => Some("give the certificate chain and its private key as PEM files".to_owned()),
            Self::File { .. } | Self::Make { .. } => None,
        }
    }
}

/// A self-signed certificate in its folder.
#[derive(Clone, Debug)]
pub struct SelfSigned {
    /// The certificate with its key.
    pub identity: TlsIdentity,
    /// The file that clients trust.
    pub certificate: PathBuf,
    /// The names it is for.
    pub names: Vec<String>,
    /// Whether it was made; otherwise it was there and still holds.
    pub made: bool,
}

impl TlsIdentity {
    /// Reads a certificate chain and its key.
    ///
    /// # Errors
    /// [`TlsError`] when a file cannot be read or is no PEM.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self {
            certificate: pem(certificate, "certificate", "CERTIFICATE-----")?,
            key: pem(key, "private key", "PRIVATE KEY-----")?,
        })
    }

    pub(super) fn tonic(&self) -> tonic::transport::Identity {
        tonic::transport::Identity::from_pem(&self.certificate, &self.key)
    }
}

fn pem(path: &Path, expected: &'static str, ending: &str) -> Result<Vec<u8>, TlsError> {
    let bytes = std::fs::read(path).map_err(|cause| TlsError::File {
        action: "read",
        path: path.to_owned(),
        cause,
    })?;
    let holds = bytes.windows(ending.len()).any(|part| part == ending.as_bytes());
    if !holds {
        return Err(TlsError::NotPem {
            path: path.to_owned(),
            expected,
        });
    }
    Ok(bytes)
}

/// Opens the self-signed certificate of a folder; makes it when there is none that holds for two weeks and has the names.
///
/// The key is readable by its owner only.
///
/// # Errors
/// [`TlsError`] when a file cannot be read or written.
pub fn self_signed(folder: &Path) -> Result<SelfSigned, TlsError> {
    self_signed_for(folder, &names(), SystemTime::now())
}

/// Returns the names of this machine that a certificate is for.
fn names() -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"].into_iter();
    let machine = files.filter_map(|path| std::fs::read_to_string(path).ok()).next();
    let machine = machine.or_else(|| std::env::var("HOSTNAME").ok());
    let is_name = |name: &str| {
        let sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        !name.is_empty() && name.bytes().all(sign)
    };
    if let Some(name) = machine.map(|name| name.trim().to_owned()).filter(|name| is_name(name))
        && !names.contains(&name)
    {
        names.push(name);
    }
    names
}

fn self_signed_for(folder: &Path, names: &[String], now: SystemTime) -> Result<SelfSigned, TlsError> {
    let certificate = folder.join(CERTIFICATE_FILE);
    let key = folder.join(KEY_FILE);
    let found = |identity, made| SelfSigned {
        identity,
        certificate: certificate.clone(),
        names: names.to_vec(),
        made,
    };
    if let Ok(identity) = TlsIdentity::read(&certificate, &key)
        && Certificate::of_pem(&identity.certificate)
            .is_some_and(|old| old.holds_until() > now + ENDS_SOON && names.iter().all(|name| old.names(name)))
    {
        return Ok(found(identity, false));
    }
    let make = |error: rcgen::Error| TlsError::Make {
        reason: error.to_string(),
    };
    let pair = KeyPair::generate().map_err(make)?;
    let mut params = CertificateParams::new(names.to_vec()).map_err(make)?;
    params.not_before = (now - CLOCK_SKEW).into();
    params.not_after = (now + HOLDS).into();
    params.distinguished_name.push(DnType::CommonName, "refalt serve");
    let signed = params.self_signed(&pair).map_err(make)?;
    let identity = TlsIdentity {
        certificate: signed.pem().into_bytes(),
        key: pair.serialize_pem().into_bytes(),
    };
    std::fs::create_dir_all(folder).map_err(|cause| TlsError::File {
        action: "make",
        path: folder.to_owned(),
        cause,
    })?;
    // The key first: a certificate without its key would be taken for whole.
    write(&key, &identity.key, Secrecy::OwnerOnly)?;
    write(&certificate, &identity.certificate, Secrecy::Public)?;
    Ok(found(identity, true))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrecy {
    OwnerOnly,
    Public,
}

/// Writes a file whole or not at all; a secret one is never readable by others, not even for a moment.
fn write(path: &Path, bytes: &[u8], secrecy: Secrecy) -> Result<(), TlsError> {
    let partial = path.with_extension(format!("pem.{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if secrecy == Secrecy::OwnerOnly { 0o600 } else { 0o644 });
    }
    let written = (|| {
        let _ = std::fs::remove_file(&partial);
        let mut file = options.open(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)
    })();
    written.map_err(|cause| TlsError::File {
        action: "write",
        path: path.to_owned(),
        cause,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn a_certificate_is_kept_while_it_holds_and_has_the_names() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["localhost", "127.0.0.1", "::1", "some-machine"].map(str::to_owned);
        let now = SystemTime::now();
        let open = |names: &[String], at| self_signed_for(folder.path(), names, at).unwrap();
        let first = open(&names, now);
        assert!(first.made);
        let again = open(&names, now + 300 * DAY);
        assert!(!again.made);
        assert_eq!(again.identity.certificate, first.identity.certificate);
        // Another machine, or soon at its end.
        let elsewhere = ["localhost".to_owned(), "another".to_owned()];
        assert!(open(&elsewhere, now).made);
        assert!(open(&elsewhere, now + 390 * DAY).made);
        std::fs::write(folder.path().join(CERTIFICATE_FILE), "rubbish").unwrap();
        assert!(open(&elsewhere, now).made);
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_its_owners_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        self_signed(&folder.path().join("tls")).unwrap();
        let mode = |name: &str| {
            let metadata = std::fs::metadata(folder.path().join("tls").join(name)).unwrap();
            metadata.permissions().mode() & 0o777
        };
        assert_eq!((mode(KEY_FILE), mode(CERTIFICATE_FILE) & 0o600), (0o600, 0o600));
    }
}
