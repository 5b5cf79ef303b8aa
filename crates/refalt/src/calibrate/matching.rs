//! A background drawn to resemble the variants in question.
//!
//! METHOD: the values of the targets are cut into bins at their own quantiles, covariate by covariate; a stratum is a
//! combination of bins. From each stratum as many background variants are drawn for each of its targets as are asked for,
//! without replacement, fewer where the stratum runs out. How well that goes is the standardised mean difference before and
//! after, (mean of targets - mean of background) / sqrt((variance + variance) / 2); below 0.1 is taken as balanced.
//!
//! Targets that are in the background are not drawn. Variants without a covariate are left out and counted.
//!
//! # Source
//! Austin (2009), Balance diagnostics for comparing the distribution of baseline covariates, doi:10.1002/sim.3697.

use super::background::Roles;
use super::covariate::{Covariate, Surroundings};
use super::error::CalibrateError;
use crate::engine::Manifest;
use crate::io::fasta::FastaReference;
use crate::io::genes::{self, Genes, OpenOptions};
use crate::io::variants::{self, ColumnMap, ReadOptions, Source};
use crate::provenance::FileIdentity;
use crate::reference_assembly::ReferenceAssembly;
use crate::score_folder::ScoreFolder;
use crate::scoring::input_row;
use refalt_core::stats::{Purpose, RandomStream, quantile};
use refalt_core::{Assembly, check};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZeroU32;
use std::path::PathBuf;

/// The standardised mean difference below which a covariate is taken as balanced (Austin 2009).
pub const BALANCED: f64 = 0.1;

/// What the background is matched to, and by what.
#[derive(Clone, Debug)]
pub struct MatchRequest {
    /// What variants are matched by.
    pub covariates: Vec<Covariate>,
    /// The variants in question, with the columns of the covariates.
    pub targets: Source,
    /// Columns that make the variants of both tables.
    pub columns: ColumnMap,
    /// The variants of the background with the columns of the covariates, where there are such.
    pub background: Option<Source>,
    /// The reference that the background was scored with.
    pub reference: PathBuf,
    /// The gene annotation, for the distance to a start.
    pub genes: Option<PathBuf>,
    /// Column (in VCF: INFO key) of the allele frequency.
    pub maf_column: String,
    /// Bases around a variant whose G and C are counted, the variant in the middle.
    pub gc_window_bp: u32,
    /// Background variants for each target.
    pub per_target: NonZeroU32,
    /// Bins of each covariate.
    pub bins: NonZeroU32,
}

/// A covariate before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// The covariate, on the scale on which it is matched.
    pub covariate: String,
    /// Mean of the targets.
    pub targets: f64,
    /// Mean of the whole background.
    pub before: f64,
    /// Mean of what was drawn.
    pub after: f64,
    /// Standardised mean difference of the whole background; none where neither side varies.
    pub difference_before: Option<f64>,
    /// That of what was drawn.
    pub difference_after: Option<f64>,
}

/// How the background was drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchReport {
    /// The table of targets.
    pub targets_file: FileIdentity,
    /// The table of the background's covariates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_file: Option<FileIdentity>,
    /// The gene annotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genes_file: Option<FileIdentity>,
    /// Column of the allele frequency.
    pub maf_column: String,
    /// Bases around a variant whose G and C are counted.
    pub gc_window_bp: u32,
    /// Background variants asked for, for each target.
    pub per_target: u32,
    /// Bins of each covariate asked for.
    pub bins: u32,
    /// Distinct target variants.
    pub targets: u64,
    /// Rows of the table of targets whose variant is not accepted, by reason.
    pub targets_rejected: BTreeMap<String, u64>,
    /// Rows of the table of targets whose variant stands in an earlier row.
    pub targets_repeated: u64,
    /// Targets that lack a covariate.
    pub targets_without_covariates: u64,
    /// The covariate that they lack, the first one, with their number.
    pub targets_lack: BTreeMap<String, u64>,
    /// Targets in whose stratum the background has no variant.
    pub targets_unmatched: u64,
    /// Targets whose stratum gives fewer variants than asked for.
    pub targets_short: u64,
    /// Background variants that lack a covariate.
    pub background_without_covariates: u64,
    /// Background variants that are targets; they are not drawn.
    pub background_in_targets: u64,
    /// Background variants that could be drawn.
    pub candidates: u64,
    /// Background variants drawn.
    pub drawn: u64,
    /// The covariates before and after.
    pub balance: Vec<Balance>,
    /// The covariates that are not balanced after.
    pub unbalanced: Vec<String>,
}

