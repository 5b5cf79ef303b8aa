//! Variant-effect map: every position of an element against every alternate base, one panel per data source.
//!
//! Long elements are broken into lines like a sequence alignment, so that a base keeps a width that can be
//! read. Each line holds all panels, so that measured and predicted values of a base stand above each other.

use refalt_core::{Interval, Position};

use contribution::LogoLane;
use limit::Limit;

use super::drawing::canvas::{Anchor, Canvas, Paint, Text};
use super::drawing::colour::{AXIS, INK, MISSING, MUTED, PAPER, diverging};
use super::drawing::font::{Weight, middle, text_width};
use super::drawing::heading::Heading;
use super::drawing::look;
use super::drawing::number::{grouped, signed};
use super::drawing::placement::spread_over_lines;
use super::drawing::table::{Cell, Table};
use super::drawing::ticks;
use super::{Figure, FigureError, FigureKind, Labels};
use super::{check_bases, check_finite, check_lengths, check_not_empty};

mod contribution;
mod legend;
mod limit;

/// Line of the table [`super::FIGURES`].
pub const KIND: FigureKind = FigureKind {
    name: "effect_map",
    shows: "the effect of every base change of an element, position by alternate base, measured above predicted",
};

/// Alternate bases from the top row down; also the order of [`EffectPanel::effects`].
pub const BASES: [char; 4] = ['A', 'C', 'G', 'T'];

/// Blank space right of the map: half a tick label.
const RIGHT: f64 = 30.0;
/// Height of a line of mark labels.
const LABEL_LINE: f64 = 15.0;
/// Space between mark labels and the map, crossed by leaders.
const LEADER: f64 = 8.0;
/// Space below the map for ticks and their labels.
const AXIS_HEIGHT: f64 = look::TICK_LENGTH + look::TICK + 6.0;
/// Maps up to this many bases show the value of a cell when pointed at.
const TITLED_BASES: usize = 600;

/// Which value takes the end colours of a panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ColourLimit {
    /// The largest absolute value: nothing is cut, small effects are pale.
    Maximum,
    /// The quantile of the absolute values (0 to 1, nearest rank), rounded up to two digits; larger values take
    /// the end colours, and legend and caption say so.
    Quantile(f64),
    /// This absolute value.
    Fixed(f64),
}

impl Default for ColourLimit {
    fn default() -> Self {
        Self::Quantile(0.98)
    }
}

/// One data source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EffectPanel {
    /// Name left of the panel: "measured".
    pub label: String,
    /// Quantity and unit for the legend: "log2 effect".
    pub value_title: String,
    /// One entry per position, effects of A, C, G and T; `None` at the reference base and where unknown.
    pub effects: Vec<[Option<f64>; 4]>,
    /// Which value takes the end colours.
    pub limit: ColourLimit,
}

/// A named variant or position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectMark {
    /// Where it is (1-based).
    pub position: Position,
    /// The alternate base; the whole column is outlined when absent.
    pub alternate: Option<char>,
    /// Label above the map.
    pub label: String,
}

/// A variant-effect map.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectMap {
    /// Name, title and caption.
    pub labels: Labels,
    /// Contig name.
    pub contig: String,
    /// Assembly name; may be empty when it is not known.
    pub assembly: String,
    /// First position of the map (1-based).
    pub first: Position,
    /// Reference bases on the forward strand, capitals, one per position.
    pub reference_bases: String,
    /// Panels from top to bottom.
    pub panels: Vec<EffectPanel>,
    /// Named variants.
    pub marks: Vec<EffectMark>,
    /// Bases per line; chosen from the length when absent.
    pub bases_per_line: Option<usize>,
    /// What each reference base contributes, one value per position, drawn as a logo above the panels: letters above the
    /// line where the value is positive, below it where it is negative.
    pub contributions: Option<Vec<f64>>,
}

/// Sizes that follow from the length of the element.
#[derive(Debug)]
struct Grid {
    per_line: usize,
    left: f64,
    cell_width: f64,
    cell_height: f64,
    show_sequence: bool,
    /// Dots mark the reference base where they are large enough to be seen; else its cell is only white.
    show_dots: bool,
}

impl Grid {
    fn x(&self, column: usize) -> f64 {
        self.left + column as f64 * self.cell_width
    }

    fn panel_height(&self) -> f64 {
        BASES.len() as f64 * self.cell_height
    }

