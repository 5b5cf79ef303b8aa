//! From the files that a user names to a validation.

use super::{
    GeneModels, NamedVariant, TruthColumns, TruthRow, ValidateError, ValidateInput, ValidateOptions, Validation,
    validate,
};
use crate::diagnostic::Diagnostic;
use crate::engine::ledger::read_json;
use crate::engine::{InputRow, Manifest};
use crate::io::fasta::{FastaError, FastaReference};
use crate::io::genes::{self, GenesError, OpenOptions};
use crate::io::variants::{self, ReadError, ReadOptions, Source, VariantRow};
use crate::measured::{MeasuredError, MeasuredReader, MeasuredSource, STANDARD, TruthRows, truth_columns};
use crate::provenance::FileIdentity;
use crate::reference_assembly::ReferenceAssembly;
use crate::scoring::input_row;
use crate::spool::{Spool, SpoolError};
use refalt_core::{Assembly, Reference};
use std::path::{Path, PathBuf};

/// What to validate against what, by file.
#[derive(Clone, Debug)]
pub struct ValidateRequest {
    /// The folder of a finished run.
    pub run: PathBuf,
    /// Folders of other finished runs that are compared with the first.
    pub against: Vec<PathBuf>,
    /// The reference that the run was scored with.
    pub reference: PathBuf,
    /// The table of measured effects.
    pub truth: Source,
    /// How to read the variants of that table.
    pub reading: ReadOptions,
    /// How to read it as a file of measured effects, by a known format; its path and its columns are those given here.
    pub measured: Option<MeasuredSource>,
    /// Which of its other columns are what.
    pub columns: TruthColumns,
    /// A table of variants whose ranks are reported; their names are in its name column.
    pub named: Option<PathBuf>,
    /// Gene models (GTF or GFF3), for distances to transcription starts.
    pub genes: Option<PathBuf>,
    /// Choices.
    pub options: ValidateOptions,
    /// Threads that compute.
    pub threads: usize,
}

/// The files do not make a validation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValidateFilesError {
    /// The reference cannot be used.
    #[error(transparent)]
    Reference(#[from] FastaError),
    /// A table cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The truth cannot be kept or digested.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// A file cannot be digested.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The truth cannot be read by its format.
    #[error(transparent)]
    Measured(#[from] MeasuredError),
    /// The gene models cannot be used.
    #[error(transparent)]
    Genes(#[from] Box<GenesError>),
    /// Truth and run do not make a validation.
    #[error(transparent)]
    Validate(#[from] ValidateError),
}

impl Diagnostic for ValidateFilesError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.place(),
            Self::Measured(error) => error.place(),
            Self::Genes(error) => error.place(),
            Self::Validate(error) => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Reference(error) => error.hint(),
            Self::Read(error) => error.hint(),
            Self::Measured(error) => error.hint(),
            Self::Genes(error) => error.hint(),
            Self::Validate(error) => error.hint(),
            Self::Spool(_) | Self::Unreadable { .. } => None,
        }
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Read(error) => error.is_usage(),
            Self::Measured(error) => error.is_usage(),
            Self::Genes(error) => error.is_usage(),
            Self::Validate(error) => error.is_usage(),
            Self::Reference(_) | Self::Spool(_) | Self::Unreadable { .. } => false,
        }
    }
}

