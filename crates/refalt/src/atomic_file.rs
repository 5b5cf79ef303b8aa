//! Files that are there whole or not at all.

use crate::provenance::{FileIdentity, HashingWriter};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// How temporary names end.
pub(crate) const PARTIAL_SUFFIX: &str = ".partial";

/// A file being written under a temporary name; [`commit`](Self::commit) gives it its name, dropping it removes it.
///
/// The temporary name ends in `.partial`, so whatever a killed run leaves behind is recognisable.
#[derive(Debug)]
pub struct AtomicFile {
    target: PathBuf,
    partial: PathBuf,
    writer: Option<HashingWriter<BufWriter<File>>>,
}

/// Size and digest of a committed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
}

impl AtomicFile {
    /// Opens a temporary file beside `target`.
    ///
    /// # Errors
    /// When `target` is there and no file: a folder, a device or a pipe, which a renamed file would replace; else whatever
    /// the file system says.
    pub fn create(target: &Path) -> io::Result<Self> {
        if let Ok(there) = fs::metadata(target)
            && !there.is_file()
        {
            let what = if there.is_dir() {
                "a folder"
            } else {
                "a device or a pipe"
            };
            let message = format!("it is {what}, not a file");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let mut name = target.file_name().unwrap_or_default().to_os_string();
        name.push(PARTIAL_SUFFIX);
        let partial = target.with_file_name(name);
        let file = File::create(&partial)?;
        Ok(Self {
            target: target.to_owned(),
            partial,
            writer: Some(HashingWriter::new(BufWriter::with_capacity(1 << 17, file))),
        })
    }

    /// Brings the bytes to the disk and gives the file its name.
    ///
    /// # Errors
    /// Whatever the file system says; the target is untouched then.
    pub fn commit(self) -> io::Result<Committed> {
        self.complete()?.place()
    }

    /// Brings the bytes to the disk, still under the temporary name.
    ///
    /// # Errors
    /// Whatever the file system says; nothing is left then.
    pub fn complete(mut self) -> io::Result<Complete> {
        let writer = self
            .writer
            .take()
            .ok_or_else(|| io::Error::other("already committed"))?;
        let (buffered, bytes, sha256) = writer.finish();
        // From here on the file is removed by whoever has it.
        let complete = Complete {
            target: self.target.clone(),
            partial: self.partial.clone(),
            committed: Committed { bytes, sha256 },
        };
        let flushed = buffered.into_inner().map_err(|error| error.into_error());
        flushed.and_then(|file| file.sync_all())?;
        Ok(complete)
    }

    /// Writes a whole file at once.
    ///
    /// # Errors
    /// Whatever the file system says; the target is untouched then.
    pub fn write(target: &Path, content: &[u8]) -> io::Result<Committed> {
        let mut file = Self::create(target)?;
        file.write_all(content)?;
        file.commit()
    }
}

/// A file that is whole under its temporary name; [`place`](Self::place) gives it its own, dropping it removes it.
#[derive(Debug)]
pub struct Complete {
    target: PathBuf,
    partial: PathBuf,
    committed: Committed,
}

impl Complete {
    /// Takes over a file that was written and brought to the disk under a temporary name.
    ///
    /// # Errors
    /// Whatever the file system says; the file is removed then.
    pub(crate) fn of_partial(target: &Path, partial: &Path) -> io::Result<Self> {
        let mut complete = Self {
            target: target.to_owned(),
            partial: partial.to_owned(),
            committed: Committed {
                bytes: 0,
                sha256: String::new(),
            },
        };
        let FileIdentity { bytes, sha256, .. } = FileIdentity::of(partial)?;
        complete.committed = Committed { bytes, sha256 };
        Ok(complete)
    }

    /// Returns the name that the file is to have.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Returns the temporary name.
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// Returns size and digest.
    pub const fn committed(&self) -> &Committed {
        &self.committed
    }

    /// Returns what identifies the file under its own name.
    pub fn identity(&self) -> FileIdentity {
        let name = self.target.file_name().unwrap_or_default();
        FileIdentity {
            name: name.to_string_lossy().into_owned(),
            bytes: self.committed.bytes,
            sha256: self.committed.sha256.clone(),
        }
    }

    /// Gives the file its name, in place of any other of that name.
    ///
    /// # Errors
    /// Whatever the file system says; the target is untouched then.
    pub fn place(self) -> io::Result<Committed> {
        fs::rename(&self.partial, &self.target)?;
        sync_folder(&self.target)?;
        Ok(self.committed.clone())
    }
}

impl Drop for Complete {
    fn drop(&mut self) {
        // After the file got its name there is nothing here.
        let _ = fs::remove_file(&self.partial);
    }
}

/// A renamed file survives a power cut only when its folder is on disk, too.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

impl Write for AtomicFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match &mut self.writer {
            Some(writer) => writer.write(buffer),
            None => Err(io::Error::other("already committed")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Says whether two paths lead to one file that is there, so that an output would take the place of an input.
pub(crate) fn is_same_file(left: &Path, right: &Path) -> bool {
    match (left.canonicalize(), right.canonicalize()) {
        (Ok(left), Ok(right)) => left == right,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abandoned_file_leaves_nothing_and_spares_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("table.tsv");
        AtomicFile::write(&target, b"old").unwrap();
        let mut file = AtomicFile::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read(&target).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_or_a_device_is_not_replaced_by_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = AtomicFile::create(folder.path()).unwrap_err();
        assert_eq!(error.to_string(), "it is a folder, not a file");
        #[cfg(unix)]
        {
            // A socket stands for devices: nothing of the system is put at risk here.
            let socket = folder.path().join("socket");
            let _kept = std::os::unix::net::UnixListener::bind(&socket).unwrap();
            let error = AtomicFile::write(&socket, b"abc").unwrap_err();
            assert_eq!(error.to_string(), "it is a device or a pipe, not a file");
            assert!(!fs::metadata(&socket).unwrap().is_file());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), usize::from(cfg!(unix)));
    }

    #[test]
    fn a_committed_file_has_its_content_size_and_digest() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("abc");
        let committed = AtomicFile::write(&target, b"abc").unwrap();
        assert_eq!(committed.bytes, 3);
        assert!(committed.sha256.starts_with("ba7816bf"));
        assert_eq!(fs::read(&target).unwrap(), b"abc");
    }
}
