//! Which assembly a FASTA is, by the content of its contigs.
//!
//! METHOD: the GA4GH refget digest of a contig (SHA-512 of the upper-case letters, first 24 bytes, base64url) is
//! compared with the published values of the known assemblies. Names are compared too: a contig that carries the
//! sequence of another one proves nothing. Lengths alone are a hint and are never called proof; a slice has no
//! digest.

use super::{FastaError, FastaNote, FastaReference, beside};
use crate::atomic_file::AtomicFile;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use refalt_core::{Assembly, AssemblyEvidence, Chromosome, ContigName, Reference, ReferenceContig};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

/// Bases digested between two progress reports.
const STEP_BP: u32 = 1 << 20;

/// How far digesting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestProgress {
    /// Bases digested so far.
    pub bases_done: u64,
    /// Bases to digest.
    pub bases: u64,
}

/// What a contig's digest means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DigestMeaning {
    /// The contig of one known assembly.
    Contig {
        /// The assembly.
        assembly: Assembly,
        /// The contig's number there: `1` to `22`, `X`, `Y`, `M`.
        number: &'static str,
    },
    /// A contig that several assemblies share (the human mitochondrion).
    Shared {
        /// The contig's number.
        number: &'static str,
    },
    /// Named and as long as a contig of a known assembly, but with other content: masked, edited or patched.
    OtherContent {
        /// The assembly whose contig has this name and length.
        assembly: Assembly,
    },
    /// No known assembly has such a contig.
    Unknown,
}

/// The digest of a whole contig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContigDigest {
    /// The contig, named as the file names it.
    pub name: ContigName,
    /// Its length in bp.
    pub length_bp: u32,
    /// The refget digest with its `SQ.` prefix.
    pub refget: String,
    /// What it means.
    pub meaning: DigestMeaning,
}

/// What the content of a FASTA says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The conclusion.
    pub evidence: AssemblyEvidence,
    /// The whole contigs in file order; slices have no digest.
    pub contigs: Vec<ContigDigest>,
}

/// Says which assembly the lengths of the whole contigs agree with. Never proof.
pub(super) fn by_length(contigs: &[ReferenceContig]) -> AssemblyEvidence {
    let whole: Vec<_> = contigs
        .iter()
        .filter_map(|contig| Some((Chromosome::of(contig.name.as_str())?, contig.length_bp?)))
        .collect();
    let agreeing = |assembly: Assembly| {
        let fits = |&&(ref chromosome, length_bp): &&(Chromosome, u32)| {
            contig_of(assembly, chromosome.number).is_some_and(|contig| contig.length_bp == length_bp)
        };
        whole.iter().filter(fits).count()
    };
    let sliced = contigs.iter().any(|contig| contig.length_bp.is_none());
    let best = Assembly::ALL
        .into_iter()
        .map(|assembly| (agreeing(assembly), assembly))
        .rev()
        .max_by_key(|&(n, _)| n);
    let reason = match best {
        Some((agreeing, assembly)) if agreeing > 0 => format!(
            "lengths agree with {assembly} in {agreeing} of {} chromosomes; the content was not compared",
            whole.len()
        ),
        _ if sliced => "a slice has no digest of its contig".to_owned(),
        _ => "no contig has the name and length of a known assembly's".to_owned(),
    };
    AssemblyEvidence::NotProven { reason }
}

fn contig_of(assembly: Assembly, number: &str) -> Option<&'static refalt_core::assembly::AssemblyContig> {
    assembly.contigs().iter().find(|contig| contig.number == number)
}

/// Returns the refget digest of upper-case letters, with its `SQ.` prefix.
fn refget(hash: Sha512) -> String {
    format!("SQ.{}", URL_SAFE_NO_PAD.encode(&hash.finalize()[..24]))
}

/// Says what a digest means for a contig of this name and length.
fn meaning(name: &str, length_bp: u32, refget: &str) -> DigestMeaning {
    let mut found = Assembly::ALL.into_iter().flat_map(|assembly| {
        let contigs = assembly.contigs().iter().filter(|contig| contig.refget == refget);
        contigs.map(move |contig| (assembly, contig.number))
    });
    match (found.next(), found.next()) {
        (Some((_, number)), Some(_)) => DigestMeaning::Shared { number },
        (Some((assembly, number)), None) => DigestMeaning::Contig { assembly, number },
        (None, _) => {
            let number = Chromosome::of(name).map(|chromosome| chromosome.number);
            let same_length = |assembly: &Assembly| {
                number
                    .and_then(|number| contig_of(*assembly, number))
                    .is_some_and(|contig| contig.length_bp == length_bp && !contig.refget.is_empty())
            };
            match Assembly::ALL.into_iter().find(same_length) {
                Some(assembly) => DigestMeaning::OtherContent { assembly },
                None => DigestMeaning::Unknown,
            }
        }
    }
}

