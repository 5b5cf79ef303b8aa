//! The formats of measured effects that are known by their headers.
//!
//! A format is one file with its columns, what its effect is and of which allele, the source of that, and a function from
//! cells to a row; and a line in [`FORMATS`]. Columns are found by name. Help texts and `docs/measured.md` are made of the
//! table.

mod adastra;
mod afgr;
mod allele_counts;
mod element_bed;
mod element_counts;
mod eqtl_catalogue;
mod finngen_susie;
mod gtex;
mod gvatdb;
mod igvf_mpra;
mod satmut;
mod tewhey;

pub(super) use gtex::tissue as gtex_tissue;

use super::counts::CountColumns;
use super::error::MeasuredError;
use super::orient::AlleleOrder;
use super::row::{RowView, Written};
use crate::engine::Rejection;
use crate::io::variants::AssemblyClue;
use refalt_core::Assembly;
use refalt_core::nearest::nearest;

/// A column of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// What it holds.
    pub holds: &'static str,
    /// Whether a file without it is not of the format.
    pub is_required: bool,
}

const fn required(name: &'static str, holds: &'static str) -> Column {
    Column {
        name,
        holds,
        is_required: true,
    }
}

const fn optional(name: &'static str, holds: &'static str) -> Column {
    Column {
        name,
        holds,
        is_required: false,
    }
}

/// Which allele the effects of a format are of, by its documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatedAllele {
    /// The allele listed as ALT.
    Alternate,
    /// The allele listed as REF.
    Reference,
    /// The documentation does not say: the user has to.
    NotStated,
}

impl StatedAllele {
    /// Returns the word that the user would give.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alternate => "alt",
            Self::Reference => "ref",
            Self::NotStated => "not stated",
        }
    }
}

/// Makes a row of cells.
pub(super) type ReadRow = fn(&RowView<'_>) -> Result<Written, Rejection>;

/// How a file of a format becomes rows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Each line is a measured effect.
    Rows(ReadRow),
    /// Lines are counts, of which effects are made.
    Counts(CountColumns),
    /// The file holds no effects of variants: why, and what it is good for.
    Refused(&'static str, &'static str),
}

/// A format of measured effects.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The name that `--format` takes.
    pub name: &'static str,
    /// What the files are.
    pub title: &'static str,
    /// What the effect is, and its unit.
    pub effect: &'static str,
    /// Which allele it is of.
    pub allele: StatedAllele,
    /// What the order of the alleles says.
    pub order: AlleleOrder,
    /// Whether the alleles are those of the forward strand, so that complements are no matter.
    pub is_forward: bool,
    /// The assembly of the positions, when the format has one.
    pub assembly: Option<Assembly>,
    /// Where columns and effect allele are defined.
    pub source: &'static str,
    /// The columns used.
    pub columns: &'static [Column],
    /// Names that mean another format.
    pub(super) absent: &'static [&'static str],
    /// Number of columns of a file without header, in the order of `columns`; for formats that define an order.
    pub(super) headerless: Option<usize>,
    /// Whether rows name genes.
    pub(super) has_genes: bool,
    /// Whether rows tell experiments apart.
    pub(super) has_experiments: bool,
    pub(super) kind: Kind,
}

/// Every format, in the order of the documentation.
pub static FORMATS: &[&Format] = &[
    &gtex::EQTL,
    &gtex::SQTL,
    &eqtl_catalogue::CREDIBLE_SETS,
    &eqtl_catalogue::SUMMARY,
    &finngen_susie::FORMAT,
    &afgr::EQTL,
    &afgr::CAQTL,
    &afgr::SQTL,
    &adastra::FORMAT,
    &gvatdb::FORMAT,
    &igvf_mpra::FORMAT,
    &element_bed::FORMAT,
    &satmut::FORMAT,
    &tewhey::FORMAT,
    &allele_counts::FORMAT,
    &element_counts::FORMAT,
];

/// The name that stands for a table whose columns the user names.
pub const FREE_TABLE: &str = "table";

