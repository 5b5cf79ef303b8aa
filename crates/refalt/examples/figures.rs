//! Draws every kind of figure from the measured TERT promoter, for looking at.
//!
//! `cargo run --example figures -- FOLDER` writes SVG, PNG and TSV of each figure and a report with all of them into
//! FOLDER.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use refalt::core::Organism;
use refalt::figure::{
    ColourLimit, Curve, Curves, EffectMap, EffectMark, EffectPanel, Feature, FeatureKind, Figure, FigureError, Fit,
    Forest, ForestRow, Histogram, Labels, Locus, LocusVariant, Logo, LogoMotif, LogoPanel, Point, RankedBar,
    RankedBars, Scatter, Tss, write,
};
use refalt::report::{Block, Column, Fact, Level, Report, Section, Table};
use refalt::track_catalogue::count::{Grouping, coverage};
use refalt::track_catalogue::tracks;
use refalt_core::{Interval, Position, Strand};

const EFFECTS: &str = include_str!("../tests/data/figure/tert_effects.tsv");
const PROMOTER: &str = include_str!("../tests/data/figure/tert_promoter.fa");
const GABPA: &str = include_str!("../tests/data/figure/MA0062.3.pfm");
/// First base of the sequence (1-based).
const SEQUENCE_START: u32 = 1_294_960;
/// Least number of barcodes, as in the publication.
const BARCODES: u32 = 10;
const NAMED: [(u32, char, &str); 4] = [
    (1_295_113, 'A', "C228T"),
    (1_295_135, 'A', "C250T"),
    (1_295_228, 'T', "1,295,228 C>T"),
    (1_295_234, 'G', "rs2853669"),
];

struct Snv {
    position: u32,
    reference: char,
    alternate: char,
    hek: Option<f64>,
    gbm: Option<f64>,
    motif: f64,
}

