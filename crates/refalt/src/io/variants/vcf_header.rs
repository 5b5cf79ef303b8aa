//! What refalt needs of a VCF header: the contigs, what they say about the assembly, and the `#CHROM` line.
//!
//! Everything else in a header (types, descriptions, samples) cannot change a variant and is not looked at, so a
//! fault there does not keep the records from being read. The stricter alternative, a full header parser, refuses
//! most of the real files whose faults are in a description.

use super::error::{ReadCause, shown};
use refalt_core::{Assembly, Chromosome};
use std::collections::HashMap;

/// A place in a file's header that speaks of an assembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssemblyClue {
    /// The assembly it speaks of.
    pub assembly: Assembly,
    /// The line (1-based); for clues from many lines the first.
    pub line: u64,
    /// The evidence for people: `##reference=file:///hg38.fa`, `lengths of 25 contigs`.
    pub text: Box<str>,
}

/// The part of a VCF or BCF header that bears on variants.
#[derive(Clone, Debug, Default)]
pub(super) struct VcfHeader {
    /// Contig names by their BCF index.
    pub(super) contigs: Vec<Option<Box<str>>>,
    pub(super) clues: Vec<AssemblyClue>,
    /// INFO keys in order, and whether their values are one per ALT (`Number=A`).
    pub(super) info: Vec<(Box<str>, PerAllele)>,
    /// Columns of the `#CHROM` line; `None` when the file has no such line.
    pub(super) columns: Option<usize>,
    lengths: HashMap<Assembly, (u64, usize)>,
}

/// Whether an INFO key has one value for each ALT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PerAllele {
    Yes,
    No,
}

impl VcfHeader {
    /// Takes a line that begins with `##`.
    pub(super) fn meta_line(&mut self, number: u64, line: &[u8]) {
        if let Some(rest) = line.strip_prefix(b"##contig=<") {
            self.contig_line(number, &String::from_utf8_lossy(rest));
        } else if let Some(rest) = line.strip_prefix(b"##INFO=<") {
            let rest = String::from_utf8_lossy(rest);
            if let Some(key) = attribute(&rest, "ID") {
                let per_allele = if attribute(&rest, "Number") == Some("A") {
                    PerAllele::Yes
                } else {
                    PerAllele::No
                };
                self.info.push((key.into(), per_allele));
            }
        } else if line.starts_with(b"##reference=") || line.starts_with(b"##assembly=") {
            let text = String::from_utf8_lossy(line);
            if let Some(assembly) = assembly_in(&text) {
                self.clues.push(AssemblyClue {
                    assembly,
                    line: number,
                    text: shown(line).into(),
                });
            }
        }
    }

    fn contig_line(&mut self, number: u64, rest: &str) {
        let Some(name) = attribute(rest, "ID") else { return };
        let index = attribute(rest, "IDX")
            .and_then(|index| index.parse::<usize>().ok())
            .filter(|&index| index < 1_000_000)
            .unwrap_or(self.contigs.len());
        if index >= self.contigs.len() {
            self.contigs.resize(index + 1, None);
        }
        self.contigs[index] = Some(name.into());
        if let Some(assembly) = attribute(rest, "assembly").and_then(assembly_in)
            && !self
                .clues
                .iter()
                .any(|clue| clue.assembly == assembly && clue.text.starts_with("##contig"))
        {
            self.clues.push(AssemblyClue {
                assembly,
                line: number,
                text: shown(format!("##contig=<{rest}").as_bytes()).into(),
            });
        }
        let length = attribute(rest, "length").and_then(|length| length.parse::<u32>().ok());
        if let Some(assembly) = length.and_then(|length| assembly_of_length(name, length)) {
            self.lengths.entry(assembly).or_insert((number, 0)).1 += 1;
        }
    }

    /// Takes the line that begins with a single `#`.
    pub(super) fn column_line(&mut self, line: &[u8]) -> Result<(), ReadCause> {
        const FIXED: [&[u8]; 5] = [b"#CHROM", b"POS", b"ID", b"REF", b"ALT"];
        let refuse = |reason| ReadCause::VcfHeader {
            reason,
            text: shown(line),
        };
        let mut columns = line.split(|&b| b == b'\t');
        if !FIXED.iter().all(|&name| columns.next() == Some(name)) {
            return Err(refuse(if line.starts_with(b"#CHROM ") {
                "the columns are separated by spaces, VCF separates them by tabs"
            } else {
                "the columns are not `#CHROM POS ID REF ALT` in this order"
            }));
        }
        self.columns = Some(FIXED.len() + columns.count());
        Ok(())
    }

    /// Sums up what many lines say together.
    pub(super) fn finish(&mut self) {
        let mut lengths: Vec<_> = self.lengths.drain().collect();
        lengths.sort_by_key(|(_, (line, _))| *line);
        for (assembly, (line, count)) in lengths {
            self.clues.push(AssemblyClue {
                assembly,
                line,
                text: format!("lengths of {count} contigs").into(),
            });
        }
    }
}