impl Balance {
    /// Says whether what was drawn resembles the targets: a difference of [`BALANCED`] or less.
    ///
    /// Where neither side varies, only equal means do.
    pub fn is_balanced(&self) -> bool {
        self.difference_after
            .map_or(self.targets == self.after, |difference| difference.abs() <= BALANCED)
    }
}

/// Draws the background, and leaves the drawn variants in `roles`.
pub(super) fn draw(
    request: &MatchRequest,
    folder: &ScoreFolder,
    seed: u64,
    roles: &mut Roles,
) -> Result<MatchReport, CalibrateError> {
    let given = Given::open(request, folder)?;
    let mut report = given.report(request)?;
    let (targets, ids) = given.targets(request, &mut report)?;
    let background = given.background(request, folder, &ids, &mut report)?;
    let edges = edges(&targets, request);
    let stratum = |values: &[f64]| -> Vec<usize> {
        let bin = |(value, edges): (&f64, &Vec<f64>)| edges.partition_point(|edge| edge < value);
        values.iter().zip(&edges).map(bin).collect()
    };
    let mut strata: BTreeMap<Vec<usize>, (u64, Vec<usize>)> = BTreeMap::new();
    for values in &targets {
        strata.entry(stratum(values)).or_default().0 += 1;
    }
    for (place, candidate) in background.iter().enumerate() {
        if let Some((_, places)) = strata.get_mut(&stratum(&candidate.values)) {
            places.push(place);
        }
    }
    let mut drawn = Vec::new();
    for (number, (wanted, mut places)) in strata.into_values().enumerate() {
        let asked = usize::try_from(wanted * u64::from(request.per_target.get())).unwrap_or(usize::MAX);
        if places.is_empty() {
            report.targets_unmatched += wanted;
        } else if places.len() < asked {
            report.targets_short += wanted;
        }
        RandomStream::new(seed, Purpose::Sampling, 1 << 40 | number as u64).shuffle(&mut places);
        drawn.extend(places.into_iter().take(asked));
    }
    if drawn.is_empty() {
        return Err(nothing(&report));
    }
    drawn.sort_unstable();
    report.drawn = drawn.len() as u64;
    let column = |of: &mut dyn Iterator<Item = &Vec<f64>>, index: usize| -> Vec<f64> {
        of.map(|values| values[index]).collect()
    };
    for (index, covariate) in request.covariates.iter().enumerate() {
        let wanted = column(&mut targets.iter(), index);
        let all = column(&mut background.iter().map(|candidate| &candidate.values), index);
        let chosen = column(&mut drawn.iter().map(|&place| &background[place].values), index);
        report.balance.push(Balance {
            covariate: covariate.to_string(),
            targets: moments(&wanted).0,
            before: moments(&all).0,
            after: moments(&chosen).0,
            difference_before: difference(&wanted, &all),
            difference_after: difference(&wanted, &chosen),
        });
    }
    let unbalanced = report.balance.iter().filter(|balance| !balance.is_balanced());
    report.unbalanced = unbalanced.map(|balance| balance.covariate.clone()).collect();
    let rows: Vec<u64> = drawn.iter().map(|&place| background[place].row).collect();
    roles.keep(&rows);
    Ok(report)
}

