//! Predicted tracks along a stretch of a contig: REF and ALT over each other, their difference below, with genes.

use refalt_core::{Interval, Position, Strand};

use super::drawing::canvas::{Anchor, Canvas, Paint, Text};
use super::drawing::colour::{AXIS, BLUE, Colour, GRID, HIGHLIGHT, MISSING, MUTED, SKY, VERMILION};
use super::drawing::font::{Weight, cap_height, text_width};
use super::drawing::heading::Heading;
use super::drawing::look;
use super::drawing::number::grouped;
use super::drawing::table::{Cell, Table};
use super::drawing::ticks::{self, Ticks};
use super::{Figure, FigureError, FigureKind, Labels, check_finite, check_lengths, check_not_empty};
use column::{Column, columns};
use genes::{GeneLane, draw_gene, place_genes};
use legend::{Key, draw_legend};

mod along;
mod column;
mod genes;
mod legend;

pub(super) use along::{Along, Panel};

/// Line of the table [`super::FIGURES`].
pub const KIND: FigureKind = FigureKind {
    name: "tracks",
    shows: "predicted tracks of REF and ALT over each other, their difference below, with genes, variant and a magnified part",
};

/// Height of the line with the name of a track.
const NAME: f64 = 17.0;
/// Height of the panel of the signal.
const SIGNAL: f64 = 46.0;
/// Height of the panel of the difference.
const DIFFERENCE: f64 = 34.0;
/// Space between the two panels of a track, and below them.
const GAP: f64 = 9.0;
/// Height of a lane of genes.
const GENE_LANE: f64 = 37.0;
/// Height of the coordinates below a section.
const COORDINATES: f64 = look::TICK_LENGTH + look::TICK + 8.0;
/// Height of the lines from the magnified part to its section.
const FUNNEL: f64 = 26.0;
/// Height of the line with the variant's name.
const VARIANT: f64 = 18.0;
/// Left edge of the panels.
pub(super) const LEFT: f64 = look::MARGIN + 52.0;
/// Right edge of the panels.
pub(super) const RIGHT: f64 = look::WIDE - look::MARGIN - 24.0;

/// A predicted track.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrackRow {
    /// Its name.
    pub label: String,
    /// What stands behind the name: output type, biosample, strand; may be empty.
    pub detail: String,
    /// The bins, ascending and apart from each other.
    pub bins: Vec<Interval>,
    /// Values of REF, one for each bin.
    pub reference: Vec<f64>,
    /// Values of ALT on reference coordinates, one for each bin; `None` where there is no variant.
    pub alternate: Option<Vec<f64>>,
}

/// A gene, by the transcript that stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneModel {
    /// Symbol or identifier.
    pub label: String,
    /// Strand.
    pub strand: Strand,
    /// First to last base of the transcript.
    pub body: Interval,
    /// Exons, ascending.
    pub exons: Vec<Interval>,
    /// The coding part, introns included.
    pub coding: Option<Interval>,
}

/// The variant whose alleles are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedVariant {
    /// The bases of REF.
    pub bases: Interval,
    /// Its name.
    pub label: String,
}

/// Tracks along a stretch of a contig.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackPlot {
    /// Name, title and caption.
    pub labels: Labels,
    /// Contig name.
    pub contig: String,
    /// Assembly name; may be empty when it is not known.
    pub assembly: String,
    /// The part of the contig that is shown.
    pub interval: Interval,
    /// The part that is shown once more, magnified.
    pub zoom: Option<Interval>,
    /// Parts of which the sequence is not known, so that the model read N; grey.
    pub unknown: Vec<Interval>,
    /// The tracks, from top to bottom.
    pub rows: Vec<TrackRow>,
    /// Genes with a base in the interval.
    pub genes: Vec<GeneModel>,
    /// The variant.
    pub variant: Option<MarkedVariant>,
}

/// The horizontal scale of a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    shown: Interval,
    px_per_base: f64,
}

impl Scale {
    fn new(shown: Interval) -> Self {
        Self {
            shown,
            px_per_base: (RIGHT - LEFT) / f64::from(shown.len()),
        }
    }

    /// Left edge of the first and right edge of the last base of an interval, cut to what is shown.
    pub(super) fn edges(&self, interval: Interval) -> Option<(f64, f64)> {
        let shown = interval.intersect(self.shown)?;
        let x = |bound: u32| LEFT + f64::from(bound - self.shown.bed_start()) * self.px_per_base;
        Some((x(shown.bed_start()), x(shown.bed_end())))
    }
}

