//! REF and ALT sequence below a motif logo, one panel per variant.
//!
//! Letters of a logo are outlines of the bundled font stretched to their height, so that a logo is exact in
//! every program. A panel is drawn along the strand on which the motif reads 5' to 3'; on the reverse strand
//! coordinates therefore fall from left to right, and the figure says so.

use refalt_core::{Interval, Position, Strand};

use super::drawing::canvas::{Anchor, Canvas, Paint, Text};
use super::drawing::colour::{AXIS, Colour, HIGHLIGHT, INK, MUTED, base};
use super::drawing::font::{Outline, Weight, middle, text_width};
use super::drawing::heading::{Heading, vertical_title};
use super::drawing::look;
use super::drawing::number::{fixed, grouped};
use super::drawing::table::{Cell, Table};
use super::drawing::ticks;
use super::{Figure, FigureError, FigureKind, Labels};
use super::{check_bases, check_finite, check_lengths, check_not_empty};

/// Line of the table [`super::FIGURES`].
pub const KIND: FigureKind = FigureKind {
    name: "logo",
    shows: "the REF and ALT sequence below the logo of a motif, the variant highlighted",
};

/// Bases in the order of [`LogoMotif::counts`].
const BASES: [char; 4] = ['A', 'C', 'G', 'T'];
/// Information of a column that allows one base only.
const MAXIMUM_BITS: f64 = 2.0;
/// Height of the logo.
const LOGO: f64 = 86.0;
/// Height of a row of letters.
const ROW: f64 = 22.0;
/// Size of the letters of a row.
const LETTERS: f64 = 15.0;
/// Width of a base where there is room.
const COLUMN: f64 = 26.0;
/// Background of the columns of the motif.
const MOTIF: Colour = Colour::from_hex(0xf1f3f5);

/// A motif.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogoMotif {
    /// Name and identifier: "GABPA MA0062.3".
    pub name: String,
    /// Counts or probabilities of A, C, G and T per column, read 5' to 3'.
    pub counts: Vec<[f64; 4]>,
}

/// Returns the information of a motif column in bits: 2 + sum(p log2 p), p = count / column sum.
///
/// Uniform background, no correction for small samples.
///
/// # Source
/// Schneider and Stephens 1990, doi:10.1093/nar/18.20.6097, without e(n).
pub fn information_bits(counts: [f64; 4]) -> f64 {
    let sum: f64 = counts.iter().sum();
    let plogp = |count: &f64| {
        let p = count / sum;
        if p > 0.0 { p * p.log2() } else { 0.0 }
    };
    MAXIMUM_BITS + counts.iter().map(plogp).sum::<f64>()
}

/// One single-base variant with the motif it touches.
#[derive(Clone, Debug, PartialEq)]
pub struct LogoPanel {
    /// Title of the panel: "C228T".
    pub title: String,
    /// Contig name.
    pub contig: String,
    /// The bases that are shown.
    pub interval: Interval,
    /// Reference bases of `interval` on the forward strand, capitals.
    pub reference_bases: String,
    /// The strand that is spelled, on which the motif reads 5' to 3'.
    pub strand: Strand,
    /// Where the variant is (1-based).
    pub position: Position,
    /// The alternate base on the forward strand.
    pub alternate_base: char,
    /// The motif.
    pub motif: LogoMotif,
    /// Where the motif lies; as long as the motif.
    pub motif_interval: Interval,
    /// Stretch of ALT marked with a bracket, such as a sequence that the variant creates.
    pub created: Option<Interval>,
    /// Motif score of REF and ALT and its unit.
    pub scores: Option<(f64, f64, String)>,
}

/// REF and ALT sequences below motif logos.
#[derive(Clone, Debug, PartialEq)]
pub struct Logo {
    /// Name, title and caption.
    pub labels: Labels,
    /// Panels from top to bottom.
    pub panels: Vec<LogoPanel>,
}

impl LogoPanel {
    /// Returns the number of columns left of `position` as drawn, or `None` outside the panel.
    fn column(&self, position: Position) -> Option<usize> {
        if !self.interval.contains(position) {
            return None;
        }
        let distance = match self.strand {
            Strand::Forward => self.interval.first()?.distance_to(position),
            Strand::Reverse => position.distance_to(self.interval.last()?),
        };
        usize::try_from(distance).ok()
    }

    /// Returns the columns of an interval as drawn: first and one past the last.
    fn columns(&self, interval: Interval) -> Option<(usize, usize)> {
        let (one, other) = (self.column(interval.first()?)?, self.column(interval.last()?)?);
        Some((one.min(other), one.max(other) + 1))
    }

