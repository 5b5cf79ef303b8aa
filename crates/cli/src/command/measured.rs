//! `refalt measured`: files of measured effects, brought to one allele order and one sign.

use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::{DigestBar, Settings};
use refalt::io::variants::ColumnMap;
use refalt::measured::{
    CountOptions, EffectAllele, EffectKind, FORMATS, Fates, FreeColumns, MeasuredReport, MeasuredRequest,
    MeasuredSource, Repeats, Scaling, StatedAllele, measure,
};
use refalt::validate::Condition;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `refalt measured`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 every row is in the table or left out by a condition; 3 some rows were dropped, they are counted \
                  by reason, or rows of counts have no variant.\n\nFormats are recognised by the names of their columns; `--formats` lists them, docs/measured.md \
                  describes them."
)]
pub(crate) struct Options {
    /// File of measured effects: text or Parquet, compressed or not, or an archive (tar) of such files.
    #[arg(value_name = "FILE", required_unless_present = "formats")]
    file: Option<PathBuf>,

    /// The format; `auto` finds it by the names of the columns, `table` takes the columns that are named.
    #[arg(long, value_name = "NAME", default_value = "auto")]
    format: String,

    /// File of an archive, by name or its part before the first dot: `Whole_Blood`.
    #[arg(long, value_name = "NAME")]
    member: Option<String>,

    /// Genome that says which allele is REF; without it the listed order stands, unchecked.
    #[arg(long, short, value_name = "FASTA")]
    reference: Option<PathBuf>,

    /// Assembly of the reference, when its content does not prove it.
    #[arg(long, value_name = "NAME")]
    assembly: Option<String>,

    /// Which allele the effects are of, where the format does not say: `alt` or `ref` as listed, or a column that names it.
    #[arg(long, value_name = "alt|ref|COLUMN")]
    effect_allele: Option<String>,

    /// Where the table goes (`.tsv`, `.tsv.gz`, `.parquet`), with a record `.json` beside it; without it rows are counted only.
    #[arg(long, short, value_name = "TABLE", value_parser = super::input::output_file)]
    out: Option<PathBuf>,

    /// Keep rows that meet a condition, on a standard column or one of the file: `weight>=0.9`; may be given several times.
    #[arg(long, value_name = "CONDITION")]
    keep: Vec<String>,

    /// Columns of the file that go into the table, too.
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    carry: Vec<String>,

    /// What becomes of several rows with one variant, gene, feature and experiment: `error`, `identical` (rows with the same
    /// numbers count once) or `mean` (they are replicates).
    #[arg(long, value_name = "RULE", default_value = "error", value_parser = repeats)]
    repeats: Repeats,

    /// Drop A/T and C/G variants where nothing states the strand.
    #[arg(long)]
    drop_palindromic: bool,

    /// Take indels that the genome admits in both orders in the order that the other rows are proven to have; without it they
    /// are dropped where those rows are listed the other way, or where nothing tells the order.
    #[arg(long)]
    indels_as_others: bool,

    /// What the effects are: `signed`, `one-sided` (all on one side of 0), or with `--format table` `ratio` (odds ratios: the
    /// natural logarithm is the effect).
    #[arg(long, value_name = "KIND", default_value = "signed", value_parser = effect_kind)]
    effect_is: EffectKind,

    /// For `--format table`: columns that make the variant, `ref=other_allele,alt=effect_allele`; the usual names are known.
    #[arg(long, value_name = "MAP", default_value = "")]
    columns: String,

    /// For `--format table`: column with the effect.
    #[arg(long, value_name = "COLUMN")]
    effect: Option<String>,

    /// For `--format table`: column with its standard error.
    #[arg(long, value_name = "COLUMN")]
    se: Option<String>,

    /// For `--format table`: column with its p-value.
    #[arg(long, value_name = "COLUMN")]
    p: Option<String>,

    /// For `--format table`: column with the gene.
    #[arg(long, value_name = "COLUMN")]
    gene: Option<String>,

