//! bigWig: the values of [`bedgraph`](super::bedgraph), indexed and with zooms.
//!
//! A file states the length of each contig. It is that of the reference, where one is given, or else that of the assembly
//! on which the run was made; a slice of no known assembly ends where the slice does.

use super::bedgraph::Places;
use super::selection::Selection;
use super::summary::Summary;
use super::{ExportError, ExportReport};
use crate::io::bigwig::{self, BigWigError, BigWigValue, ContigLength};
use crate::io::fasta::FastaReference;
use crate::output_files::place_new;
use crate::reference_assembly::contig_length;
use crate::score_folder::ScoreFolder;
use refalt_core::{Assembly, Interval, Reference};
use std::io;
use std::path::Path;

/// Writes the scores of the one selected scorer and track.
pub(super) fn write(
    folder: &ScoreFolder,
    out: &Path,
    selection: &Selection,
    aggregate: Option<Summary>,
    reference: Option<&Path>,
) -> Result<ExportReport, ExportError> {
    let places = Places::sort(folder, out, selection, aggregate, "bigWig")?;
    let reference = reference.map(FastaReference::open).transpose()?;
    let assembly = folder
        .manifest()
        .pointer("/assembly/reference")
        .and_then(|name| name.as_str());
    let assembly = assembly.and_then(Assembly::from_name);
    let length = |name: &String| {
        let of_reference = reference.as_ref().and_then(|reference| {
            let contig = reference.contig_id(name)?;
            Some(reference.contig(contig))
        });
        let whole = of_reference.and_then(|contig| contig.length_bp);
        // Of a slice on no known assembly, the length that `predict` states too: to the end of the last part.
        let to_the_last_base = || Some(of_reference?.known.last()?.bed_end());
        let length_bp = whole
            .or_else(|| contig_length(name, assembly?))
            .or_else(to_the_last_base);
        let length_bp = length_bp.ok_or_else(|| ExportError::LengthUnknown { contig: name.clone() })?;
        Ok(ContigLength {
            name: name.clone(),
            length_bp,
        })
    };
    let contigs: Vec<ContigLength> = places.contigs.iter().map(length).collect::<Result<_, ExportError>>()?;
    let mut records = 0;
    // The writer takes errors of the system; what else goes wrong among the values is kept here.
    let mut fault = None;
    let names: Vec<String> = places.contigs.clone();
    let values = places.values()?.map_while(|place| match place {
        Ok(place) => {
            let at = names.binary_search_by(|name| name.as_str().cmp(&place.contig)).ok()?;
            records += 1;
            Some(Ok(BigWigValue {
                contig: &names[at],
                bases: Interval::at(place.position, 1)?,
                value: place.value,
            }))
        }
        Err(error) => {
            fault = Some(error);
            Some(Err(io::Error::other("the scores cannot be read on")))
        }
    });
    let written = bigwig::write(out, &contigs, values);
    if let Some(error) = fault {
        return Err(error);
    }
    match written {
        Ok(file) => {
            place_new(vec![file])?;
            Ok(ExportReport {
                records,
                files: vec![out.to_owned()],
                ..ExportReport::default()
            })
        }
        Err(BigWigError::Io { path, source }) => Err(ExportError::write(&path)(source)),
        Err(error) => Err(error.into()),
    }
}