impl Snv {
    fn name(&self) -> Option<&'static str> {
        NAMED
            .iter()
            .find(|n| n.0 == self.position && n.1 == self.alternate)
            .map(|n| n.2)
    }

    fn label(&self) -> String {
        self.name().map_or_else(
            || {
                let (millions, rest) = (self.position / 1_000_000, self.position % 1_000_000);
                let (thousands, ones) = (rest / 1000, rest % 1000);
                format!(
                    "{millions},{thousands:03},{ones:03} {}>{}",
                    self.reference, self.alternate
                )
            },
            str::to_owned,
        )
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(|| PathBuf::from("target/figures"), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let figures = figures()?;
    for figure in &figures {
        write(figure, &folder)?;
    }
    report(figures).write(&folder.join("report.html"))?;
    Ok(())
}

fn report(figures: Vec<Figure>) -> Report {
    let fact = |label: &str, value: &str, note: &str| Fact {
        label: label.into(),
        value: value.into(),
        note: note.into(),
    };
    let table = Table {
        caption: "Named variants".into(),
        columns: vec![
            Column::text("variant"),
            Column::text("GRCh38"),
            Column::number("log2 effect, HEK293T"),
            Column::number("log2 effect, GBM"),
            Column::number("rank of 770"),
            Column::text("site"),
        ],
        rows: [
            [
                "C228T",
                "5:1,295,113 G>A",
                "+1.998",
                "+2.856",
                "1",
                "creates an ETS site",
            ],
            [
                "C250T",
                "5:1,295,135 G>A",
                "+1.423",
                "+2.418",
                "2",
                "creates an ETS site",
            ],
            ["1295228 C>T", "5:1,295,228 C>T", "+0.026", "+0.071", "667", "none"],
        ]
        .map(|row| row.map(str::to_owned).to_vec())
        .to_vec(),
        emphasised: vec![0, 1],
        notes: vec!["Effects are those of the reporter, so signs hold for the gene's strand.".into()],
    };
    let intro = vec![
        Block::paragraph(
            "Effects are log2 changes of a reporter driven by the promoter, from saturation mutagenesis \
             (https://doi.org/10.1038/s41467-019-11526-w). Positions are 1-based on `chr5` of GRCh38.",
        ),
        Block::Facts {
            facts: vec![
                fact("SNVs measured", "777", "of 259 positions"),
                fact("with 10 barcodes or more", "770", "used below"),
                fact("ceiling, Spearman", "0.592", "HEK293T against GBM"),
                fact("rank of C228T", "1", "by absolute effect"),
            ],
        },
        Block::Callout {
            level: Level::Good,
            text: "All reference bases agree with the genome.".into(),
        },
        Block::Callout {
            level: Level::Warning,
            text: "`5:1295228 C>T` is the position of C228T in GRCh37; in GRCh38 it is another base.".into(),
        },
        Block::Table(table),
    ];
    let mut sections = vec![Section {
        heading: "What was measured".into(),
        anchor: "measured".into(),
        blocks: intro,
    }];
    for figure in figures {
        sections.push(Section {
            heading: figure.title.clone(),
            anchor: figure.name.replace('_', "-"),
            blocks: vec![Block::figure(figure)],
        });
    }
    Report {
        title: "The TERT promoter, every base changed".into(),
        subtitle: "All kinds of figures on one page, drawn from measured effects.".into(),
        sections,
        provenance: vec![
            (
                "effects".into(),
                "`tert_effects.tsv`, Kircher et al. 2019, GEO GSE126550".into(),
            ),
            ("motif".into(), "GABPA MA0062.3, JASPAR".into()),
        ],
        footer: vec!["Motifs: JASPAR, CC BY 4.0. Typeface: Inter, SIL Open Font License 1.1.".into()],
    }
}

fn figures() -> Result<Vec<Figure>, Box<dyn Error>> {
    let sequence: String = PROMOTER.lines().skip(1).collect();
    let counts = counts()?;
    let snvs = snvs(&sequence, &counts)?;
    Ok(vec![
        effect_map(&snvs, &sequence)?,
        logo(&sequence, &counts)?,
        locus(&snvs)?,
        scatter(&snvs)?,
        ranked_bars(&snvs)?,
        forest()?,
        histogram(&snvs)?,
        curves(&snvs)?,
        track_coverage()?,
    ])
}

fn track_coverage() -> Result<Figure, FigureError> {
    let labels = labels(
        "track_coverage",
        "Published tracks by cell line",
        "The 24 cell lines with the most tracks",
    );
    coverage(tracks(Organism::Human), Grouping::CellLine, 24, labels).draw()
}

fn labels(name: &str, title: &str, subtitle: &str) -> Labels {
    Labels {
        name: name.into(),
        title: title.into(),
        subtitle: subtitle.into(),
        caption: String::new(),
    }
}

fn position(one_based: u32) -> Position {
    Position::new(one_based).expect("positions of the fixture start at 1")
}

fn interval(first: u32, last: u32) -> Interval {
    Interval::from_bases(position(first), position(last)).expect("first is not after last")
}

fn counts() -> Result<Vec<[f64; 4]>, Box<dyn Error>> {
    let rows: Vec<Vec<f64>> = GABPA
        .lines()
        .map(|line| line.split_whitespace().map(str::parse).collect::<Result<_, _>>())
        .collect::<Result<_, _>>()?;
    Ok((0..rows[0].len())
        .map(|i| [rows[0][i], rows[1][i], rows[2][i], rows[3][i]])
        .collect())
}

/// Best log-odds of any window that holds `index`, both strands, uniform background, pseudocount 0.2 per base.
fn best_score(bases: &[u8], index: usize, counts: &[[f64; 4]]) -> f64 {
    let weight = |column: usize, base: usize| {
        let sum: f64 = counts[column].iter().sum::<f64>() + 0.8;
        ((counts[column][base] + 0.2) / sum / 0.25).log2()
    };
    let code = |base: u8| {
        b"ACGT"
            .iter()
            .position(|b| *b == base)
            .expect("the fixture holds A, C, G and T")
    };
    let length = counts.len();
    let starts = index.saturating_sub(length - 1)..=index.min(bases.len() - length);
    starts
        .flat_map(|start| {
            let window = &bases[start..start + length];
            let forward: f64 = (0..length).map(|i| weight(i, code(window[i]))).sum();
            let reverse: f64 = (0..length).map(|i| weight(i, 3 - code(window[length - 1 - i]))).sum();
            [forward, reverse]
        })
        .fold(f64::NEG_INFINITY, f64::max)
}

fn snvs(sequence: &str, counts: &[[f64; 4]]) -> Result<Vec<Snv>, Box<dyn Error>> {
    let mut snvs = Vec::new();
    for line in EFFECTS.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let position: u32 = fields[0].parse()?;
        let value = |at: usize| -> Result<Option<f64>, Box<dyn Error>> {
            let barcodes: u32 = fields[at + 1].parse()?;
            Ok(if barcodes < BARCODES {
                None
            } else {
                Some(fields[at].parse()?)
            })
        };
        let (reference, alternate) = (fields[1].as_bytes()[0], fields[2].as_bytes()[0]);
        let index = (position - SEQUENCE_START) as usize;
        let mut bases = sequence.as_bytes().to_vec();
        let before = best_score(&bases, index, counts);
        bases[index] = alternate;
        let motif = best_score(&bases, index, counts) - before;
        let (hek, gbm) = (value(3)?, value(5)?);
        snvs.push(Snv {
            position,
            reference: char::from(reference),
            alternate: char::from(alternate),
            hek,
            gbm,
            motif,
        });
    }
    Ok(snvs)
}

