//! Which tracks there are: cell lines against output types, with the number of tracks in each cell.

use super::drawing::canvas::{Anchor, Canvas, Paint, Text};
use super::drawing::colour::{AXIS, INK, MUTED, PAPER, diverging};
use super::drawing::font::{Weight, middle, text_width};
use super::drawing::heading::{Heading, wrap};
use super::drawing::look;
use super::drawing::number::grouped;
use super::drawing::table::{Cell, Table};
use super::{Figure, FigureError, FigureKind, Labels, check_lengths, check_not_empty};
use refalt_core::OutputType;

/// Line of the table [`super::FIGURES`].
pub const KIND: FigureKind = FigureKind {
    name: "track_coverage",
    shows: "how many tracks cell lines or other groups have, by modality, output type and resolution",
};

/// Height of one row, in px.
const ROW: f64 = 20.0;
/// Height of one line of a column's head, in px.
const LINE: f64 = 14.0;
/// Space between two modalities, in px.
const GAP: f64 = 8.0;
/// Share of the scale above which numbers are white: there ink and white have the same contrast to the fill, 4.2 to 1,
/// and everywhere else the better of the two has more.
const WHITE_FROM: f64 = 0.72;

/// One output type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoverageColumn {
    /// The output type.
    pub output: OutputType,
    /// Size of a bin in bp.
    pub resolution_bp: u32,
}

/// One group of tracks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoverageRow {
    /// Its name.
    pub label: String,
    /// What stands beside the name, such as its ontology term; may be empty.
    pub detail: String,
    /// Tracks in each column.
    pub tracks: Vec<usize>,
}

/// Groups of tracks against output types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackCoverage {
    /// Name, title and caption.
    pub labels: Labels,
    /// What a row is: `cell line`.
    pub row_title: String,
    /// The columns; those of one modality stand together.
    pub columns: Vec<CoverageColumn>,
    /// The rows that are shown, in order.
    pub rows: Vec<CoverageRow>,
    /// Number of groups there are, shown or not.
    pub total: usize,
}

/// Returns what an output type measures, in a word or two.
const fn modality(output: OutputType) -> &'static str {
    match output {
        OutputType::Atac | OutputType::Dnase => "accessibility",
        OutputType::ChipHistone => "histone marks",
        OutputType::ChipTf => "factor binding",
        OutputType::Cage | OutputType::Procap => "start sites",
        OutputType::RnaSeq => "expression",
        OutputType::SpliceSites | OutputType::SpliceSiteUsage | OutputType::SpliceJunctions => "splicing",
        OutputType::ContactMaps => "contacts",
    }
}

/// The output types in the order of the columns: by modality.
pub const COLUMN_ORDER: [OutputType; 11] = [
    OutputType::Atac,
    OutputType::Dnase,
    OutputType::ChipHistone,
    OutputType::ChipTf,
    OutputType::Cage,
    OutputType::Procap,
    OutputType::RnaSeq,
    OutputType::SpliceSites,
    OutputType::SpliceSiteUsage,
    OutputType::SpliceJunctions,
    OutputType::ContactMaps,
];

/// Where the columns stand.
struct Layout {
    names: f64,
    /// Left edge of each column.
    lefts: Vec<f64>,
    column: f64,
    right: f64,
    head_lines: usize,
    modality_lines: usize,
}

impl TrackCoverage {
    /// Draws the figure.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, there is no row or column, or a row has another number of cells.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "rows", self.rows.is_empty())?;
        check_not_empty(name, "columns", self.columns.is_empty())?;
        for row in &self.rows {
            check_lengths(
                name,
                ("the list of columns", self.columns.len()),
                ("a row", row.tracks.len()),
            )?;
        }
        let layout = self.layout();
        let heading = Heading::new(&self.labels.title, &self.labels.subtitle, layout.right + look::MARGIN);
        let head_top = heading.height();
        let top = head_top + (layout.modality_lines + layout.head_lines + 1) as f64 * LINE + 14.0;
        let height = top + self.rows.len() as f64 * ROW + look::MARGIN;
        let mut canvas = Canvas::new(name, layout.right + look::MARGIN, height);
        heading.draw(&mut canvas);
        self.draw_heads(&mut canvas, &layout, head_top, top);
        self.draw_rows(&mut canvas, &layout, top);

