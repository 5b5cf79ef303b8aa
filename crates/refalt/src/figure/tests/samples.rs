//! One figure of each kind, small and with awkward numbers.

use super::{interval, position};
use crate::figure::*;
use refalt_core::OutputType;
use refalt_core::Strand;

/// Labels with the given text in every place.
pub(super) fn labels(name: &str, text: &str) -> Labels {
    Labels {
        name: name.into(),
        title: text.into(),
        subtitle: text.into(),
        caption: text.into(),
    }
}

pub(super) fn effect_map(text: &str, length: usize) -> EffectMap {
    let reference_bases: String = "GATTCCAGN".chars().cycle().take(length).collect();
    let effects = reference_bases
        .chars()
        .enumerate()
        .map(|(at, base)| {
            let effect = |row: usize| Some(((at * 7 + row * 3) % 11) as f64 / 5.0 - 1.0);
            [0, 1, 2, 3].map(|row| {
                if effect_map::BASES[row] == base {
                    None
                } else {
                    effect(row)
                }
            })
        })
        .collect::<Vec<_>>();
    let panel = |label: &str| EffectPanel {
        label: format!("{label} {text}"),
        value_title: text.into(),
        effects: effects.clone(),
        limit: ColourLimit::default(),
    };
    let mark = |at: u32, alternate| EffectMark {
        position: position(1_000_000 + at),
        alternate,
        label: text.into(),
    };
    EffectMap {
        labels: labels("effect_map", text),
        contig: "chr5".into(),
        assembly: "GRCh38".into(),
        first: position(1_000_000),
        reference_bases,
        panels: vec![panel("measured"), panel("predicted")],
        marks: vec![mark(0, None), mark(3, Some('A')), mark(4, Some('T')), mark(19, None)],
        bases_per_line: None,
        contributions: None,
    }
}

pub(super) fn logo(text: &str) -> Logo {
    let panel = LogoPanel {
        title: text.into(),
        contig: "chr5".into(),
        interval: interval(1_295_100, 1_295_123),
        reference_bases: "GGGAGGGCCCGGAGGGGGCTGGGC".into(),
        strand: Strand::Reverse,
        position: position(1_295_113),
        alternate_base: 'A',
        motif: LogoMotif {
            name: text.into(),
            counts: vec![[1.0, 5.0, 0.0, 20.0]; 14],
        },
        motif_interval: interval(1_295_105, 1_295_118),
        created: Some(interval(1_295_107, 1_295_117)),
        scores: Some((2.6726, 8.0305, text.into())),
    };
    let forward = LogoPanel {
        strand: Strand::Forward,
        created: None,
        scores: None,
        ..panel.clone()
    };
    Logo {
        labels: labels("logo", text),
        panels: vec![panel, forward],
    }
}

pub(super) fn locus(text: &str) -> Locus {
    let feature = |kind, first, last| Feature {
        label: text.into(),
        kind,
        interval: interval(first, last),
        strand: Some(Strand::Reverse),
    };
    let variant = |at, value, emphasised| LocusVariant {
        position: position(at),
        label: text.into(),
        value,
        emphasised,
    };
    Locus {
        labels: labels("locus", text),
        contig: "chr5".into(),
        assembly: "GRCh38".into(),
        interval: interval(1_001, 1_500),
        value_title: "log2 effect".into(),
        starts: vec![
            Tss {
                position: position(1_010),
                strand: Strand::Reverse,
                label: text.into(),
            },
            Tss {
                position: position(1_490),
                strand: Strand::Forward,
                label: text.into(),
            },
            Tss {
                position: position(1_250),
                strand: Strand::Forward,
                label: text.into(),
            },
        ],
        features: vec![
            feature(FeatureKind::Gene, 1, 1_200),
            feature(FeatureKind::Exon, 1_050, 1_060),
            feature(FeatureKind::Promoter, 1_190, 1_300),
            feature(FeatureKind::Element, 1_490, 2_000),
            feature(FeatureKind::Site, 1_495, 1_499),
        ],
        variants: vec![
            variant(1_001, Some(0.5), true),
            variant(1_003, Some(-1.5), true),
            variant(1_004, None, true),
            variant(1_300, Some(0.2), false),
            variant(1_500, Some(2.0), true),
        ],
    }
}

