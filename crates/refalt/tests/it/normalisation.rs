//! `check` against bcftools norm: its own 76 test cases, and real variants on real sequence.
//!
//! The table of `docs/normalisation.md` is this file's output, row for row; a test compares them.

use crate::data;
use refalt::core::{Alternate, ContigName, Dna, InMemoryReference, Position, Reference, Variant, VariantError, check};
use refalt::io::fasta::FastaReference;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// An allele of a VCF row as written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Allele {
    contig: String,
    position: u32,
    reference: String,
    alternate: String,
    /// The row has no other alternate allele.
    alone: bool,
}

/// What is made of an allele.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Normal(String),
    Refused(&'static str),
}

/// How the output of a bcftools case relates to what `check` makes of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// The same normal forms, each as often.
    Same,
    /// The same normal forms; bcftools writes repeated ones once.
    Distinct,
    /// bcftools leaves out alleles at positions that keep another one.
    Fewer,
    /// bcftools writes the genome's bases over REF; refalt refuses those rows and accepts all others alike.
    ReferenceSet,
    /// bcftools takes MNVs and complex alleles apart; the parts are the same.
    Atoms,
    /// Neither side has an allele that can be checked.
    NothingToCheck,
}

impl Relation {
    fn words(self) -> &'static str {
        match self {
            Self::Same => "same forms",
            Self::Distinct => "same forms, repeats once",
            Self::Fewer => "a part of the forms",
            Self::ReferenceSet => "REF overwritten",
            Self::Atoms => "same parts",
            Self::NothingToCheck => "nothing to check",
        }
    }

    fn holds(self, before: &Forms, after: &Forms) -> bool {
        let keys = |forms: &Forms| forms.normal.keys().cloned().collect::<BTreeSet<_>>();
        match self {
            Self::Same => before.counts() == after.counts(),
            Self::Distinct => keys(before) == keys(after) && before.total() > after.total(),
            Self::Fewer => {
                let sites = |forms: &Forms| {
                    forms
                        .normal
                        .values()
                        .flatten()
                        .map(Allele::site)
                        .collect::<BTreeSet<_>>()
                };
                keys(after).is_subset(&keys(before)) && (sites(before) == sites(after) || keys(before) == keys(after))
            }
            Self::ReferenceSet => {
                let added = keys(after).difference(&keys(before)).count();
                keys(before).is_subset(&keys(after)) && added > 0 && added <= before.refused.values().sum()
            }
            Self::Atoms => {
                let atoms = |forms: &Forms| forms.normal.values().flatten().flat_map(Allele::atoms).collect();
                let (before, after): (BTreeSet<String>, BTreeSet<String>) = (atoms(before), atoms(after));
                before == after
            }
            Self::NothingToCheck => before.normal.is_empty() && after.normal.is_empty(),
        }
    }
}

/// The alleles of a file by outcome.
#[derive(Default)]
struct Forms {
    normal: BTreeMap<String, Vec<Allele>>,
    refused: BTreeMap<&'static str, usize>,
}

impl Forms {
    fn of(name: &str, genome: Option<&dyn Reference>) -> Self {
        let text = std::fs::read_to_string(data("bcftools_norm").join(name)).unwrap();
        let mut forms = Self::default();
        for allele in alleles(&text) {
            match allele.outcome(genome) {
                Outcome::Normal(form) => forms.normal.entry(form).or_default().push(allele),
                Outcome::Refused(reason) => *forms.refused.entry(reason).or_default() += 1,
            }
        }
        forms
    }

    /// How often each normal form occurs.
    fn counts(&self) -> BTreeMap<&str, usize> {
        self.normal
            .iter()
            .map(|(form, alleles)| (form.as_str(), alleles.len()))
            .collect()
    }

    fn total(&self) -> usize {
        self.normal.values().map(Vec::len).sum()
    }
}

/// Splits the rows of a VCF into alleles.
fn alleles(text: &str) -> Vec<Allele> {
    let mut alleles = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let fields: Vec<&str> = line.split('\t').collect();
        for alternate in fields[4].split(',') {
            alleles.push(Allele {
                contig: fields[0].to_owned(),
                position: fields[1].parse().unwrap(),
                reference: fields[3].to_owned(),
                alternate: alternate.to_owned(),
                alone: !fields[4].contains(','),
            });
        }
    }
    alleles
}

