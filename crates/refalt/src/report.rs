//! Reports: one HTML file that opens anywhere, without network, scripts or other files.
//!
//! The page carries its style, its typeface, its figures and the numbers behind them. It reads on a phone, in
//! the dark and on paper (A4), and a content security policy inside the page forbids it to load anything.
//! [`Report`] says what is in it; [`Report::to_html`] sets it; there is one layout for all reports.
//!
//! Text is text: it is escaped, and only two things in it are set: `code` between backticks, and addresses that
//! start with `https://`, which become links.

mod figure_block;
mod inline;
pub(crate) mod numbers;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::Serialize;

use crate::atomic_file::AtomicFile;
use crate::figure::{FONTS, Figure};

const TEMPLATE: &str = include_str!("report/report.html");
const STYLE: &str = include_str!("report/report.css");

/// A report.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Title of the page.
    pub title: String,
    /// What it is about, in one or two sentences.
    pub subtitle: String,
    /// Sections in order.
    pub sections: Vec<Section>,
    /// Inputs, versions and settings: name and value, shown in a table at the end.
    pub provenance: Vec<(String, String)>,
    /// Licences, citations and disclaimers at the foot of the page, a paragraph each.
    pub footer: Vec<String>,
}

/// A section with its entry in the table of contents.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Section {
    /// Heading.
    pub heading: String,
    /// Fragment of its address: a small letter, then small letters, digits and `-`.
    pub anchor: String,
    /// What is in it, in order.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// A heading within the section.
    Heading {
        /// The heading.
        text: String,
    },
    /// A paragraph.
    Paragraph {
        /// The text.
        text: String,
    },
    /// A list of points.
    List {
        /// The points.
        items: Vec<String>,
    },
    /// A few numbers that stand out.
    Facts {
        /// The numbers.
        facts: Vec<Fact>,
    },
    /// A remark that stands out.
    Callout {
        /// How grave it is.
        level: Level,
        /// The remark.
        text: String,
    },
    /// A table.
    Table(Table),
    /// A figure with its caption and its data.
    Figure(FigureBlock),
}

impl Block {
    /// Returns a paragraph.
    pub fn paragraph(text: impl Into<String>) -> Self {
        Self::Paragraph { text: text.into() }
    }

    /// Returns a figure.
    pub fn figure(figure: Figure) -> Self {
        Self::Figure(FigureBlock { figure })
    }
}

/// A number that stands out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// The number with its unit.
    pub value: String,
    /// A remark below it; may be empty.
    pub note: String,
}

/// How grave a remark is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Worth knowing.
    #[default]
    Note,
    /// As it should be.
    Good,
    /// Read this before using the numbers.
    Warning,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Caption above the table; may be empty.
    pub caption: String,
    /// Columns from left to right.
    pub columns: Vec<Column>,
    /// Rows of cells, each as long as `columns`.
    pub rows: Vec<Vec<String>>,
    /// Indices of rows (from 0) that are set in bold.
    pub emphasised: Vec<usize>,
    /// Notes below the table, a paragraph each.
    pub notes: Vec<String>,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Header.
    pub header: String,
    /// Alignment of header and cells.
    pub alignment: Alignment,
}

impl Column {
    /// Returns a column of text.
    pub fn text(header: impl Into<String>) -> Self {
        Self {
            header: header.into(),
            alignment: Alignment::Start,
        }
    }

    /// Returns a column of numbers: aligned at the end, digits of equal width.
    pub fn number(header: impl Into<String>) -> Self {
        Self {
            header: header.into(),
            alignment: Alignment::End,
        }
    }
}

/// Alignment of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alignment {
    /// For text.
    #[default]
    Start,
    /// For marks and signs.
    Centre,
    /// For numbers.
    End,
}

/// A figure in a report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FigureBlock {
    /// The figure.
    pub figure: Figure,
}

