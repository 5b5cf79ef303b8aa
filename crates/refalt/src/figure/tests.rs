//! What holds for every kind of figure, and where known numbers land.

use std::collections::BTreeSet;

use proptest::prelude::*;
use refalt_core::{Interval, Position};
use resvg::usvg::roxmltree::{Document, Node};

use super::drawing::font::{Weight, cap_height, text_width};
use super::drawing::placement::Area;
use super::drawing::{colour, raster};
use super::*;
use samples::*;

mod samples;

fn position(one_based: u32) -> Position {
    Position::new(one_based).unwrap()
}

fn interval(first: u32, last: u32) -> Interval {
    Interval::from_bases(position(first), position(last)).unwrap()
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name)
        .unwrap_or_else(|| panic!("{name} of {node:?}"))
        .parse()
        .unwrap()
}

/// Boxes around the capitals of each text, and around each letter of a spaced text.
fn text_boxes(document: &Document<'_>) -> Vec<(String, Area)> {
    let mut boxes = Vec::new();
    for node in document.descendants().filter(|n| n.has_tag_name("text")) {
        let content = node.text().unwrap_or_default();
        let size = number(node, "font-size");
        let weight = if node.has_attribute("font-weight") {
            Weight::SemiBold
        } else {
            Weight::Regular
        };
        let xs: Vec<f64> = node
            .attribute("x")
            .unwrap()
            .split(' ')
            .map(|x| x.parse().unwrap())
            .collect();
        let y = number(node, "y");
        let pieces: Vec<String> = if xs.len() == 1 {
            vec![content.to_owned()]
        } else {
            assert_eq!(xs.len(), content.chars().count());
            content.chars().map(String::from).collect()
        };
        for (x, piece) in xs.into_iter().zip(pieces) {
            let width = text_width(&piece, size, weight);
            let left = match node.attribute("text-anchor") {
                Some("middle") => x - width / 2.0,
                Some("end") => x - width,
                _ => x,
            };
            let height = cap_height(size);
            let area = match node.attribute("transform") {
                None => Area {
                    x: left,
                    y: y - height,
                    width,
                    height,
                },
                Some(turn) => {
                    assert!(turn.starts_with("rotate(-90 "), "{turn}");
                    Area {
                        x: x - height,
                        y: y - (left - x) - width,
                        width: height,
                        height: width,
                    }
                }
            };
            boxes.push((piece, area));
        }
    }
    boxes
}

fn assert_legible(figure: &Figure) {
    let document = Document::parse(&figure.svg).unwrap();
    let root = document.root_element();
    let page = Area {
        x: 0.0,
        y: 0.0,
        width: number(root, "width"),
        height: number(root, "height"),
    };
    let boxes = text_boxes(&document);
    assert!(boxes.len() > 3, "{}: {} texts", figure.name, boxes.len());
    for (index, (text, area)) in boxes.iter().enumerate() {
        assert!(
            page.contains(area),
            "{}: `{text}` leaves the page: {area:?}",
            figure.name
        );
        for (other_text, other) in &boxes[index + 1..] {
            assert!(
                !area.overlaps(other),
                "{}: `{text}` {area:?} and `{other_text}` {other:?}",
                figure.name
            );
        }
    }
}

#[test]
fn no_text_overlaps_or_leaves_the_page() {
    for figure in samples("C228T").iter().chain(&samples("a longer label")) {
        assert_legible(figure);
    }
    let long = "a name that is much longer than names of rows usually are, 1,295,113 G>A";
    for figure in [ranked_bars(long).draw(), forest(long).draw(), curves(long).draw()] {
        assert_legible(&figure.unwrap());
    }
    for length in [20, 31, 64, 100, 131, 600, 2000] {
        let map = effect_map("C228T", length);
        assert_legible(&map.draw().unwrap());
        let contributions = (0..length).map(|at| (at % 7) as f64 / 1e3 - 0.002).collect();
        let with_logo = EffectMap {
            contributions: Some(contributions),
            ..map
        };
        assert_legible(&with_logo.draw().unwrap());
    }
    let plot = tracks("1,295,113 G>A");
    for (zoom, first, last) in [
        (None, 1_000_001, 1_008_192),
        (None, 1_003_400, 1_003_600),
        (plot.zoom, 1_000_001, 1_008_192),
    ] {
        let plot = TrackPlot {
            zoom,
            interval: interval(first, last),
            ..plot.clone()
        };
        assert_legible(&plot.draw().unwrap());
    }
}

#[test]
fn the_check_for_overlap_can_fail() {
    let svg = "<svg width='100' height='100'>\
               <text x='10' y='50' font-size='12'>TERT</text><text x='20' y='52' font-size='12'>TERT</text></svg>";
    let document = Document::parse(svg).unwrap();
    let boxes = text_boxes(&document);
    assert!(boxes[0].1.overlaps(&boxes[1].1));
}

