//! Writes a figure as SVG, PNG and TSV.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::drawing::raster;
use super::{Figure, FigureError};
use crate::atomic_file::AtomicFile;
use crate::output_files::{OutputFileError, has_other_bytes};

/// The three files of a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureFiles {
    /// `<name>.svg`.
    pub svg: PathBuf,
    /// `<name>.png`, two pixels per px.
    pub png: PathBuf,
    /// `<name>.tsv`.
    pub tsv: PathBuf,
}

/// The bytes of the three files of a figure, in the order of [`FigureFiles`].
type Contents<'a> = [Cow<'a, [u8]>; 3];

/// The files of a figure with what goes into each.
fn contents<'a>(figure: &'a Figure, folder: &Path) -> Result<(FigureFiles, Contents<'a>), FigureError> {
    let png = raster::png(&figure.svg).map_err(|message| FigureError::Png {
        figure: figure.name.clone(),
        message,
    })?;
    let path = |extension: &str| folder.join(format!("{}.{extension}", figure.name));
    let files = FigureFiles {
        svg: path("svg"),
        png: path("png"),
        tsv: path("tsv"),
    };
    Ok((
        files,
        [figure.svg.as_bytes().into(), png.into(), figure.tsv.as_bytes().into()],
    ))
}

fn write_all(files: &FigureFiles, contents: &[Cow<'_, [u8]>; 3]) -> Result<(), FigureError> {
    for (path, bytes) in [&files.svg, &files.png, &files.tsv].into_iter().zip(contents) {
        AtomicFile::write(path, bytes).map_err(|source| FigureError::Write {
            path: path.clone(),
            source,
        })?;
    }
    Ok(())
}

/// Writes `figure` to `<name>.svg`, `<name>.png` and `<name>.tsv` in `folder`, which must exist.
///
/// Each file is written under a temporary name, flushed to disk and renamed, so that a reader never sees half
/// a file and a file of an earlier run is replaced or kept whole.
///
/// # Errors
/// [`FigureError::Png`] when the SVG cannot be rendered, [`FigureError::Write`] when a file cannot be written.
pub fn write(figure: &Figure, folder: &Path) -> Result<FigureFiles, FigureError> {
    let (files, contents) = contents(figure, folder)?;
    write_all(&files, &contents)?;
    Ok(files)
}

/// A figure in the form of its files, not yet written, for a folder that may be somebody's.
#[derive(Clone, Debug)]
pub struct DrawnFigure<'a> {
    files: FigureFiles,
    contents: Contents<'a>,
}

/// Draws the files of a figure, and refuses those that would take the place of anything but the same bytes; nothing is
/// written.
///
/// # Errors
/// Those of [`write()`], and [`FigureError::File`] for a file that holds something else.
pub fn draw_new<'a>(figure: &'a Figure, folder: &Path) -> Result<DrawnFigure<'a>, FigureError> {
    let (files, contents) = contents(figure, folder)?;
    for (path, bytes) in [&files.svg, &files.png, &files.tsv].into_iter().zip(&contents) {
        // What cannot be read may be anything.
        if has_other_bytes(path, bytes).unwrap_or(true) {
            return Err(FigureError::File(OutputFileError::Taken {
                path: path.clone(),
                differences: Vec::new(),
            }));
        }
    }
    Ok(DrawnFigure { files, contents })
}

impl DrawnFigure<'_> {
    /// Writes the files.
    ///
    /// # Errors
    /// [`FigureError::Write`].
    pub fn write(self) -> Result<FigureFiles, FigureError> {
        write_all(&self.files, &self.contents)?;
        Ok(self.files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Diagnostic;

    fn figure(svg: &str) -> Figure {
        Figure {
            name: "probe".into(),
            title: String::new(),
            caption: String::new(),
            description: String::new(),
            svg: svg.into(),
            tsv: "a\tb\n".into(),
        }
    }

    const DOT: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"10\" height=\"7\" viewBox=\"0 0 10 7\"/>";

    #[test]
    fn three_files_and_nothing_else_are_left() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("probe.tsv"), "old").unwrap();
        let files = write(&figure(DOT), folder.path()).unwrap();
        assert_eq!(std::fs::read_to_string(&files.svg).unwrap(), DOT);
        assert_eq!(std::fs::read_to_string(&files.tsv).unwrap(), "a\tb\n");
        // PNG specification (W3C, third edition) 11.2.1: width and height are bytes 16..24, big-endian.
        let png = std::fs::read(&files.png).unwrap();
        assert_eq!(png[..8], [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n']);
        assert_eq!(png[16..24], [0, 0, 0, 20, 0, 0, 0, 14]);
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["probe.png", "probe.svg", "probe.tsv"]);
    }

    #[test]
    fn what_cannot_be_rendered_or_written_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            write(&figure("<p/>"), folder.path()),
            Err(FigureError::Png { .. })
        ));
        let missing = folder.path().join("missing");
        let error = write(&figure(DOT), &missing).unwrap_err();
        assert!(error.to_string().contains("probe.svg"), "{error}");
        assert!(error.hint().unwrap().contains("missing"));
    }
}