    /// Space between two panels, which holds the reference sequence when letters fit.
    fn gap(&self) -> f64 {
        if self.show_sequence { 15.0 } else { 6.0 }
    }

    fn panel_top(&self, panel: usize) -> f64 {
        panel as f64 * (self.panel_height() + self.gap())
    }
}

impl EffectMap {
    /// Draws the figure.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, lists differ in length, a base or value is not one, an effect
    /// is given at the reference base, a limit is not positive, or a mark lies outside.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        let shown = self.check()?;
        let limits: Vec<Limit> = self.panels.iter().map(Limit::of).collect();
        let logo = self.contributions.as_deref().map(LogoLane::new);
        let grid = self.grid(logo.as_ref());
        let length = self.reference_bases.len();
        let lines: Vec<(usize, usize)> = (0..length)
            .step_by(grid.per_line)
            .map(|from| (from, (from + grid.per_line).min(length)))
            .collect();

        let width = (grid.x(grid.per_line) + RIGHT).max(look::NARROW);
        let heading = Heading::new(&self.labels.title, &self.labels.subtitle, width);
        let mut lanes = Vec::new();
        for &(from, to) in &lines {
            lanes.push(self.mark_lane(&grid, from, to, width)?);
        }
        let logo_height = logo.as_ref().map_or(0.0, LogoLane::height);
        let block = grid.panel_top(self.panels.len() - 1) + grid.panel_height() + AXIS_HEIGHT + 12.0;
        let legend = self.legend(&limits, width);
        let legend_height = legend.last().map_or(0.0, |item| item.y + 44.0);
        let height = heading.height()
            + lanes.iter().map(|lane| lane.height + logo_height + block).sum::<f64>()
            + look::LABEL
            + 16.0
            + legend_height
            + look::MARGIN;
        let mut canvas = Canvas::new(&self.labels.name, width, height);
        heading.draw(&mut canvas);
        let mut top = heading.height();
        for (&(from, to), lane) in lines.iter().zip(&lanes) {
            let logo_top = top + lane.height;
            let map_top = logo_top + logo_height;
            if let Some(logo) = &logo {
                self.draw_logo(&mut canvas, &grid, logo, from..to, logo_top);
            }
            self.draw_line(&mut canvas, &grid, &limits, from, to, map_top);
            self.draw_marks(&mut canvas, &grid, lane, from, [top, logo_top, map_top]);
            top = map_top + block;
        }
        let axis = self.axis_title();
        let middle_of_map = (grid.x(0) + grid.x(grid.per_line)) / 2.0;
        let title = Text::new(middle_of_map, top + 4.0, &axis, look::LABEL);
        let half = text_width(&axis, look::LABEL, Weight::Regular) / 2.0;
        let centre = middle_of_map.clamp(half + look::MARGIN, width - half - look::MARGIN);
        canvas.text(Text { x: centre, ..title }.anchor(Anchor::Middle));
        self.draw_legend(&mut canvas, &grid, &legend, &limits, top + 24.0);

