//! One input row as a line of VCF.

use super::header::{genes_key, has_genes, key};
use super::selection::Selection;
use super::spelling::Spelling;
use super::summary::Summary;
use crate::score_folder::{Group, VariantRow};
use crate::tally::Tally;
use std::fmt::Write as _;

/// The scores of one gene.
#[derive(Clone, Debug, Default)]
struct GeneScores {
    id: String,
    name: String,
    strand: String,
    scores: Tally<String>,
}

/// The scores of one variant by one scorer, as far as they were read.
#[derive(Clone, Debug, Default)]
struct ScorerScores {
    all: Tally<String>,
    /// Of these the first `genes_used` belong to the variant; the rest is room.
    genes: Vec<GeneScores>,
    genes_used: usize,
}

/// The keys of one scorer.
struct Keys {
    summaries: Vec<(Summary, String)>,
    genes: Option<String>,
}

/// Makes lines; holds the scores of one variant at a time.
pub(super) struct RecordMaker<'a> {
    selection: &'a Selection,
    keys: Vec<Keys>,
    scorers: Vec<ScorerScores>,
}

impl<'a> RecordMaker<'a> {
    pub(super) fn new(selection: &'a Selection, summaries: &[Summary]) -> Self {
        let keys = selection.scorers.iter().map(|selected| Keys {
            summaries: summaries
                .iter()
                .map(|&summary| (summary, key(&selected.name, summary)))
                .collect(),
            genes: has_genes(&selected.scorer.scorer).then(|| genes_key(&selected.name)),
        });
        Self {
            keys: keys.collect(),
            scorers: vec![ScorerScores::default(); selection.scorers.len()],
            selection,
        }
    }

    /// Forgets the scores of the variant before.
    pub(super) fn clear(&mut self) {
        for scorer in &mut self.scorers {
            scorer.all.clear();
            scorer.genes_used = 0;
        }
    }

    /// Adds some scores of the variant.
    pub(super) fn add(&mut self, group: &Group<'_>) {
        let batch = group.batch;
        let mut selected = self.selection.rows(batch);
        for row in group.rows.clone() {
            let Some(scorer) = selected.scorer(row) else { continue };
            let score = batch.score(row);
            let track = |text: &mut String| {
                text.clear();
                text.push_str(batch.track.text(row).unwrap_or_default());
                if let Some(strand @ ("+" | "-")) = batch.strand.text(row) {
                    let _ = write!(text, "({strand})");
                }
            };
            let scores = &mut self.scorers[scorer];
            scores.all.add_with(score, track);
            if self.keys[scorer].genes.is_some()
                && let Some(id) = batch.gene_id.text(row)
            {
                let gene = scores.gene(id, || {
                    let text =
                        |column: &crate::score_folder::TextColumn| column.text(row).unwrap_or_default().to_owned();
                    (text(&batch.gene_name), text(&batch.gene_strand))
                });
                gene.scores.add_with(score, track);
            }
        }
    }

    /// Writes the line of a row, with the scores that were added, and no line end.
    pub(super) fn line(&self, row: &VariantRow, spelling: &Spelling, line: &mut String) {
        line.clear();
        let id = row.id.as_deref().filter(|id| !id.is_empty());
        let id = id.map_or_else(|| ".".to_owned(), |id| encoded(&id.replace(',', ";"), &[';']));
        let _ = write!(
            line,
            "{}\t{}\t{id}\t{}\t{}\t.\t.\trefalt_STATUS={};refalt_ROW={}",
            spelling.contig,
            spelling.position,
            spelling.reference_bases,
            spelling.alternate,
            encoded(&row.status, &[]),
            row.row
        );
        let mut text = |key: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                let _ = write!(line, ";refalt_{key}={}", encoded(value, &[]));
            }
        };
        text("VARIANT", row.variant_id.as_deref());
        text("CODE", row.code.as_deref());
        text("REASON", row.reason.as_deref());
        text("REPAIR", row.repair.as_deref());
        text("WRITTEN", (!spelling.is_as_written).then_some(row.as_written.as_str()));
        if let Some(of) = row.duplicate_of {
            let _ = write!(line, ";refalt_DUPLICATE_OF={of}");
        }
        if row.is_scored() {
            for (keys, scores) in self.keys.iter().zip(&self.scorers) {
                self.scores(keys, scores, line);
            }
        }
    }

    fn scores(&self, keys: &Keys, scores: &ScorerScores, line: &mut String) {
        for (summary, key) in &keys.summaries {
            if scores.all.known() > 0 || *summary == Summary::Count {
                let _ = write!(line, ";{key}=");
                value(*summary, &scores.all, line);
            }
        }
        let Some(key) = &keys.genes else { return };
        for (index, gene) in scores.genes[..scores.genes_used].iter().enumerate() {
            if index == 0 {
                let _ = write!(line, ";{key}=");
            } else {
                line.push(',');
            }
            let _ = write!(
                line,
                "{}|{}|{}",
                encoded(&gene.id, &[]),
                encoded(&gene.name, &[]),
                encoded(&gene.strand, &[])
            );
            for (summary, _) in &keys.summaries {
                line.push('|');
                if gene.scores.known() > 0 || *summary == Summary::Count {
                    value(*summary, &gene.scores, line);
                } else {
                    line.push('.');
                }
            }
        }
    }
}

