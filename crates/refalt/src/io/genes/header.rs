//! What the lines that begin with `#` say: the assembly, and how long the contigs are.
//!
//! ```text
//! ##description: evidence-based annotation of the human genome (GRCh38), version 46 (Ensembl 112)      GENCODE
//! ##description: ... (GRCh38), version 46 (Ensembl 112), mapped to GRCh37 with gencode-backmap         GENCODE, lift37
//! #!genome-build GRCh38.p14                                                                    Ensembl, NCBI
//! ##genome-build NCBI GRCh38                                                                          GFF3 1.26
//! ##sequence-region chr1 1 248956422                                                                  GFF3 1.26
//! ```

use super::line::GeneFormat;
use refalt_core::{Assembly, Chromosome, ContigName, Interval, Position};

/// What the header of an annotation says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GenesHeader {
    /// The assembly as written (`GRCh38.p13`), when it is.
    pub assembly: Option<String>,
    /// The line that says so.
    pub assembly_line: Option<String>,
    /// The description or source, when there is one: `evidence-based annotation of ...`.
    pub description: Option<String>,
    /// Contigs and the part of them that the file is about.
    pub regions: Vec<(ContigName, Interval)>,
}

/// What can follow from a comment line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Directive {
    /// Go on.
    Comment,
    /// The file says its format.
    Format(GeneFormat),
    /// Sequences follow; the features have ended.
    Fasta,
}

impl GenesHeader {
    /// Returns the assembly that the header names, when the table of assemblies has it.
    pub fn known_assembly(&self) -> Option<Assembly> {
        self.assembly.as_deref().and_then(Assembly::from_name)
    }

    /// Reads a line that begins with `#`.
    pub(super) fn read(&mut self, line: &str) -> Directive {
        let text = line.trim_start_matches(['#', '!']).trim();
        let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        let rest = rest.trim();
        match word.trim_end_matches(':') {
            "gff-version" if rest.starts_with('3') => return Directive::Format(GeneFormat::Gff3),
            "gff-version" if rest.starts_with('2') => return Directive::Format(GeneFormat::Gtf),
            "FASTA" => return Directive::Fasta,
            "description" => {
                self.description.get_or_insert_with(|| rest.to_owned());
                if let Some(name) = assembly_of_description(rest) {
                    self.says(name, line);
                }
            }
            "annotation-source" => {
                self.description.get_or_insert_with(|| rest.to_owned());
            }
            // GFF3 1.26 writes the source of the build before its name.
            "genome-build" => {
                if let Some(name) = rest.split_ascii_whitespace().last() {
                    self.says(name, line);
                }
            }
            "genome-version" if self.assembly.is_none() && !rest.is_empty() => self.says(rest, line),
            "sequence-region" => {
                let mut words = rest.split_ascii_whitespace();
                let contig = words.next();
                let mut base = || words.next()?.parse().ok().and_then(Position::new);
                if let (Some(contig), Some(first), Some(last)) = (contig, base(), base())
                    && let Some(interval) = Interval::from_bases(first, last)
                {
                    self.region(contig, interval);
                }
            }
            _ => {}
        }
        Directive::Comment
    }

    /// Notes a contig's extent, from a directive or from a row of type `chromosome` or `region`.
    pub(super) fn region(&mut self, contig: &str, interval: Interval) {
        let region = (ContigName::new(contig), interval);
        if !self.regions.contains(&region) {
            self.regions.push(region);
        }
    }

    fn says(&mut self, name: &str, line: &str) {
        if self.assembly.is_none() {
            self.assembly = Some(name.to_owned());
            self.assembly_line = Some(line.chars().take(200).collect());
        }
    }
}

/// Finds the assembly in a GENCODE description: where the models are mapped to, or else what stands in brackets.
fn assembly_of_description(text: &str) -> Option<&str> {
    let end = |text: &str| text.find([' ', ',', ')']).unwrap_or(text.len());
    if let Some((_, after)) = text.split_once("mapped to ") {
        return Some(&after[..end(after)]);
    }
    text.split('(')
        .skip(1)
        .map(|inside| &inside[..inside.find(')').unwrap_or(inside.len())])
        .find(|inside| inside.starts_with("GRC") || Assembly::from_name(inside).is_some())
}

/// Returns the assembly that a contig name states, for accessions.
pub(super) fn assembly_of_contig(name: &str) -> Option<Assembly> {
    Chromosome::of(name)?.assembly
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(lines: &[&str]) -> GenesHeader {
        let mut header = GenesHeader::default();
        for line in lines {
            header.read(line);
        }
        header
    }

    #[test]
    fn every_producer_says_the_assembly_in_its_own_way() {
        for (line, name, assembly) in [
            (
                "##description: evidence-based annotation of the human genome (GRCh38), version 43 (Ensembl 109)",
                "GRCh38",
                Some(Assembly::GRCh38),
            ),
            (
                "##description: evidence-based annotation of the human genome (GRCh38), version 46 (Ensembl 112), mapped to \
                 GRCh37 with gencode-backmap",
                "GRCh37",
                Some(Assembly::GRCh37),
            ),
            (
                "##description: evidence-based annotation of the mouse genome (GRCm39), version M35 (Ensembl 112)",
                "GRCm39",
                None,
            ),
            ("#!genome-build GRCh38.p13", "GRCh38.p13", Some(Assembly::GRCh38)),
            ("##genome-build NCBI GRCh37", "GRCh37", Some(Assembly::GRCh37)),
            ("#!genome-version GRCh38", "GRCh38", Some(Assembly::GRCh38)),
        ] {
            let header = header(&[line]);
            assert_eq!(header.assembly.as_deref(), Some(name), "{line}");
            assert_eq!(header.known_assembly(), assembly, "{line}");
        }
        assert_eq!(
            header(&["#!genome-build-accession NCBI:GCA_000001405.28"]).assembly,
            None
        );
    }

    #[test]
    fn sequence_regions_are_one_based_and_inclusive() {
        let header = header(&[
            "##sequence-region NC_000001.11 1 248956422",
            "##sequence-region x 0 4",
            "##sequence-region y",
        ]);
        assert_eq!(
            header.regions,
            [(
                ContigName::new("NC_000001.11"),
                Interval::from_bed(0, 248_956_422).unwrap()
            )]
        );
    }

    #[test]
    fn the_version_says_the_format_and_fasta_ends_the_features() {
        let mut header = GenesHeader::default();
        assert_eq!(header.read("##gff-version 3"), Directive::Format(GeneFormat::Gff3));
        assert_eq!(header.read("##gff-version 3.1.26"), Directive::Format(GeneFormat::Gff3));
        assert_eq!(header.read("##gff-version 2"), Directive::Format(GeneFormat::Gtf));
        assert_eq!(header.read("##FASTA"), Directive::Fasta);
        assert_eq!(header.read("# a comment"), Directive::Comment);
    }
}