#[test]
fn documents_are_valid_and_ids_are_unique_and_prefixed() {
    for figure in samples("<script>\"&amp;'</text>\u{8}") {
        let document = Document::parse(&figure.svg).unwrap_or_else(|e| panic!("{}: {e}", figure.name));
        assert!(!document.descendants().any(|n| n.has_tag_name("script")));
        let ids: Vec<&str> = document.descendants().filter_map(|n| n.attribute("id")).collect();
        let distinct: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), distinct.len(), "{}", figure.name);
        assert!(
            ids.iter().all(|id| id.starts_with(&format!("{}-", figure.name))),
            "{ids:?}"
        );
        let described: BTreeSet<&str> = document
            .root_element()
            .attribute("aria-labelledby")
            .unwrap()
            .split(' ')
            .collect();
        assert!(described.is_subset(&distinct));
        assert!(!figure.svg.contains("NaN") && !figure.svg.contains("inf"));
        assert!(!figure.description.is_empty());
    }
}

#[test]
fn the_same_numbers_give_the_same_bytes() {
    assert_eq!(samples("C228T"), samples("C228T"));
}

#[test]
fn pictures_have_two_pixels_per_px() {
    for figure in [effect_map("C228T", 20).draw().unwrap(), logo("C228T").draw().unwrap()] {
        let document = Document::parse(&figure.svg).unwrap();
        let expected = ["width", "height"].map(|side| (number(document.root_element(), side) * 2.0).round());
        let png = raster::png(&figure.svg).unwrap();
        let image = resvg::tiny_skia::Pixmap::decode_png(&png).unwrap();
        assert_eq!([f64::from(image.width()), f64::from(image.height())], expected);
    }
}

#[test]
fn tables_are_rectangular() {
    for figure in samples("tab\there") {
        let mut lines = figure.tsv.lines();
        let columns = lines.next().unwrap().split('\t').count();
        assert!(lines.clone().count() > 0, "{}", figure.name);
        assert!(lines.all(|line| line.split('\t').count() == columns), "{}", figure.name);
    }
}

#[test]
fn every_file_of_a_figure_has_its_line_in_the_table() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/figure");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !["drawing", "files", "tests"].contains(&name.as_str()))
        .collect();
    let listed: BTreeSet<String> = FIGURES.iter().map(|kind| kind.name.to_owned()).collect();
    assert_eq!(files, listed);
    let drawn: BTreeSet<String> = samples("x").into_iter().map(|figure| figure.name).collect();
    assert_eq!(drawn, listed, "each kind has a sample in these tests");
    let guide = include_str!("../../../../docs/figures.md");
    for kind in FIGURES {
        let line = format!("| `{}` | {} |", kind.name, kind.shows);
        assert!(guide.contains(&line), "docs/figures.md lacks: {line}");
    }
}

/// The measured TERT promoter, chr5:1,294,989-1,295,247.
fn tert() -> EffectMap {
    let (mut bases, mut effects) = (String::new(), Vec::<[Option<f64>; 4]>::new());
    for line in include_str!("../../tests/data/figure/tert_effects.tsv").lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let at = fields[0].parse::<usize>().unwrap() - 1_294_989;
        if at == effects.len() {
            bases.push_str(fields[1]);
            effects.push([None; 4]);
        }
        effects[at]["ACGT".find(fields[2]).unwrap()] = Some(fields[3].parse().unwrap());
    }
    EffectMap {
        labels: labels("tert", "TERT"),
        contig: "chr5".into(),
        assembly: "GRCh38".into(),
        first: position(1_294_989),
        reference_bases: bases,
        panels: vec![EffectPanel {
            label: "measured".into(),
            value_title: "log2 effect".into(),
            effects,
            limit: ColourLimit::Maximum,
        }],
        marks: vec![EffectMark {
            position: position(1_295_113),
            alternate: Some('A'),
            label: "C228T".into(),
        }],
        bases_per_line: Some(130),
        contributions: None,
    }
}

#[test]
fn the_measured_element_is_drawn_in_full() {
    let figure = tert().draw().unwrap();
    assert_legible(&figure);
    // 259 positions, 3 alternates each, and the header.
    assert_eq!(figure.tsv.lines().count(), 1 + 777);
    let row = figure
        .tsv
        .lines()
        .find(|line| line.contains("\t1295113\tG\tA\t"))
        .unwrap();
    let fields: Vec<&str> = row.split('\t').collect();
    assert!((fields[4].parse::<f64>().unwrap() - 1.997812).abs() < 1e-6, "{row}");
    assert_eq!(fields[5], "C228T");

    let document = Document::parse(&figure.svg).unwrap();
    let cells: Vec<Node<'_, '_>> = document
        .descendants()
        .filter(|n| n.has_tag_name("rect") && n.children().any(|c| c.has_tag_name("title")))
        .collect();
    assert_eq!(cells.len(), 777);
    let titled = |start: &str| {
        *cells
            .iter()
            .find(|n| n.children().any(|c| c.text().is_some_and(|t| t.starts_with(start))))
            .unwrap()
    };
    // C228T is the strongest effect, 1.9978, and the limit is the maximum rounded up to 2.0.
    let hotspot = titled("1,295,113 G>A +1.998");
    assert_eq!(
        hotspot.attribute("fill"),
        Some(colour::diverging(1.997812 / 2.0).hex().as_str())
    );
    // It stands 124 columns right of the first base of its line; 1,294,989 C>A is in the same row, column 0.
    let first = titled("1,294,989 T>A");
    let width = number(first, "width");
    assert_eq!(number(hotspot, "x") - number(first, "x"), 124.0 * width);
    assert_eq!(number(hotspot, "y"), number(first, "y"));
    // The next line begins with base 131 (index 130): 1,295,119.
    let second_line = titled("1,295,119 ");
    assert_eq!(number(second_line, "x"), number(first, "x"));
    assert!(number(second_line, "y") > number(first, "y"));
}

