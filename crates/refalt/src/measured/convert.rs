//! A file of measured effects to the standard table: one allele order, one sign, every row accounted for.

use super::counts::CountOptions;
use super::error::MeasuredError;
use super::fates::Fates;
use super::names::ByName;
use super::orient::{ListedAllele, Orientation, is_palindromic, orient};
use super::read::{MeasuredReader, MeasuredSource};
use super::repeats::{RepeatCheck, Repeats, Taken};
use super::row::{Details, Extra, ListedEffect, RefusedLine};
use super::table_file::TableFile;
use crate::atomic_file::{AtomicFile, is_same_file};
use crate::engine::Rejection;
use crate::io::fasta::FastaReference;
use crate::io::variants::ColumnMap;
use crate::provenance::{FileIdentity, VERSION};
use crate::reference_assembly::ReferenceAssembly;
use crate::validate::Condition;
use refalt_core::annotation::without_version;
use refalt_core::{Alternate, Assembly, Reference, Variant};
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
    /// Choices for counts that differ from the format's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<String>,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeasuredReport {
    /// From what it was made.
    pub provenance: MeasuredProvenance,
    /// What became of the rows.
    pub rows: Fates,
    /// What there is to say besides.
    pub notes: Vec<String>,
    /// The table written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<FileIdentity>,
}

/// A row of the standard table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StandardRow {
    pub(super) line: u64,
    /// Contig, position (1-based), REF and ALT; `None` for what is known by name only.
    pub(super) variant: Option<Variant>,
    pub(super) effect: f64,
    pub(super) orientation: Orientation,
    pub(super) is_palindromic: bool,
    pub(super) details: Details,
}

/// Brings listed effects to the genome.
pub struct Orienter<'a> {
    reference: Option<&'a dyn Reference>,
    assembly: ReferenceAssembly,
    is_forward: bool,
    order: super::orient::AlleleOrder,
    drop_palindromic: bool,
}

impl<'a> Orienter<'a> {
    /// Prepares for the rows of a reader.
    ///
    /// # Errors
    /// [`MeasuredError::ReferenceNeeded`] when only the genome tells which allele is REF, [`MeasuredError::OtherAssembly`]
    /// when the format counts on another assembly.
    pub fn new(
        reader: &MeasuredReader,
        reference: Option<&'a dyn Reference>,
        assembly: ReferenceAssembly,
        drop_palindromic: bool,
    ) -> Result<Self, MeasuredError> {
        let order = reader.order();
        if reference.is_none() && order == super::orient::AlleleOrder::Unknown && !reader.is_activity() {
            return Err(MeasuredError::ReferenceNeeded {
                file: reader.label().to_owned(),
                format: reader.format_name(),
            });
        }
        let says = reader.format().and_then(|format| Some((format.name, format.assembly?)));
        if let Some((format, says)) = says
            && reference.is_some()
            && assembly.known().is_some_and(|known| known != says)
        {
            return Err(MeasuredError::OtherAssembly {
                format,
                says,
                reference: assembly,
            });
        }
        Ok(Self {
            reference,
            assembly,
            is_forward: reader.is_forward(),
            order,
            drop_palindromic,
        })
    }

    /// Brings a row to the genome's ALT.
    pub(super) fn orient(&self, row: ListedEffect) -> Result<StandardRow, RefusedLine> {
        let refuse = |rejection| RefusedLine {
            line: row.line,
            text: row.text.clone(),
            rejection,
        };
        let Some(listed) = &row.variant else {
            return Ok(StandardRow {
                line: row.line,
                variant: None,
                effect: row.effect,
                orientation: Orientation::Unchecked,
                is_palindromic: false,
                details: row.details,
            });
        };
        if let (Some(said), Some(known)) = (row.said_assembly, self.assembly.known())
            && said != known
        {
            return Err(refuse(Rejection {
                code: "other_assembly",
                reason: format!("the row says it is on {said}, and the reference {}", self.assembly),
            }));
        }
        let (variant, effect, orientation) = match self.reference {
            Some(reference) => {
                let oriented = orient(listed, row.effect_of, self.order, reference).map_err(refuse)?;
                let effect = oriented.effect(row.effect);
                let checked = &oriented.variant;
                let variant = Variant {
                    contig: checked.contig().clone(),
                    position: checked.position(),
                    reference_bases: checked.reference_bases().clone(),
                    alternate: Alternate::Bases(checked.alternate_bases().clone()),
                };
                (variant, effect, oriented.orientation)
            }
            None => {
                if !matches!(listed.alternate, Alternate::Bases(_)) {
                    return Err(refuse(Rejection {
                        code: "no_bases",
                        reason: format!("the alternate allele `{}` names no bases", listed.alternate),
                    }));
                }
                let effect = match row.effect_of {
                    ListedAllele::Alternate => row.effect,
                    ListedAllele::Reference => -row.effect,
                };
                (listed.clone(), effect, Orientation::Unchecked)
            }
        };
        let is_palindromic = !self.is_forward && is_palindromic(listed);
        if is_palindromic && self.drop_palindromic {
            return Err(refuse(Rejection {
                code: "palindromic",
                reason: format!("the alleles of {listed} are complements, and nothing states their strand"),
            }));
        }
        Ok(StandardRow {
            line: row.line,
            variant: Some(variant),
            effect,
            orientation,
            is_palindromic,
            details: row.details,
        })
    }
}