pub(super) fn scatter(text: &str) -> Scatter {
    let point = |i: i32| Point {
        x: f64::from(i % 7) - 3.0,
        y: f64::from(i % 5) * 2.0,
        label: text.into(),
        emphasised: i % 9 == 0,
    };
    let points: Vec<Point> = (0..40).map(point).collect();
    let pairs: Vec<(f64, f64)> = points.iter().map(|p| (p.x, p.y)).collect();
    Scatter {
        labels: labels("scatter", text),
        x_title: text.into(),
        y_title: text.into(),
        points,
        fit: Fit::least_squares(&pairs, 2.0),
        identity_line: true,
        statistics: vec![text.into(), text.into()],
    }
}

pub(super) fn ranked_bars(text: &str) -> RankedBars {
    let bar = |rank, value: f64, emphasised: bool| RankedBar {
        rank,
        label: text.into(),
        value,
        interval: emphasised.then_some((value - 0.5, value + 0.25)),
        emphasised,
    };
    RankedBars {
        labels: labels("ranked_bars", text),
        value_title: text.into(),
        bars: vec![
            bar(1, 2.0, true),
            bar(2, -1.5, false),
            bar(3, 1.0, false),
            bar(667, 0.02, true),
        ],
        total: 770,
    }
}

pub(super) fn forest(text: &str) -> Forest {
    let row = |estimate: f64, emphasised| ForestRow {
        label: text.into(),
        estimate,
        low: estimate - 0.1,
        high: estimate + 0.05,
        emphasised,
    };
    Forest {
        labels: labels("forest", text),
        value_title: text.into(),
        interval: text.into(),
        null_value: Some(0.0),
        rows: vec![row(0.6, true), row(0.2, false), row(-0.05, false)],
    }
}

pub(super) fn histogram(text: &str) -> Histogram {
    Histogram {
        labels: labels("histogram", text),
        value_title: text.into(),
        count_title: text.into(),
        values: (0..200).map(|i| f64::from(i * i % 37) / 9.0 - 2.0).collect(),
        bins: 20,
        marks: vec![
            (-1.99, text.into()),
            (0.0, text.into()),
            (0.01, text.into()),
            (2.0, text.into()),
        ],
    }
}

pub(super) fn curves(text: &str) -> Curves {
    let curve = |power: i32| Curve {
        label: text.into(),
        points: (0..=20)
            .map(|i| (f64::from(i) / 20.0, (f64::from(i) / 20.0).powi(power)))
            .collect(),
    };
    Curves {
        labels: labels("curves", text),
        x_title: text.into(),
        y_title: text.into(),
        curves: (1..=6).map(curve).collect(),
        comparison: Some(curve(1)),
        ranges: None,
    }
}

pub(super) fn track_coverage(text: &str) -> TrackCoverage {
    let column = |output: OutputType| CoverageColumn {
        output,
        resolution_bp: output.resolution().bp(),
    };
    let row = |tracks: usize| CoverageRow {
        label: text.into(),
        detail: "EFO:0001187".into(),
        tracks: (0..track_coverage::COLUMN_ORDER.len())
            .map(|index| tracks * index)
            .collect(),
    };
    TrackCoverage {
        labels: labels("track_coverage", text),
        row_title: text.into(),
        columns: track_coverage::COLUMN_ORDER.into_iter().map(column).collect(),
        rows: vec![row(0), row(1), row(150)],
        total: 250,
    }
}

