//! Means over assays, transcription factors or marks.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Finding, Severity, grouped};
use crate::lint::plan::Plan;

pub(super) static RULE: Rule = Rule {
    code: "RF004",
    name: "mean-across-assays",
    severity: Severity::Warning,
    finds: "a mean or sum over tracks of different assays, transcription factors or histone marks",
    why: "One factor gains a site where another loses it, and repressive marks fall where active ones rise: the mean \
          cancels what it is to show. A study averaged 539 tracks of HepG2 factors and concluded that the two tracks of \
          GABPA, the factor whose site is created, are \"diluted\".",
    statistic: "In a study: `mean`, `sum` or `mean_abs` among the predictions while a scorer takes tracks of more than \
                one factor, mark or assay; evidence is their number. In a table: a mean whose name holds an output type \
                with many subjects (CHIP_TF, CHIP_HISTONE), without a column of the factor or mark; or a mean of scores \
                over output types. False alarm: the mean over everything as a stated baseline; allow it with that \
                reason.",
    remedy: "Choose the factor and cell type first (`--tracks 'CHIP_TF & tf=GABPA & HepG2'`, `refalt tracks` finds \
             them); show a mean over all as a baseline only.",
    source: "AlphaGenome track metadata: HepG2 has 539 CHIP_TF tracks, GABPA 2 of them.",
    table: Some(|context| {
        let columns = context.columns.named(|words| {
            let name = words.join("_");
            let is_mean = words.iter().any(|word| matches!(*word, "mean" | "avg" | "average"));
            is_mean
                && ["chip_tf", "chip_histone", "all_tracks", "global", "tf", "histone"]
                    .iter()
                    .any(|part| {
                        name.split('_')
                            .collect::<Vec<_>>()
                            .windows(part.split('_').count())
                            .any(|words| words.join("_") == *part)
                    })
        });
        let told = !context
            .columns
            .named(|words| matches!(words.join("_").as_str(), "transcription_factor" | "tf" | "histone_mark"))
            .is_empty();
        let columns: Vec<_> = columns
            .into_iter()
            // What a validation writes lists every summary; which of them is shown, the study says.
            .filter(|&column| !told && !context.columns.name(column).starts_with("summary:"))
            .map(|column| (column, 0))
            .collect();
        (!columns.is_empty()).then(|| Box::new(Check { context, columns }) as Box<dyn TableCheck + '_>)
    }),
    plan: Some(plan),
};

fn plan(plan: &Plan) -> Vec<Finding> {
    let Some(name) = plan
        .predictions
        .iter()
        .find(|name| matches!(name.as_str(), "mean" | "sum" | "mean_abs"))
    else {
        return Vec::new();
    };
    let many = plan
        .scorers
        .iter()
        .filter(|scorer| scorer.subjects.is_some_and(|subjects| subjects > 1));
    many.map(|scorer| {
        let subjects = scorer.subjects.unwrap_or(0);
        let message = format!(
            "`{name}` is taken over tracks of {} factors, marks or assays by one scorer",
            grouped(subjects as u64)
        );
        Finding::new(&RULE, Severity::Warning, message)
            .column("show.predictions")
            .with("scorer", scorer.text.clone())
            .with("output_type", scorer.output.clone())
            .with("subjects", subjects)
            .with("tracks", scorer.tracks.unwrap_or(0))
    })
    .collect()
}

struct Check<'a> {
    context: &'a Context<'a>,
    columns: Vec<(usize, u64)>,
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        for (column, n) in &mut self.columns {
            *n += u64::from(row.number(*column).is_some());
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let found = |(column, n): &(usize, u64)| {
            let message = format!("{} means over tracks of many factors or marks", grouped(*n));
            let finding = Finding::new(&RULE, Severity::Warning, message).column(self.context.columns.name(*column));
            let tracks = self.context.columns.first(LintRole::TrackCount);
            let finding = finding.with("n", *n);
            (*n > 0).then(|| match tracks {
                Some(column) => finding.with("tracks_column", self.context.columns.name(column)),
                None => finding,
            })
        };
        self.columns.iter().filter_map(found).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::plan::PlannedScorer;
    use crate::lint::run::findings;

    fn study(prediction: &str, subjects: usize) -> Plan {
        Plan {
            predictions: vec![prediction.to_owned()],
            scorers: vec![PlannedScorer {
                subjects: Some(subjects),
                ..PlannedScorer::default()
            }],
            ..Plan::default()
        }
    }

    #[test]
    fn a_mean_over_factors_is_found_in_studies_and_tables() {
        assert_eq!(plan(&study("mean", 539)).len(), 1);
        assert_eq!(
            findings(&RULE, "a.csv", "variant,CHIP_TF_mean,DNASE_mean\nx,0.1,0.2\n").len(),
            1
        );
    }

    #[test]
    fn one_factor_or_one_track_is_silent() {
        assert!(plan(&study("mean", 1)).is_empty());
        assert!(plan(&study("GABPA", 539)).is_empty());
        assert!(findings(&RULE, "a.csv", "variant,DNASE_mean\nx,0.1\n").is_empty());
        assert!(
            findings(
                &RULE,
                "a.csv",
                "variant,transcription_factor,CHIP_TF_mean\nx,GABPA,0.1\n"
            )
            .is_empty()
        );
    }
}
