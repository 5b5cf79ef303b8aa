//! Locus map: a stretch of a contig with genes, elements, the start of transcription and variants.

use refalt_core::{Interval, Position, Strand};

use lanes::{ROW, START_ROW, draw_feature, draw_start, start_text};

use super::drawing::canvas::{Anchor, Canvas, Paint, Text};
use super::drawing::colour::{AXIS, BLUE, Colour, GREEN, GRID, MUTED, ORANGE, PURPLE, SKY, VERMILION};
use super::drawing::font::{Weight, middle, text_width};
use super::drawing::heading::{Heading, vertical_title};
use super::drawing::look;
use super::drawing::number::{grouped, signed};
use super::drawing::placement::spread_over_lines;
use super::drawing::table::{Cell, Table};
use super::drawing::ticks::{self, Ticks};
use super::{Figure, FigureError, FigureKind, Labels, check_finite, check_not_empty};

mod lanes;

/// Line of the table [`super::FIGURES`].
pub const KIND: FigureKind = FigureKind {
    name: "locus",
    shows: "a stretch of a contig to scale, with genes, elements, transcription start and variants",
};

/// Height of a line of variant labels.
const LABEL_LINE: f64 = 16.0;
/// Height of the lane in which stems show values.
const VALUES: f64 = 130.0;
/// Height of stems that show no value.
const STEM: f64 = 26.0;

/// What a feature is; decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureKind {
    /// A gene or transcript.
    Gene,
    /// A coding sequence or exon.
    Exon,
    /// A promoter.
    Promoter,
    /// An assayed or annotated element.
    Element,
    /// A transcription-factor site.
    Site,
}

impl FeatureKind {
    fn colour(self) -> Colour {
        match self {
            Self::Gene => SKY,
            Self::Exon => BLUE,
            Self::Promoter => ORANGE,
            Self::Element => GREEN,
            Self::Site => PURPLE,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gene => "gene",
            Self::Exon => "exon",
            Self::Promoter => "promoter",
            Self::Element => "element",
            Self::Site => "site",
        }
    }
}

/// A stretch with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Name.
    pub label: String,
    /// What it is.
    pub kind: FeatureKind,
    /// Where it is; cut where it leaves the map.
    pub interval: Interval,
    /// Its strand, shown as an arrow after the name.
    pub strand: Option<Strand>,
}

/// A transcription start site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tss {
    /// First transcribed base (1-based).
    pub position: Position,
    /// Direction of transcription.
    pub strand: Strand,
    /// Name; the position is written after it.
    pub label: String,
}

/// A variant on the map.
#[derive(Clone, Debug, PartialEq)]
pub struct LocusVariant {
    /// Where it is (1-based).
    pub position: Position,
    /// Name in the table; emphasised variants also show it on the map.
    pub label: String,
    /// Height of its stem.
    pub value: Option<f64>,
    /// Drawn in a second colour, with a head and its label.
    pub emphasised: bool,
}

/// A locus map.
#[derive(Clone, Debug, PartialEq)]
pub struct Locus {
    /// Name, title and caption.
    pub labels: Labels,
    /// Contig name.
    pub contig: String,
    /// Assembly name; may be empty when it is not known.
    pub assembly: String,
    /// The part of the contig that is shown.
    pub interval: Interval,
    /// Title of the value axis with its unit; used when a variant has a value.
    pub value_title: String,
    /// Transcription start sites.
    pub starts: Vec<Tss>,
    /// Genes, promoters and elements.
    pub features: Vec<Feature>,
    /// Variants.
    pub variants: Vec<LocusVariant>,
}

/// The horizontal scale.
#[derive(Clone, Copy, Debug)]
struct Scale {
    first: Position,
    left: f64,
    right: f64,
    px_per_base: f64,
}

impl Scale {
    /// Middle of a base.
    fn x(&self, position: Position) -> f64 {
        self.left + (self.first.distance_to(position) as f64 + 0.5) * self.px_per_base
    }

    /// Left edge of the first and right edge of the last base of an interval.
    fn edges(&self, interval: Interval) -> Option<(f64, f64)> {
        let half = self.px_per_base / 2.0;
        Some((self.x(interval.first()?) - half, self.x(interval.last()?) + half))
    }
}

