//! The bundled typeface: its bytes, the width of text set in it, and letter outlines.
//!
//! Only this typeface is ever loaded; figures therefore look the same on every machine, and widths known here
//! are the widths on paper. Kerning is ignored, which errs on the wide side by a few per cent.

use std::sync::LazyLock;

use ttf_parser::{Face, OutlineBuilder};

/// Inter Regular, TrueType.
pub(crate) const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.ttf");
/// Inter SemiBold, TrueType.
pub(crate) const SEMIBOLD: &[u8] = include_bytes!("../../../assets/fonts/Inter-SemiBold.ttf");
/// Family name as the files give it.
pub(crate) const FAMILY: &str = "Inter";
/// Value of `font-family` in SVG and CSS: ours first, then what readers without it have.
pub(crate) const STACK: &str = "Inter, 'Helvetica Neue', Arial, sans-serif";

/// Weights that are bundled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Weight {
    /// 400.
    #[default]
    Regular,
    /// 600.
    SemiBold,
}

static REGULAR_FACE: LazyLock<Face<'static>> = LazyLock::new(|| parse(REGULAR));
static SEMIBOLD_FACE: LazyLock<Face<'static>> = LazyLock::new(|| parse(SEMIBOLD));

fn parse(bytes: &'static [u8]) -> Face<'static> {
    Face::parse(bytes, 0).expect("the bundled font is part of the program and is parsed in a test")
}

fn face(weight: Weight) -> &'static Face<'static> {
    match weight {
        Weight::Regular => &REGULAR_FACE,
        Weight::SemiBold => &SEMIBOLD_FACE,
    }
}

/// Returns the sum of advance widths of `text` at `size`, in px.
///
/// A character that the font lacks counts as one em, the widest a fallback font is likely to be.
pub(crate) fn text_width(text: &str, size: f64, weight: Weight) -> f64 {
    let face = face(weight);
    let em = f64::from(face.units_per_em());
    let units: f64 = text
        .chars()
        .map(|c| {
            face.glyph_index(c)
                .and_then(|glyph| face.glyph_hor_advance(glyph))
                .map_or(em, f64::from)
        })
        .sum();
    units * size / em
}

/// Height of capital letters at `size`, in px.
pub(crate) fn cap_height(size: f64) -> f64 {
    let face = face(Weight::Regular);
    let units = face
        .capital_height()
        .expect("the bundled font states its capital height");
    f64::from(units) * size / f64::from(face.units_per_em())
}

/// Offset from the middle of a line to its baseline, so that capitals and digits stand centred.
pub(crate) fn middle(size: f64) -> f64 {
    cap_height(size) / 2.0
}

/// The contour of one letter in font units, y upwards.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    segments: Vec<(char, Vec<(f64, f64)>)>,
    x_min: f64,
    y_min: f64,
    x_max: f64,
    y_max: f64,
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.push('M', &[(x, y)]);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.push('L', &[(x, y)]);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.push('Q', &[(x1, y1), (x, y)]);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.push('C', &[(x1, y1), (x2, y2), (x, y)]);
    }
    fn close(&mut self) {
        self.push('Z', &[]);
    }
}

impl Outline {
    /// Returns the outline of `letter`, or `None` when the font does not have it.
    pub(crate) fn of(letter: char, weight: Weight) -> Option<Self> {
        let face = face(weight);
        let mut outline = Self::default();
        let bounds = face.outline_glyph(face.glyph_index(letter)?, &mut outline)?;
        outline.x_min = f64::from(bounds.x_min);
        outline.y_min = f64::from(bounds.y_min);
        outline.x_max = f64::from(bounds.x_max);
        outline.y_max = f64::from(bounds.y_max);
        Some(outline)
    }

    fn push(&mut self, command: char, points: &[(f32, f32)]) {
        let points = points.iter().map(|&(x, y)| (f64::from(x), f64::from(y))).collect();
        self.segments.push((command, points));
    }

    /// Returns SVG path data of the letter stretched to fill the box exactly, y downwards.
    pub(crate) fn fill_box(&self, x: f64, y: f64, width: f64, height: f64) -> String {
        use super::number::coordinate;
        let mut path = String::new();
        for (command, points) in &self.segments {
            path.push(*command);
            for (index, (px, py)) in points.iter().enumerate() {
                if index > 0 {
                    path.push(' ');
                }
                let across = (px - self.x_min) / (self.x_max - self.x_min);
                let up = (py - self.y_min) / (self.y_max - self.y_min);
                path.push_str(&coordinate(x + across * width));
                path.push(' ');
                path.push_str(&coordinate(y + (1.0 - up) * height));
            }
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_parse_and_name_the_family() {
        for (bytes, weight) in [(REGULAR, 400), (SEMIBOLD, 600)] {
            let face = Face::parse(bytes, 0).unwrap();
            assert_eq!(face.weight().to_number(), weight);
            let mut names = face.names().into_iter().filter(|n| n.name_id == 1 || n.name_id == 16);
            assert!(names.any(|n| n.to_string().as_deref() == Some(FAMILY)));
        }
    }

    #[test]
    fn every_sign_that_figures_use_is_in_the_font() {
        let signs = "ACGTNacgtn0123456789 .,:;()[]<>=+-_/%\u{2212}\u{2013}\u{d7}\u{b1}\u{2265}\u{2264}\u{2192}\u{2190}\u{2032}\
            \u{394}\u{3c1}\u{3c4}\u{b2}\u{2082}\u{b7}\u{2026}\u{25b2}\u{25bc}\u{b5}";
        for weight in [Weight::Regular, Weight::SemiBold] {
            for sign in signs.chars() {
                assert!(face(weight).glyph_index(sign).is_some(), "{sign}");
            }
        }
    }

    #[test]
    fn widths_are_sums_of_advances() {
        // Advances of Inter Regular 4.001, read with fontTools 4.68.0: A 1413, C 1496, space 576 of 2048 per em.
        let width = text_width("AC A", 2048.0, Weight::Regular);
        assert_eq!(width, f64::from(1413 + 1496 + 576 + 1413));
        assert_eq!(text_width("", 11.0, Weight::Regular), 0.0);
        let (regular, bold) = (
            text_width("TERT", 12.0, Weight::Regular),
            text_width("TERT", 12.0, Weight::SemiBold),
        );
        assert!(bold > regular);
    }

    #[test]
    fn letters_fill_their_box() {
        // The bounding box of a stretched letter is the box itself: its extreme points lie on the edges.
        let path = Outline::of('T', Weight::SemiBold)
            .unwrap()
            .fill_box(10.0, 20.0, 30.0, 40.0);
        let numbers: Vec<f64> = path
            .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
            .filter_map(|t| t.parse().ok())
            .collect();
        let (xs, ys): (Vec<f64>, Vec<f64>) = numbers.chunks(2).map(|p| (p[0], p[1])).unzip();
        let low = |v: &[f64]| v.iter().copied().fold(f64::INFINITY, f64::min);
        let high = |v: &[f64]| v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert_eq!((low(&xs), high(&xs), low(&ys), high(&ys)), (10.0, 40.0, 20.0, 60.0));
    }
}
