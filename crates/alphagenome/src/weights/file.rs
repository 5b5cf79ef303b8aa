//! Weights in a safetensors file: eight bytes with the length of a JSON header, the header, then the arrays.

use super::names::Naming;
use super::{Weights, WeightsError};
use safetensors::tensor::{Dtype, Metadata};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A header is smaller: the model has 670 arrays.
const MOST_HEADER_BYTES: u64 = 100 << 20;

/// A file of weights, with the names of the released checkpoint or of alphagenome-pytorch.
pub struct WeightsFile {
    path: PathBuf,
    file: Mutex<File>,
    first_byte: u64,
    header: Metadata,
    naming: Naming,
}

impl WeightsFile {
    /// Opens a file, or the one file of weights in a folder.
    ///
    /// # Errors
    /// [`WeightsError`] when there is no such file, or it is none of weights.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        let path = found(path)?;
        let io = |source| WeightsError::Io {
            path: path.display().to_string(),
            source,
        };
        let format = |reason: String| WeightsError::Format {
            path: path.display().to_string(),
            reason,
        };
        let mut file = File::open(&path).map_err(io)?;
        let all = file.metadata().map_err(io)?.len();
        let mut length = [0; 8];
        file.read_exact(&mut length)
            .map_err(|_| format(format!("it has {all} bytes, fewer than the length of a header")))?;
        let length = u64::from_le_bytes(length);
        if length > MOST_HEADER_BYTES || length.saturating_add(8) > all {
            return Err(format(format!(
                "it says that its header has {length} bytes, and the file has {all}"
            )));
        }
        let mut header = Vec::new();
        (&mut file).take(length).read_to_end(&mut header).map_err(io)?;
        let header: Metadata =
            serde_json::from_slice(&header).map_err(|error| format(format!("its header: {error}")))?;
        let arrays = header.tensors();
        let end = arrays.values().map(|info| info.data_offsets.1).max().unwrap_or(0) as u64;
        if end + length + 8 != all {
            let reason = format!(
                "its header speaks of {} bytes, and the file has {all}",
                end + length + 8
            );
            return Err(format(reason));
        }
        let naming = Naming::of(arrays.keys().map(String::as_str));
        Ok(Self {
            path,
            file: Mutex::new(file),
            first_byte: length + 8,
            header,
            naming,
        })
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the SHA-256 of the file, in lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`WeightsError::Io`] when the file cannot be read.
    pub fn sha256(&self) -> Result<String, WeightsError> {
        let io = |source| self.unreadable(source);
        let mut file = File::open(&self.path).map_err(io)?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            let count = file.read(&mut buffer).map_err(io)?;
            if count == 0 {
                break;
            }
            digest.update(&buffer[..count]);
        }
        Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Returns the means of tracks that the file keeps for a head, `[organisms x columns]`; none in the released checkpoint.
    ///
    /// # Errors
    /// [`WeightsError`] when they cannot be read.
    pub fn track_means(&self, head: &str) -> Result<Option<(usize, Vec<f32>)>, WeightsError> {
        let name = format!("heads.{head}.track_means");
        let Some(info) = self.header.info(&name) else {
            return Ok(None);
        };
        let columns = info.shape.last().copied().unwrap_or(0);
        Ok(Some((columns, self.numbers(&name)?)))
    }

    fn unreadable(&self, source: std::io::Error) -> WeightsError {
        WeightsError::Io {
            path: self.path.display().to_string(),
            source,
        }
    }

    /// Reads an array under the name that it has in the file.
    fn numbers(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        let info = self
            .header
            .info(name)
            .ok_or_else(|| WeightsError::Missing { name: name.to_owned() })?;
        let (start, end) = info.data_offsets;
        let mut bytes = vec![0; end - start];
        {
            let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let read = file
                .seek(SeekFrom::Start(self.first_byte + start as u64))
                .and_then(|_| file.read_exact(&mut bytes));
            read.map_err(|source| self.unreadable(source))?;
        }
        match info.dtype {
            Dtype::F32 => Ok(bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&four| f32::from_le_bytes(four))
                .collect()),
            Dtype::BF16 => {
                let wide = |&two: &[u8; 2]| f32::from_bits(u32::from(u16::from_le_bytes(two)) << 16);
                Ok(bytes.as_chunks::<2>().0.iter().map(wide).collect())
            }
            Dtype::F16 => Ok(bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|&two| half(u16::from_le_bytes(two)))
                .collect()),
            other => Err(WeightsError::Numbers {
                name: name.to_owned(),
                found: format!("{other:?}"),
            }),
        }
    }
}

impl Weights for WeightsFile {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let own = self.naming.own(name)?;
        let info = self.header.info(&own.name)?;
        Some(own.layout.shape(&info.shape))
    }

    fn read(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        let missing = || WeightsError::Missing { name: name.to_owned() };
        let own = self.naming.own(name).ok_or_else(missing)?;
        let shape = self.header.info(&own.name).ok_or_else(missing)?.shape.clone();
        Ok(own.layout.values(self.numbers(&own.name)?, &shape))
    }
}

/// Returns the file, or the only one of weights in the folder.
fn found(path: &Path) -> Result<PathBuf, WeightsError> {
    let io = |source| WeightsError::Io {
        path: path.display().to_string(),
        source,
    };
    if !std::fs::metadata(path).map_err(io)?.is_dir() {
        return Ok(path.to_owned());
    }
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io)? {
        let file = entry.map_err(io)?.path();
        if file.extension().is_some_and(|extension| extension == "safetensors") {
            files.push(file);
        }
    }
    files.sort();
    match <[PathBuf; 1]>::try_from(files) {
        Ok([file]) => Ok(file),
        Err(files) => Err(WeightsError::Folder {
            path: path.display().to_string(),
            found: files
                .iter()
                .filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned()))
                .collect(),
        }),
    }
}

/// Widens a number of IEEE 754 binary16.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let (exponent, fraction) = (u32::from(bits >> 10) & 0x1f, u32::from(bits) & 0x3ff);
    let magnitude = match exponent {
        // Subnormal: fraction / 2^24.
        0 => (fraction as f32 / 16_777_216.0).to_bits(),
        31 => 0x7f80_0000 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_those_of_the_standard() {
        // IEEE 754-2008, 3.6: 1, -2, the greatest, the smallest normal and the smallest subnormal number, infinity.
        let cases = [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x7c00, f32::INFINITY),
            (0x8000, 0.0),
        ];
        for (bits, value) in cases {
            assert_eq!(half(bits), value, "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
    }
}
