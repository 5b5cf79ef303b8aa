//! A FASTA file as a reference genome, read where it is asked and nowhere else.
//!
//! - Plain text with a `.fai` beside it; without one the index is made in memory by reading the file once, and
//!   [`FastaReference::notes`] says so.
//! - bgzip with `.fai` and `.gzi`, each made in memory when missing. gzip is refused: it has no random access.
//! - Records named `chr5:1294490-1296547` (1-based, inclusive) are slices; outside them a contig reads N.
//!
//! Bases come back in upper case (soft-masking carries no meaning here); IUPAC codes stay as they are.
//! What the file is, by content, [`FastaReference::identify`] finds out; its name is never believed.
//!
//! Files are written only on request: [`FastaReference::write_indexes`] and [`FastaReference::write_digests`].

mod cache;
mod contigs;
mod error;
mod identity;
mod index;
mod note;
mod source;

pub use error::FastaError;
pub use identity::{ContigDigest, DigestMeaning, DigestProgress, Identity};
pub use index::{FastaIndex, IndexError, IndexRecord};
pub use note::FastaNote;

use crate::atomic_file::AtomicFile;
use cache::{BLOCK_BP, Block, BlockCache, Lookup};
use contigs::{Contigs, Overlap, Part};
use refalt_core::dna::mask_unknown;
use refalt_core::{
    AssemblyEvidence, Chromosome, ContigId, Interval, Position, Reference, ReferenceContig, ReferenceError,
};
use source::{Kind, Source};
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// An indexed FASTA file as a [`Reference`]; cheap to share between threads.
pub struct FastaReference {
    source: Source,
    index: FastaIndex,
    contigs: Vec<ReferenceContig>,
    parts: Vec<Vec<Part>>,
    by_name: HashMap<String, u32>,
    chromosomes: Vec<(Chromosome, u32)>,
    /// For each record: its header line was found where the index says.
    confirmed: Vec<AtomicBool>,
    cache: BlockCache,
    by_length: AssemblyEvidence,
    by_content: OnceLock<AssemblyEvidence>,
    gzi: Option<noodles::bgzf::gzi::Index>,
    notes: Vec<FastaNote>,
}

impl fmt::Debug for FastaReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FastaReference")
            .field("path", &self.source.path())
            .field("contigs", &self.contigs.len())
            .finish_non_exhaustive()
    }
}

/// Returns `path` with `suffix` after its whole name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

