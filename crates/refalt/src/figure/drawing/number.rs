//! Numbers as text: for coordinates in SVG, for labels that people read, and for tables.

pub(crate) use crate::digit_groups::grouped;

/// Returns `value` for an SVG attribute: at most two decimals, no trailing zeros, no negative zero.
///
/// A hundredth of a pixel is below what any renderer resolves, and rounding keeps the text the same on every
/// machine.
pub(crate) fn coordinate(value: f64) -> String {
    let mut text = format!("{:.2}", value);
    while text.ends_with('0') {
        text.pop();
    }
    if text.ends_with('.') {
        text.pop();
    }
    if text == "-0" { "0".to_owned() } else { text }
}

/// Returns `value` with `decimals` decimals and a true minus sign (U+2212), never a negative zero.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.*}", decimals, value);
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| c == '0' || c == '.') => digits.to_owned(),
        Some(digits) => format!("\u{2212}{digits}"),
        None => text,
    }
}

/// Returns `value` with a sign in front unless it rounds to zero: `+2.00`, `−0.31`, `0.00`.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    let is_zero = text.chars().all(|c| c == '0' || c == '.');
    if is_zero || text.starts_with('\u{2212}') {
        text
    } else {
        format!("+{text}")
    }
}

/// Returns `value` with the fewest digits that read back as the same `f64`.
///
/// Tables beside figures use this: a reader gets exactly the number that was drawn.
pub(crate) fn exact(value: f64) -> String {
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_have_no_negative_zero() {
        let cases = [
            (1.0, "1"),
            (1.5, "1.5"),
            (1.256, "1.26"),
            (-0.001, "0"),
            (-2.50, "-2.5"),
            (100.0, "100"),
        ];
        for (value, expected) in cases {
            assert_eq!(coordinate(value), expected, "{value}");
        }
    }

    #[test]
    fn labels_use_the_minus_sign() {
        let cases = [
            (-1.25, 1, "\u{2212}1.2"),
            (-0.04, 1, "0.0"),
            (0.0, 0, "0"),
            (-3.0, 0, "\u{2212}3"),
        ];
        for (value, decimals, expected) in cases {
            assert_eq!(fixed(value, decimals), expected, "{value}");
        }
        assert_eq!(signed(1.998, 2), "+2.00");
        assert_eq!(signed(-0.311, 2), "\u{2212}0.31");
        assert_eq!(signed(-0.001, 2), "0.00");
    }

    #[test]
    fn digits_are_grouped_in_threes() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (1_295_113, "1,295,113")];
        for (value, expected) in cases {
            assert_eq!(grouped(value), expected);
        }
    }

    #[test]
    fn exact_numbers_read_back_as_themselves() {
        for value in [0.1 + 0.2, 1.997812, -5.3579e-7, 1e300] {
            assert_eq!(exact(value).parse::<f64>(), Ok(value));
        }
    }
}
