//! An SVG document that is written element by element.
//!
//! Elements appear in the order of the calls. Text and attributes are escaped here and nowhere else. The same
//! calls give the same bytes. There is no scene tree: nothing has to be changed after it was drawn, and the
//! document of a map with thousands of cells is built once.

use std::fmt::Write as _;

use super::colour::{Colour, INK, PAPER};
use super::font::{STACK, Weight};
use super::number::coordinate;
use crate::figure::FigureError;

/// How a shape is painted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Paint {
    pub(crate) fill: Option<Colour>,
    pub(crate) stroke: Option<(Colour, f64)>,
    /// 0 to 1; `None` is opaque.
    pub(crate) opacity: Option<f64>,
    /// Lengths of dash and gap.
    pub(crate) dash: Option<&'static str>,
}

impl Paint {
    pub(crate) const fn fill(colour: Colour) -> Self {
        Self {
            fill: Some(colour),
            stroke: None,
            opacity: None,
            dash: None,
        }
    }

    pub(crate) const fn stroke(colour: Colour, width: f64) -> Self {
        Self {
            fill: None,
            stroke: Some((colour, width)),
            opacity: None,
            dash: None,
        }
    }

    pub(crate) const fn with_opacity(mut self, opacity: f64) -> Self {
        self.opacity = Some(opacity);
        self
    }

    pub(crate) const fn with_dash(mut self, dash: &'static str) -> Self {
        self.dash = Some(dash);
        self
    }
}

/// Which end of a text stands at its coordinate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Anchor {
    #[default]
    Start,
    Middle,
    End,
}

/// One line of text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) x: f64,
    /// Baseline.
    pub(crate) y: f64,
    pub(crate) content: &'a str,
    pub(crate) size: f64,
    pub(crate) anchor: Anchor,
    pub(crate) weight: Weight,
    pub(crate) colour: Colour,
    /// Clockwise, in degrees, around (x, y).
    pub(crate) rotation: f64,
    /// A rim in the colour of the paper, for text over marks.
    pub(crate) halo: bool,
}

impl<'a> Text<'a> {
    pub(crate) fn new(x: f64, y: f64, content: &'a str, size: f64) -> Self {
        Self {
            x,
            y,
            content,
            size,
            anchor: Anchor::Start,
            weight: Weight::Regular,
            colour: INK,
            rotation: 0.0,
            halo: false,
        }
    }

    pub(crate) fn anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    pub(crate) fn colour(mut self, colour: Colour) -> Self {
        self.colour = colour;
        self
    }

    pub(crate) fn bold(mut self) -> Self {
        self.weight = Weight::SemiBold;
        self
    }
}

/// An SVG document under construction.
#[derive(Debug)]
pub(crate) struct Canvas {
    name: String,
    width: f64,
    height: f64,
    body: String,
    clips: usize,
    open_groups: usize,
    drawable: bool,
}

impl Canvas {
    /// Starts a document.
    ///
    /// * `name`: prefix of every id in the document, so that documents can share a page.
    pub(crate) fn new(name: &str, width: f64, height: f64) -> Self {
        Self {
            name: name.to_owned(),
            width,
            height,
            body: String::new(),
            clips: 0,
            open_groups: 0,
            drawable: true,
        }
    }

    pub(crate) fn width(&self) -> f64 {
        self.width
    }

    pub(crate) fn height(&self) -> f64 {
        self.height
    }

    fn attribute(&mut self, name: &str, value: f64) {
        if !value.is_finite() {
            self.drawable = false;
        }
        let _ = write!(self.body, " {name}=\"{}\"", coordinate(value));
    }

    fn paint(&mut self, paint: Paint) {
        match paint.fill {
            Some(colour) => _ = write!(self.body, " fill=\"{}\"", colour.hex()),
            None => self.body.push_str(" fill=\"none\""),
        }
        if let Some((colour, width)) = paint.stroke {
            let _ = write!(self.body, " stroke=\"{}\"", colour.hex());
            self.attribute("stroke-width", width);
        }
        if let Some(opacity) = paint.opacity {
            self.attribute("opacity", opacity);
        }
        if let Some(dash) = paint.dash {
            let _ = write!(self.body, " stroke-dasharray=\"{dash}\"");
        }
    }