    fn spell(&self, bases: &str) -> Vec<char> {
        match self.strand {
            Strand::Forward => bases.chars().collect(),
            Strand::Reverse => bases.chars().rev().map(complement).collect(),
        }
    }

    fn reference(&self) -> Vec<char> {
        self.spell(&self.reference_bases)
    }

    fn alternate(&self) -> Vec<char> {
        let mut bases = self.reference();
        let alternate = match self.strand {
            Strand::Forward => self.alternate_base,
            Strand::Reverse => complement(self.alternate_base),
        };
        if let Some(base) = self.column(self.position).and_then(|column| bases.get_mut(column)) {
            *base = alternate;
        }
        bases
    }

    fn strand_words(&self) -> &'static str {
        match self.strand {
            Strand::Forward => "forward strand (+), 5\u{2032} to 3\u{2032}",
            Strand::Reverse => "reverse strand (\u{2212}), 5\u{2032} to 3\u{2032}: coordinates fall to the right",
        }
    }

    fn change(&self) -> String {
        let index = self
            .interval
            .first()
            .map_or(0, |first| first.distance_to(self.position));
        let reference = self
            .reference_bases
            .chars()
            .nth(usize::try_from(index).unwrap_or(0))
            .unwrap_or('N');
        let position = grouped(u64::from(self.position.one_based()));
        format!("{}:{position} {reference}>{}", self.contig, self.alternate_base)
    }

    fn check(&self, figure: &str) -> Result<(), FigureError> {
        check_not_empty(figure, "bases", self.interval.is_empty())?;
        check_bases(figure, "the reference sequence", &self.reference_bases)?;
        let length = self.interval.len() as usize;
        check_lengths(
            figure,
            ("the interval", length),
            ("the reference sequence", self.reference_bases.len()),
        )?;
        check_not_empty(figure, "motif columns", self.motif.counts.is_empty())?;
        let motif_length = self.motif_interval.len() as usize;
        check_lengths(
            figure,
            ("the motif interval", motif_length),
            ("the motif", self.motif.counts.len()),
        )?;
        check_finite(figure, "count", self.motif.counts.iter().flatten().copied())?;
        if let Some((reference, alternate, _)) = &self.scores {
            check_finite(figure, "score", [*reference, *alternate])?;
        }
        if self
            .motif
            .counts
            .iter()
            .any(|c| c.iter().any(|n| *n < 0.0) || c.iter().sum::<f64>() <= 0.0)
        {
            return Err(FigureError::Setting {
                figure: figure.to_owned(),
                what: "a motif column",
                found: "negative or without counts".to_owned(),
                allowed: "counts from 0 with a sum above 0",
            });
        }
        if !BASES.contains(&self.alternate_base) {
            let found = self.alternate_base;
            return Err(FigureError::Base {
                figure: figure.to_owned(),
                what: "ALT",
                found,
                index: 0,
            });
        }
        let outside = |what: &str, position: Position| FigureError::Outside {
            figure: figure.to_owned(),
            what: what.to_owned(),
            position,
            first: self.interval.first().unwrap_or(position),
            last: self.interval.last().unwrap_or(position),
        };
        if self.column(self.position).is_none() {
            return Err(outside("the variant", self.position));
        }
        for (what, interval) in [
            ("the motif", Some(self.motif_interval)),
            ("the created sequence", self.created),
        ] {
            let ends = interval.iter().flat_map(|i| [i.first(), i.last()]).flatten();
            if let Some(position) = ends.into_iter().find(|p| !self.interval.contains(*p)) {
                return Err(outside(what, position));
            }
        }
        Ok(())
    }
}

fn complement(base: char) -> char {
    match base {
        'A' => 'T',
        'C' => 'G',
        'G' => 'C',
        'T' => 'A',
        other => other,
    }
}

