//! The scores of one part: the score table in its layout, and the summaries.

use super::kept_rows::KeptRows;
use super::ledger::{Ledger, part_name};
use super::plan::Plan;
use super::run::{RunError, at};
use super::score_table::{ScoreTable, ScoredVariant, Template};
use super::sources::{SourceTallies, SourceTally};
use super::summary_table::{Summarizer, SummaryTable};
use super::table_options::Layout;
use super::wide_table::{WideTables, WideTemplate};
use crate::atomic_file::Committed;
use std::path::PathBuf;

/// What is laid out once for all parts.
pub(crate) struct Templates<'a> {
    layout: LayoutTemplate<'a>,
    summaries: Summarizer<'a>,
}

enum LayoutTemplate<'a> {
    Tidy(Template),
    Wide(WideTemplate<'a>),
}

impl<'a> Templates<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        Self {
            layout: match plan.table.layout {
                Layout::Tidy => LayoutTemplate::Tidy(Template::new(plan)),
                Layout::Wide => LayoutTemplate::Wide(WideTemplate::new(plan)),
            },
            summaries: Summarizer::new(plan),
        }
    }
}

enum Table {
    /// Not begun: the first variant says how.
    Waiting,
    Tidy(Box<ScoreTable>),
    Wide(WideTables),
}

/// Writes the scores of one part.
pub(crate) struct PartScores {
    number: u64,
    folder: PathBuf,
    table: Table,
    summaries: SummaryTable,
    summaries_path: PathBuf,
    sources: SourceTallies,
}

/// The files of a part.
pub(crate) struct WrittenScores {
    /// Rows of the score table.
    pub(crate) rows: u64,
    /// Files under `scores/`, by name.
    pub(crate) scores: Vec<(String, Committed)>,
    pub(crate) summaries: Committed,
    /// Where the scores come from.
    pub(crate) sources: Vec<SourceTally>,
}

impl PartScores {
    /// Begins a part.
    pub(crate) fn create(number: u64, plan: &Plan, ledger: &Ledger) -> Result<Self, RunError> {
        let summaries_path = ledger.summaries_path(number);
        Ok(Self {
            number,
            folder: ledger.scores_folder(),
            table: Table::Waiting,
            summaries: SummaryTable::create(&summaries_path, plan).map_err(at(&summaries_path))?,
            summaries_path,
            sources: SourceTallies::default(),
        })
    }

    /// Appends a variant; the number of its rows.
    pub(crate) fn append(&mut self, templates: &Templates<'_>, variant: &ScoredVariant) -> Result<u64, RunError> {
        let path = self.folder.join(part_name(self.number));
        let plan = templates.summaries.plan();
        let rows = match (&mut self.table, &templates.layout) {
            (Table::Tidy(table), LayoutTemplate::Tidy(template)) => {
                table.append(template, variant).map_err(at(&path))?
            }
            (Table::Wide(tables), LayoutTemplate::Wide(template)) => tables.append(template, variant)?,
            (table, LayoutTemplate::Tidy(template)) => {
                let mut begun = Box::new(ScoreTable::create(&path, plan, template).map_err(at(&path))?);
                let rows = begun.append(template, variant).map_err(at(&path))?;
                *table = Table::Tidy(begun);
                rows
            }
            (table, LayoutTemplate::Wide(template)) => {
                let mut begun = WideTables::new(&self.folder, self.number);
                let rows = begun.append(template, variant)?;
                *table = Table::Wide(begun);
                rows
            }
        };
        self.summaries
            .append(&templates.summaries, variant)
            .map_err(at(&self.summaries_path))?;
        for block in &variant.blocks {
            let planned = &plan.scorers[block.scorer];
            let kept = KeptRows::of(&block.rows, plan.table.match_gene_strand);
            let scores = kept.count(&planned.tracks.tracks) as u64;
            self.sources.count(&planned.text, block, scores);
        }
        Ok(rows)
    }

    /// Finishes the part and puts its files in place.
    ///
    /// * `plan`: that of the run.
    pub(crate) fn commit(self, plan: &Plan) -> Result<WrittenScores, RunError> {
        let path = self.folder.join(part_name(self.number));
        let (scores, rows) = match self.table {
            Table::Waiting => (Vec::new(), 0),
            Table::Tidy(table) => {
                let (file, rows) = table.commit().map_err(at(&path))?;
                (vec![(part_name(self.number), file)], rows)
            }
            Table::Wide(tables) => tables.commit()?,
        };
        let scorers = plan.scorers.iter().map(|planned| planned.text.as_str());
        Ok(WrittenScores {
            rows,
            scores,
            sources: self.sources.in_order(scorers),
            summaries: self.summaries.commit().map_err(at(&self.summaries_path))?,
        })
    }
}
