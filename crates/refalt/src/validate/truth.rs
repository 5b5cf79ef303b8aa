//! Measured effects: a table of variants with a number each, sorted into experiments.
//!
//! METHOD: every row is checked against the reference of the run before anything is joined. Without a word on the allele
//! that effects are of, the effect is that of ALT against REF as written, and a row that would match with REF and ALT
//! swapped is rejected and counted. With one, effects are brought to the genome's ALT ([`crate::measured`]): the sign
//! follows the allele, and how many rows were turned is counted.

use super::carried::AnalysisColumns;
use super::condition::{Condition, LabelRule};
use super::error::ValidateError;
use crate::diagnostic::Diagnostic;
use crate::engine::Rejection;
use crate::lint::EffectWatch;
use crate::measured::{AlleleOrder, EffectAllele, ListedAllele, Orientation, orient};
use crate::reference_fit::ReferenceFit;
use refalt_core::annotation::without_version;
use refalt_core::{Alternate, CheckedVariant, ContigId, Position, Reference, Variant, VariantError, check};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Which columns of the truth table are what.
#[derive(Clone, Debug, PartialEq)]
pub struct TruthColumns {
    /// The measured effect; of ALT against REF as written, unless `effect_allele` says otherwise.
    pub effect: String,
    /// Which allele the effect is of; without it a row whose REF is not the reference is rejected.
    pub effect_allele: Option<EffectAllele>,
    /// The column whose values tell experiments (replicates, cell types) apart; without it there is one experiment,
    /// named after the effect column.
    pub experiment: Option<String>,
    /// The column with the gene of the effect, by id with or without version; with it, two rows are the same when
    /// variant and gene are, and a score by gene is compared with the effect on that gene.
    pub gene: Option<String>,
    /// Rows are kept that meet all of these; a row where a cell is missing is left out.
    pub keep: Vec<Condition>,
    /// Which variants are positives, for AUROC and average precision.
    pub labels: Vec<LabelRule>,
    /// Weights, groups, clusters, covariates and strata.
    pub analysis: AnalysisColumns,
}

impl TruthColumns {
    /// Returns the columns whose cells a [`TruthRow`] carries, each once, in the order of its cells.
    pub fn names(&self) -> Vec<String> {
        let conditions = self.keep.iter().map(Condition::column);
        let labels = self.labels.iter().filter_map(|label| match label {
            LabelRule::Column(condition) => Some(condition.column()),
            LabelRule::Magnitude(_) => None,
        });
        let allele = match &self.effect_allele {
            Some(EffectAllele::Column(column)) => Some(column.as_str()),
            _ => None,
        };
        let all = [self.effect.as_str()].into_iter().chain(allele);
        let all = all.chain(self.experiment.as_deref()).chain(self.gene.as_deref());
        let mut names: Vec<String> = Vec::new();
        let analysis = self.analysis.names();
        for name in all.chain(conditions).chain(labels).chain(analysis) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    }
}

/// A row of the truth table as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TruthRow {
    /// Line or record of the table (1-based).
    pub line: u64,
    /// The variant as written.
    pub text: String,
    /// The variant, or why the row holds none.
    pub variant: Result<Variant, Rejection>,
    /// The cells of [`TruthColumns::names`], in that order, `None` for missing values; empty for a line of which nothing
    /// could be read but the reason in `variant`.
    pub cells: Vec<Option<String>>,
}

/// Where a variant stands in sorted tables: contig in the order of the reference, position, alleles.
pub(super) type Place<'a> = (ContigId, Position, &'a [u8], &'a [u8]);

pub(super) fn place(variant: &CheckedVariant) -> Place<'_> {
    (
        variant.contig_id(),
        variant.position(),
        variant.reference_bases().as_bytes(),
        variant.alternate_bases().as_bytes(),
    )
}

/// What is measured: a variant, or a variant's effect on a gene.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unit {
    pub(super) variant: CheckedVariant,
    /// Id without version, where the truth table is joined by gene.
    pub(super) gene: Option<String>,
}

impl Unit {
    /// Where the unit stands in sorted tables: its variant, then its gene.
    pub(super) fn place(&self) -> (Place<'_>, Option<&str>) {
        (place(&self.variant), self.gene.as_deref())
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.gene {
            None => write!(f, "{}", self.variant),
            Some(gene) => write!(f, "{} and {gene}", self.variant),
        }
    }
}