impl Allele {
    fn site(&self) -> (String, u32) {
        (self.contig.clone(), self.position)
    }

    fn variant(&self) -> Result<Variant, &'static str> {
        let bases = |text: &str| Dna::parse(text.as_bytes()).map_err(|_| "no nucleotide");
        let alternate = match self.alternate.as_str() {
            "*" => Alternate::Star,
            "." => Alternate::Missing,
            text if text.starts_with('<') => Alternate::Symbolic(text.into()),
            text if text.contains(['[', ']']) => Alternate::Breakend(text.into()),
            text => Alternate::Bases(bases(text)?),
        };
        Ok(Variant {
            contig: ContigName::new(&self.contig),
            position: Position::new(self.position).unwrap(),
            reference_bases: bases(&self.reference)?,
            alternate,
        })
    }

    fn outcome(&self, genome: Option<&dyn Reference>) -> Outcome {
        let variant = match self.variant() {
            Ok(variant) => variant,
            Err(reason) => return Outcome::Refused(reason),
        };
        match genome {
            Some(genome) => match check(&variant, genome) {
                Ok(checked) => Outcome::Normal(checked.to_string()),
                Err(error) => Outcome::Refused(reason(&error)),
            },
            None => match &variant.alternate {
                Alternate::Bases(alternate) if *alternate == variant.reference_bases => Outcome::Refused("no change"),
                Alternate::Bases(_) => Outcome::Normal(self.trimmed().to_string()),
                _ => Outcome::Refused("no bases"),
            },
        }
    }

    /// Without a genome: the allele without the bases that REF and ALT share at their ends.
    fn trimmed(&self) -> Self {
        let (mut r, mut a) = (self.reference.to_uppercase(), self.alternate.to_uppercase());
        let mut position = self.position;
        while r.len() > 1 && a.len() > 1 && r.as_bytes().last() == a.as_bytes().last() {
            r.pop();
            a.pop();
        }
        while r.len() > 1 && a.len() > 1 && r.as_bytes()[0] == a.as_bytes()[0] {
            r.remove(0);
            a.remove(0);
            position += 1;
        }
        Self {
            position,
            reference: r,
            alternate: a,
            ..self.clone()
        }
    }

    /// Takes an allele apart as `bcftools norm --atomize` does: base by base from the left, the rest as one indel.
    fn atoms(&self) -> Vec<String> {
        let whole = self.trimmed();
        let (r, a) = (whole.reference.as_bytes(), whole.alternate.as_bytes());
        let both = r.len().min(a.len());
        let atom = |index: usize, r: &[u8], a: &[u8]| {
            let text = |bases: &[u8]| String::from_utf8(bases.to_vec()).unwrap();
            let position = whole.position + u32::try_from(index).unwrap();
            format!("{}:{position}:{}>{}", whole.contig, text(r), text(a))
        };
        let mut atoms: Vec<String> = (0..both)
            .filter(|&index| r[index] != a[index])
            .map(|index| atom(index, &r[index..=index], &a[index..=index]))
            .collect();
        if r.len() != a.len() {
            let anchored = [&r[both - 1..both], &a[both..]].concat();
            atoms.push(atom(both - 1, &r[both - 1..], &anchored));
        }
        atoms
    }
}

impl std::fmt::Display for Allele {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}:{}:{}>{}",
            self.contig, self.position, self.reference, self.alternate
        )
    }
}

fn reason(error: &VariantError) -> &'static str {
    match error {
        VariantError::ReferenceMismatch { .. } => "REF mismatch",
        VariantError::NInReference { .. } => "N in the reference",
        VariantError::NoBases { .. } => "no bases",
        VariantError::AmbiguousBases { .. } => "ambiguous bases",
        VariantError::NoChange { .. } => "no change",
        other => panic!("no case is refused so: {other}"),
    }
}

