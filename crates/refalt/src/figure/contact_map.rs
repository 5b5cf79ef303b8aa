//! Predicted contact maps as triangles above the contig: REF, ALT and their difference, with genes.
//!
//! A contact between two bins is drawn above the middle between them, the higher the further they are apart. The height is
//! half of that of a true rotation, so that three maps fit a page.

use super::drawing::canvas::{Anchor, Canvas, Paint, Text};
use super::drawing::colour::{AXIS, diverging};
use super::drawing::font::cap_height;
use super::drawing::look;
use super::drawing::number::grouped;
use super::drawing::table::{Cell, Table};
use super::tracks::{Along, GeneModel, LEFT, MarkedVariant, Panel, RIGHT, Scale};
use super::{Figure, FigureError, FigureKind, Labels, check_finite, check_lengths, check_not_empty};
use refalt_core::{Interval, Position};

/// Line of the table [`super::FIGURES`].
pub const KIND: FigureKind = FigureKind {
    name: "contact_map",
    shows: "predicted contact maps of REF and ALT and their difference as triangles along the contig, with genes and variant",
};

/// Bins of an axis that are drawn at most; neighbours are pooled beyond.
const MOST_BINS: usize = 128;

/// Height of a triangle in widths.
const FLAT: f64 = 0.25;

/// A predicted contact map.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactMapTrack {
    /// Its name.
    pub label: String,
    /// What stands behind the name; may be empty.
    pub detail: String,
    /// Values of REF, `[bins x bins]`, row-major; what is below the diagonal is not drawn.
    pub reference: Vec<f64>,
    /// Values of ALT like those of REF; `None` where there is no variant.
    pub alternate: Option<Vec<f64>>,
}

/// Contact maps along a stretch of a contig.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactMapPlot {
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
    /// The bins of both axes, ascending and apart from each other.
    pub bins: Vec<Interval>,
    /// The maps, from top to bottom.
    pub maps: Vec<ContactMapTrack>,
    /// Genes with a base in the interval.
    pub genes: Vec<GeneModel>,
    /// The variant.
    pub variant: Option<MarkedVariant>,
}

/// A drawn contact: two bins, the first not after the second, and the value.
type Pair = (usize, usize, f64);

/// What a triangle shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Reference,
    Alternate,
    Difference,
}

impl Shown {
    fn name(self) -> &'static str {
        match self {
            Self::Reference => "REF",
            Self::Alternate => "ALT",
            Self::Difference => "ALT \u{2212} REF",
        }
    }
}

/// A triangle: what it shows, its contacts, the limit of its colours.
struct Triangle {
    shown: Shown,
    pairs: Vec<Pair>,
    limit: f64,
}

/// Bins pooled for drawing: their bases, and the first and last own bin of each.
struct Pools(Vec<(Interval, usize, usize)>);

impl Pools {
    fn of(bins: &[Interval]) -> Self {
        let size = bins.len().div_ceil(MOST_BINS).max(1);
        let pools = bins.chunks(size).enumerate().filter_map(|(index, pool)| {
            let bases = Interval::from_bed(pool.first()?.bed_start(), pool.last()?.bed_end())?;
            Some((bases, index * size, index * size + pool.len()))
        });
        Self(pools.collect())
    }

    /// Returns the mean over the pairs of bins of two pools.
    fn mean(&self, values: &[f64], bins: usize, one: usize, other: usize) -> f64 {
        let ((_, from, to), (_, first, last)) = (self.0[one], self.0[other]);
        let rows = (from..to).flat_map(|row| values[row * bins + first..row * bins + last].iter());
        let count = (to - from) * (last - first);
        rows.sum::<f64>() / count as f64
    }

    /// Returns the pairs with what is drawn of them: the pools, the first not after the second, and the value.
    fn pairs(&self, values: &[f64], bins: usize) -> Vec<Pair> {
        let pools = self.0.len();
        let pairs = (0..pools).flat_map(|one| (one..pools).map(move |other| (one, other)));
        pairs
            .map(|(one, other)| (one, other, self.mean(values, bins, one, other)))
            .collect()
    }
}

