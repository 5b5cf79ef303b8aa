//! Whole numbers as people read them.

/// Returns `value` with commas between groups of three digits: `1,295,113`.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_written_in_groups_of_three() {
        for (count, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (4_798_353, "4,798,353")] {
            assert_eq!(grouped(count), expected);
        }
    }
}
