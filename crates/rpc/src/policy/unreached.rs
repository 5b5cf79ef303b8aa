//! Why a service is not reached, in words of this crate.
//!
//! The network library says it in its own: several layers of errors, each with a text. The kinds of the operating system's
//! errors in them are read as such, what TLS and HTTP say by their words.

use super::retry::RetryPolicy;
use std::error::Error;
use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreached {
    /// Nothing listens at the port.
    Refused,
    /// The name of the host is not known.
    UnknownHost,
    /// There is no way to the host.
    NoRoute,
    /// No connection in time.
    ConnectTimeout,
    /// The certificate is not trusted, or of another name.
    Certificate,
    /// TLS was spoken to a service that does not.
    NotTls,
    /// The connection was taken and closed, or what came is no HTTP/2: perhaps the service speaks TLS, or is none.
    NotHttp2,
    /// The connection broke.
    Broken,
    /// The connection was taken, and not even its pings are answered.
    Mute,
    /// It is connected, and nothing came for so long.
    Silent {
        /// How long.
        waited: Duration,
    },
    /// Messages came, and no whole answer in time.
    Slow {
        /// How long.
        waited: Duration,
    },
    /// The service itself says that it is not available.
    Says,
    /// Something else; the detail says what.
    Other,
}

impl Unreached {
    /// Reads an error of the network library.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut texts = String::new();
        let mut kind = None;
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = cause {
            texts.push_str(&error.to_string().to_ascii_lowercase());
            texts.push('\n');
            // The innermost is the operating system's.
            if let Some(error) = error.downcast_ref::<std::io::Error>() {
                kind = Some(error.kind());
            }
            cause = error.source();
        }
        let says = |text: &str| texts.contains(text);
        if says("certificate") || says("unknownissuer") || says("notvalidforname") {
            return Self::Certificate;
        }
        if says("invalidcontenttype") || says("corrupt message") {
            return Self::NotTls;
        }
        // Hyper's words for a ping of HTTP/2 without an answer; it keeps the cause to itself.
        if says("keep-alive timed out") {
            return Self::Mute;
        }
        if says("dns error") || says("failed to lookup") || says("name resolution") {
            return Self::UnknownHost;
        }
        match kind {
            Some(ErrorKind::ConnectionRefused) => return Self::Refused,
            Some(ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown) => {
                return Self::NoRoute;
            }
            Some(ErrorKind::TimedOut) => return Self::ConnectTimeout,
            _ => {}
        }
        let is_closed = says("connection closed before") || says("operation was canceled");
        if says("frame with invalid size") || says("http2 error") || is_closed {
            return Self::NotHttp2;
        }
        if says("deadline has elapsed") || says("timed out") {
            return Self::ConnectTimeout;
        }
        match kind {
            Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof) => Self::Broken,
            _ => Self::Other,
        }
    }

    /// Returns how often a service is tried that never said anything: what is wrong from the start stays wrong more often
    /// than what a service says itself passes. `None`: as often as any.
    pub(crate) fn attempts_unheard(self, policy: &RetryPolicy) -> Option<u32> {
        match self {
            // A service that answers pings is there, and may be loading its model.
            Self::Silent { .. } | Self::Slow { .. } | Self::Says | Self::Broken => None,
            Self::Mute => Some(policy.mute_attempts),
            _ => Some(policy.unconnected_attempts),
        }
    }

    /// Returns what the user can do.
    ///
    /// * `address`: `HOST:PORT`.
    /// * `is_local`: whether the address is this machine's.
    pub fn remedy(self, address: &str, is_local: bool) -> String {
        match self {
            Self::Refused if is_local => {
                "start the service, or look at the port: `refalt serve` says it in the line `listening at`".to_owned()
            }
            Self::Refused => "look at the host and the port, and at firewalls between".to_owned(),
            Self::UnknownHost => "look at the name of the host, and at the network of this machine".to_owned(),
            Self::NoRoute => "look at the network of this machine".to_owned(),
            Self::ConnectTimeout => "look at the host and the port, and at firewalls between".to_owned(),
            Self::Certificate => {
                "name its certificate with --tls-roots FILE (of `refalt serve --tls-self-signed DIR` it is DIR/cert.pem), and \
                 call the host as the certificate does"
                    .to_owned()
            }
            Self::NotTls if is_local => format!("it takes plain connections: write `http://{address}`"),
            Self::NotTls => "it does not speak TLS there: look at the port".to_owned(),
            Self::NotHttp2 if is_local => format!(
                "with TLS the address is written `{address}`, without it `http://{address}`; what listens there may also be \
                 another program"
            ),
            Self::NotHttp2 => "look at the port: what listens there is no service of this protocol".to_owned(),
            Self::Broken => "look at the log of the service and at the network".to_owned(),
            Self::Mute | Self::Silent { .. } | Self::Slow { .. } => {
                "it took the connection and is stopped, overloaded or no such service: look at its log".to_owned()
            }
            Self::Says | Self::Other => "look at the service and at the network".to_owned(),
        }
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "nothing listens at this port",
            Self::UnknownHost => "the host is not known",
            Self::NoRoute => "there is no way to the host",
            Self::ConnectTimeout => "no connection in time",
            Self::Certificate => "its certificate is not trusted",
            Self::NotTls => "it does not speak TLS",
            Self::NotHttp2 => "it closed the connection, or does not speak HTTP/2 without TLS",
            Self::Broken => "the connection broke",
            Self::Mute => "it is connected and answers nothing, not even pings",
            Self::Silent { waited } => return write!(f, "it is connected and sent nothing for {} s", seconds(*waited)),
            Self::Slow { waited } => return write!(f, "it sent no whole answer in {} s", seconds(*waited)),
            Self::Says => "it says that it is not available",
            Self::Other => "there is no connection",
        })
    }
}