fn genome(name: &str) -> InMemoryReference {
    let text = std::fs::read_to_string(data("bcftools_norm").join(name)).unwrap();
    let records: Vec<(&str, Vec<u8>)> = text
        .split('>')
        .skip(1)
        .map(|record| {
            let (header, lines) = record.split_once('\n').unwrap();
            let bases = lines.bytes().filter(u8::is_ascii_alphabetic).collect();
            (header.split_whitespace().next().unwrap(), bases)
        })
        .collect();
    InMemoryReference::of_contigs(records.iter().map(|(name, bases)| (*name, bases.as_slice())))
}

/// The relation of each case, by its number in `cases.tsv` (1-based), and what explains a difference.
fn expected(number: usize) -> (Relation, &'static str) {
    use Relation::{Atoms, Distinct, Fewer, NothingToCheck, ReferenceSet, Same};
    match number {
        1 => (
            ReferenceSet,
            "REF and ALT are swapped: refused as REF mismatch; the swapped row is accepted",
        ),
        4 | 5 => (Fewer, "`-d` keeps one row per position among the rows of the filter"),
        7 => (
            NothingToCheck,
            "breakends have no bases of their own; both sides leave them as they are",
        ),
        12 | 63 | 64 => (
            Same,
            "bcftools moves symbolic alleles as well; refalt reports them and does not move them",
        ),
        13 => (
            Same,
            "`-c x` drops the rows refused here: a REF mismatch, and the ALT `I`",
        ),
        21 => (Same, "`-m+` drops rows without ALT"),
        22 => (Distinct, "`-m+` joins equal rows"),
        24 => (
            ReferenceSet,
            "`-N -c s` sets REF of every row; every row is refused here, `.` as REF is no nucleotide",
        ),
        25 => (
            NothingToCheck,
            "a deletion of N: bcftools aligns N, refalt refuses ambiguous bases",
        ),
        26..=29 | 35..=37 => (Fewer, "`-d` keeps one row per position and kind, whatever its ALT"),
        30 | 31 => (Distinct, "`-d none` and `-d exact` drop repeated rows"),
        38 | 39 => (
            Distinct,
            "two spellings of one deletion become one row; symbolic rows are not compared",
        ),
        40 => (
            ReferenceSet,
            "REF `B` is overwritten by the genome's base; refused as REF mismatch",
        ),
        41 => (
            NothingToCheck,
            "REF `BA` where the genome has `NA`: bcftools writes N into REF, refalt refuses the row",
        ),
        42 => (
            ReferenceSet,
            "REF with N is overwritten by the genome's bases; refused as REF mismatch",
        ),
        43 => (ReferenceSet, "as case 42, for the rows of the filter"),
        44..=50 | 52..=55 => (
            Atoms,
            "refalt keeps MNVs and complex alleles whole: one haplotype, one prediction",
        ),
        66 => (
            Same,
            "`-g` right-aligns in genes of the plus strand; the right-aligned row has the same normal form",
        ),
        _ => (Same, ""),
    }
}

/// Runs a case and returns its row of the documentation.
fn run_case(number: usize, line: &str) -> String {
    let [input, fasta, arguments, output] = line.split('\t').collect::<Vec<_>>()[..] else {
        panic!("{line}")
    };
    let genome = (!fasta.is_empty()).then(|| genome(fasta));
    let reference = genome.as_ref().map(|genome| genome as &dyn Reference);
    let (before, after) = (Forms::of(input, reference), Forms::of(output, reference));
    let (relation, note) = expected(number);
    let describe = |forms: &Forms| format!("{:?} refused {:?}", forms.normal, forms.refused);
    assert!(
        relation.holds(&before, &after),
        "case {number} {input} {arguments}: {relation:?} does not hold\n{}\n{}",
        describe(&before),
        describe(&after)
    );
    // The rows that bcftools left-aligned are, letter for letter, in the normal form of `check`.
    if let Some(reference) = reference
        && ![24, 66].contains(&number)
    {
        let text = std::fs::read_to_string(data("bcftools_norm").join(output)).unwrap();
        for allele in alleles(&text).into_iter().filter(|allele| allele.alone) {
            if let Outcome::Normal(form) = allele.outcome(Some(reference)) {
                assert_eq!(
                    form,
                    allele.to_string().to_uppercase().replace("CHR", "chr"),
                    "case {number}"
                );
            }
        }
    }
    let mut refused = String::new();
    for (reason, count) in &before.refused {
        let _ = write!(
            refused,
            "{}{count} {reason}",
            if refused.is_empty() { "" } else { ", " }
        );
    }
    format!(
        "| {number} | `{input}` | `{}` | {} | {} | {} | {} | {note} |",
        arguments.replace('|', "\\|"),
        if fasta.is_empty() { "no" } else { "yes" },
        before.total(),
        if refused.is_empty() { "-" } else { &refused },
        relation.words(),
    )
}

