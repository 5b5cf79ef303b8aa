//! Predicted splice junctions as arcs along the contig: REF above the line, ALT below it, and their difference.

use super::drawing::canvas::{Anchor, Canvas, Paint, Text};
use super::drawing::colour::{AXIS, BLUE, Colour, MUTED, VERMILION};
use super::drawing::font::{Weight, cap_height, text_width};
use super::drawing::look;
use super::drawing::number::grouped;
use super::drawing::placement::Area;
use super::drawing::table::{Cell, Table};
use super::tracks::{Along, GeneModel, LEFT, MarkedVariant, Panel, RIGHT, Scale};
use super::{Figure, FigureError, FigureKind, Labels, check_finite, check_not_empty};
use refalt_core::strand::sign_or_dot;
use refalt_core::{Interval, Strand};

/// Line of the table [`super::FIGURES`].
pub const KIND: FigureKind = FigureKind {
    name: "junctions",
    shows: "predicted splice junctions of REF and ALT and their difference as arcs along the contig, with genes and variant",
};

/// Height of the arcs on one side of a line.
const ARCS: f64 = 62.0;
/// Stroke of the greatest count.
const THICK: f64 = 4.0;

/// A splice junction.
#[derive(Clone, Debug, PartialEq)]
pub struct JunctionArc {
    /// The intron.
    pub intron: Interval,
    /// Strand, where it is known.
    pub strand: Option<Strand>,
    /// Count of REF; `None` where only ALT has the junction.
    pub reference: Option<f64>,
    /// Count of ALT; `None` where only REF has it, or there is no variant.
    pub alternate: Option<f64>,
}

impl JunctionArc {
    /// Returns ALT minus REF, a junction that an allele does not have counted 0.
    fn difference(&self) -> f64 {
        self.alternate.unwrap_or(0.0) - self.reference.unwrap_or(0.0)
    }
}

/// The junctions of a track.
#[derive(Clone, Debug, PartialEq)]
pub struct JunctionTrack {
    /// Its name.
    pub label: String,
    /// What stands behind the name; may be empty.
    pub detail: String,
    /// The junctions.
    pub arcs: Vec<JunctionArc>,
}

/// Splice junctions along a stretch of a contig.
#[derive(Clone, Debug, PartialEq)]
pub struct JunctionPlot {
    /// Name, title and caption.
    pub labels: Labels,
    /// Contig name.
    pub contig: String,
    /// Assembly name; may be empty when it is not known.
    pub assembly: String,
    /// The part of the contig that is shown.
    pub interval: Interval,
    /// Parts of which the sequence is not known; grey.
    pub unknown: Vec<Interval>,
    /// The tracks, from top to bottom.
    pub tracks: Vec<JunctionTrack>,
    /// Whether there is an alternate allele.
    pub has_alternate: bool,
    /// Genes with a base in the interval.
    pub genes: Vec<GeneModel>,
    /// The variant.
    pub variant: Option<MarkedVariant>,
}

/// An arc to draw: intron, what it counts, whether above the line, colour.
struct Arc {
    intron: Interval,
    label: String,
    share: f64,
    is_up: bool,
    colour: Colour,
}