    pub(crate) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, paint: Paint) {
        self.rect_titled(x, y, width, height, paint, None);
    }

    /// Draws a rectangle that shows `title` when pointed at.
    pub(crate) fn rect_titled(&mut self, x: f64, y: f64, width: f64, height: f64, paint: Paint, title: Option<&str>) {
        self.body.push_str("<rect");
        for (name, value) in [("x", x), ("y", y), ("width", width), ("height", height)] {
            self.attribute(name, value);
        }
        self.paint(paint);
        self.close_with_title("rect", title);
    }

    pub(crate) fn circle(&mut self, x: f64, y: f64, radius: f64, paint: Paint, title: Option<&str>) {
        self.body.push_str("<circle");
        for (name, value) in [("cx", x), ("cy", y), ("r", radius)] {
            self.attribute(name, value);
        }
        self.paint(paint);
        self.close_with_title("circle", title);
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), paint: Paint) {
        self.body.push_str("<line");
        for (name, value) in [("x1", from.0), ("y1", from.1), ("x2", to.0), ("y2", to.1)] {
            self.attribute(name, value);
        }
        self.paint(Paint { fill: None, ..paint });
        self.body.push_str("/>\n");
    }

    /// Draws a line through `points`.
    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], paint: Paint) {
        self.points("polyline", points, paint);
    }

    /// Draws the closed shape with corners `points`.
    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], paint: Paint) {
        self.points("polygon", points, paint);
    }

    fn points(&mut self, element: &str, points: &[(f64, f64)], paint: Paint) {
        let _ = write!(self.body, "<{element} points=\"");
        for (index, (x, y)) in points.iter().enumerate() {
            self.drawable &= x.is_finite() && y.is_finite();
            let space = if index == 0 { "" } else { " " };
            let _ = write!(self.body, "{space}{},{}", coordinate(*x), coordinate(*y));
        }
        self.body.push('"');
        self.paint(paint);
        self.body.push_str("/>\n");
    }

    /// Draws SVG path data, which must come from code and not from data.
    pub(crate) fn path(&mut self, data: &str, paint: Paint) {
        let _ = write!(self.body, "<path d=\"{}\"", escape(data));
        self.paint(paint);
        self.body.push_str("/>\n");
    }

    pub(crate) fn text(&mut self, text: Text<'_>) {
        self.text_at(&[text.x], text);
    }

    /// Draws one text whose characters stand at the positions of `columns`, each anchored on its own.
    ///
    /// A sequence set like this stays one element that can be selected and searched.
    pub(crate) fn text_at(&mut self, columns: &[f64], text: Text<'_>) {
        self.body.push_str("<text x=\"");
        for (index, x) in columns.iter().enumerate() {
            self.drawable &= x.is_finite();
            if index > 0 {
                self.body.push(' ');
            }
            self.body.push_str(&coordinate(*x));
        }
        self.body.push('"');
        self.attribute("y", text.y);
        self.attribute("font-size", text.size);
        match text.anchor {
            Anchor::Start => {}
            Anchor::Middle => self.body.push_str(" text-anchor=\"middle\""),
            Anchor::End => self.body.push_str(" text-anchor=\"end\""),
        }
        if text.weight == Weight::SemiBold {
            self.body.push_str(" font-weight=\"600\"");
        }
        let _ = write!(self.body, " fill=\"{}\"", text.colour.hex());
        if text.rotation != 0.0 {
            let (angle, x, y) = (coordinate(text.rotation), coordinate(text.x), coordinate(text.y));
            let _ = write!(self.body, " transform=\"rotate({angle} {x} {y})\"");
        }
        if text.halo {
            let _ = write!(
                self.body,
                " stroke=\"{}\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"",
                PAPER.hex()
            );
        }
        let _ = writeln!(self.body, ">{}</text>", escape(text.content));
    }

    fn close_with_title(&mut self, element: &str, title: Option<&str>) {
        match title {
            Some(title) => _ = writeln!(self.body, "><title>{}</title></{element}>", escape(title)),
            None => self.body.push_str("/>\n"),
        }
    }

    /// Opens a group whose edges fall on whole pixels, for cells that touch.
    pub(crate) fn open_crisp_group(&mut self) {
        self.body.push_str("<g shape-rendering=\"crispEdges\">\n");
        self.open_groups += 1;
    }

    /// Opens a group that shows nothing outside the rectangle.
    pub(crate) fn open_clip(&mut self, x: f64, y: f64, width: f64, height: f64) {
        self.clips += 1;
        let id = format!("{}-clip-{}", self.name, self.clips);
        let _ = write!(self.body, "<clipPath id=\"{id}\"><rect");
        for (name, value) in [("x", x), ("y", y), ("width", width), ("height", height)] {
            self.attribute(name, value);
        }
        let _ = writeln!(self.body, "/></clipPath><g clip-path=\"url(#{id})\">");
        self.open_groups += 1;
    }

    /// Closes the group that was opened last.
    pub(crate) fn close_group(&mut self) {
        self.body.push_str("</g>\n");
        self.open_groups = self.open_groups.saturating_sub(1);
    }

    /// Returns the document with its accessible title and description.
    ///
    /// # Errors
    /// [`FigureError::NotDrawable`] when a coordinate was infinite or not a number.
    pub(crate) fn finish(mut self, title: &str, description: &str) -> Result<String, FigureError> {
        while self.open_groups > 0 {
            self.close_group();
        }
        if !self.drawable || !self.width.is_finite() || !self.height.is_finite() {
            return Err(FigureError::NotDrawable { figure: self.name });
        }
        let (name, width, height) = (&self.name, coordinate(self.width), coordinate(self.height));
        let mut svg = String::with_capacity(self.body.len() + 600);
        let _ = writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{name}-title {name}-desc\" \
             font-family=\"{STACK}\">"
        );
        let _ = writeln!(svg, "<title id=\"{name}-title\">{}</title>", escape(title));
        let _ = writeln!(svg, "<desc id=\"{name}-desc\">{}</desc>", escape(description));
        let _ = writeln!(
            svg,
            "<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>",
            PAPER.hex()
        );
        svg.push_str(&self.body);
        svg.push_str("</svg>\n");
        Ok(svg)
    }
}

