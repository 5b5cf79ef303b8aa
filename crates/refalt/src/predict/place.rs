//! What a user writes for a place: an interval, bases around something, a sequence.

use refalt_core::{Bin, BinSpan, ContigName, Interval, Position, Sequence, Window};
use std::fmt;
use std::io::Read;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// An interval with its contig, as samtools writes it: `chr5:1294000-1296000`, 1-based, inclusive; commas are passed over.
/// `chr5:1295113` is one base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The contig as written.
    pub contig: String,
    /// The bases.
    pub interval: Interval,
}

/// A text is no region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a region such as `chr5:1294000-1296000` (1-based, inclusive, first base before last)")]
pub struct NotRegion {
    /// The text.
    pub found: String,
}

impl FromStr for Region {
    type Err = NotRegion;

    fn from_str(text: &str) -> Result<Self, NotRegion> {
        let wrong = || NotRegion { found: text.to_owned() };
        let (contig, bounds) = text.rsplit_once(':').ok_or_else(wrong)?;
        let (first, last) = bounds.split_once('-').unwrap_or((bounds, bounds));
        let position = |digits: &str| {
            let plain = digits.replace(',', "");
            let is_number = !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit());
            plain.parse().ok().filter(|_| is_number).and_then(Position::new)
        };
        let bounds = position(first).zip(position(last)).filter(|_| !contig.is_empty());
        let interval = bounds.and_then(|(first, last)| Interval::from_bases(first, last));
        Ok(Self {
            contig: contig.to_owned(),
            interval: interval.filter(|interval| !interval.is_empty()).ok_or_else(wrong)?,
        })
    }
}

impl Region {
    /// Says whether a text has the look of a region: a contig, then two numbers.
    pub fn is_meant(text: &str) -> bool {
        let bounds = text.rsplit_once(':').and_then(|(_, bounds)| bounds.split_once('-'));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
        bounds.is_some_and(|(first, last)| digits(first) && digits(last))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.contig, self.interval)
    }
}

/// A part of a window: so many bases around its middle, or a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// So many bp around the variant or the middle of the interval.
    Around(NonZeroU32),
    /// These bases.
    Region(Region),
}

/// A text is no part of a window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is neither a number of bp from 1 up nor a region such as `chr5:1294000-1296000`")]
pub struct NotPart {
    /// The text.
    pub found: String,
}

impl FromStr for Part {
    type Err = NotPart;

    fn from_str(text: &str) -> Result<Self, NotPart> {
        let wrong = || NotPart { found: text.to_owned() };
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Around(text.parse().map_err(|_| wrong())?));
        }
        text.parse().map(Self::Region).map_err(|_| wrong())
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Around(bp) => write!(f, "{bp}"),
            Self::Region(region) => region.fmt(f),
        }
    }
}

impl Part {
    /// Returns the bases of a window (bins of 1 bp); `None` when a base of the part lies outside.
    ///
    /// * `middle`: what `Around` is around.
    pub(crate) fn bases(&self, window: &Window, middle: Interval) -> Option<BinSpan> {
        let (start, end) = match self {
            Self::Around(bp) => {
                let around = Window::around(window.contig(), middle, *bp);
                (around.bed_start(), around.bed_end())
            }
            Self::Region(region) => {
                if !refalt_core::contig::same_contig(&region.contig, window.contig().as_str()) {
                    return None;
                }
                (region.interval.bed_start().into(), region.interval.bed_end().into())
            }
        };
        let bin = |at: i64| u32::try_from(at - window.bed_start()).ok().map(Bin::new);
        let span = BinSpan::new(bin(start)?, bin(end)?);
        (end <= window.bed_end()).then_some(span)
    }
}

/// Where a sequence comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SequenceInput {
    /// The bases themselves.
    Bases(String),
    /// A file: FASTA with one record, or bases.
    File(PathBuf),
    /// Standard input, like a file.
    Stdin,
}

/// A sequence cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SequenceError {
    /// The file cannot be read.
    #[error("cannot read `{name}`: {source}")]
    Io {
        /// The file.
        name: String,
        /// The cause.
        source: std::io::Error,
    },
    /// There is more than one sequence.
    #[error("`{name}` has more than one sequence: `{first}` and `{second}`")]
    Several {
        /// The file.
        name: String,
        /// The first record.
        first: String,
        /// The second record.
        second: String,
    },
    /// There is no base.
    #[error("`{name}` has no base")]
    Empty {
        /// The file.
        name: String,
    },
    /// A letter is no base.
    #[error("`{name}` has the letter `{found}` at base {index}; allowed: A, C, G, T, N")]
    Letter {
        /// The file.
        name: String,
        /// The letter.
        found: char,
        /// Its number (1-based).
        index: usize,
    },
}