/// Writes seconds: whole ones from 2 s on.
pub(crate) fn seconds(time: Duration) -> String {
    if time >= Duration::from_secs(2) {
        format!("{:.0}", time.as_secs_f64())
    } else {
        format!("{:.1}", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Box<dyn Error>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self.1.as_ref())
        }
    }

    fn of(kind: ErrorKind, text: &'static str) -> Unreached {
        let inner = Box::new(std::io::Error::new(kind, text));
        Unreached::of(&Layer("transport error", Box::new(Layer("tcp connect error", inner))))
    }

    #[test]
    fn the_innermost_cause_counts() {
        // The texts are those of rustls 0.23, h2 0.4 and hyper-util 0.1.
        assert_eq!(
            of(ErrorKind::ConnectionRefused, "Connection refused"),
            Unreached::Refused
        );
        let certificate = "invalid peer certificate: UnknownIssuer";
        assert_eq!(of(ErrorKind::InvalidData, certificate), Unreached::Certificate);
        let plain = "received corrupt message of type InvalidContentType";
        assert_eq!(of(ErrorKind::InvalidData, plain), Unreached::NotTls);
        let dns = "failed to lookup address information: Name or service not known";
        assert_eq!(of(ErrorKind::Other, dns), Unreached::UnknownHost);
        assert_eq!(
            of(ErrorKind::TimedOut, "deadline has elapsed"),
            Unreached::ConnectTimeout
        );
        assert_eq!(of(ErrorKind::ConnectionReset, "reset by peer"), Unreached::Broken);
        let frame = "http2 error: connection error detected: frame with invalid size";
        assert_eq!(of(ErrorKind::Other, frame), Unreached::NotHttp2);
        let ping = "http2 error: keep-alive timed out: operation timed out";
        assert_eq!(of(ErrorKind::Other, ping), Unreached::Mute);
        assert_eq!(of(ErrorKind::Other, "?"), Unreached::Other);
    }

    #[test]
    fn every_cause_has_a_remedy_without_foreign_words() {
        let waited = Duration::from_secs(120);
        for cause in [
            Unreached::Refused,
            Unreached::UnknownHost,
            Unreached::Certificate,
            Unreached::NotTls,
            Unreached::NotHttp2,
            Unreached::Mute,
            Unreached::Silent { waited },
            Unreached::Says,
            Unreached::Other,
        ] {
            for is_local in [true, false] {
                let text = format!("{cause}; {}", cause.remedy("127.0.0.1:5", is_local));
                assert!(!text.contains("transport error") && text.len() > 40, "{text}");
            }
        }
        let silent = Unreached::Silent { waited }.to_string();
        assert_eq!(silent, "it is connected and sent nothing for 120 s");
    }
}