/// Returns `text` safe inside XML text and double-quoted attributes.
///
/// Characters that XML 1.0 cannot carry at all (section 2.2, production Char) become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use resvg::usvg::roxmltree::Document;

    #[test]
    fn hostile_text_stays_text() {
        let mut canvas = Canvas::new("x", 10.0, 10.0);
        let hostile = "</text><script>alert(1)</script> & \"\u{7}";
        canvas.text(Text::new(0.0, 5.0, hostile, 11.0));
        canvas.rect_titled(0.0, 0.0, 1.0, 1.0, Paint::fill(INK), Some(hostile));
        let svg = canvas.finish(hostile, hostile).unwrap();
        let document = Document::parse(&svg).unwrap();
        assert!(!document.descendants().any(|n| n.has_tag_name("script")));
        let text = document.descendants().find(|n| n.has_tag_name("text")).unwrap();
        assert_eq!(text.text(), Some("</text><script>alert(1)</script> & \"\u{fffd}"));
    }

    #[test]
    fn a_coordinate_that_is_no_number_is_an_error() {
        for bad in [f64::NAN, f64::INFINITY] {
            let mut canvas = Canvas::new("x", 10.0, 10.0);
            canvas.line((0.0, 0.0), (bad, 1.0), Paint::stroke(INK, 1.0));
            assert!(matches!(canvas.finish("", ""), Err(FigureError::NotDrawable { .. })));
        }
    }

    #[test]
    fn groups_are_closed_and_ids_carry_the_name() {
        let mut canvas = Canvas::new("map", 10.0, 10.0);
        canvas.open_clip(0.0, 0.0, 5.0, 5.0);
        canvas.open_crisp_group();
        let svg = canvas.finish("t", "d").unwrap();
        let document = Document::parse(&svg).unwrap();
        let ids: Vec<_> = document.descendants().filter_map(|n| n.attribute("id")).collect();
        assert_eq!(ids, ["map-title", "map-desc", "map-clip-1"]);
    }
}