pub(super) fn tracks(text: &str) -> TrackPlot {
    let bins: Vec<_> = (0..64)
        .map(|at| interval(1_000_001 + 128 * at, 1_000_128 + 128 * at))
        .collect();
    let row = |detail: &str, scale: f64| TrackRow {
        label: text.into(),
        detail: detail.into(),
        reference: (0..64).map(|i| f64::from(i * i % 37) * scale).collect(),
        alternate: Some((0..64).map(|i| f64::from(i * i % 41) * scale).collect()),
        bins: bins.clone(),
    };
    let gene = |first: u32, strand| GeneModel {
        label: text.into(),
        strand,
        body: interval(first, first + 3000),
        exons: vec![interval(first, first + 200), interval(first + 2500, first + 3000)],
        coding: Some(interval(first + 100, first + 2700)),
    };
    TrackPlot {
        labels: labels("tracks", text),
        contig: "chr5".into(),
        assembly: "GRCh38".into(),
        interval: interval(1_000_001, 1_008_192),
        zoom: Some(interval(1_003_000, 1_004_000)),
        unknown: vec![interval(1_000_001, 1_001_000)],
        rows: vec![row("CHIP_TF, 128 bp bins", 1e-5), row(text, 1e6), row("", 0.0)],
        genes: vec![
            gene(999_000, Strand::Forward),
            gene(1_002_000, Strand::Reverse),
            gene(1_002_500, Strand::Forward),
            gene(1_008_000, Strand::Reverse),
        ],
        variant: Some(MarkedVariant {
            bases: interval(1_003_500, 1_003_510),
            label: text.into(),
        }),
    }
}

pub(super) fn contact_map(text: &str) -> ContactMapPlot {
    let tracks = tracks(text);
    let bins = 40;
    let cells = || (0..bins * bins).map(|cell| (cell / bins, cell % bins));
    // Less the further apart, with a domain that ALT takes away.
    let value = |(one, other): (u32, u32), domain: f64| {
        let is_inside = (8..20).contains(&one) && (8..20).contains(&other);
        2.0 - f64::from(one.abs_diff(other)).ln_1p() + if is_inside { domain } else { 0.0 }
    };
    ContactMapPlot {
        labels: labels("contact_map", text),
        contig: tracks.contig,
        assembly: tracks.assembly,
        interval: interval(1_000_001, 1_081_920),
        unknown: Vec::new(),
        bins: (0..bins)
            .map(|at| interval(1_000_001 + 2048 * at, 1_002_048 + 2048 * at))
            .collect(),
        maps: vec![ContactMapTrack {
            label: text.into(),
            detail: "2048 bp bins".into(),
            reference: cells().map(|cell| value(cell, 1.0)).collect(),
            alternate: Some(cells().map(|cell| value(cell, 0.2)).collect()),
        }],
        genes: tracks.genes,
        variant: tracks.variant,
    }
}

pub(super) fn junctions(text: &str) -> JunctionPlot {
    let tracks = tracks(text);
    let arc = |first: u32, last: u32, reference, alternate| JunctionArc {
        intron: interval(first, last),
        strand: Some(Strand::Forward),
        reference,
        alternate,
    };
    let track = |detail: &str| JunctionTrack {
        label: text.into(),
        detail: detail.into(),
        arcs: vec![
            arc(1_000_500, 1_002_000, Some(40.0), Some(38.0)),
            arc(1_000_500, 1_004_500, Some(2.0), Some(31.5)),
            arc(1_002_200, 1_004_500, Some(35.25), Some(4.0)),
            arc(1_004_600, 1_007_900, Some(12.0), None),
            arc(1_004_650, 1_007_900, None, Some(11.0)),
        ],
    };
    JunctionPlot {
        labels: labels("junctions", text),
        contig: tracks.contig,
        assembly: tracks.assembly,
        interval: tracks.interval,
        unknown: tracks.unknown,
        tracks: vec![track("RNA-seq"), track("")],
        has_alternate: true,
        genes: tracks.genes,
        variant: tracks.variant,
    }
}

/// One figure of each kind, with `text` wherever a caller chooses text.
pub(super) fn samples(text: &str) -> Vec<Figure> {
    [
        effect_map(text, 259).draw(),
        logo(text).draw(),
        locus(text).draw(),
        scatter(text).draw(),
        ranked_bars(text).draw(),
        forest(text).draw(),
        histogram(text).draw(),
        curves(text).draw(),
        track_coverage(text).draw(),
        tracks(text).draw(),
        contact_map(text).draw(),
        junctions(text).draw(),
    ]
    .into_iter()
    .map(Result::unwrap)
    .collect()
}
