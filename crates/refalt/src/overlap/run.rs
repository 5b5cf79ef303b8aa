//! A table, peaks and an output: rows are read in blocks, picked by several threads, and written in their order.

use super::annotate::Annotator;
use super::assembly::{Side, agreement};
use super::binary::file_name;
use super::error::OverlapError;
use super::evidence;
use super::extent::Extent;
use super::filter::Filter;
use super::output::{Output, Sink};
use super::peaks::{PeakOptions, Peaks};
use super::pick::{ContigCount, Picked, Picking, pick};
use super::sample::{Sample, Threshold};
use super::summary::{ContigSummary, MOST_LISTED, Summary};
use crate::io::bed::BedLayout;
use crate::io::variants::places::{self, Lines, PlaceReader, RecordParser, Rows};
use crate::io::variants::{ReadError, ReadOptions, Source};
use crate::liftover::Liftover;
use crate::output_files::input_among;
use crate::provenance::{FileIdentity, VERSION};
use crate::reference_assembly::ReferenceAssembly;
use refalt_core::{Assembly, Interval, Reference};
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

/// The reference on which the rows are meant to be.
#[derive(Clone, Copy)]
pub struct RowsReference<'a> {
    /// The bases.
    pub reference: &'a dyn Reference,
    /// What is known of its assembly.
    pub assembly: ReferenceAssembly,
    /// What messages call it.
    pub name: &'a str,
}

impl std::fmt::Debug for RowsReference<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowsReference")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What is picked from what.
#[derive(Debug)]
pub struct Request<'a> {
    /// The table: VCF, BCF, TSV, CSV, BED, Parquet, one word a line.
    pub table: Source,
    /// How it is read; `carry` is not looked at.
    pub reading: ReadOptions,
    /// Files of peaks.
    pub peaks: Vec<PathBuf>,
    /// What their columns mean; told by name and number of columns when not given.
    pub peaks_layout: Option<BedLayout>,
    /// Bases added to peaks at either side, in bp.
    pub slop_bp: u32,
    /// Which bases of a variant count.
    pub extent: Extent,
    /// Whether the rows outside peaks are kept instead.
    pub inverted: bool,
    /// Whether columns about the peak are added.
    pub annotate: bool,
    /// The assembly that the user states of the rows.
    pub assembly: Option<Assembly>,
    /// The assembly that the user states of the peaks.
    pub peaks_assembly: Option<Assembly>,
    /// The reference of the rows: REF of a sample is compared with it, and ends of contigs.
    pub reference: Option<RowsReference<'a>>,
    /// Chains to or from another assembly: peaks that fit the rows after liftover only are refused.
    pub chain: Option<PathBuf>,
    /// Whether rows and peaks must be known to be on one assembly.
    pub require_proof: bool,
    /// Threads that pick and unpack.
    pub threads: NonZeroUsize,
}

impl Request<'_> {
    /// Asks for the rows of a table that lie in peaks, with every choice as it is by default, on one thread.
    pub fn new(table: Source, peaks: Vec<PathBuf>) -> Self {
        Self {
            table,
            reading: ReadOptions::default(),
            peaks,
            peaks_layout: None,
            slop_bp: 0,
            extent: Extent::Record,
            inverted: false,
            annotate: false,
            assembly: None,
            peaks_assembly: None,
            reference: None,
            chain: None,
            require_proof: false,
            threads: NonZeroUsize::MIN,
        }
    }
}

/// Writes the rows that lie in peaks, as they are written in the table, in their order.
///
/// # Errors
/// [`OverlapError`]: a file that cannot be read or written, assemblies that differ, proof that is asked for and missing. An
/// output file is absent then.
pub fn run(request: &Request<'_>, output: Output<'_>) -> Result<Summary, OverlapError> {
    let mut inputs: Vec<PathBuf> = request.peaks.clone();
    if let Source::Path(path) = &request.table {
        inputs.push(path.clone());
    }
    inputs.extend(request.chain.clone());
    if let Output::File(path) = &output
        && let Some(input) = input_among(path, inputs.iter().map(PathBuf::as_path))
    {
        return Err(OverlapError::SameFile(input));
    }
    let peaks = Peaks::read(
        &request.peaks,
        &PeakOptions {
            slop_bp: request.slop_bp,
            assembly: request.peaks_assembly,
            layout: request.peaks_layout,
            keep_records: request.annotate,
        },
    )?;
    if peaks.contigs().next().is_none() {
        let names: Vec<String> = request
            .peaks
            .iter()
            .map(|path| format!("`{}`", path.display()))
            .collect();
        return Err(OverlapError::NoPeaks {
            files: names.join(", "),
        });
    }
    let chain = request.chain.as_ref().map(Liftover::open).transpose()?;
    let mut side = Side::default();
    if let Some(assembly) = request.assembly {
        side.state(assembly, "the statement about the rows");
    }
    if let Some(reference) = request.reference {
        evidence::check_ends(&peaks, reference)?;
    }
    let rows = places::open(&request.table, &request.reading, request.threads)?;
    let mut job = Job {
        request,
        side,
        totals: Totals::default(),
        sample: Sample::default(),
        threshold: Threshold::default(),
        chain,
    };
    match rows {
        Rows::Text(reader) => job.text(*reader, peaks, output),
        Rows::Bcf(reader) => job.bcf(*reader, peaks, output),
        Rows::Parquet(reader) => job.parquet(*reader, peaks, output),
    }
}