impl Logo {
    /// Draws the figure.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, there is no panel, lists differ in length, a base or count is
    /// not one, or variant, motif or created sequence lie outside what is shown.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "panels", self.panels.is_empty())?;
        for panel in &self.panels {
            panel.check(name)?;
        }
        let left = look::MARGIN + 46.0;
        let longest = self.panels.iter().map(|panel| panel.interval.len()).max().unwrap_or(1);
        let column = ((look::WIDE - left - look::MARGIN - 18.0) / f64::from(longest)).min(COLUMN);
        let texts = self.panels.iter().map(|panel| {
            text_width(&panel_title(panel), look::LABEL, Weight::SemiBold)
                + text_width(&score_text(panel), look::LABEL, Weight::Regular)
        });
        let needed = texts.fold(0.0, f64::max) + 2.0 * look::MARGIN + 40.0;
        let width = (left + column * f64::from(longest) + 18.0 + look::MARGIN)
            .max(needed)
            .max(look::NARROW);
        let heading = Heading::new(&self.labels.title, &self.labels.subtitle, width);
        let panel_height = |panel: &LogoPanel| {
            let bracket = if panel.created.is_some() { 28.0 } else { 6.0 };
            2.0 * 17.0 + 14.0 + LOGO + 6.0 + 2.0 * ROW + bracket + look::TICK_LENGTH + look::TICK + 30.0
        };
        let height = heading.height() + self.panels.iter().map(panel_height).sum::<f64>();
        let mut canvas = Canvas::new(name, width, height);
        heading.draw(&mut canvas);
        let mut top = heading.height() + 4.0;
        for panel in &self.panels {
            draw_panel(&mut canvas, panel, left, column, top);
            top += panel_height(panel);
        }
        let description = self.describe();
        let note = "Letter height: information in bits with a uniform background; columns of the motif are shaded, \
                    the variant is highlighted.";
        Ok(Figure {
            name: name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(note),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: self.table(),
        })
    }

    fn describe(&self) -> String {
        let texts = self.panels.iter().map(|panel| {
            let (reference, alternate): (String, String) =
                (panel.reference().iter().collect(), panel.alternate().iter().collect());
            format!(
                "{}, {}: REF {reference}, ALT {alternate}, motif {}.",
                panel_title(panel),
                panel.strand_words(),
                panel.motif.name
            )
        });
        texts.collect::<Vec<_>>().join(" ")
    }

    fn table(&self) -> String {
        let mut table = Table::new(&[
            "panel",
            "contig",
            "position",
            "strand",
            "reference",
            "alternate",
            "motif",
            "motif_column",
            "a",
            "c",
            "g",
            "t",
            "information_bits",
        ]);
        for panel in &self.panels {
            let strand = panel.strand.sign().to_string();
            let motif = panel.columns(panel.motif_interval);
            let (reference, alternate) = (panel.reference(), panel.alternate());
            for (at, (one, other)) in reference.iter().zip(&alternate).enumerate() {
                let (one, other) = (one.to_string(), other.to_string());
                let counts = motif
                    .and_then(|(first, _)| at.checked_sub(first))
                    .and_then(|column| Some((column, panel.motif.counts.get(column)?)));
                let position = drawn_position(panel, at).map(|p| u64::from(p.one_based()));
                let mut cells = vec![
                    Cell::Text(&panel.title),
                    Cell::Text(&panel.contig),
                    position.map_or(Cell::Missing, Cell::Integer),
                    Cell::Text(&strand),
                    Cell::Text(&one),
                    Cell::Text(&other),
                    Cell::Text(&panel.motif.name),
                ];
                match counts {
                    Some((column, counts)) => {
                        cells.push(Cell::Integer(column as u64 + 1));
                        let sum: f64 = counts.iter().sum();
                        cells.extend(counts.iter().map(|count| Cell::Number(count / sum)));
                        cells.push(Cell::Number(information_bits(*counts)));
                    }
                    None => cells.extend([Cell::Missing; 6]),
                }
                table.row(&cells);
            }
        }
        table.finish()
    }
}

/// Returns the position that stands in a column as drawn.
fn drawn_position(panel: &LogoPanel, column: usize) -> Option<Position> {
    let distance = u32::try_from(column).ok()?;
    match panel.strand {
        Strand::Forward => panel.interval.first()?.checked_add(distance),
        Strand::Reverse => panel.interval.last()?.checked_sub(distance),
    }
}

fn panel_title(panel: &LogoPanel) -> String {
    if panel.title.is_empty() {
        panel.change()
    } else {
        format!("{}, {}", panel.title, panel.change())
    }
}

fn score_text(panel: &LogoPanel) -> String {
    panel
        .scores
        .as_ref()
        .map_or(String::new(), |(reference, alternate, unit)| {
            format!(
                "{unit}: REF {} \u{2192} ALT {}",
                fixed(*reference, 2),
                fixed(*alternate, 2)
            )
        })
}

