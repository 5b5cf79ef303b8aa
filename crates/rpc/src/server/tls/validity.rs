//! Until when a certificate holds and for whom: as much of X.509 as that takes.
//!
//! RFC 5280, 4.1: Certificate ::= SEQUENCE { tbsCertificate SEQUENCE { [0] version, serialNumber INTEGER, signature
//! SEQUENCE, issuer SEQUENCE, validity SEQUENCE { notBefore, notAfter }, ... } ... } in DER, where a time is UTCTime
//! (`YYMMDDhhmmssZ`, 1950 to 2049) or GeneralizedTime (`YYYYMMDDhhmmssZ`).

use base64::Engine as _;
use std::time::{Duration, SystemTime};

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// Tags of the alternative names: dNSName and iPAddress (RFC 5280, 4.2.1.6).
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// A certificate that was read.
pub(super) struct Certificate {
    der: Vec<u8>,
    not_after: SystemTime,
}

impl Certificate {
    /// Reads the first certificate of a PEM text; `None` when there is none that can be read.
    pub(super) fn of_pem(pem: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(pem).ok()?;
        let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
        let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
        let body: String = body.split_ascii_whitespace().collect();
        let der = base64::engine::general_purpose::STANDARD.decode(body).ok()?;
        let not_after = not_after(&der)?;
        Some(Self { der, not_after })
    }

    /// Returns the moment after which it does not hold.
    pub(super) fn holds_until(&self) -> SystemTime {
        self.not_after
    }

    /// Says whether a host or address is among its alternative names.
    pub(super) fn names(&self, name: &str) -> bool {
        let (tag, value) = match name.parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V4(address)) => (IP_ADDRESS, address.octets().to_vec()),
            Ok(std::net::IpAddr::V6(address)) => (IP_ADDRESS, address.octets().to_vec()),
            Err(_) => (DNS_NAME, name.as_bytes().to_vec()),
        };
        let Ok(length) = u8::try_from(value.len()) else {
            return false;
        };
        let entry = [&[tag, length][..], &value].concat();
        self.der.windows(entry.len()).any(|part| part == entry)
    }
}

/// Takes an element from the front: its tag, its content, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        let length = digits.iter().fold(0, |all, &digit| all << 8 | usize::from(digit));
        (length, rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

fn not_after(der: &[u8]) -> Option<SystemTime> {
    let (SEQUENCE, certificate, _) = element(der)? else {
        return None;
    };
    let (SEQUENCE, mut rest, _) = element(certificate)? else {
        return None;
    };
    // Version, serial number, signature, issuer; the version may be absent.
    let fields = if rest.first() == Some(&0xa0) { 4 } else { 3 };
    for _ in 0..fields {
        (_, _, rest) = element(rest)?;
    }
    let (SEQUENCE, validity, _) = element(rest)? else {
        return None;
    };
    let (_, _, rest) = element(validity)?;
    let (tag, text, _) = element(rest)?;
    time(tag, text)
}

fn time(tag: u8, text: &[u8]) -> Option<SystemTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let year_digits = match tag {
        UTC_TIME => 2,
        GENERALIZED_TIME => 4,
        _ => return None,
    };
    if text.len() != year_digits + 10 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, count: usize| text.get(from..from + count)?.parse::<i64>().ok();
    let mut year = number(0, year_digits)?;
    if tag == UTC_TIME {
        year += if year < 50 { 2000 } else { 1900 };
    }
    let part = |place: usize| number(year_digits + 2 * place, 2);
    let days = days_since_1970(year, part(0)?, part(1)?);
    let seconds = ((days * 24 + part(2)?) * 60 + part(3)?) * 60 + part(4)?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar.
///
/// Years are counted from 1 March, so that a leap day is the last day of its year: in a year the months from March on
/// begin at day floor((153 m + 2) / 5), m = 0 for March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days lie between 1 March of the year 0 and 1970-01-01.
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // `date -u -d DATE +%s` of GNU coreutils, divided by 86,400.
        for (date, days) in [
            ((1970, 1, 1), 0),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((2026, 11, 20), 20_777),
            ((2100, 3, 1), 47_541),
        ] {
            assert_eq!(days_since_1970(date.0, date.1, date.2), days, "{date:?}");
        }
    }

    #[test]
    fn both_kinds_of_time_are_read_and_others_are_not() {
        let seconds = |tag, text: &str| {
            let time = time(tag, text.as_bytes())?;
            Some(time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
        };
        // `date -u -d '2026-11-20 18:55:59' +%s`
        let expected = 20_777 * 86_400 + (18 * 60 + 55) * 60 + 59;
        assert_eq!(seconds(UTC_TIME, "261120185559Z"), Some(expected));
        assert_eq!(seconds(GENERALIZED_TIME, "20261120185559Z"), Some(expected));
        for wrong in ["261120185559", "2611201855Z", "26112018555xZ"] {
            assert_eq!(seconds(UTC_TIME, wrong), None);
        }
        assert!(Certificate::of_pem(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----").is_none());
    }
}