    /// For `--format table`: column that tells experiments apart.
    #[arg(long, value_name = "COLUMN")]
    experiment: Option<String>,

    /// For `--format table`: column with a weight.
    #[arg(long, value_name = "COLUMN")]
    weight: Option<String>,

    /// For counts: table that names the variants of the rows, by its name column.
    #[arg(long, value_name = "TABLE")]
    alleles: Option<PathBuf>,

    /// For counts: columns of that table that make the variant.
    #[arg(long, value_name = "MAP", default_value = "", requires = "alleles")]
    alleles_columns: String,

    /// For counts: names of the DNA columns, with `{allele}` and `{replicate}` where they differ.
    #[arg(long, value_name = "PATTERN")]
    dna: Option<String>,

    /// For counts: names of the RNA columns.
    #[arg(long, value_name = "PATTERN")]
    rna: Option<String>,

    /// For counts: `cpm` (per million of the library) or `none`.
    #[arg(long, value_name = "NAME", value_parser = scaling)]
    scaling: Option<Scaling>,

    /// For counts: only rows whose name begins so; the others are not in the library sizes.
    #[arg(long, value_name = "TEXT")]
    name_prefix: Option<String>,

    /// For counts: the least mean DNA count of a row, in either allele.
    #[arg(long, value_name = "N")]
    least_dna: Option<f64>,

    /// List the formats and do nothing else.
    #[arg(long)]
    formats: bool,
}

pub(crate) fn run(options: Options, settings: &Settings) -> Result<Exit, Failure> {
    let Some(file) = options.file.filter(|_| !options.formats) else {
        return list(settings);
    };
    let map = |text: &str| text.parse::<ColumnMap>().map_err(|error| Failure::of(&error));
    let condition = |text: &String| text.parse::<Condition>().map_err(|error| Failure::of(&error));
    let request = MeasuredRequest {
        source: MeasuredSource {
            path: file,
            format: options.format,
            member: options.member,
            columns: FreeColumns {
                variant: map(&options.columns)?,
                effect: options.effect,
                se: options.se,
                p: options.p,
                gene: options.gene,
                experiment: options.experiment,
                weight: options.weight,
            },
            effect_allele: options.effect_allele.as_deref().map(EffectAllele::named),
            effect_is: options.effect_is,
            carry: options.carry,
            counts: CountOptions {
                dna: options.dna,
                rna: options.rna,
                scaling: options.scaling,
                name_prefix: options.name_prefix,
                least_dna: options.least_dna,
            },
        },
        reference: options.reference,
        assembly: options.assembly.as_deref().map(super::input::assembly).transpose()?,
        keep: options.keep.iter().map(condition).collect::<Result<_, _>>()?,
        repeats: options.repeats,
        drop_palindromic: options.drop_palindromic,
        indels_as_others: options.indels_as_others,
        alleles: match options.alleles {
            Some(path) => Some((path, map(&options.alleles_columns)?)),
            None => None,
        },
        out: options.out,
    };
    let digesting = DigestBar::new(settings);
    let report = measure(&request, &|progress| digesting.show(progress));
    digesting.finish();
    let report = report.map_err(|error| Failure::of(&error))?;
    if settings.json {
        let text = serde_json::to_string(&report).map_err(|error| Failure::new(error.to_string()))?;
        writeln!(std::io::stdout().lock(), "{text}")?;
    }
    tell(&report, settings);
    if let Some(out) = &request.out {
        settings.note(format!("written to `{}`", out.display()));
    }
    Ok(if report.rows.dropped.is_empty() && report.rows.without_variant == 0 {
        Exit::Done
    } else {
        Exit::Partial
    })
}