impl JunctionPlot {
    /// Draws the figure.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, there is no track or base, or a count is not finite.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        self.check()?;
        let mut panels = Vec::new();
        let mut arcs: Vec<(Vec<Arc>, bool)> = Vec::new();
        for track in &self.tracks {
            let counts = track
                .arcs
                .iter()
                .flat_map(|arc| [arc.reference, arc.alternate])
                .flatten();
            let most = counts.fold(0.0, |most: f64, count| most.max(count.abs()));
            let mut shown = Vec::new();
            for arc in &track.arcs {
                for (count, is_up, colour) in [(arc.reference, true, BLUE), (arc.alternate, false, VERMILION)] {
                    if let Some(count) = count.filter(|count| *count != 0.0) {
                        shown.push(arc_of(arc, count, most, is_up, colour, false));
                    }
                }
            }
            let sides = if self.has_alternate { 2.0 } else { 1.0 };
            let what = if self.has_alternate {
                ", REF above, ALT below"
            } else {
                ""
            };
            panels.push(Panel {
                label: format!("{}{what}", track.label),
                detail: track.detail.clone(),
                height: sides * ARCS,
            });
            arcs.push((shown, self.has_alternate));
            if self.has_alternate {
                let most = track.arcs.iter().map(|arc| arc.difference().abs()).fold(0.0, f64::max);
                let changed = track.arcs.iter().filter(|arc| arc.difference() != 0.0);
                let of = |arc: &JunctionArc| {
                    let difference = arc.difference();
                    let colour = if difference > 0.0 { VERMILION } else { BLUE };
                    arc_of(arc, difference, most, difference > 0.0, colour, true)
                };
                let changed: Vec<Arc> = changed.map(of).collect();
                let (detail, height) = if changed.is_empty() {
                    ("no difference", 0.0)
                } else {
                    ("more above, less below", 2.0 * ARCS)
                };
                panels.push(Panel {
                    label: format!("{}, ALT \u{2212} REF", track.label),
                    detail: detail.to_owned(),
                    height,
                });
                arcs.push((changed, true));
            }
        }
        let along = Along {
            labels: &self.labels,
            contig: &self.contig,
            assembly: &self.assembly,
            interval: self.interval,
            unknown: &self.unknown,
            genes: &self.genes,
            variant: self.variant.as_ref(),
        };
        let canvas = along.draw(&panels, |canvas, scale, index, top| {
            draw_arcs(canvas, scale, &arcs[index].0, arcs[index].1, top);
        });
        let description = self.describe();
        let note = "An arc spans an intron; its stroke grows with the count, the greatest of a track is the thickest. Numbers are \
                    written where there is room, the greatest first. A junction that an allele does not have counts 0 in the \
                    difference. ALT is in the coordinates of its own sequence.";
        Ok(Figure {
            name: self.labels.name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(note),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: self.table(),
        })
    }

    fn check(&self) -> Result<(), FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "tracks", self.tracks.is_empty())?;
        check_not_empty(name, "bases", self.interval.is_empty())?;
        for track in &self.tracks {
            check_finite(name, "count of REF", track.arcs.iter().filter_map(|arc| arc.reference))?;
            check_finite(name, "count of ALT", track.arcs.iter().filter_map(|arc| arc.alternate))?;
        }
        Ok(())
    }

    fn describe(&self) -> String {
        let mut text = format!(
            "Predicted splice junctions of {} tracks over {} bases of {}.",
            self.tracks.len(),
            grouped(u64::from(self.interval.len())),
            self.contig
        );
        for track in &self.tracks {
            text.push_str(&format!(" {}: {} junctions.", track.label, track.arcs.len()));
            let greatest = track
                .arcs
                .iter()
                .max_by(|a, b| a.difference().abs().total_cmp(&b.difference().abs()));
            if let Some(greatest) = greatest.filter(|_| self.has_alternate) {
                text.push_str(&format!(
                    " Greatest difference {:+.4} over {}:{}.",
                    greatest.difference(),
                    self.contig,
                    greatest.intron
                ));
            }
        }
        text
    }

    fn table(&self) -> String {
        let headers = [
            "track",
            "detail",
            "contig",
            "intron_first",
            "intron_last",
            "strand",
            "reference",
            "alternate",
            "difference",
        ];
        let mut table = Table::new(&headers);
        for track in &self.tracks {
            for arc in &track.arcs {
                let number = |position: Option<refalt_core::Position>| {
                    position.map_or(Cell::Missing, |position| Cell::Integer(u64::from(position.one_based())))
                };
                let strand = sign_or_dot(arc.strand);
                table.row(&[
                    Cell::Text(&track.label),
                    Cell::Text(&track.detail),
                    Cell::Text(&self.contig),
                    number(arc.intron.first()),
                    number(arc.intron.last()),
                    Cell::Text(strand),
                    arc.reference.into(),
                    arc.alternate.into(),
                    self.has_alternate.then(|| arc.difference()).into(),
                ]);
            }
        }
        table.finish()
    }
}

fn arc_of(arc: &JunctionArc, count: f64, most: f64, is_up: bool, colour: Colour, is_signed: bool) -> Arc {
    let sign = arc.strand.map_or(String::new(), |strand| format!(" {}", strand.sign()));
    // Two decimals, more where they would show nothing of the count.
    let decimals = match count.abs() {
        size if size == 0.0 || size >= 0.1 => 2,
        size => (1.0 - size.log10().floor()).min(6.0) as usize,
    };
    let count_text = if is_signed {
        format!("{count:+.decimals$}")
    } else {
        format!("{count:.decimals$}")
    };
    Arc {
        intron: arc.intron,
        label: format!("{count_text}{sign}").replace('-', "\u{2212}"),
        share: if most > 0.0 { count.abs() / most } else { 0.0 },
        is_up,
        colour,
    }
}

