//! `docs/scorers.md` and `docs/columns.md` are made from the tables of the crate.
//!
//! The tests fail when a page is stale; `REFALT_BLESS=1 cargo test -p refalt-core generated` writes the pages.

use refalt_core::interval_scorer::{self, IntervalScorer};
use refalt_core::score::{
    COLUMNS, Column, ColumnOrigin, ColumnType, INTERVAL_COLUMNS, SUMMARY_COLUMNS, interval_columns,
};
use refalt_core::scorer::{Needs, RECOMMENDED, SCORERS, ScoreKind, Scorer, ScorerDocs, ScorerKind, parse};
use std::fmt::Write as _;

/// Compares a page with what the tables say, or writes it.
fn check_page(name: &str, made: &str) {
    let path = format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("REFALT_BLESS").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = made
        .lines()
        .zip(stored.lines())
        .find(|(made, stored)| made != stored)
        .map_or("the pages differ in length".to_owned(), |(made, stored)| {
            format!("the tables say `{made}`, the page says `{stored}`")
        });
    assert!(
        made == stored,
        "docs/{name} is stale: {difference}; `REFALT_BLESS=1 cargo test -p refalt-core generated` writes it"
    );
}

fn kind_words(kind: ScoreKind) -> &'static str {
    match kind {
        ScoreKind::SignedEffect => "signed effect",
        ScoreKind::UnsignedEffect => "unsigned effect",
        ScoreKind::Activity => "activity",
    }
}

/// One argument of a class with the values it takes, each with the kinds of number it gives.
struct Argument {
    name: String,
    values: Vec<(String, Vec<ScoreKind>)>,
}

/// Reads the arguments off the texts of all scorers of a class.
fn arguments(scorers: &[Box<dyn Scorer>]) -> Vec<Argument> {
    let mut arguments: Vec<Argument> = Vec::new();
    for scorer in scorers {
        let text = scorer.to_string();
        let inside = text.split_once('(').unwrap().1.strip_suffix(')').unwrap();
        for part in inside.split(", ").filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap();
            let at = arguments.iter().position(|argument| argument.name == name);
            let at = at.unwrap_or_else(|| {
                arguments.push(Argument {
                    name: name.to_owned(),
                    values: Vec::new(),
                });
                arguments.len() - 1
            });
            let values = &mut arguments[at].values;
            match values.iter_mut().find(|(other, _)| other == value) {
                Some((_, kinds)) if kinds.contains(&scorer.kind()) => {}
                Some((_, kinds)) => kinds.push(scorer.kind()),
                None => values.push((value.to_owned(), vec![scorer.kind()])),
            }
        }
    }
    arguments
}

/// Writes `NAME: formula.` as an item of a list and every other sentence as text.
fn write_formulas(page: &mut String, text: &str) {
    let mut in_list = false;
    for sentence in text.trim_end_matches('.').split(". ") {
        let item = sentence.split_once(": ").filter(|(name, _)| !name.contains(' '));
        if item.is_some() != in_list {
            in_list = !in_list;
            page.push_str(if page.ends_with("\n\n") { "" } else { "\n" });
        }
        match item {
            Some((name, formula)) => writeln!(page, "* `{name}`: `{formula}`").unwrap(),
            None => writeln!(page, "{sentence}.").unwrap(),
        }
    }
}

fn write_docs(page: &mut String, class: &str, needs: Needs, docs: &ScorerDocs) {
    writeln!(page, "\n## {class}").unwrap();
    page.push_str(match needs {
        Needs::Nothing => "",
        Needs::Genes => "\nNeeds a gene annotation.\n",
        Needs::PolyaSites => "\nNeeds a gene annotation with sites of polyadenylation.\n",
    });
    for (heading, text) in [
        ("What it measures", docs.measures),
        ("Formula", docs.formula),
        ("When to use", docs.when_to_use),
        ("Limits", docs.limits),
        ("Source", docs.source),
    ] {
        writeln!(page, "\n### {heading}\n").unwrap();
        if heading == "Formula" {
            write_formulas(page, text);
        } else {
            writeln!(page, "{text}").unwrap();
        }
    }
}

fn write_class(page: &mut String, kind: &dyn ScorerKind) {
    let scorers = kind.all();
    write_docs(page, kind.class(), scorers[0].needs(), kind.docs());
    if arguments(&scorers).is_empty() {
        writeln!(page, "\nIt has no arguments: `{}`.", scorers[0]).unwrap();
        return;
    }
    writeln!(
        page,
        "\n### Arguments\n\n| argument | values | gives |\n| --- | --- | --- |"
    )
    .unwrap();
    for argument in arguments(&scorers) {
        for values in argument.values.chunk_by(|one, next| one.1 == next.1) {
            let names: Vec<String> = values.iter().map(|(value, _)| format!("`{value}`")).collect();
            let kinds: Vec<&str> = values[0].1.iter().map(|kind| kind_words(*kind)).collect();
            let (names, kinds) = (names.join(", "), kinds.join(", "));
            writeln!(page, "| `{}` | {names} | {kinds} |", argument.name).unwrap();
        }
    }
    let count = scorers.len();
    writeln!(page, "\nEvery combination is a scorer: {count} in all.").unwrap();
}

