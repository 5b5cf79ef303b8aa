//! Numbers as people read them.

pub(crate) use crate::digit_groups::grouped;

/// Writes a number with its sign and `digits` decimals; a dash when there is none.
pub(crate) fn signed(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| minus(format!("{value:+.digits$}")))
}

/// Writes a number with `digits` decimals; a dash when there is none.
pub(crate) fn plain(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| minus(format!("{value:.digits$}")))
}

/// Writes an interval, `0.07 to 0.25`; empty when there is none.
pub(crate) fn interval(low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{} to {}", minus(format!("{low:.2}")), minus(format!("{high:.2}"))),
        _ => String::new(),
    }
}

/// Writes a p-value: three decimals, or a power of ten where they would be below 0.001.
pub(crate) fn p_value(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(p) if p >= 0.000_95 => format!("{p:.3}"),
        Some(p) => minus(format!("{p:.1e}")),
    }
}

/// Takes the typographic minus for the hyphen.
fn minus(text: String) -> String {
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(grouped(1_295_113), "1,295,113");
        assert_eq!(grouped(777), "777");
        assert_eq!(signed(Some(-0.5), 2), "\u{2212}0.50");
        assert_eq!(signed(None, 2), "–");
        assert_eq!(p_value(Some(1.0 / 1001.0)), "0.001");
        assert_eq!(p_value(Some(0.0005)), "5.0e\u{2212}4");
    }
}