/// A section: a part of the contig with all tracks.
struct Section<'a> {
    scale: Scale,
    columns: Vec<Vec<Column>>,
    genes: Vec<GeneLane<'a>>,
    lanes: usize,
}

impl TrackPlot {
    /// Draws the figure.
    ///
    /// Where there are more bins than pixels, neighbouring bins are drawn as one: their greatest value, and of the
    /// differences the one of the greatest size. The table has what is drawn.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, there is no track or base, lists differ in length, a value is not
    /// finite, or the magnified part lies outside.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        self.check()?;
        let name = &self.labels.name;
        let sections: Vec<Section<'_>> = std::iter::once(self.interval)
            .chain(self.zoom)
            .map(|shown| self.section(shown))
            .collect();
        let heading = Heading::new(&self.labels.title, &self.labels.subtitle, look::WIDE);
        let keys = self.keys();
        let legend = if keys.is_empty() { 0.0 } else { 20.0 };
        let body: f64 = sections.iter().map(|section| self.section_height(section)).sum();
        let funnels = FUNNEL * (sections.len() - 1) as f64;
        let height = heading.height() + legend + body + funnels + look::LABEL + 8.0 + look::MARGIN;
        let mut canvas = Canvas::new(name, look::WIDE, height);
        heading.draw(&mut canvas);
        if !keys.is_empty() {
            draw_legend(&mut canvas, heading.height() + 4.0, &keys);
        }
        let mut top = heading.height() + legend;
        for (index, section) in sections.iter().enumerate() {
            let zoom = self.zoom.filter(|_| index == 0);
            let bottom = self.draw_section(&mut canvas, section, top, zoom);
            if let Some((from, to)) = zoom.and_then(|zoom| section.scale.edges(zoom)) {
                let below = bottom + FUNNEL;
                for (upper, lower) in [(from, LEFT), (to, RIGHT)] {
                    canvas.line((upper, bottom), (lower, below), Paint::stroke(MUTED, look::HAIRLINE));
                }
            }
            top = bottom + FUNNEL;
        }
        let assembly = if self.assembly.is_empty() {
            String::new()
        } else {
            format!("{}, ", self.assembly)
        };
        let axis = format!("{} position ({assembly}1-based)", self.contig);
        let text = Text::new((LEFT + RIGHT) / 2.0, height - look::MARGIN, &axis, look::LABEL);
        canvas.text(text.anchor(Anchor::Middle));
        let description = self.describe();
        let note = "Each track has its own scale. Where there are more bins than pixels, the greatest value of neighbouring \
                    bins is drawn, and of differences that of the greatest size.";
        Ok(Figure {
            name: name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(note),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: self.table(&sections),
        })
    }

    /// Returns what needs an explanation.
    fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        if self.rows.iter().any(|row| row.alternate.is_some()) {
            keys.extend([Key::Reference, Key::Alternate, Key::Difference]);
        }
        if self.unknown.iter().any(|part| part.intersect(self.interval).is_some()) {
            keys.push(Key::Unknown);
        }
        keys
    }

    fn check(&self) -> Result<(), FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "tracks", self.rows.is_empty())?;
        check_not_empty(name, "bases", self.interval.is_empty())?;
        for row in &self.rows {
            check_lengths(
                name,
                ("the list of bins", row.bins.len()),
                ("a track", row.reference.len()),
            )?;
            check_finite(name, "value of REF", row.reference.iter().copied())?;
            if let Some(alternate) = &row.alternate {
                check_lengths(name, ("the list of bins", row.bins.len()), ("a track", alternate.len()))?;
                check_finite(name, "value of ALT", alternate.iter().copied())?;
            }
        }
        let outside = |what: &str, interval: Interval| FigureError::Outside {
            figure: name.clone(),
            what: what.to_owned(),
            position: interval.first().unwrap_or(Position::FIRST),
            first: self.interval.first().unwrap_or(Position::FIRST),
            last: self.interval.last().unwrap_or(Position::FIRST),
        };
        if let Some(zoom) = self.zoom.filter(|zoom| zoom.is_empty() || !self.interval.covers(*zoom)) {
            return Err(outside("the magnified part", zoom));
        }
        let hidden = |variant: &&MarkedVariant| variant.bases.intersect(self.interval).is_none();
        if let Some(variant) = self.variant.as_ref().filter(hidden) {
            return Err(outside(&variant.label, variant.bases));
        }
        Ok(())
    }

    fn section(&self, shown: Interval) -> Section<'_> {
        let scale = Scale::new(shown);
        let (genes, lanes) = place_genes(&self.genes, &scale);
        Section {
            columns: self
                .rows
                .iter()
                .map(|row| columns(row, shown, (RIGHT - LEFT) as usize))
                .collect(),
            scale,
            genes,
            lanes,
        }
    }

    fn row_height(row: &TrackRow) -> f64 {
        let difference = if row.alternate.is_some() { DIFFERENCE + GAP } else { 0.0 };
        NAME + SIGNAL + difference + GAP
    }

    fn section_height(&self, section: &Section<'_>) -> f64 {
        let variant = if self.variant_at(section).is_some() {
            VARIANT
        } else {
            0.0
        };
        let rows: f64 = self.rows.iter().map(Self::row_height).sum();
        variant + section.lanes as f64 * GENE_LANE + rows + COORDINATES
    }

    /// Returns the edges of the variant in a section.
    fn variant_at(&self, section: &Section<'_>) -> Option<(&MarkedVariant, f64, f64)> {
        let variant = self.variant.as_ref()?;
        let (from, to) = section.scale.edges(variant.bases)?;
        Some((variant, from, to))
    }

    /// Draws a section and returns its lower end.
    fn draw_section(&self, canvas: &mut Canvas, section: &Section<'_>, top: f64, zoom: Option<Interval>) -> f64 {
        let bottom = top + self.section_height(section) - COORDINATES;
        let variant = self.variant_at(section);
        let body_top = top + if variant.is_some() { VARIANT } else { 0.0 };
        for (from, to) in self.unknown.iter().filter_map(|part| section.scale.edges(*part)) {
            let paint = Paint::fill(MISSING).with_opacity(0.4);
            canvas.rect(from, body_top, to - from, bottom - body_top, paint);
        }
        if let Some((from, to)) = zoom.and_then(|zoom| section.scale.edges(zoom)) {
            let width = (to - from).max(1.0);
            canvas.rect(
                from,
                body_top,
                width,
                bottom - body_top,
                Paint::fill(HIGHLIGHT).with_opacity(0.6),
            );
        }
        if let Some((variant, from, to)) = variant {
            let centre = (from + to) / 2.0;
            if to - from > 2.0 {
                let paint = Paint::fill(VERMILION).with_opacity(0.12);
                canvas.rect(from, body_top, to - from, bottom - body_top, paint);
            }
            let paint = Paint::stroke(VERMILION, look::HAIRLINE).with_dash("3 3");
            canvas.line((centre, body_top - 2.0), (centre, bottom), paint);
            let half = text_width(&variant.label, look::TICK, Weight::SemiBold) / 2.0;
            let x = centre.clamp(look::MARGIN + half, look::WIDE - look::MARGIN - half);
            let text = Text::new(x, top + cap_height(look::TICK) + 2.0, &variant.label, look::TICK);
            canvas.text(text.anchor(Anchor::Middle).bold().colour(VERMILION));
        }
        for gene in &section.genes {
            draw_gene(canvas, gene, body_top + gene.lane as f64 * GENE_LANE);
        }
        let mut y = body_top + section.lanes as f64 * GENE_LANE;
        for (row, columns) in self.rows.iter().zip(&section.columns) {
            draw_row(canvas, row, columns, y);
            y += Self::row_height(row);
        }
        draw_coordinates(canvas, &section.scale, bottom);
        bottom + COORDINATES
    }

    fn describe(&self) -> String {
        let mut text = format!(
            "{} predicted tracks over {} bases of {} from {}.",
            self.rows.len(),
            grouped(u64::from(self.interval.len())),
            self.contig,
            self.interval
                .first()
                .map_or(String::new(), |first| grouped(u64::from(first.one_based())))
        );
        if let Some(variant) = &self.variant {
            text.push_str(&format!(
                " REF and ALT of {} over each other, ALT minus REF below.",
                variant.label
            ));
        }
        for row in &self.rows {
            let pairs = row.alternate.iter().flatten().zip(&row.reference);
            let greatest = pairs
                .map(|(alternate, reference)| alternate - reference)
                .max_by(|a, b| a.abs().total_cmp(&b.abs()));
            match greatest {
                Some(greatest) => text.push_str(&format!(" {}: greatest difference {greatest:+.4}.", row.label)),
                None => {
                    let greatest = row.reference.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    text.push_str(&format!(" {}: greatest value {greatest:.4}.", row.label));
                }
            }
        }
        text
    }

    fn table(&self, sections: &[Section<'_>]) -> String {
        let headers = [
            "part",
            "track",
            "detail",
            "contig",
            "first",
            "last",
            "reference",
            "alternate",
            "difference",
        ];
        let mut table = Table::new(&headers);
        for (section, part) in sections.iter().zip(["whole", "magnified"]) {
            for (row, columns) in self.rows.iter().zip(&section.columns) {
                for column in columns {
                    let number = |position: Option<Position>| {
                        position.map_or(Cell::Missing, |position| Cell::Integer(u64::from(position.one_based())))
                    };
                    table.row(&[
                        Cell::Text(part),
                        Cell::Text(&row.label),
                        Cell::Text(&row.detail),
                        Cell::Text(&self.contig),
                        number(column.bases.first()),
                        number(column.bases.last()),
                        Cell::Number(column.reference),
                        column.alternate.into(),
                        column.difference.into(),
                    ]);
                }
            }
        }
        table.finish()
    }
}

