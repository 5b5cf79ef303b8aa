//! What the user chooses of the layout of the score table.

use std::fmt;

/// How scores are laid out in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One row for each score.
    #[default]
    Tidy,
    /// One folder for each scorer, one row for each variant (and gene, and junction), one column for each track.
    Wide,
}

impl Layout {
    /// Every layout.
    pub const ALL: [Self; 2] = [Self::Tidy, Self::Wide];

    /// Returns the name: `tidy`, `wide`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tidy => "tidy",
            Self::Wide => "wide",
        }
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is written of the scores, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableOptions {
    /// The layout.
    pub layout: Layout,
    /// Whether the terms of REF and ALT stand beside the scores.
    pub terms: bool,
    /// Whether rows whose gene and track lie on different strands are left out.
    pub match_gene_strand: bool,
    /// Whether the tracks of the two strands become one for scorers by gene: that of the gene's strand.
    pub merge_stranded: bool,
}

impl Default for TableOptions {
    /// The tidy table with strands matched, which is the published default, and stranded tracks as the model gives them.
    fn default() -> Self {
        Self {
            layout: Layout::Tidy,
            terms: false,
            match_gene_strand: true,
            merge_stranded: false,
        }
    }
}
