//! Files with known faults: real rows, some of them damaged in one way, and what the audit makes of them.
//!
//! The rows are real (GTEx, AFGR, 1000 Genomes, gnomAD inside chr1:1-1,000,000 of GRCh38, see `tests/data`), the
//! faults are put in. The other assembly is made: the same bases in blocks at other places, one of them turned.

use flate2::read::GzDecoder;
use refalt::io::fasta::FastaReference;
use refalt::vet::{Block, BlockLift};
use refalt_core::audit::{
    Convention, Coordinates, FileFit, Hypothesis, Judgement, Observer, Orientation, Prior, RowAlleles, RowNames, Shift,
    Spelling, Tally, Thresholds, Verdict, fit, judge,
};
use refalt_core::{CheckedVariant, ContigId, Dna, Interval, Position, Reference, Strand, Variant, check};
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What is done to a damaged row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// REF and ALT exchanged.
    Swapped,
    /// Both alleles from the other strand.
    Complement,
    /// Both.
    SwappedComplement,
    /// Position one too low.
    TooLow,
    /// Position one too high.
    TooHigh,
    /// Position on the other assembly.
    OtherAssembly,
    /// A fifth of the faults each: swapped, complement, one too low, one too high, other assembly.
    Mixed,
    /// REF replaced by another base at random.
    RandomReference,
}

impl Fault {
    /// The faults that a hypothesis explains, and the mixture of them.
    pub const EXPLAINABLE: [Self; 7] = [
        Self::Swapped,
        Self::Complement,
        Self::SwappedComplement,
        Self::TooLow,
        Self::TooHigh,
        Self::OtherAssembly,
        Self::Mixed,
    ];

    /// Returns the name for tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Swapped => "swapped",
            Self::Complement => "complement",
            Self::SwappedComplement => "swapped complement",
            Self::TooLow => "one too low",
            Self::TooHigh => "one too high",
            Self::OtherAssembly => "other assembly",
            Self::Mixed => "mixed",
            Self::RandomReference => "random REF",
        }
    }

    /// Returns the convention of a file in which every row has the fault.
    pub fn convention(self) -> Option<Convention> {
        let hypothesis = self.hypothesis()?;
        Some(Convention {
            coordinates: hypothesis.coordinates,
            spelling: Spelling::Uniform(hypothesis.orientation),
            shift: hypothesis.shift,
        })
    }

    fn hypothesis(self) -> Option<Hypothesis> {
        let mut hypothesis = Hypothesis::AS_WRITTEN;
        match self {
            Self::Swapped => hypothesis.orientation = Orientation::Swapped,
            Self::Complement => hypothesis.orientation = Orientation::Complement,
            Self::SwappedComplement => hypothesis.orientation = Orientation::SwappedComplement,
            Self::TooLow => hypothesis.shift = Shift::WrittenTooLow,
            Self::TooHigh => hypothesis.shift = Shift::WrittenTooHigh,
            Self::OtherAssembly => hypothesis.coordinates = Coordinates::OtherAssembly,
            Self::Mixed | Self::RandomReference => return None,
        }
        Some(hypothesis)
    }
}

/// A real row in normal form.
pub type Real = CheckedVariant;

/// The real rows, the reference and the made assembly.
pub struct World {
    pub reference: FastaReference,
    pub rows: Vec<Real>,
    pub lift: BlockLift,
    blocks: Vec<Block>,
    contig: ContigId,
}

/// A row of a simulated file.
#[derive(Clone)]
pub struct Written {
    pub position: Position,
    pub reference: Vec<u8>,
    pub alternate: Vec<u8>,
    /// What was done; `None` for an untouched row and for a random REF.
    pub truth: Option<Hypothesis>,
    pub is_damaged: bool,
    pub real: usize,
}

/// Random numbers: SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Returns `count` different numbers below `bound`, or, when there are too few, with repeats.
    pub fn choose(&mut self, count: usize, bound: usize) -> Vec<usize> {
        if count > bound {
            return (0..count).map(|_| self.below(bound)).collect();
        }
        let mut all: Vec<usize> = (0..bound).collect();
        for index in 0..count {
            let other = index + self.below(bound - index);
            all.swap(index, other);
        }
        all.truncate(count);
        all
    }
}