impl Format {
    /// Finds a format by name.
    ///
    /// # Errors
    /// [`MeasuredError::FormatUnknown`].
    pub fn named(name: &str) -> Result<&'static Self, MeasuredError> {
        let found = FORMATS.iter().find(|format| format.name == name);
        found.copied().ok_or_else(|| {
            let known = FORMATS.iter().map(|format| format.name).chain([FREE_TABLE, "auto"]);
            MeasuredError::FormatUnknown {
                found: name.to_owned(),
                nearest: nearest(name, known),
            }
        })
    }

    /// Returns what the definition of the format states of the assembly.
    pub(super) fn assembly_clue(&self) -> Option<AssemblyClue> {
        Some(AssemblyClue {
            assembly: self.assembly?,
            line: 1,
            text: format!("positions of `{}`", self.name).into(),
        })
    }

    /// Says whether the values are effects of alleles; else they are activities of elements.
    pub fn is_of_alleles(&self) -> bool {
        match &self.kind {
            Kind::Rows(_) => true,
            Kind::Counts(columns) => columns.dna.contains("{allele}"),
            Kind::Refused(..) => false,
        }
    }

    /// Finds the format of a header.
    ///
    /// * `header`: the names of the columns; made-up ones when `has_header` is false.
    ///
    /// # Errors
    /// [`MeasuredError::NotRecognised`] with the format that comes nearest, [`MeasuredError::Ambiguous`] when several fit.
    pub(super) fn of_header(file: &str, header: &[String], has_header: bool) -> Result<&'static Self, MeasuredError> {
        let fitting: Vec<&'static Self> = FORMATS
            .iter()
            .copied()
            .filter(|format| format.fits(header, has_header))
            .collect();
        match fitting.as_slice() {
            [format] => Ok(format),
            [] => Err(not_recognised(file, header, has_header)),
            several => Err(MeasuredError::Ambiguous {
                file: file.to_owned(),
                formats: several.iter().map(|format| format.name).collect(),
            }),
        }
    }

    fn fits(&self, header: &[String], has_header: bool) -> bool {
        if !has_header {
            return self.headerless == Some(header.len());
        }
        let has = |name: &str| header.iter().any(|column| column == name);
        if self.absent.iter().any(|name| has(name)) {
            return false;
        }
        match &self.kind {
            Kind::Counts(columns) => self.missing(header).is_empty() && columns.find(header).is_ok(),
            _ => self.missing(header).is_empty(),
        }
    }

    /// Returns the required columns that a header lacks.
    pub(super) fn missing(&self, header: &[String]) -> Vec<&'static str> {
        let required = self.columns.iter().filter(|column| column.is_required);
        required
            .map(|column| column.name)
            .filter(|name| !header.iter().any(|column| column == name))
            .collect()
    }

    /// Returns where each column of the format stands (indices, 0-based).
    ///
    /// # Errors
    /// [`MeasuredError::ColumnsMissing`], [`MeasuredError::ColumnTwice`].
    pub(super) fn places(
        &self,
        file: &str,
        header: &[String],
        has_header: bool,
    ) -> Result<Vec<Option<usize>>, MeasuredError> {
        if !has_header && self.headerless == Some(header.len()) {
            return Ok((0..self.columns.len()).map(Some).collect());
        }
        let missing = if has_header {
            self.missing(header)
        } else {
            self.columns.iter().map(|column| column.name).collect()
        };
        if !missing.is_empty() {
            return Err(MeasuredError::ColumnsMissing {
                file: file.to_owned(),
                format: self.name,
                missing,
                has_header,
            });
        }
        self.columns
            .iter()
            .map(|column| {
                let mut found = header.iter().enumerate().filter(|(_, name)| *name == column.name);
                let place = found.next().map(|(place, _)| place);
                match found.next() {
                    None => Ok(place),
                    Some(_) => Err(MeasuredError::ColumnTwice {
                        file: file.to_owned(),
                        column: column.name.to_owned(),
                    }),
                }
            })
            .collect()
    }
}

/// Names the format of which the fewest columns are missing, when at least half of them are there.
fn not_recognised(file: &str, header: &[String], has_header: bool) -> MeasuredError {
    let near = |format: &&'static Format| {
        let missing = format.missing(header);
        let required = format.columns.iter().filter(|column| column.is_required).count();
        (!missing.is_empty() && missing.len() * 2 <= required).then_some((format.name, missing))
    };
    let closest = has_header
        .then(|| FORMATS.iter().filter_map(near).min_by_key(|(_, missing)| missing.len()))
        .flatten();
    MeasuredError::NotRecognised {
        file: file.to_owned(),
        closest,
        header: if has_header { header.to_vec() } else { Vec::new() },
        columns: header.len(),
    }
}
