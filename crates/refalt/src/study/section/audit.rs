//! What the audit of the list found.

use crate::report::numbers::{grouped, plain};
use crate::report::{Block, Column, Fact, Level, Section, Table};
use crate::vet::{VetReport, VetRow};

/// Makes the section.
pub(super) fn section(report: &VetReport) -> Section {
    let file = &report.file;
    let sentence = report.sentence();
    let level = match (report.is_clean(), file.is_sure) {
        (true, _) if report.compared > 0 => Level::Good,
        _ => Level::Warning,
    };
    let mut blocks = vec![
        Block::paragraph(format!(
            "`{}` is compared with the reference under 24 hypotheses: the assembly as said or another one, alleles as \
             written, swapped, complemented or both, and the position as written or off by one. A match with the \
             reference alone proves nothing: one base in four matches by chance. Of the reference itself: {}.",
            report.input.name, report.assembly
        )),
        Block::Callout {
            level,
            text: format!("{}.", capitalised(&sentence)),
        },
        Block::Facts { facts: facts(report) },
    ];
    if !report.listed.is_empty() {
        blocks.push(Block::Table(rows(report)));
        blocks.push(Block::List {
            items: report.listed.iter().map(evidence).collect(),
        });
    }
    blocks.push(Block::Table(matches(report)));
    if !report.applied.is_empty() || report.accepted < report.rows {
        blocks.push(Block::paragraph(if report.applied.is_empty() {
            format!(
                "Nothing was repaired. `refalt vet --apply {}` would do the proposed repairs and name them in every row.",
                if file.repairs.is_empty() { "REPAIR".to_owned() } else { file.repairs.join(",") }
            )
        } else {
            format!("Repairs that were asked for and done: {}.", report.applied.join(", "))
        }));
    }
    Section {
        heading: "The audit".to_owned(),
        anchor: "audit".to_owned(),
        blocks,
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

fn facts(report: &VetReport) -> Vec<Fact> {
    let ok = report.counts.get("ok").copied().unwrap_or(0);
    let mut facts = vec![
        Fact {
            label: "rows that are right as written".to_owned(),
            value: format!("{} of {}", grouped(ok), grouped(report.rows)),
            note: String::new(),
        },
        Fact {
            label: "convention of the file".to_owned(),
            value: report.in_words(&report.file.convention),
            note: format!("probability {}", plain(report.file.posterior, 3)),
        },
    ];
    facts.extend(report.file.deviations.iter().take(3).map(|deviation| Fact {
        label: format!("rows that differ: {}", deviation.change),
        value: format!("{} %", plain(Some(100.0 * deviation.share), 1)),
        note: format!(
            "95 % interval {} to {}",
            plain(Some(100.0 * deviation.interval.0), 1),
            plain(Some(100.0 * deviation.interval.1), 1)
        ),
    }));
    facts
}

fn rows(report: &VetReport) -> Table {
    let cells = |row: &VetRow| {
        vec![
            row.id.clone().unwrap_or_else(|| row.row.to_string()),
            format!("`{}`", row.text),
            row.verdict.name().replace('+', " + "),
            plain(Some(row.posterior), 3),
            row.proposed
                .as_ref()
                .map_or_else(|| "–".to_owned(), |variant| format!("`{variant}`")),
        ]
    };
    Table {
        caption: "Rows that are not right as written".to_owned(),
        columns: vec![
            Column::text("row"),
            Column::text("as written"),
            Column::text("verdict"),
            Column::number("probability"),
            Column::text("proposed"),
        ],
        rows: report.listed.iter().map(cells).collect(),
        emphasised: Vec::new(),
        notes: match report.not_ok.saturating_sub(report.listed.len() as u64) {
            0 => Vec::new(),
            more => vec![format!("And {more} more; the row table of the audit has all.")],
        },
    }
}

/// Says why a row is judged as it is.
fn evidence(row: &VetRow) -> String {
    let name = row.id.clone().unwrap_or_else(|| format!("row {}", row.row));
    format!(
        "{name}: {}.",
        row.evidence.as_deref().unwrap_or("nothing needs to be weighed")
    )
}

fn matches(report: &VetReport) -> Table {
    let mut found: Vec<_> = report.file.matches.iter().collect();
    found.sort_by(|a, b| {
        let share = |m: &crate::vet::HypothesisMatches| m.matches as f64 / m.compared.max(1) as f64;
        share(b).total_cmp(&share(a))
    });
    let shown = found.len().min(8);
    Table {
        caption: "How often the reference agrees with each hypothesis".to_owned(),
        columns: vec![
            Column::text("hypothesis"),
            Column::number("rows that match"),
            Column::number("rows compared"),
            Column::number("expected by chance"),
        ],
        rows: found
            .iter()
            .take(shown)
            .map(|m| {
                vec![
                    m.hypothesis.replace('+', " + "),
                    grouped(m.matches),
                    grouped(m.compared),
                    plain(Some(m.expected_by_chance), 1),
                ]
            })
            .collect(),
        emphasised: Vec::new(),
        notes: vec![
            "Off-by-one hypotheses stand twice, once for each direction. `ok` is the row as written.".to_owned(),
        ],
    }
}