/// Says what was read, and what became of every row.
fn tell(report: &MeasuredReport, settings: &Settings) {
    let provenance = &report.provenance;
    settings.note(format!(
        "{}: `{}`, effects of {} ({})",
        provenance.member.as_ref().unwrap_or(&provenance.file.name),
        provenance.format,
        provenance.effect_allele,
        provenance.effect_allele_stated_by
    ));
    for line in fates(&report.rows) {
        settings.note(line);
    }
    let dropped = report.rows.dropped_total();
    if dropped > 0 {
        settings.tell(format!(
            "{dropped} of {} rows were dropped: {}",
            report.rows.rows,
            listed(&report.rows.dropped)
        ));
    }
    if report.rows.without_variant > 0 {
        settings.tell(format!(
            "{} rows have a name and no variant: nothing was brought to the genome, and no table joins them; name their variants with \
             --alleles",
            report.rows.without_variant
        ));
    }
    for row in &report.rows.dropped_first {
        settings.note(format!("    line {}: {}: {}", row.line, row.variant, row.reason));
    }
    for note in &report.notes {
        settings.note(format!("note: {note}"));
    }
}

/// Says what became of the rows that are not dropped.
fn fates(rows: &Fates) -> Vec<String> {
    let mut lines = vec![format!(
        "{} rows: {} in the table, {} flipped with their sign, {} with alleles in the other order, {} as written, {} unchecked",
        rows.rows, rows.written, rows.flipped, rows.reordered, rows.as_written, rows.unchecked
    )];
    if rows.merged > 0 {
        lines.push(format!("  {} repeat another row and went into it", rows.merged));
    }
    if rows.palindromic > 0 {
        lines.push(format!(
            "  {} are palindromic (A/T, C/G), and nothing states their strand",
            rows.palindromic
        ));
    }
    for (condition, count) in &rows.left_out {
        lines.push(format!("  {count} do not meet `{condition}`"));
    }
    lines
}

fn listed(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    parts.join(", ")
}

fn list(settings: &Settings) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    let allele = |stated: StatedAllele, is_of_alleles: bool| match stated {
        StatedAllele::NotStated if !is_of_alleles => "none",
        stated => stated.name(),
    };
    if settings.json {
        let formats: Vec<_> = FORMATS
            .iter()
            .map(|format| {
                let columns: Vec<_> = format
                    .columns
                    .iter()
                    .map(|column| json!({"name": column.name, "holds": column.holds, "required": column.is_required}))
                    .collect();
                json!({
                    "name": format.name,
                    "files": format.title,
                    "effect": format.effect,
                    "effect_allele": allele(format.allele, format.is_of_alleles()),
                    "assembly": format.assembly.map(|assembly| assembly.name()),
                    "source": format.source,
                    "columns": columns,
                })
            })
            .collect();
        writeln!(out, "{}", json!({ "formats": formats }))?;
        return Ok(Exit::Done);
    }
    for format in FORMATS {
        writeln!(out, "{}\n  {}", format.name, format.title)?;
        writeln!(out, "  Effect: {}", format.effect)?;
        writeln!(out, "  Allele: {}", allele(format.allele, format.is_of_alleles()))?;
        let columns: Vec<&str> = format.columns.iter().map(|column| column.name).collect();
        writeln!(out, "  Columns: {}", columns.join(", "))?;
        writeln!(out, "  Source: {}\n", format.source)?;
    }
    writeln!(
        out,
        "table\n  any table: --effect COLUMN --effect-allele alt|ref|COLUMN, and --columns where names are not the usual ones"
    )?;
    Ok(Exit::Done)
}

fn repeats(text: &str) -> Result<Repeats, String> {
    Repeats::from_name(text).ok_or_else(|| "known: `error`, `identical`, `mean`".to_owned())
}

fn effect_kind(text: &str) -> Result<EffectKind, String> {
    EffectKind::from_name(text).ok_or_else(|| "known: `signed`, `one-sided`, `ratio`".to_owned())
}

fn scaling(text: &str) -> Result<Scaling, String> {
    Scaling::from_name(text).ok_or_else(|| "known: `cpm`, `none`".to_owned())
}