fn tests_data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/data")
        .join(name)
}

fn gunzip(name: &str) -> String {
    let mut text = String::new();
    let file = fs::File::open(tests_data(name)).expect("the file is in the repository");
    GzDecoder::new(file)
        .read_to_string(&mut text)
        .expect("the file is gzip text");
    text
}

/// Returns the distinct real variants inside the slice, `(position, REF, ALT)`, in order.
fn real_rows() -> BTreeSet<(u32, String, String)> {
    let mut rows = BTreeSet::new();
    for name in [
        "igvf/gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz",
        "igvf/gtex_v8_brain_amygdala_example.sqtl_signifpairs.txt.gz",
    ] {
        for line in gunzip(name).lines().skip(1) {
            let parts: Vec<&str> = line.split('\t').next().unwrap_or("").split('_').collect();
            rows.insert((
                parts[1].parse().expect("a position"),
                parts[2].to_owned(),
                parts[3].to_owned(),
            ));
        }
    }
    for name in ["igvf/afgr_caqtl_example.txt.gz", "igvf/afgr_eqtl_example.txt.gz"] {
        for line in gunzip(name).lines().skip(1) {
            let cells: Vec<&str> = line.split('\t').collect();
            rows.insert((
                cells[1].parse().expect("a position"),
                cells[3].to_owned(),
                cells[4].to_owned(),
            ));
        }
    }
    let vcf = fs::read_to_string(tests_data("norm_real_chr1/input.vcf")).expect("the file is in the repository");
    for line in vcf.lines().filter(|line| line.contains("KIND=as_released")) {
        let cells: Vec<&str> = line.split('\t').collect();
        rows.insert((
            cells[1].parse().expect("a position"),
            cells[3].to_owned(),
            cells[4].to_owned(),
        ));
    }
    rows
}

impl World {
    /// Reads the rows and makes the other assembly.
    pub fn load() -> Self {
        let reference = FastaReference::open(tests_data("hg38/hg38_chr1_1_1000000.fa.gz")).expect("the slice is there");
        let contig = reference.contig_id("chr1").expect("the slice is of chr1");
        let dna = |text: &str| Dna::parse(text.as_bytes()).expect("released alleles are bases");
        let rows = real_rows()
            .into_iter()
            .filter(|(position, ..)| *position < 990_000)
            .map(|(position, from, to)| {
                let variant = Variant {
                    contig: reference.contig(contig).name.clone(),
                    position: Position::new(position).expect("a position"),
                    reference_bases: dna(&from),
                    alternate: refalt_core::Alternate::Bases(dna(&to)),
                };
                check(&variant, &reference).expect("released rows match the reference")
            })
            .collect();
        let blocks = made_assembly(contig);
        let mut lift = BlockLift::default();
        let end = blocks.iter().map(|block| block.source.bed_end()).max().unwrap_or(0);
        lift.add(
            "chr1",
            Interval::from_bed(0, end).expect("not inverted"),
            blocks.iter().copied(),
        );
        Self {
            reference,
            rows,
            lift,
            blocks,
            contig,
        }
    }

    /// Reads the rows and takes the other assembly from a chain file to GRCh38: rows that are moved are real rows of the
    /// slice at their places on that assembly, chr1 to chr1. Bases at the same place on both are never called moved.
    pub fn with_chain(path: &Path) -> Self {
        let mut world = Self::load();
        let chains = refalt::io::chain::read(path).expect("the chain file is readable");
        world.lift = BlockLift::of_chains(&chains, &world.reference);
        let of_chr1 = chains
            .iter()
            .filter(|chain| chain.from.contig.as_str() == "chr1" && chain.to.contig.as_str() == "chr1");
        world.blocks = of_chr1
            .flat_map(|chain| {
                let contig = world.contig;
                chain.blocks.iter().map(move |block| Block {
                    source: block.from,
                    contig,
                    target: block.to,
                    strand: chain.strand,
                })
            })
            .filter(|block| block.target.bed_start() < 1_000_000 && block.source != block.target)
            .collect();
        world
    }