/// Returns the value of `key` in `ID=chr1,length=5,...>`, without quotation marks.
fn attribute<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let mut rest = text;
    loop {
        let (name, after) = rest.split_once('=')?;
        let quoted = after.strip_prefix('"');
        let (value, next) = match quoted {
            Some(inner) => {
                let end = closing_quote(inner);
                (&inner[..end], inner.get(end + 1..).unwrap_or(""))
            }
            None => {
                let end = after.find([',', '>']).unwrap_or(after.len());
                (&after[..end], &after[end..])
            }
        };
        if name.trim() == key {
            return Some(value);
        }
        rest = next.split_once(',')?.1;
    }
}

/// Returns the index of the first quotation mark that no backslash escapes, or the length.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return index,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// Finds the name of an assembly inside a longer text such as a path; `None` when two assemblies are named.
pub(crate) fn assembly_in(text: &str) -> Option<Assembly> {
    let mut found = None;
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let Some(assembly) = assembly_word(word) else { continue };
        if found.is_some_and(|other| other != assembly) {
            return None;
        }
        found = Some(assembly);
    }
    found
}

/// Reads `hg38`, and words that go on after the name: `GRCh38DH`, `hg38fa`.
fn assembly_word(word: &str) -> Option<Assembly> {
    Assembly::from_name(word).or_else(|| {
        ["grch38", "grch37", "grcm38", "hg38", "hg19", "hs37d5"]
            .iter()
            .find(|name| {
                let head = word.get(..name.len());
                let next = word.as_bytes().get(name.len());
                head.is_some_and(|head| head.eq_ignore_ascii_case(name)) && next.is_some_and(|b| !b.is_ascii_digit())
            })
            .and_then(|name| Assembly::from_name(name))
    })
}

/// Returns the one assembly in which a chromosome of this name has this length (bp).
fn assembly_of_length(name: &str, length_bp: u32) -> Option<Assembly> {
    let chromosome = Chromosome::of(name)?;
    let mut assemblies = Assembly::ALL.into_iter().filter(|assembly| {
        (assembly.contigs().iter()).any(|contig| contig.number == chromosome.number && contig.length_bp == length_bp)
    });
    let first = assemblies.next()?;
    assemblies.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(lines: &[&str]) -> VcfHeader {
        let mut header = VcfHeader::default();
        for (index, line) in lines.iter().enumerate() {
            header.meta_line(index as u64 + 1, line.as_bytes());
        }
        header.finish();
        header
    }

    #[test]
    fn lengths_paths_and_attributes_speak_of_an_assembly() {
        let header = header(&[
            "##reference=file:///data/Homo_sapiens_assembly38/GRCh38_full_analysis_set.fa",
            "##contig=<ID=chr1,length=248956422>",
            "##contig=<ID=5,length=181538259,assembly=b37>",
            "##contig=<ID=chrM,length=16569>",
        ]);
        let clues: Vec<_> = header
            .clues
            .iter()
            .map(|clue| (clue.assembly, clue.line, &*clue.text))
            .collect();
        assert_eq!(
            clues,
            [
                (
                    Assembly::GRCh38,
                    1,
                    "##reference=file:///data/Homo_sapiens_assembly38/GRCh38_full_analysis_set.fa"
                ),
                (Assembly::GRCh37, 3, "##contig=<ID=5,length=181538259,assembly=b37>"),
                // The mitochondrion has one length in both human assemblies and says nothing.
                (Assembly::GRCh38, 2, "lengths of 2 contigs"),
            ]
        );
    }

    #[test]
    fn attributes_inside_quotation_marks_are_not_attributes() {
        let text = r#"ID=AC,Description="a \"b\", Number=A, ID=x",Number=1>"#;
        assert_eq!(attribute(text, "ID"), Some("AC"));
        assert_eq!(attribute(text, "Number"), Some("1"));
        assert_eq!(attribute(text, "Type"), None);
        assert_eq!(attribute("ID=\"open", "Number"), None);
        assert_eq!(attribute("", "ID"), None);
    }

    #[test]
    fn contigs_stand_at_their_bcf_index() {
        let header = header(&["##contig=<ID=a,IDX=2>", "##contig=<ID=b,IDX=0>", "##contig=<ID=c>"]);
        let names: Vec<_> = header.contigs.iter().map(Option::as_deref).collect();
        assert_eq!(names, [Some("b"), None, Some("a"), Some("c")]);
    }

    #[test]
    fn a_text_that_names_two_assemblies_says_nothing() {
        assert_eq!(assembly_in("lifted from hg19 to hg38"), None);
        assert_eq!(assembly_in("GENPOS (hg38)"), Some(Assembly::GRCh38));
        assert_eq!(assembly_in("GRCh38DH.fa"), Some(Assembly::GRCh38));
        assert_eq!(assembly_in("hg381"), None);
        assert_eq!(assembly_in("pos_hg19"), Some(Assembly::GRCh37));
    }

    #[test]
    fn the_column_line_is_fixed() {
        let mut header = VcfHeader::default();
        header
            .column_line(b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
            .unwrap();
        assert_eq!(header.columns, Some(8));
        assert!(header.column_line(b"#CHROM\tPOS\tID\tALT\tREF").is_err());
        assert!(header.column_line(b"#CHROM POS ID REF ALT").is_err());
    }
}