/// Opens the files and validates.
///
/// # Errors
/// [`ValidateFilesError`]; nothing is written.
pub fn validate_files(request: &ValidateRequest) -> Result<Validation, ValidateFilesError> {
    let reference = FastaReference::open(&request.reference)?;
    let file = |path: &PathBuf| {
        FileIdentity::of(path).map_err(|source| ValidateFilesError::Unreadable {
            path: path.clone(),
            source,
        })
    };
    let reference_file = file(&request.reference)?;
    let named_file = request.named.as_ref().map(file).transpose()?;
    let assembly = assembly_of_run(&request.run, &reference);
    let models = match &request.genes {
        Some(path) => Some(gene_models(path, &reference, assembly, file(path)?)?),
        None => None,
    };
    let named = match &request.named {
        Some(path) => named_variants(path, &reference, assembly)?,
        None => Vec::new(),
    };
    if let Some(source) = &request.measured {
        let reader = MeasuredReader::open(&measured_source(source, &request.columns))?;
        let columns = truth_columns(&reader, &request.columns)?;
        let truth_file = reader.identity().clone();
        let input = ValidateInput {
            run: &request.run,
            against: &request.against,
            reference: &reference,
            reference_file: &reference_file,
            truth_file: &truth_file,
            columns: &columns,
            named: &named,
            named_file: named_file.as_ref(),
            genes: models.as_ref(),
        };
        let rows = TruthRows::new(reader, columns.names(), &reference, assembly);
        return Ok(validate(&input, rows, &request.options, request.threads)?);
    }
    let truth = Spool::of(&request.truth)?;
    let reading = ReadOptions {
        carry: request.columns.names(),
        ..request.reading.clone()
    };
    let rows = truth
        .open(&reading)?
        .map(|row| row.map(|row| truth_row(row, &reference, assembly)));
    let input = ValidateInput {
        run: &request.run,
        against: &request.against,
        reference: &reference,
        reference_file: &reference_file,
        truth_file: truth.identity(),
        columns: &request.columns,
        named: &named,
        named_file: named_file.as_ref(),
        genes: models.as_ref(),
    };
    Ok(validate(&input, rows, &request.options, request.threads)?)
}

/// Opens gene models and compares them with the reference.
fn gene_models(
    path: &Path,
    reference: &FastaReference,
    assembly: ReferenceAssembly,
    file: FileIdentity,
) -> Result<GeneModels, ValidateFilesError> {
    let (genes, _) = genes::open(path, &OpenOptions::default()).map_err(Box::new)?;
    genes.check_against(reference, assembly).map_err(Box::new)?;
    Ok(GeneModels { genes, file })
}

/// Adds the columns of the file that conditions and labels need.
fn measured_source(source: &MeasuredSource, columns: &TruthColumns) -> MeasuredSource {
    let mut source = source.clone();
    source.effect_allele = source.effect_allele.or_else(|| columns.effect_allele.clone());
    for name in columns.names() {
        let is_standard = STANDARD.contains(&name.as_str()) || name == columns.effect;
        if !is_standard && !source.carry.contains(&name) {
            source.carry.push(name);
        }
    }
    source
}

/// Returns the assembly of the reference: proven, or as the run was told; a manifest that cannot be read is told later.
pub(super) fn assembly_of_run(run: &Path, reference: &dyn Reference) -> ReferenceAssembly {
    let manifest = read_json::<Manifest>(&run.join("manifest.json")).ok();
    let stated = manifest.and_then(|manifest| Assembly::from_name(&manifest.identity.stated_assembly?));
    // The reference of the run was asked the same; its digests may have been computed since.
    ReferenceAssembly::of(reference, stated).unwrap_or(ReferenceAssembly::Unknown)
}

/// Reads a table of named variants.
///
/// # Errors
/// [`ReadError`] when it is no list of variants.
pub fn named_variants(
    path: &Path,
    reference: &dyn Reference,
    assembly: ReferenceAssembly,
) -> Result<Vec<NamedVariant>, ReadError> {
    variants::open(&Source::Path(path.to_owned()), &ReadOptions::default())?
        .map(|row| {
            let row = input_row(row?, reference, assembly);
            Ok(NamedVariant {
                name: row.id.unwrap_or_else(|| row.text.clone()),
                variant: row.variant,
            })
        })
        .collect()
}

/// Turns a row of a file, whose effect is the first cell carried, into one of the truth.
pub(super) fn truth_row(mut row: VariantRow, reference: &dyn Reference, assembly: ReferenceAssembly) -> TruthRow {
    let of_one = row.check_effect_of_one(0);
    let cells = std::mem::take(&mut row.carried);
    let InputRow {
        line, text, variant, ..
    } = input_row(row, reference, assembly);
    TruthRow {
        line,
        text,
        variant: of_one.and(variant),
        cells: cells.iter().map(|cell| cell.as_deref().map(str::to_owned)).collect(),
    }
}