#[test]
fn features_and_starts_stand_at_their_bases() {
    let mut locus = locus("x");
    locus.variants.clear();
    locus.features.retain(|feature| feature.kind == FeatureKind::Promoter);
    locus.starts.truncate(1);
    let svg = locus.draw().unwrap().svg;
    let document = Document::parse(&svg).unwrap();
    let promoter = document
        .descendants()
        .find(|n| n.has_tag_name("rect") && n.attribute("stroke") == Some(colour::ORANGE.hex().as_str()))
        .unwrap();
    // Left end of the axis is 26, right end 682: 656 px for 500 bases, 1.312 px each.
    // The promoter begins before base 1,190, 189 bases in: 26 + 189 x 1.312 = 273.968; it is 111 bases long.
    assert!((number(promoter, "x") - 273.97).abs() < 0.011);
    assert!((number(promoter, "width") - 145.63).abs() < 0.011);
    // The start at 1,010 is the middle of the tenth base: 26 + 9.5 x 1.312 = 38.464.
    let arrow = document.descendants().find(|n| n.has_tag_name("polyline")).unwrap();
    assert!(arrow.attribute("points").unwrap().starts_with("38.46,"), "{arrow:?}");
}

#[test]
fn the_created_sequence_is_read_on_its_strand() {
    let figure = logo("C228T").draw().unwrap();
    assert!(
        figure.svg.contains("created in ALT: CCCCTTCCGGG"),
        "{}",
        figure.description
    );
    assert!(
        figure.description.contains("REF GCCCAGCCCCCTCCGGGCCCTCCC"),
        "{}",
        figure.description
    );
}

#[test]
fn what_cannot_be_drawn_is_refused_with_the_reason() {
    let check = |result: Result<Figure, FigureError>, expected: &str| {
        let error = result.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    let named = |name: &str| Scatter {
        labels: labels(name, "x"),
        ..scatter("x")
    };
    for name in ["", "Upper", "a/b", "7up", "a b"] {
        check(named(name).draw(), "not usable as the name");
    }
    check(
        Scatter {
            points: vec![],
            ..scatter("x")
        }
        .draw(),
        "has no points",
    );
    let points = vec![Point {
        x: f64::NAN,
        ..Point::default()
    }];
    check(Scatter { points, ..scatter("x") }.draw(), "x number 0 is `NaN`");
    let mut bars = ranked_bars("x");
    bars.bars.swap(0, 1);
    check(bars.draw(), "list of ranks");
    let mut bars = ranked_bars("x");
    bars.bars[0].interval = Some((3.0, 4.0));
    check(bars.draw(), "the bounds enclose the estimate");
    check(
        EffectMap {
            reference_bases: "ACGU".into(),
            ..effect_map("x", 4)
        }
        .draw(),
        "holds `U` at index 3",
    );
    check(
        EffectMap {
            reference_bases: "ACG".into(),
            ..effect_map("x", 20)
        }
        .draw(),
        "has `3` entries",
    );
    let mut map = effect_map("x", 20);
    map.panels[0].effects[0] = [Some(1.0); 4];
    check(map.draw(), "value at the reference base");
    check(
        effect_map("x", 10).draw(),
        "lies at `1000019`, outside `1000000-1000009`",
    );
    let mut map = effect_map("x", 20);
    map.panels[0].limit = ColourLimit::Fixed(0.0);
    check(map.draw(), "a number above 0");
    let mut outside = logo("x");
    outside.panels[0].position = position(5);
    check(outside.draw(), "the variant lies at `5`");
    let mut empty = logo("x");
    empty.panels[0].motif.counts[0] = [0.0; 4];
    check(empty.draw(), "a motif column");
    let mut far = locus("x");
    far.features[0].interval = interval(1, 10);
    check(far.draw(), "outside `1001-1500`");
    let mut crowd = curves("x");
    crowd.curves.push(crowd.curves[0].clone());
    check(crowd.draw(), "six curves");
    check(histogram(&"long".repeat(90)).draw(), "wider than the figure");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_finite_points_can_be_drawn(
        values in prop::collection::vec((-1e12..1e12f64, -1e-9..1e-9f64), 1..30),
    ) {
        let points = values.iter().map(|&(x, y)| Point { x, y, ..Point::default() }).collect();
        let figure = Scatter { points, fit: None, ..scatter("x") }.draw().unwrap();
        prop_assert!(Document::parse(&figure.svg).is_ok());
    }
}