/// Says why no background variant is drawn.
fn nothing(report: &MatchReport) -> CalibrateError {
    let counted = |counts: &BTreeMap<String, u64>| {
        let each = counts.iter().map(|(what, count)| format!("{count} {what}"));
        each.collect::<Vec<_>>().join(", ")
    };
    let rejected: u64 = report.targets_rejected.values().sum();
    let also = match rejected {
        0 => String::new(),
        _ => format!("; {rejected} rows were rejected: {}", counted(&report.targets_rejected)),
    };
    let file = &report.targets_file.name;
    let (why, remedy) = if report.targets == 0 && rejected > 0 {
        (
            format!(
                "all {rejected} rows of `{file}` are rejected: {}",
                counted(&report.targets_rejected)
            ),
            "the targets have to be on the reference of the run; `refalt vet TARGETS --reference FASTA` says what is wrong with each",
        )
    } else if report.targets == 0 {
        (
            format!("`{file}` has no rows"),
            "give the variants in question with --targets",
        )
    } else if report.targets == report.targets_without_covariates {
        (
            format!(
                "none of {} target variants has all covariates; without: {}{also}",
                report.targets,
                counted(&report.targets_lack)
            ),
            "fill the columns of the targets, or match by other covariates; a gene annotation has to have the contigs of the run",
        )
    } else if report.candidates == 0 {
        (
            format!(
                "no background variant is left: {} are targets, {} lack a covariate{also}",
                report.background_in_targets, report.background_without_covariates
            ),
            "score a background of other variants, and give their covariates with --variants-meta",
        )
    } else {
        (
            format!(
                "no background variant lies in a bin of the {} target variants{also}",
                report.targets
            ),
            "use fewer bins (--match-bins) or covariates, or score a background that covers the targets",
        )
    };
    CalibrateError::NothingMatched { why, remedy }
}

/// Mean and variance (n - 1).
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, if n > 1.0 { squares / (n - 1.0) } else { 0.0 })
}

fn difference(targets: &[f64], others: &[f64]) -> Option<f64> {
    let ((mean, variance), (other_mean, other_variance)) = (moments(targets), moments(others));
    let spread = ((variance + other_variance) / 2.0).sqrt();
    (spread > 0.0).then(|| (mean - other_mean) / spread)
}

/// The edges between bins of each covariate: quantiles of the targets, each once.
fn edges(targets: &[Vec<f64>], request: &MatchRequest) -> Vec<Vec<f64>> {
    let bins = request.bins.get();
    let of = |index: usize| {
        let column: Vec<f64> = targets.iter().map(|values| values[index]).collect();
        let mut edges: Vec<f64> = (1..bins)
            .filter_map(|bin| quantile(&column, f64::from(bin) / f64::from(bins)).ok())
            .collect();
        edges.dedup();
        edges
    };
    (0..request.covariates.len()).map(of).collect()
}

/// A background variant that may be drawn.
struct Candidate {
    row: u64,
    values: Vec<f64>,
}

/// The files, opened.
struct Given {
    reference: FastaReference,
    assembly: ReferenceAssembly,
    genes: Option<Genes>,
    genes_file: Option<FileIdentity>,
}