    /// Returns how many of the real rows lie at another place on the other assembly.
    pub fn movable(&self) -> usize {
        let moved = |row: &&Real| {
            let interval = row.reference_interval();
            self.blocks.iter().any(|block| block.target.covers(interval))
        };
        self.rows.iter().filter(moved).count()
    }

    /// Writes a real row with a fault; `None` where the fault cannot be written down.
    pub fn damage(&self, real: usize, fault: Fault, random: &mut Random) -> Option<Written> {
        let variant = &self.rows[real];
        let mut position = variant.position();
        let mut reference = variant.reference_bases().clone();
        let mut alternate = variant.alternate_bases().clone();
        match fault {
            Fault::Mixed => {
                let kinds = [
                    Fault::Swapped,
                    Fault::Complement,
                    Fault::TooLow,
                    Fault::TooHigh,
                    Fault::OtherAssembly,
                ];
                return self.damage(real, kinds[random.below(kinds.len())], random);
            }
            Fault::Swapped => std::mem::swap(&mut reference, &mut alternate),
            Fault::Complement => {
                reference = reference.reverse_complement();
                alternate = alternate.reverse_complement();
            }
            Fault::SwappedComplement => {
                (reference, alternate) = (alternate.reverse_complement(), reference.reverse_complement());
            }
            Fault::TooLow => position = position.checked_sub(1)?,
            Fault::TooHigh => position = position.checked_add(1)?,
            Fault::OtherAssembly => {
                let interval = variant.reference_interval();
                let block = self.blocks.iter().find(|block| block.target.covers(interval))?;
                position = match block.strand {
                    Strand::Forward => block
                        .source
                        .first()?
                        .checked_add(u32::try_from(block.target.first()?.distance_to(interval.first()?)).ok()?)?,
                    Strand::Reverse => {
                        reference = reference.reverse_complement();
                        alternate = alternate.reverse_complement();
                        block
                            .source
                            .first()?
                            .checked_add(u32::try_from(interval.last()?.distance_to(block.target.last()?)).ok()?)?
                    }
                };
            }
            Fault::RandomReference => {
                let old = reference.as_bytes()[0];
                let taken = alternate.as_bytes()[0];
                let choices: Vec<u8> = b"ACGT".iter().copied().filter(|&b| b != old && b != taken).collect();
                let mut letters = reference.as_bytes().to_vec();
                letters[0] = choices[random.below(choices.len())];
                reference = Dna::parse(&letters).expect("bases");
            }
        }
        Some(Written {
            position,
            reference: reference.as_bytes().to_vec(),
            alternate: alternate.as_bytes().to_vec(),
            truth: fault.hypothesis(),
            is_damaged: true,
            real,
        })
    }

    /// Makes a file of `rows` rows, `share` of them damaged.
    pub fn file(&self, rows: usize, fault: Fault, share: f64, random: &mut Random) -> Vec<Written> {
        let damaged: BTreeSet<usize> = random
            .choose((rows as f64 * share).round() as usize, rows)
            .into_iter()
            .collect();
        let chosen = random.choose(rows, self.rows.len());
        chosen
            .into_iter()
            .enumerate()
            .map(|(index, real)| {
                let written = damaged
                    .contains(&index)
                    .then(|| self.damage(real, fault, random))
                    .flatten();
                written.unwrap_or_else(|| self.untouched(real))
            })
            .collect()
    }

    fn untouched(&self, real: usize) -> Written {
        let variant = &self.rows[real];
        Written {
            position: variant.position(),
            reference: variant.reference_bases().as_bytes().to_vec(),
            alternate: variant.alternate_bases().as_bytes().to_vec(),
            truth: Some(Hypothesis::AS_WRITTEN),
            is_damaged: false,
            real,
        }
    }

    /// Audits a file: the fit and the judgement of each row.
    pub fn audit(&self, file: &[Written], with_lift: bool) -> (FileFit, Vec<Judgement>) {
        self.audit_with(file, with_lift, &Prior::default())
    }