/// Weighs the digests of the whole contigs.
fn by_content(digests: Vec<ContigDigest>, contigs: &[ReferenceContig]) -> Identity {
    let mut assemblies = BTreeSet::new();
    let mut agreeing = 0;
    let mut misnamed = None;
    for digest in &digests {
        let (number, assembly) = match &digest.meaning {
            DigestMeaning::Contig { assembly, number } => (*number, Some(*assembly)),
            DigestMeaning::Shared { number } => (*number, None),
            DigestMeaning::OtherContent { .. } | DigestMeaning::Unknown => continue,
        };
        let named = Chromosome::of(digest.name.as_str());
        if named.as_ref().is_some_and(|named| named.number != number) {
            misnamed.get_or_insert_with(|| format!("`{}` holds the sequence of chromosome {number}", digest.name));
        }
        agreeing += 1;
        assemblies.extend(assembly);
    }
    let mut assemblies = assemblies.into_iter();
    let evidence = match (misnamed, assemblies.next(), assemblies.next()) {
        (Some(reason), ..) => AssemblyEvidence::NotProven { reason },
        (None, Some(assembly), None) => AssemblyEvidence::Proven {
            assembly,
            contigs: agreeing,
        },
        (None, Some(first), Some(second)) => AssemblyEvidence::NotProven {
            reason: format!("contigs of both {first} and {second} are in the file"),
        },
        (None, None, _) => {
            let other = digests.iter().find_map(|digest| match digest.meaning {
                DigestMeaning::OtherContent { assembly } => Some((digest, assembly)),
                _ => None,
            });
            match other {
                Some((digest, assembly)) => AssemblyEvidence::NotProven {
                    reason: format!(
                        "`{}` has the name and length of {assembly}'s but other content (`{}`)",
                        digest.name, digest.refget
                    ),
                },
                None if digests.is_empty() => by_length(contigs),
                None => AssemblyEvidence::NotProven {
                    reason: "no contig has the digest of a known assembly's".to_owned(),
                },
            }
        }
    };
    Identity {
        evidence,
        contigs: digests,
    }
}

impl FastaReference {
    /// Opens a file and, where no digests lie beside it, [identifies](Self::identify) it.
    ///
    /// # Errors
    /// [`FastaError`].
    pub fn open_identified(path: &Path, progress: &(dyn Fn(DigestProgress) + Sync)) -> Result<Self, FastaError> {
        let reference = Self::open(path)?;
        if reference.assembly().proven().is_none() {
            reference.identify(progress)?;
        }
        Ok(reference)
    }

    /// Digests every whole contig and says which assembly the file is.
    ///
    /// Reads the file once (seconds for a plain human genome), on as many threads as the machine has cores;
    /// `progress` is called from them after each megabase. [`assembly`](refalt_core::Reference::assembly) gives
    /// the conclusion from then on.
    ///
    /// # Errors
    /// [`FastaError`] when bases cannot be read.
    pub fn identify(&self, progress: &(dyn Fn(DigestProgress) + Sync)) -> Result<Identity, FastaError> {
        let whole: Vec<usize> = (0..self.contigs.len())
            .filter(|&contig| self.contigs[contig].length_bp.is_some())
            .collect();
        let bases = whole
            .iter()
            .map(|&contig| u64::from(self.contigs[contig].length_bp.unwrap_or(0)))
            .sum();
        let done = AtomicU64::new(0);
        let next = AtomicUsize::new(0);
        let results: Vec<Mutex<Option<Result<ContigDigest, FastaError>>>> =
            whole.iter().map(|_| Mutex::new(None)).collect();
        let work = || {
            loop {
                let slot = next.fetch_add(1, Ordering::Relaxed);
                let Some(&contig) = whole.get(slot) else { break };
                let report = |step: u64| {
                    let bases_done = done.fetch_add(step, Ordering::Relaxed) + step;
                    progress(DigestProgress { bases_done, bases });
                };
                let result = self.digest(contig, &report);
                if result.is_err() {
                    next.store(whole.len(), Ordering::Relaxed);
                }
                *results[slot].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            }
        };
        let threads = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(whole.len());
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        let mut digests = Vec::with_capacity(whole.len());
        for slot in results {
            // An empty slot was given up after a failure in another one, which ends the loop there.
            if let Some(result) = slot.into_inner().unwrap_or_else(PoisonError::into_inner) {
                digests.push(result?);
            }
        }
        let identity = by_content(digests, &self.contigs);
        let _ = self.by_content.set(identity.evidence.clone());
        Ok(identity)
    }

