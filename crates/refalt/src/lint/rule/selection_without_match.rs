//! A selection of tracks that selects none.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Examples, Finding, Severity, grouped};

pub(super) static RULE: Rule = Rule {
    code: "RF005",
    name: "selection-without-match",
    severity: Severity::Error,
    finds: "a selection of tracks (ontology term, tissue, factor) that matched nothing",
    why: "A filter without a match that falls back to the mean of everything gives numbers that look like a cell type's \
          and are not. A study's HepG2 numbers were means over all cell types for that reason.",
    statistic: "In a study: the selection resolves to no track of the model, or of a scorer's output type. In a run: a \
                scorer with no track. In a table: rows that give 0 as their number of tracks and a score all the same. \
                Exact; no false alarm known.",
    remedy: "Search the tracks (`refalt tracks search TEXT`) and write the selection with a term that is there; a row \
             without tracks has no score.",
    source: "The fallback `mean of everything` in a public TERT notebook.",
    table: Some(|context| {
        let tracks = context.columns.first(LintRole::TrackCount)?;
        let scores = [LintRole::Prediction, LintRole::RawScore, LintRole::QuantileScore];
        let scores: Vec<_> = scores
            .into_iter()
            .filter_map(|role| context.columns.first(role))
            .collect();
        let check = Check {
            context,
            tracks,
            scores,
            rows: 0,
            n: 0,
            examples: Examples::default(),
        };
        (!check.scores.is_empty()).then(|| Box::new(check) as Box<dyn TableCheck + '_>)
    }),
    plan: Some(|plan| {
        let mut found = Vec::new();
        if let Some(reason) = &plan.selection_fails {
            let message = format!("the selection of tracks matches nothing: {reason}");
            let selection = plan.selection.clone().unwrap_or_default();
            found.push(
                Finding::new(&RULE, Severity::Error, message)
                    .column("score.tracks")
                    .with("selection", selection),
            );
        }
        let empty = plan
            .scorers
            .iter()
            .filter(|scorer| scorer.tracks == Some(0) && plan.selection_fails.is_none());
        found.extend(empty.map(|scorer| {
            let message = format!("the scorer `{}` has no track", scorer.text);
            let finding = Finding::new(&RULE, Severity::Error, message).column("scorers");
            match &plan.selection {
                Some(selection) => finding.with("selection", selection.clone()),
                None => finding,
            }
        }));
        found
    }),
};

struct Check<'a> {
    context: &'a Context<'a>,
    tracks: usize,
    scores: Vec<usize>,
    rows: u64,
    n: u64,
    examples: Examples,
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        self.rows += 1;
        let has_score = self.scores.iter().any(|&column| row.number(column).is_some());
        if has_score && row.number(self.tracks) == Some(0.0) {
            self.n += 1;
            self.examples.add(row.number);
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        if self.n == 0 {
            return Vec::new();
        }
        let message = format!(
            "{} of {} rows have a score and no track behind it",
            grouped(self.n),
            grouped(self.rows)
        );
        let finding = Finding::new(&RULE, Severity::Error, message).column(self.context.columns.name(self.tracks));
        vec![
            finding
                .rows(self.examples.rows())
                .with("n", self.rows)
                .with("without_track", self.n),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::plan::{Plan, PlannedScorer};
    use crate::lint::run::findings;

    fn plan(tracks: usize) -> Plan {
        Plan {
            selection: Some("HepG3".to_owned()),
            scorers: vec![PlannedScorer {
                tracks: Some(tracks),
                ..PlannedScorer::default()
            }],
            ..Plan::default()
        }
    }

    #[test]
    fn no_track_is_found_and_one_is_silent() {
        let check = RULE.plan.unwrap();
        assert_eq!((check(&plan(0)).len(), check(&plan(1)).len()), (1, 0));
        assert_eq!(
            findings(&RULE, "a.csv", "variant,n_tracks,prediction\nx,0,0.1\ny,2,0.2\n")[0].rows,
            [2]
        );
        assert!(findings(&RULE, "a.csv", "variant,n_tracks,prediction\nx,0,NA\ny,2,0.2\n").is_empty());
    }
}
