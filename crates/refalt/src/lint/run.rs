//! Lints a table, a run or a study.

use super::allow::Allowance;
use super::error::LintError;
use super::finding::Finding;
use super::needs::LookedAt;
use super::other::OtherTable;
use super::plan::Plan;
use super::role::{Columns, LintColumns, LintRole};
use super::row_variant::{key_of_row, variant_of_row};
#[cfg(test)]
use super::rule::Rule;
use super::rule::{Context, RULES, Row, TableCheck, allow_without_reason, around, same_file};
use crate::io::bed::{self, BedFile};
use crate::io::fasta::FastaReference;
use crate::io::table::{Cells, Table};
use crate::liftover::Liftover;
use crate::provenance::FileIdentity;
use crate::score_folder::ScoreFolderError;
use crate::study::StudyFile;
use refalt_core::nearest::nearest;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What to lint, and against what.
#[derive(Clone, Debug, Default)]
pub struct LintRequest {
    /// A table, the folder of a scoring run or a validation, or a study (`.toml`).
    pub input: PathBuf,
    /// Which columns are what, where their names do not say it.
    pub columns: LintColumns,
    /// The genome that the variants count on, FASTA.
    pub reference: Option<PathBuf>,
    /// Peaks or other regions that go with the variants, BED.
    pub peaks: Option<PathBuf>,
    /// Chains from the assembly of the variants to another one, to see whether the peaks fit that.
    pub chain: Option<PathBuf>,
    /// A second table, of labels where the first has predictions.
    pub truth: Option<PathBuf>,
    /// The model that the predictions are of.
    pub model: Option<String>,
    /// Findings that are allowed, with reasons.
    pub allow: Vec<Allowance>,
}

/// A rule that could not look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotRun {
    /// Code of the rule.
    pub rule: &'static str,
    /// What it needs.
    pub needs: String,
}

/// What was recognised in a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableColumns {
    /// The table.
    pub file: String,
    /// Names of columns by the key of their role, best first.
    pub roles: BTreeMap<&'static str, Vec<String>>,
}

/// What the rules found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LintReport {
    /// The input.
    pub input: String,
    /// Rows of all tables that were read.
    pub rows: u64,
    /// Which columns were taken for what, by table.
    pub columns: Vec<TableColumns>,
    /// What was judged of a folder, in words: manifests, scorers, tracks, rows that were not read.
    pub judged: Vec<String>,
    /// The findings, gravest first, then by code.
    pub findings: Vec<Finding>,
    /// Rules that did not look, and what each needs.
    pub not_run: Vec<NotRun>,
}

impl LintReport {
    /// Says whether no error and no warning is left that is not allowed.
    pub fn is_clean(&self) -> bool {
        !self.findings.iter().any(Finding::counts)
    }
}

/// Lints what a request names.
///
/// # Errors
/// [`LintError`] when a file cannot be read or is not what it is taken for.
pub fn lint(request: &LintRequest) -> Result<LintReport, LintError> {
    let mut lint = Lint::new(request)?;
    let input = &request.input;
    if input.is_dir() {
        lint.folder(input)?;
    } else if input
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
    {
        lint.study(input)?;
    } else {
        lint.table(input, &request.columns)?;
    }
    Ok(lint.finish())
}

struct Lint<'a> {
    request: &'a LintRequest,
    reference: Option<FastaReference>,
    peaks: Option<BedFile>,
    chain: Option<Liftover>,
    other: Option<OtherTable>,
    allow: Vec<Allowance>,
    rows: u64,
    findings: Vec<Finding>,
    tables: u64,
    columns: Vec<TableColumns>,
    judged: Vec<String>,
    plans: u64,
    /// Codes of rules that looked at a table.
    started: BTreeSet<&'static str>,
    used_reference: bool,
    /// Rows with a variant, and whether one of them is on the reference.
    places: u64,
    is_on_reference: bool,
    model: Option<String>,
}

impl<'a> Lint<'a> {
    fn new(request: &'a LintRequest) -> Result<Self, LintError> {
        for allowance in &request.allow {
            if allowance.rule().is_none() {
                return Err(LintError::UnknownRule {
                    code: allowance.code.clone(),
                    nearest: nearest(&allowance.code, RULES.iter().map(|rule| rule.code)),
                });
            }
        }
        let open = |path: &PathBuf| FastaReference::open(path);
        let peaks = |path: &PathBuf| bed::read(path, None);
        let other = |path: &PathBuf| OtherTable::read(path, &LintColumns::default());
        Ok(Self {
            request,
            reference: request.reference.as_ref().map(open).transpose()?,
            peaks: request.peaks.as_ref().map(peaks).transpose()?,
            chain: request.chain.as_ref().map(Liftover::open).transpose()?,
            other: request.truth.as_ref().map(other).transpose()?,
            allow: request.allow.clone(),
            rows: 0,
            findings: Vec::new(),
            tables: 0,
            columns: Vec::new(),
            judged: Vec::new(),
            plans: 0,
            started: BTreeSet::new(),
            used_reference: false,
            places: 0,
            is_on_reference: false,
            model: request.model.clone(),
        })
    }

