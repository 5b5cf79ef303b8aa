//! The part of `docs/measured.md` that is made of the table of formats.

use super::format::{FORMATS, Format, StatedAllele};
use super::orient::AlleleOrder;
use super::table_file::COLUMNS;
use std::fmt::Write as _;

/// Begins and ends the generated part of the page.
const MARKS: [&str; 2] = ["<!-- formats -->\n", "<!-- end of formats -->\n"];

/// Puts the formats into a page, between its marks; `None` when the page has no marks.
pub(super) fn with_formats(page: &str) -> Option<String> {
    let (before, rest) = page.split_once(MARKS[0])?;
    let (_, after) = rest.split_once(MARKS[1])?;
    Some([before, MARKS[0], &formats(), MARKS[1], after].concat())
}

fn formats() -> String {
    let mut text = String::from("\n| format | files | effects are of | positions |\n| --- | --- | --- | --- |\n");
    for format in FORMATS {
        let assembly = format
            .assembly
            .map_or_else(|| "as the rows say".to_owned(), |assembly| assembly.to_string());
        let _ = writeln!(
            text,
            "| [`{0}`](#{0}) | {1} | {2} | {assembly} |",
            format.name,
            format.title,
            allele(format)
        );
    }
    for format in FORMATS {
        let _ = writeln!(text, "\n### {}\n", format.name);
        let _ = writeln!(text, "* **Files**: {}.", format.title);
        let _ = writeln!(text, "* **Effect**: {}.", format.effect);
        let _ = writeln!(text, "* **Allele**: {}{}.", allele(format), order(format));
        let _ = writeln!(text, "* **Source**: {}.", format.source);
        if let Some(columns) = format.headerless {
            let _ = writeln!(
                text,
                "* **Without a header**: {columns} columns in the order of the table."
            );
        }
        text.push_str("\n| column | holds |\n| --- | --- |\n");
        for column in format.columns {
            let optional = if column.is_required { "" } else { " (need not be there)" };
            let _ = writeln!(text, "| `{}` | {}{optional} |", column.name, column.holds);
        }
    }
    text.push_str("\n### Columns of the table that is written\n\n| column | holds |\n| --- | --- |\n");
    for (name, holds) in COLUMNS {
        let _ = writeln!(text, "| `{name}` | {holds} |");
    }
    text.push('\n');
    text
}

fn allele(format: &Format) -> &'static str {
    match format.allele {
        StatedAllele::Alternate => "ALT",
        StatedAllele::Reference => "REF",
        StatedAllele::NotStated if format.is_of_alleles() => "not stated: `--effect-allele`",
        StatedAllele::NotStated => "no allele",
    }
}

fn order(format: &Format) -> &'static str {
    match (format.is_of_alleles(), format.order) {
        (true, AlleleOrder::Unknown) => "; the order of the alleles is the genome's to say",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_lists_every_format() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/measured.md");
        let written = std::fs::read_to_string(&path).unwrap();
        let expected = with_formats(&written).expect("the page has its marks");
        if std::env::var_os("REFALT_BLESS").is_some() {
            std::fs::write(&path, expected).unwrap();
        } else {
            assert!(
                written == expected,
                "docs/measured.md is stale; `REFALT_BLESS=1 cargo test -p refalt measured` writes it"
            );
        }
    }
}