        let most = self.rows.iter().max_by_key(|row| row.tracks.iter().sum::<usize>());
        let most = most.map_or(String::new(), |row| {
            format!(
                ", the most for {} ({})",
                row.label,
                grouped(row.tracks.iter().sum::<usize>() as u64)
            )
        });
        let description = format!(
            "Numbers of tracks of {} of {} groups ({}) in {} output types{most}.",
            self.rows.len(),
            grouped(self.total as u64),
            self.row_title,
            self.columns.len()
        );
        let note = format!(
            "Numbers are tracks; colour is their logarithm. Below each output type stands the size of a bin. {} of {} \
             rows are shown.",
            self.rows.len(),
            grouped(self.total as u64)
        );
        Ok(Figure {
            name: name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(&note),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: self.table(),
        })
    }

    fn layout(&self) -> Layout {
        let widest = |texts: &mut dyn Iterator<Item = &str>, weight| {
            texts
                .map(|text| text_width(text, look::TICK, weight))
                .fold(0.0, f64::max)
        };
        let title = std::iter::once(self.row_title.as_str());
        let names = widest(
            &mut self.rows.iter().map(|row| row.label.as_str()).chain(title),
            Weight::Regular,
        );
        let details = widest(&mut self.rows.iter().map(|row| row.detail.as_str()), Weight::Regular);
        let words = self.columns.iter().flat_map(|column| column.output.name().split('_'));
        let alone = self.modalities().into_iter().filter(|(from, to)| from == to);
        let modalities = alone.flat_map(|(only, _)| modality(self.columns[only].output).split(' '));
        let column = widest(&mut words.chain(modalities), Weight::SemiBold) + 8.0;
        let first = look::MARGIN + names + if details > 0.0 { details + 12.0 } else { 0.0 } + 14.0;
        let mut lefts = Vec::new();
        let mut left = first;
        for (index, of) in self.columns.iter().enumerate() {
            if index > 0 && modality(of.output) != modality(self.columns[index - 1].output) {
                left += GAP;
            }
            lefts.push(left);
            left += column;
        }
        let head_lines = self.columns.iter().map(|of| of.output.name().split('_').count()).max();
        let layout = Layout {
            names,
            lefts,
            column,
            right: left + GAP + column,
            head_lines: head_lines.unwrap_or(1),
            modality_lines: 1,
        };
        let lines = |(from, to)| layout.modality_text(&self.columns, from, to).len();
        Layout {
            modality_lines: self.modalities().into_iter().map(lines).max().unwrap_or(1),
            ..layout
        }
    }

    /// Returns the first and the last column of each modality.
    fn modalities(&self) -> Vec<(usize, usize)> {
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            match groups.last_mut() {
                Some((from, to)) if modality(self.columns[*from].output) == modality(column.output) => *to = index,
                _ => groups.push((index, index)),
            }
        }
        groups
    }

    fn draw_heads(&self, canvas: &mut Canvas, layout: &Layout, head_top: f64, top: f64) {
        let line_y = head_top + layout.modality_lines as f64 * LINE + 4.0;
        for (from, to) in self.modalities() {
            let (left, right) = (layout.lefts[from], layout.lefts[to] + layout.column);
            let lines = layout.modality_text(&self.columns, from, to);
            let unused = layout.modality_lines - lines.len();
            for (index, line) in lines.iter().enumerate() {
                let y = head_top + (unused + index + 1) as f64 * LINE - 2.0;
                let text = Text::new((left + right) / 2.0, y, line, look::TICK).bold();
                canvas.text(text.anchor(Anchor::Middle));
            }
            canvas.line(
                (left + 2.0, line_y),
                (right - 2.0, line_y),
                Paint::stroke(AXIS, look::HAIRLINE),
            );
        }
        let base = top - 8.0;
        for (column, left) in self.columns.iter().zip(&layout.lefts) {
            let centre = left + layout.column / 2.0;
            let words: Vec<&str> = column.output.name().split('_').collect();
            for (index, word) in words.iter().enumerate() {
                let y = base - (words.len() - index) as f64 * LINE;
                canvas.text(Text::new(centre, y, word, look::TICK).anchor(Anchor::Middle));
            }
            let bins = format!("{} bp", grouped(u64::from(column.resolution_bp)));
            canvas.text(
                Text::new(centre, base, &bins, look::TICK)
                    .anchor(Anchor::Middle)
                    .colour(MUTED),
            );
        }
        let all = Text::new(layout.right - layout.column / 2.0, base - LINE, "all", look::TICK);
        canvas.text(all.anchor(Anchor::Middle));
        canvas.text(Text::new(look::MARGIN, base, &self.row_title, look::TICK).colour(MUTED));
    }

    fn draw_rows(&self, canvas: &mut Canvas, layout: &Layout, top: f64) {
        let largest = self.rows.iter().flat_map(|row| &row.tracks).max().copied().unwrap_or(0);
        let scale = ((1 + largest) as f64).ln().max(f64::MIN_POSITIVE);
        for (index, row) in self.rows.iter().enumerate() {
            let y = top + index as f64 * ROW;
            let baseline = y + ROW / 2.0 + middle(look::TICK);
            canvas.text(Text::new(look::MARGIN, baseline, &row.label, look::TICK));
            if !row.detail.is_empty() {
                let left = look::MARGIN + layout.names + 12.0;
                canvas.text(Text::new(left, baseline, &row.detail, look::TICK).colour(MUTED));
            }
            for (&tracks, (left, column)) in row.tracks.iter().zip(layout.lefts.iter().zip(&self.columns)) {
                let share = ((1 + tracks) as f64).ln() / scale;
                let colour = if tracks == 0 {
                    MUTED
                } else if share > WHITE_FROM {
                    PAPER
                } else {
                    INK
                };
                if tracks > 0 {
                    let title = format!("{}, {}: {}", row.label, column.output, grouped(tracks as u64));
                    let paint = Paint::fill(diverging(-share));
                    canvas.rect_titled(left + 1.0, y + 1.0, layout.column - 2.0, ROW - 2.0, paint, Some(&title));
                }
                let number = grouped(tracks as u64);
                let text = Text::new(left + layout.column / 2.0, baseline, &number, look::TICK);
                canvas.text(text.anchor(Anchor::Middle).colour(colour));
            }
            let all = grouped(row.tracks.iter().sum::<usize>() as u64);
            let text = Text::new(layout.right - layout.column / 2.0, baseline, &all, look::TICK).bold();
            canvas.text(text.anchor(Anchor::Middle));
        }
    }

    fn table(&self) -> String {
        let mut table = Table::new(&["row", "detail", "modality", "output_type", "resolution_bp", "tracks"]);
        for row in &self.rows {
            for (column, &tracks) in self.columns.iter().zip(&row.tracks) {
                table.row(&[
                    Cell::Text(&row.label),
                    Cell::Text(&row.detail),
                    Cell::Text(modality(column.output)),
                    Cell::Text(column.output.name()),
                    Cell::Integer(u64::from(column.resolution_bp)),
                    Cell::Integer(tracks as u64),
                ]);
            }
        }
        table.finish()
    }
}

impl Layout {
    /// Breaks the name of a modality to the width of its columns.
    fn modality_text(&self, columns: &[CoverageColumn], from: usize, to: usize) -> Vec<String> {
        let room = self.lefts[to] + self.column - self.lefts[from] - 4.0;
        wrap(modality(columns[from].output), look::TICK, Weight::SemiBold, room)
    }
}