impl Locus {
    /// Draws the figure.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, the interval is empty, a value is not finite, a variant or
    /// start lies outside, a feature lies wholly outside, or a label is wider than the figure.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        self.check()?;
        let name = &self.labels.name;
        let has_values = self.variants.iter().any(|variant| variant.value.is_some());
        let left = if has_values {
            look::MARGIN + 62.0
        } else {
            look::MARGIN + 14.0
        };
        let right = look::WIDE - look::MARGIN - 26.0;
        let first = self.interval.first().unwrap_or(Position::FIRST);
        let scale = Scale {
            first,
            left,
            right,
            px_per_base: (right - left) / f64::from(self.interval.len()),
        };

        let mut named: Vec<&LocusVariant> = self
            .variants
            .iter()
            .filter(|v| v.emphasised && !v.label.is_empty())
            .collect();
        named.sort_by_key(|variant| variant.position);
        let wanted: Vec<(f64, f64)> = named
            .iter()
            .map(|v| (scale.x(v.position), text_width(&v.label, look::TICK, Weight::SemiBold)))
            .collect();
        let places = spread_over_lines(&wanted, look::MARGIN, look::WIDE - look::MARGIN, 10.0).ok_or_else(|| {
            let label = named
                .iter()
                .max_by_key(|v| v.label.len())
                .map_or(String::new(), |v| v.label.clone());
            FigureError::Label {
                figure: name.clone(),
                label,
            }
        })?;
        let lines = places.iter().map(|place| place.0 + 1).max().unwrap_or(0);
        let features = self.place_features(&scale);
        let rows = features.iter().map(|placed| placed.row + 1).max().unwrap_or(0);
        let (start_rows, start_places) = self.place_starts(&scale);

        let heading = Heading::new(&self.labels.title, &self.labels.subtitle, look::WIDE);
        let labels_top = heading.height();
        let lane_top = labels_top + lines as f64 * LABEL_LINE + if lines > 0 { 12.0 } else { 4.0 };
        let lane_bottom = lane_top
            + match (has_values, self.variants.is_empty()) {
                (true, _) => VALUES,
                (false, false) => STEM,
                (false, true) => 0.0,
            };
        let axis_y = lane_bottom + if has_values { 10.0 } else { 0.0 };
        let starts_top = axis_y + look::TICK_LENGTH + look::TICK + 14.0;
        let features_top = starts_top + start_rows as f64 * START_ROW;
        let height = features_top + rows as f64 * ROW + 6.0 + look::LABEL + look::MARGIN;

        let mut canvas = Canvas::new(name, look::WIDE, height);
        heading.draw(&mut canvas);
        for tss in &self.starts {
            let x = scale.x(tss.position);
            let paint = Paint::stroke(MUTED, look::HAIRLINE).with_dash("2 3");
            canvas.line((x, lane_top), (x, features_top), paint);
        }
        let baseline = if has_values {
            self.draw_values(&mut canvas, &scale, lane_top, lane_bottom)
        } else {
            self.draw_stems(&mut canvas, &scale, lane_top, lane_bottom);
            Vec::new()
        };
        self.draw_labels(
            &mut canvas,
            &scale,
            &named,
            &places,
            lines,
            labels_top,
            lane_top,
            &baseline,
        );
        self.draw_axis(&mut canvas, &scale, axis_y);
        for (tss, (row, label_x, anchor)) in self.starts.iter().zip(start_places) {
            let bottom = starts_top + (row + 1) as f64 * START_ROW - 6.0;
            draw_start(&mut canvas, tss, scale.x(tss.position), bottom, label_x, anchor);
        }
        for placed in &features {
            draw_feature(&mut canvas, placed, features_top + placed.row as f64 * ROW);
        }
        let assembly = if self.assembly.is_empty() {
            String::new()
        } else {
            format!("{}, ", self.assembly)
        };
        let axis = format!("{} position ({assembly}1-based)", self.contig);
        let axis_text = Text::new((left + right) / 2.0, height - look::MARGIN, &axis, look::LABEL);
        canvas.text(axis_text.anchor(Anchor::Middle));