/// Returns a text cut to a width, with an ellipsis.
pub(super) fn cut(text: &str, size: f64, weight: Weight, room: f64) -> String {
    if text_width(text, size, weight) <= room {
        return text.to_owned();
    }
    let mut kept: Vec<char> = text.chars().collect();
    loop {
        kept.pop();
        let shown = format!("{}\u{2026}", kept.iter().collect::<String>().trim_end());
        if kept.is_empty() || text_width(&shown, size, weight) <= room {
            return shown;
        }
    }
}

/// Writes the label of a row and, where there is room, its detail.
fn draw_label(canvas: &mut Canvas, label: &str, detail: &str, top: f64) {
    let baseline = top + cap_height(look::TICK) + 4.0;
    let room = RIGHT - look::MARGIN;
    let label = cut(label, look::TICK, Weight::SemiBold, room);
    let used = text_width(&label, look::TICK, Weight::SemiBold) + 10.0;
    canvas.text(Text::new(look::MARGIN, baseline, &label, look::TICK).bold());
    if !detail.is_empty() && room - used > 30.0 {
        let detail = cut(detail, look::TICK, Weight::Regular, room - used);
        canvas.text(Text::new(look::MARGIN + used, baseline, &detail, look::TICK).colour(MUTED));
    }
}

fn draw_row(canvas: &mut Canvas, row: &TrackRow, columns: &[Column], top: f64) {
    draw_label(canvas, &row.label, &row.detail, top);
    let signal_top = top + NAME;
    let values = columns
        .iter()
        .flat_map(|column| [Some(column.reference), column.alternate])
        .flatten();
    let axis = axis_of(values.clone().fold(0.0, f64::min), values.fold(0.0, f64::max));
    let y = panel(canvas, &axis, signal_top, SIGNAL);
    for (colour, is_area) in [(BLUE, true), (VERMILION, false)] {
        let points: Vec<(f64, f64)> = columns
            .iter()
            .filter_map(|column| {
                let value = if is_area {
                    Some(column.reference)
                } else {
                    column.alternate
                };
                value.map(|value| [(column.from, y(value)), (column.to, y(value))])
            })
            .flatten()
            .collect();
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            continue;
        };
        if is_area {
            let ends = [(last.0, y(0.0)), (first.0, y(0.0))];
            let area: Vec<(f64, f64)> = points.iter().copied().chain(ends).collect();
            canvas.polygon(&area, Paint::fill(SKY).with_opacity(0.3));
        }
        canvas.polyline(&points, Paint::stroke(colour, 1.2));
    }
    if row.alternate.is_some() {
        let differences = || columns.iter().filter_map(|column| column.difference);
        let size = differences().map(f64::abs).fold(0.0, f64::max);
        let axis = axis_of(-size, size);
        let y = panel(canvas, &axis, signal_top + SIGNAL + GAP, DIFFERENCE);
        for column in columns {
            let Some(difference) = column.difference.filter(|difference| *difference != 0.0) else {
                continue;
            };
            let colour: Colour = if difference > 0.0 { VERMILION } else { BLUE };
            let (from, to) = (y(difference.max(0.0)), y(difference.min(0.0)));
            let paint = Paint::fill(colour).with_opacity(0.8);
            canvas.rect(column.from, from, (column.to - column.from).max(0.6), to - from, paint);
        }
    }
}

