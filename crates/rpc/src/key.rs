//! The key to the service, and where it comes from.
//!
//! A key comes from the environment or from a file, never from an argument: arguments are seen by everybody on the
//! machine. Neither `Debug` nor an error shows it; what the service says is searched for it before it is shown.

use std::fmt;
use std::path::{Path, PathBuf};
use tonic::metadata::{Ascii, MetadataValue};

/// Environment variables that may hold the key, the first one that is set counts. The second is that of the notebooks of
/// the Python client.
pub const KEY_VARIABLES: [&str; 2] = ["ALPHAGENOME_API_KEY", "ALPHA_GENOME_API_KEY"];

/// A key that does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(Box<str>);

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// There is no usable key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// None is given.
    #[error("no key to the service is given")]
    Missing,
    /// The file cannot be read.
    #[error("the key file `{}` cannot be read: {cause}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: std::io::Error,
    },
    /// What is given is no key.
    #[error("{place} does not hold a key: {reason}")]
    NoKey {
        /// Where it was read.
        place: String,
        /// The cause in words; never the text itself.
        reason: &'static str,
    },
}

impl KeyError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing => Some(format!(
                "set {}, or write the key to a file that only you can read and give it with --key-file",
                KEY_VARIABLES[0]
            )),
            Self::File { .. } => {
                Some("give --key-file a text file that you can read, with the key as its one line".to_owned())
            }
            Self::NoKey { .. } => Some("a key is one line of letters, digits and signs".to_owned()),
        }
    }
}

/// A key from a file, and what is wrong with the file.
#[derive(Debug)]
pub struct KeyFile {
    /// The key.
    pub key: ApiKey,
    /// Says that others can read the file.
    pub warning: Option<String>,
}

impl ApiKey {
    /// Reads a key.
    ///
    /// * `place`: where it was read, for the error: `the variable X`.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] when the text without white space around it is empty, or has signs that a header cannot hold.
    pub fn parse(text: &str, place: &str) -> Result<Self, KeyError> {
        let no_key = |reason| KeyError::NoKey {
            place: place.to_owned(),
            reason,
        };
        let key = text.trim();
        if key.is_empty() {
            return Err(no_key("it is empty"));
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(no_key("it has spaces, lines or letters other than those of ASCII"));
        }
        Ok(Self(key.into()))
    }

    /// Reads the key from the first of [`KEY_VARIABLES`] that is set and not empty; `None` when none is.
    ///
    /// * `variable`: looks a variable up.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] when the variable does not hold a key.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, KeyError> {
        for name in KEY_VARIABLES {
            match variable(name) {
                Some(text) if !text.trim().is_empty() => {
                    return Self::parse(&text, &format!("the variable {name}")).map(Some);
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Reads the key from a file.
    ///
    /// # Errors
    /// [`KeyError`] when the file cannot be read or does not hold a key.
    pub fn from_file(path: &Path) -> Result<KeyFile, KeyError> {
        let text = std::fs::read_to_string(path).map_err(|cause| KeyError::File {
            path: path.to_owned(),
            cause,
        })?;
        let place = format!("the key file `{}`", path.display());
        Ok(KeyFile {
            key: Self::parse(&text, &place)?,
            warning: is_open_to_others(path).then(|| format!("{place} can be read by others; `chmod 600` closes it")),
        })
    }

    /// Returns the key as the value of a header that is not logged.
    pub(crate) fn header(&self) -> Option<MetadataValue<Ascii>> {
        let mut value: MetadataValue<Ascii> = self.0.parse().ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Returns the bytes of the key, to be digested.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Takes the key out of a text.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        text.replace(&*self.0, "[key]")
    }
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_itself_nowhere() {
        let key = ApiKey::parse(" AIza-secret\n", "the test").unwrap();
        assert_eq!(format!("{key:?} {key}"), "ApiKey(..) [key]");
        assert_eq!(key.hide_in("key AIza-secret is bad"), "key [key] is bad");
        assert!(format!("{:?}", key.header().unwrap()).contains("Sensitive"));
        let error = ApiKey::parse("two words-secret", "the test").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }

    #[test]
    fn the_first_variable_that_is_set_counts() {
        let read = |set: &[(&str, &str)]| {
            let found = |name: &str| {
                set.iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            ApiKey::from_variables(found).unwrap()
        };
        assert_eq!(read(&[]), None);
        let [first, second] = ["one", "two"].map(|text| Some(ApiKey(text.into())));
        assert_eq!(read(&[(KEY_VARIABLES[1], "two"), (KEY_VARIABLES[0], "one")]), first);
        assert_eq!(read(&[(KEY_VARIABLES[1], "two"), (KEY_VARIABLES[0], " ")]), second);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "one\n").unwrap();
        for (mode, warned) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(ApiKey::from_file(&path).unwrap().warning.is_some(), warned, "{mode:o}");
        }
    }
}