impl StandardRow {
    /// Returns the cell of a standard column as text, or of a column carried along.
    pub(super) fn cell(&self, column: &str, extras: &[String]) -> Option<String> {
        let number = |value: Option<f64>| value.map(|value| value.to_string());
        let details = &self.details;
        match column {
            "effect" => Some(self.effect.to_string()),
            "se" => number(details.se),
            "p" => number(details.p),
            "gene" => details.gene.clone(),
            "feature" => details.feature.clone(),
            "experiment" => details.experiment.clone(),
            "weight" => number(details.weight),
            "name" => details.name.clone(),
            "orientation" => Some(self.orientation.name().to_owned()),
            _ => {
                let place = extras.iter().position(|name| name == column)?;
                match details.extras.get(place)? {
                    Extra::Text(text) => text.clone(),
                    Extra::Number(value) => number(*value),
                }
            }
        }
    }

    /// What a row is the only one of.
    pub(super) fn key(&self) -> String {
        let variant = match &self.variant {
            Some(variant) => variant.to_string(),
            None => self.details.name.clone().unwrap_or_default(),
        };
        let details = &self.details;
        let parts = [
            details.gene.as_deref().map(without_version),
            details.feature.as_deref(),
            details.experiment.as_deref(),
        ];
        let mut key = variant;
        for part in parts {
            key.push('\t');
            key.push_str(part.unwrap_or_default());
        }
        key
    }
}

impl MeasuredRequest {
    /// Refuses an output, or a record of it, that is one of the inputs.
    fn check_out(&self) -> Result<(), MeasuredError> {
        let Some(out) = &self.out else { return Ok(()) };
        let inputs = [
            Some(&self.source.path),
            self.reference.as_ref(),
            self.alleles.as_ref().map(|(path, _)| path),
        ];
        for written in [out.clone(), beside(out)] {
            if inputs.iter().flatten().any(|input| is_same_file(input, &written)) {
                return Err(MeasuredError::SameFile { path: written });
            }
        }
        Ok(())
    }
}

/// Standard columns that conditions may name.
pub(crate) const STANDARD: [&str; 9] = [
    "effect",
    "se",
    "p",
    "gene",
    "feature",
    "experiment",
    "weight",
    "name",
    "orientation",
];

