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
use crate::score_folder::ScoreFolder;
use crate::sorted_runs::Sorter;
use crate::tally::Tally;
use refalt_core::Position;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

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
    let scorer = selection.one_scorer("bedGraph")?;
    let tracks = selection.tracks_of(scorer).len();
    if tracks != 1 {
        return Err(ExportError::NotOneTrack { found: tracks });
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
    let mut file = TextFile::create(out).map_err(&failed)?;
    let mut report = ExportReport {
        files: vec![out.to_owned()],
        ..ExportReport::default()
    };
    let mut line = String::new();
    let mut gathered = Tally::<String>::default();
    let mut at: Option<(usize, u32)> = None;
    let mut finish = |at: (usize, u32), gathered: &Tally<String>| -> Result<(), ExportError> {
        use std::fmt::Write as _;
        let (contig, position) = (&contigs[at.0], at.1);
        let value = match aggregate {
            None if gathered.known() > 1 => {
                return Err(ExportError::SeveralAtPosition {
                    contig: contig.clone(),
                    position: Position::new(position).unwrap_or(Position::FIRST),
                });
            }
            Some(Summary::Min) => gathered.min(),
            Some(Summary::Mean) => gathered.mean(),
            Some(Summary::SignedMax) => gathered.extreme().map(|(score, _)| score),
            _ => gathered.max(),
        };
        let Some(value) = value else { return Ok(()) };
        line.clear();
        // UCSC: bedGraph starts are 0-based, ends exclusive; the position is 1-based.
        let _ = write!(line, "{contig}\t{}\t{position}\t", position - 1);
        number(value, &mut line);
        line.push('\n');
        report.records += 1;
        file.write_all(line.as_bytes()).map_err(&failed)
    };
    for entry in sorter.finish().map_err(&failed)? {
        let (key, bytes) = entry.map_err(&failed)?;
        let quarter = |from: usize| u32::from_be_bytes([key[from], key[from + 1], key[from + 2], key[from + 3]]);
        let place = (quarter(0) as usize, quarter(4));
        if at != Some(place) {
            if let Some(at) = at {
                finish(at, &gathered)?;
            }
            gathered.clear();
            at = Some(place);
        }
        let score = bytes.first_chunk().map_or(f32::NAN, |bytes| f32::from_le_bytes(*bytes));
        gathered.add_with(score, |_| {});
    }
    if let Some(at) = at {
        finish(at, &gathered)?;
    }
    file.commit().map_err(&failed)?;
    Ok(report)
}
