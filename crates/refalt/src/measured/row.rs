//! A line of a file of measured effects: cells by the columns of its format, and what a format makes of them.

use super::orient::ListedAllele;
use crate::engine::Rejection;
use crate::io::table::Cells;
use crate::io::variants::ids::{self, ParsedId};
use crate::io::variants::{RowProblem, variant_of_cells};
use refalt_core::{Assembly, Variant};

/// What the first position of a contig is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// 1, as in VCF.
    One,
    /// 0, as the starts of BED.
    Zero,
}

/// What a format reads from a line.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// The variant as written.
    pub(super) text: String,
    /// The assembly that the row states.
    pub(super) said_assembly: Option<Assembly>,
    /// The variant, alleles as listed, or why there is none.
    pub(super) variant: Result<Variant, RowProblem>,
    pub(super) effect: f64,
    pub(super) se: Option<f64>,
    pub(super) p: Option<f64>,
    pub(super) gene: Option<String>,
    pub(super) feature: Option<String>,
    pub(super) experiment: Option<String>,
    pub(super) weight: Option<f64>,
    pub(super) name: Option<String>,
}

impl Written {
    fn of(text: String, parsed: ParsedId) -> Self {
        Self {
            text,
            said_assembly: parsed.said_assembly,
            variant: parsed.variant,
            effect: f64::NAN,
            se: None,
            p: None,
            gene: None,
            feature: None,
            experiment: None,
            weight: None,
            name: None,
        }
    }
}

/// The cells of a line, by the number of the column in its format.
pub(super) struct RowView<'a> {
    pub(super) cells: &'a Cells,
    /// Where the columns of the format stand.
    pub(super) places: &'a [Option<usize>],
    /// Their names.
    pub(super) columns: &'a [super::format::Column],
    /// The file or the member of the archive.
    pub(super) file: &'a str,
}

impl<'a> RowView<'a> {
    /// Returns the name of the file or member.
    pub(super) fn file(&self) -> &'a str {
        self.file
    }

    /// Returns the name of a column.
    pub(super) fn name(&self, column: usize) -> &'static str {
        self.columns[column].name
    }

    fn cell(&self, column: usize) -> Option<&'a str> {
        self.cells.get((*self.places.get(column)?)?)
    }

    /// Returns a cell as text; `None` for missing values.
    pub(super) fn text(&self, column: usize) -> Option<String> {
        self.cell(column).map(str::to_owned)
    }

    /// Returns a cell as a finite number; `None` for missing values.
    pub(super) fn number(&self, column: usize) -> Result<Option<f64>, Rejection> {
        number(self.cell(column), self.name(column))
    }

    /// Returns the effect.
    pub(super) fn effect(&self, column: usize) -> Result<f64, Rejection> {
        effect(self.cell(column), self.name(column))
    }

    /// Returns a standard error, which is not below 0.
    pub(super) fn standard_error(&self, column: usize) -> Result<Option<f64>, Rejection> {
        standard_error(self.cell(column), self.name(column))
    }

    /// Returns a p-value or a probability.
    pub(super) fn probability(&self, column: usize) -> Result<Option<f64>, Rejection> {
        probability(self.cell(column), self.name(column))
    }

    /// Returns the p-value of its -log10.
    pub(super) fn minus_log10(&self, column: usize) -> Result<Option<f64>, Rejection> {
        match self.number(column)? {
            Some(value) if value < 0.0 => Err(Rejection {
                code: "p_out_of_range",
                reason: format!(
                    "`{}` is {value}; a -log10 of a p-value is not below 0",
                    self.name(column)
                ),
            }),
            value => Ok(value.map(|value| 10f64.powf(-value))),
        }
    }

    /// Returns what the row says of its variant, for messages about rows that are not read.
    pub(super) fn written_variant(&self) -> String {
        const WORDS: [&str; 6] = ["variant_id", "variant", "name", "snp", "v", "ID"];
        const PLACE: [&str; 4] = ["chr", "chrom", "Chrom", "chromosome"];
        let of = |names: &[&str]| {
            let at = self.columns.iter().position(|column| names.contains(&column.name));
            at.and_then(|column| self.cell(column).map(|cell| (column, cell)))
        };
        match of(&PLACE) {
            // The contig, the position and the alleles stand first in every format that has them apart.
            Some((0, contig)) => {
                let rest: Vec<&str> = (1..4).filter_map(|column| self.cell(column)).collect();
                format!("{contig}:{}", rest.join(":"))
            }
            _ => of(&WORDS).map(|(_, word)| word.to_owned()).unwrap_or_default(),
        }
    }

    /// Reads the variant from a word.
    pub(super) fn word(&self, column: usize) -> Written {
        let text = self.cell(column).unwrap_or_default().to_owned();
        let parsed = ids::parse(&text);
        Written::of(text, parsed)
    }

    /// Reads the variant from cells of its own.
    pub(super) fn cells(
        &self,
        contig: usize,
        position: usize,
        base: Base,
        reference: usize,
        alternate: usize,
    ) -> Written {
        self.cells_or([contig, position, reference, alternate], base, "")
    }

    /// As [`cells`](Self::cells), for a format in which an empty cell is an allele without bases.
    pub(super) fn cells_with_empty(&self, columns: [usize; 4], base: Base) -> Written {
        self.cells_or(columns, base, "-")
    }

    fn cells_or(&self, [contig, position, reference, alternate]: [usize; 4], base: Base, empty: &str) -> Written {
        let [contig, position] = [contig, position].map(|column| self.cell(column).unwrap_or_default());
        let [reference, alternate] = [reference, alternate].map(|column| self.cell(column).unwrap_or(empty));
        let counts = if base == Base::Zero { "start0=" } else { "" };
        Written::of(
            format!("{contig}:{counts}{position}:{reference}>{alternate}"),
            variant_of_cells(contig, position, base == Base::Zero, reference, alternate),
        )
    }
}