/// One measured value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measurement {
    pub(super) unit: Unit,
    pub(super) line: u64,
    pub(super) effect: f64,
    /// One for each label rule; `None` where the row has no label.
    pub(super) labels: Vec<Option<bool>>,
    /// The cells of [`AnalysisColumns::names`], in that order.
    pub(super) carried: Arc<[Option<String>]>,
}

/// The measured values of one experiment, sorted by place, no unit twice.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Experiment {
    pub(super) name: String,
    pub(super) measurements: Vec<Measurement>,
}

/// A row of the truth table that is not used, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedRow {
    /// Line or record of the table (1-based).
    pub line: u64,
    /// The variant as written.
    pub variant: String,
    /// The reason in a word.
    pub code: String,
    /// The reason in a sentence.
    pub reason: String,
}

/// What became of the rows of the truth table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TruthCounts {
    /// Rows of the table.
    pub rows: u64,
    /// Rows that do not meet a condition, by the first condition that they fail.
    pub left_out: BTreeMap<String, u64>,
    /// Rows that are not accepted, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// The first rows that are not accepted.
    pub rejected_first: Vec<RejectedRow>,
    /// How the used rows stand to the genome; only when the allele of the effects was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orientation: Option<OrientationCounts>,
    /// Rows that are used.
    pub used: u64,
}

/// How the used rows of a table stand to the genome, and what became of the signs of their effects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OrientationCounts {
    /// Which allele the effects are of, `alt`, `ref` or a column.
    pub effect_allele: String,
    /// Listed ALT is the genome's, and the effect is of it.
    pub as_written: u64,
    /// The effect was of the genome's REF: its sign was turned.
    pub flipped: u64,
    /// Alleles listed in the other order, effect of the genome's ALT: its sign was kept.
    pub reordered: u64,
    /// Rows, of whatever orientation, whose alleles are complements (A/T, C/G): the genome cannot tell their strand.
    pub palindromic: u64,
}

/// Rejected rows that are listed one by one.
const REJECTED_LISTED: usize = 20;
/// Variants that an error names.
const VARIANTS_NAMED: usize = 5;

/// All measured values.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    pub(super) experiments: Vec<Experiment>,
    pub(super) counts: TruthCounts,
    /// For each experiment its effects as written, before any sign was turned.
    watches: Vec<EffectWatch>,
}

impl Truth {
    /// Refuses values that the linter's rule RF006 takes for p-values: their correlation with scores means nothing.
    pub(super) fn refuse_p_values(&self) -> Result<(), ValidateError> {
        for (experiment, watch) in self.experiments.iter().zip(&self.watches) {
            if let Some(evidence) = watch.p_values() {
                return Err(ValidateError::PValues {
                    experiment: experiment.name.clone(),
                    evidence,
                });
            }
        }
        Ok(())
    }

    /// Says of which experiments the effects are all on one side of 0, by the test of the linter's rule RF007.
    ///
    /// * `is_turned`: whether a column says which allele each effect is of; such tables may list the one that raises the trait, unless
    ///   the numbers lie around 1, as ratios do.
    pub(super) fn one_sided(&self, is_turned: bool) -> Vec<String> {
        let doubt = |(experiment, watch): (&Experiment, &EffectWatch)| {
            let evidence = watch.one_sided_of(is_turned)?;
            Some(format!(
                "the measured effects of `{}` have no sign: {evidence}; odds ratios, sizes and p-values look like this, and signs and \
                 signed correlations then mean nothing (`refalt lint --explain RF007`)",
                experiment.name
            ))
        };
        self.experiments.iter().zip(&self.watches).filter_map(doubt).collect()
    }
}