    /// Audits a file with another prior.
    pub fn audit_with(&self, file: &[Written], with_lift: bool, prior: &Prior) -> (FileFit, Vec<Judgement>) {
        let lift: Option<&dyn refalt_core::audit::Lift> = if with_lift { Some(&self.lift) } else { None };
        let mut observer = Observer::new(&self.reference, lift, None);
        let mut tally = Tally::default();
        let mut distinct = BTreeSet::new();
        let names = RowNames::default();
        let observations: Vec<_> = file
            .iter()
            .map(|written| {
                let observation = observer
                    .observe(&self.alleles(written), &names)
                    .expect("the slice is readable");
                // As the audit of a file does: a variant that is repeated as written is counted once.
                let as_written = (written.position, &written.reference, &written.alternate);
                if distinct.insert(as_written) {
                    tally.record(observation);
                } else {
                    tally.number(observation);
                }
                observation
            })
            .collect();
        let fitted = fit(&tally, prior, with_lift);
        let judgements = file
            .iter()
            .zip(&observations)
            .map(|(written, observation)| {
                judge(
                    &self.alleles(written),
                    observation,
                    &observer,
                    &fitted,
                    Thresholds::default(),
                )
                .expect("the slice is readable")
            })
            .collect();
        (fitted, judgements)
    }

    fn alleles<'a>(&self, written: &'a Written) -> RowAlleles<'a> {
        RowAlleles {
            contig: "chr1",
            contig_id: Some(self.contig),
            position: written.position,
            reference_bases: &written.reference,
            alternate_bases: &written.alternate,
            stated: None,
        }
    }
}

/// Cuts the slice into 25 pieces that lie elsewhere on the other assembly; the seventh is turned.
fn made_assembly(contig: ContigId) -> Vec<Block> {
    let mut random = Random::new(20);
    let mut blocks = Vec::new();
    let mut source = 1_700;
    for piece in 0..25_u32 {
        let target = piece * 40_000;
        let length = 40_000 - 10 - u32::try_from(random.below(400)).expect("small");
        let block = |start: u32| Interval::from_bed(start, start + length).expect("not inverted");
        blocks.push(Block {
            source: block(source),
            contig,
            target: block(target),
            strand: if piece == 6 { Strand::Reverse } else { Strand::Forward },
        });
        source += length + 30 + u32::try_from(random.below(3_000)).expect("small");
    }
    blocks
}

/// Counts over simulated files.
#[derive(Clone, Debug, Default)]
pub struct Score {
    pub files: u64,
    /// Files whose convention is found, with a posterior of at least 0.9.
    pub right: u64,
    /// Files for which another convention reaches 0.9.
    pub wrong: u64,
    pub damaged: u64,
    /// Damaged rows whose variant and effect allele are restored.
    pub restored: u64,
    /// Damaged rows that are called ambiguous, or unexplained.
    pub damaged_unclear: u64,
    /// Damaged rows that pass as `ok`.
    pub missed: u64,
    pub clean: u64,
    /// Untouched rows that are `ok`.
    pub passed: u64,
    /// Untouched rows called ambiguous or unexplained.
    pub clean_unclear: u64,
    /// Rows named as faulty whose proposal is not the truth.
    pub mistaken: u64,
    /// Rows that a repair of every kind would change, rightly and wrongly.
    pub repaired: (u64, u64),
    /// Rows whose reading was given, by tenth of its probability: how many, and how many were true.
    pub calibration: [(u64, u64); 10],
    /// Files in which the true share of the fault lies in its reported 95 % interval, of those that report it.
    pub covered: u64,
    pub reported: u64,
}

