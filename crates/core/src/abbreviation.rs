//! Long words in messages: an allele may have a million letters, a line of text or a header of the network cannot.

use std::borrow::Cow;

/// Letters that a word of a message may have: more than a digest.
const MOST: usize = 80;
/// Letters that stay at the front of a longer one.
const FRONT: usize = 24;
/// Letters that stay at its end.
const BACK: usize = 8;

/// Shortens each word of more than 80 letters and digits to its first 24 and last 8, with their number between.
///
/// For people: what is written so is no value any more.
///
/// ```
/// use refalt_core::abbreviation::abbreviated;
///
/// let allele = "ACGT".repeat(2_000);
/// assert_eq!(
///     abbreviated(&format!("chr1:5:A>{allele} is long")),
///     "chr1:5:A>ACGTACGTACGTACGTACGTACGT...(8000 letters)...ACGTACGT is long"
/// );
/// assert_eq!(abbreviated("chr1:5:A>C"), "chr1:5:A>C");
/// ```
pub fn abbreviated(text: &str) -> Cow<'_, str> {
    // The sign that ends a word is none of its letters.
    let is_long =
        |word: &str| word.len() > MOST && word.chars().filter(|letter| letter.is_alphanumeric()).count() > MOST;
    let words = || text.split_inclusive(|letter: char| !letter.is_alphanumeric());
    if !words().any(is_long) {
        return Cow::Borrowed(text);
    }
    let mut short = String::new();
    for word in words() {
        if !is_long(word) {
            short.push_str(word);
            continue;
        }
        let letters: Vec<char> = word.chars().collect();
        let end = letters.len() - usize::from(letters.last().is_some_and(|letter| !letter.is_alphanumeric()));
        short.extend(&letters[..FRONT]);
        short.push_str(&format!("...({end} letters)..."));
        short.extend(&letters[end - BACK..]);
    }
    Cow::Owned(short)
}

#[cfg(test)]
mod tests {
    use super::abbreviated;

    #[test]
    fn words_at_the_limit_stay_and_letters_of_several_bytes_are_not_cut() {
        let at_limit = format!("{}:", "A".repeat(80));
        assert_eq!(abbreviated(&at_limit), at_limit);
        let long = "\u{e9}".repeat(100);
        let short = abbreviated(&long);
        assert!(short.contains("(100 letters)"), "{short}");
        assert_eq!(short.matches('\u{e9}').count(), 32);
        let two = format!("{}>{}", "A".repeat(81), "C".repeat(90));
        let short = abbreviated(&two);
        assert!(
            short.contains("(81 letters)") && short.contains("(90 letters)"),
            "{short}"
        );
        assert!(short.contains("AAAAAAAA>CCCC"), "{short}");
    }
}
