//! The names that come nearest to a misspelt one, for every message that says "unknown".

/// Names that a message lists at most.
const MOST: usize = 3;

/// Returns the names that may be meant by `wanted`, nearest first, at most three.
///
/// Names are compared in lower case without a leading `#`, spaces, dots and underscores. Near is a name that few edits
/// turn into the other (a third of the letters of `wanted`, at least two), or that contains it or is contained in it
/// (from three letters up). Equally near names keep their order.
///
/// ```
/// use refalt_core::nearest::nearest;
///
/// assert_eq!(nearest("pso", ["CHROM", "POS", "REF"]), ["POS"]);
/// assert_eq!(nearest("gabpa", ["GABPA", "GABPB1", "SP1"]), ["GABPA", "GABPB1"]);
/// assert!(nearest("nothing", ["CHROM", "POS"]).is_empty());
/// ```
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let plain_wanted = plain(wanted);
    let letters = plain_wanted.chars().count();
    let limit = letters.div_ceil(3).max(2);
    let mut near: Vec<(usize, &str)> = Vec::new();
    for name in names {
        let own = plain(name);
        let distance = edits(&plain_wanted, &own);
        let long_enough = letters.min(own.chars().count()) >= 3;
        let holds = long_enough && (own.contains(&plain_wanted) || plain_wanted.contains(&own));
        if (distance <= limit || holds) && !near.iter().any(|(_, known)| *known == name) {
            near.push((distance, name));
        }
    }
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().take(MOST).map(|(_, name)| name.to_owned()).collect()
}

/// Asks whether one of the names is meant; `None` without names.
///
/// ```
/// use refalt_core::nearest::question;
///
/// assert_eq!(question(&["POS".to_owned()]).as_deref(), Some("is `POS` meant?"));
/// assert_eq!(question(&[]), None);
/// ```
pub fn question(names: &[String]) -> Option<String> {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let (last, before) = quoted.split_last()?;
    Some(if before.is_empty() {
        format!("is {last} meant?")
    } else {
        format!("is {} or {last} meant?", before.join(", "))
    })
}

/// Returns a name in the form in which names are compared.
pub fn plain(name: &str) -> String {
    name.trim_start_matches('#')
        .chars()
        .filter(|c| !matches!(c, ' ' | '_' | '.'))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Returns the Levenshtein distance.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_edits_come_first_and_far_names_not_at_all() {
        let scorers = ["ATAC", "DNASE", "CHIP_TF", "CHIP_HISTONE", "CAGE", "CHIP_TF_ACTIVE"];
        for (wanted, expected) in [
            ("CHIPTF", ["CHIP_TF", "CHIP_TF_ACTIVE"].as_slice()),
            ("chip-tf", &["CHIP_TF"]),
            ("DNAse", &["DNASE"]),
            ("NOPE", &[]),
            ("MA0062.2", &[]),
        ] {
            assert_eq!(nearest(wanted, scorers), expected, "{wanted}");
        }
        assert_eq!(nearest("MA0062.2", ["MA0139.2", "MA0062.3"])[0], "MA0062.3");
    }

    #[test]
    fn edits_are_counted_as_levenshtein_does() {
        // Levenshtein 1966; the textbook pair.
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
    }
}
