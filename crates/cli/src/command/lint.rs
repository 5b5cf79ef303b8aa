//! `refalt lint`: what is wrong with a table, a run or a study that reads well.

use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::lint::{Allowance, Finding, LintError, LintReport, LintRequest, RULES, Rule, lint};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `refalt lint`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 no error and no warning that is not allowed; 3 there are some.\n\nA table allows a finding in a \
                  comment before its header, `# refalt: allow RF012 REASON`; a study under `[lint]`, `allow = { RF012 = \
                  \"REASON\" }`."
)]
pub(crate) struct Options {
    /// A table (TSV, CSV, Parquet, VCF, BED), the folder of a scoring run or a validation, or a study (`.toml`).
    #[arg(value_name = "TABLE|DIR|STUDY", required_unless_present_any = ["explain", "rules"])]
    input: Option<PathBuf>,

    /// Columns whose names do not say what they are: `effect=slope,prediction=delta_pred`; a number is a column's number.
    #[arg(long, value_name = "ROLE=COLUMN,...")]
    columns: Option<String>,

    /// Reference sequence that the variants count on.
    #[arg(long, short, value_name = "FASTA")]
    reference: Option<PathBuf>,

    /// Peaks that go with the variants.
    #[arg(long, value_name = "BED")]
    peaks: Option<PathBuf>,

    /// Chain file (UCSC) from the assembly of the variants to another one, to see whether the peaks fit that.
    #[arg(long, value_name = "CHAIN", requires = "peaks")]
    chain: Option<PathBuf>,

    /// A second table, of labels where the first has predictions: shared source, turned signs, joins.
    #[arg(long, value_name = "TABLE")]
    truth: Option<PathBuf>,

    /// The model that the predictions are of, as `alphagenome`.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,

    /// Allow the findings of a rule, with the reason; may be given several times.
    #[arg(long, value_name = "CODE=REASON")]
    allow: Vec<String>,

    /// Explain a rule and do nothing else.
    #[arg(long, value_name = "CODE", conflicts_with = "rules")]
    explain: Option<String>,

    /// List the rules and do nothing else.
    #[arg(long)]
    rules: bool,
}

pub(crate) fn run(options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    if let Some(code) = &options.explain {
        return explain(code, settings);
    }
    let Some(input) = options.input.as_ref().filter(|_| !options.rules) else {
        return list(settings);
    };
    let columns = options.columns.as_deref().unwrap_or("").parse();
    let report = lint(&LintRequest {
        input: input.clone(),
        columns: columns.map_err(|error| Failure::of(&LintError::Columns(error)))?,
        reference: options.reference.clone(),
        peaks: options.peaks.clone(),
        chain: options.chain.clone(),
        truth: options.truth.clone(),
        model: options.model.clone(),
        allow: options
            .allow
            .iter()
            .map(|text| Allowance::from_argument(text))
            .collect(),
    })
    .map_err(|error| Failure::of(&error))?;
    let exit = if report.is_clean() { Exit::Done } else { Exit::Partial };
    Failure::verdict(print(&report, settings), exit)
}

fn print(report: &LintReport, settings: &Settings) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        let text = serde_json::to_string(report).map_err(|error| Failure::new(error.to_string()))?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    for finding in &report.findings {
        write_finding(&mut out, finding)?;
    }
    for table in &report.columns {
        let roles = &table.roles;
        let mut words: Vec<String> = roles
            .iter()
            .map(|(role, columns)| {
                let columns: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
                format!("{role} = {}", columns.join(" and "))
            })
            .collect();
        let absent = ["effect", "prediction"]
            .into_iter()
            .filter(|role| !roles.contains_key(role));
        words.extend(absent.map(|role| format!("no {role}")));
        writeln!(out, "columns of {}: {}", table.file, words.join(", "))?;
    }
    for judged in &report.judged {
        writeln!(out, "judged: {judged}")?;
    }
    let count = |wanted: &dyn Fn(&Finding) -> bool| report.findings.iter().filter(|finding| wanted(finding)).count();
    let rows = if report.columns.is_empty() {
        String::new()
    } else {
        format!("{} rows; ", report.rows)
    };
    writeln!(
        out,
        "{rows}{} errors and warnings, {} notes, {} allowed",
        count(&Finding::counts),
        count(&|finding| !finding.counts() && finding.allowed.is_none()),
        count(&|finding| finding.allowed.is_some())
    )?;
    for missing in &report.not_run {
        settings.note(format!("{} did not look: it needs {}", missing.rule, missing.needs));
    }
    Ok(())
}

fn write_finding(out: &mut impl Write, finding: &Finding) -> std::io::Result<()> {
    let column = finding
        .column
        .as_ref()
        .map_or(String::new(), |column| format!(", `{column}`"));
    let rows: Vec<String> = finding.rows.iter().map(u64::to_string).collect();
    let rows = if rows.is_empty() {
        String::new()
    } else {
        let what = if finding.file.to_lowercase().ends_with(".parquet") {
            "records"
        } else {
            "lines"
        };
        format!(", {what} {}", rows.join(", "))
    };
    let severity = match finding.allowed {
        Some(_) => "allowed".to_owned(),
        None => finding.severity.to_string(),
    };
    writeln!(
        out,
        "{severity}[{}] {}: {}",
        finding.rule, finding.name, finding.message
    )?;
    writeln!(out, "  --> {}{column}{rows}", finding.file)?;
    let evidence: Vec<String> = finding
        .evidence
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if !evidence.is_empty() {
        writeln!(out, "  evidence: {}", evidence.join("; "))?;
    }
    match &finding.allowed {
        Some(reason) => writeln!(out, "  allowed: {reason}\n"),
        None => writeln!(out, "  remedy: {}\n", finding.remedy),
    }
}

fn list(settings: &Settings) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        let rules: Vec<_> = RULES.iter().map(|rule| as_json(rule)).collect();
        writeln!(out, "{}", json!(rules))?;
        return Ok(Exit::Done);
    }
    for rule in RULES {
        writeln!(
            out,
            "{}  {:26} {:8} {}",
            rule.code,
            rule.name,
            rule.severity.to_string(),
            rule.finds
        )?;
    }
    Ok(Exit::Done)
}

fn explain(code: &str, settings: &Settings) -> Result<Exit, Failure> {
    let rule = Rule::of(code).ok_or_else(|| {
        let nearest = refalt_core::nearest::nearest(code, RULES.iter().map(|rule| rule.code));
        Failure::of(&LintError::UnknownRule {
            code: code.to_owned(),
            nearest,
        })
    })?;
    let mut out = std::io::stdout().lock();
    if settings.json {
        writeln!(out, "{}", as_json(rule))?;
    } else {
        writeln!(out, "{} {} ({})\n", rule.code, rule.name, rule.severity)?;
        write!(out, "{}", rule.explanation().replace("**", ""))?;
    }
    Ok(Exit::Done)
}

fn as_json(rule: &Rule) -> serde_json::Value {
    json!({
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "finds": rule.finds,
        "why": rule.why,
        "statistic": rule.statistic,
        "remedy": rule.remedy,
        "source": rule.source,
    })
}
