//! Why gene annotation is not accepted.

use crate::diagnostic::Diagnostic;
use refalt_core::annotation::AnnotationError;
use refalt_core::{Assembly, ContigName, Interval, Strand};
use std::io;

/// What is wrong in a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GeneProblem {
    /// The columns are separated by spaces.
    #[error("the columns are separated by spaces; GTF and GFF3 separate them by tabs")]
    Spaces,
    /// Not nine columns.
    #[error("{found} columns separated by tabs; GTF and GFF3 have 9")]
    Columns {
        /// Columns found.
        found: usize,
    },
    /// A value of the wrong kind.
    #[error("column {column} is `{value}`; expected {expected}")]
    Value {
        /// The column's name in the specification.
        column: &'static str,
        /// What is there.
        value: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// End before start.
    #[error("end `{end}` is before start `{start}` (1-based, inclusive)")]
    Inverted {
        /// Start as written.
        start: u32,
        /// End as written.
        end: u32,
    },
    /// A feature that needs an attribute has none.
    #[error("a row of type `{kind}` without `{attribute}`")]
    MissingAttribute {
        /// The row's type, column 3.
        kind: String,
        /// The attribute.
        attribute: &'static str,
    },
    /// The attributes are not those of the format.
    #[error("the attributes cannot be read at `{at}`; expected {expected}")]
    Attributes {
        /// Where reading stopped, cut to 40 characters.
        at: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// The row does not fit the rows before it.
    #[error("{0}")]
    Model(#[from] AnnotationError),
    /// A part on another strand or contig than the whole.
    #[error("{part} is on {found}, `{whole}` on {expected}")]
    Elsewhere {
        /// Which part.
        part: &'static str,
        /// The gene or transcript it belongs to.
        whole: String,
        /// Where the part is, as text.
        found: String,
        /// Where the whole is, as text.
        expected: String,
    },
    /// A parent that is nowhere in the file.
    #[error("the parent `{parent}` is not in the file")]
    NoParent {
        /// The identifier.
        parent: String,
    },
    /// Parents that lead back to the row itself.
    #[error("the parents of `{id}` lead in a circle")]
    Circle {
        /// The identifier.
        id: String,
    },
    /// The text is not UTF-8.
    #[error("the text is not UTF-8")]
    Encoding,
}

impl GeneProblem {
    pub(super) fn strand(part: &'static str, whole: &str, found: Strand, expected: Strand) -> Self {
        Self::Elsewhere {
            part,
            whole: whole.to_owned(),
            found: format!("strand {found}"),
            expected: format!("strand {expected}"),
        }
    }

    fn hint(&self) -> Option<String> {
        let fix = match self {
            Self::Spaces => {
                "separate the columns by tabs: pass the text through `perl -lpe '$_ = join \"\\t\", split(/ +/, $_, 9) \
                 unless /\\t|^#/'`"
            }
            Self::NoParent { .. } => {
                "the file was cut out of a larger one without its parents; cut it by gene, or take the whole file"
            }
            Self::Model(error) => return error.hint(),
            _ => return None,
        };
        Some(fix.to_owned())
    }
}

/// A line that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineProblem {
    /// The line (1-based).
    pub line: u64,
    /// The line's text, cut to 80 characters.
    pub text: String,
    /// What is wrong.
    pub problem: GeneProblem,
}

/// Gene annotation could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenesError {
    /// The file could not be read.
    #[error("cannot read `{name}`: {source}")]
    Io {
        /// The file.
        name: String,
        /// The system's answer.
        source: io::Error,
    },
    /// Lines are not those of the format.
    #[error("{}", in_words(*count, problems))]
    Lines {
        /// The file.
        name: String,
        /// How many lines.
        count: u64,
        /// The first of them, at most 20.
        problems: Vec<LineProblem>,
    },
    /// There is no gene in the file.
    #[error("`{name}` has no gene: {reason}")]
    NoGene {
        /// The file.
        name: String,
        /// What it has.
        reason: String,
    },
    /// The rows make no gene models together.
    #[error("`{name}`: {source}")]
    Models {
        /// The file.
        name: String,
        /// Why.
        source: AnnotationError,
    },
    /// A part lies outside the whole.
    #[error("{part} {inner} of `{name}` lies outside {whole}, {outer} (1-based, inclusive)")]
    Outside {
        /// The file.
        name: String,
        /// Which part.
        part: String,
        /// The part.
        inner: Interval,
        /// The gene or transcript that it belongs to.
        whole: String,
        /// The whole.
        outer: Interval,
    },
    /// The file changed while it was read.
    #[error("`{name}` changed while it was read")]
    Changed {
        /// The file.
        name: String,
    },
    /// The annotation is on another assembly than the reference.
    #[error("the annotation `{name}` is on {annotation} ({evidence}), the reference on {reference}")]
    OtherAssembly {
        /// The file.
        name: String,
        /// The assembly of the annotation, as it says.
        annotation: String,
        /// How it is known, in words.
        evidence: String,
        /// The assembly of the reference.
        reference: Assembly,
    },
    /// A gene or a sequence region does not fit the contig of the reference.
    #[error(
        "{what} of `{name}` ends at {contig}:{}, the contig of the reference at {length_bp}",
        interval.bed_end()
    )]
    PastContigEnd {
        /// The file.
        name: String,
        /// The gene or the region.
        what: String,
        /// The contig, named as the annotation writes it.
        contig: ContigName,
        /// The feature.
        interval: Interval,
        /// Length of the contig in bp.
        length_bp: u32,
        /// How many others there are.
        others: u64,
    },
    /// A sequence region says another length than the contig has.
    #[error("`{name}` says that {contig} has {said_bp} bp, the contig of the reference has {length_bp}")]
    OtherLength {
        /// The file.
        name: String,
        /// The contig, named as the annotation writes it.
        contig: ContigName,
        /// The length that the annotation says.
        said_bp: u32,
        /// Length of the contig in bp.
        length_bp: u32,
    },
    /// No contig of the annotation is in the reference.
    #[error(
        "no contig of `{name}` is in the reference: it has {}, the reference {}",
        listed(annotation),
        listed(reference)
    )]
    NoCommonContig {
        /// The file.
        name: String,
        /// Contigs of the annotation.
        annotation: Vec<ContigName>,
        /// Contigs of the reference.
        reference: Vec<ContigName>,
    },
}