impl FastaReference {
    /// Opens a FASTA file, plain or bgzip.
    ///
    /// Reads the indexes beside it (`.fai`, `.gzi`), or makes those that are missing in memory, and the digests
    /// (`.refget.json`) when they belong to this file. Bases are read where slices overlap, to compare them.
    ///
    /// # Errors
    /// [`FastaError`] names the file and, for text, the line.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FastaError> {
        let path = path.as_ref();
        let mut notes = Vec::new();
        let kind = source::sniff(path)?;
        let (source, gzi) = match kind {
            Kind::Plain => (Source::plain(path)?, None),
            Kind::Bgzip => {
                let gzi_path = beside(path, ".gzi");
                let blocks = if gzi_path.is_file() {
                    source::read_gzi(path, &gzi_path)?
                } else {
                    notes.push(FastaNote::IndexBuilt { missing: gzi_path });
                    source::bgzip_blocks(path)?
                };
                let index = blocks.index.clone();
                (Source::bgzip(path, blocks), Some(index))
            }
        };
        let index = read_or_build_index(path, &kind, &mut notes)?;
        for record in &index.records {
            let expected = record.end_offset().unwrap_or(u64::MAX);
            if expected > source.size() {
                return Err(FastaError::Truncated {
                    path: path.to_owned(),
                    record: record.name.clone(),
                    expected_bytes: expected,
                    found_bytes: source.size(),
                });
            }
        }
        let Contigs {
            contigs,
            parts,
            overlaps,
        } = Contigs::of_records(path, &index)?;
        let mut by_name = HashMap::new();
        let mut chromosomes: Vec<(Chromosome, u32)> = Vec::new();
        for (number, contig) in (0u32..).zip(&contigs) {
            by_name.insert(contig.name.as_str().to_owned(), number);
            let Some(chromosome) = Chromosome::of(contig.name.as_str()) else {
                continue;
            };
            if let Some((_, first)) = chromosomes.iter().find(|(other, _)| may_be_one(other, &chromosome)) {
                notes.push(FastaNote::SameChromosome {
                    first: contigs[*first as usize].name.clone(),
                    second: contig.name.clone(),
                });
            }
            chromosomes.push((chromosome, number));
        }
        let cache = BlockCache::new(source.is_bgzip());
        let confirmed = index.records.iter().map(|_| AtomicBool::new(false)).collect();
        let reference = Self {
            by_length: identity::by_length(&contigs),
            source,
            index,
            contigs,
            parts,
            by_name,
            chromosomes,
            confirmed,
            cache,
            by_content: OnceLock::new(),
            gzi,
            notes,
        };
        for overlap in overlaps {
            reference.compare_slices(&overlap)?;
        }
        reference.with_digests_beside()
    }

    /// Returns the path as given.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// Returns what was done on opening that the user may want to know.
    pub fn notes(&self) -> &[FastaNote] {
        &self.notes
    }

    /// Returns the index of the file's records.
    pub fn index(&self) -> &FastaIndex {
        &self.index
    }

    /// Writes the indexes beside the file (`.fai`, and `.gzi` for bgzip) and returns their paths.
    ///
    /// # Errors
    /// [`FastaError::Io`] when a file cannot be written.
    pub fn write_indexes(&self) -> Result<Vec<PathBuf>, FastaError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| FastaError::Io {
                path,
                action: "write",
                source,
            }
        };
        let fai = beside(self.path(), ".fai");
        AtomicFile::write(&fai, self.index.to_string().as_bytes()).map_err(failed(&fai))?;
        let mut written = vec![fai];
        if let Some(index) = &self.gzi {
            let gzi = beside(self.path(), ".gzi");
            let table = source::gzi_bytes(index).map_err(failed(&gzi))?;
            AtomicFile::write(&gzi, &table).map_err(failed(&gzi))?;
            written.push(gzi);
        }
        Ok(written)
    }

    /// Appends the bases `start..end` (0-based) of a record in upper case.
    fn read_record(
        &self,
        record: u32,
        start: u32,
        end: u32,
        letters: Letters,
        bases: &mut Vec<u8>,
    ) -> Result<(), FastaError> {
        let mut at = start;
        while at < end {
            let block = at / BLOCK_BP;
            let block_start = block * BLOCK_BP;
            let block_end = block_start.saturating_add(BLOCK_BP).min(self.record_length(record));
            let stop = end.min(block_end);
            let before = bases.len();
            let wanted = (at - block_start) as usize..(stop - block_start) as usize;
            let plain = match self.cache.look_up((record, block)) {
                Lookup::Hit(found) => {
                    bases.extend_from_slice(&found.bases[wanted]);
                    found.plain
                }
                Lookup::Admit => {
                    let mut decoded = Vec::new();
                    match self.decode(record, block_start, block_end, &mut decoded) {
                        Ok(plain) => {
                            bases.extend_from_slice(&decoded[wanted]);
                            let bases = decoded.into();
                            self.cache.insert((record, block), Block { bases, plain });
                            plain
                        }
                        // What is wrong elsewhere in the block must not depend on what was read before.
                        Err(_) => self.decode(record, at, stop, bases)?,
                    }
                }
                Lookup::Bypass => self.decode(record, at, stop, bases)?,
            };
            if letters == Letters::Masked && !plain {
                mask_unknown(&mut bases[before..]);
            }
            at = stop;
        }
        Ok(())
    }

    /// Appends the bases of `interval`, N where nothing is known.
    fn read_contig(
        &self,
        contig: ContigId,
        interval: Interval,
        letters: Letters,
        bases: &mut Vec<u8>,
    ) -> Result<(), ReferenceError> {
        let before = bases.len();
        let mut at = interval.bed_start();
        let parts = &self.parts[contig.index()];
        let first = parts.partition_point(|part| part.interval.bed_end() <= at);
        for part in &parts[first..] {
            let Some(shared) = part.interval.intersect(interval) else {
                break;
            };
            bases.resize(before + (shared.bed_start() - interval.bed_start()) as usize, b'N');
            let (start, end) = (
                shared.bed_start() - part.record_start,
                shared.bed_end() - part.record_start,
            );
            self.read_record(part.record, start, end, letters, bases)
                .map_err(|error| ReferenceError::Unreadable {
                    path: self.path().display().to_string(),
                    contig: self.contigs[contig.index()].name.clone(),
                    interval,
                    reason: error.to_string(),
                })?;
            at = shared.bed_end();
        }
        debug_assert!(at <= interval.bed_end());
        bases.resize(before + interval.len() as usize, b'N');
        Ok(())
    }

    fn record_length(&self, record: u32) -> u32 {
        u32::try_from(self.index.records[record as usize].length_bp).expect("lengths were checked on opening")
    }

    /// Appends the bases `start..end` (0-based) of a record in upper case, straight from the file; says whether all of
    /// them are A, C, G, T or N.
    fn decode(&self, record: u32, start: u32, end: u32, bases: &mut Vec<u8>) -> Result<bool, FastaError> {
        if start >= end {
            return Ok(true);
        }
        self.confirm(record)?;
        let entry = &self.index.records[record as usize];
        let byte_of = |base: u32| entry.byte_of(u64::from(base)).expect("offsets were checked on opening");
        let (first, last) = (byte_of(start), byte_of(end - 1));
        self.source.with_bytes(first, last + 1, |raw| {
            let before = bases.len();
            bases.resize(before + (end - start) as usize, 0);
            let line_bases = entry.line_bases as usize;
            let first_line = line_bases - (u64::from(start) % entry.line_bases) as usize;
            let ending = (entry.line_width - entry.line_bases) as usize;
            let taken = lay_out(raw, first_line, line_bases, ending, &mut bases[before..]);
            if let Err(at) = taken {
                let expected = if ending == 2 { "CR LF" } else { "line end" };
                return Err(self.stale(
                    record,
                    format!("no {expected} after base {}", u64::from(start) + at as u64),
                ));
            }
            let bases = &mut bases[before..];
            if fold_plain(bases) {
                return Ok(true);
            }
            let _ = lay_out(raw, first_line, line_bases, ending, bases);
            bases.make_ascii_uppercase();
            if bases.iter().all(u8::is_ascii_uppercase) {
                Ok(false)
            } else {
                Err(self.no_letter(record, start, bases))
            }
        })
    }

    fn stale(&self, record: u32, reason: String) -> FastaError {
        FastaError::StaleIndex {
            path: self.path().to_owned(),
            record: self.index.records[record as usize].name.clone(),
            reason,
        }
    }

    /// Says which byte is no letter: a sign of a wrong index, or of a FASTA that is no genome.
    fn no_letter(&self, record: u32, start: u32, bases: &[u8]) -> FastaError {
        let offset = bases.iter().position(|base| !base.is_ascii_uppercase()).unwrap_or(0);
        let found = bases[offset];
        let base = u32::try_from(offset).ok().and_then(|offset| start.checked_add(offset));
        let position = base.and_then(Position::from_zero_based).unwrap_or(Position::FIRST);
        match found {
            b'>' | b'\n' | b'\r' => self.stale(record, format!("`{}` at base {position}", found.escape_ascii())),
            _ => FastaError::Letter {
                path: self.path().to_owned(),
                record: self.index.records[record as usize].name.clone(),
                position,
                found: char::from(found),
            },
        }
    }

    /// Confirms, once, that the record's header line is where the index says.
    fn confirm(&self, record: u32) -> Result<(), FastaError> {
        let done = &self.confirmed[record as usize];
        if done.load(Ordering::Relaxed) {
            return Ok(());
        }
        let entry = &self.index.records[record as usize];
        // Between the line before and the first base lies the header line; a long description may precede the bases.
        let start = entry.offset.saturating_sub(1 << 16);
        self.source.with_bytes(start, entry.offset, |raw| {
            let text = raw
                .strip_suffix(b"\n")
                .map(|text| text.strip_suffix(b"\r").unwrap_or(text));
            let header = text.map(|text| &text[memchr::memrchr(b'\n', text).map_or(0, |at| at + 1)..]);
            let name = header.and_then(|header| header.strip_prefix(b">"));
            let fits = name.is_some_and(|name| {
                let end = name.iter().position(u8::is_ascii_whitespace).unwrap_or(name.len());
                name[..end] == *entry.name.as_bytes()
            });
            if fits {
                Ok(())
            } else {
                Err(self.stale(record, format!("its header line does not end at byte {}", entry.offset)))
            }
        })?;
        done.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Compares two slices of a contig where both hold bases.
    fn compare_slices(&self, overlap: &Overlap) -> Result<(), FastaError> {
        let mut at = overlap.interval.bed_start();
        while at < overlap.interval.bed_end() {
            let stop = overlap.interval.bed_end().min(at.saturating_add(BLOCK_BP));
            let read = |part: &Part| {
                let mut bases = Vec::new();
                let start = at - part.record_start;
                self.decode(part.record, start, start + (stop - at), &mut bases)?;
                Ok::<_, FastaError>(bases)
            };
            let (first, second) = (read(&overlap.first)?, read(&overlap.second)?);
            if let Some(offset) = first.iter().zip(&second).position(|(a, b)| a != b) {
                let base = at + u32::try_from(offset).expect("an offset in a block is small");
                let name = |part: &Part| self.index.records[part.record as usize].name.clone();
                return Err(FastaError::SlicesDisagree {
                    path: self.path().to_owned(),
                    contig: self.contigs[overlap.contig].name.clone(),
                    position: Position::from_zero_based(base).unwrap_or(Position::FIRST),
                    first: name(&overlap.first),
                    second: name(&overlap.second),
                    first_base: char::from(first[offset]),
                    second_base: char::from(second[offset]),
                });
            }
            at = stop;
        }
        Ok(())
    }
}