/// Why a report could not be set or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A section's anchor cannot be the fragment of an address.
    #[error("`{anchor}` is not usable as the anchor of section `{heading}`")]
    Anchor {
        /// The anchor.
        anchor: String,
        /// The section.
        heading: String,
    },
    /// Two sections have the same anchor.
    #[error("two sections have the anchor `{anchor}`")]
    DuplicateAnchor {
        /// The anchor.
        anchor: String,
    },
    /// A row of a table has more or fewer cells than the table has columns.
    #[error("table `{caption}`: row {row} has `{found}` cells, the table has `{expected}` columns")]
    Row {
        /// Caption of the table.
        caption: String,
        /// Index of the row, from 0.
        row: usize,
        /// Cells of the row.
        found: usize,
        /// Columns of the table.
        expected: usize,
    },
    /// A figure's SVG has no usable size.
    #[error("figure `{figure}` is no SVG document with a width")]
    Figure {
        /// Name of the figure.
        figure: String,
    },
    /// The page could not be set.
    #[error("cannot set the report")]
    Template(#[from] minijinja::Error),
    /// The file could not be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl crate::Diagnostic for ReportError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Anchor { .. } => Some("use a small letter, then small letters, digits and `-`".to_owned()),
            Self::Write { path, .. } => Some(format!(
                "check that `{}` exists, can be written and has space",
                path.parent().unwrap_or(path).display()
            )),
            _ => None,
        }
    }
}

/// Returns the figures of sections, in order.
pub(crate) fn figures_of(sections: &[Section]) -> impl Iterator<Item = &Figure> {
    let blocks = sections.iter().flat_map(|section| &section.blocks);
    blocks.filter_map(|block| match block {
        Block::Figure(block) => Some(&block.figure),
        _ => None,
    })
}

/// Anchor of the provenance table; no section may have it.
const PROVENANCE: &str = "provenance";

/// Returns `bytes` for a `data:` address; the alphabet needs no escaping, and style sheets know none.
fn base64(bytes: &[u8]) -> Value {
    Value::from_safe_string(BASE64.encode(bytes))
}

impl Report {
    /// Returns the page.
    ///
    /// The same report gives the same bytes.
    ///
    /// # Errors
    /// [`ReportError`] when an anchor is unusable or given twice, a table is not rectangular, or a figure is not
    /// an SVG document.
    pub fn to_html(&self) -> Result<String, ReportError> {
        self.check()?;
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_filter("inline", |text: String| Value::from_safe_string(inline::to_html(&text)));
        // The name ends in .html, which turns escaping on.
        environment.add_template("report.html", TEMPLATE)?;
        let fonts: Vec<Value> = FONTS
            .iter()
            .map(|(weight, bytes)| context! { weight => weight, data => base64(bytes) })
            .collect();
        let mut figures = 0;
        let mut sections = Vec::new();
        for section in &self.sections {
            let mut blocks = Vec::new();
            for block in &section.blocks {
                blocks.push(match block {
                    Block::Figure(block) => {
                        figures += 1;
                        block.view(figures)?
                    }
                    other => Value::from(Serde(other)),
                });
            }
            sections.push(context! { heading => &section.heading, anchor => &section.anchor, blocks => blocks });
        }
        let page = environment.get_template("report.html")?.render(context! {
            title => &self.title,
            subtitle => &self.subtitle,
            sections => sections,
            provenance => Serde(&self.provenance),
            footer => Serde(&self.footer),
            fonts => fonts,
            style => Value::from_safe_string(STYLE.to_owned()),
        })?;
        Ok(page)
    }

    /// Writes the page to `path`, whole or not at all.
    ///
    /// # Errors
    /// Those of [`Report::to_html`], and [`ReportError::Write`].
    pub fn write(&self, path: &Path) -> Result<(), ReportError> {
        let page = self.to_html()?;
        AtomicFile::write(path, page.as_bytes()).map_err(|source| ReportError::Write {
            path: path.to_owned(),
            source,
        })?;
        Ok(())
    }

    fn check(&self) -> Result<(), ReportError> {
        let mut anchors = vec![PROVENANCE];
        for section in &self.sections {
            let anchor = section.anchor.as_str();
            let is_safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if !anchor.starts_with(|c: char| c.is_ascii_lowercase()) || !anchor.chars().all(is_safe) {
                return Err(ReportError::Anchor {
                    anchor: anchor.to_owned(),
                    heading: section.heading.clone(),
                });
            }
            if anchors.contains(&anchor) {
                return Err(ReportError::DuplicateAnchor {
                    anchor: anchor.to_owned(),
                });
            }
            anchors.push(anchor);
            for block in &section.blocks {
                let Block::Table(table) = block else { continue };
                let expected = table.columns.len();
                if let Some((row, cells)) = table.rows.iter().enumerate().find(|(_, cells)| cells.len() != expected) {
                    let caption = table.caption.clone();
                    return Err(ReportError::Row {
                        caption,
                        row,
                        found: cells.len(),
                        expected,
                    });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
