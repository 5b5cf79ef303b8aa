//! The observation of each row, by number, from the first pass to the second: four bytes a row, little endian, in
//! memory for a few million rows and in a temporary file for more.

use super::error::VetError;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::SpooledTempFile;

/// Rows without an observation: their verdict needs no genome.
pub(super) const FIXED: u32 = u32::MAX;

/// Bytes kept in memory.
const IN_MEMORY: usize = 16 << 20;

/// Takes the numbers of the rows in order.
pub(super) struct NumbersWriter {
    folder: PathBuf,
    file: BufWriter<SpooledTempFile>,
    rows: u64,
}

/// The numbers of all rows.
pub(super) struct Numbers {
    folder: PathBuf,
    file: SpooledTempFile,
    rows: u64,
}

impl NumbersWriter {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self::with_capacity(folder, IN_MEMORY)
    }

    fn with_capacity(folder: PathBuf, in_memory: usize) -> Self {
        Self {
            file: BufWriter::with_capacity(1 << 16, tempfile::spooled_tempfile_in(in_memory, &folder)),
            folder,
            rows: 0,
        }
    }

    pub(super) fn push(&mut self, number: u32) -> Result<(), VetError> {
        self.file
            .write_all(&number.to_le_bytes())
            .map_err(failed(&self.folder))?;
        self.rows += 1;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Numbers, VetError> {
        let Self { folder, file, rows } = self;
        let file = file.into_inner().map_err(|error| failed(&folder)(error.into_error()))?;
        Ok(Numbers { folder, file, rows })
    }
}

impl Numbers {
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Gives the numbers from the first row on.
    pub(super) fn read(&mut self) -> Result<impl Iterator<Item = Result<u32, VetError>> + Send, VetError> {
        let folder = self.folder.as_path();
        self.file.seek(SeekFrom::Start(0)).map_err(failed(folder))?;
        let mut reader = BufReader::with_capacity(1 << 16, &mut self.file);
        Ok((0..self.rows).map(move |_| {
            let mut bytes = [0; 4];
            reader.read_exact(&mut bytes).map_err(failed(folder))?;
            Ok(u32::from_le_bytes(bytes))
        }))
    }
}

fn failed(folder: &Path) -> impl FnOnce(io::Error) -> VetError + '_ {
    move |source| VetError::Observations {
        folder: folder.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_from_memory_and_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        for in_memory in [100, 1 << 20] {
            let mut writer = NumbersWriter::with_capacity(folder.path().to_owned(), in_memory);
            for number in (0..50_000).map(|row| row * 3).chain([FIXED]) {
                writer.push(number).unwrap();
            }
            let mut numbers = writer.finish().unwrap();
            assert_eq!(numbers.rows(), 50_001);
            for _ in 0..2 {
                let read: Vec<u32> = numbers.read().unwrap().map(Result::unwrap).collect();
                assert!(read.iter().copied().eq((0..50_000).map(|row| row * 3).chain([FIXED])));
            }
        }
    }
}