    fn digest(&self, contig: usize, report: &dyn Fn(u64)) -> Result<ContigDigest, FastaError> {
        let length_bp = self.contigs[contig].length_bp.unwrap_or(0);
        let mut hash = Sha512::new();
        let mut bases = Vec::new();
        // An empty contig has no part.
        if let Some(part) = self.parts[contig].first() {
            let mut at = 0;
            while at < length_bp {
                let stop = length_bp.min(at.saturating_add(STEP_BP));
                bases.clear();
                self.decode(part.record, at, stop, &mut bases)?;
                hash.update(&bases);
                report(u64::from(stop - at));
                at = stop;
            }
        }
        let refget = refget(hash);
        let name = self.contigs[contig].name.clone();
        Ok(ContigDigest {
            meaning: meaning(name.as_str(), length_bp, &refget),
            name,
            length_bp,
            refget,
        })
    }

    /// Returns where [`write_digests`](Self::write_digests) writes: the file's name with `.refget.json` after it.
    pub fn digests_path(&self) -> PathBuf {
        beside(self.path(), ".refget.json")
    }

    /// Writes the digests beside the file, so that the next [`open`](Self::open) knows the assembly at once.
    ///
    /// They are used only while the FASTA has the same size, time of change and index; a changed file is digested
    /// again on request.
    ///
    /// # Errors
    /// [`FastaError::Io`] when the file cannot be written.
    pub fn write_digests(&self, identity: &Identity) -> Result<PathBuf, FastaError> {
        let path = self.digests_path();
        let stored = StoredDigests {
            format: FORMAT.to_owned(),
            fasta: self.state().map_err(|source| self.io("read", source))?,
            contigs: identity
                .contigs
                .iter()
                .map(|digest| StoredDigest {
                    name: digest.name.as_str().to_owned(),
                    length_bp: digest.length_bp,
                    refget: digest.refget.clone(),
                })
                .collect(),
        };
        let mut text = serde_json::to_string_pretty(&stored).map_err(|error| self.io("write", error.into()))?;
        text.push('\n');
        AtomicFile::write(&path, text.as_bytes()).map_err(|source| FastaError::Io {
            path: path.clone(),
            action: "write",
            source,
        })?;
        Ok(path)
    }

    fn io(&self, action: &'static str, source: std::io::Error) -> FastaError {
        FastaError::Io {
            path: self.path().to_owned(),
            action,
            source,
        }
    }

    /// Takes over the digests beside the file when they belong to it.
    pub(super) fn with_digests_beside(mut self) -> Result<Self, FastaError> {
        let path = self.digests_path();
        if !path.is_file() {
            return Ok(self);
        }
        match self.stored_digests(&path) {
            Ok(digests) => {
                let identity = by_content(digests, &self.contigs);
                let _ = self.by_content.set(identity.evidence);
            }
            Err(reason) => self.notes.push(FastaNote::DigestsIgnored { path, reason }),
        }
        Ok(self)
    }

    fn stored_digests(&self, path: &Path) -> Result<Vec<ContigDigest>, String> {
        let text = std::fs::read(path).map_err(|error| error.to_string())?;
        let stored: StoredDigests = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        if stored.format != FORMAT {
            return Err(format!("unknown format `{}`; expected `{FORMAT}`", stored.format));
        }
        if stored.fasta != self.state().map_err(|error| error.to_string())? {
            return Err("the FASTA or its index changed after they were written".to_owned());
        }
        let whole: Vec<_> = self
            .contigs
            .iter()
            .filter(|contig| contig.length_bp.is_some())
            .collect();
        let same = whole.len() == stored.contigs.len()
            && whole.iter().zip(&stored.contigs).all(|(contig, digest)| {
                contig.name.as_str() == digest.name && contig.length_bp == Some(digest.length_bp)
            });
        if !same {
            return Err("they name other contigs than the FASTA has".to_owned());
        }
        let digests = stored.contigs.into_iter().map(|digest| ContigDigest {
            meaning: meaning(&digest.name, digest.length_bp, &digest.refget),
            name: ContigName::new(&digest.name),
            length_bp: digest.length_bp,
            refget: digest.refget,
        });
        Ok(digests.collect())
    }

    /// Returns what ties digests to this state of the file.
    fn state(&self) -> std::io::Result<FileState> {
        let metadata = std::fs::metadata(self.path())?;
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut hash = Sha512::new();
        hash.update(self.index.to_string());
        Ok(FileState {
            size_bytes: metadata.len(),
            modified: format!("{}.{:09}", modified.as_secs(), modified.subsec_nanos()),
            index_sha512t24u: URL_SAFE_NO_PAD.encode(&hash.finalize()[..24]),
        })
    }
}