fn draw_panel(canvas: &mut Canvas, panel: &LogoPanel, left: f64, column: f64, top: f64) {
    let width = column * f64::from(panel.interval.len());
    let x = |index: usize| left + index as f64 * column;
    let centre = |index: usize| x(index) + column / 2.0;

    canvas.text(Text::new(look::MARGIN, top + look::LABEL, &panel_title(panel), look::LABEL).bold());
    let scores = score_text(panel);
    let right = canvas.width() - look::MARGIN;
    canvas.text(Text::new(right, top + look::LABEL, &scores, look::LABEL).anchor(Anchor::End));
    let second = format!("motif {}, {}", panel.motif.name, panel.strand_words());
    canvas.text(Text::new(look::MARGIN, top + look::LABEL + 17.0, &second, look::TICK).colour(MUTED));

    let logo_top = top + 2.0 * 17.0 + 14.0;
    let logo_bottom = logo_top + LOGO;
    let reference_top = logo_bottom + 6.0;
    let alternate_bottom = reference_top + 2.0 * ROW;
    if let Some((first, end)) = panel.columns(panel.motif_interval) {
        let span = (end - first) as f64 * column;
        canvas.rect(
            x(first),
            logo_top,
            span,
            alternate_bottom - logo_top,
            Paint::fill(MOTIF),
        );
    }
    if let Some(variant) = panel.column(panel.position) {
        canvas.rect(
            x(variant),
            logo_top,
            column,
            alternate_bottom - logo_top,
            Paint::fill(HIGHLIGHT),
        );
    }

    draw_bits(canvas, left - 8.0, logo_top, logo_bottom);
    canvas.line(
        (left, logo_bottom),
        (left + width, logo_bottom),
        Paint::stroke(AXIS, look::HAIRLINE),
    );
    if let Some((first, _)) = panel.columns(panel.motif_interval) {
        for (index, counts) in panel.motif.counts.iter().enumerate() {
            draw_stack(canvas, *counts, x(first + index), column, logo_bottom);
        }
    }

    for (row, (name, bases)) in [("REF", panel.reference()), ("ALT", panel.alternate())]
        .iter()
        .enumerate()
    {
        let baseline = reference_top + (row as f64 + 0.5) * ROW + middle(LETTERS);
        let label = Text::new(
            left - 18.0,
            baseline - middle(LETTERS) + middle(look::TICK),
            name,
            look::TICK,
        );
        canvas.text(label.anchor(Anchor::End).bold());
        // One element per colour: letters of a colour are one text, each standing in its column.
        for letter in ['A', 'C', 'G', 'T', 'N'] {
            let columns: Vec<f64> = bases
                .iter()
                .enumerate()
                .filter(|(_, b)| **b == letter)
                .map(|(at, _)| centre(at))
                .collect();
            if columns.is_empty() {
                continue;
            }
            let content: String = columns.iter().map(|_| letter).collect();
            let text = Text::new(0.0, baseline, &content, LETTERS)
                .anchor(Anchor::Middle)
                .colour(base(letter));
            canvas.text_at(&columns, text.bold());
        }
        for (at, end) in [(left - 9.0, "5\u{2032}"), (left + width + 9.0, "3\u{2032}")] {
            let y = baseline - middle(LETTERS) + middle(look::TICK);
            canvas.text(Text::new(at, y, end, look::TICK).anchor(Anchor::Middle).colour(MUTED));
        }
    }
    if let Some(variant) = panel.column(panel.position) {
        canvas.rect(x(variant), reference_top, column, 2.0 * ROW, Paint::stroke(INK, 1.4));
    }

    let mut axis_top = alternate_bottom + 6.0;
    if let Some(((first, end), bases)) = panel
        .created
        .and_then(|c| panel.columns(c))
        .map(|c| (c, panel.alternate()))
    {
        let (from, to) = (x(first) + 2.0, x(end) - 2.0);
        let y = alternate_bottom + 7.0;
        let corners = [(from, y - 4.0), (from, y), (to, y), (to, y - 4.0)];
        canvas.polyline(&corners, Paint::stroke(INK, 1.2));
        let created: String = bases[first..end].iter().collect();
        let label = format!("created in ALT: {created}");
        let text = Text::new((from + to) / 2.0, y + 4.0 + look::TICK, &label, look::TICK);
        canvas.text(text.anchor(Anchor::Middle));
        axis_top = alternate_bottom + 28.0;
    }
    draw_coordinates(canvas, panel, &centre, column, left, width, axis_top);
}

