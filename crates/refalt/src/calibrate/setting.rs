//! What raw scores have to share, so that one can be a rank among others.
//!
//! METHOD: the scores of a scorer depend on the model's organism, on the window that it sees, on the assembly, and on which rows
//! of genes and merged tracks there are. A score of another setting has a rank among a background's scores, too, and the rank
//! means nothing. The gene annotation changes which genes a variant has, and not what a score of a gene is: it is compared
//! and said, not refused.

use crate::engine::manifest::Manifest;
use crate::provenance::FileIdentity;
use serde::{Deserialize, Serialize};

/// How a folder was scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreSetting {
    /// Organism of the model.
    pub organism: String,
    /// Window length in bp.
    pub window_bp: u32,
    /// The assembly of the reference, where its content proves it or the user stated it.
    pub assembly: Option<String>,
    /// Texts of the scorers, in order.
    pub scorers: Vec<String>,
    /// Whether rows of genes and tracks on different strands are there, too.
    pub all_strands: bool,
    /// Whether the tracks of the two strands are one for scorers by gene.
    pub merge_stranded: bool,
    /// The gene annotation, where scorers read one.
    pub annotation: Option<FileIdentity>,
}

/// A setting in which background and run differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingDifference {
    /// What differs, in words.
    pub what: &'static str,
    /// That of the table.
    pub table: String,
    /// That of the run.
    pub run: String,
}

impl std::fmt::Display for SettingDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} in the table, {} in the run", self.what, self.table, self.run)
    }
}

impl ScoreSetting {
    pub(super) fn of(manifest: &Manifest) -> Self {
        let identity = &manifest.identity;
        Self {
            organism: manifest.model.organism.clone(),
            window_bp: identity.window_bp,
            assembly: manifest.assembly.reference.clone(),
            scorers: identity.scorers.clone(),
            all_strands: identity.all_strands,
            merge_stranded: identity.merge_stranded,
            annotation: identity.annotation.clone(),
        }
    }

    /// Returns what makes the scores of `run` no scores of this background.
    pub fn differences(&self, run: &Self) -> Vec<SettingDifference> {
        let mut found = Vec::new();
        let mut compare = |what, table: String, run: String| {
            if table != run {
                found.push(SettingDifference { what, table, run });
            }
        };
        let shown = |text: &str| format!("`{text}`");
        compare("organism", shown(&self.organism), shown(&run.organism));
        let window = |bp: u32| format!("{bp} bp");
        compare("window", window(self.window_bp), window(run.window_bp));
        if let (Some(table), Some(run)) = (&self.assembly, &run.assembly) {
            compare("assembly", table.clone(), run.clone());
        }
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        compare(
            "rows of genes on the other strand (--all-strands)",
            yes(self.all_strands),
            yes(run.all_strands),
        );
        compare(
            "merged strands (--merge-stranded)",
            yes(self.merge_stranded),
            yes(run.merge_stranded),
        );
        let lacking: Vec<&String> = run.scorers.iter().filter(|text| !self.scorers.contains(text)).collect();
        if let Some(first) = lacking.first() {
            found.push(SettingDifference {
                what: "scorers",
                table: self.scorers.join(", "),
                run: match lacking.len() {
                    1 => format!("also {first}"),
                    more => format!("also {first} and {} more", more - 1),
                },
            });
        }
        found
    }

    /// Returns what could not be compared, or differs and is no reason to refuse, in words.
    pub(super) fn remarks(&self, run: &Self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.assembly.is_none() || run.assembly.is_none() {
            let known = |assembly: &Option<String>| assembly.clone().unwrap_or_else(|| "not known".to_owned());
            remarks.push(format!(
                "the assemblies were not compared: that of the background is {}, that of the run {}",
                known(&self.assembly),
                known(&run.assembly)
            ));
        }
        let digest = |annotation: &Option<FileIdentity>| annotation.as_ref().map(|file| file.sha256.clone());
        if digest(&self.annotation) != digest(&run.annotation) {
            let name = |annotation: &Option<FileIdentity>| {
                annotation.as_ref().map_or("none".to_owned(), |file| {
                    format!(
                        "`{}` (SHA-256 {})",
                        file.name,
                        file.sha256.get(..12).unwrap_or_default()
                    )
                })
            };
            remarks.push(format!(
                "the gene annotation of the background is {}, that of the run {}",
                name(&self.annotation),
                name(&run.annotation)
            ));
        }
        remarks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting() -> ScoreSetting {
        ScoreSetting {
            organism: "Homo sapiens".to_owned(),
            window_bp: 1_024,
            assembly: Some("GRCh38".to_owned()),
            scorers: vec!["A".to_owned(), "B".to_owned()],
            all_strands: false,
            merge_stranded: false,
            annotation: None,
        }
    }

    #[test]
    fn each_setting_that_differs_is_named_with_both_values() {
        let table = setting();
        assert!(table.differences(&setting()).is_empty());
        let run = ScoreSetting {
            organism: "Mus musculus".to_owned(),
            window_bp: 2_048,
            assembly: Some("GRCm38".to_owned()),
            scorers: vec!["B".to_owned(), "C".to_owned()],
            all_strands: true,
            merge_stranded: true,
            annotation: None,
        };
        let found: Vec<String> = table.differences(&run).iter().map(ToString::to_string).collect();
        let expected = [
            "organism: `Homo sapiens` in the table, `Mus musculus` in the run",
            "window: 1024 bp in the table, 2048 bp in the run",
            "assembly: GRCh38 in the table, GRCm38 in the run",
            "rows of genes on the other strand (--all-strands): no in the table, yes in the run",
            "merged strands (--merge-stranded): no in the table, yes in the run",
            "scorers: A, B in the table, also C in the run",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn fewer_scorers_fit_and_what_is_not_known_is_said() {
        let fewer = ScoreSetting {
            scorers: vec!["B".to_owned()],
            assembly: None,
            ..setting()
        };
        assert!(setting().differences(&fewer).is_empty());
        assert!(setting().remarks(&fewer)[0].contains("GRCh38, that of the run not known"));
        assert!(setting().remarks(&setting()).is_empty());
    }
}