/// Which letters come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letters {
    /// Upper case, IUPAC codes as they are.
    AsWritten,
    /// A, C, G, T and N.
    Masked,
}

/// Turns bases into upper case and says whether they are out of A, C, G, T, N; where they are not, all are spoilt.
fn fold_plain(bases: &mut [u8]) -> bool {
    // Without a way out of the loop, so that the compiler handles 16 and more bases at a time.
    bases.iter_mut().fold(true, |plain, base| {
        // Clearing bit 5 turns exactly the ASCII letters into A to Z.
        let upper = *base & 0xdf;
        *base = upper;
        let known = (upper == b'A') | (upper == b'C') | (upper == b'G') | (upper == b'T') | (upper == b'N');
        plain & known
    })
}

/// Copies lines of text into `bases` without their ends.
///
/// The first line has `first_line` bases left, every other `line_bases`; a line end is `ending` bytes. Fails with the
/// number of bases before the first line end that is none.
fn lay_out(raw: &[u8], first_line: usize, line_bases: usize, ending: usize, bases: &mut [u8]) -> Result<(), usize> {
    let (mut at, mut done, mut line) = (0, 0, first_line);
    while bases.len() - done > line {
        copy_line(&raw[at..], line, &mut bases[done..]);
        at += line;
        done += line;
        let is_end = match ending {
            2 => raw[at] == b'\r' && raw[at + 1] == b'\n',
            _ => raw[at] == b'\n',
        };
        if !is_end {
            return Err(done);
        }
        at += ending;
        line = line_bases;
    }
    let rest = bases.len() - done;
    bases[done..].copy_from_slice(&raw[at..at + rest]);
    Ok(())
}

