//! Times as people read them.

/// Writes seconds since 1970-01-01 UTC as `2026-11-20T18:55:58Z` (ISO 8601).
///
/// # Source
/// The days are turned into a date by counting from 1 March of the year 0 in cycles of 400 years, 146,097 days each, of the
/// proleptic Gregorian calendar.
pub fn utc_text(utc_s: u64) -> String {
    let (days, second) = (utc_s / 86_400, utc_s % 86_400);
    // 1970-01-01 is day 719,468 from 0000-03-01.
    let days = days + 719_468;
    let (cycle, of_cycle) = (days / 146_097, days % 146_097);
    let year_of_cycle = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    // Months from March: five of them have 153 days.
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = cycle * 400 + year_of_cycle + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::utc_text;

    /// `date --utc --iso-8601=seconds --date=@N` of GNU coreutils 9.1.
    #[test]
    fn times_are_those_of_the_calendar() {
        for (utc_s, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_582_934_400, "2020-02-29T00:00:00Z"),
            (1_795_200_958, "2026-11-20T18:55:58Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"),
        ] {
            assert_eq!(utc_text(utc_s), text);
        }
    }
}
