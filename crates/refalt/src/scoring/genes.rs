//! The gene annotation of a scoring job: models, and sites of polyadenylation.

use crate::diagnostic::Diagnostic;
use crate::engine::identity::PolyaIdentity;
use crate::io::genes::{self, Genes, GenesError, OpenOptions};
use crate::io::sites::SitesError;
use crate::io::sites::polya;
use crate::provenance::FileIdentity;
use crate::reference_assembly::ReferenceAssembly;
use refalt_core::annotation::PolyaSites;
use refalt_core::{Annotation, Reference};
use std::io;
use std::path::{Path, PathBuf};

/// Where sites of polyadenylation come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolyaSource {
    /// A table of sites.
    Table(PathBuf),
    /// The ends of the annotation's transcripts.
    TranscriptEnds,
}

/// The gene annotation that a job is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneFiles {
    /// Gene models, GTF or GFF3.
    pub models: PathBuf,
    /// Where the index of the models goes when their folder cannot be written.
    pub cache_folder: Option<PathBuf>,
    /// Sites of polyadenylation.
    pub polya: Option<PolyaSource>,
}

/// The annotation, opened.
pub(crate) struct OpenGenes {
    genes: Genes,
    pub(crate) identity: FileIdentity,
    pub(super) polya: Option<PolyaIdentity>,
    pub(crate) notes: Vec<String>,
}

/// The annotation cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GeneFilesError {
    /// The gene models.
    #[error(transparent)]
    Models(Box<GenesError>),
    /// The sites.
    #[error(transparent)]
    Sites(#[from] SitesError),
    /// None of the sites belongs to a gene of the models.
    #[error("none of the {rows} sites in `{sites}` belongs to a gene of `{models}`; the first name {}", .first.join(", "))]
    NoSiteMatches {
        /// The table of sites.
        sites: PathBuf,
        /// The gene models.
        models: PathBuf,
        /// Rows of the table.
        rows: u64,
        /// The first genes that it names.
        first: Vec<String>,
    },
    /// A file cannot be digested.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl From<GenesError> for GeneFilesError {
    fn from(error: GenesError) -> Self {
        Self::Models(Box::new(error))
    }
}

impl Diagnostic for GeneFilesError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Models(error) => error.place(),
            Self::Sites(error) => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Models(error) => error.hint(),
            Self::Sites(error) => error.hint(),
            Self::NoSiteMatches { .. } => {
                Some("give sites that name the genes of the models by Ensembl identifier or symbol".to_owned())
            }
            Self::Unreadable { .. } => None,
        }
    }
}

fn identity(path: &Path) -> Result<FileIdentity, GeneFilesError> {
    FileIdentity::of(path).map_err(|source| GeneFilesError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

impl GeneFiles {
    /// Opens the files for a reference: the annotation, and what the user may want to know of it.
    ///
    /// # Errors
    /// [`GeneFilesError`] when a file cannot be used, or the annotation is of another assembly than the reference.
    pub fn annotation(
        &self,
        reference: &dyn Reference,
        known: ReferenceAssembly,
    ) -> Result<(Annotation, Vec<String>), GeneFilesError> {
        let open = self.open()?;
        let notes = open.check(reference, known)?;
        Ok((open.genes.annotation, notes))
    }

    /// Returns what tells these annotations from any other: the digests of the files, and what sites of polyadenylation are.
    ///
    /// # Errors
    /// [`GeneFilesError::Unreadable`] when a file cannot be read.
    pub fn digest(&self) -> Result<String, GeneFilesError> {
        let models = identity(&self.models)?.sha256;
        Ok(match &self.polya {
            None => format!("models {models}"),
            Some(PolyaSource::TranscriptEnds) => format!("models {models} polyadenylation at ends of transcripts"),
            Some(PolyaSource::Table(path)) => format!("models {models} polyadenylation {}", identity(path)?.sha256),
        })
    }

    /// Opens the files.
    pub(crate) fn open(&self) -> Result<OpenGenes, GeneFilesError> {
        let options = OpenOptions {
            cache_folder: self.cache_folder.clone(),
            ..OpenOptions::default()
        };
        let (mut genes, _) = genes::open(&self.models, &options)?;
        let mut notes = vec![format!(
            "gene models `{}`: {} genes, {} transcripts",
            self.models.display(),
            genes.annotation.gene_count(),
            genes.annotation.transcript_count()
        )];
        let polya = match &self.polya {
            None => None,
            Some(PolyaSource::TranscriptEnds) => {
                let sites = PolyaSites::of_transcript_ends(&genes.annotation);
                notes.push(format!("sites of polyadenylation: {} ends of transcripts", sites.len()));
                genes.annotation = genes.annotation.with_polya_sites(sites);
                Some(PolyaIdentity::TranscriptEnds)
            }
            Some(PolyaSource::Table(path)) => {
                let (sites, matched) = polya::read(path)?.sites(&genes.annotation);
                if matched.matched == 0 {
                    return Err(GeneFilesError::NoSiteMatches {
                        sites: path.clone(),
                        models: self.models.clone(),
                        rows: matched.unmatched,
                        first: matched.unmatched_genes,
                    });
                }
                notes.push(format!(
                    "sites of polyadenylation `{}`: {} belong to genes of the models, {} do not",
                    path.display(),
                    matched.matched,
                    matched.unmatched
                ));
                genes.annotation = genes.annotation.with_polya_sites(sites);
                Some(PolyaIdentity::Table(identity(path)?))
            }
        };
        let identity = match genes.source.identity.clone() {
            Some(identity) => identity,
            None => identity(&self.models)?,
        };
        Ok(OpenGenes {
            genes,
            identity,
            polya,
            notes,
        })
    }
}

impl OpenGenes {
    /// Refuses an annotation of another assembly than the reference's; returns what the user may want to know of it.
    pub(crate) fn check(
        &self,
        reference: &dyn Reference,
        known: ReferenceAssembly,
    ) -> Result<Vec<String>, GeneFilesError> {
        self.genes.check_against(reference, known)?;
        let mut notes = self.notes.clone();
        if known.known().is_none() {
            let stated = match self.genes.assembly() {
                Some((assembly, _)) => Some(assembly.name().to_owned()),
                None => self.genes.source.header.assembly.clone(),
            };
            notes.extend(stated.map(|stated| {
                format!(
                    "gene annotation `{}` is on {stated}; the assembly of the reference is not proven, so that this was not checked, \
                     except that all genes lie in its contigs; `--assembly` states it",
                    self.genes.source.name
                )
            }));
        }
        Ok(notes)
    }

    pub(crate) fn annotation(&self) -> &Annotation {
        &self.genes.annotation
    }
}