impl ContactMapPlot {
    /// Draws the figure.
    ///
    /// Beyond 128 bins neighbouring ones are drawn as one, with the mean of their contacts; the table has what is drawn.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, there is no map or bin, a map is not square, or a value is not finite.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        self.check()?;
        let bins = self.bins.len();
        let pools = Pools::of(&self.bins);
        let mut panels = Vec::new();
        let mut drawn = Vec::new();
        for map in &self.maps {
            let reference = pools.pairs(&map.reference, bins);
            let alternate = map.alternate.as_ref().map(|values| pools.pairs(values, bins));
            let size = |pairs: &[Pair]| pairs.iter().map(|pair| pair.2.abs()).fold(0.0, f64::max);
            // One scale for both alleles.
            let limit = size(&reference).max(alternate.as_deref().map_or(0.0, size));
            let difference = alternate.as_ref().map(|alternate| {
                let pairs = alternate.iter().zip(&reference);
                pairs.map(|(a, r)| (a.0, a.1, a.2 - r.2)).collect::<Vec<_>>()
            });
            let own = difference.as_deref().map_or(0.0, size);
            let mut add = |shown: Shown, pairs: Vec<Pair>, limit: f64| {
                panels.push(Panel {
                    label: format!("{}, {}", map.label, shown.name()),
                    detail: map.detail.clone(),
                    height: (RIGHT - LEFT) * FLAT,
                });
                drawn.push(Triangle { shown, pairs, limit });
            };
            add(Shown::Reference, reference, limit);
            if let Some(alternate) = alternate {
                add(Shown::Alternate, alternate, limit);
            }
            if let Some(difference) = difference {
                add(Shown::Difference, difference, own);
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
            draw_triangle(canvas, scale, &pools, &drawn[index], top);
        });
        let description = self.describe(&drawn);
        let mut note =
            "REF and ALT of a map have one colour scale, their difference has its own; both are symmetric about 0. \
                        ALT is in the coordinates of its own sequence. Heights are half of those of a true rotation."
                .to_owned();
        if pools.0.len() < bins {
            note.push_str(&format!(
                " Of {bins} bins up to {} neighbours are drawn as one, with the mean of their contacts.",
                bins.div_ceil(MOST_BINS)
            ));
        }
        Ok(Figure {
            name: self.labels.name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(&note),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: self.table(&pools),
        })
    }

    fn check(&self) -> Result<(), FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "maps", self.maps.is_empty())?;
        check_not_empty(name, "bins", self.bins.is_empty())?;
        check_not_empty(name, "bases", self.interval.is_empty())?;
        let cells = self.bins.len() * self.bins.len();
        for map in &self.maps {
            check_lengths(name, ("the pairs of bins", cells), ("a map", map.reference.len()))?;
            check_finite(name, "value of REF", map.reference.iter().copied())?;
            if let Some(alternate) = &map.alternate {
                check_lengths(name, ("the pairs of bins", cells), ("a map", alternate.len()))?;
                check_finite(name, "value of ALT", alternate.iter().copied())?;
            }
        }
        Ok(())
    }

    fn describe(&self, drawn: &[Triangle]) -> String {
        let mut text = format!(
            "{} predicted contact maps over {} bases of {}, {} bins.",
            self.maps.len(),
            grouped(u64::from(self.interval.len())),
            self.contig,
            self.bins.len()
        );
        for triangle in drawn {
            let (name, limit) = (triangle.shown.name(), triangle.limit);
            text.push_str(&format!(" {name}: greatest size {limit:.4}."));
        }
        text
    }

    fn table(&self, pools: &Pools) -> String {
        let headers = [
            "track",
            "detail",
            "contig",
            "first",
            "last",
            "other_first",
            "other_last",
            "reference",
            "alternate",
            "difference",
        ];
        let mut table = Table::new(&headers);
        let number = |position: Option<Position>| {
            position.map_or(Cell::Missing, |position| Cell::Integer(u64::from(position.one_based())))
        };
        let bins = self.bins.len();
        for map in &self.maps {
            let alternate = map.alternate.as_ref().map(|values| pools.pairs(values, bins));
            for (index, (one, other, reference)) in pools.pairs(&map.reference, bins).into_iter().enumerate() {
                let (bases, others) = (pools.0[one].0, pools.0[other].0);
                let alternate = alternate.as_ref().map(|pairs| pairs[index].2);
                table.row(&[
                    Cell::Text(&map.label),
                    Cell::Text(&map.detail),
                    Cell::Text(&self.contig),
                    number(bases.first()),
                    number(bases.last()),
                    number(others.first()),
                    number(others.last()),
                    Cell::Number(reference),
                    alternate.into(),
                    alternate.map(|alternate| alternate - reference).into(),
                ]);
            }
        }
        table.finish()
    }
}

/// Draws a map: each contact a diamond between its two bins, and the scale of its colours.
fn draw_triangle(canvas: &mut Canvas, scale: &Scale, pools: &Pools, triangle: &Triangle, top: f64) {
    let height = (RIGHT - LEFT) * FLAT;
    let bottom = top + height;
    // Two bins as far apart as the ends are at the top.
    let rise = FLAT;
    // Neighbours overlap by a hair, so that no paper shows between them.
    let hair = 0.3;
    let limit = triangle.limit;
    for &(one, other, value) in &triangle.pairs {
        let (Some((left, right)), Some((far_left, far_right))) =
            (scale.edges(pools.0[one].0), scale.edges(pools.0[other].0))
        else {
            continue;
        };
        // The corners are the middles between the edges of the two bins.
        let corner = |a: f64, b: f64| ((a + b) / 2.0, bottom - (b - a) * rise);
        let (low, high) = (corner(right, far_left), corner(left, far_right));
        let (west, east) = (corner(left, far_left), corner(right, far_right));
        let flat = |point: (f64, f64)| (point.0, point.1.min(bottom));
        let points = [
            (west.0 - hair, west.1),
            (high.0, high.1 - hair),
            (east.0 + hair, east.1),
            flat((low.0, low.1 + hair)),
        ];
        let fraction = if limit > 0.0 { value / limit } else { 0.0 };
        let points: Vec<(f64, f64)> = points.into_iter().map(flat).collect();
        canvas.polygon(&points, Paint::fill(diverging(fraction)));
    }
    canvas.line((LEFT, bottom), (RIGHT, bottom), Paint::stroke(AXIS, look::HAIRLINE));
    draw_scale(canvas, limit, top);
}

