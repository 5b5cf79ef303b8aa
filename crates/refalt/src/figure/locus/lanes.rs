//! The lanes below the axis: transcription starts and features.

use refalt_core::Strand;

use super::{Feature, Locus, Scale, Tss};
use crate::figure::drawing::canvas::{Anchor, Canvas, Paint, Text};
use crate::figure::drawing::colour::INK;
use crate::figure::drawing::font::{Weight, middle, text_width};
use crate::figure::drawing::look;
use crate::figure::drawing::number::grouped;
use crate::figure::drawing::placement::pack;

/// Height of a row of features.
pub(super) const ROW: f64 = 24.0;
/// Height of the box of a feature.
const BOX: f64 = 15.0;
/// Height and length of the arrow at a transcription start.
const ARROW: (f64, f64) = (15.0, 26.0);
/// Height of a row of transcription starts.
pub(super) const START_ROW: f64 = ARROW.0 + 10.0;

/// A feature or start with the room it takes, label included.
#[derive(Debug)]
pub(super) struct Placed<'a> {
    pub(super) feature: &'a Feature,
    from: f64,
    to: f64,
    label_x: f64,
    anchor: Anchor,
    text: String,
    pub(super) row: usize,
}

impl Locus {
    pub(super) fn place_features(&self, scale: &Scale) -> Vec<Placed<'_>> {
        let mut placed = Vec::new();
        for feature in &self.features {
            let shown = feature.interval.intersect(self.interval);
            let Some((from, to)) = shown.and_then(|shown| scale.edges(shown)) else {
                continue;
            };
            let text = match feature.strand {
                Some(Strand::Forward) => format!("{} \u{2192}", feature.label),
                Some(Strand::Reverse) => format!("\u{2190} {}", feature.label),
                None => feature.label.clone(),
            };
            let width = text_width(&text, look::TICK, Weight::Regular);
            let (label_x, anchor) = if to - from >= width + 12.0 {
                ((from + to) / 2.0, Anchor::Middle)
            } else if to + 6.0 + width <= look::WIDE - look::MARGIN {
                (to + 6.0, Anchor::Start)
            } else {
                (from - 6.0, Anchor::End)
            };
            placed.push(Placed {
                feature,
                from,
                to,
                label_x,
                anchor,
                text,
                row: 0,
            });
        }
        let extents: Vec<(f64, f64)> = placed
            .iter()
            .map(|p| {
                let width = text_width(&p.text, look::TICK, Weight::Regular);
                match p.anchor {
                    Anchor::Middle => (p.from, p.to),
                    Anchor::Start => (p.from, p.label_x + width),
                    Anchor::End => (p.label_x - width, p.to),
                }
            })
            .collect();
        for (placed, row) in placed.iter_mut().zip(pack(&extents, 10.0)) {
            placed.row = row;
        }
        placed
    }

    /// Returns the number of rows, and row, label position and anchor of each start.
    pub(super) fn place_starts(&self, scale: &Scale) -> (usize, Vec<(usize, f64, Anchor)>) {
        let mut extents = Vec::new();
        let mut labels = Vec::new();
        for tss in &self.starts {
            let x = scale.x(tss.position);
            let width = text_width(&start_text(tss), look::TICK, Weight::SemiBold);
            let beyond = ARROW.1 + 7.0;
            // The label stands beyond the tip of the arrow, or behind its foot where the map ends.
            let ahead = match tss.strand {
                Strand::Forward => x + beyond + width <= look::WIDE - look::MARGIN,
                Strand::Reverse => x - beyond - width >= look::MARGIN,
            };
            let to_the_right = (tss.strand == Strand::Forward) == ahead;
            let distance = if ahead { beyond } else { 7.0 };
            if to_the_right {
                labels.push((x + distance, Anchor::Start));
                extents.push((x - ARROW.1, x + distance + width));
            } else {
                labels.push((x - distance, Anchor::End));
                extents.push((x - distance - width, x + ARROW.1));
            }
        }
        let rows = pack(&extents, 8.0);
        let count = rows.iter().map(|row| row + 1).max().unwrap_or(0);
        (
            count,
            rows.into_iter()
                .zip(labels)
                .map(|(row, (x, anchor))| (row, x, anchor))
                .collect(),
        )
    }
}

pub(super) fn start_text(tss: &Tss) -> String {
    format!("{} {}", tss.label, grouped(u64::from(tss.position.one_based())))
}

pub(super) fn draw_start(canvas: &mut Canvas, tss: &Tss, x: f64, bottom: f64, label_x: f64, anchor: Anchor) {
    let ahead = match tss.strand {
        Strand::Forward => 1.0,
        Strand::Reverse => -1.0,
    };
    let (top, tip) = (bottom - ARROW.0, x + ahead * ARROW.1);
    canvas.polyline(
        &[(x, bottom), (x, top), (tip - ahead * 6.0, top)],
        Paint::stroke(INK, 1.8),
    );
    let head = [
        (tip, top),
        (tip - ahead * 8.0, top - 4.5),
        (tip - ahead * 8.0, top + 4.5),
    ];
    canvas.polygon(&head, Paint::fill(INK));
    let label = start_text(tss);
    canvas.text(
        Text::new(label_x, top + middle(look::TICK), &label, look::TICK)
            .anchor(anchor)
            .bold(),
    );
}

pub(super) fn draw_feature(canvas: &mut Canvas, placed: &Placed<'_>, top: f64) {
    let y = top + (ROW - BOX) / 2.0;
    let colour = placed.feature.kind.colour();
    let width = (placed.to - placed.from).max(1.5);
    let fill = Paint::fill(colour).with_opacity(0.35);
    canvas.rect(placed.from, y, width, BOX, fill);
    canvas.rect(placed.from, y, width, BOX, Paint::stroke(colour, 1.0));
    let text = Text::new(
        placed.label_x,
        y + BOX / 2.0 + middle(look::TICK),
        &placed.text,
        look::TICK,
    );
    canvas.text(text.anchor(placed.anchor));
}