impl Truth {
    /// Reads and checks all rows.
    ///
    /// * `file`: the name of the table.
    pub(super) fn read<E: Diagnostic>(
        rows: impl Iterator<Item = Result<TruthRow, E>>,
        columns: &TruthColumns,
        reference: &dyn Reference,
        file: &str,
    ) -> Result<Self, ValidateError> {
        let cells = CellPlaces::of(columns);
        let mut counts = TruthCounts {
            orientation: columns.effect_allele.as_ref().map(|allele| OrientationCounts {
                effect_allele: allele.to_string(),
                ..OrientationCounts::default()
            }),
            ..TruthCounts::default()
        };
        let mut fit = ReferenceFit::default();
        let mut experiments: Vec<Experiment> = Vec::new();
        let mut watches: Vec<EffectWatch> = Vec::new();
        for row in rows {
            let row = row.map_err(|error| ValidateError::of_truth(&error))?;
            counts.rows += 1;
            if let (Err(rejection), true) = (&row.variant, row.cells.is_empty()) {
                counts.reject(&row, rejection);
                continue;
            }
            if let Some(condition) = cells.first_failed(columns, &row) {
                *counts.left_out.entry(condition.to_string()).or_default() += 1;
                continue;
            }
            match cells.measurement(columns, &row, reference) {
                Ok((name, measurement, orientation)) => {
                    counts.used += 1;
                    fit.add_fit();
                    counts.orient(orientation);
                    let place = experiments.iter().position(|experiment| experiment.name == name);
                    let place = place.unwrap_or_else(|| {
                        experiments.push(Experiment {
                            name,
                            measurements: Vec::new(),
                        });
                        watches.push(EffectWatch::default());
                        experiments.len() - 1
                    });
                    watches[place].add(match orientation.0 {
                        Orientation::Flipped => -measurement.effect,
                        _ => measurement.effect,
                    });
                    experiments[place].measurements.push(measurement);
                }
                Err(rejection) => {
                    fit.add_refused(row.line, &rejection);
                    counts.reject(&row, &rejection);
                }
            }
        }
        fit.check(file)?;
        for experiment in &mut experiments {
            experiment
                .measurements
                .sort_by(|a, b| a.unit.place().cmp(&b.unit.place()).then(a.line.cmp(&b.line)));
        }
        refuse_repeats(&experiments, columns.experiment.is_some())?;
        Ok(Self {
            experiments,
            counts,
            watches,
        })
    }
}

impl TruthCounts {
    /// Counts how a used row stands to the genome.
    fn orient(&mut self, (orientation, is_palindromic): (Orientation, bool)) {
        let Some(counts) = &mut self.orientation else { return };
        match orientation {
            Orientation::Flipped => counts.flipped += 1,
            Orientation::Reordered => counts.reordered += 1,
            Orientation::AsWritten | Orientation::Unchecked => counts.as_written += 1,
        }
        counts.palindromic += u64::from(is_palindromic);
    }

    fn reject(&mut self, row: &TruthRow, rejection: &Rejection) {
        *self.rejected.entry(rejection.code.to_owned()).or_default() += 1;
        if self.rejected_first.len() < REJECTED_LISTED {
            self.rejected_first.push(RejectedRow {
                line: row.line,
                variant: row.text.clone(),
                code: rejection.code.to_owned(),
                reason: rejection.reason.clone(),
            });
        }
    }
}

fn refuse_repeats(experiments: &[Experiment], has_experiments: bool) -> Result<(), ValidateError> {
    let mut total = 0;
    let mut shown = Vec::new();
    for experiment in experiments {
        let same = |a: &Measurement, b: &Measurement| a.unit.place() == b.unit.place();
        for run in experiment.measurements.chunk_by(same).filter(|run| run.len() > 1) {
            total += 1;
            if shown.len() < VARIANTS_NAMED {
                let lines: Vec<String> = run.iter().map(|measurement| measurement.line.to_string()).collect();
                shown.push(format!(
                    "`{}` in `{}` on lines {}",
                    run[0].unit,
                    experiment.name,
                    lines.join(", ")
                ));
            }
        }
    }
    if total == 0 {
        return Ok(());
    }
    Err(ValidateError::MeasuredTwice {
        total,
        shown,
        has_experiments,
    })
}

/// Where in a row's cells each column stands.
struct CellPlaces {
    effect_allele: Option<usize>,
    experiment: Option<usize>,
    gene: Option<usize>,
    keep: Vec<usize>,
    labels: Vec<Option<usize>>,
    carried: Vec<usize>,
}

impl CellPlaces {
    fn of(columns: &TruthColumns) -> Self {
        let names = columns.names();
        let find = |name: &str| names.iter().position(|known| known == name).unwrap_or(0);
        Self {
            effect_allele: match &columns.effect_allele {
                Some(EffectAllele::Column(column)) => Some(find(column)),
                _ => None,
            },
            experiment: columns.experiment.as_deref().map(find),
            gene: columns.gene.as_deref().map(find),
            keep: columns.keep.iter().map(|condition| find(condition.column())).collect(),
            labels: columns
                .labels
                .iter()
                .map(|label| match label {
                    LabelRule::Column(condition) => Some(find(condition.column())),
                    LabelRule::Magnitude(_) => None,
                })
                .collect(),
            carried: columns.analysis.names().into_iter().map(find).collect(),
        }
    }

