//! `prediction.npz`: arrays of numpy, `numpy.load("prediction.npz")["CHIP_TF_ref"]`.

use crate::io::npz::NpzWriter;
use crate::predict::folder::WrittenFile;
use crate::predict::{PredictError, Prediction};
use refalt_core::strand::sign_or_dot;
use refalt_core::{BinSpan, TrackSet, Window};
use std::io;
use std::path::Path;

/// Name of the file.
const NAME: &str = "prediction.npz";

pub(super) fn write(prediction: &Prediction, out: &Path) -> Result<WrittenFile, PredictError> {
    let path = out.join(NAME);
    let failed = PredictError::file("write", &path);
    let mut file = NpzWriter::create(&path).map_err(&failed)?;
    write_all(&mut file, prediction).map_err(&failed)?;
    let written = file.finish().map_err(&failed)?;
    let holds = "arrays of 32-bit floats, [bins x tracks], with the names of the tracks and the interval";
    Ok(WrittenFile::new(NAME, written, holds))
}

fn write_all(file: &mut NpzWriter, prediction: &Prediction) -> io::Result<()> {
    let window = &prediction.window;
    file.texts("contig", &[window.contig().as_str()])?;
    for predicted in &prediction.tracks {
        let output = predicted.tracks.output.name();
        let shape = [predicted.span.len(), predicted.tracks.tracks.len()];
        let name = |what: &str| format!("{output}_{what}");
        file.floats(&name("ref"), &shape, predicted.reference.iter().copied())?;
        if let (Some(alternate), Some(difference)) = (&predicted.alternate, predicted.difference()) {
            file.floats(&name("alt"), &shape, alternate.on_reference.iter().copied())?;
            file.floats(&name("diff"), &shape, difference)?;
            file.floats(&name("alt_own"), &shape, alternate.own.iter().copied())?;
        }
        write_axes(file, &predicted.tracks, window, predicted.span)?;
    }
    if let Some(contacts) = &prediction.contacts {
        let (bins, tracks) = (contacts.span.len(), contacts.tracks.tracks.len());
        let output = contacts.tracks.output.name();
        let shape = [bins, bins, tracks];
        file.floats(&format!("{output}_ref"), &shape, contacts.reference.iter().copied())?;
        if let Some(alternate) = &contacts.alternate {
            file.floats(&format!("{output}_alt_own"), &shape, alternate.iter().copied())?;
        }
        write_axes(file, &contacts.tracks, window, contacts.span)?;
    }
    if let Some(junctions) = &prediction.junctions {
        let output = junctions.tracks.output.name();
        let shape = [junctions.junctions.len(), junctions.tracks.tracks.len()];
        file.floats(&format!("{output}_ref"), &shape, junctions.reference.iter().copied())?;
        if let Some(alternate) = &junctions.alternate {
            file.floats(&format!("{output}_alt_own"), &shape, alternate.iter().copied())?;
        }
        let bounds = |of: &dyn Fn(&refalt_core::Interval) -> u32| -> Vec<i64> {
            junctions
                .junctions
                .iter()
                .map(|(intron, _)| of(intron).into())
                .collect()
        };
        file.integers(&format!("{output}_start"), &bounds(&|intron| intron.bed_start()))?;
        file.integers(&format!("{output}_end"), &bounds(&|intron| intron.bed_end()))?;
        let strands: Vec<&str> = junctions
            .junctions
            .iter()
            .map(|(_, strand)| sign_or_dot(*strand))
            .collect();
        file.texts(&format!("{output}_strand"), &strands)?;
        write_names(file, &junctions.tracks)?;
    }
    Ok(())
}

/// Writes what the axes are: the interval (0-based, half-open), the size of a bin, the tracks.
fn write_axes(file: &mut NpzWriter, tracks: &TrackSet, window: &Window, span: BinSpan) -> io::Result<()> {
    let output = tracks.output.name();
    let size = i64::from(tracks.resolution.bp());
    let bound = |bin: usize| window.bed_start() + i64::try_from(bin).unwrap_or(i64::MAX) * size;
    file.integers(&format!("{output}_interval"), &[bound(span.start()), bound(span.end())])?;
    file.integers(&format!("{output}_resolution_bp"), &[size])?;
    write_names(file, tracks)
}

fn write_names(file: &mut NpzWriter, tracks: &TrackSet) -> io::Result<()> {
    let output = tracks.output.name();
    let names: Vec<&str> = tracks.tracks.iter().map(|track| track.name.as_str()).collect();
    file.texts(&format!("{output}_track_names"), &names)?;
    let strands: Vec<&str> = tracks.tracks.iter().map(|track| sign_or_dot(track.strand)).collect();
    file.texts(&format!("{output}_track_strands"), &strands)
}