impl SequenceInput {
    /// Returns the input that a word on the command line means: `-`, a file that exists, or bases.
    pub fn from_argument(word: &str) -> Self {
        if word == "-" {
            Self::Stdin
        } else if Path::new(word).exists() || word.contains(['/', '.']) {
            Self::File(PathBuf::from(word))
        } else {
            Self::Bases(word.to_owned())
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Bases(_) => "--sequence".to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "<stdin>".to_owned(),
        }
    }

    /// Reads the sequence and its name, `sequence` where it has none.
    pub(crate) fn read(&self) -> Result<(ContigName, Sequence), SequenceError> {
        let failed = |source| SequenceError::Io {
            name: self.name(),
            source,
        };
        let text = match self {
            Self::Bases(bases) => bases.clone(),
            Self::File(path) => std::fs::read_to_string(path).map_err(failed)?,
            Self::Stdin => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).map_err(failed)?;
                text
            }
        };
        let mut record: Option<String> = None;
        let mut bases = Vec::new();
        for line in text.lines() {
            if let Some(header) = line.strip_prefix('>') {
                let name = header.split_whitespace().next().unwrap_or("sequence").to_owned();
                if let Some(first) = record {
                    let (file, second) = (self.name(), name);
                    return Err(SequenceError::Several {
                        name: file,
                        first,
                        second,
                    });
                }
                record = Some(name);
                continue;
            }
            for letter in line.chars().filter(|letter| !letter.is_whitespace()) {
                if !"ACGTNacgtn".contains(letter) {
                    return Err(SequenceError::Letter {
                        name: self.name(),
                        found: letter,
                        index: bases.len() + 1,
                    });
                }
                bases.push(letter as u8);
            }
        }
        if bases.is_empty() {
            return Err(SequenceError::Empty { name: self.name() });
        }
        let name = record.unwrap_or_else(|| "sequence".to_owned());
        Ok((ContigName::new(&name), Sequence::from_bases(bases)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_read_as_samtools_writes_it() {
        let region: Region = "HLA*01:01:1,294,000-1296000".parse().unwrap();
        assert_eq!(region.contig, "HLA*01:01");
        assert_eq!(region.interval, Interval::from_bed(1_293_999, 1_296_000).unwrap());
        let base: Region = "chr5:1295113".parse().unwrap();
        assert_eq!(base.interval, Interval::from_bed(1_295_112, 1_295_113).unwrap());
        for wrong in [
            "chr5:0",
            "chr5:10-9",
            "chr5:0-9",
            "chr5",
            "chr5:1-",
            ":1-2",
            "chr5:1-2-3",
            "chr5:-1-2",
            "chr5:+1-2",
        ] {
            assert!(wrong.parse::<Region>().is_err(), "{wrong}");
        }
        assert!(Region::is_meant("chr5:10-9"));
        assert!(!Region::is_meant("NC_000005.10:1295112:G:A"));
        assert!(!Region::is_meant("5-1295113-G-A"));
    }

    #[test]
    fn a_part_lies_in_its_window() {
        let middle = Interval::from_bed(99, 100).unwrap();
        let window = Window::around(&ContigName::new("chr5"), middle, NonZeroU32::new(64).unwrap());
        assert_eq!(window.to_string(), "chr5:68-132:.");
        let span = |start, end| Some(BinSpan::new(Bin::new(start), Bin::new(end)));
        let part = |text: &str| text.parse::<Part>().unwrap().bases(&window, middle);
        assert_eq!(part("64"), span(0, 64));
        assert_eq!(part("2"), span(31, 33));
        assert_eq!(part("5:69-132"), span(0, 64));
        assert_eq!(part("chr5:100-100"), span(31, 32));
        for outside in ["66", "chr5:68-80", "chr5:100-133", "chr6:100-110"] {
            assert_eq!(part(outside), None, "{outside}");
        }
        assert!("0".parse::<Part>().is_err());
    }

    #[test]
    fn a_sequence_is_one_record_or_bases() {
        let read = |text: &str| {
            SequenceInput::Bases(text.to_owned())
                .read()
                .map_err(|error| error.to_string())
        };
        let (name, sequence) = read(">made up\nACGT\nnacg\n").unwrap();
        assert_eq!((name.as_str(), sequence.as_bytes()), ("made", b"ACGTNACG".as_slice()));
        assert_eq!(read("ACGT").unwrap().0.as_str(), "sequence");
        assert_eq!(
            read(">a\nA\n>b\nC").unwrap_err(),
            "`--sequence` has more than one sequence: `a` and `b`"
        );
        assert_eq!(
            read("ACXT").unwrap_err(),
            "`--sequence` has the letter `X` at base 3; allowed: A, C, G, T, N"
        );
        assert!(read(">a\n").is_err());
    }
}