/// Reads a file of measured effects, brings it to the genome, and writes the standard table.
///
/// # Errors
/// [`MeasuredError`]; nothing is written then.
pub fn measure(request: &MeasuredRequest) -> Result<MeasuredReport, MeasuredError> {
    request.check_out()?;
    let reference = request.reference.as_deref().map(FastaReference::open).transpose()?;
    let as_reference = reference.as_ref().map(|reference| reference as &dyn Reference);
    let assembly = match &reference {
        Some(reference) => ReferenceAssembly::of(reference, request.assembly)?,
        None => request
            .assembly
            .map_or(ReferenceAssembly::Unknown, ReferenceAssembly::Stated),
    };
    let mut source = request.source.clone();
    let asked = source.carry.len();
    let conditions = request.keep.iter().map(Condition::column);
    for column in conditions.filter(|column| !STANDARD.contains(column)) {
        if !source.carry.iter().any(|name| name == column) {
            source.carry.push(column.to_owned());
        }
    }
    let mut reader = MeasuredReader::open(&source)?;
    let orienter = Orienter::new(&reader, as_reference, assembly, request.drop_palindromic)?;
    let by_name = match &request.alleles {
        Some((path, columns)) => Some(ByName::read(path, columns, as_reference)?),
        None => None,
    };
    let provenance = provenance(request, &reader, assembly)?;
    // Columns that only conditions need do not go into the table; those of counts come after what was asked for.
    let hidden = source.carry.len() - asked;
    let columns: Vec<String> = visible(reader.extras(), asked, hidden).cloned().collect();
    let mut file = match &request.out {
        Some(out) => Some(TableFile::create(out, &columns, &provenance)?),
        None => None,
    };
    let mut fates = Fates::default();
    let mut repeats = RepeatCheck::new(request.repeats);
    let mut write = |mut row: StandardRow| -> Result<(), MeasuredError> {
        let extras = std::mem::take(&mut row.details.extras);
        row.details.extras = visible(&extras, asked, hidden).cloned().collect();
        file.as_mut().map_or(Ok(()), |file| file.add(&row))
    };
    while let Some(row) = reader.next_row(as_reference)? {
        fates.rows += 1;
        let row = match by_name.as_ref() {
            Some(by_name) => row.and_then(|row| by_name.find(row)),
            None => row,
        };
        let row = match row.and_then(|row| orienter.orient(row)) {
            Ok(row) => row,
            Err(refused) => {
                fates.drop(&refused);
                continue;
            }
        };
        let fails = |condition: &&Condition| {
            let cell = row.cell(condition.column(), reader.extras());
            condition.holds(cell.as_deref()) != Some(true)
        };
        if let Some(condition) = request.keep.iter().find(fails) {
            fates.leave_out(condition.to_string());
            continue;
        }
        fates.orient(row.orientation, row.is_palindromic);
        match repeats.take(row) {
            Taken::Row(row) => {
                fates.written += 1;
                write(*row)?;
            }
            Taken::Repeat => fates.merged += 1,
            Taken::Later => {}
        }
    }
    for (row, merged) in repeats.finish()? {
        fates.written += 1;
        fates.merged += merged;
        write(row)?;
    }
    debug_assert!(fates.is_complete(), "{fates:?}");
    refuse_other_genome(&reader, &fates)?;
    if fates.written == 0 {
        return Err(MeasuredError::NothingLeft {
            file: reader.label().to_owned(),
            rows: fates.rows,
            why: fates.losses(),
        });
    }
    let mut notes = reader.notes().to_vec();
    notes.extend(reader.doubt());
    let table = file.map(TableFile::finish).transpose()?;
    let report = MeasuredReport {
        provenance,
        rows: fates,
        notes,
        table,
    };
    if let Some(out) = &request.out {
        write_record(&beside(out), &report)?;
    }
    Ok(report)
}

/// Compared rows from which on a table that fits nowhere is refused.
const LEAST_COMPARED: u64 = 5;

/// Refuses a table most of whose rows have neither allele on the genome: the others fit by chance, and their signs with them.
fn refuse_other_genome(reader: &MeasuredReader, fates: &Fates) -> Result<(), MeasuredError> {
    const NEITHER: &str = "neither_allele_reference";
    let neither = fates.dropped.get(NEITHER).copied().unwrap_or(0);
    let compared = neither + fates.as_written + fates.flipped + fates.reordered;
    if compared < LEAST_COMPARED || neither * 2 <= compared {
        return Ok(());
    }
    let first = fates.dropped_first.iter().find(|row| row.code == NEITHER);
    Err(MeasuredError::NotOnThisGenome {
        file: reader.label().to_owned(),
        neither,
        compared,
        first: first.map(|row| format!("line {}: {}", row.line, row.reason)),
    })
}

/// Leaves out the columns that were carried for conditions only.
fn visible<T>(all: &[T], asked: usize, hidden: usize) -> impl Iterator<Item = &T> {
    all.iter().take(asked).chain(all.iter().skip(asked + hidden))
}

/// Returns the path of the record beside a table: `effects.tsv.json`.
fn beside(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(".json");
    out.with_file_name(name)
}

fn write_record(path: &Path, report: &MeasuredReport) -> Result<(), MeasuredError> {
    let failed = |reason: String| MeasuredError::Write {
        path: path.to_owned(),
        reason,
    };
    let mut text = serde_json::to_string_pretty(report).map_err(|error| failed(error.to_string()))?;
    text.push('\n');
    AtomicFile::write(path, text.as_bytes()).map_err(|error| failed(error.to_string()))?;
    Ok(())
}

fn provenance(
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
    let is_stated = format.is_some_and(|format| format.allele != super::format::StatedAllele::NotStated);
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
            || format!("`{}`", request.source.columns.effect.as_deref().unwrap_or_default()),
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