fn effect_map(snvs: &[Snv], sequence: &str) -> Result<Figure, Box<dyn Error>> {
    let first = snvs[0].position;
    let last = snvs[snvs.len() - 1].position;
    let length = (last - first) as usize + 1;
    let from = (first - SEQUENCE_START) as usize;
    let mut measured = vec![[None; 4]; length];
    let mut predicted = vec![[None; 4]; length];
    for snv in snvs {
        let row = "ACGT".find(snv.alternate).expect("SNVs have A, C, G or T");
        measured[(snv.position - first) as usize][row] = snv.hek;
        predicted[(snv.position - first) as usize][row] = Some(snv.motif);
    }
    let panel = |label: &str, value_title: &str, effects| EffectPanel {
        label: label.into(),
        value_title: value_title.into(),
        effects,
        limit: ColourLimit::default(),
    };
    let map = EffectMap {
        labels: labels(
            "effect_map",
            "Every base change of the TERT promoter, measured and predicted",
            "Measured in HEK293T (Kircher et al. 2019), predicted by the motif of GABPA (MA0062.3)",
        ),
        contig: "chr5".into(),
        assembly: "GRCh38".into(),
        first: position(first),
        reference_bases: sequence[from..from + length].to_owned(),
        panels: vec![
            panel("measured", "log2 effect in HEK293T", measured),
            panel("predicted", "change of the best GABPA site, bits", predicted),
        ],
        marks: NAMED
            .iter()
            .map(|&(at, alternate, label)| EffectMark {
                position: position(at),
                alternate: Some(alternate),
                label: label.into(),
            })
            .collect(),
        bases_per_line: None,
        contributions: None,
    };
    Ok(map.draw()?)
}

fn logo(sequence: &str, counts: &[[f64; 4]]) -> Result<Figure, Box<dyn Error>> {
    let panel = |title: &str, variant: u32, motif: (u32, u32), created: (u32, u32), scores: (f64, f64)| {
        let (first, last) = (motif.0 - 5, motif.1 + 5);
        let from = (first - SEQUENCE_START) as usize;
        LogoPanel {
            title: title.into(),
            contig: "chr5".into(),
            interval: interval(first, last),
            reference_bases: sequence[from..from + (last - first) as usize + 1].to_owned(),
            strand: Strand::Reverse,
            position: position(variant),
            alternate_base: 'A',
            motif: LogoMotif {
                name: "GABPA MA0062.3".into(),
                counts: counts.to_vec(),
            },
            motif_interval: interval(motif.0, motif.1),
            created: Some(interval(created.0, created.1)),
            scores: Some((scores.0, scores.1, "best site, bits".into())),
        }
    };
    let logo = Logo {
        labels: labels(
            "logo",
            "Both hotspots create a binding site of ETS factors",
            "Sequence around each variant on the strand of TERT, below the motif of GABPA",
        ),
        panels: vec![
            panel(
                "C228T",
                1_295_113,
                (1_295_105, 1_295_118),
                (1_295_107, 1_295_117),
                (2.6726, 8.0305),
            ),
            panel(
                "C250T",
                1_295_135,
                (1_295_128, 1_295_141),
                (1_295_130, 1_295_140),
                (2.5398, 8.1893),
            ),
        ],
    };
    Ok(logo.draw()?)
}