fn scorers_page() -> String {
    let mut page = String::from(
        "<!-- Made from the table SCORERS by a test of refalt-core; edit the table, not this page. -->\n\n\
         # Scorers\n\n\
         A scorer makes one number for each track from the predictions for REF and ALT. Its text is its identity: it \
         is what `--scorers` takes, what the column `variant_scorer` holds, and what the published client writes for \
         the same scorer. A recommended scorer also has a short name.\n\n\
         The numbers are of three kinds, told apart by the column `score_kind`, and never mixed:\n\n\
         * **signed effect**: a difference between the alleles, positive when ALT raises the signal;\n\
         * **unsigned effect**: the size of a difference, never negative;\n\
         * **activity**: the signal of the stronger allele. It says how active the place is, not what the variant \
         does.\n\n\
         ## Recommended scorers\n\n\
         All 19 for human; for mouse all but `POLYADENYLATION`.\n\n\
         | name | kind | text |\n| --- | --- | --- |\n",
    );
    for named in RECOMMENDED {
        let kind = kind_words(parse(named.name).unwrap().kind());
        writeln!(page, "| `{}` | {kind} | `{}` |", named.name, named.text).unwrap();
    }
    for kind in SCORERS {
        write_class(&mut page, *kind);
    }
    write_docs(
        &mut page,
        "GeneMaskScorer (intervals)",
        Needs::Genes,
        IntervalScorer::docs(),
    );
    let (count, one) = (IntervalScorer::all().count(), IntervalScorer::all().next().unwrap());
    writeln!(
        page,
        "\nIt scores intervals, not variants, by `refalt score-interval` ([score-interval.md](score-interval.md)): {count} scorers \
         like `{one}`. Recommended:\n"
    )
    .unwrap();
    for named in interval_scorer::RECOMMENDED {
        writeln!(page, "* `{}`: `{}`", named.name, named.text).unwrap();
    }
    page
}

fn write_columns(page: &mut String, columns: &[Column], origin: ColumnOrigin) {
    page.push_str("| column | type | may be missing | what it says |\n| --- | --- | --- | --- |\n");
    for Column {
        name,
        kind,
        nullable,
        docs,
        ..
    } in columns.iter().filter(|column| column.origin == origin)
    {
        let kind = match kind {
            ColumnType::Text => "text",
            ColumnType::Float32 => "float, 32 bit",
            ColumnType::Int64 => "integer, 64 bit",
            ColumnType::Boolean => "true or false",
        };
        let nullable = if *nullable { "yes" } else { "no" };
        writeln!(page, "| `{name}` | {kind} | {nullable} | {docs} |").unwrap();
    }
}

fn columns_page() -> String {
    let mut page = String::from(
        "<!-- Made from the table COLUMNS by a test of refalt-core; edit the table, not this page. -->\n\n\
         # Columns of the score table\n\n\
         A row is one variant by one scorer by one track, and by one gene or junction for scorers that work by gene. Text \
         columns are dictionary-encoded.\n\n\
         ## Columns of the published tidy table\n\n\
         Names and order are those of `tidy_scores` of the published Python client 0.10.0, so that tables of both \
         can be joined and stacked.\n\n",
    );
    write_columns(&mut page, COLUMNS, ColumnOrigin::Tidy);
    page.push_str("\n## Columns of refalt\n\n");
    write_columns(&mut page, COLUMNS, ColumnOrigin::Refalt);
    page.push_str(
        "\n# Columns of the summaries\n\n\
         `summaries/part-*.parquet`, written while the scores are. A row sums up the scores of one variant at one level; \
         kinds of scores are never mixed in one. The scores of several scorers of one kind, at the level `output_type`, \
         may have different units: their maximum and mean mean something only where the scorers are alike.\n\n",
    );
    write_columns(&mut page, SUMMARY_COLUMNS, ColumnOrigin::Refalt);
    page.push_str(
        "\n# Columns of interval scores\n\n\
         `interval_scores.parquet` of `refalt score-interval`: a row is one interval by one scorer by one gene by one track. First \
         the columns of the published tidy table for interval scores.\n\n",
    );
    write_columns(&mut page, &interval_columns(), ColumnOrigin::Tidy);
    page.push_str("\nThen those of refalt.\n\n");
    write_columns(&mut page, &interval_columns(), ColumnOrigin::Refalt);
    page.push_str("\n`intervals.parquet`: every interval and what became of it.\n\n");
    write_columns(&mut page, INTERVAL_COLUMNS, ColumnOrigin::Refalt);
    page
}

#[test]
fn generated_page_of_the_scorers_is_up_to_date() {
    check_page("scorers.md", &scorers_page());
}

#[test]
fn generated_page_of_the_columns_is_up_to_date() {
    assert!(
        COLUMNS
            .iter()
            .chain(SUMMARY_COLUMNS)
            .chain(INTERVAL_COLUMNS)
            .chain(&interval_columns())
            .all(|column| !column.docs.contains(['|', '\n']))
    );
    check_page("columns.md", &columns_page());
}