    fn folder(&mut self, folder: &Path) -> Result<(), LintError> {
        let mut found = false;
        for part in [folder.to_owned(), folder.join("scores"), folder.join("validate")] {
            let is_begun = part.join("ledger").is_dir();
            if part.join("manifest.json").is_file() {
                found = true;
                let plan = Plan::of_run(&part)?;
                self.judged.push(plan.judged.clone());
                self.plan(&plan, &part.join("manifest.json"));
            } else if is_begun {
                return Err(ScoreFolderError::NotFinished {
                    folder: part,
                    begun: true,
                }
                .into());
            }
            for name in ["metrics.tsv", "joined.tsv"] {
                let table = part.join(name);
                if table.is_file() {
                    found = true;
                    self.table(&table, &self.request.columns.clone())?;
                }
            }
        }
        if found {
            Ok(())
        } else {
            Err(LintError::NoRun {
                path: folder.to_owned(),
            })
        }
    }

    fn study(&mut self, path: &Path) -> Result<(), LintError> {
        let study = StudyFile::read(path).map_err(|error| LintError::Form {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        if let Some(part) = &study.lint {
            self.allow.extend(part.allow.iter().map(|(code, reason)| Allowance {
                code: code.clone(),
                reason: reason.clone(),
            }));
        }
        self.plan(&Plan::of_study(&study), path);
        self.model.get_or_insert_with(|| study.score.model.clone());
        if self.reference.is_none() {
            self.reference = Some(FastaReference::open(&study.reference.fasta)?);
        }
        let mut columns = LintColumns::default();
        columns.insert(LintRole::Effect, study.validate.effect.clone());
        if let Some(gene) = &study.validate.gene {
            columns.insert(LintRole::Gene, gene.clone());
        }
        self.table(&study.validate.truth, &columns)?;
        if study.score.variants != study.validate.truth {
            self.table(&study.score.variants, &LintColumns::default())?;
        }
        Ok(())
    }

    fn plan(&mut self, plan: &Plan, path: &Path) {
        let file = file_name(path);
        self.plans += 1;
        for rule in RULES {
            let found = rule.plan.map_or_else(Vec::new, |check| check(plan));
            self.findings.extend(found.into_iter().map(|finding| Finding {
                file: file.clone(),
                ..finding
            }));
        }
    }

    fn table(&mut self, path: &Path, told: &LintColumns) -> Result<(), LintError> {
        let mut table = Table::open(path)?;
        self.tables += 1;
        self.allow.extend(
            table
                .comments
                .iter()
                .filter_map(|comment| Allowance::from_comment(comment)),
        );
        let columns = Columns::new(table.header.clone(), told);
        if let Some(column) = columns.missing.first() {
            return Err(LintError::ColumnMissing {
                path: path.to_owned(),
                column: column.clone(),
                nearest: alike(column, &columns.header),
                columns: columns.header.clone(),
            });
        }
        let has_alleles = columns.has(LintRole::Reference) || columns.has(LintRole::Variant);
        self.used_reference |= has_alleles;
        let context = Context {
            columns: &columns,
            reference: self.reference.as_ref(),
            peaks: self.peaks.as_ref(),
            chain: self.chain.as_ref(),
            other: self.other.as_ref(),
            model: self.model.as_deref(),
        };
        let started = RULES
            .iter()
            .filter_map(|rule| Some((rule.code, rule.table?(&context)?)));
        let started: Vec<(&'static str, Box<dyn TableCheck + '_>)> = started.collect();
        // These three look at any table.
        let understands = |code: &str| !["RF009", "RF010", "RF012", "RF020"].contains(&code);
        if columns.is_unknown() && !started.iter().any(|(code, _)| understands(code)) {
            return Err(LintError::NoRole {
                path: path.to_owned(),
                columns: columns.header.clone(),
            });
        }
        self.columns.push(TableColumns {
            file: file_name(path),
            roles: columns.by_role(),
        });
        self.started.extend(started.iter().map(|(code, _)| *code));
        let mut checks: Vec<_> = started.into_iter().map(|(_, check)| check).collect();
        let mut cells = Cells::default();
        while let Some(number) = table.next_row(&mut cells)? {
            self.rows += 1;
            if cells.count() != columns.header.len() {
                return Err(LintError::Cells {
                    path: path.to_owned(),
                    row: number,
                    found: cells.count(),
                    header: columns.header.len(),
                });
            }
            let variant = variant_of_row(&columns, &cells);
            if let (Some(reference), Some(variant)) = (&self.reference, &variant) {
                self.places += 1;
                self.is_on_reference = self.is_on_reference || around(reference, variant).is_some();
            }
            let row = Row {
                number,
                cells: &cells,
                key: key_of_row(&columns, &cells, variant.as_ref()),
                variant: variant.as_ref(),
            };
            checks.iter_mut().for_each(|check| check.row(&row));
        }
        if let Some(other) = &self.other {
            let own = FileIdentity::of(path).map_err(|source| LintError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
            let same = same_file(&own, &other.sha256, &other.name);
            self.findings.extend(same.map(|finding| Finding {
                file: file_name(path),
                ..finding
            }));
        }
        let file = file_name(path);
        let found = checks.into_iter().flat_map(|check| check.finish());
        self.findings.extend(found.map(|finding| Finding {
            file: file.clone(),
            ..finding
        }));
        Ok(())
    }

    fn finish(mut self) -> LintReport {
        let input = file_name(&self.request.input);
        for allowance in &self.allow {
            match allow_without_reason(allowance) {
                Some(finding) => self.findings.push(Finding {
                    file: input.clone(),
                    ..finding
                }),
                None => {
                    let Some(rule) = allowance.rule() else { continue };
                    let own = self.findings.iter_mut().filter(|finding| finding.rule == rule.code);
                    own.for_each(|finding| finding.allowed = Some(allowance.reason.clone()));
                }
            }
        }
        self.findings
            .sort_by(|a, b| b.severity.cmp(&a.severity).then(a.rule.cmp(b.rule)));
        let looked_at = LookedAt {
            tables: self.tables,
            plans: self.plans,
            has_truth: self.other.is_some(),
            has_reference: self.reference.is_some(),
            has_peaks: self.peaks.is_some(),
            used_reference: self.used_reference,
            places: self.places,
            is_on_reference: self.is_on_reference,
            started: &self.started,
        };
        let not_run = RULES
            .iter()
            .filter_map(|rule| {
                let needs = looked_at.needs(rule)?;
                Some(NotRun { rule: rule.code, needs })
            })
            .collect();
        LintReport {
            input,
            rows: self.rows,
            columns: self.columns,
            judged: self.judged,
            findings: self.findings,
            not_run,
        }
    }
}

/// Returns the columns that may be meant by a name: near ones that begin alike, or hold it or are held by it.
fn alike(name: &str, header: &[String]) -> Vec<String> {
    let plain = refalt_core::nearest::plain;
    let wanted = plain(name);
    let mut found = nearest(name, header.iter().map(String::as_str));
    found.retain(|column| {
        let own = plain(column);
        own.chars().next() == wanted.chars().next() || own.contains(&wanted) || wanted.contains(&own)
    });
    found
}

/// The last part of a path; reports hold no folders.
fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// Lints a text as a file of this name would be, for the tests of rules; only findings of one rule.
#[cfg(test)]
pub(super) fn findings(rule: &'static Rule, name: &str, text: &str) -> Vec<Finding> {
    findings_with(rule, name, text, |_, _| {})
}

/// As [`findings`], with more in the request; the folder is there for further files.
#[cfg(test)]
pub(super) fn findings_with(
    rule: &'static Rule,
    name: &str,
    text: &str,
    change: impl FnOnce(&Path, &mut LintRequest),
) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let mut request = LintRequest {
        input: path,
        ..LintRequest::default()
    };
    change(folder.path(), &mut request);
    let report = lint(&request).unwrap();
    report
        .findings
        .into_iter()
        .filter(|finding| finding.rule == rule.code)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::Severity;

    #[test]
    fn an_allowed_finding_does_not_count_and_one_without_reason_does() {
        let mut rows = String::from("variant_id\tbeta\n");
        for position in 1..=30 {
            rows.push_str(&format!(
                "chr1_{}_A_C_b38\t{}\n",
                position * 1000,
                0.5 + f64::from(position) / 10.0
            ));
        }
        let run = |text: String| {
            let folder = tempfile::tempdir().unwrap();
            let input = folder.path().join("a.tsv");
            std::fs::write(&input, text).unwrap();
            lint(&LintRequest {
                input,
                ..LintRequest::default()
            })
            .unwrap()
        };
        let report = run(rows.clone());
        assert_eq!(
            report.findings.iter().map(|finding| finding.rule).collect::<Vec<_>>(),
            ["RF007"]
        );
        assert!(!report.is_clean());
        let report = run(format!("# refalt: allow RF007 sizes, not effects\n{rows}"));
        assert_eq!(report.findings[0].allowed.as_deref(), Some("sizes, not effects"));
        assert!(report.is_clean());
        let report = run(format!("# refalt: allow RF007\n{rows}"));
        assert_eq!(report.findings[0].rule, "RF021");
        assert_eq!(report.findings[0].severity, Severity::Error);
        assert!(report.findings[1].allowed.is_none());
    }

    fn report_of(text: &str, change: impl FnOnce(&Path, &mut LintRequest)) -> Result<LintReport, LintError> {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("a.tsv");
        std::fs::write(&input, text).unwrap();
        let mut request = LintRequest {
            input,
            ..LintRequest::default()
        };
        change(folder.path(), &mut request);
        lint(&request)
    }

    #[test]
    fn a_reference_that_holds_no_place_of_the_table_is_said() {
        let places = |contig: &str| {
            let text = format!("chrom\tpos\tref\talt\n{contig}\t2\tA\tC\n{contig}\t3\tT\tC\n");
            let report = report_of(&text, |folder, request| {
                let path = folder.join("a.fa");
                std::fs::write(&path, ">chr1\nGATTACAGCATGC\n").unwrap();
                request.reference = Some(path);
            });
            let not_run = report.unwrap().not_run;
            let ours = not_run.into_iter().filter(|not| ["RF010", "RF020"].contains(&not.rule));
            ours.map(|not| not.needs).collect::<Vec<_>>()
        };
        assert!(places("chr1").is_empty());
        let needs = places("chrUn");
        assert_eq!(needs.len(), 2);
        assert!(needs[0].contains("0 of 2 places are on the reference"), "{needs:?}");
    }

    #[test]
    fn what_is_not_understood_is_said_or_refused() {
        let report = report_of("variant_id\tmy_effect\nx\t1\n", |_, _| {}).unwrap();
        assert_eq!(report.columns[0].roles["id"], ["variant_id"]);
        assert!(!report.columns[0].roles.contains_key("effect"));
        assert!(report.not_run.iter().any(|not| not.rule == "RF006"));
        let error = report_of("foo\tquux\n1\t2\n", |_, _| {}).unwrap_err();
        assert!(matches!(error, LintError::NoRole { .. }) && crate::diagnostic::Diagnostic::is_usage(&error));
        let error = report_of("\u{1}\u{2}\u{0}x\t1\n", |_, _| {}).unwrap_err();
        assert!(matches!(
            error,
            LintError::Table(crate::io::table::TableError::NoTable { .. })
        ));
        let error = report_of("variant_id\tslope\nx\t1\n", |_, request| {
            request.columns = "effect=nope".parse().unwrap();
        });
        let hint = crate::diagnostic::Diagnostic::hint(&error.unwrap_err()).unwrap();
        assert_eq!(hint, "its columns: `variant_id`, `slope`");
    }

    #[test]
    fn folders_say_what_was_judged_or_are_refused() {
        let run = |manifest: Option<&str>| {
            report_of("", |folder, request| {
                let out = folder.join("out");
                std::fs::create_dir_all(out.join("ledger")).unwrap();
                if let Some(manifest) = manifest {
                    std::fs::write(out.join("manifest.json"), manifest).unwrap();
                }
                request.input = out;
            })
        };
        let error = run(None).unwrap_err();
        assert!(matches!(
            error,
            LintError::Run(ScoreFolderError::NotFinished { begun: true, .. })
        ));
        assert!(matches!(
            run(Some("{\"outputs\": []}")),
            Err(LintError::NoScores { .. })
        ));
        let manifest = r#"{"model": {"name": "motif"}, "identity": {"window_bp": 16384},
            "scorers": [{"scorer": "S", "output_type": "CHIP_TF", "tracks": 739}],
            "counts": {"rows": 12, "scored": 10, "mostly_unknown": 8}, "score_rows": 7390}"#;
        let report = run(Some(manifest)).unwrap();
        assert!(report.judged[0].contains("10 variants") && report.judged[0].contains("7,390 rows"));
        assert_eq!(report.findings[0].rule, "RF015");
        assert!(report.not_run.iter().any(|not| not.rule == "RF006"));
    }

    #[test]
    fn an_unknown_code_on_the_command_line_is_refused() {
        let request = LintRequest {
            input: PathBuf::from("a.tsv"),
            allow: vec![Allowance::from_argument("RF999=because")],
            ..LintRequest::default()
        };
        assert!(matches!(lint(&request), Err(LintError::UnknownRule { .. })));
    }
}