/// Copies the first `line` bytes of `raw` to the front of `bases`.
///
/// In pieces of a fixed size, which the compiler copies without a call; what they lay down too much, the lines that
/// follow overwrite.
fn copy_line(raw: &[u8], line: usize, bases: &mut [u8]) {
    const PIECE: usize = 64;
    let whole = line.next_multiple_of(PIECE);
    if line > 4 * PIECE || raw.len() < whole || bases.len() < whole {
        bases[..line].copy_from_slice(&raw[..line]);
        return;
    }
    let pieces = raw[..whole].chunks_exact(PIECE);
    for (to, from) in bases[..whole].chunks_exact_mut(PIECE).zip(pieces) {
        to.copy_from_slice(from);
    }
}

fn read_or_build_index(path: &Path, kind: &Kind, notes: &mut Vec<FastaNote>) -> Result<FastaIndex, FastaError> {
    let fai = beside(path, ".fai");
    if fai.is_file() {
        let text = std::fs::read(&fai).map_err(|source| FastaError::Io {
            path: fai.clone(),
            action: "read",
            source,
        })?;
        return FastaIndex::parse(&text).map_err(|error| match error {
            IndexError::Malformed { line, reason } => FastaError::Index {
                path: fai,
                line,
                reason,
            },
            IndexError::Io(source) => FastaError::Io {
                path: fai,
                action: "read",
                source,
            },
        });
    }
    let read = |source: io::Error| match (kind, source.kind()) {
        (Kind::Bgzip, io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) => FastaError::BgzipDamaged {
            path: path.to_owned(),
            reason: source.to_string(),
        },
        _ => FastaError::Io {
            path: path.to_owned(),
            action: "read",
            source,
        },
    };
    let text = source::stream(path, kind).map_err(read)?;
    let index = FastaIndex::build(text).map_err(|error| match error {
        IndexError::Malformed { line, reason } => FastaError::Layout {
            path: path.to_owned(),
            line,
            reason,
        },
        IndexError::Io(source) => read(source),
    })?;
    notes.push(FastaNote::IndexBuilt { missing: fai });
    Ok(index)
}

