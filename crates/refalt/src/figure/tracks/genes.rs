//! Genes: exons as boxes, coding parts higher, introns as a line with the direction of transcription.

use super::{GENE_LANE, GeneModel, LEFT, RIGHT, Scale};
use crate::figure::drawing::canvas::{Anchor, Canvas, Paint, Text};
use crate::figure::drawing::colour::{BLUE, INK};
use crate::figure::drawing::font::{Weight, cap_height, text_width};
use crate::figure::drawing::look;
use crate::figure::drawing::placement::pack;
use refalt_core::{Interval, Strand};

/// Heights of the boxes of exons: untranslated, coding.
const BOXES: [f64; 2] = [6.0, 11.0];
/// Distance between the arrows on a line.
const ARROWS: f64 = 26.0;

/// A gene with its place in a section.
pub(super) struct GeneLane<'a> {
    gene: &'a GeneModel,
    scale: Scale,
    from: f64,
    to: f64,
    label_x: f64,
    label: String,
    pub(super) lane: usize,
}

/// Gives each gene with a base in the section a lane; the number of lanes with them.
pub(super) fn place_genes<'a>(genes: &'a [GeneModel], scale: &Scale) -> (Vec<GeneLane<'a>>, usize) {
    let mut placed: Vec<GeneLane<'a>> = Vec::new();
    for gene in genes {
        let Some((from, to)) = scale.edges(gene.body) else {
            continue;
        };
        let label = match gene.strand {
            Strand::Forward => format!("{} \u{2192}", gene.label),
            Strand::Reverse => format!("\u{2190} {}", gene.label),
        };
        let half = text_width(&label, look::TICK, Weight::Regular) / 2.0;
        placed.push(GeneLane {
            gene,
            scale: *scale,
            from,
            to,
            label_x: ((from + to) / 2.0).clamp(LEFT + half, (RIGHT - half).max(LEFT + half)),
            label,
            lane: 0,
        });
    }
    let extent = |gene: &GeneLane<'_>| {
        let half = text_width(&gene.label, look::TICK, Weight::Regular) / 2.0;
        (gene.from.min(gene.label_x - half), gene.to.max(gene.label_x + half))
    };
    let extents: Vec<(f64, f64)> = placed.iter().map(extent).collect();
    let lanes = pack(&extents, 8.0);
    for (gene, lane) in placed.iter_mut().zip(&lanes) {
        gene.lane = *lane;
    }
    let count = lanes.iter().map(|lane| lane + 1).max().unwrap_or(0);
    (placed, count)
}

pub(super) fn draw_gene(canvas: &mut Canvas, placed: &GeneLane<'_>, top: f64) {
    let gene = placed.gene;
    let text = Text::new(
        placed.label_x,
        top + cap_height(look::TICK) + 2.0,
        &placed.label,
        look::TICK,
    );
    canvas.text(Text { halo: true, ..text }.anchor(Anchor::Middle));
    let y = top + GENE_LANE - 11.0;
    canvas.line((placed.from, y), (placed.to, y), Paint::stroke(BLUE, 1.0));
    let ahead = match gene.strand {
        Strand::Forward => 3.0,
        Strand::Reverse => -3.0,
    };
    let mut x = placed.from + ARROWS / 2.0;
    while x < placed.to - 4.0 {
        let points = [(x - ahead, y - 3.0), (x, y), (x - ahead, y + 3.0)];
        canvas.polyline(&points, Paint::stroke(BLUE, 1.0));
        x += ARROWS;
    }
    let mut draw_box = |part: Interval, height: f64| {
        if let Some((from, to)) = placed.scale.edges(part) {
            canvas.rect(from, y - height / 2.0, (to - from).max(1.0), height, Paint::fill(BLUE));
        }
    };
    for &exon in &gene.exons {
        draw_box(exon, BOXES[0]);
        if let Some(coding) = gene.coding.and_then(|coding| coding.intersect(exon)) {
            draw_box(coding, BOXES[1]);
        }
    }
    let start = match gene.strand {
        Strand::Forward => gene.body.first(),
        Strand::Reverse => gene.body.last(),
    };
    let start = start.and_then(|start| Interval::at(start, 1));
    if let Some((from, to)) = start.and_then(|start| placed.scale.edges(start)) {
        let x = (from + to) / 2.0;
        let tip = x + 4.0 * ahead;
        canvas.polyline(&[(x, y), (x, y - 9.0), (tip, y - 9.0)], Paint::stroke(INK, 1.3));
        let head = [(tip + ahead, y - 9.0), (tip, y - 11.5), (tip, y - 6.5)];
        canvas.polygon(&head, Paint::fill(INK));
    }
}
