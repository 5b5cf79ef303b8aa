//! The audit of a file: `refalt vet`.
//!
//! Two passes over the input. The first reduces every row to an observation and counts observations; the file is
//! fitted over the counts. The second judges every row with what the file does, and writes. Between the passes a row
//! is four bytes, in a temporary file where there are many, and so are the variants seen: memory does not follow the
//! number of rows. The mathematics is `refalt_core::audit`.

mod error;
mod files;
mod folder;
mod gene_models;
mod lift;
mod names;
mod numbers;
mod ordered;
mod passes;
mod record;
mod report;
mod stage;

pub use error::VetError;
pub use lift::{Block, BlockLift};
pub use record::VetRow;
pub use report::{
    ANOTHER_BUILD, ConventionShare, DeviationShare, FileVerdict, HypothesisMatches, NOTHING_TO_JUDGE, VetReport,
};

use crate::io::chain;
use crate::io::fasta::FastaReference;
use crate::io::variants::{ReadOptions, Source};
use crate::reference_assembly::{ReferenceAssembly, StatedByVariants};
use crate::spool::Spool;
use gene_models::GeneModels;
use names::NameResolver;
use refalt_core::audit::{Observer, Prior, Repair, Repairs, Thresholds, fit};
use refalt_core::{Assembly, Reference};
use std::path::PathBuf;

/// What to audit, against what.
#[derive(Clone, Debug)]
pub struct VetRequest {
    /// The variants.
    pub variants: Source,
    /// How to read them.
    pub reading: ReadOptions,
    /// The reference sequence, FASTA.
    pub reference: PathBuf,
    /// The assembly of the reference, where its content does not prove it and the user says it.
    pub assembly: Option<Assembly>,
    /// Chain from the other assembly to that of the reference.
    pub chain: Option<PathBuf>,
    /// Gene models: BED12 (or BED6 for strands alone), GTF or GFF3 on the assembly of the reference.
    pub genes: Option<PathBuf>,
    /// Where the index of GTF or GFF3 goes when it cannot lie beside the file.
    pub gene_cache: Option<PathBuf>,
    /// Known variants by identifier, VCF or table.
    pub known: Option<PathBuf>,
    /// Repairs that are done; none unless named.
    pub apply: Vec<Repair>,
    /// Folder for the row table, the accepted variants and the summary.
    pub out: Option<PathBuf>,
    /// Rows that the report lists, besides the counts.
    pub listed_rows: usize,
    /// Threads that compute.
    pub threads: usize,
}

impl VetRequest {
    /// Returns a request with defaults: no chain, no names, no repairs, no output folder, 50 rows listed, one thread.
    pub fn new(variants: Source, reference: PathBuf) -> Self {
        Self {
            variants,
            reading: ReadOptions::default(),
            reference,
            assembly: None,
            chain: None,
            genes: None,
            gene_cache: None,
            known: None,
            apply: Vec::new(),
            out: None,
            listed_rows: 50,
            threads: 1,
        }
    }
}

/// Audits a file.
///
/// # Errors
/// [`VetError`] when an input cannot be read or an output not be written; nothing is half written.
pub fn vet_files(request: &VetRequest) -> Result<VetReport, VetError> {
    let reference = FastaReference::open(&request.reference)?;
    let input = Spool::of(&request.variants)?;
    let chains = match &request.chain {
        Some(path) => Some(chain::read(path)?),
        None => None,
    };
    let lift = chains.as_ref().map(|chains| BlockLift::of_chains(chains, &reference));
    let known = ReferenceAssembly::of(&reference, request.assembly)?;
    let genes = match &request.genes {
        Some(path) => Some(GeneModels::open(path, request.gene_cache.as_deref())?),
        None => None,
    };
    if let Some(GeneModels::Annotation(genes)) = &genes {
        genes.check_against(&reference, known).map_err(Box::new)?;
    }
    let mut names = NameResolver::new(genes.as_ref(), &input, &request.reading)?;
    drop(genes);
    if let Some(path) = &request.known {
        names.read_known(path, &input, &request.reading, &reference)?;
    }
    let stated = StatedByVariants::of_header(input.open(&request.reading)?.assembly_clues());
    let header = stated.header;
    let assembly = known.known();
    let identity = folder::AuditIdentity::of(request, &input, &reference.assembly().to_string())?;
    if let Some(out) = &request.out {
        identity.claim(out)?;
    }
    let mut prior = Prior::default();
    let source = lift.as_ref().and_then(BlockLift::source_assembly);
    let says_other = |stated: Assembly| match assembly {
        Some(assembly) => stated != assembly,
        None => source == Some(stated),
    };
    if header.is_some_and(says_other) {
        // The file itself says that it is on another assembly than the reference.
        prior.other_assembly = 0.9;
    }
    let work = passes::Work {
        request,
        input: &input,
        reference: &reference,
        lift: lift.as_ref(),
        names: &names,
        known,
        assembly,
        header,
    };
    let mut first = passes::observe(&work, stated)?;
    let file_fit = fit(&first.tally, &prior, lift.is_some());
    let allowed: Repairs = request.apply.iter().copied().collect();
    let judged = passes::judge_all(&work, &mut first, &file_fit, Thresholds::default(), allowed)?;
    let report = report::summarize(&work, &first, &file_fit, judged, identity.reference);
    if let Some(out) = &request.out {
        files::write_summary(out, &report)?;
    }
    Ok(report)
}

impl<'a> passes::Work<'a> {
    /// Makes an observer of its own for a thread.
    fn observer(&self) -> Observer<'a> {
        let lift = self.lift.map(|lift| lift as &dyn refalt_core::audit::Lift);
        let source = self.lift.and_then(BlockLift::source_assembly);
        Observer::new(self.reference, lift, self.assembly).with_other_assembly(source)
    }
}