impl Score {
    /// Adds an audited file whose rows follow `convention` but for the damaged ones.
    pub fn add(
        &mut self,
        world: &World,
        file: &[Written],
        fit: &FileFit,
        judgements: &[Judgement],
        convention: Convention,
    ) {
        self.files += 1;
        let best = fit.best();
        if fit.is_settled() {
            if best.convention == convention {
                self.right += 1;
            } else {
                self.wrong += 1;
            }
        }
        for (written, judgement) in file.iter().zip(judgements) {
            let truth = &world.rows[written.real];
            let is_true = |variant: Option<&CheckedVariant>, hypothesis: Hypothesis| {
                variant == Some(truth)
                    && written
                        .truth
                        .is_some_and(|known| known.orientation.is_swapped() == hypothesis.orientation.is_swapped())
            };
            if let Some(reading) = judgement.readings.first() {
                let tenth = ((reading.posterior * 10.0) as usize).min(9);
                self.calibration[tenth].0 += 1;
                let right = match reading.hypothesis {
                    Some(hypothesis) => is_true(reading.variant.as_ref(), hypothesis),
                    None => written.truth.is_none(),
                };
                self.calibration[tenth].1 += u64::from(right);
            }
            let right = match judgement.verdict {
                Verdict::Explained(hypothesis) => is_true(judgement.proposed.as_ref(), hypothesis),
                _ => false,
            };
            let named = matches!(judgement.verdict, Verdict::Explained(_));
            if written.is_damaged {
                self.damaged += 1;
                self.restored += u64::from(right);
                self.damaged_unclear += u64::from(!named);
                self.missed += u64::from(judgement.verdict.is_ok() && !right);
            } else {
                self.clean += 1;
                self.passed += u64::from(judgement.verdict.is_ok());
                self.clean_unclear += u64::from(!named);
            }
            self.mistaken += u64::from(named && !judgement.verdict.is_ok() && !right);
            if named && !judgement.verdict.is_ok() && judgement.posterior >= Thresholds::default().accept {
                self.repaired.0 += u64::from(right);
                self.repaired.1 += u64::from(!right);
            }
        }
    }

    /// Adds whether the interval of a deviation holds the true share.
    pub fn add_interval(&mut self, fit: &FileFit, fault: Fault, file: &[Written]) {
        let Some(hypothesis) = fault.hypothesis() else { return };
        let share = file.iter().filter(|written| written.is_damaged).count() as f64 / file.len() as f64;
        if let Some(found) = fit
            .deviations()
            .iter()
            .find(|deviation| deviation.change == Some(hypothesis))
        {
            self.reported += 1;
            self.covered += u64::from(found.interval.0 <= share && share <= found.interval.1);
        }
    }
}

/// What is said of lists of another build when no chain is given.
#[derive(Clone, Copy, Debug, Default)]
pub struct OtherBuild {
    pub files: u64,
    /// Another build is called likely: 0.5.
    pub likely: u64,
    /// Nothing is settled.
    pub open: u64,
    /// Settled as said, wrongly.
    pub as_said: u64,
    /// Settled as another convention, wrongly.
    pub changed: u64,
    /// Rows accepted as they are written, and rows that a repair would change; all wrongly.
    pub accepted: u64,
    pub repaired: u64,
}

impl OtherBuild {
    /// Audits `files` lists of `rows` rows that are moved to the other assembly, each row standing `repeats` times.
    pub fn count(world: &World, rows: usize, repeats: usize, files: usize, random: &mut Random) -> Self {
        let mut count = Self::default();
        for _ in 0..files {
            let mut file: Vec<Written> = Vec::new();
            while file.len() < rows * repeats {
                let real = random.below(world.rows.len());
                if let Some(written) = world.damage(real, Fault::OtherAssembly, random) {
                    file.extend(std::iter::repeat_n(written, repeats));
                }
            }
            let (fit, judgements) = world.audit(&file, false);
            count.files += 1;
            if fit.is_settled() {
                let as_said = fit.best().convention == Convention::AS_SAID;
                count.as_said += u64::from(as_said);
                count.changed += u64::from(!as_said);
            } else if fit.unrelated() >= 0.5 {
                count.likely += 1;
            } else {
                count.open += 1;
            }
            for judgement in &judgements {
                let sure = judgement.posterior >= Thresholds::default().accept;
                match judgement.verdict {
                    verdict if verdict.is_ok() => count.accepted += 1,
                    Verdict::Explained(_) if sure => count.repaired += 1,
                    _ => {}
                }
            }
        }
        count
    }
}
