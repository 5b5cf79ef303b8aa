//! Measured effects joined with a run, for what is not a validation but needs the same join.

use super::files::{ValidateFilesError, ValidateRequest, assembly_of_run, truth_row};
use super::join::{Join, JoinReport};
use super::run_folder::RunFolder;
use super::truth::Truth;
use crate::io::fasta::FastaReference;
use crate::io::variants::ReadOptions;
use crate::provenance::FileIdentity;
use crate::spool::Spool;

/// The effect of one variant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MeasuredEffect {
    /// The variant, as the score table names it.
    pub(crate) variant: String,
    /// Where it lies: contig in the order of the reference, first base of REF (1-based).
    pub(crate) place: (usize, u32),
    /// Effect of ALT against REF.
    pub(crate) effect: f64,
}

/// Effects of scored variants.
#[derive(Clone, Debug)]
pub(crate) struct MeasuredEffects {
    /// The experiments, in the order of the table: name, and one effect for each scored variant, by place.
    pub(crate) experiments: Vec<(String, Vec<MeasuredEffect>)>,
    /// How table and run came together.
    pub(crate) join: JoinReport,
    /// The table.
    pub(crate) truth_file: FileIdentity,
}

/// Opens the files, checks every row against the reference and joins with the run, as a validation does.
///
/// # Errors
/// [`ValidateFilesError`].
pub(crate) fn measured_effects(request: &ValidateRequest) -> Result<MeasuredEffects, ValidateFilesError> {
    let reference = FastaReference::open(&request.reference)?;
    let reference_file = FileIdentity::of(&request.reference).map_err(|source| ValidateFilesError::Unreadable {
        path: request.reference.clone(),
        source,
    })?;
    let assembly = assembly_of_run(&request.run, &reference);
    let run = RunFolder::open(&request.run)?;
    super::refuse_other_reference(&run, &reference_file)?;
    let table = Spool::of(&request.truth)?;
    let reading = ReadOptions {
        carry: request.columns.names(),
        ..request.reading.clone()
    };
    let rows = table
        .open(&reading)?
        .map(|row| row.map(|row| truth_row(row, &reference, assembly)));
    let truth = Truth::read(rows, &request.columns, &reference, &table.identity().name)?;
    let join = Join::new(&truth, &run)?;
    let labels = request.columns.labels.len();
    let mut experiments = Vec::new();
    for experiment in &truth.experiments {
        let measured = join.measured(experiment, labels, None, &request.columns.analysis)?;
        let effect = |(&unit, &effect): (&usize, &f64)| {
            let variant = &join.units[unit].variant;
            MeasuredEffect {
                variant: variant.to_string(),
                place: (variant.contig_id().index(), variant.position().one_based()),
                effect,
            }
        };
        let effects = measured.variants.iter().zip(&measured.effects).map(effect).collect();
        experiments.push((measured.name, effects));
    }
    Ok(MeasuredEffects {
        experiments,
        truth_file: table.identity().clone(),
        join: join.report.clone(),
    })
}
