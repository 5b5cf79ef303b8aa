//! The columns of the tables of `refalt motifs`, in order, with what they say; `docs/motif-tables.md` is made from them.

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// The name in the header.
    pub name: &'static str,
    /// What it says.
    pub docs: &'static str,
}

const fn column(name: &'static str, docs: &'static str) -> TableColumn {
    TableColumn { name, docs }
}

const MOTIF: TableColumn = column("motif", "Accession of the motif, `MA0062.3`.");
const FACTOR: TableColumn = column("factor", "Name of the transcription factor, `GABPA`.");

/// Columns of `refalt motifs list`.
pub const LIST_COLUMNS: &[TableColumn] = &[
    MOTIF,
    FACTOR,
    column("width", "Positions of the motif."),
    column("consensus_bits", "Score of the best word, log2 odds in bits."),
    column(
        "threshold_bits",
        "Least score of a site at `--p-value`, in bits; empty where no word is rare enough.",
    ),
    column(
        "threshold_p",
        "Exact probability that a random word scores at least that, on one strand.",
    ),
];

/// Columns of `refalt motifs scan`: one line for each site.
pub const SCAN_COLUMNS: &[TableColumn] = &[
    MOTIF,
    FACTOR,
    column("chrom", "Contig, named as the sequence names it."),
    column(
        "first_1based",
        "First base of the site on the contig (1-based, inclusive).",
    ),
    column(
        "last_1based",
        "Last base of the site on the contig (1-based, inclusive).",
    ),
    column("strand", "Strand on which the motif reads, `+` or `-`."),
    column("score_bits", "Log2 odds of the site, in bits."),
    column(
        "p_value",
        "Exact probability that a random word scores at least as high, on one strand.",
    ),
    column("sequence", "Bases of the site, read on `strand`."),
];

/// Columns of `refalt motifs effect`: one line for each variant and motif. The last twelve are the best window that
/// overlaps the variant, first with REF and then with ALT; empty where no window fits.
pub const EFFECT_COLUMNS: &[TableColumn] = &[
    column(
        "variant_id",
        "Variant in normal form, `chr5:1295113:G>A`; position 1-based.",
    ),
    MOTIF,
    FACTOR,
    column(
        "delta_bits",
        "Best score with ALT minus best score with REF, in bits, over both strands; positive when ALT fits the motif better.",
    ),
    column(
        "created",
        "Sites (at least the threshold of `--p-value`) that only ALT has.",
    ),
    column("destroyed", "Sites that only REF has."),
    column(
        "ref_first_1based",
        "First base of the best window with REF (1-based, inclusive).",
    ),
    column(
        "ref_last_1based",
        "Last base of the best window with REF (1-based, inclusive).",
    ),
    column("ref_strand", "Strand on which the motif reads there."),
    column("ref_score_bits", "Its score, log2 odds in bits."),
    column(
        "ref_p_value",
        "Exact probability that a random word scores at least as high, on one strand.",
    ),
    column("ref_sequence", "Its bases, read on `ref_strand`."),
    column(
        "alt_first_1based",
        "First base of the best window with ALT (1-based, inclusive). With an indel: counted from the left flank, as if ALT \
         stood in the reference.",
    ),
    column(
        "alt_last_1based",
        "Last base of the best window with ALT (1-based, inclusive), counted likewise.",
    ),
    column("alt_strand", "Strand on which the motif reads there."),
    column("alt_score_bits", "Its score, log2 odds in bits."),
    column(
        "alt_p_value",
        "Exact probability that a random word scores at least as high, on one strand.",
    ),
    column("alt_sequence", "Its bases, read on `alt_strand`."),
];

/// Returns the header line of a table, tab-separated, without its end.
pub fn header(columns: &[TableColumn]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    names.join("\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_page_lists_every_column() {
        let mut made = String::from(
            "<!-- Made from the tables in motif_set/columns.rs by a test of refalt; edit the tables, not this page. -->\n\n\
             # Tables of `refalt motifs`\n\n\
             Tab-separated, with a header line, on standard output. Scores and p-values are defined in \
             [motif-model.md](motif-model.md).\n",
        );
        for (command, about, columns) in [
            ("list", "One line for each motif.", LIST_COLUMNS),
            ("scan", "One line for each site, contig by contig.", SCAN_COLUMNS),
            (
                "effect",
                "One line for each variant and motif with a site created or destroyed; with `--all`, for each motif. Rows that \
                 are not accepted have no line; they are told on standard error, and the exit code is 3.",
                EFFECT_COLUMNS,
            ),
        ] {
            made.push_str(&format!(
                "\n## `refalt motifs {command}`\n\n{about}\n\n| column | what it says |\n| --- | --- |\n"
            ));
            for column in columns {
                made.push_str(&format!("| `{}` | {} |\n", column.name, column.docs));
            }
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/motif-tables.md");
        if std::env::var_os("REFALT_BLESS").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        assert!(
            std::fs::read_to_string(path).unwrap_or_default() == made,
            "docs/motif-tables.md is stale; `REFALT_BLESS=1 cargo test -p refalt generated_page` writes it"
        );
    }
}
