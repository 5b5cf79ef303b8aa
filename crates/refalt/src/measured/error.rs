//! Why a file of measured effects is not read.

use crate::diagnostic::Diagnostic;
use crate::io::fasta::FastaError;
use crate::io::table::TableError;
use crate::io::variants::ReadError;
use crate::output_files::OutputFileError;
use crate::reference_assembly::{AssemblyContradicted, AssemblyRefused};
use crate::reference_fit::NotOnThisGenome;
use refalt_core::nearest::question;
use refalt_core::stats::StatsError;
use std::io;
use std::path::{Path, PathBuf};

/// A file of measured effects is not read, or not written as a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MeasuredError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It is no table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// It is no list of variants.
    #[error(transparent)]
    Variants(#[from] ReadError),
    /// No format has this name.
    #[error("unknown format `{found}`")]
    FormatUnknown {
        /// The name.
        found: String,
        /// Names that come near.
        nearest: Vec<String>,
    },
    /// No format has this header.
    #[error("the columns of `{file}` are those of no known format{}", closest_words(.closest.as_ref()))]
    NotRecognised {
        /// The file.
        file: String,
        /// The format that comes nearest, and what is missing for it.
        closest: Option<(&'static str, Vec<&'static str>)>,
        /// The header; empty for a file without one.
        header: Vec<String>,
        /// Number of columns.
        columns: usize,
    },
    /// The output is one of the inputs.
    #[error("the output `{path}` is one of the inputs")]
    SameFile {
        /// The file.
        path: PathBuf,
    },
    /// The name of the output ends as that of another format.
    #[error("the output `{}` has the name of another format (`{ending}`); tables are written as TSV or Parquet", path.display())]
    Ending {
        /// The file.
        path: PathBuf,
        /// Its ending.
        ending: String,
    },
    /// Columns are named for a format that knows its own.
    #[error("`{file}` is read as `{format}`, which knows its columns; {what} have no use there")]
    OptionsOfOther {
        /// The file.
        file: String,
        /// The format.
        format: &'static str,
        /// What was given.
        what: &'static str,
    },
    /// Several formats have this header.
    #[error("the columns of `{file}` fit several formats: {}", .formats.join(", "))]
    Ambiguous {
        /// The file.
        file: String,
        /// Their names.
        formats: Vec<&'static str>,
    },
    /// Columns of the format asked for are missing.
    #[error("`{file}` lacks columns of `{format}`: {}{}", .missing.join(", "), if *.has_header { "" } else { "; it has no header" })]
    ColumnsMissing {
        /// The file.
        file: String,
        /// The format.
        format: &'static str,
        /// The columns.
        missing: Vec<&'static str>,
        /// Whether the file has a header.
        has_header: bool,
    },
    /// Two columns have the same name.
    #[error("`{file}` has two columns `{column}`")]
    ColumnTwice {
        /// The file.
        file: String,
        /// The name.
        column: String,
    },
    /// A column that the user names is not there.
    #[error("`{file}` has no column `{column}`")]
    ColumnUnknown {
        /// The file.
        file: String,
        /// The name.
        column: String,
        /// Names that come near.
        nearest: Vec<String>,
    },
    /// A column that is carried would be in the table twice.
    #[error("`--carry {column}`: the table would have two columns of this name")]
    CarriedTwice {
        /// Its name.
        column: String,
    },
    /// The file holds no effects of variants.
    #[error("`{file}` is of format `{format}`: {reason}")]
    Refused {
        /// The file.
        file: String,
        /// The format.
        format: &'static str,
        /// Why.
        reason: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// Nobody says which allele the effects are of.
    #[error("`{file}` ({format}) does not say which allele its effects are of")]
    EffectAlleleNeeded {
        /// The file.
        file: String,
        /// The format.
        format: &'static str,
    },
    /// The user names another allele than the format's documentation.
    #[error("`--effect-allele {asked}` contradicts the format `{format}`, whose effects are of `{stated}`")]
    EffectAlleleStated {
        /// The format.
        format: &'static str,
        /// What its documentation says.
        stated: &'static str,
        /// What the user says.
        asked: String,
    },
    /// The column with the effects is not named.
    #[error("the format `table` needs the column with the effects")]
    EffectNeeded,
    /// An archive holds several files, or none.
    #[error("the archive `{file}` holds {} files, and one is read", .members.len())]
    Member {
        /// The archive.
        file: String,
        /// Its files.
        members: Vec<String>,
    },
    /// No file of an archive is the one that was asked for.
    #[error("none of the {total} files of the archive `{file}` is called `{asked}`")]
    MemberUnknown {
        /// The archive.
        file: String,
        /// What the user asked for.
        asked: String,
        /// How many files the archive holds.
        total: usize,
        /// Those whose names come near, or all of them.
        nearest: Vec<String>,
    },
    /// Several files of an archive are the one that was asked for.
    #[error("{} files of the archive `{file}` are called `{asked}`", .members.len())]
    MemberOfSeveral {
        /// The archive.
        file: String,
        /// What the user asked for.
        asked: String,
        /// The files.
        members: Vec<String>,
    },
    /// A member was asked for, and the file is no archive.
    #[error("`{file}` is read as a file and no archive, and `--member {asked}` was given")]
    NoArchive {
        /// The file.
        file: String,
        /// What was asked.
        asked: String,
    },
    /// The genome is needed to know which allele is REF.
    #[error("the order of the alleles in `{file}` ({format}) does not say which is REF")]
    ReferenceNeeded {
        /// The file.
        file: String,
        /// The format.
        format: &'static str,
    },
    /// The reference cannot be used.
    #[error(transparent)]
    Reference(#[from] FastaError),
    /// The user states another assembly of the reference than its content proves.
    #[error(transparent)]
    Contradicted(#[from] AssemblyContradicted),
    /// The effects are p-values.
    #[error("the effects of `{file}` are no effects: {evidence}")]
    PValues {
        /// The file.
        file: String,
        /// What the values are like.
        evidence: String,
    },
    /// Effects of one variant are there more than once.
    #[error("measured more than once ({total} in all): {}", .shown.join("; "))]
    Repeated {
        /// How many keys.
        total: u64,
        /// The first of them, with lines.
        shown: Vec<String>,
        /// Whether every repeat has the same numbers.
        all_identical: bool,
    },
    /// The file has no rows.
    #[error("`{file}` has no rows")]
    NoRows {
        /// The file.
        file: String,
    },
    /// Many rows have other bases than the reference.
    #[error(transparent)]
    NotOnThisGenome(#[from] NotOnThisGenome),
    /// No row is left.
    #[error("none of the {rows} rows of `{file}` is left: {why}")]
    NothingLeft {
        /// The file.
        file: String,
        /// Rows read.
        rows: u64,
        /// What became of them.
        why: String,
        /// What to do.
        hint: &'static str,
    },
    /// The effects have one sign, and turning it would be wrong for what such numbers may be.
    #[error("the effects of `{file}` have no sign: {evidence}")]
    OneSided {
        /// The file.
        file: String,
        /// What the values are like.
        evidence: String,
    },
    /// A column of p-values or standard errors holds something else.
    #[error("in {wrong} of {rows} rows of `{file}` the {what} cannot be one: another column stands in its place")]
    ColumnOfOther {
        /// The file.
        file: String,
        /// `p-value` or `standard error`.
        what: &'static str,
        /// Rows with a number that cannot be.
        wrong: u64,
        /// Rows read.
        rows: u64,
    },
    /// A standard error beside a ratio.
    #[error("the standard error beside a ratio may be that of the ratio or that of its logarithm")]
    ErrorOfRatio,
    /// Means are to be made of variants that nothing brought to one order.
    #[error(
        "`--repeats mean` needs the genome: without it two rows of one variant may list its alleles in both orders"
    )]
    MeanWithoutReference,
    /// The assemblies that rows, file and reference state do not go together.
    #[error(transparent)]
    Assemblies(#[from] AssemblyRefused),
    /// The columns of counts are not complete.
    #[error("the columns of counts of `{file}` are not complete: {reason}")]
    Counts {
        /// The file.
        file: String,
        /// What is missing.
        reason: String,
    },
    /// A count is no count.
    #[error("`{column}` is `{value}`, which is no count")]
    NotACount {
        /// The file.
        file: String,
        /// Line (1-based).
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        value: String,
    },
    /// Rows of counts with one name.
    #[error("two rows of counts are named `{name}`")]
    NameTwice {
        /// The file.
        file: String,
        /// Their lines (1-based).
        lines: [u64; 2],
        /// The name.
        name: String,
    },
    /// A name stands for several variants.
    #[error("`{name}` names two variants, {} and {}", .variants[0], .variants[1])]
    NameOfSeveral {
        /// The table of variants.
        file: String,
        /// Their lines (1-based).
        lines: [u64; 2],
        /// The name.
        name: String,
        /// The variants.
        variants: [String; 2],
    },
    /// Activities were to be joined as effects.
    #[error("`{file}` ({format}) holds activities of elements, not effects of alleles")]
    Activities {
        /// The file.
        file: String,
        /// The format.
        format: &'static str,
    },
    /// Effects that are known by name were to be joined by variant.
    #[error("the effects of `{file}` ({format}) are known by name, not by variant")]
    NamesOnly {
        /// The file.
        file: String,
        /// The format.
        format: &'static str,
    },
    /// The noise of the counts cannot be modelled.
    #[error("the noise of the counts cannot be modelled: {0}")]
    Noise(#[from] StatsError),
    /// An output cannot be written, or another file has its name.
    #[error(transparent)]
    Output(#[from] OutputFileError),
}

fn closest_words(closest: Option<&(&'static str, Vec<&'static str>)>) -> String {
    closest.map_or_else(String::new, |(format, missing)| {
        format!("; `{format}` comes nearest and needs {}, too", missing.join(", "))
    })
}

/// Names members of an archive, the first of many.
fn listed(members: &[String]) -> String {
    const SHOWN: usize = 60;
    let mut text = members
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if members.len() > SHOWN {
        text.push_str(&format!(" and {} more", members.len() - SHOWN));
    }
    text
}

impl MeasuredError {
    /// Says that an output cannot be written.
    pub(super) fn write(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| {
            let path = path.clone();
            OutputFileError::Write { path, source }.into()
        }
    }
}

impl Diagnostic for MeasuredError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Table(error) => error.place(),
            Self::Variants(error) => error.place(),
            Self::NotACount { file, line, .. } => Some(format!("{file}, line {line}")),
            Self::NameTwice { file, lines, .. } | Self::NameOfSeveral { file, lines, .. } => {
                Some(format!("{file}, lines {} and {}", lines[0], lines[1]))
            }
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Table(error) => return error.hint(),
            Self::Variants(error) => return error.hint(),
            Self::Reference(error) => return error.hint(),
            Self::Contradicted(error) => return Some(error.hint()),
            Self::Noise(error) => return error.hint(),
            Self::FormatUnknown { nearest, .. } => {
                return Some(question(nearest).unwrap_or_else(|| "`refalt measured --formats` lists them".to_owned()));
            }
            Self::Ending { .. } => "give a name that ends in `.tsv`, `.tsv.gz` or `.parquet`",
            Self::SameFile { .. } => return Some("give another name with --out".to_owned()),
            Self::OptionsOfOther { .. } => {
                return Some(format!(
                    "leave them out, or give `--format {}` to name every column yourself",
                    super::FREE_TABLE
                ));
            }
            Self::NotRecognised { header, columns, .. } => {
                let header = if header.is_empty() {
                    format!("it has no header and {columns} columns")
                } else {
                    format!("its columns: {}", header.join(", "))
                };
                return Some(format!(
                    "{header}; for a table of your own say `--format table --effect COLUMN --effect-allele alt|ref|COLUMN`; \
                     `refalt measured --formats` lists what is known"
                ));
            }
            Self::Ambiguous { .. } => "name one with --format",
            Self::ColumnsMissing { .. } => {
                "columns are found by their names and never by number: keep the header of the release, or say `--format table`"
            }
            Self::ColumnTwice { .. } => "remove or rename one of them",
            Self::CarriedTwice { .. } => {
                "name each column once; a column with the name of one that the table has in any case is renamed in the file first"
            }
            Self::ColumnUnknown { nearest, .. } => return question(nearest),
            Self::Refused { hint, .. } => hint,
            Self::EffectAlleleNeeded { .. } => {
                "say it with --effect-allele: `alt` or `ref` as listed, or the column that names it; the methods of the study \
                 tell, and without it the sign of an effect means nothing"
            }
            Self::EffectAlleleStated { .. } => "leave out --effect-allele, or read it as `--format table`",
            Self::EffectNeeded => "--effect COLUMN",
            Self::Member { members, .. } if members.is_empty() => "`tar -t` lists an archive",
            Self::Member { members, .. } | Self::MemberUnknown { nearest: members, .. } => {
                return Some(format!(
                    "choose one with --member, by name or its part before the first dot: {}",
                    listed(members)
                ));
            }
            Self::MemberOfSeveral { members, .. } => {
                return Some(format!("give the whole name with --member: {}", listed(members)));
            }
            Self::NoArchive { .. } => {
                "leave out --member; for `--format table` unpack the archive (`tar -x`) and give the file inside"
            }
            Self::ReferenceNeeded { .. } => "give the genome with --reference",
            Self::PValues { .. } => {
                "take the column with the effect, by its name (in GTEx `slope`; `pval_nominal` is one to the left); `refalt lint \
                 --explain RF006` says more"
            }
            Self::Repeated {
                all_identical: true, ..
            } => {
                "the repeats have the same numbers, as when a variant has several dbSNP names: `--repeats identical` counts them once"
            }
            Self::Repeated { .. } => {
                "keep one by a condition (--keep), or say `--repeats mean` for the mean of replicates"
            }
            Self::NothingLeft { hint, .. } => hint,
            Self::OneSided { .. } => {
                "p-values, sizes and odds ratios look like this: give the column with signed effects, or say what they are with \
                 `--effect-is ratio` (of `--format table`: the effect is the natural logarithm) or `--effect-is one-sided`"
            }
            Self::ColumnOfOther { .. } => {
                "check which column holds what; of a known format the header and its cells no longer belong together"
            }
            Self::ErrorOfRatio => {
                "leave out --se, or give a table with the logarithm of the ratio and its standard error"
            }
            Self::MeanWithoutReference => "give the genome with --reference",
            Self::Assemblies(error) => return Some(error.hint()),
            Self::NotOnThisGenome(error) => return Some(error.hint()),
            Self::Counts { .. } => {
                "name the columns with --dna and --rna, with `{allele}` and `{replicate}` where they differ: \
                 `DNA_allele_{allele}_{replicate}`"
            }
            Self::NotACount { .. } => "counts are 0 or above and not scaled",
            Self::NameTwice { .. } => "add up the rows of one oligo before, or name them apart",
            Self::NameOfSeveral { .. } => "a pair of oligos has one variant: remove one of the two rows",
            Self::NamesOnly { .. } => {
                "make a table with variants first: `refalt measured FILE --alleles TABLE --out effects.tsv`"
            }
            Self::Activities { .. } => "take a file with effects of variants",
            Self::Output(error) => return Some(error.hint()),
            Self::Unreadable { .. } | Self::NoRows { .. } => return None,
        };
        Some(hint.to_owned())
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Variants(error) => error.is_usage(),
            Self::FormatUnknown { .. }
            | Self::ColumnsMissing { .. }
            | Self::ColumnUnknown { .. }
            | Self::CarriedTwice { .. }
            | Self::EffectAlleleNeeded { .. }
            | Self::EffectAlleleStated { .. }
            | Self::EffectNeeded
            | Self::Member { .. }
            | Self::MemberUnknown { .. }
            | Self::MemberOfSeveral { .. }
            | Self::NoArchive { .. }
            | Self::ReferenceNeeded { .. }
            | Self::SameFile { .. }
            | Self::Ending { .. }
            | Self::ErrorOfRatio
            | Self::MeanWithoutReference
            | Self::OptionsOfOther { .. }
            | Self::Contradicted(_) => true,
            _ => false,
        }
    }
}
