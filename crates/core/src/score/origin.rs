//! Where scores come from and of which day they are.

use std::fmt;

/// Where the scores of a block come from; every row of the score table states it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Name of the model or service, `motif-jaspar2024`.
    pub source: String,
    /// Version of the model as the source states it.
    pub model_version: String,
    /// Day on which a service gave the scores; none for scores that are computed here, which are the same on every day.
    pub answered_on: Option<UtcDay>,
}

impl fmt::Display for Origin {
    /// Writes source and version, `motif-jaspar2024 1.0`; the day is not part of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.source, self.model_version)
    }
}

/// A day of the Gregorian calendar in UTC, from 1970 to 9999; its text is `2026-11-20`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcDay {
    year: u16,
    month: u8,
    day: u8,
}

/// Days from 1970-01-01 to 9999-12-31, both counted.
const DAYS: u64 = 2_932_897;

impl UtcDay {
    /// Returns the day of a time.
    ///
    /// * `seconds`: since 1970-01-01 00:00 UTC, leap seconds left out, as Unix counts.
    /// * Returns `None` after the year 9999.
    pub fn of_unix_seconds(seconds: u64) -> Option<Self> {
        let number = seconds / 86_400;
        if number >= DAYS {
            return None;
        }
        // Years are counted from 1 March, so that the day of a leap year is the last; 400 years have 146 097 days, and
        // 1970-01-01 is day 719 468 from 0000-03-01.
        let shifted = number + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        Some(Self {
            year: u16::try_from(year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        })
    }

    /// Reads a day as it is written, `2026-11-20`; `None` for every other text and for days that do not exist.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let digits = |places: std::ops::Range<usize>| {
            let digits = &bytes[places];
            let all = digits.iter().all(u8::is_ascii_digit);
            all.then(|| {
                digits
                    .iter()
                    .fold(0_u16, |number, digit| number * 10 + u16::from(digit - b'0'))
            })
        };
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let most = match month {
            2 => 28 + u16::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (year >= 1970 && (1..=most).contains(&day)).then_some(Self {
            year,
            month: month as u8,
            day: day as u8,
        })
    }
}

impl fmt::Display for UtcDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for UtcDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // Seconds by GNU `date -u -d DAY +%s`.
        for (seconds, day) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (86_400, "1970-01-02"),
            (68_169_600, "1972-02-29"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_795_132_800, "2026-11-20"),
            (4_107_542_400, "2100-03-01"),
            (253_402_300_799, "9999-12-31"),
        ] {
            let found = UtcDay::of_unix_seconds(seconds).unwrap();
            assert_eq!(found.to_string(), day);
            assert_eq!(UtcDay::parse(day), Some(found));
        }
        assert_eq!(UtcDay::of_unix_seconds(253_402_300_800), None);
    }

    #[test]
    fn every_day_follows_the_one_before_it() {
        let mut before = UtcDay::parse("1970-01-01").unwrap();
        for number in 1..DAYS {
            let day = UtcDay::of_unix_seconds(number * 86_400).unwrap();
            assert!(day > before, "{day} after {before}");
            if day.day == 1 {
                assert_eq!(UtcDay::parse(&day.to_string()), Some(day));
            } else {
                assert_eq!((day.month, day.day), (before.month, before.day + 1));
            }
            before = day;
        }
        assert_eq!(before.to_string(), "9999-12-31");
    }

    #[test]
    fn other_texts_and_days_that_do_not_exist_are_none() {
        for text in [
            "",
            "2026-11-2",
            "2026-11-31",
            "2025-02-29",
            "2100-02-29",
            "1969-12-31",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026/11/20",
            "+026-11-20",
            "2026-11-2é",
        ] {
            assert_eq!(UtcDay::parse(text), None, "{text}");
        }
    }
}