fn locus(snvs: &[Snv]) -> Result<Figure, Box<dyn Error>> {
    // The strongest change per position keeps one stem per base.
    let mut strongest: BTreeMap<u32, &Snv> = BTreeMap::new();
    for snv in snvs.iter().filter(|snv| snv.hek.is_some()) {
        let size = |s: &Snv| (s.name().is_some(), s.hek.map_or(0.0, f64::abs));
        let held = strongest.entry(snv.position).or_insert(snv);
        if size(snv) > size(held) {
            *held = snv;
        }
    }
    let feature = |label: &str, kind, first, last, strand| Feature {
        label: label.into(),
        kind,
        interval: interval(first, last),
        strand,
    };
    let locus = Locus {
        labels: labels(
            "locus",
            "The TERT promoter and its variants",
            "Measured log2 effect in HEK293T, largest change per position (Kircher et al. 2019)",
        ),
        contig: "chr5".into(),
        assembly: "GRCh38".into(),
        interval: interval(1_294_900, 1_295_340),
        value_title: "log2 effect".into(),
        starts: vec![Tss {
            position: position(1_295_068),
            strand: Strand::Reverse,
            label: "TSS".into(),
        }],
        features: vec![
            feature("TERT", FeatureKind::Gene, 1_253_147, 1_295_068, Some(Strand::Reverse)),
            feature(
                "coding sequence",
                FeatureKind::Exon,
                1_294_900,
                1_294_989,
                Some(Strand::Reverse),
            ),
            feature(
                "200 bp upstream of the TSS",
                FeatureKind::Promoter,
                1_295_069,
                1_295_268,
                None,
            ),
            feature(
                "assayed element, 259 bp",
                FeatureKind::Element,
                1_294_989,
                1_295_247,
                None,
            ),
            feature("created TTCC", FeatureKind::Site, 1_295_110, 1_295_113, None),
            feature("created TTCC", FeatureKind::Site, 1_295_133, 1_295_136, None),
        ],
        variants: strongest
            .values()
            .map(|snv| LocusVariant {
                position: position(snv.position),
                label: snv.label(),
                value: snv.hek,
                emphasised: snv.name().is_some(),
            })
            .collect(),
    };
    Ok(locus.draw()?)
}

fn scatter(snvs: &[Snv]) -> Result<Figure, Box<dyn Error>> {
    let points: Vec<Point> = snvs
        .iter()
        .filter_map(|snv| {
            Some(Point {
                x: snv.hek?,
                y: snv.gbm?,
                label: snv.label(),
                emphasised: snv.name().is_some(),
            })
        })
        .collect();
    let pairs: Vec<(f64, f64)> = points.iter().map(|p| (p.x, p.y)).collect();
    let scatter = Scatter {
        labels: labels(
            "scatter",
            "Two cell types agree on the strong effects",
            "SNVs of the TERT promoter",
        ),
        x_title: "log2 effect in HEK293T".into(),
        y_title: "log2 effect in glioblastoma SF7996".into(),
        statistics: vec![format!(
            "n = {}, Pearson r = 0.759, Spearman \u{3c1} = 0.592",
            points.len()
        )],
        points,
        fit: Fit::least_squares(&pairs, 1.963),
        identity_line: true,
    };
    Ok(scatter.draw()?)
}