fn in_words(count: u64, problems: &[LineProblem]) -> String {
    let first = problems
        .first()
        .map_or(String::new(), |first| first.problem.to_string());
    match count {
        0 | 1 => first,
        _ => format!("{count} lines cannot be used; the first: {first}"),
    }
}

fn listed(contigs: &[ContigName]) -> String {
    let shown: Vec<String> = contigs.iter().take(3).map(|contig| format!("`{contig}`")).collect();
    match contigs.len() {
        0 => "none".to_owned(),
        1..=3 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), more - 3),
    }
}

impl Diagnostic for GenesError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Lines { name, problems, .. } => {
                let first = problems.first()?;
                Some(format!("{name}, line {}: {}", first.line, first.text))
            }
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Lines { problems, count, .. } => {
                let fix = problems.first().and_then(|first| first.problem.hint());
                let leave_out = "`refalt genes FILE --malformed leave-out` lists such lines";
                let also = match problems.get(1) {
                    Some(second) if *count > 1 => {
                        let lines: Vec<String> = problems
                            .iter()
                            .skip(1)
                            .map(|problem| problem.line.to_string())
                            .collect();
                        let dots = if *count > problems.len() as u64 { ", ..." } else { "" };
                        let noun = if lines.len() == 1 { "line" } else { "lines" };
                        let _ = second;
                        format!("; the others: {noun} {}{dots}", lines.join(", "))
                    }
                    _ => String::new(),
                };
                Some(match fix {
                    Some(fix) => format!("{fix}; {leave_out}{also}"),
                    None => format!("correct them; {leave_out}{also}"),
                })
            }
            Self::NoGene { .. } => Some("give a GTF or GFF3 with `exon` rows: GENCODE, Ensembl or RefSeq".to_owned()),
            Self::Changed { .. } => Some("wait until it is written, then run again".to_owned()),
            Self::OtherAssembly { reference, .. } => Some(format!(
                "take the annotation of {reference} (GENCODE: release 20 and later for GRCh38, 19 or a `lift37` file for \
                 GRCh37, M2 to M25 for GRCm38), or the genome that the annotation is on"
            )),
            Self::PastContigEnd { others, .. } => Some(format!(
                "the annotation belongs to another assembly or to another version of this contig{}",
                if *others > 0 {
                    format!("; {others} more genes do not fit")
                } else {
                    String::new()
                }
            )),
            Self::OtherLength { .. } => {
                Some("the annotation belongs to another assembly or to another version of this contig".to_owned())
            }
            Self::NoCommonContig { .. } => Some(
                "chr5, 5 and NC_000005.10 are one contig here; other names must be the same letter for letter"
                    .to_owned(),
            ),
            Self::Outside { .. } => {
                Some("the file was put together from two releases, or edited; take it from its source again".to_owned())
            }
            Self::Models { source, .. } => source.hint(),
            Self::Io { .. } => None,
        }
    }
}
