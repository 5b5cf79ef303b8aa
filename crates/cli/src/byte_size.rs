//! Sizes as people write them: `500MB`, `20 GB`, `1.5TiB`.

/// Units with their bytes; those of thousands and those of 1,024.
const UNITS: [(&str, u64); 9] = [
    ("", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// Reads a size in bytes.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let wrong = || "not a size such as `500MB` or `20GB`".to_owned();
    let text = text.trim().to_ascii_lowercase();
    let end = text
        .find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let unit = unit.trim();
    let (_, bytes) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    // Exact up to 2^53 bytes, 9,007 TB.
    Ok((number * *bytes as f64).round() as u64)
}

/// Writes a size in the largest unit of thousands that leaves a digit before the point.
pub(crate) fn text(bytes: u64) -> String {
    let large = UNITS[1..5].iter().rev().find(|(_, unit)| bytes >= *unit);
    match large {
        None => format!("{bytes} bytes"),
        Some((name, unit)) => format!("{:.1} {}", bytes as f64 / *unit as f64, name.to_ascii_uppercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, text};

    #[test]
    fn sizes_are_read_as_they_are_written() {
        for (written, bytes) in [
            ("20GB", 20_000_000_000),
            ("1.5 MB", 1_500_000),
            ("2GiB", 2_147_483_648),
            ("77", 77),
            ("0", 0),
        ] {
            assert_eq!(parse(written), Ok(bytes), "{written}");
        }
        for wrong in ["", "GB", "-1GB", "20GBs", "1e9", "nan"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            [text(999), text(1_000), text(2_550_000_000)],
            ["999 bytes", "1.0 KB", "2.5 GB"]
        );
    }
}