/// Returns an axis with both ends labelled.
fn axis_of(low: f64, high: f64) -> Ticks {
    if low == 0.0 && high == 0.0 {
        return Ticks {
            low: 0.0,
            high: 1.0,
            step: 1.0,
            decimals: 0,
        };
    }
    Ticks::covering(low, high, 2)
}

/// Returns the text of an end of an axis; a number that is too wide is written with an exponent.
fn end_label(axis: &Ticks, value: f64) -> String {
    let label = axis.label(value);
    if text_width(&label, look::TICK, Weight::Regular) <= LEFT - 6.0 - look::MARGIN {
        return label;
    }
    format!("{value:.1e}").replace('-', "\u{2212}")
}

/// Draws the frame of a panel with the ends of its axis, and returns what turns values into heights.
fn panel(canvas: &mut Canvas, axis: &Ticks, top: f64, height: f64) -> impl Fn(f64) -> f64 + use<> {
    let (low, high) = (axis.low, axis.high);
    let y = move |value: f64| top + (high - value) / (high - low) * height;
    canvas.line((LEFT, top), (LEFT, top + height), Paint::stroke(AXIS, look::HAIRLINE));
    for value in [low, high] {
        let at = y(value);
        canvas.line((LEFT, at), (RIGHT, at), Paint::stroke(GRID, look::HAIRLINE));
        let baseline = at + cap_height(look::TICK) * if value == low { 0.0 } else { 1.0 };
        let label = end_label(axis, value);
        let text = Text::new(LEFT - 6.0, baseline, &label, look::TICK);
        canvas.text(text.anchor(Anchor::End).colour(MUTED));
    }
    canvas.line((LEFT, y(0.0)), (RIGHT, y(0.0)), Paint::stroke(AXIS, 0.7));
    y
}

