//! bedGraph: contig, start, end, value of one scorer on one track, without header lines.
//!
//! bedGraph has one value for a base. A variant stands at the first base of its normal form (1 bp wide); several scores
//! at one base (alternate alleles, genes) become one only by an aggregation that the user names. Contigs have the
//! reference's names and come in the order of their bytes, positions ascending, as `bedGraphToBigWig` wants it.

use super::record::number;
use super::selection::Selection;
use super::summary::Summary;
use super::tsv::TextFile;
use super::{ExportError, ExportReport, folder_of};
use crate::output_files::place_new;
use crate::score_folder::ScoreFolder;
use crate::sorted_runs::Sorter;
use crate::tally::Tally;
use refalt_core::Position;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The aggregations.
const AGGREGATIONS: [(&str, Summary); 4] = [
    ("max", Summary::Max),
    ("min", Summary::Min),
    ("mean", Summary::Mean),
    ("signed_max", Summary::SignedMax),
];

/// Memory for scores that are sorted.
const SORT_BYTES: usize = 64 << 20;

/// Looks an aggregation up.
pub(super) fn aggregate(name: &str) -> Result<Summary, ExportError> {
    let found = AGGREGATIONS.iter().find(|(known, _)| *known == name);
    found.map(|(_, summary)| *summary).ok_or_else(|| {
        let known = AGGREGATIONS.map(|(known, _)| known);
        ExportError::unknown("aggregation", name, &known)
    })
}

/// Writes the scores of the one selected scorer and track.
pub(super) fn write(
    folder: &ScoreFolder,
    out: &Path,
    selection: &Selection,
    aggregate: Option<Summary>,
) -> Result<ExportReport, ExportError> {
    let failed = ExportError::write(out);
    let places = Places::sort(folder, out, selection, aggregate, "bedGraph")?;
    let mut file = TextFile::create(out).map_err(&failed)?;
    let mut report = ExportReport {
        files: vec![out.to_owned()],
        ..ExportReport::default()
    };
    let mut line = String::new();
    for place in places.values()? {
        use std::fmt::Write as _;
        let place = place?;
        line.clear();
        // UCSC: bedGraph starts are 0-based, ends exclusive; the position is 1-based.
        let (start, end) = (place.position.zero_based(), place.position.one_based());
        let _ = write!(line, "{}\t{start}\t{end}\t", place.contig);
        number(place.value, &mut line);
        line.push('\n');
        report.records += 1;
        file.write_all(line.as_bytes()).map_err(&failed)?;
    }
    place_new(vec![file.complete().map_err(&failed)?])?;
    Ok(report)
}

/// The value of a position.
pub(super) struct PlaceValue {
    pub(super) contig: Rc<str>,
    pub(super) position: Position,
    pub(super) value: f32,
}

/// The scores of one scorer and track, sorted by contig and position.
pub(super) struct Places {
    /// The contigs with a variant in normal form, sorted by the bytes of their names.
    pub(super) contigs: Vec<String>,
    sorter: Sorter,
    aggregate: Option<Summary>,
    format: &'static str,
    out: PathBuf,
}

impl Places {
    /// Sorts the scores of the one selected scorer and track, in temporary files beside the output.
    pub(super) fn sort(
        folder: &ScoreFolder,
        out: &Path,
        selection: &Selection,
        aggregate: Option<Summary>,
        format: &'static str,
    ) -> Result<Self, ExportError> {
        let scorer = selection.one_scorer(format)?;
        let tracks = selection.tracks_of(scorer).len();
        if tracks != 1 {
            return Err(ExportError::NotOneTrack { format, found: tracks });
        }
        let failed = ExportError::write(out);
        let mut contigs = BTreeSet::new();
        for row in folder.variants()? {
            if let Some(normal) = row?.normal_form {
                contigs.insert(normal.contig);
            }
        }
        let contigs: Vec<String> = contigs.into_iter().collect();
        let mut sorter = Sorter::new(folder_of(out), SORT_BYTES);
        let mut scores = folder.scores();
        for row in folder.variants()? {
            let row = row?;
            if !row.is_scored() || scores.peek()? != Some(row.row) {
                continue;
            }
            let place = row.normal_form.as_ref().and_then(|normal| {
                let contig = contigs.binary_search(&normal.contig).ok()?;
                Some((u32::try_from(contig).ok()?, normal.position.one_based()))
            });
            let mut key = [0; 16];
            if let Some((contig, position)) = place {
                key[..4].copy_from_slice(&contig.to_be_bytes());
                key[4..8].copy_from_slice(&position.to_be_bytes());
            }
            scores.variant(|group| {
                let mut selected = selection.rows(group.batch);
                for row in group.rows.clone() {
                    let score = group.batch.score(row);
                    if place.is_some() && selected.scorer(row).is_some() && !score.is_nan() {
                        sorter.push(key, &score.to_le_bytes()).map_err(&failed)?;
                    }
                }
                Ok::<(), ExportError>(())
            })?;
        }
        Ok(Self {
            contigs,
            sorter,
            aggregate,
            format,
            out: out.to_owned(),
        })
    }

    /// Returns the value of each position, ascending; several scores at one become one as the user says, or are refused.
    pub(super) fn values(self) -> Result<impl Iterator<Item = Result<PlaceValue, ExportError>>, ExportError> {
        let failed = ExportError::write(&self.out);
        let (aggregate, format) = (self.aggregate, self.format);
        let contigs: Vec<Rc<str>> = self.contigs.iter().map(|contig| Rc::from(contig.as_str())).collect();
        let value = move |at: (usize, u32), gathered: &Tally<String>| {
            let contig = Rc::clone(&contigs[at.0]);
            let position = Position::new(at.1).unwrap_or(Position::FIRST);
            let value = match aggregate {
                None if gathered.known() > 1 => {
                    return Err(ExportError::SeveralAtPosition {
                        format,
                        contig: contig.to_string(),
                        position,
                    });
                }
                Some(Summary::Min) => gathered.min(),
                Some(Summary::Mean) => gathered.mean(),
                Some(Summary::SignedMax) => gathered.extreme().map(|(score, _)| score),
                _ => gathered.max(),
            };
            // Every score that was sorted is a number, so a position has a value.
            Ok(PlaceValue {
                contig,
                position,
                value: value.unwrap_or(f32::NAN),
            })
        };
        let mut entries = self.sorter.finish().map_err(&failed)?;
        let mut gathered = Tally::<String>::default();
        let mut at: Option<(usize, u32)> = None;
        Ok(std::iter::from_fn(move || {
            loop {
                let (key, bytes) = match entries.next() {
                    Some(Ok(entry)) => entry,
                    Some(Err(error)) => return Some(Err(failed(error))),
                    None => return at.take().map(|at| value(at, &gathered)),
                };
                let quarter =
                    |from: usize| u32::from_be_bytes([key[from], key[from + 1], key[from + 2], key[from + 3]]);
                let place = (quarter(0) as usize, quarter(4));
                let score = bytes.first_chunk().map_or(f32::NAN, |bytes| f32::from_le_bytes(*bytes));
                let finished = at.filter(|at| *at != place).map(|at| value(at, &gathered));
                if at != Some(place) {
                    gathered.clear();
                    at = Some(place);
                }
                gathered.add_with(score, |_| {});
                if let Some(finished) = finished {
                    return Some(finished);
                }
            }
        }))
    }
}