/// A run on its way.
pub(super) struct Job<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) side: Side,
    pub(super) totals: Totals,
    pub(super) sample: Sample,
    pub(super) threshold: Threshold,
    chain: Option<Liftover>,
}

/// Counts over all blocks.
#[derive(Debug, Default)]
pub(super) struct Totals {
    picked: Picked,
    contigs: Vec<ContigCount>,
    by_name: HashMap<Box<str>, usize>,
}

/// Lines for a thread that picks.
enum Work {
    Lines {
        bytes: Vec<u8>,
        first_line: u64,
        is_last: bool,
    },
    Failed(ReadError),
}

/// What a thread made of them, with the buffer to be used again.
type Done = (Result<Picked, ReadError>, Vec<u8>);

impl Job<'_> {
    /// Makes the filter; what is known before the first row is compared already.
    pub(super) fn filter(&self, peaks: Peaks) -> Result<Filter, OverlapError> {
        Ok(Filter::new(peaks, &self.side, self.request.extent)?)
    }

    fn text(&mut self, reader: PlaceReader, peaks: Peaks, output: Output<'_>) -> Result<Summary, OverlapError> {
        let name = reader.name().to_owned();
        for clue in reader.assembly_clues() {
            let who = format!("{name}, line {}: `{}`", clue.line, clue.text);
            self.side.state(clue.assembly, who);
        }
        let filter = self.filter(peaks)?;
        let files = filter.peaks().files().iter().map(|file| file.identity.name.clone());
        let annotator = self
            .request
            .annotate
            .then(|| Annotator::new(reader.layout(), files.collect()));
        let header = match &annotator {
            Some(annotator) => annotator.header(reader.layout(), reader.header())?,
            None => reader.header().to_vec(),
        };
        let mut sink = Sink::open(output, self.request.threads)?;
        sink.write(&header)?;
        let picking = Picking {
            filter: &filter,
            inverted: self.request.inverted,
            annotator,
            with_reference: self.request.reference.is_some(),
        };
        let reader = if self.request.threads.get() == 1 || reader.is_quoted() {
            self.one_thread(reader, &picking, &mut sink)?
        } else {
            self.several_threads(reader, &picking, &mut sink)?
        };
        let (bytes, sha256) = reader.digest().unwrap_or_default();
        let table = FileIdentity {
            name: file_name(Path::new(&name)),
            bytes,
            sha256,
        };
        self.finish(&filter, table, |summary| sink.commit(summary))
    }

    fn one_thread(
        &mut self,
        mut reader: PlaceReader,
        picking: &Picking<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<PlaceReader, OverlapError> {
        let name = reader.name().to_owned();
        let mut parser = parser_of(&reader)?;
        let mut target = places::BLOCK_BYTES;
        loop {
            let threshold = self.threshold.get();
            let Some(lines) = reader.lines_of(target)? else { break };
            let length = lines.bytes.len();
            let (picked, consumed) =
                pick(lines, &mut parser, picking, threshold).map_err(|(cause, line)| cause.at(&name, Some(line)))?;
            reader.consume(consumed);
            // A record that goes on behind the block needs a longer one.
            target = if consumed == 0 { length * 2 } else { places::BLOCK_BYTES };
            self.take(picked, picking.filter, sink)?;
        }
        Ok(reader)
    }

    /// A thread reads, others pick, this one writes; blocks go round, so they come back in their order.
    fn several_threads(
        &mut self,
        mut reader: PlaceReader,
        picking: &Picking<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<PlaceReader, OverlapError> {
        let name = reader.name().to_owned();
        let parsers = (0..self.request.threads.get())
            .map(|_| parser_of(&reader))
            .collect::<Result<Vec<_>, _>>()?;
        // The threads see the threshold of another struct, so that this one can be changed meanwhile.
        let threshold = std::mem::take(&mut self.threshold);
        let result = std::thread::scope(|scope| {
            let (mut to_threads, mut from_threads) = (Vec::new(), Vec::new());
            for mut parser in parsers {
                let (work_in, work_out) = sync_channel::<Work>(2);
                let (done_in, done_out) = sync_channel::<Done>(2);
                to_threads.push(work_in);
                from_threads.push(done_out);
                let (name, threshold) = (&name, &threshold);
                scope.spawn(move || pick_all(&work_out, &done_in, name, &mut parser, picking, threshold));
            }
            let (spent_in, spent_out) = channel();
            let reading = scope.spawn(move || {
                read_all(&mut reader, &to_threads, &spent_out);
                reader
            });
            let written = self.write_all(&from_threads, &spent_in, picking.filter, sink, &threshold);
            // Threads that wait for room end when nobody takes what they have.
            drop(from_threads);
            let reader = reading
                .join()
                .map_err(|panic| std::panic::resume_unwind(panic))
                .unwrap_or_else(|never: std::convert::Infallible| match never {});
            written.map(|()| reader)
        });
        self.threshold = threshold;
        result
    }

    fn write_all(
        &mut self,
        from_threads: &[Receiver<Done>],
        spent: &Sender<Vec<u8>>,
        filter: &Filter,
        sink: &mut Sink<'_>,
        threshold: &Threshold,
    ) -> Result<(), OverlapError> {
        for thread in from_threads.iter().cycle() {
            let Ok((picked, buffer)) = thread.recv() else {
                break;
            };
            // The reader may have come to its end.
            let _ = spent.send(buffer);
            self.take_with(picked?, filter, sink, threshold)?;
        }
        Ok(())
    }

    fn take(&mut self, picked: Picked, filter: &Filter, sink: &mut Sink<'_>) -> Result<(), OverlapError> {
        let threshold = std::mem::take(&mut self.threshold);
        let taken = self.take_with(picked, filter, sink, &threshold);
        self.threshold = threshold;
        taken
    }

    fn take_with(
        &mut self,
        mut picked: Picked,
        filter: &Filter,
        sink: &mut Sink<'_>,
        threshold: &Threshold,
    ) -> Result<(), OverlapError> {
        let out = std::mem::take(&mut picked.out);
        self.count(picked, filter, threshold)?;
        sink.write(&out)
    }

    /// Adds the counts of a block and compares what its rows say with what is known.
    pub(super) fn count(
        &mut self,
        mut picked: Picked,
        filter: &Filter,
        threshold: &Threshold,
    ) -> Result<(), OverlapError> {
        let name = self.request.table.name();
        let mut is_news = false;
        if let Some((said, line)) = picked.said {
            match self.side.statements().first() {
                None => {
                    let who = format!("the rows themselves, from {name}, line {line} on");
                    self.side.state(said, who);
                    is_news = true;
                }
                Some(known) => {
                    let other = (known.assembly != said).then_some((said, line)).or(picked.said_other);
                    if let Some((found, line)) = other {
                        return Err(OverlapError::RowAssembly {
                            file: name,
                            line,
                            found,
                            expected: known.assembly,
                            who: known.who.clone(),
                        });
                    }
                }
            }
        }
        if let (Some((found, line)), Some(known)) = (picked.said_other, self.side.statements().first()) {
            return Err(OverlapError::RowAssembly {
                file: name,
                line,
                found,
                expected: known.assembly,
                who: known.who.clone(),
            });
        }
        for count in std::mem::take(&mut picked.contigs) {
            let excluded = self.side.excluded().len();
            let (end, line) = count.furthest;
            if let Some(last) = end.checked_sub(1).and_then(|start| Interval::from_bed(start, end)) {
                self.side.place(&count.name, last, || format!("{name}, line {line}"));
                if let Some(reference) = self.request.reference {
                    evidence::check_end(reference, &count.name, end, || format!("{name}, line {line}"))?;
                }
            }
            is_news |= self.side.excluded().len() > excluded;
            self.totals.add_contig(count);
        }
        self.sample.add(std::mem::take(&mut picked.places), threshold);
        self.totals.add(picked);
        if is_news {
            agreement(&self.side, filter.peaks().side())?;
        }
        Ok(())
    }

    /// Looks at what all rows show together, brings the output to its name and sums up.
    pub(super) fn finish(
        &mut self,
        filter: &Filter,
        table: FileIdentity,
        commit: impl FnOnce(&mut Summary) -> Result<(), OverlapError>,
    ) -> Result<Summary, OverlapError> {
        let request = self.request;
        let peaks = filter.peaks();
        let mut notes = Vec::new();
        let reference_bases = match request.reference {
            Some(reference) => evidence::compare_bases(&self.sample, peaks, reference, &mut self.side, &mut notes)?,
            None => None,
        };
        let (enrichment, enrichment_lifted) =
            evidence::enrichment(&self.sample, peaks, self.chain.as_ref(), &self.side)?;
        let assembly = agreement(&self.side, peaks.side())?;
        if request.require_proof && !assembly.is_known() {
            return Err(OverlapError::NotProven(assembly.to_string()));
        }
        let Totals { picked, contigs, .. } = std::mem::take(&mut self.totals);
        let mut has_rows = vec![false; peaks.contigs.len()];
        let contigs: Vec<ContigSummary> = contigs
            .into_iter()
            .map(|count| {
                if let Some(contig) = count.contig {
                    has_rows[contig.0] = true;
                }
                ContigSummary {
                    peaks: count
                        .contig
                        .map_or(0, |contig| peaks.contigs[contig.0].intervals.len() as u64),
                    contig: count.name.into(),
                    rows: count.rows,
                    in_peaks: count.in_peaks,
                }
            })
            .collect();
        let only_in_peaks = peaks
            .contigs()
            .zip(&has_rows)
            .filter(|(_, has_rows)| !**has_rows)
            .map(|((name, peaks), _)| (name.to_string(), peaks))
            .collect();
        if picked.not_spelled_out > 0 {
            notes.push(format!(
                "{} rows have a symbolic allele or a breakend and were judged by the bases of REF alone",
                picked.not_spelled_out
            ));
        }
        let refused: u64 = picked.refused.values().sum();
        let mut summary = Summary {
            program: format!("refalt {VERSION} overlap"),
            table,
            peaks: peaks.files().to_vec(),
            extent: request.extent.name(),
            slop_bp: request.slop_bp,
            inverted: request.inverted,
            rows: picked.rows,
            kept: picked.kept,
            left_out: picked.rows - picked.kept - refused,
            refused: picked
                .refused
                .into_iter()
                .map(|(code, count)| (code.to_owned(), count))
                .collect(),
            refused_rows: picked.refused_rows,
            not_spelled_out: picked.not_spelled_out,
            other_lines: picked.other_lines,
            contigs,
            only_in_peaks,
            assembly,
            enrichment,
            enrichment_lifted,
            reference_bases,
            output: None,
            notes,
        };
        commit(&mut summary)?;
        Ok(summary)
    }
}

impl Totals {
    fn add_contig(&mut self, count: ContigCount) {
        match self.by_name.get(&count.name) {
            Some(&at) => {
                let own = &mut self.contigs[at];
                own.rows += count.rows;
                own.in_peaks += count.in_peaks;
            }
            None => {
                self.by_name.insert(count.name.clone(), self.contigs.len());
                self.contigs.push(count);
            }
        }
    }

    fn add(&mut self, picked: Picked) {
        let own = &mut self.picked;
        own.rows += picked.rows;
        own.kept += picked.kept;
        own.not_spelled_out += picked.not_spelled_out;
        own.other_lines += picked.other_lines;
        for (code, count) in picked.refused {
            *own.refused.entry(code).or_insert(0) += count;
        }
        let room = MOST_LISTED - own.refused_rows.len();
        own.refused_rows.extend(picked.refused_rows.into_iter().take(room));
    }
}

fn parser_of(reader: &PlaceReader) -> Result<RecordParser, ReadError> {
    RecordParser::new(reader.layout()).map_err(|cause| cause.at(reader.name(), None))
}

/// Reads blocks and gives them to the threads in turn, until the end or until nobody takes them.
fn read_all(reader: &mut PlaceReader, to_threads: &[SyncSender<Work>], spent: &Receiver<Vec<u8>>) {
    for thread in to_threads.iter().cycle() {
        let mut bytes = spent.try_recv().unwrap_or_default();
        bytes.clear();
        let work = match reader.lines() {
            Ok(None) => return,
            Ok(Some(lines)) => {
                bytes.extend_from_slice(lines.bytes);
                Work::Lines {
                    bytes,
                    first_line: lines.first_line,
                    is_last: lines.is_last,
                }
            }
            Err(error) => Work::Failed(error),
        };
        let is_end = matches!(work, Work::Failed(_));
        if let Work::Lines { bytes, .. } = &work {
            reader.consume(bytes.len());
        }
        if thread.send(work).is_err() || is_end {
            return;
        }
    }
}

fn pick_all(
    work: &Receiver<Work>,
    done: &SyncSender<Done>,
    name: &str,
    parser: &mut RecordParser,
    picking: &Picking<'_>,
    threshold: &Threshold,
) {
    while let Ok(work) = work.recv() {
        let result = match work {
            Work::Failed(error) => (Err(error), Vec::new()),
            Work::Lines {
                bytes,
                first_line,
                is_last,
            } => {
                let lines = Lines {
                    bytes: &bytes,
                    first_line,
                    is_last,
                };
                let picked = pick(lines, parser, picking, threshold.get());
                let picked = picked.map(|(picked, _)| picked);
                (picked.map_err(|(cause, line)| cause.at(name, Some(line))), bytes)
            }
        };
        if done.send(result).is_err() {
            return;
        }
    }
}
