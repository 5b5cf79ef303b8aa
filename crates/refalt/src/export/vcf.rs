//! VCF and BCF: one record for each input row, sorted, with an index.
//!
//! No row of the variant table is left out; a status says what became of it. Rows that are not in the order of an index
//! (contigs in the order of their first row, positions ascending) are sorted in temporary files beside the output.

use super::bcf;
use super::header::header;
use super::record::RecordMaker;
use super::selection::Selection;
use super::spelling::{Spelling, UNPLACED, spell};
use super::summary::Summary;
use super::{ExportError, ExportReport, folder_of, is_compressed};
use crate::atomic_file::{AtomicFile, Complete};
use crate::output_files::place_new;
use crate::score_folder::ScoreFolder;
use crate::sorted_runs::Sorter;
use noodles::bgzf;
use noodles::core::Position as IndexPosition;
use noodles::csi::{
    self, binning_index::Indexer, binning_index::index::Header as IndexHeader,
    binning_index::index::reference_sequence::bin::Chunk, binning_index::index::reference_sequence::index::BinnedIndex,
};
use noodles::tabix;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// VCF or BCF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Vcf,
    Bcf,
}

/// Memory for records that are not in order.
const SORT_BYTES: usize = 64 << 20;

/// Writes the file and its index.
pub(super) fn write(
    folder: &ScoreFolder,
    out: &Path,
    kind: Kind,
    selection: &Selection,
    summaries: &[Summary],
) -> Result<ExportReport, ExportError> {
    let layout = Layout::of(folder)?;
    let text = header(folder, selection, summaries, &layout.contigs);
    let failed = ExportError::write(out);
    let mut file = RecordFile::create(out, kind, &text, &layout).map_err(&failed)?;
    let mut report = ExportReport::default();
    let mut maker = RecordMaker::new(selection, summaries);
    let mut sorter = (!layout.is_sorted).then(|| Sorter::new(folder_of(out), SORT_BYTES));
    let mut scores = folder.scores();
    let mut line = String::new();
    for row in folder.variants()? {
        let row = row?;
        maker.clear();
        if row.is_scored() && scores.peek()? == Some(row.row) {
            scores.variant(|group| {
                maker.add(&group);
                Ok::<(), ExportError>(())
            })?;
        }
        report.records += 1;
        report.unscored += u64::from(!row.is_scored());
        let spelling = spell(&row);
        maker.line(&row, &spelling, &mut line);
        match &mut sorter {
            Some(sorter) => sorter
                .push(layout.key(&spelling, row.row), line.as_bytes())
                .map_err(&failed)?,
            None => file.record(&line).map_err(&failed)?,
        }
    }
    if let Some(sorter) = sorter {
        for entry in sorter.finish().map_err(&failed)? {
            let (_, bytes) = entry.map_err(&failed)?;
            let line = std::str::from_utf8(&bytes).map_err(|error| failed(io::Error::other(error)))?;
            file.record(line).map_err(&failed)?;
        }
    }
    let files = file.finish(out).map_err(&failed)?;
    report.files = files.iter().map(|file| file.target().to_owned()).collect();
    place_new(files)?;
    Ok(report)
}

/// The contigs in the order of the file, and whether the rows are in order already.
struct Layout {
    contigs: Vec<String>,
    numbers: HashMap<String, u32>,
    is_sorted: bool,
    /// The last base that any record covers (1-based).
    last: u32,
}

impl Layout {
    /// Reads the variant table once.
    fn of(folder: &ScoreFolder) -> Result<Self, ExportError> {
        let mut layout = Self {
            contigs: Vec::new(),
            numbers: HashMap::new(),
            is_sorted: true,
            last: 1,
        };
        let mut has_unplaced = false;
        let mut before = (0, 0);
        for row in folder.variants()? {
            let spelling = spell(&row?);
            if spelling.contig == UNPLACED {
                has_unplaced = true;
                before.0 = u32::MAX;
                continue;
            }
            let number = match layout.numbers.get(&spelling.contig) {
                Some(&number) => number,
                None => layout.add(&spelling.contig),
            };
            let position = spelling.position.one_based();
            layout.is_sorted &= before <= (number, position);
            before = (number, position);
            let bases = u32::try_from(spelling.reference_bases.len()).unwrap_or(u32::MAX);
            layout.last = layout.last.max(position.saturating_add(bases));
        }
        if has_unplaced {
            layout.add(UNPLACED);
        }
        Ok(layout)
    }

    fn add(&mut self, contig: &str) -> u32 {
        let number = u32::try_from(self.contigs.len()).unwrap_or(u32::MAX);
        self.contigs.push(contig.to_owned());
        self.numbers.insert(contig.to_owned(), number);
        number
    }

    /// Returns what a record is sorted by: contig, position, input row.
    fn key(&self, spelling: &Spelling, row: u64) -> [u8; 16] {
        let mut key = [0; 16];
        let number = self.numbers.get(&spelling.contig).copied().unwrap_or(u32::MAX);
        key[..4].copy_from_slice(&number.to_be_bytes());
        key[4..8].copy_from_slice(&spelling.position.one_based().to_be_bytes());
        key[8..].copy_from_slice(&row.to_be_bytes());
        key
    }

