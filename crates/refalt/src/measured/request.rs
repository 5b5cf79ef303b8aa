//! What is made of which file, and what is recorded of it.

use super::counts::CountOptions;
use super::effect_kind::EffectKind;
use super::error::MeasuredError;
use super::fates::Fates;
use super::format::StatedAllele;
use super::read::{MeasuredReader, MeasuredSource};
use super::repeats::Repeats;
use crate::io::variants::ColumnMap;
use crate::output_files::input_among;
use crate::provenance::{FileIdentity, VERSION};
use crate::reference_assembly::{AssemblyRecord, ReferenceAssembly};
use crate::validate::Condition;
use refalt_core::Assembly;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What is made of which file.
#[derive(Clone, Debug, Default)]
pub struct MeasuredRequest {
    /// The file, and how it is read.
    pub source: MeasuredSource,
    /// The genome that decides which allele is REF.
    pub reference: Option<PathBuf>,
    /// Its assembly, when its content does not prove it.
    pub assembly: Option<Assembly>,
    /// Rows that are kept meet all of these, on standard columns or on those of the file that are carried along.
    pub keep: Vec<Condition>,
    /// What becomes of repeated rows.
    pub repeats: Repeats,
    /// Drops A/T and C/G, whose strand the genome cannot tell.
    pub drop_palindromic: bool,
    /// Takes indels that the genome admits in both orders in the order that the other rows are proven to have.
    pub indels_as_others: bool,
    /// A table that names the variants of rows that have names only, with its columns.
    pub alleles: Option<(PathBuf, ColumnMap)>,
    /// Where the table goes: `.tsv`, `.tsv.gz` or `.parquet`; without it nothing is written.
    pub out: Option<PathBuf>,
}

/// From what a table was made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeasuredProvenance {
    /// Version of refalt.
    pub refalt: String,
    /// The file.
    pub file: FileIdentity,
    /// The member of the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The format.
    pub format: String,
    /// What the effects are.
    pub effect: String,
    /// Which allele they were of in the file.
    pub effect_allele: String,
    /// Who says so: the format's documentation, or the user.
    pub effect_allele_stated_by: String,
    /// The reference, and what is known of its assembly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<(FileIdentity, String)>,
    /// The table that named the variants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alleles: Option<FileIdentity>,
    /// Conditions that rows meet.
    pub conditions: Vec<String>,
    /// The rule for repeats.
    pub repeats: Repeats,
    /// Whether palindromic rows were dropped.
    pub drop_palindromic: bool,
    /// Whether indels that fit in both orders were taken in the order of the other rows.
    pub indels_as_others: bool,
    /// What the user says the effects are, where they are not signed.
    #[serde(skip_serializing_if = "EffectKind::is_signed")]
    pub effect_is: EffectKind,
    /// Choices for counts that differ from the format's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<String>,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeasuredReport {
    /// From what it was made.
    pub provenance: MeasuredProvenance,
    /// What is known of the assembly of the reference, and what the rows state.
    pub assembly: AssemblyRecord,
    /// What became of the rows.
    pub rows: Fates,
    /// What there is to say besides.
    pub notes: Vec<String>,
    /// The table written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<FileIdentity>,
}

impl MeasuredRequest {
    /// Refuses an output, or a record of it, that is one of the inputs, and endings of formats that are not written.
    pub(super) fn check_out(&self) -> Result<(), MeasuredError> {
        // A TSV under such a name would be taken for something else.
        const OTHERS: [&str; 9] = ["csv", "xlsx", "vcf", "bcf", "bed", "json", "feather", "arrow", "html"];
        let Some(out) = &self.out else { return Ok(()) };
        let ending = |path: &Path| path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let is_packed = ending(out).is_some_and(|ending| ending == "gz" || ending == "bgz");
        let own = if is_packed {
            ending(&out.with_extension(""))
        } else {
            ending(out)
        };
        let is_other = |ending: &String| OTHERS.contains(&ending.as_str()) || (is_packed && ending == "parquet");
        if let Some(ending) = own.filter(is_other) {
            return Err(MeasuredError::Ending {
                path: out.clone(),
                ending,
            });
        }
        let inputs = [
            Some(&self.source.path),
            self.reference.as_ref(),
            self.alleles.as_ref().map(|(path, _)| path),
        ];
        match input_among(out, inputs.into_iter().flatten().map(PathBuf::as_path)) {
            Some(path) => Err(MeasuredError::SameFile { path }),
            None => Ok(()),
        }
    }
}

/// Says from what a table is made.
pub(super) fn provenance(
    request: &MeasuredRequest,
    reader: &MeasuredReader,
    assembly: ReferenceAssembly,
) -> Result<MeasuredProvenance, MeasuredError> {
    let identity = |path: &PathBuf| {
        FileIdentity::of(path).map_err(|source| MeasuredError::Unreadable {
            path: path.clone(),
            source,
        })
    };
    let format = reader.format();
    let is_stated = format.is_some_and(|format| format.allele != StatedAllele::NotStated);
    let effect_allele = if reader.is_activity() {
        "none".to_owned()
    } else {
        reader.effect_allele().to_string()
    };
    Ok(MeasuredProvenance {
        refalt: VERSION.to_owned(),
        file: reader.identity().clone(),
        member: reader.member().map(str::to_owned),
        format: reader.format_name().to_owned(),
        effect: format.map_or_else(
            || {
                let column = request.source.columns.effect.as_deref().unwrap_or_default();
                request.source.effect_is.of_column(column)
            },
            |format| format.effect.to_owned(),
        ),
        effect_allele,
        effect_allele_stated_by: match format.filter(|_| is_stated) {
            Some(format) => format.source.to_owned(),
            None if reader.is_activity() => "activities are of no allele".to_owned(),
            None => "the user".to_owned(),
        },
        reference: match &request.reference {
            Some(path) => Some((identity(path)?, assembly.to_string())),
            None => None,
        },
        alleles: request.alleles.as_ref().map(|(path, _)| identity(path)).transpose()?,
        conditions: request.keep.iter().map(ToString::to_string).collect(),
        repeats: request.repeats,
        drop_palindromic: request.drop_palindromic,
        indels_as_others: request.indels_as_others,
        effect_is: request.source.effect_is,
        counts: counts_in_words(&request.source.counts),
    })
}

fn counts_in_words(options: &CountOptions) -> Vec<String> {
    [
        options.dna.as_ref().map(|pattern| format!("dna={pattern}")),
        options.rna.as_ref().map(|pattern| format!("rna={pattern}")),
        options.scaling.map(|scaling| format!("scaling={}", scaling.name())),
        options
            .name_prefix
            .as_ref()
            .map(|prefix| format!("name_prefix={prefix}")),
        options.least_dna.map(|least| format!("least_dna={least}")),
    ]
    .into_iter()
    .flatten()
    .collect()
}
