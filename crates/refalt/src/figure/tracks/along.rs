//! What figures along a stretch of a contig share besides [`TrackPlot`](super::TrackPlot): genes and variant above panels,
//! coordinates below.

use super::{
    COORDINATES, GENE_LANE, GeneModel, LEFT, MarkedVariant, NAME, RIGHT, Scale, VARIANT, draw_coordinates, draw_gene,
    draw_label, place_genes,
};
use crate::figure::Labels;
use crate::figure::drawing::canvas::{Anchor, Canvas, Paint, Text};
use crate::figure::drawing::colour::{MISSING, VERMILION};
use crate::figure::drawing::font::{Weight, cap_height, text_width};
use crate::figure::drawing::heading::Heading;
use crate::figure::drawing::look;
use refalt_core::Interval;

/// A stretch of a contig and what lies on it.
#[derive(Clone, Copy, Debug)]
pub(in crate::figure) struct Along<'a> {
    pub(in crate::figure) labels: &'a Labels,
    pub(in crate::figure) contig: &'a str,
    pub(in crate::figure) assembly: &'a str,
    pub(in crate::figure) interval: Interval,
    pub(in crate::figure) unknown: &'a [Interval],
    pub(in crate::figure) genes: &'a [GeneModel],
    pub(in crate::figure) variant: Option<&'a MarkedVariant>,
}

/// A panel below a line with its name.
#[derive(Clone, Debug)]
pub(in crate::figure) struct Panel {
    pub(in crate::figure) label: String,
    pub(in crate::figure) detail: String,
    pub(in crate::figure) height: f64,
}

/// Space below a panel.
const BELOW: f64 = 10.0;

impl Along<'_> {
    /// Draws everything but the insides of the panels.
    ///
    /// * `inside`: draws a panel by its index: canvas, scale, index, upper edge.
    pub(in crate::figure) fn draw(
        &self,
        panels: &[Panel],
        mut inside: impl FnMut(&mut Canvas, &Scale, usize, f64),
    ) -> Canvas {
        let scale = Scale::new(self.interval);
        let (genes, lanes) = place_genes(self.genes, &scale);
        let heading = Heading::new(&self.labels.title, &self.labels.subtitle, look::WIDE);
        let variant = self
            .variant
            .and_then(|variant| Some((variant, scale.edges(variant.bases)?)));
        let top = heading.height() + 6.0;
        let body_top = top + if variant.is_some() { VARIANT } else { 0.0 };
        let panels_top = body_top + lanes as f64 * GENE_LANE;
        let heights: f64 = panels.iter().map(|panel| NAME + panel.height + BELOW).sum();
        let bottom = panels_top + heights;
        let height = bottom + COORDINATES + look::LABEL + 8.0 + look::MARGIN;
        let mut canvas = Canvas::new(&self.labels.name, look::WIDE, height);
        heading.draw(&mut canvas);
        for (from, to) in self.unknown.iter().filter_map(|part| scale.edges(*part)) {
            let paint = Paint::fill(MISSING).with_opacity(0.4);
            canvas.rect(from, body_top, to - from, bottom - body_top, paint);
        }
        for gene in &genes {
            draw_gene(&mut canvas, gene, body_top + gene.lane as f64 * GENE_LANE);
        }
        let mut y = panels_top;
        for (index, panel) in panels.iter().enumerate() {
            draw_label(&mut canvas, &panel.label, &panel.detail, y);
            inside(&mut canvas, &scale, index, y + NAME);
            y += NAME + panel.height + BELOW;
        }
        // Over the panels, which have no room between their marks.
        if let Some((variant, (from, to))) = variant {
            let centre = (from + to) / 2.0;
            let paint = Paint::stroke(VERMILION, look::HAIRLINE).with_dash("3 3");
            canvas.line((centre, body_top - 2.0), (centre, bottom), paint);
            let half = text_width(&variant.label, look::TICK, Weight::SemiBold) / 2.0;
            let x = centre.clamp(look::MARGIN + half, look::WIDE - look::MARGIN - half);
            let text = Text::new(x, top + cap_height(look::TICK) + 2.0, &variant.label, look::TICK);
            canvas.text(text.anchor(Anchor::Middle).bold().colour(VERMILION));
        }
        draw_coordinates(&mut canvas, &scale, bottom);
        let assembly = if self.assembly.is_empty() {
            String::new()
        } else {
            format!("{}, ", self.assembly)
        };
        let axis = format!("{} position ({assembly}1-based)", self.contig);
        let text = Text::new((LEFT + RIGHT) / 2.0, height - look::MARGIN, &axis, look::LABEL);
        canvas.text(text.anchor(Anchor::Middle));
        canvas
    }
}