impl Given {
    fn open(request: &MatchRequest, folder: &ScoreFolder) -> Result<Self, CalibrateError> {
        let needs = |covariate: &Covariate, needs| CalibrateError::CovariateNeeds {
            covariate: covariate.to_string(),
            needs,
        };
        for covariate in &request.covariates {
            if *covariate == Covariate::TssDistance && request.genes.is_none() {
                return Err(needs(covariate, "a gene annotation (--genes)"));
            }
            if covariate.is_column() && request.background.is_none() {
                return Err(needs(
                    covariate,
                    "a table of the background's variants with that column (--variants-meta)",
                ));
            }
        }
        let reference = FastaReference::open(&request.reference)?;
        let given = identity(&request.reference)?;
        let manifest: Manifest = crate::engine::ledger::read_json(&folder.path().join("manifest.json"))?;
        let of_run = &manifest.identity.reference;
        if of_run.sha256 != given.sha256 {
            return Err(CalibrateError::OtherReference {
                run: of_run.name.clone(),
                run_sha256: of_run.sha256.get(..12).unwrap_or(&of_run.sha256).to_owned(),
                given: given.name,
            });
        }
        let stated = manifest
            .identity
            .stated_assembly
            .as_deref()
            .and_then(Assembly::from_name);
        let assembly = ReferenceAssembly::of(&reference, stated)?;
        let genes = match &request.genes {
            Some(path) => Some(genes::open(path, &OpenOptions::default()).map_err(Box::new)?.0),
            None => None,
        };
        Ok(Self {
            reference,
            assembly,
            genes,
            genes_file: request.genes.as_deref().map(identity).transpose()?,
        })
    }

    fn report(&self, request: &MatchRequest) -> Result<MatchReport, CalibrateError> {
        let file = |source: &Source| match source {
            Source::Path(path) | Source::Kept { path, .. } => identity(path),
            other => Ok(FileIdentity {
                name: other.name(),
                bytes: 0,
                sha256: String::new(),
            }),
        };
        Ok(MatchReport {
            targets_file: file(&request.targets)?,
            background_file: request.background.as_ref().map(file).transpose()?,
            genes_file: self.genes_file.clone(),
            maf_column: request.maf_column.clone(),
            gc_window_bp: request.gc_window_bp,
            per_target: request.per_target.get(),
            bins: request.bins.get(),
            targets: 0,
            targets_rejected: BTreeMap::new(),
            targets_repeated: 0,
            targets_without_covariates: 0,
            targets_lack: BTreeMap::new(),
            targets_unmatched: 0,
            targets_short: 0,
            background_without_covariates: 0,
            background_in_targets: 0,
            candidates: 0,
            drawn: 0,
            balance: Vec::new(),
            unbalanced: Vec::new(),
        })
    }