/// Draws what the colours mean, in the corner that a triangle leaves free.
fn draw_scale(canvas: &mut Canvas, limit: f64, top: f64) {
    const STEPS: usize = 24;
    let (width, height) = (150.0, 8.0);
    let left = RIGHT - width;
    for step in 0..STEPS {
        let fraction = 2.0 * (step as f64 + 0.5) / STEPS as f64 - 1.0;
        let x = left + width * step as f64 / STEPS as f64;
        let paint = Paint::fill(diverging(fraction));
        canvas.rect(x, top + 4.0, width / STEPS as f64 + 0.3, height, paint);
    }
    let size = text_of(limit);
    let baseline = top + 4.0 + height + 3.0 + cap_height(look::TICK);
    for (x, text, anchor) in [
        (left, format!("\u{2212}{size}"), Anchor::Start),
        (left + width / 2.0, "0".to_owned(), Anchor::Middle),
        (RIGHT, size.clone(), Anchor::End),
    ] {
        canvas.text(Text::new(x, baseline, &text, look::TICK).anchor(anchor));
    }
}

/// Writes the limit of a scale with three digits.
fn text_of(limit: f64) -> String {
    if limit == 0.0 {
        return "0".to_owned();
    }
    let decimals = (2 - limit.abs().log10().floor() as i32).clamp(0, 12);
    let text = format!("{limit:.*}", decimals as usize);
    if text.len() <= 7 {
        text
    } else {
        format!("{limit:.1e}").replace('-', "\u{2212}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(bins: u32, alternate: bool) -> ContactMapPlot {
        let cells = (bins * bins) as usize;
        ContactMapPlot {
            labels: Labels {
                name: "contacts".to_owned(),
                title: "Contacts".to_owned(),
                ..Labels::default()
            },
            contig: "chr1".to_owned(),
            assembly: String::new(),
            interval: Interval::from_bed(0, bins * 2048).unwrap(),
            unknown: Vec::new(),
            bins: (0..bins)
                .map(|bin| Interval::from_bed(bin * 2048, (bin + 1) * 2048).unwrap())
                .collect(),
            maps: vec![ContactMapTrack {
                label: "Hi-C".to_owned(),
                detail: String::new(),
                reference: (0..cells).map(|cell| cell as f64).collect(),
                alternate: alternate.then(|| (0..cells).map(|cell| cell as f64 + 2.0).collect()),
            }],
            genes: Vec::new(),
            variant: None,
        }
    }

    #[test]
    fn the_table_has_each_pair_once_and_the_difference() {
        let figure = plot(3, true).draw().unwrap();
        let rows: Vec<&str> = figure.tsv.lines().skip(1).collect();
        assert_eq!(rows.len(), 6);
        // Bins 0 and 2: row 0, column 2 of [[0, 1, 2], [3, 4, 5], [6, 7, 8]].
        assert_eq!(rows[2], "Hi-C\t\tchr1\t1\t2048\t4097\t6144\t2\t4\t2");
        assert!(
            plot(3, false)
                .draw()
                .unwrap()
                .tsv
                .lines()
                .nth(1)
                .unwrap()
                .ends_with("\t0\tNA\tNA")
        );
    }

    #[test]
    fn many_bins_are_pooled_by_their_mean() {
        let plot = plot(256, false);
        let pools = Pools::of(&plot.bins);
        assert_eq!(pools.0.len(), 128);
        // Bins 0 and 1 with bins 2 and 3: cells 2, 3, 258, 259; (2 + 3 + 258 + 259) / 4 = 130.5.
        assert_eq!(pools.mean(&plot.maps[0].reference, 256, 0, 1), 130.5);
        let figure = plot.draw().unwrap();
        assert_eq!(figure.tsv.lines().count(), 1 + 128 * 129 / 2);
        assert!(
            figure
                .caption
                .contains("Of 256 bins up to 2 neighbours are drawn as one")
        );
    }

    #[test]
    fn maps_that_are_not_square_and_values_that_are_none_are_refused() {
        let mut wrong = plot(3, true);
        wrong.maps[0].reference.pop();
        assert!(matches!(wrong.draw(), Err(FigureError::Lengths { .. })));
        let mut wrong = plot(3, true);
        wrong.maps[0].reference[1] = f64::NAN;
        assert!(matches!(wrong.draw(), Err(FigureError::NotFinite { .. })));
    }

    #[test]
    fn limits_are_written_with_three_digits() {
        assert_eq!(
            [0.0, 1.234, 123.4, 0.012_34].map(text_of),
            ["0", "1.23", "123", "0.0123"]
        );
        assert_eq!(text_of(1.2e-9), "1.2e\u{2212}9");
    }
}
