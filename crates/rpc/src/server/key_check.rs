//! Who may call: whoever has the key, where the server has one.

use super::refusal::Refusal;
use crate::key::ApiKey;
use sha2::{Digest, Sha256};
use tonic::metadata::MetadataMap;
use tonic::service::Interceptor;
use tonic::{Request, Status};

/// The header of the key.
pub const KEY_HEADER: &str = "x-goog-api-key";

/// Compares the key of a call with that of the server; a server without key takes any, and none.
///
/// Digests are compared, so that the time it takes says nothing of the key. As an [`Interceptor`] it guards a service that
/// does not look at keys itself.
#[derive(Clone)]
pub struct KeyCheck(Option<[u8; 32]>);

impl std::fmt::Debug for KeyCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() {
            "KeyCheck(..)"
        } else {
            "KeyCheck(any)"
        })
    }
}

impl KeyCheck {
    pub(super) fn new(key: Option<&ApiKey>) -> Self {
        Self(key.map(|key| Sha256::digest(key.as_bytes()).into()))
    }

    /// Looks at the key of a call.
    ///
    /// # Errors
    /// [`Refusal::Key`] when the server has a key and the call does not have the same.
    pub fn check(&self, metadata: &MetadataMap) -> Result<(), Refusal> {
        let Some(own) = &self.0 else { return Ok(()) };
        let given = metadata.get(KEY_HEADER).map(|key| Sha256::digest(key.as_bytes()));
        match given {
            Some(given) if given[..] == own[..] => Ok(()),
            _ => Err(Refusal::Key),
        }
    }
}

impl Interceptor for KeyCheck {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        self.check(request.metadata())?;
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_passes_and_without_one_any_does() {
        let key = ApiKey::parse("a-key", "the test").unwrap();
        let given = |text: Option<&str>| {
            let mut metadata = MetadataMap::new();
            if let Some(text) = text {
                metadata.insert(KEY_HEADER, text.parse().unwrap());
            }
            metadata
        };
        let check = KeyCheck::new(Some(&key));
        assert!(check.check(&given(Some("a-key"))).is_ok());
        for wrong in [None, Some("a-kez"), Some("a-key "), Some("")] {
            assert!(check.check(&given(wrong)).is_err(), "{wrong:?}");
        }
        assert!(KeyCheck::new(None).check(&given(None)).is_ok());
        assert!(!format!("{check:?}").contains("a-key"));
    }
}
