//! What the study cannot say.

use super::super::Findings;
use crate::report::{Block, Section};
use refalt_core::Reference;

/// Makes the section.
pub(super) fn section(findings: &Findings<'_>) -> Section {
    let manifest = &findings.scores.manifest;
    let mut items = vec![
        format!(
            "The reference is {}: {}.",
            findings.file.reference.stated_assembly,
            findings.reference.assembly()
        ),
        "A motif knows the sequence that a factor prefers. It does not know which factors a cell has, chromatin, \
         cooperation, or the distance to the start site."
            .to_owned(),
        "One element of a few hundred bases is one locus: its variants share sites, so the number of independent \
         observations is far below the number of variants."
            .to_owned(),
        "A reporter measures a fragment outside its chromosome; effects that need the surroundings are not in it."
            .to_owned(),
        "The tracks were not chosen before the comparison. What holds for the strongest of several hundred holds after \
         selection."
            .to_owned(),
    ];
    let known = findings.file.score.window_bp;
    items.push(format!(
        "Windows are {known} bp; where the reference has no bases they read N, and the column `window_known` of the score \
         table says how much was known. Scores of this model use the 4 bins of 128 bp around the variant and the motif \
         widths beside them."
    ));
    if manifest.counts.rejected_total() + manifest.counts.failed > 0 {
        items.push(format!(
            "{} input rows were not scored; the variant table says why.",
            manifest.counts.rejected_total() + manifest.counts.failed
        ));
    }
    Section {
        heading: "What this cannot say".to_owned(),
        anchor: "limits".to_owned(),
        blocks: vec![Block::List { items }],
    }
}