impl Reference for FastaReference {
    fn contigs(&self) -> &[ReferenceContig] {
        &self.contigs
    }

    fn fetch(&self, contig: ContigId, interval: Interval, bases: &mut Vec<u8>) -> Result<(), ReferenceError> {
        self.read_contig(contig, interval, Letters::AsWritten, bases)
    }

    fn fetch_masked(&self, contig: ContigId, interval: Interval, bases: &mut Vec<u8>) -> Result<(), ReferenceError> {
        self.read_contig(contig, interval, Letters::Masked, bases)
    }

    fn assembly(&self) -> &AssemblyEvidence {
        self.by_content.get().unwrap_or(&self.by_length)
    }

    fn contig_id(&self, name: &str) -> Option<ContigId> {
        if let Some(&number) = self.by_name.get(name) {
            return Some(ContigId::new(number));
        }
        let wanted = Chromosome::of(name)?;
        if let (Some(said), Some(proven)) = (wanted.assembly, self.assembly().proven())
            && said != proven
        {
            return None;
        }
        // A whole contig of another length than the accession's is not that accession, whatever its content.
        let length_fits = |number: u32| {
            let length_bp = self.contigs[number as usize].length_bp;
            match (wanted.assembly, length_bp) {
                (Some(assembly), Some(length_bp)) => assembly
                    .contigs()
                    .iter()
                    .any(|contig| contig.number == wanted.number && contig.length_bp == length_bp),
                _ => true,
            }
        };
        let (_, number) = self
            .chromosomes
            .iter()
            .find(|(chromosome, number)| may_be_one(chromosome, &wanted) && length_fits(*number))?;
        Some(ContigId::new(*number))
    }
}

/// Says whether two names may mean one contig: one number, and not accessions of two assemblies.
fn may_be_one(left: &Chromosome, right: &Chromosome) -> bool {
    left.number == right.number
        && match (left.assembly, right.assembly) {
            (Some(left), Some(right)) => left == right,
            _ => true,
        }
}

#[cfg(test)]
mod tests;