#[test]
fn every_case_of_bcftools_norm_comes_out_as_the_documentation_says() {
    let cases = std::fs::read_to_string(data("bcftools_norm/cases.tsv")).unwrap();
    let rows: Vec<String> = (1..)
        .zip(cases.lines().skip(1))
        .map(|(number, line)| run_case(number, line))
        .collect();
    assert_eq!(rows.len(), 76);
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/normalisation.md");
    let page = std::fs::read_to_string(page).unwrap();
    let documented: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("| `"))
        .collect();
    assert_eq!(documented, rows, "the table should read:\n{}", rows.join("\n"));
}

#[test]
fn a_swapped_row_is_refused_and_its_swap_is_what_bcftools_writes() {
    // Case 1: chr1:11 C>T where the genome has T.
    let genome = genome("norm.check-ref.fa");
    let row = &alleles(&std::fs::read_to_string(data("bcftools_norm/norm.check-ref.vcf")).unwrap())[0];
    let as_written = row.variant().unwrap();
    match check(&as_written, &genome).unwrap_err() {
        VariantError::ReferenceMismatch { expected, found, .. } => {
            assert_eq!((expected.as_str(), found.as_str()), ("T", "C"));
        }
        other => panic!("{other}"),
    }
    let Alternate::Bases(alternate) = as_written.alternate.clone() else {
        panic!()
    };
    let swapped = Variant {
        alternate: Alternate::Bases(as_written.reference_bases.clone()),
        reference_bases: alternate,
        ..as_written
    };
    assert_eq!(check(&swapped, &genome).unwrap().to_string(), "chr1:11:T>C");
}

/// The value of an INFO key.
fn info<'a>(line: &'a str, key: &str) -> &'a str {
    let info = line.split('\t').nth(7).unwrap();
    info.split(';')
        .find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
        .unwrap()
}

#[test]
fn real_variants_of_chr1_come_out_as_bcftools_writes_them() {
    let reference = FastaReference::open(data("hg38/hg38_chr1_1_1000000.fa.gz")).unwrap();
    let read = |name: &str| std::fs::read_to_string(data("norm_real_chr1").join(name)).unwrap();
    let rows = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .map(str::to_owned)
            .collect()
    };
    let (input, expected) = (rows(&read("input.vcf")), rows(&read("expected.bcftools_norm.vcf")));
    let normal = |line: &String| {
        let allele = &alleles(line)[0];
        assert!(allele.alone);
        check(&allele.variant().unwrap(), &reference).unwrap().to_string()
    };
    assert_eq!(input.len(), 295);
    let (mut as_released, mut rewritten) = (0, 0);
    let mut found = Vec::new();
    for line in &input {
        let form = normal(line);
        let [position, r, a] = info(line, "ORIG").split('-').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        assert_eq!(form, format!("chr1:{position}:{r}>{a}"), "{line}");
        match info(line, "KIND") {
            "as_released" => as_released += 1,
            _ => rewritten += 1,
        }
        found.push(form);
    }
    assert_eq!((as_released, rewritten), (248, 47));
    let mut written: Vec<String> = expected.iter().map(|line| alleles(line)[0].to_string()).collect();
    found.sort();
    written.sort();
    assert_eq!(found, written);
    found.dedup();
    assert_eq!(found.len(), 248);
}