/// Refuses a row that has not as many cells as the header: those behind a lost or an added one stand under other names.
pub(super) fn check_count(cells: &Cells, header: usize) -> Result<(), Rejection> {
    if cells.count() == header {
        return Ok(());
    }
    Err(Rejection {
        code: "field_count",
        reason: format!("the row has {} columns, the header {header}", cells.count()),
    })
}

/// Reads a finite number.
pub(super) fn number(cell: Option<&str>, column: &str) -> Result<Option<f64>, Rejection> {
    let Some(text) = cell else { return Ok(None) };
    match text.trim().parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Some(value)),
        _ => Err(Rejection {
            code: "not_a_number",
            reason: format!("`{column}` is `{text}`, which is not a finite number"),
        }),
    }
}

/// Reads the effect of a row, which has to be there.
pub(super) fn effect(cell: Option<&str>, column: &str) -> Result<f64, Rejection> {
    let Some(text) = cell else {
        return Err(Rejection {
            code: "effect_missing",
            reason: format!("`{column}` is missing"),
        });
    };
    match number(Some(text), column) {
        Ok(Some(value)) => Ok(value),
        _ => Err(Rejection {
            code: "effect_not_number",
            reason: format!("the effect `{text}` in `{column}` is not a finite number"),
        }),
    }
}

/// Reads a standard error.
pub(super) fn standard_error(cell: Option<&str>, column: &str) -> Result<Option<f64>, Rejection> {
    match number(cell, column)? {
        Some(value) if value < 0.0 => Err(Rejection {
            code: "se_below_zero",
            reason: format!("the standard error `{column}` is {value}"),
        }),
        value => Ok(value),
    }
}

/// Reads a probability.
pub(super) fn probability(cell: Option<&str>, column: &str) -> Result<Option<f64>, Rejection> {
    match number(cell, column)? {
        Some(value) if !(0.0..=1.0).contains(&value) => Err(Rejection {
            code: "p_out_of_range",
            reason: format!("`{column}` is {value}; a probability lies within 0 and 1"),
        }),
        value => Ok(value),
    }
}

/// A cell of a column that is not of the standard ones.
#[derive(Clone, Debug, PartialEq)]
pub enum Extra {
    /// A text, as written.
    Text(Option<String>),
    /// A number.
    Number(Option<f64>),
}

/// What is measured besides the effect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    /// Standard error of the effect.
    pub se: Option<f64>,
    /// p-value.
    pub p: Option<f64>,
    /// Gene of the effect, by id as written.
    pub gene: Option<String>,
    /// What else the effect is on: an intron, a peak, a molecular trait.
    pub feature: Option<String>,
    /// The experiment: tissue, cell type, factor, element.
    pub experiment: Option<String>,
    /// A weight, as the posterior inclusion probability.
    pub weight: Option<f64>,
    /// The name of the row.
    pub name: Option<String>,
    /// Cells of further columns, in the order asked for.
    pub extras: Vec<Extra>,
}

impl Details {
    /// Returns the cell of a column as text, of one carried along by its place among `extras`.
    pub(super) fn cell(&self, column: &str, extras: &[String]) -> Option<String> {
        let number = |value: Option<f64>| value.map(|value| value.to_string());
        match column {
            "se" => number(self.se),
            "p" => number(self.p),
            "gene" => self.gene.clone(),
            "feature" => self.feature.clone(),
            "experiment" => self.experiment.clone(),
            "weight" => number(self.weight),
            "name" => self.name.clone(),
            _ => match self.extras.get(extras.iter().position(|name| name == column)?)? {
                Extra::Text(text) => text.clone(),
                Extra::Number(value) => number(*value),
            },
        }
    }
}

/// A measured effect as listed, before it meets a genome.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedEffect {
    /// Line or record of the file (1-based).
    pub line: u64,
    /// The variant as written.
    pub text: String,
    /// The assembly that the row states.
    pub said_assembly: Option<Assembly>,
    /// The variant with its alleles as listed; `None` for an effect that is of no variant, known by name only.
    pub variant: Option<Variant>,
    /// The effect, of `effect_of` against the other allele.
    pub effect: f64,
    /// The allele that the effect is of.
    pub effect_of: ListedAllele,
    /// The rest.
    pub details: Details,
}

/// A line that is no measured effect.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedLine {
    /// Line or record of the file (1-based).
    pub line: u64,
    /// The variant as written.
    pub text: String,
    /// Why.
    pub rejection: Rejection,
}
