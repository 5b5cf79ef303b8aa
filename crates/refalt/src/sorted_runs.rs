//! Sorting in bounded memory: entries of a key and some bytes, in sorted runs in temporary files.
//!
//! An entry in a file is the key (16 bytes), the number of bytes (4, little endian) and the bytes. Entries of equal keys
//! keep the order in which they came. At most `memory_bytes` of entries are held; what does not fit goes to a temporary
//! file without a name, which goes with the process. Merging reads all runs at once, 64 KiB of each.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What entries are sorted by: bytes, from the first.
pub(crate) type Key = [u8; 16];

/// Memory of an entry beside its bytes.
const ENTRY_BYTES: usize = size_of::<(Key, Box<[u8]>)>() + 16;

/// Takes entries in any order.
pub(crate) struct Sorter {
    folder: PathBuf,
    memory_bytes: usize,
    held: Vec<(Key, Box<[u8]>)>,
    held_bytes: usize,
    runs: Vec<File>,
}

impl Sorter {
    /// Begins; runs go to temporary files in `folder`.
    pub(crate) fn new(folder: &Path, memory_bytes: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            memory_bytes,
            held: Vec::new(),
            held_bytes: 0,
            runs: Vec::new(),
        }
    }

    /// Takes an entry.
    pub(crate) fn push(&mut self, key: Key, bytes: &[u8]) -> io::Result<()> {
        self.held.push((key, bytes.into()));
        self.held_bytes += bytes.len() + ENTRY_BYTES;
        if self.held_bytes > self.memory_bytes {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.held.sort_by_key(|(key, _)| *key);
        let mut writer = BufWriter::with_capacity(1 << 16, tempfile::tempfile_in(&self.folder)?);
        for (key, bytes) in self.held.drain(..) {
            let length = u32::try_from(bytes.len()).map_err(|_| io::Error::other("an entry of more than 4 GiB"))?;
            writer.write_all(&key)?;
            writer.write_all(&length.to_le_bytes())?;
            writer.write_all(&bytes)?;
        }
        self.held_bytes = 0;
        let mut file = writer.into_inner().map_err(|error| error.into_error())?;
        file.seek(SeekFrom::Start(0))?;
        self.runs.push(file);
        Ok(())
    }

    /// Returns the entries in the order of their keys.
    pub(crate) fn finish(mut self) -> io::Result<Sorted> {
        if self.runs.is_empty() {
            self.held.sort_by_key(|(key, _)| *key);
            return Ok(Sorted {
                held: self.held.into_iter(),
                runs: Vec::new(),
                heads: BinaryHeap::new(),
            });
        }
        if !self.held.is_empty() {
            self.spill()?;
        }
        let mut runs: Vec<_> = self
            .runs
            .into_iter()
            .map(|file| BufReader::with_capacity(1 << 16, file))
            .collect();
        let mut heads = BinaryHeap::new();
        for (number, run) in runs.iter_mut().enumerate() {
            if let Some((key, bytes)) = read(run)? {
                heads.push(Reverse((key, number, bytes)));
            }
        }
        Ok(Sorted {
            held: Vec::new().into_iter(),
            runs,
            heads,
        })
    }
}

fn read(run: &mut impl Read) -> io::Result<Option<(Key, Box<[u8]>)>> {
    let mut key = Key::default();
    match run.read_exact(&mut key) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut length = [0; 4];
    run.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    run.read_exact(&mut bytes)?;
    Ok(Some((key, bytes.into())))
}

/// The next entry of a run: key, the run's number, bytes.
type Head = (Key, usize, Box<[u8]>);

/// Entries in the order of their keys.
pub(crate) struct Sorted {
    held: std::vec::IntoIter<(Key, Box<[u8]>)>,
    runs: Vec<BufReader<File>>,
    /// The next entry of each run, with the run's number: of equal keys the earlier run's comes first.
    heads: BinaryHeap<Reverse<Head>>,
}

impl Iterator for Sorted {
    type Item = io::Result<(Key, Box<[u8]>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(entry) = self.held.next() {
            return Some(Ok(entry));
        }
        let mut head = self.heads.peek_mut()?;
        let Reverse((_, number, _)) = *head;
        match read(&mut self.runs[number]) {
            Err(error) => Some(Err(error)),
            Ok(Some((key, bytes))) => {
                let Reverse((key, _, bytes)) = std::mem::replace(&mut *head, Reverse((key, number, bytes)));
                Some(Ok((key, bytes)))
            }
            Ok(None) => {
                let Reverse((key, _, bytes)) = PeekMut::pop(head);
                Some(Ok((key, bytes)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sorts `entries` with so much memory and compares with the sort of the standard library.
    fn check(entries: &[(u32, u32)], memory_bytes: usize) {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::new(folder.path(), memory_bytes);
        for (key, value) in entries {
            let mut wide = Key::default();
            wide[..4].copy_from_slice(&key.to_be_bytes());
            sorter.push(wide, &value.to_le_bytes()[..(value % 5) as usize]).unwrap();
        }
        let found: Vec<_> = sorter.finish().unwrap().map(Result::unwrap).collect();
        let mut expected = entries.to_vec();
        expected.sort_by_key(|(key, _)| *key);
        assert_eq!(found.len(), expected.len());
        for ((key, bytes), (expected_key, value)) in found.iter().zip(&expected) {
            assert_eq!(key[..4], expected_key.to_be_bytes());
            assert_eq!(**bytes, value.to_le_bytes()[..(value % 5) as usize]);
        }
    }

    #[test]
    fn entries_come_by_key_and_equal_keys_in_the_order_they_came_in() {
        // 48271 is a multiplier of the minimal standard generator; keys repeat every 97 entries.
        let entries: Vec<(u32, u32)> = (0..2000_u32).map(|i| (i.wrapping_mul(48_271) % 97, i)).collect();
        for memory_bytes in [0, 500, 4000, 1 << 20] {
            check(&entries, memory_bytes);
        }
        check(&[], 0);
    }
}