fn draw_coordinates(canvas: &mut Canvas, scale: &Scale, top: f64) {
    canvas.line((LEFT, top), (RIGHT, top), Paint::stroke(AXIS, look::HAIRLINE));
    let (Some(first), Some(last)) = (scale.shown.first(), scale.shown.last()) else {
        return;
    };
    for number in ticks::genomic(first.one_based(), last.one_based(), scale.px_per_base, 96.0) {
        let base = Position::new(number).and_then(|position| Interval::at(position, 1));
        let Some((from, to)) = base.and_then(|base| scale.edges(base)) else {
            continue;
        };
        let x = (from + to) / 2.0;
        canvas.line(
            (x, top),
            (x, top + look::TICK_LENGTH),
            Paint::stroke(AXIS, look::HAIRLINE),
        );
        let label = grouped(u64::from(number));
        let half = text_width(&label, look::TICK, Weight::Regular) / 2.0;
        let inside = x.clamp(look::MARGIN + half, look::WIDE - look::MARGIN - half);
        let text = Text::new(inside, top + look::TICK_LENGTH + 2.0 + look::TICK, &label, look::TICK);
        canvas.text(text.anchor(Anchor::Middle));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_has_its_share_of_the_axis() {
        let scale = Scale::new(Interval::from_bed(100, 200).unwrap());
        let base = (RIGHT - LEFT) / 100.0;
        let edges = scale.edges(Interval::from_bed(110, 120).unwrap()).unwrap();
        assert!((edges.0 - LEFT - 10.0 * base).abs() < 1e-9 && (edges.1 - LEFT - 20.0 * base).abs() < 1e-9);
        assert_eq!(scale.edges(Interval::from_bed(50, 300).unwrap()), Some((LEFT, RIGHT)));
        assert_eq!(scale.edges(Interval::from_bed(200, 300).unwrap()), None);
    }

    #[test]
    fn a_long_name_is_cut() {
        let short = cut("a name that is long", look::TICK, Weight::Regular, 50.0);
        assert!(short.ends_with('\u{2026}') && text_width(&short, look::TICK, Weight::Regular) <= 50.0);
        assert_eq!(cut("abc", look::TICK, Weight::Regular, 50.0), "abc");
    }
}