fn ranked_bars(snvs: &[Snv]) -> Result<Figure, Box<dyn Error>> {
    let mut ranked: Vec<(&Snv, f64)> = snvs.iter().filter_map(|s| s.hek.map(|v| (s, v))).collect();
    ranked.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let total = ranked.len();
    let bars = ranked
        .iter()
        .enumerate()
        .filter(|(index, (snv, _))| *index < 14 || snv.name().is_some())
        .map(|(index, (snv, value))| RankedBar {
            rank: index + 1,
            label: snv.label(),
            value: *value,
            interval: None,
            emphasised: snv.name().is_some(),
        })
        .collect();
    let figure = RankedBars {
        labels: labels(
            "ranked_bars",
            "Largest measured effects",
            "TERT promoter in HEK293T, by absolute value",
        ),
        value_title: "log2 effect".into(),
        bars,
        total,
    };
    Ok(figure.draw()?)
}

fn forest() -> Result<Figure, Box<dyn Error>> {
    let row = |label: &str, estimate, low, high, emphasised| ForestRow {
        label: label.into(),
        estimate,
        low,
        high,
        emphasised,
    };
    let forest = Forest {
        labels: labels(
            "forest",
            "Correlation with the measured effect",
            "Invented numbers, to show the layout",
        ),
        value_title: "Spearman \u{3c1}".into(),
        interval: "95 % bootstrap intervals".into(),
        null_value: Some(0.0),
        rows: vec![
            row("ceiling: HEK293T against GBM", 0.592, 0.54, 0.64, true),
            row("sum over all motifs", 0.21, 0.14, 0.28, false),
            row("GABPA MA0062.3", 0.18, 0.11, 0.25, false),
            row("ETS1 MA0098.3", 0.12, 0.05, 0.19, false),
            row("KLF5 MA0599.1", -0.04, -0.11, 0.03, false),
        ],
    };
    Ok(forest.draw()?)
}

fn histogram(snvs: &[Snv]) -> Result<Figure, Box<dyn Error>> {
    let named = snvs.iter().filter_map(|s| Some((s.hek?, s.name()?.to_owned())));
    let histogram = Histogram {
        labels: labels(
            "histogram",
            "Most changes do little",
            "SNVs of the TERT promoter in HEK293T",
        ),
        value_title: "log2 effect".into(),
        count_title: "SNVs".into(),
        values: snvs.iter().filter_map(|s| s.hek).collect(),
        bins: 40,
        marks: named.collect(),
    };
    Ok(histogram.draw()?)
}

fn curves(snvs: &[Snv]) -> Result<Figure, Box<dyn Error>> {
    let curve = |label: &str, score: &dyn Fn(&Snv) -> f64| {
        let mut scored: Vec<(f64, bool)> = snvs
            .iter()
            .filter_map(|s| Some((score(s), s.hek?.abs() > 0.3)))
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        let positives = scored.iter().filter(|s| s.1).count() as f64;
        let negatives = scored.len() as f64 - positives;
        let (mut hit, mut missed) = (0.0, 0.0);
        let mut points = vec![(0.0, 0.0)];
        for (_, positive) in scored {
            if positive {
                hit += 1.0
            } else {
                missed += 1.0
            }
            points.push((missed / negatives, hit / positives));
        }
        Curve {
            label: label.into(),
            points,
        }
    };
    let curves = Curves {
        labels: labels(
            "curves",
            "Finding changes with a log2 effect above 0.3",
            "TERT promoter in HEK293T",
        ),
        x_title: "false positive rate".into(),
        y_title: "true positive rate".into(),
        curves: vec![
            curve("GBM, absolute effect", &|s| s.gbm.map_or(0.0, f64::abs)),
            curve("GABPA, absolute change", &|s| s.motif.abs()),
            curve("GABPA, gain", &|s| s.motif),
        ],
        comparison: Some(Curve {
            label: "chance".into(),
            points: vec![(0.0, 0.0), (1.0, 1.0)],
        }),
        ranges: Some(((0.0, 1.0), (0.0, 1.0))),
    };
    Ok(curves.draw()?)
}