    fn first_failed<'a>(&self, columns: &'a TruthColumns, row: &TruthRow) -> Option<&'a Condition> {
        let conditions = columns.keep.iter().zip(&self.keep);
        conditions
            .into_iter()
            .find(|(condition, place)| condition.holds(cell(row, **place)) != Some(true))
            .map(|(condition, _)| condition)
    }

    fn measurement(
        &self,
        columns: &TruthColumns,
        row: &TruthRow,
        reference: &dyn Reference,
    ) -> Result<(String, Measurement, (Orientation, bool)), Rejection> {
        let name = match self.experiment {
            None => columns.effect.clone(),
            Some(place) => cell(row, place).map(str::to_owned).ok_or_else(|| Rejection {
                code: "experiment_missing",
                reason: "the row names no experiment".to_owned(),
            })?,
        };
        let gene = match self.gene {
            None => None,
            Some(place) => {
                let id = cell(row, place).map(str::trim).filter(|id| !id.is_empty());
                Some(without_version(id.ok_or_else(|| Rejection {
                    code: "gene_missing",
                    reason: "the row names no gene".to_owned(),
                })?))
            }
        };
        let effect = effect(cell(row, 0))?;
        let written = row.variant.as_ref().map_err(Clone::clone)?;
        let (variant, effect, orientation) = match &columns.effect_allele {
            None => (checked(written, reference)?, effect, (Orientation::AsWritten, false)),
            Some(allele) => {
                let (effect_of, order) = match allele {
                    EffectAllele::Alternate => (ListedAllele::Alternate, AlleleOrder::ReferenceFirst),
                    EffectAllele::Reference => (ListedAllele::Reference, AlleleOrder::ReferenceFirst),
                    EffectAllele::Column(_) => {
                        let cell = self.effect_allele.and_then(|place| cell(row, place));
                        (ListedAllele::of_cell(cell, written)?, AlleleOrder::Unknown)
                    }
                };
                let oriented = orient(written, effect_of, order, reference)?;
                let effect = oriented.effect(effect);
                let orientation = (oriented.orientation, oriented.is_palindromic);
                (oriented.variant, effect, orientation)
            }
        };
        let labels = columns.labels.iter().zip(&self.labels).map(|(rule, place)| match rule {
            LabelRule::Magnitude(least) => Some(effect.abs() >= *least),
            LabelRule::Column(condition) => condition.holds(place.and_then(|place| cell(row, place))),
        });
        let measurement = Measurement {
            labels: labels.collect(),
            carried: self
                .carried
                .iter()
                .map(|&place| cell(row, place).map(str::to_owned))
                .collect(),
            unit: Unit {
                variant,
                gene: gene.map(str::to_owned),
            },
            line: row.line,
            effect,
        };
        Ok((name, measurement, orientation))
    }
}

fn cell(row: &TruthRow, place: usize) -> Option<&str> {
    row.cells.get(place)?.as_deref()
}

fn effect(cell: Option<&str>) -> Result<f64, Rejection> {
    let text = cell.ok_or_else(|| Rejection {
        code: "effect_missing",
        reason: "the row has no measured effect".to_owned(),
    })?;
    match text.trim().parse::<f64>() {
        Ok(effect) if effect.is_finite() => Ok(effect),
        _ => Err(Rejection {
            code: "effect_not_number",
            reason: format!("the measured effect `{text}` is not a finite number"),
        }),
    }
}

/// Checks a variant and says so when REF and ALT seem to be swapped.
fn checked(variant: &Variant, reference: &dyn Reference) -> Result<CheckedVariant, Rejection> {
    let error = match check(variant, reference) {
        Ok(checked) => return Ok(checked),
        Err(error) => error,
    };
    let rejection = Rejection::from(&error);
    let (VariantError::ReferenceMismatch { .. }, Alternate::Bases(alternate)) = (&error, &variant.alternate) else {
        return Err(rejection);
    };
    let swapped = Variant {
        reference_bases: alternate.clone(),
        alternate: Alternate::Bases(variant.reference_bases.clone()),
        ..variant.clone()
    };
    if check(&swapped, reference).is_err() {
        return Err(rejection);
    }
    Err(Rejection {
        code: "swapped",
        reason: format!(
            "{}; with REF and ALT swapped it would match: name the allele that the effect is of (--effect-allele)",
            rejection.reason
        ),
    })
}