        let description = self.describe(shown);
        Ok(Figure {
            name: self.labels.name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(&self.note(&grid, &limits)),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: self.table(),
        })
    }

    /// Checks everything and returns the bases that are shown.
    fn check(&self) -> Result<Interval, FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "bases", self.reference_bases.is_empty())?;
        check_not_empty(name, "panels", self.panels.is_empty())?;
        check_bases(name, "the reference sequence", &self.reference_bases)?;
        let length = self.reference_bases.len();
        let setting = |what, found: String, allowed| FigureError::Setting {
            figure: name.clone(),
            what,
            found,
            allowed,
        };
        for panel in &self.panels {
            check_lengths(
                name,
                ("the reference sequence", length),
                ("a panel", panel.effects.len()),
            )?;
            check_finite(
                name,
                "effect",
                panel.effects.iter().flatten().filter_map(|effect| *effect),
            )?;
            let at_reference = self
                .reference_bases
                .chars()
                .zip(&panel.effects)
                .position(|(base, effects)| {
                    BASES
                        .iter()
                        .zip(effects)
                        .any(|(alternate, effect)| *alternate == base && effect.is_some())
                });
            if let Some(index) = at_reference {
                let found = format!("a value at the reference base, index {index}");
                return Err(setting("a panel", found, "the reference base has no effect on itself"));
            }
            match panel.limit {
                ColourLimit::Quantile(q) if !(q > 0.0 && q <= 1.0) => {
                    return Err(setting(
                        "the colour limit",
                        q.to_string(),
                        "a quantile above 0, at most 1",
                    ));
                }
                ColourLimit::Fixed(limit) if !(limit > 0.0 && limit.is_finite()) => {
                    return Err(setting("the colour limit", limit.to_string(), "a number above 0"));
                }
                _ => {}
            }
        }
        if let Some(contributions) = &self.contributions {
            let given = ("the contributions", contributions.len());
            check_lengths(name, ("the reference sequence", length), given)?;
            check_finite(name, "contribution", contributions.iter().copied())?;
        }
        if self.bases_per_line == Some(0) {
            return Err(setting("the number of bases per line", "0".to_owned(), "at least 1"));
        }
        let shown = u32::try_from(length)
            .ok()
            .and_then(|length| Interval::at(self.first, length));
        let Some(shown) = shown else {
            return Err(setting("the length", length.to_string(), "positions that fit 32 bits"));
        };
        for mark in &self.marks {
            if !shown.contains(mark.position) {
                return Err(FigureError::Outside {
                    figure: name.clone(),
                    what: mark.label.clone(),
                    position: mark.position,
                    first: self.first,
                    last: shown.last().unwrap_or(self.first),
                });
            }
            if let Some(found) = mark.alternate.filter(|base| !BASES.contains(base)) {
                return Err(FigureError::Base {
                    figure: name.clone(),
                    what: "a mark",
                    found,
                    index: 0,
                });
            }
        }
        Ok(shown)
    }

    fn grid(&self, logo: Option<&LogoLane>) -> Grid {
        let length = self.reference_bases.len();
        let names = self
            .panels
            .iter()
            .map(|p| text_width(&p.label, look::TICK, Weight::SemiBold));
        let names = names.chain(logo.map(LogoLane::names_width));
        let left = look::MARGIN + names.fold(0.0, f64::max) + 26.0;
        let room = look::WIDE - left - RIGHT;
        let per_line = self.bases_per_line.unwrap_or_else(|| {
            // At least 7 px per base while that takes no more than four lines; very long elements get more
            // lines rather than less than 2 px per base.
            let readable = length.div_ceil((room / 7.0) as usize);
            let lines = readable.min(4).max(length.div_ceil((room / 2.0) as usize));
            length.div_ceil(lines)
        });
        let cell = (room / per_line as f64).min(16.0);
        let cell_width = match cell {
            c if c >= 4.0 => c.floor(),
            c if c >= 2.0 => (c * 2.0).floor() / 2.0,
            c => c,
        };
        Grid {
            per_line,
            left,
            cell_width,
            cell_height: if cell_width >= 14.0 { 14.0 } else { 11.0 },
            show_sequence: cell_width >= 7.0,
            show_dots: cell_width >= 3.5,
        }
    }

    fn position_at(&self, index: usize) -> u32 {
        // Fits: the interval was checked.
        self.first.one_based() + index as u32
    }

    fn index_of(&self, position: Position) -> usize {
        usize::try_from(self.first.distance_to(position)).unwrap_or(0)
    }

    fn axis_title(&self) -> String {
        let assembly = if self.assembly.is_empty() {
            String::new()
        } else {
            format!("{}, ", self.assembly)
        };
        format!("{} position ({assembly}1-based, forward strand)", self.contig)
    }

    fn draw_line(&self, canvas: &mut Canvas, grid: &Grid, limits: &[Limit], from: usize, to: usize, top: f64) {
        let bases: Vec<char> = self.reference_bases.chars().collect();
        let titled = bases.len() <= TITLED_BASES;
        for (index, (panel, limit)) in self.panels.iter().zip(limits).enumerate() {
            let panel_top = top + grid.panel_top(index);
            let label_y = panel_top + grid.panel_height() / 2.0 + middle(look::TICK);
            canvas.text(
                Text::new(grid.left - 20.0, label_y, &panel.label, look::TICK)
                    .anchor(Anchor::End)
                    .bold(),
            );
            canvas.open_crisp_group();
            for (row, alternate) in BASES.iter().enumerate() {
                let y = panel_top + row as f64 * grid.cell_height;
                for (at, &base) in bases.iter().enumerate().take(to).skip(from) {
                    let effect = panel.effects[at][row];
                    let colour = match effect {
                        Some(effect) => diverging(effect / limit.value),
                        None if base == *alternate => PAPER,
                        None => MISSING,
                    };
                    let title = effect.filter(|_| titled).map(|effect| {
                        let position = grouped(u64::from(self.position_at(at)));
                        format!("{position} {base}>{alternate} {}", signed(effect, 3))
                    });
                    let x = grid.x(at - from);
                    let paint = Paint::fill(colour);
                    canvas.rect_titled(x, y, grid.cell_width, grid.cell_height, paint, title.as_deref());
                }
            }
            canvas.close_group();
            for (row, alternate) in BASES.iter().enumerate() {
                let centre = panel_top + (row as f64 + 0.5) * grid.cell_height;
                let letter = alternate.to_string();
                let name = Text::new(grid.left - 9.0, centre + middle(look::LETTER), &letter, look::LETTER);
                canvas.text(name.anchor(Anchor::Middle).colour(MUTED));
                let radius = (grid.cell_width * 0.2).min(1.4);
                for at in (from..to).filter(|&at| grid.show_dots && bases[at] == *alternate) {
                    let x = grid.x(at - from) + grid.cell_width / 2.0;
                    canvas.circle(x, centre, radius, Paint::fill(MUTED), None);
                }
            }
            let paint = Paint::stroke(AXIS, 0.7);
            let width = (to - from) as f64 * grid.cell_width;
            canvas.rect(grid.left, panel_top, width, grid.panel_height(), paint);
            if grid.show_sequence && index + 1 < self.panels.len() {
                let baseline = panel_top + grid.panel_height() + grid.gap() / 2.0 + middle(look::LETTER);
                let columns: Vec<f64> = (from..to).map(|at| grid.x(at - from) + grid.cell_width / 2.0).collect();
                let text = Text::new(0.0, baseline, &self.reference_bases[from..to], look::LETTER);
                canvas.text_at(&columns, text.anchor(Anchor::Middle).colour(MUTED));
            }
        }
        let axis_top = top + grid.panel_top(self.panels.len() - 1) + grid.panel_height();
        let (first, last) = (self.position_at(from), self.position_at(to - 1));
        for position in ticks::genomic(first, last, grid.cell_width, 76.0) {
            let x = grid.x((position - first) as usize) + grid.cell_width / 2.0;
            let end = axis_top + look::TICK_LENGTH;
            canvas.line((x, axis_top), (x, end), Paint::stroke(AXIS, look::HAIRLINE));
            let label = grouped(u64::from(position));
            let text = Text::new(x, end + 2.0 + look::TICK, &label, look::TICK);
            canvas.text(text.anchor(Anchor::Middle));
        }
    }

    fn mark_lane(&self, grid: &Grid, from: usize, to: usize, width: f64) -> Result<Lane<'_>, FigureError> {
        let mut marks: Vec<&EffectMark> = self
            .marks
            .iter()
            .filter(|mark| (from..to).contains(&self.index_of(mark.position)))
            .collect();
        marks.sort_by_key(|mark| mark.position);
        let wanted: Vec<(f64, f64)> = marks
            .iter()
            .map(|mark| {
                let centre = grid.x(self.index_of(mark.position) - from) + grid.cell_width / 2.0;
                (centre, text_width(&mark.label, look::TICK, Weight::SemiBold))
            })
            .collect();
        let places = spread_over_lines(&wanted, look::MARGIN, width - look::MARGIN, 8.0).ok_or_else(|| {
            let label = marks
                .iter()
                .max_by_key(|m| m.label.len())
                .map_or(String::new(), |m| m.label.clone());
            FigureError::Label {
                figure: self.labels.name.clone(),
                label,
            }
        })?;
        let lines = places.iter().map(|place| place.0 + 1).max().unwrap_or(0);
        let height = if lines == 0 {
            0.0
        } else {
            lines as f64 * LABEL_LINE + LEADER
        };
        Ok(Lane { marks, places, height })
    }

    fn draw_marks(&self, canvas: &mut Canvas, grid: &Grid, lane: &Lane<'_>, from: usize, tops: [f64; 3]) {
        let [top, leader_end, map_top] = tops;
        let lines = lane.places.iter().map(|place| place.0 + 1).max().unwrap_or(0);
        for (mark, &(line, centre)) in lane.marks.iter().zip(&lane.places) {
            let x = grid.x(self.index_of(mark.position) - from);
            let column = x + grid.cell_width / 2.0;
            let baseline = top + (lines - line) as f64 * LABEL_LINE - 4.0;
            canvas.line(
                (centre, baseline + 3.0),
                (column, leader_end),
                Paint::stroke(INK, look::HAIRLINE),
            );
            let outline = Paint::stroke(INK, 1.4);
            for panel in 0..self.panels.len() {
                let panel_top = map_top + grid.panel_top(panel);
                match mark.alternate.and_then(|base| BASES.iter().position(|b| *b == base)) {
                    Some(row) => {
                        let y = panel_top + row as f64 * grid.cell_height;
                        canvas.rect(x, y, grid.cell_width, grid.cell_height, outline);
                    }
                    None => canvas.rect(x, panel_top, grid.cell_width, grid.panel_height(), outline),
                }
            }
        }
        // Text over leaders of higher lines.
        for (mark, &(line, centre)) in lane.marks.iter().zip(&lane.places) {
            let baseline = top + (lines - line) as f64 * LABEL_LINE - 4.0;
            let text = Text::new(centre, baseline, &mark.label, look::TICK)
                .anchor(Anchor::Middle)
                .bold();
            canvas.text(Text { halo: true, ..text });
        }
    }

    fn describe(&self, shown: Interval) -> String {
        let panels: Vec<&str> = self.panels.iter().map(|panel| panel.label.as_str()).collect();
        let mut text = format!(
            "Heat map of {} positions, {}:{}-{}, by alternate base A, C, G, T. Panels from top: {}.",
            self.reference_bases.len(),
            self.contig,
            grouped(u64::from(self.first.one_based())),
            grouped(u64::from(shown.last().unwrap_or(self.first).one_based())),
            panels.join(", ")
        );
        for mark in &self.marks {
            let index = self.index_of(mark.position);
            let row = mark.alternate.and_then(|base| BASES.iter().position(|b| *b == base));
            let values: Vec<String> = self
                .panels
                .iter()
                .filter_map(|panel| Some(format!("{} {}", panel.label, signed(panel.effects[index][row?]?, 2))))
                .collect();
            if !values.is_empty() {
                text.push_str(&format!(" {}: {}.", mark.label, values.join(", ")));
            }
        }
        text
    }

    fn note(&self, grid: &Grid, limits: &[Limit]) -> String {
        let reference = if grid.show_dots { "Dots" } else { "White" };
        let mut note = format!("{reference}: reference base; grey: no value.");
        if self.contributions.is_some() {
            note.push_str(" Letters: the mean effect of changing a base, with the sign turned.");
        }
        let cut: Vec<String> = self
            .panels
            .iter()
            .zip(limits)
            .filter(|(_, limit)| limit.beyond > 0)
            .map(|(panel, limit)| {
                let (beyond, count) = (grouped(limit.beyond as u64), grouped(limit.count as u64));
                format!(
                    "\u{b1}{} ({}, {beyond} of {count} values lie beyond)",
                    limit.text(),
                    panel.label
                )
            })
            .collect();
        if !cut.is_empty() {
            note.push_str(&format!(" Colours end at {}.", cut.join(" and ")));
        }
        note
    }

    fn table(&self) -> String {
        let mut headers = vec!["contig", "position", "reference", "alternate"];
        headers.extend(self.panels.iter().map(|panel| panel.label.as_str()));
        headers.extend(self.contributions.iter().map(|_| "contribution_of_reference"));
        headers.push("mark");
        let mut table = Table::new(&headers);
        for (index, base) in self.reference_bases.chars().enumerate() {
            let reference = base.to_string();
            for (row, alternate) in BASES.iter().enumerate().filter(|(_, alternate)| **alternate != base) {
                let alternate_text = alternate.to_string();
                let mark = self.marks.iter().find(|mark| {
                    self.index_of(mark.position) == index && mark.alternate.is_none_or(|a| a == *alternate)
                });
                let mut cells = vec![
                    Cell::Text(&self.contig),
                    Cell::Integer(u64::from(self.position_at(index))),
                    Cell::Text(&reference),
                    Cell::Text(&alternate_text),
                ];
                cells.extend(self.panels.iter().map(|panel| Cell::from(panel.effects[index][row])));
                cells.extend(self.contributions.iter().map(|values| Cell::Number(values[index])));
                cells.push(mark.map_or(Cell::Missing, |mark| Cell::Text(&mark.label)));
                table.row(&cells);
            }
        }
        table.finish()
    }
}

/// Labels above one line of the map.
#[derive(Debug)]
struct Lane<'a> {
    marks: Vec<&'a EffectMark>,
    places: Vec<(usize, f64)>,
    height: f64,
}