fn draw_bits(canvas: &mut Canvas, x: f64, top: f64, bottom: f64) {
    canvas.line((x, top), (x, bottom), Paint::stroke(AXIS, look::HAIRLINE));
    for bits in [0.0, 1.0, 2.0] {
        let y = bottom - (bottom - top) * bits / MAXIMUM_BITS;
        canvas.line((x - look::TICK_LENGTH, y), (x, y), Paint::stroke(AXIS, look::HAIRLINE));
        let label = fixed(bits, 0);
        let text = Text::new(x - look::TICK_LENGTH - 3.0, y + middle(look::TICK), &label, look::TICK);
        canvas.text(text.anchor(Anchor::End));
    }
    vertical_title(canvas, x - 24.0, (top + bottom) / 2.0, "bits");
}

/// Draws the letters of one motif column, the most frequent on top.
fn draw_stack(canvas: &mut Canvas, counts: [f64; 4], x: f64, width: f64, bottom: f64) {
    let sum: f64 = counts.iter().sum();
    let scale = information_bits(counts) / sum * LOGO / MAXIMUM_BITS;
    let mut letters: Vec<(f64, char)> = counts.into_iter().zip(BASES).collect();
    letters.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let mut y = bottom;
    for (count, letter) in letters {
        let height = count * scale;
        y -= height;
        // Below a third of a pixel a letter is a hair; the stack keeps its height without it.
        if height >= 0.3
            && let Some(outline) = Outline::of(letter, Weight::SemiBold)
        {
            let data = outline.fill_box(x + 1.0, y, width - 2.0, height);
            canvas.path(&data, Paint::fill(base(letter)));
        }
    }
}

fn draw_coordinates(
    canvas: &mut Canvas,
    panel: &LogoPanel,
    centre: &dyn Fn(usize) -> f64,
    column: f64,
    left: f64,
    width: f64,
    top: f64,
) {
    canvas.line((left, top), (left + width, top), Paint::stroke(AXIS, look::HAIRLINE));
    let (Some(first), Some(last)) = (panel.interval.first(), panel.interval.last()) else {
        return;
    };
    for number in ticks::genomic(first.one_based(), last.one_based(), column, 76.0) {
        let Some(at) = Position::new(number).and_then(|position| panel.column(position)) else {
            continue;
        };
        let x = centre(at);
        canvas.line(
            (x, top),
            (x, top + look::TICK_LENGTH),
            Paint::stroke(AXIS, look::HAIRLINE),
        );
        let label = grouped(u64::from(number));
        let half = text_width(&label, look::TICK, Weight::Regular) / 2.0;
        let inside = x.clamp(look::MARGIN + half, canvas.width() - look::MARGIN - half);
        let y = top + look::TICK_LENGTH + 2.0 + look::TICK;
        canvas.text(Text::new(inside, y, &label, look::TICK).anchor(Anchor::Middle));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_has_its_closed_forms() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        close(information_bits([5.0, 5.0, 5.0, 5.0]), 0.0);
        close(information_bits([0.0, 7.0, 0.0, 0.0]), 2.0);
        close(information_bits([3.0, 0.0, 0.0, 3.0]), 1.0);
        // 2 + 0.5 log2 0.5 + 2 x 0.25 log2 0.25 = 2 - 0.5 - 1
        close(information_bits([0.5, 0.25, 0.25, 0.0]), 0.5);
    }

    #[test]
    fn the_reverse_strand_is_spelled_from_the_right() {
        let position = |n| Position::new(n).unwrap();
        let interval = Interval::from_bases(position(101), position(106)).unwrap();
        let panel = LogoPanel {
            title: String::new(),
            contig: "chr5".into(),
            interval,
            reference_bases: "AACGTT".into(),
            strand: Strand::Reverse,
            position: position(102),
            alternate_base: 'G',
            motif: LogoMotif {
                name: "m".into(),
                counts: vec![[1.0, 1.0, 1.0, 1.0]; 3],
            },
            motif_interval: Interval::from_bases(position(101), position(103)).unwrap(),
            created: None,
            scores: None,
        };
        // AACGTT reversed and complemented is AACGTT; base 102 is fifth from the right end.
        assert_eq!(panel.reference().iter().collect::<String>(), "AACGTT");
        assert_eq!(panel.column(position(102)), Some(4));
        assert_eq!(panel.alternate().iter().collect::<String>(), "AACGCT");
        assert_eq!(panel.columns(panel.motif_interval), Some((3, 6)));
        assert_eq!(drawn_position(&panel, 4), Some(position(102)));
        assert_eq!(panel.change(), "chr5:102 A>G");
        let forward = LogoPanel {
            strand: Strand::Forward,
            ..panel
        };
        assert_eq!(forward.alternate().iter().collect::<String>(), "AGCGTT");
        assert_eq!(forward.column(position(102)), Some(1));
    }
}