    /// Returns the depth of a CSI index with bins of 2^14 bases that reaches the last base.
    fn depth(&self) -> u8 {
        let mut depth = 5;
        // SAM 1.6, section 5.3: an index of depth d covers 2^(14 + 3 d) bases.
        while depth < 8 && u64::from(self.last) >= 1 << (14 + 3 * u64::from(depth)) {
            depth += 1;
        }
        depth
    }
}

/// The index that is made while records are written.
enum Index {
    None,
    Tabix(Box<tabix::index::Indexer>),
    Csi(Box<Indexer<BinnedIndex>>),
}

enum Sink {
    Plain(AtomicFile),
    Bgzip(bgzf::io::Writer<AtomicFile>),
}

struct RecordFile {
    sink: Sink,
    index: Index,
    /// For BCF.
    dictionary: Option<bcf::Dictionary>,
    bytes: Vec<u8>,
    numbers: HashMap<String, u32>,
}

impl RecordFile {
    fn create(out: &Path, kind: Kind, header: &str, layout: &Layout) -> io::Result<Self> {
        let file = AtomicFile::create(out)?;
        let is_plain = kind == Kind::Vcf && !is_compressed(out);
        let (bytes, dictionary) = match kind {
            Kind::Vcf => (header.as_bytes().to_vec(), None),
            Kind::Bcf => {
                let (bytes, dictionary) = bcf::header(header)?;
                (bytes, Some(dictionary))
            }
        };
        let csi = || Indexer::<BinnedIndex>::new(14, layout.depth()).ok_or_else(|| io::Error::other("no such index"));
        let index = match kind {
            _ if is_plain => Index::None,
            Kind::Bcf => Index::Csi(Box::new(csi()?)),
            // SAM 1.6, section 5.2: a tabix index covers 2^29 bases.
            Kind::Vcf if layout.last < 1 << 29 => {
                let mut indexer = tabix::index::Indexer::default();
                indexer.set_header(index_header(&[]));
                Index::Tabix(Box::new(indexer))
            }
            Kind::Vcf => Index::Csi(Box::new(csi()?.set_header(index_header(&layout.contigs)))),
        };
        let mut sink = if is_plain {
            Sink::Plain(file)
        } else {
            Sink::Bgzip(bgzf::io::Writer::new(file))
        };
        sink.write_all(&bytes)?;
        Ok(Self {
            sink,
            index,
            dictionary,
            bytes: Vec::new(),
            numbers: layout.numbers.clone(),
        })
    }

    fn record(&mut self, line: &str) -> io::Result<()> {
        match &self.dictionary {
            Some(dictionary) => dictionary.record(line, &mut self.bytes)?,
            None => {
                self.bytes.clear();
                self.bytes.extend_from_slice(line.as_bytes());
                self.bytes.push(b'\n');
            }
        }
        let from = self.sink.virtual_position();
        self.sink.write_all(&self.bytes)?;
        let chunk = Chunk::new(from, self.sink.virtual_position());
        let wrong = || io::Error::other("a record without a place");
        let mut columns = line.split('\t');
        let (contig, position) = (columns.next().ok_or_else(wrong)?, columns.next().ok_or_else(wrong)?);
        let bases = columns.nth(1).ok_or_else(wrong)?.len();
        let start: usize = position.parse().map_err(io::Error::other)?;
        // Both ends are 1-based and inclusive.
        let start = IndexPosition::try_from(start).map_err(io::Error::other)?;
        let end = start.checked_add(bases.max(1) - 1).ok_or_else(wrong)?;
        match &mut self.index {
            Index::None => Ok(()),
            Index::Tabix(indexer) => indexer.add_record(contig, start, end, chunk),
            Index::Csi(indexer) => {
                let number = *self.numbers.get(contig).ok_or_else(wrong)? as usize;
                let place = Some((number, start, end, true));
                indexer.add_record(place, chunk).map_err(io::Error::other)
            }
        }
    }

    /// Returns the file, then its index, which is never older than the file.
    fn finish(self, out: &Path) -> io::Result<Vec<Complete>> {
        let mut files = vec![match self.sink {
            Sink::Plain(file) => file.complete()?,
            Sink::Bgzip(writer) => writer.finish()?.complete()?,
        }];
        let contigs = self.numbers.len();
        let beside = |ending: &str| {
            let mut name = out.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        match self.index {
            Index::None => {}
            Index::Tabix(indexer) => {
                let path = beside(".tbi");
                let mut writer = tabix::io::Writer::new(AtomicFile::create(&path)?);
                writer.write_index(&indexer.build())?;
                files.push(writer.into_inner().finish()?.complete()?);
            }
            Index::Csi(indexer) => {
                let path = beside(".csi");
                let mut writer = csi::io::Writer::new(AtomicFile::create(&path)?);
                writer.write_index(&indexer.build(contigs))?;
                files.push(writer.into_inner().finish()?.complete()?);
            }
        }
        Ok(files)
    }
}

fn index_header(contigs: &[String]) -> IndexHeader {
    let names = contigs.iter().map(|name| name.as_bytes().into()).collect();
    csi::binning_index::index::header::Builder::vcf()
        .set_reference_sequence_names(names)
        .build()
}

impl Sink {
    fn virtual_position(&self) -> bgzf::VirtualPosition {
        match self {
            Self::Plain(_) => bgzf::VirtualPosition::MIN,
            Self::Bgzip(writer) => writer.virtual_position(),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(bytes),
            Self::Bgzip(writer) => writer.write_all(bytes),
        }
    }
}