const FORMAT: &str = "refalt-refget-1";

#[derive(Serialize, Deserialize)]
struct StoredDigests {
    format: String,
    fasta: FileState,
    contigs: Vec<StoredDigest>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct FileState {
    size_bytes: u64,
    /// Seconds since 1970 with nanoseconds.
    modified: String,
    /// SHA-512/24 of the `.fai` text.
    index_sha512t24u: String,
}

#[derive(Serialize, Deserialize)]
struct StoredDigest {
    name: String,
    length_bp: u32,
    refget: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use refalt_core::Interval;

    fn contig(name: &str, length_bp: u32) -> ReferenceContig {
        ReferenceContig {
            name: ContigName::new(name),
            length_bp: Some(length_bp),
            known: Interval::from_bed(0, length_bp).into_iter().collect(),
        }
    }

    fn digest(name: &str, length_bp: u32, refget: &str) -> ContigDigest {
        ContigDigest {
            name: ContigName::new(name),
            length_bp,
            refget: refget.to_owned(),
            meaning: meaning(name, length_bp, refget),
        }
    }

    const CHR5_38: &str = "SQ.aUiQCzCPZ2d0csHbMSbh2NzInhonSXwI";
    const CHR5_37: &str = "SQ.vbjOdMfHJvTjK_nqvFvpaSKhZillW0SX";
    const CHR_M: &str = "SQ.k3grVkjY-hoWcCUojHw6VU6GE3MZ8Sct";

    fn evidence(digests: Vec<ContigDigest>) -> String {
        by_content(digests, &[]).evidence.to_string()
    }

    #[test]
    fn the_test_vector_of_the_refget_specification() {
        // GA4GH refget v2.0.0: the sequence ACGT has the digest SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2.
        assert_eq!(
            refget(Sha512::new_with_prefix("ACGT")),
            "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2"
        );
    }

    #[test]
    fn lengths_are_a_hint_and_no_proof() {
        let text = |contigs: &[ReferenceContig]| by_length(contigs).to_string();
        let all: Vec<_> = Assembly::GRCh38
            .contigs()
            .iter()
            .map(|known| contig(&format!("chr{}", known.number), known.length_bp))
            .collect();
        assert_eq!(
            text(&all),
            "assembly not proven (lengths agree with GRCh38 in 25 of 25 chromosomes; the content was not compared)"
        );
        assert_eq!(
            text(&[contig("5", 180_915_260), contig("6", 7)]),
            "assembly not proven (lengths agree with GRCh37 in 1 of 2 chromosomes; the content was not compared)"
        );
        assert_eq!(
            text(&[contig("chr1", 1_000_000)]),
            "assembly not proven (no contig has the name and length of a known assembly's)"
        );
    }

    #[test]
    fn digests_of_one_assembly_prove_it() {
        let text = evidence(vec![
            digest("chr5", 181_538_259, CHR5_38),
            digest("chrM", 16_569, CHR_M),
            digest("x", 5, "SQ.-"),
        ]);
        assert_eq!(text, "GRCh38 (refget digests of 2 contigs agree)");
        let text = evidence(vec![digest("NC_000005.9", 180_915_260, CHR5_37)]);
        assert_eq!(text, "GRCh37 (refget digests of 1 contigs agree)");
    }

    #[test]
    fn what_speaks_against_a_proof_is_said() {
        for (digests, expected) in [
            (
                vec![digest("chr5", 181_538_259, CHR5_38), digest("5", 180_915_260, CHR5_37)],
                "contigs of both GRCh38 and GRCh37 are in the file",
            ),
            (
                vec![digest("chr7", 181_538_259, CHR5_38)],
                "`chr7` holds the sequence of chromosome 5",
            ),
            (
                vec![digest("chrM", 16_569, CHR_M)],
                "no contig has the digest of a known assembly's",
            ),
            (
                vec![digest("chrY", 57_227_415, "SQ.masked")],
                "`chrY` has the name and length of GRCh38's but other content (`SQ.masked`)",
            ),
        ] {
            assert_eq!(evidence(digests), format!("assembly not proven ({expected})"));
        }
        let meaning = digest("Y", 59_373_566, "SQ.fbS5kAwZUB5-1xVpa7xZ4s_lyDpLPVUo").meaning;
        assert_eq!(
            meaning,
            DigestMeaning::OtherContent {
                assembly: Assembly::GRCh37
            }
        );
    }
}
