//! npz: arrays of numpy, each a `.npy` file in a zip archive.
//!
//! A `.npy` file is the bytes `\x93NUMPY`, a version, the length of a header, the header (a Python dictionary with the
//! type, the order and the shape), and the elements. Source: NEP 1, and the documentation of `numpy.lib.format`.
//!
//! The archive is written in one go, without seeking, so that it can be digested on the way; dates in it are those of the
//! format's first day, and the same arrays give the same bytes.

use crate::atomic_file::{AtomicFile, Committed};
use npyz::{DType, TypeStr, WriterBuilder};
use std::io::{self, Write};
use std::path::Path;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// An npz file under construction; what is dropped before [`finish`](Self::finish) leaves nothing.
pub struct NpzWriter {
    archive: ZipWriter<StreamWriter<AtomicFile>>,
}

impl std::fmt::Debug for NpzWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NpzWriter").finish_non_exhaustive()
    }
}

impl NpzWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            archive: ZipWriter::new_stream(AtomicFile::create(path)?),
        })
    }

    fn begin(&mut self, name: &str) -> io::Result<()> {
        // Large: the size of an entry is not known when it begins, and a megabase of tracks passes 4 GB.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(true);
        Ok(self.archive.start_file(format!("{name}.npy"), options)?)
    }

    fn array<T: npyz::Serialize + ?Sized>(
        &mut self,
        name: &str,
        dtype: &str,
        shape: &[usize],
        values: impl Iterator<Item = impl std::borrow::Borrow<T>>,
    ) -> io::Result<()> {
        self.begin(name)?;
        let shape: Vec<u64> = shape.iter().map(|&size| size as u64).collect();
        let dtype: TypeStr = dtype
            .parse()
            .map_err(|_| io::Error::other("a type that numpy does not know"))?;
        let mut buffered = io::BufWriter::with_capacity(1 << 16, &mut self.archive);
        let mut writer = npyz::WriteOptions::<T>::new()
            .dtype(DType::Plain(dtype))
            .shape(&shape)
            .writer(&mut buffered)
            .begin_nd()?;
        for value in values {
            writer.push(value.borrow())?;
        }
        writer.finish()?;
        buffered.flush()
    }

    /// Adds an array of 32-bit floats in C order.
    ///
    /// # Errors
    /// Whatever the file system says, and a number of values other than that of the shape.
    pub fn floats(&mut self, name: &str, shape: &[usize], values: impl Iterator<Item = f32>) -> io::Result<()> {
        self.array::<f32>(name, "<f4", shape, values)
    }

    /// Adds a list of 64-bit integers.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn integers(&mut self, name: &str, values: &[i64]) -> io::Result<()> {
        self.array::<i64>(name, "<i8", &[values.len()], values.iter().copied())
    }

    /// Adds a list of texts.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn texts(&mut self, name: &str, values: &[&str]) -> io::Result<()> {
        // Type U of numpy: all texts have the room of the longest, at least of one character.
        let longest = values.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
        self.array::<str>(name, &format!("<U{longest}"), &[values.len()], values.iter().copied())
    }

    /// Puts the file in place.
    ///
    /// # Errors
    /// Whatever the file system says; the file is absent then.
    pub fn finish(self) -> io::Result<Committed> {
        self.archive.finish()?.into_inner().commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn written(path: &Path) -> Committed {
        let mut file = NpzWriter::create(path).unwrap();
        let values = [1.0, -2.5, f32::NAN, 0.0, 3.0e-38, 7.0];
        file.floats("a", &[3, 2], values.into_iter()).unwrap();
        file.integers("bounds", &[-5, 1 << 40]).unwrap();
        file.texts("names", &["ELK4", "MA0062.3 GABPA \u{3b1}", ""]).unwrap();
        file.finish().unwrap()
    }

    #[test]
    fn an_array_has_the_bytes_of_the_format() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let committed = written(&path);
        let mut archive = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
        let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, ["a.npy", "bounds.npy", "names.npy"]);
        let mut bytes = Vec::new();
        archive.by_name("a.npy").unwrap().read_to_end(&mut bytes).unwrap();
        // NEP 1: magic, version 1.0, header length (little-endian), header; magic to header are a multiple of 64.
        assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00");
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((10 + length) % 64, 0);
        let header = String::from_utf8(bytes[10..10 + length].to_vec()).unwrap();
        for part in ["'descr': '<f4'", "'fortran_order': False", "'shape': (3, 2"] {
            assert!(header.contains(part), "{header}");
        }
        assert_eq!(bytes[10 + length..][..8], [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]);
        assert_eq!(bytes.len(), 10 + length + 6 * 4);
        assert_eq!(written(&folder.path().join("b.npz")), committed);
    }

    #[test]
    fn a_shape_of_another_size_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = NpzWriter::create(&folder.path().join("a.npz")).unwrap();
        assert!(file.floats("a", &[3, 2], [1.0].into_iter()).is_err());
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