        let description = self.describe();
        Ok(Figure {
            name: name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(""),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: self.table(),
        })
    }

    fn check(&self) -> Result<(), FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "bases", self.interval.is_empty())?;
        check_finite(name, "value", self.variants.iter().filter_map(|variant| variant.value))?;
        let outside = |what: &str, position: Position| FigureError::Outside {
            figure: name.clone(),
            what: what.to_owned(),
            position,
            first: self.interval.first().unwrap_or(position),
            last: self.interval.last().unwrap_or(position),
        };
        let points = self.variants.iter().map(|v| (&v.label, v.position));
        for (label, position) in points.chain(self.starts.iter().map(|t| (&t.label, t.position))) {
            if !self.interval.contains(position) {
                return Err(outside(label, position));
            }
        }
        for feature in &self.features {
            let seen = feature
                .interval
                .intersect(self.interval)
                .is_some_and(|shown| !shown.is_empty());
            if let (false, Some(position)) = (seen, feature.interval.first()) {
                return Err(outside(&feature.label, position));
            }
        }
        Ok(())
    }

    /// Draws stems from zero to each value and returns the tip of every named variant in order of position.
    fn draw_values(&self, canvas: &mut Canvas, scale: &Scale, top: f64, bottom: f64) -> Vec<f64> {
        let values = self.variants.iter().filter_map(|variant| variant.value).chain([0.0]);
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        let axis = Ticks::covering(low, high, 4);
        let y = |value: f64| bottom - (value - axis.low) / (axis.high - axis.low) * (bottom - top);
        for value in axis.values() {
            canvas.line(
                (scale.left, y(value)),
                (scale.right, y(value)),
                Paint::stroke(GRID, look::HAIRLINE),
            );
            let label = axis.label(value);
            let text = Text::new(scale.left - 7.0, y(value) + middle(look::TICK), &label, look::TICK);
            canvas.text(text.anchor(Anchor::End));
        }
        canvas.line(
            (scale.left, y(0.0)),
            (scale.right, y(0.0)),
            Paint::stroke(AXIS, look::HAIRLINE),
        );
        vertical_title(
            canvas,
            look::MARGIN + look::LABEL - 2.0,
            (top + bottom) / 2.0,
            &self.value_title,
        );
        let width = (scale.px_per_base * 0.7).clamp(0.6, 2.0);
        for emphasised in [false, true] {
            for variant in self.variants.iter().filter(|variant| variant.emphasised == emphasised) {
                let x = scale.x(variant.position);
                let tip = y(variant.value.unwrap_or(0.0));
                if emphasised {
                    canvas.line((x, y(0.0)), (x, tip), Paint::stroke(VERMILION, width.max(1.4)));
                    canvas.circle(x, tip, 3.8, Paint::fill(VERMILION), Some(&variant_text(variant)));
                } else {
                    let paint = Paint::stroke(BLUE, width).with_opacity(0.55);
                    canvas.line((x, y(0.0)), (x, tip), paint);
                }
            }
        }
        let mut named: Vec<&LocusVariant> = self
            .variants
            .iter()
            .filter(|v| v.emphasised && !v.label.is_empty())
            .collect();
        named.sort_by_key(|variant| variant.position);
        named.iter().map(|variant| y(variant.value.unwrap_or(0.0))).collect()
    }

    fn draw_stems(&self, canvas: &mut Canvas, scale: &Scale, top: f64, bottom: f64) {
        for emphasised in [false, true] {
            for variant in self.variants.iter().filter(|variant| variant.emphasised == emphasised) {
                let x = scale.x(variant.position);
                let (colour, radius) = if emphasised { (VERMILION, 4.2) } else { (BLUE, 2.4) };
                let tip = if emphasised { top + 4.0 } else { top + STEM * 0.45 };
                canvas.line((x, bottom), (x, tip), Paint::stroke(colour, 1.2));
                canvas.circle(x, tip, radius, Paint::fill(colour), Some(&variant_text(variant)));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the lanes of one drawing")]
    fn draw_labels(
        &self,
        canvas: &mut Canvas,
        scale: &Scale,
        named: &[&LocusVariant],
        places: &[(usize, f64)],
        lines: usize,
        top: f64,
        lane_top: f64,
        tips: &[f64],
    ) {
        let baseline = |line: usize| top + (lines - line) as f64 * LABEL_LINE - 4.0;
        for (index, (variant, &(line, centre))) in named.iter().zip(places).enumerate() {
            let x = scale.x(variant.position);
            let tip = tips.get(index).copied().unwrap_or(lane_top + 4.0);
            let bend = lane_top - 4.0;
            let points = [(centre, baseline(line) + 3.0), (x, bend), (x, (tip - 4.0).max(bend))];
            canvas.polyline(&points, Paint::stroke(VERMILION, 0.9));
        }
        // Text over leaders of higher lines.
        for (variant, &(line, centre)) in named.iter().zip(places) {
            let text = Text::new(centre, baseline(line), &variant.label, look::TICK);
            canvas.text(Text { halo: true, ..text }.anchor(Anchor::Middle).bold());
        }
    }

    fn draw_axis(&self, canvas: &mut Canvas, scale: &Scale, y: f64) {
        canvas.line((scale.left, y), (scale.right, y), Paint::stroke(AXIS, look::HAIRLINE));
        let (Some(first), Some(last)) = (self.interval.first(), self.interval.last()) else {
            return;
        };
        for number in ticks::genomic(first.one_based(), last.one_based(), scale.px_per_base, 92.0) {
            let Some(position) = Position::new(number) else {
                continue;
            };
            let x = scale.x(position);
            canvas.line((x, y), (x, y + look::TICK_LENGTH), Paint::stroke(AXIS, look::HAIRLINE));
            let label = grouped(u64::from(number));
            let text = Text::new(x, y + look::TICK_LENGTH + 2.0 + look::TICK, &label, look::TICK);
            canvas.text(Text { halo: true, ..text }.anchor(Anchor::Middle));
        }
    }

    fn describe(&self) -> String {
        let mut parts = vec![format!(
            "{} bases of {} from {}",
            grouped(u64::from(self.interval.len())),
            self.contig,
            self.interval
                .first()
                .map_or(String::new(), |p| grouped(u64::from(p.one_based())))
        )];
        parts.extend(
            self.starts
                .iter()
                .map(|tss| format!("{} on strand {}", start_text(tss), tss.strand)),
        );
        parts.extend(self.features.iter().map(|f| format!("{} {}", f.kind.name(), f.label)));
        let named = self.variants.iter().filter(|v| v.emphasised);
        parts.extend(named.map(|v| format!("variant {} at {}", v.label, grouped(u64::from(v.position.one_based())))));
        parts.push(format!("{} variants in all", grouped(self.variants.len() as u64)));
        format!("{}.", parts.join("; "))
    }

    fn table(&self) -> String {
        let mut table = Table::new(&[
            "kind",
            "label",
            "contig",
            "first",
            "last",
            "strand",
            "value",
            "emphasised",
        ]);
        let number =
            |position: Option<Position>| position.map_or(Cell::Missing, |p| Cell::Integer(u64::from(p.one_based())));
        let sign = |strand: Option<Strand>| match strand {
            Some(Strand::Forward) => Cell::Text("+"),
            Some(Strand::Reverse) => Cell::Text("-"),
            None => Cell::Missing,
        };
        for tss in &self.starts {
            let at = number(Some(tss.position));
            let (label, contig) = (Cell::Text(&tss.label), Cell::Text(&self.contig));
            let missing = Cell::Missing;
            table.row(&[
                Cell::Text("tss"),
                label,
                contig,
                at,
                at,
                sign(Some(tss.strand)),
                missing,
                missing,
            ]);
        }
        for feature in &self.features {
            table.row(&[
                Cell::Text(feature.kind.name()),
                Cell::Text(&feature.label),
                Cell::Text(&self.contig),
                number(feature.interval.first()),
                number(feature.interval.last()),
                sign(feature.strand),
                Cell::Missing,
                Cell::Missing,
            ]);
        }
        for variant in &self.variants {
            let at = number(Some(variant.position));
            table.row(&[
                Cell::Text("variant"),
                Cell::Text(&variant.label),
                Cell::Text(&self.contig),
                at,
                at,
                Cell::Missing,
                variant.value.into(),
                Cell::Text(if variant.emphasised { "yes" } else { "no" }),
            ]);
        }
        table.finish()
    }
}

fn variant_text(variant: &LocusVariant) -> String {
    let position = grouped(u64::from(variant.position.one_based()));
    match variant.value {
        Some(value) => format!("{} {position} {}", variant.label, signed(value, 3)),
        None => format!("{} {position}", variant.label),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_stands_in_the_middle_of_its_share_of_the_axis() {
        let first = Position::new(101).unwrap();
        let scale = Scale {
            first,
            left: 50.0,
            right: 150.0,
            px_per_base: 10.0,
        };
        assert_eq!(scale.x(first), 55.0);
        assert_eq!(scale.x(Position::new(110).unwrap()), 145.0);
        // BED 102-104 is bases 103 and 104: from 50 + 2 x 10 to 50 + 4 x 10.
        assert_eq!(scale.edges(Interval::from_bed(102, 104).unwrap()), Some((70.0, 90.0)));
    }
}