    fn surroundings(&self, request: &MatchRequest) -> Surroundings<'_> {
        Surroundings {
            reference: &self.reference,
            genes: self.genes.as_ref(),
            gc_window_bp: request.gc_window_bp,
        }
    }

    /// Reads a table: for each variant in normal form, its place and the cells of the covariates that are columns.
    fn read(
        &self,
        request: &MatchRequest,
        source: &Source,
        mut each: impl FnMut(Result<Row, &'static str>) -> Result<(), CalibrateError>,
    ) -> Result<(), CalibrateError> {
        let columns: Vec<&Covariate> = request
            .covariates
            .iter()
            .filter(|covariate| covariate.is_column())
            .collect();
        let name = |covariate: &&Covariate| match covariate {
            Covariate::Maf => request.maf_column.clone(),
            other => other.to_string(),
        };
        let options = ReadOptions {
            format: None,
            columns: request.columns.clone(),
            carry: columns.iter().map(name).collect(),
        };
        let reader = variants::open(source, &options)?;
        let file = source.name();
        for row in reader {
            let mut row = row?;
            let cells = std::mem::take(&mut row.carried);
            let row = input_row(row, &self.reference, self.assembly);
            let line = row.line;
            let checked = match row.variant {
                Err(rejection) => Err(rejection.code),
                Ok(variant) => {
                    check(&variant, &self.reference).map_err(|error| crate::engine::Rejection::from(&error).code)
                }
            };
            let variant = match checked {
                Err(code) => {
                    each(Err(code))?;
                    continue;
                }
                Ok(variant) => variant,
            };
            let read = |(covariate, cell): (&&Covariate, &Option<Box<str>>)| match cell {
                None => Ok(None),
                Some(cell) => covariate.read(cell, || format!("{file}, line {line}")).map(Some),
            };
            let cells = columns.iter().zip(&*cells).map(read).collect::<Result<_, _>>()?;
            each(Ok(Row {
                id: variant.to_string(),
                contig: variant.contig().as_str().to_owned(),
                position: variant.position(),
                cells,
            }))?;
        }
        Ok(())
    }

    /// Returns the values of the targets and the names of all target variants.
    fn targets(
        &self,
        request: &MatchRequest,
        report: &mut MatchReport,
    ) -> Result<(Vec<Vec<f64>>, HashSet<String>), CalibrateError> {
        let surroundings = self.surroundings(request);
        let (mut values, mut ids) = (Vec::new(), HashSet::new());
        self.read(request, &request.targets, |row| {
            match row {
                Err(code) => *report.targets_rejected.entry(code.to_owned()).or_default() += 1,
                Ok(row) if ids.contains(&row.id) => report.targets_repeated += 1,
                Ok(row) => {
                    report.targets += 1;
                    match row.values(request, &surroundings)? {
                        Ok(found) => values.push(found),
                        Err(lacking) => {
                            report.targets_without_covariates += 1;
                            *report.targets_lack.entry(lacking.to_string()).or_default() += 1;
                        }
                    }
                    ids.insert(row.id);
                }
            }
            Ok(())
        })?;
        if values.is_empty() {
            return Err(nothing(report));
        }
        Ok((values, ids))
    }

    fn background(
        &self,
        request: &MatchRequest,
        folder: &ScoreFolder,
        targets: &HashSet<String>,
        report: &mut MatchReport,
    ) -> Result<Vec<Candidate>, CalibrateError> {
        let mut cells: HashMap<String, Vec<Option<f64>>> = HashMap::new();
        if let Some(source) = &request.background {
            self.read(request, source, |row| {
                if let Ok(row) = row {
                    // Of a variant that is there twice the first row counts, as in a scoring run.
                    cells.entry(row.id).or_insert(row.cells);
                }
                Ok(())
            })?;
        }
        let surroundings = self.surroundings(request);
        let mut candidates = Vec::new();
        for row in folder.variants()? {
            let row = row?;
            let (true, Some(id), Some(normal)) = (row.is_scored(), row.variant_id, row.normal_form) else {
                continue;
            };
            if targets.contains(&id) {
                report.background_in_targets += 1;
                continue;
            }
            let found = Row {
                contig: normal.contig,
                position: normal.position,
                cells: cells.get(&id).cloned().unwrap_or_default(),
                id,
            };
            match found.values(request, &surroundings)? {
                Ok(values) => candidates.push(Candidate { row: row.row, values }),
                Err(_) => report.background_without_covariates += 1,
            }
        }
        report.candidates = candidates.len() as u64;
        Ok(candidates)
    }
}

/// A variant and the cells of the covariates that are columns.
struct Row {
    id: String,
    contig: String,
    position: refalt_core::Position,
    cells: Vec<Option<f64>>,
}

impl Row {
    /// Returns the covariates as they are matched, or the first that is missing.
    fn values<'a>(
        &self,
        request: &'a MatchRequest,
        surroundings: &Surroundings<'_>,
    ) -> Result<Result<Vec<f64>, &'a Covariate>, CalibrateError> {
        let mut cells = self.cells.iter();
        let mut values = Vec::with_capacity(request.covariates.len());
        for covariate in &request.covariates {
            let value = if covariate.is_column() {
                cells.next().copied().flatten().map(|value| covariate.scaled(value))
            } else {
                surroundings.of(covariate, &self.contig, self.position)?
            };
            let Some(value) = value else { return Ok(Err(covariate)) };
            values.push(value);
        }
        Ok(Ok(values))
    }
}

fn identity(path: &std::path::Path) -> Result<FileIdentity, CalibrateError> {
    FileIdentity::of(path).map_err(|source| CalibrateError::File {
        action: "read",
        path: path.to_owned(),
        source,
    })
}
