//! Where the service is, and how it is reached.

use std::fmt;
use std::net::IpAddr;

/// The hosted model.
pub const HOSTED: &str = "gdmscience.googleapis.com:443";

/// The address of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
    plaintext: bool,
}

/// A text is no address of a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It has no host and port.
    #[error("`{text}` is no address of a service: {reason}")]
    Form {
        /// The text.
        text: String,
        /// The cause in words.
        reason: &'static str,
    },
    /// It asks for an unprotected connection to another machine.
    #[error("`{text}` would send the key unprotected to another machine")]
    Plaintext {
        /// The text.
        text: String,
    },
}

impl AddressError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Form { .. } => format!("write HOST:PORT, such as `{HOSTED}`, or `http://127.0.0.1:PORT`"),
            Self::Plaintext { .. } => "use https://, or http:// with localhost, 127.0.0.1 or [::1]".to_owned(),
        })
    }
}

impl Address {
    /// Reads `HOST:PORT`, with `https://`, `dns:///` or nothing before it for TLS, or `http://` for a plain connection,
    /// which only goes to this machine. The port may be left out after a scheme.
    ///
    /// # Errors
    /// [`AddressError`] when the text has another form, or asks for a plain connection to another machine.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let form = |reason| AddressError::Form {
            text: text.to_owned(),
            reason,
        };
        let (rest, plaintext, default) = if let Some(rest) = text.strip_prefix("http://") {
            (rest, true, Some(80))
        } else if let Some(rest) = text.strip_prefix("https://") {
            (rest, false, Some(443))
        } else if let Some(rest) = text.strip_prefix("dns:///") {
            (rest, false, Some(443))
        } else {
            (text, false, None)
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let bracketed = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (host, port) = match bracketed {
            Some((host, "")) => (host, None),
            Some((host, rest)) => (
                host,
                Some(rest.strip_prefix(':').ok_or_else(|| form("signs follow `]`"))?),
            ),
            None => rest
                .split_once(':')
                .map_or((rest, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            Some(port) => Some(
                port.parse::<u16>()
                    .map_err(|_| form("the port is no number up to 65535"))?,
            ),
            None => default,
        };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let is_host = if bracketed.is_some() {
            host.parse::<std::net::Ipv6Addr>().is_ok()
        } else {
            !host.is_empty() && host.bytes().all(allowed)
        };
        if !is_host {
            return Err(form("the host is missing, or has signs that no host has"));
        }
        let address = Self {
            host: host.to_owned(),
            port: port.ok_or_else(|| form("the port is missing"))?,
            plaintext,
        };
        if plaintext && !address.is_loopback() {
            return Err(AddressError::Plaintext { text: text.to_owned() });
        }
        Ok(address)
    }

    /// Returns the address of the hosted model.
    pub fn hosted() -> Self {
        Self {
            host: "gdmscience.googleapis.com".to_owned(),
            port: 443,
            plaintext: false,
        }
    }

    /// Says whether it is the hosted model, whose terms apply to what it answers.
    pub fn is_hosted(&self) -> bool {
        *self == Self::hosted()
    }

    /// Says whether the connection is not protected.
    pub fn is_plaintext(&self) -> bool {
        self.plaintext
    }

    /// Says whether the address is this machine's own.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Returns the address for the connection.
    pub(crate) fn uri(&self) -> String {
        format!("{}://{self}", if self.plaintext { "http" } else { "https" })
    }
}

impl fmt::Display for Address {
    /// Writes `HOST:PORT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_every_form_of_the_python_client() {
        for text in [
            HOSTED,
            "dns:///gdmscience.googleapis.com:443",
            "https://gdmscience.googleapis.com",
            "https://gdmscience.googleapis.com/",
        ] {
            let address = Address::parse(text).unwrap();
            assert!(address.is_hosted() && !address.is_plaintext(), "{text}");
        }
        assert_eq!(
            Address::parse("localhost:8000").unwrap().uri(),
            "https://localhost:8000"
        );
        assert_eq!(Address::parse("http://[::1]:80").unwrap().uri(), "http://[::1]:80");
        assert_eq!(
            Address::parse("http://127.0.0.1:5").unwrap().uri(),
            "http://127.0.0.1:5"
        );
    }

    #[test]
    fn a_plain_connection_to_another_machine_is_refused() {
        for text in [
            "http://example.org:80",
            "http://10.0.0.1:80",
            "http://localhost.example.org:80",
            "http://[::2]:80",
        ] {
            assert!(
                matches!(Address::parse(text), Err(AddressError::Plaintext { .. })),
                "{text}"
            );
        }
        for text in [
            "",
            "host",
            "host:",
            "host:99999",
            ":80",
            "a b:80",
            "[::1]80",
            "[xyz]:80",
            "user@host:80",
            "h:80/x",
        ] {
            assert!(matches!(Address::parse(text), Err(AddressError::Form { .. })), "{text}");
        }
    }
}
