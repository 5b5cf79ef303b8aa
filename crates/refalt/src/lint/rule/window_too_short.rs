//! Windows that are too short.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Examples, Finding, Severity, grouped};
use crate::lint::plan::Plan;

/// The shortest window that AlphaGenome accepts.
const LEAST_ALPHAGENOME: u64 = 16_384;

pub(super) static RULE: Rule = Rule {
    code: "RF015",
    name: "window-too-short",
    severity: Severity::Warning,
    finds: "windows below 16,384 bp for AlphaGenome, or not longer than the stretch that a scorer sums over, or mostly \
            N in the reference",
    why: "A model of long sequence that reads little of it predicts worse; the length 2,048 was withdrawn from the service \
          for that. Predictions at 2 kb and 16 kb of the same 1,000 variants correlate at 0.45 only.",
    statistic: "The width of the scored interval (end minus start, 0-based and half-open), or the window of a run or study. \
                Of a \
                run also the variants of whose window the reference knows less than half: a warning from half of the \
                variants on, else a note. Exact. Models other than AlphaGenome are judged by the width of the scorer's mask only. False alarm: a \
                check of windows made on purpose.",
    remedy: "Use 131,072 bp or more (1,048,576 is what published quantiles are of), and one length for all rows that are \
             compared.",
    source: "AlphaGenome SDK 0.5.0 (2,048 removed), lengths 16,384, 131,072, 524,288 and 1,048,576; Spearman 0.452 \
             between windows: multi-window predictions of 1,000 GTEx pairs.",
    table: Some(|context| {
        let column = context
            .columns
            .first(LintRole::Window)
            .filter(|_| context.is_alphagenome())?;
        Some(Box::new(Check {
            context,
            column,
            rows: 0,
            short: 0,
            least: u64::MAX,
            examples: Examples::default(),
        }) as Box<dyn TableCheck + '_>)
    }),
    plan: Some(plan),
};

fn plan(plan: &Plan) -> Vec<Finding> {
    let mut found = lengths(plan);
    if plan.mostly_unknown > 0 {
        let severity = if plan.mostly_unknown * 2 >= plan.scored {
            Severity::Warning
        } else {
            Severity::Note
        };
        let message = format!(
            "for {} of {} variants the reference knows less than half of the window; the model read N for the rest",
            grouped(plan.mostly_unknown),
            grouped(plan.scored)
        );
        let finding = Finding::new(&RULE, severity, message).column("window_known");
        let finding =
            finding.remedy("Score with the whole genome as reference, not a slice of it, or leave these variants out.");
        found.push(
            finding
                .with("n", plan.scored)
                .with("mostly_unknown", plan.mostly_unknown),
        );
    }
    found
}

fn lengths(plan: &Plan) -> Vec<Finding> {
    let window = u64::from(plan.window_bp);
    if plan.is_alphagenome() && window < LEAST_ALPHAGENOME {
        let message = format!(
            "a window of {} bp is below the shortest that the model is made for",
            grouped(window)
        );
        let finding = Finding::new(&RULE, Severity::Warning, message).column("window_bp");
        return vec![finding.with("window_bp", window).with("least_bp", LEAST_ALPHAGENOME)];
    }
    let width = |text: &str| {
        let rest = text.split_once("width=")?.1;
        rest.split([',', ')']).next()?.trim().parse::<u64>().ok()
    };
    let wider = plan
        .scorers
        .iter()
        .filter_map(|scorer| Some((scorer, width(&scorer.text)?)));
    wider
        .filter(|(_, width)| *width >= window)
        .map(|(scorer, width)| {
            let message = format!(
                "the scorer sums over {} bp, and the window has {}",
                grouped(width),
                grouped(window)
            );
            let finding = Finding::new(&RULE, Severity::Warning, message).column("window_bp");
            finding
                .with("scorer", scorer.text.clone())
                .with("window_bp", window)
                .with("width_bp", width)
        })
        .collect()
}

struct Check<'a> {
    context: &'a Context<'a>,
    column: usize,
    rows: u64,
    short: u64,
    least: u64,
    examples: Examples,
}

/// The width of `chr3:57870450-58919026:.`, 0-based and half-open.
fn width(interval: &str) -> Option<u64> {
    let span = interval.split(':').find(|part| part.contains('-'))?;
    let (start, end) = span.split_once('-')?;
    end.parse::<u64>().ok()?.checked_sub(start.parse().ok()?)
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        if let Some(width) = row.cell(self.column).and_then(width) {
            self.rows += 1;
            if width < LEAST_ALPHAGENOME {
                self.short += 1;
                self.least = self.least.min(width);
                self.examples.add(row.number);
            }
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        if self.short == 0 {
            return Vec::new();
        }
        let message = format!(
            "{} of {} rows were scored in windows below 16,384 bp, the shortest of {} bp",
            grouped(self.short),
            grouped(self.rows),
            grouped(self.least)
        );
        let finding = Finding::new(&RULE, Severity::Warning, message).column(self.context.columns.name(self.column));
        vec![
            finding
                .rows(self.examples.rows())
                .with("n", self.rows)
                .with("short", self.short)
                .with("least_bp", self.least),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::plan::PlannedScorer;
    use crate::lint::run::findings;

    #[test]
    fn short_windows_are_found_in_tables_and_plans() {
        let table = |end: u32| {
            format!(
                "variant_id\tscored_interval\tvariant_scorer\traw_score\tquantile_score\nx\tchr3:1000-{end}:.\tS\t1\t0.5\n"
            )
        };
        assert_eq!(findings(&RULE, "a.tsv", &table(3048))[0].evidence["least_bp"], 2048);
        assert!(findings(&RULE, "a.tsv", &table(1_049_576)).is_empty());
        let study = |model: &str, window_bp| Plan {
            model: model.to_owned(),
            window_bp,
            scorers: vec![PlannedScorer {
                text: "CenterMaskScorer(requested_output=DNASE, width=501, aggregation_type=DIFF_LOG2_SUM)".to_owned(),
                ..PlannedScorer::default()
            }],
            ..Plan::default()
        };
        assert_eq!(plan(&study("alphagenome", 2048)).len(), 1);
        assert!(plan(&study("alphagenome", 16_384)).is_empty());
        assert_eq!(plan(&study("motif", 501)).len(), 1);
        assert!(plan(&study("motif", 2048)).is_empty());
    }
}
