//! A sorted run: keys with their rows in a temporary file, in ascending order.
//!
//! An entry is 24 bytes, little endian: the key (16), the row (8). The first key of each page of 256 entries is kept in
//! memory, so a look-up reads one page. The file has no name where the system allows that, and goes with its owner.

use super::filter::Filter;
use super::key::VariantKey;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Entries of a page.
const PAGE: usize = 256;

/// Pages read for keys that were not there, after which a filter is made.
const MISSES: u32 = 1024;

/// A variant and the first row that held it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) key: VariantKey,
    pub(super) row: u64,
}

impl Entry {
    pub(super) const BYTES: usize = 24;

    fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..16].copy_from_slice(&self.key.to_bytes());
        bytes[16..].copy_from_slice(&self.row.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let (mut key, mut row) = ([0; 16], [0; 8]);
        key.copy_from_slice(&bytes[..16]);
        row.copy_from_slice(&bytes[16..Self::BYTES]);
        Self {
            key: VariantKey::from_bytes(key),
            row: u64::from_le_bytes(row),
        }
    }
}

/// Sorted entries in a file; at least one.
pub(super) struct Run {
    file: File,
    level: u32,
    entries: u64,
    /// The first key of each page.
    marks: Vec<VariantKey>,
    last: VariantKey,
    /// The page read last.
    page: Vec<u8>,
    page_number: Option<usize>,
    misses: u32,
    filter: Option<Filter>,
}

impl Run {
    /// Writes entries, in ascending order and at least one, to a temporary file in `folder`.
    pub(super) fn write(
        folder: &Path,
        level: u32,
        entries: impl Iterator<Item = io::Result<Entry>>,
    ) -> io::Result<Self> {
        Self::write_to(tempfile::tempfile_in(folder)?, level, entries)
    }

    pub(super) fn write_to(
        file: File,
        level: u32,
        entries: impl Iterator<Item = io::Result<Entry>>,
    ) -> io::Result<Self> {
        let mut writer = BufWriter::with_capacity(1 << 18, file);
        let (mut marks, mut last, mut written) = (Vec::new(), None, 0_u64);
        for entry in entries {
            let entry = entry?;
            if written % PAGE as u64 == 0 {
                marks.push(entry.key);
            }
            writer.write_all(&entry.to_bytes())?;
            last = Some(entry.key);
            written += 1;
        }
        let file = writer.into_inner().map_err(|error| error.into_error())?;
        Ok(Self {
            file,
            level,
            entries: written,
            marks,
            last: last.ok_or_else(|| io::Error::other("a run of no entries"))?,
            page: Vec::new(),
            page_number: None,
            misses: 0,
            filter: None,
        })
    }

    /// Makes one run of several that share no key.
    pub(super) fn merge(folder: &Path, runs: Vec<Self>) -> io::Result<Self> {
        let level = 1 + runs.iter().map(|run| run.level).max().unwrap_or(0);
        // The filters go first: the merged run makes its own.
        let mut streams = Vec::with_capacity(runs.len());
        let mut heap = BinaryHeap::new();
        for (number, run) in runs.into_iter().enumerate() {
            let mut stream = run.into_stream()?;
            if let Some(entry) = stream.next() {
                heap.push(Reverse((entry?, number)));
            }
            streams.push(stream);
        }
        let merged = std::iter::from_fn(|| {
            let Reverse((entry, number)) = heap.pop()?;
            match streams[number].next() {
                Some(Ok(next)) => heap.push(Reverse((next, number))),
                Some(Err(error)) => return Some(Err(error)),
                None => {}
            }
            Some(Ok(entry))
        });
        Self::write(folder, level, merged)
    }

    pub(super) fn level(&self) -> u32 {
        self.level
    }

    pub(super) fn first(&self) -> VariantKey {
        self.marks[0]
    }

    pub(super) fn last(&self) -> VariantKey {
        self.last
    }

    /// Returns the row of a key.
    pub(super) fn find(&mut self, key: VariantKey) -> io::Result<Option<u64>> {
        if key < self.first() || key > self.last || self.filter.as_ref().is_some_and(|filter| !filter.may_hold(key)) {
            return Ok(None);
        }
        let number = self.marks.partition_point(|&mark| mark <= key) - 1;
        let is_read = self.page_number == Some(number);
        if !is_read {
            self.read_page(number)?;
        }
        let found = search(&self.page, key);
        if found.is_none() && !is_read && self.filter.is_none() {
            self.misses += 1;
            if self.misses == MISSES {
                self.make_filter()?;
            }
        }
        Ok(found)
    }

    fn read_page(&mut self, number: usize) -> io::Result<()> {
        let first = (number * PAGE) as u64;
        let entries = (self.entries - first).min(PAGE as u64) as usize;
        self.page_number = None;
        self.page.resize(entries * Entry::BYTES, 0);
        self.file.seek(SeekFrom::Start(first * Entry::BYTES as u64))?;
        self.file.read_exact(&mut self.page)?;
        self.page_number = Some(number);
        Ok(())
    }

    fn make_filter(&mut self) -> io::Result<()> {
        let mut filter = Filter::new(self.entries);
        for entry in stream(&mut self.file, self.entries)? {
            filter.insert(entry?.key);
        }
        self.filter = Some(filter);
        Ok(())
    }

    fn into_stream(self) -> io::Result<impl Iterator<Item = io::Result<Entry>>> {
        stream(self.file, self.entries)
    }
}

/// Gives the entries of a file from its start.
fn stream(mut file: impl Read + Seek, entries: u64) -> io::Result<impl Iterator<Item = io::Result<Entry>>> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::with_capacity(1 << 18, file);
    Ok((0..entries).map(move |_| {
        let mut bytes = [0; Entry::BYTES];
        reader.read_exact(&mut bytes)?;
        Ok(Entry::from_bytes(&bytes))
    }))
}

/// Finds a key among sorted entries.
fn search(page: &[u8], key: VariantKey) -> Option<u64> {
    let entry = |number: usize| Entry::from_bytes(&page[number * Entry::BYTES..][..Entry::BYTES]);
    let (mut low, mut high) = (0, page.len() / Entry::BYTES);
    while low < high {
        let middle = low.midpoint(high);
        let found = entry(middle);
        match found.key.cmp(&key) {
            std::cmp::Ordering::Equal => return Some(found.row),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}
