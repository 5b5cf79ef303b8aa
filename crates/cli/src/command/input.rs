//! How commands take a list of variants.

use crate::message::Failure;
use crate::terminal::{DigestBar, Settings};
use refalt::core::Assembly;
use refalt::core::nearest::{nearest, question};
use refalt::diagnostic::Diagnostic;
use refalt::io::fasta::FastaReference;
use refalt::io::variants::{ColumnMap, Format, ReadOptions, RowProblem, Source};
use std::path::{Path, PathBuf};

/// A list of variants, or variants written out.
#[derive(Debug, clap::Args)]
pub(crate) struct InputOptions {
    /// A file (VCF, BCF, TSV, CSV, Parquet, one id a line; plain, gzip or bgzip), `-` for standard input, or variants
    /// written out (`chr5:1295113:G>A`, GTEx, gnomAD, SPDI, HGVS g.).
    #[arg(value_name = "VARIANTS", required = true)]
    variants: Vec<String>,

    #[command(flatten)]
    reading: ReadingOptions,
}

/// How a list of variants is read.
#[derive(Debug, clap::Args)]
pub(crate) struct ReadingOptions {
    /// Columns of a table: `chrom=CHR,pos=BP,ref=A2,alt=A1`; keys chrom, pos, start0, ref, alt, id, rsid, gene,
    /// strand, hgvs, assembly.
    #[arg(long, value_name = "MAP")]
    columns: Option<String>,

    /// Format, when the content does not tell: vcf, bcf, tsv, csv, parquet, ids.
    #[arg(long)]
    format: Option<String>,
}

/// Tells that an option's value is none of the known names, with those that may be meant.
pub(crate) fn unknown<'a>(what: &str, found: &str, names: impl Iterator<Item = &'a str>) -> Failure {
    let names: Vec<&str> = names.collect();
    let failure = Failure::new(format!("unknown {what} `{found}`; known: {}", names.join(", "))).usage();
    match question(&nearest(found, names)) {
        Some(question) => failure.with_hint(question),
        None => failure,
    }
}

/// Opens a reference and identifies its assembly by content, with a bar while that takes long.
pub(crate) fn reference(path: &Path, settings: &Settings) -> Result<FastaReference, Failure> {
    let digesting = DigestBar::new(settings);
    let opened = FastaReference::open_identified(path, &|progress| digesting.show(progress));
    digesting.finish();
    opened.map_err(|error| Failure::of(&error))
}

/// Reads the name of a file to write.
///
/// `-`, which means a stream elsewhere, is no file, and a file of that name is a nuisance.
pub(crate) fn output_file(text: &str) -> Result<PathBuf, String> {
    if text == "-" {
        return Err("the output has a record or an index beside it, so it is a file and no stream".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// Reads the name of an assembly.
pub(crate) fn assembly(name: &str) -> Result<Assembly, Failure> {
    Assembly::from_name(name)
        .ok_or_else(|| unknown("assembly", name, Assembly::ALL.iter().map(|assembly| assembly.name())))
}

/// Returns where variants come from.
///
/// One argument is a file, standard input, or a variant written out; several are variants written out.
pub(crate) fn source(arguments: &[String]) -> Result<Source, Failure> {
    let is_file = |word: &String| std::path::Path::new(word).exists();
    let problem = |word: &String| refalt::io::variants::ids::parse(word).variant.err();
    match arguments {
        [one] if one == "-" || is_file(one) => Ok(Source::from_argument(one)),
        [one] => match problem(one) {
            None | Some(RowProblem::NeedsReference(_)) => Ok(Source::Literals(vec![one.clone()])),
            Some(problem) => {
                let failure = Failure::new(format!("there is no file `{one}`, and as a variant: {problem}"));
                Err(match problem.hint() {
                    Some(hint) => failure.with_hint(hint),
                    None => failure,
                })
            }
        },
        words => match words.iter().find(|word| *word == "-" || is_file(word)) {
            Some(file) => Err(
                Failure::new(format!("`{file}` is a file, and {} arguments are given", words.len()))
                    .with_hint("give one file, or variants written out")
                    .usage(),
            ),
            None => Ok(Source::Literals(words.to_vec())),
        },
    }
}

impl InputOptions {
    /// Returns where the variants come from.
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        source(&self.variants)
    }

    /// Returns how to read them.
    pub(crate) fn reading(&self) -> Result<ReadOptions, Failure> {
        self.reading.reading()
    }
}

impl ReadingOptions {
    /// Returns how to read the variants.
    pub(crate) fn reading(&self) -> Result<ReadOptions, Failure> {
        let columns = match &self.columns {
            Some(text) => text.parse::<ColumnMap>().map_err(|error| Failure::of(&error))?,
            None => ColumnMap::default(),
        };
        let format = match &self.format {
            Some(text) => Some(
                Format::from_name(text)
                    .ok_or_else(|| unknown("format", text, Format::ALL.iter().map(|format| format.name())))?,
            ),
            None => None,
        };
        Ok(ReadOptions {
            format,
            columns,
            ..ReadOptions::default()
        })
    }
}
