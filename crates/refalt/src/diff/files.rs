//! The files of a comparison: `diff.json`, and `differences.tsv` with every score that differs.

use super::block::{Names, Row};
use super::{DiffError, DiffReport};
use crate::atomic_file::AtomicFile;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const HEADER: &str = "scorer\tvariant_id\tgene_id\tjunction_Start\tjunction_End\ttrack_name\ttrack_strand\tleft\tright";

/// Files being written.
pub(super) struct Files {
    folder: PathBuf,
    table: AtomicFile,
}

impl Files {
    /// Makes the folder, which is not there or empty, and begins the table.
    pub(super) fn create(folder: &Path) -> Result<Self, DiffError> {
        let failed = failed(folder);
        fs::create_dir_all(folder).map_err(&failed)?;
        if fs::read_dir(folder).map_err(&failed)?.next().is_some() {
            return Err(DiffError::Occupied {
                folder: folder.to_owned(),
            });
        }
        let path = folder.join("differences.tsv");
        let mut table = AtomicFile::create(&path).map_err(self::failed(&path))?;
        writeln!(table, "{HEADER}").map_err(self::failed(&path))?;
        Ok(Self {
            folder: folder.to_owned(),
            table,
        })
    }

    /// Writes a score that differs; what one run lacks is empty.
    pub(super) fn row(
        &mut self,
        scorer: &str,
        variant: &str,
        row: &Row,
        left: Option<f32>,
        right: Option<f32>,
        names: &Names,
    ) -> Result<(), DiffError> {
        let key = row.key;
        let text = |value: Option<f32>| value.map_or(String::new(), |value| value.to_string());
        let (start, end) = match key.junction {
            Some((start, end)) => (start.to_string(), end.to_string()),
            None => Default::default(),
        };
        writeln!(
            self.table,
            "{scorer}\t{variant}\t{}\t{start}\t{end}\t{}\t{}\t{}\t{}",
            names.name(key.gene),
            names.name(key.track),
            names.name(key.strand),
            text(left),
            text(right)
        )
        .map_err(failed(&self.folder.join("differences.tsv")))
    }

    /// Writes the report and puts the table in place.
    pub(super) fn finish(self, report: &DiffReport) -> Result<(), DiffError> {
        let path = self.folder.join("differences.tsv");
        self.table.commit().map_err(failed(&path))?;
        let path = self.folder.join("diff.json");
        let mut text = serde_json::to_vec_pretty(report)
            .map_err(io::Error::other)
            .map_err(failed(&path))?;
        text.push(b'\n');
        AtomicFile::write(&path, &text).map_err(failed(&path))?;
        Ok(())
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> DiffError {
    let path = path.to_owned();
    move |source| DiffError::Write {
        path: path.clone(),
        source,
    }
}