/// Draws arcs on one or both sides of a line, and their numbers where there is room.
fn draw_arcs(canvas: &mut Canvas, scale: &Scale, arcs: &[Arc], has_below: bool, top: f64) {
    if arcs.is_empty() {
        return;
    }
    let line = top + ARCS;
    let bottom = if has_below { line + ARCS } else { line };
    canvas.open_clip(LEFT, top, RIGHT - LEFT, bottom - top + 0.5);
    let longest = arcs.iter().map(|arc| arc.intron.len()).max().unwrap_or(1).max(1);
    let room = ARCS - look::TICK - 6.0;
    let mut order: Vec<&Arc> = arcs.iter().collect();
    order.sort_by(|a, b| b.share.total_cmp(&a.share));
    let mut labels = Vec::new();
    for arc in &order {
        let Some((from, to)) = scale.edges(arc.intron) else {
            continue;
        };
        // Long ones arch over short ones.
        let rise = 12.0 + (room - 12.0) * (f64::from(arc.intron.len()) / f64::from(longest)).sqrt();
        let side = if arc.is_up { -1.0 } else { 1.0 };
        // A quadratic curve reaches half the height of its control point.
        let data = format!(
            "M{from:.2} {line:.2}Q{:.2} {:.2} {to:.2} {line:.2}",
            (from + to) / 2.0,
            line + side * 2.0 * rise
        );
        let width = 0.7 + (THICK - 0.7) * arc.share;
        canvas.path(
            &data,
            Paint::stroke(arc.colour, width).with_opacity(0.25 + 0.5 * arc.share),
        );
        labels.push((*arc, (from + to) / 2.0, line + side * rise, side));
    }
    canvas.close_group();
    canvas.line((LEFT, line), (RIGHT, line), Paint::stroke(AXIS, look::HAIRLINE));
    let mut taken: Vec<Area> = Vec::new();
    for (arc, centre, apex, side) in labels {
        let width = text_width(&arc.label, look::TICK, Weight::Regular);
        let x = centre.clamp(LEFT + width / 2.0, RIGHT - width / 2.0);
        let baseline = if side < 0.0 {
            apex - 4.0
        } else {
            apex + 4.0 + cap_height(look::TICK)
        };
        let area = Area {
            x: x - width / 2.0 - 2.0,
            y: baseline - cap_height(look::TICK) - 1.0,
            width: width + 4.0,
            height: cap_height(look::TICK) + 3.0,
        };
        if taken.iter().any(|other| other.overlaps(&area)) {
            continue;
        }
        let text = Text::new(x, baseline, &arc.label, look::TICK).anchor(Anchor::Middle);
        canvas.text(Text { halo: true, ..text }.colour(MUTED));
        taken.push(area);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> JunctionPlot {
        let arc = |start, end, reference, alternate| JunctionArc {
            intron: Interval::from_bed(start, end).unwrap(),
            strand: Some(Strand::Reverse),
            reference,
            alternate,
        };
        JunctionPlot {
            labels: Labels {
                name: "junctions".to_owned(),
                title: "Junctions".to_owned(),
                ..Labels::default()
            },
            contig: "chr1".to_owned(),
            assembly: String::new(),
            interval: Interval::from_bed(0, 1000).unwrap(),
            unknown: Vec::new(),
            tracks: vec![JunctionTrack {
                label: "K562".to_owned(),
                detail: String::new(),
                arcs: vec![arc(100, 300, Some(4.0), Some(1.5)), arc(100, 500, None, Some(2.0))],
            }],
            has_alternate: true,
            genes: Vec::new(),
            variant: None,
        }
    }

    #[test]
    fn the_table_has_counts_and_differences_and_says_what_is_missing() {
        let figure = plot().draw().unwrap();
        let rows: Vec<&str> = figure.tsv.lines().skip(1).collect();
        assert_eq!(
            rows,
            [
                "K562\t\tchr1\t101\t300\t-\t4\t1.5\t-2.5",
                "K562\t\tchr1\t101\t500\t-\tNA\t2\t2"
            ]
        );
        assert!(figure.svg.contains("+2.00") && figure.svg.contains("\u{2212}2.50"));
    }

    #[test]
    fn without_a_variant_there_is_one_side_and_no_difference() {
        let mut plot = plot();
        plot.has_alternate = false;
        for arc in &mut plot.tracks[0].arcs {
            arc.alternate = None;
        }
        let figure = plot.draw().unwrap();
        assert!(figure.tsv.lines().nth(1).unwrap().ends_with("\t4\tNA\tNA"));
        assert!(!figure.svg.contains("ALT"));
    }

    #[test]
    fn a_count_that_is_none_is_refused() {
        let mut plot = plot();
        plot.tracks[0].arcs[0].reference = Some(f64::INFINITY);
        assert!(matches!(plot.draw(), Err(FigureError::NotFinite { .. })));
    }
}