impl ScorerScores {
    /// Finds a gene of the variant, or begins it. Rows of a gene come together, so the last gene is looked at first.
    fn gene(&mut self, id: &str, describe: impl FnOnce() -> (String, String)) -> &mut GeneScores {
        let used = &self.genes[..self.genes_used];
        let found = used.iter().rposition(|gene| gene.id == id);
        let index = found.unwrap_or_else(|| {
            if self.genes_used == self.genes.len() {
                self.genes.push(GeneScores::default());
            }
            let gene = &mut self.genes[self.genes_used];
            gene.scores.clear();
            id.clone_into(&mut gene.id);
            (gene.name, gene.strand) = describe();
            self.genes_used += 1;
            self.genes_used - 1
        });
        &mut self.genes[index]
    }
}

/// Writes a summary; of no scores nothing but their count.
fn value(summary: Summary, scores: &Tally<String>, line: &mut String) {
    let extreme = scores.extreme();
    let found = match summary {
        Summary::Max => scores.max(),
        Summary::Min => scores.min(),
        Summary::Mean => scores.mean(),
        Summary::SignedMax => extreme.map(|(score, _)| score),
        Summary::SignedMaxTrack => {
            line.push_str(&extreme.map_or_else(String::new, |(_, track)| encoded(track, &[])));
            None
        }
        Summary::Count => {
            let _ = write!(line, "{}", scores.known());
            None
        }
    };
    if let Some(found) = found {
        number(found, line);
    }
}

/// Writes a number with the fewest digits that read back to it.
pub(crate) fn number(value: f32, line: &mut String) {
    let size = value.abs();
    let _ = if value.is_finite() && size != 0.0 && !(1e-4..1e7).contains(&size) {
        write!(line, "{value:e}")
    } else {
        write!(line, "{value}")
    };
}

/// Writes text as a value of INFO: VCF 4.3, section 1.2, percent-encodes what has a meaning of its own. Spaces and bars
/// are encoded, too: older readers split at them.
///
/// * `keep`: letters that stay.
fn encoded(text: &str, keep: &[char]) -> String {
    let mut found = String::with_capacity(text.len());
    for letter in text.chars() {
        let is_special = matches!(letter, '%' | ';' | '=' | ',' | '|' | ' ') || letter.is_ascii_control();
        if is_special && !keep.contains(&letter) {
            let _ = write!(found, "%{:02X}", u32::from(letter));
        } else {
            found.push(letter);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_letters_of_vcf_is_percent_encoded() {
        assert_eq!(encoded("a b;c=d,e|f%g\th", &[]), "a%20b%3Bc%3Dd%2Ce%7Cf%25g%09h");
        assert_eq!(encoded("chr1:5:A>C", &[]), "chr1:5:A>C");
    }

    #[test]
    fn numbers_read_back_to_themselves() {
        for value in [
            0.0_f32,
            -0.1,
            1.0e-30,
            3.4e38,
            123_456.7,
            f32::MIN_POSITIVE,
            0.000_1,
            -9.999_999e-5,
        ] {
            let mut text = String::new();
            number(value, &mut text);
            assert_eq!(text.parse::<f32>().unwrap(), value, "{text}");
            assert!(text.len() < 16, "{text}");
        }
    }
}
