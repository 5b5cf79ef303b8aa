//! `bigwig/OUTPUT.TRACK.STRAND.ALLELE.bw`: a file for each track and allele.
//!
//! Written are the bases that the reference has: a window over the end of a contig, or of a slice, was N there. Neighbouring
//! bins of the same value are one entry; what is not a number has none.

use crate::io::bigwig::{self, BigWigValue};
use crate::predict::folder::WrittenFile;
use crate::predict::{Extent, PredictError, Predicting, Prediction, TrackPrediction};
use refalt_core::{Interval, Strand, Track, Window};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

pub(super) fn write(work: &Predicting, prediction: &Prediction, out: &Path) -> Result<Vec<WrittenFile>, PredictError> {
    let folder = out.join("bigwig");
    fs::create_dir_all(&folder).map_err(PredictError::file("create the folder", &folder))?;
    let mut stems = HashSet::new();
    let mut files = Vec::new();
    for predicted in &prediction.tracks {
        for (index, track) in predicted.tracks.tracks.iter().enumerate() {
            let stem = file_stem(predicted.tracks.output.name(), track, &mut stems);
            let mut write = |allele: &str, values: Vec<f32>, holds: &str| -> Result<(), PredictError> {
                let name = format!("{stem}.{allele}.bw");
                let entries = entries(&work.extent, &prediction.window, predicted, &values);
                let entries = entries.into_iter().map(|(bases, value)| {
                    Ok(BigWigValue {
                        contig: &work.extent.contig.name,
                        bases,
                        value,
                    })
                });
                let path = folder.join(&name);
                let written = bigwig::write(&path, std::slice::from_ref(&work.extent.contig), entries)?;
                let written = written.place().map_err(PredictError::file("write", &path))?;
                files.push(WrittenFile {
                    path: format!("bigwig/{name}"),
                    bytes: written.bytes,
                    sha256: written.sha256,
                    holds: format!("{} `{}`: {holds}", predicted.tracks.output, track.name),
                });
                Ok(())
            };
            let column = |values: &[f32]| predicted.column(values, index).collect::<Vec<f32>>();
            write("ref", column(&predicted.reference), "REF")?;
            if let (Some(alternate), Some(difference)) = (&predicted.alternate, predicted.difference()) {
                write("alt", column(&alternate.on_reference), "ALT on reference coordinates")?;
                let width = predicted.tracks.tracks.len();
                let difference = difference.skip(index).step_by(width).collect();
                write("diff", difference, "ALT on reference coordinates minus REF")?;
            }
        }
    }
    Ok(files)
}

/// Returns the stretches of a track with their values.
fn entries(extent: &Extent, window: &Window, predicted: &TrackPrediction, values: &[f32]) -> Vec<(Interval, f32)> {
    let mut entries: Vec<(Interval, f32)> = Vec::new();
    for (index, &value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let Some(bases) = predicted.bases(window, index) else {
            continue;
        };
        for part in extent.of_interval(bases) {
            match entries.last_mut() {
                Some((last, same)) if *same == value && last.bed_end() == part.bed_start() => {
                    *last = last.joined(part).unwrap_or(*last);
                }
                _ => entries.push((part, value)),
            }
        }
    }
    entries
}

/// Makes a name that every file system takes: letters, digits, `_`, `-`, one for each track.
fn file_stem(output: &str, track: &Track, taken: &mut HashSet<String>) -> String {
    let strand = match track.strand {
        Some(Strand::Forward) => ".forward",
        Some(Strand::Reverse) => ".reverse",
        None => "",
    };
    let safe = |letter: char| {
        let is_safe = letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if is_safe { letter } else { '_' }
    };
    // Short enough for the 255 bytes of common file systems, with room for what follows.
    let name: String = track.name.chars().map(safe).take(150).collect();
    let stem = format!("{output}.{name}{strand}");
    // Names are compared without case: some file systems do.
    let mut unique = stem.clone();
    let mut number = 1;
    while !taken.insert(unique.to_ascii_lowercase()) {
        number += 1;
        unique = format!("{stem}.{number}");
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::bigwig::ContigLength;
    use refalt_core::{Bin, BinSpan, ContigName, OutputType, Resolution, TrackSet};
    use std::num::NonZeroU32;

    #[test]
    fn names_are_safe_and_tell_tracks_apart() {
        let mut taken = HashSet::new();
        let track = |name: &str, strand| Track {
            name: name.to_owned(),
            strand,
            ..Track::default()
        };
        let mut stem = |name: &str, strand| file_stem("CAGE", &track(name, strand), &mut taken);
        assert_eq!(
            stem("hCAGE UBERON:0000955", Some(Strand::Reverse)),
            "CAGE.hCAGE_UBERON_0000955.reverse"
        );
        assert_eq!(
            stem("hCAGE UBERON/0000955", Some(Strand::Reverse)),
            "CAGE.hCAGE_UBERON_0000955.reverse.2"
        );
        assert_eq!(stem("../x", None), "CAGE.___x");
        assert!(stem(&"long".repeat(100), None).len() < 170);
    }

    #[test]
    fn what_the_reference_has_is_written_and_equal_neighbours_are_joined() {
        let middle = Interval::from_bed(7, 9).unwrap();
        let window = Window::around(&ContigName::new("chr1"), middle, NonZeroU32::new(24).unwrap());
        assert_eq!(window.bed_start(), -4);
        let predicted = TrackPrediction {
            tracks: TrackSet {
                output: OutputType::ChipTf,
                resolution: Resolution::from_bp(4).unwrap(),
                tracks: vec![Track::default()].into(),
            },
            span: BinSpan::new(Bin::new(0), Bin::new(6)),
            reference: vec![9.0, 1.0, 1.0, f32::NAN, 2.0, 2.0],
            alternate: None,
        };
        // The contig has 15 bases, of which 0 to 10 and 13 to 15 are there.
        let extent = Extent {
            contig: ContigLength {
                name: "chr1".to_owned(),
                length_bp: 15,
            },
            known: [(0, 10), (13, 15)]
                .map(|(start, end)| Interval::from_bed(start, end).unwrap())
                .to_vec(),
        };
        let found = entries(&extent, &window, &predicted, &predicted.reference);
        let bases = |start, end| Interval::from_bed(start, end).unwrap();
        // Bin 0 lies before the contig, bins 1 and 2 are bases 0 to 8, bin 3 is no number, bin 4 is bases 12 to 16.
        assert_eq!(found, [(bases(0, 8), 1.0), (bases(13, 15), 2.0)]);
    }
}
