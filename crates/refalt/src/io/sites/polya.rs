//! Tables of sites of polyadenylation.
//!
//! | layout | columns | coordinates |
//! | --- | --- | --- |
//! | interval | `Chromosome`, `Start`, `End`, `pas_strand` or `Strand`, `gene_id`; `pas_id` if it is there | 0-based, end exclusive |
//! | PolyADB v3 for GRCh38 | `chrom`, `position_hg38`, `strand`, `ensemble_id` or `gene_id`; `pas_id` if it is there | see below |
//! | PolyASite | no header: contig, start, end, `contig:base:strand`, gene symbol, strand | cluster 0-based, site 1-based |
//!
//! METHOD: `position_hg38` is taken as 0-based start of one base, as the published uses of that table take it (Borzoi's
//! scripts, and the table of the published scorer that was made from it), because scores depend on it.
//! METHOD: of a PolyASite cluster, the representative site is the site.

use super::{Base, Layouts, SiteProblem, SitesError, cell, column, number, open, span, strand, wrong};
use refalt_core::annotation::{Annotation, PolyaSite, PolyaSites};
use refalt_core::contig::same_contig;
use refalt_core::{ContigName, Interval, Position, Strand};
use std::collections::HashMap;
use std::io::BufRead;
use std::path::Path;

/// How a table names genes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneNaming {
    /// By identifier, with or without version.
    Id,
    /// By symbol.
    Symbol,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolyaRow {
    /// The contig, named as written.
    pub contig: ContigName,
    /// The site (0-based, half-open), mostly one base.
    pub site: Interval,
    /// The strand.
    pub strand: Strand,
    /// Identifier or symbol of the gene.
    pub gene: Box<str>,
    /// Identifier of the site; empty when the table has none.
    pub id: Box<str>,
}

/// A table of sites of polyadenylation, in the order of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolyaTable {
    /// How it names genes.
    pub naming: GeneNaming,
    /// Its rows.
    pub rows: Vec<PolyaRow>,
}

/// What became of the rows of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolyaMatch {
    /// Rows whose gene the annotation has on the contig of the site.
    pub matched: u64,
    /// Rows whose gene it does not have there.
    pub unmatched: u64,
    /// The first genes of those, at most 10.
    pub unmatched_genes: Vec<String>,
}

const LAYOUTS: Layouts<Layout> = Layouts {
    what: "sites of polyadenylation",
    known: "`Chromosome Start End pas_strand gene_id` (0-based), `chrom position_hg38 strand ensemble_id` \
                     (PolyADB v3), or PolyASite rows without header (contig, start, end, contig:base:strand, symbol, strand)",
    of: Layout::of,
};

#[derive(Clone, Copy, Debug)]
enum Layout {
    Interval {
        contig: usize,
        start: usize,
        end: usize,
        strand: usize,
        gene: usize,
        id: Option<usize>,
    },
    Position {
        contig: usize,
        position: usize,
        strand: usize,
        gene: usize,
        id: Option<usize>,
    },
    PolyaSite,
}

impl Layout {
    /// Returns the layout that a first line tells, and whether that line is a header.
    fn of(first: &[&str]) -> Option<(Self, bool)> {
        let contig = column(first, &["Chromosome", "chrom"]);
        let strand = column(first, &["pas_strand", "strand"]);
        let gene = column(first, &["gene_id", "ensemble_id", "ensembl_id"]);
        let id = column(first, &["pas_id"]);
        if let (Some(contig), Some(strand), Some(gene)) = (contig, strand, gene) {
            if let Some(position) = column(first, &["position_hg38"]) {
                return Some((
                    Self::Position {
                        contig,
                        position,
                        strand,
                        gene,
                        id,
                    },
                    true,
                ));
            }
            let (start, end) = column(first, &["Start"]).zip(column(first, &["End"]))?;
            return Some((
                Self::Interval {
                    contig,
                    start,
                    end,
                    strand,
                    gene,
                    id,
                },
                true,
            ));
        }
        let is_site = first.get(3).is_some_and(|site| representative(site).is_some());
        (is_site && first.len() >= 6).then_some((Self::PolyaSite, false))
    }

    fn naming(self) -> GeneNaming {
        match self {
            Self::Interval { .. } | Self::Position { .. } => GeneNaming::Id,
            Self::PolyaSite => GeneNaming::Symbol,
        }
    }

    fn row(self, cells: &[&str]) -> Result<PolyaRow, SiteProblem> {
        let named = |id: Option<usize>| id.and_then(|id| cells.get(id)).copied().unwrap_or("");
        Ok(match self {
            Self::Interval {
                contig,
                start,
                end,
                strand: sign,
                gene,
                id,
            } => PolyaRow {
                contig: ContigName::new(cell(cells, contig)?),
                site: span(("Start", cell(cells, start)?), ("End", cell(cells, end)?), Base::Zero)?,
                strand: strand("pas_strand", cell(cells, sign)?)?,
                gene: cell(cells, gene)?.into(),
                id: named(id).into(),
            },
            Self::Position {
                contig,
                position,
                strand: sign,
                gene,
                id,
            } => {
                let text = cell(cells, position)?;
                let site = number(text).and_then(|start| Interval::from_bed(start, start.checked_add(1)?));
                PolyaRow {
                    contig: ContigName::new(cell(cells, contig)?),
                    site: site.ok_or_else(|| wrong("position_hg38", text, "a base number"))?,
                    strand: strand("strand", cell(cells, sign)?)?,
                    gene: cell(cells, gene)?.into(),
                    id: named(id).into(),
                }
            }
            Self::PolyaSite => {
                let text = cell(cells, 3)?;
                let expected = "`contig:base:strand`, the base within the cluster";
                let (contig, base, site_strand) = representative(text).ok_or_else(|| wrong(4, text, expected))?;
                let cluster = span(("2", cell(cells, 1)?), ("3", cell(cells, 2)?), Base::Zero)?;
                if !cluster.contains(base)
                    || !same_contig(contig, cell(cells, 0)?)
                    || strand(6, cell(cells, 5)?)? != site_strand
                {
                    return Err(wrong(4, text, expected));
                }
                PolyaRow {
                    contig: ContigName::new(cell(cells, 0)?),
                    site: Interval::at(base, 1).ok_or_else(|| wrong(4, text, expected))?,
                    strand: site_strand,
                    gene: cell(cells, 4)?.into(),
                    id: text.into(),
                }
            }
        })
    }
}

/// Reads `5:1253150:-`, the base 1-based.
fn representative(text: &str) -> Option<(&str, Position, Strand)> {
    let (place, sign) = text.rsplit_once(':')?;
    let (contig, base) = place.rsplit_once(':')?;
    let sign = Strand::from_sign(sign.chars().next().filter(|_| sign.len() == 1)?)?;
    Some((contig, Position::new(number(base)?)?, sign))
}

/// Reads a table.
///
/// # Errors
/// [`SitesError`] when the file cannot be read, its layout is not known, or a line cannot be used.
pub fn read(path: &Path) -> Result<PolyaTable, SitesError> {
    let (name, mut text) = open(path)?;
    parse(&name, &mut text)
}

/// Reads a table from a text; `name` is how errors call it.
///
/// # Errors
/// As [`read`].
pub fn parse(name: &str, text: &mut dyn BufRead) -> Result<PolyaTable, SitesError> {
    let mut rows = Vec::new();
    let layout = LAYOUTS.read(name, text, |layout, cells| {
        rows.push(layout.row(cells)?);
        Ok(())
    })?;
    Ok(PolyaTable {
        naming: layout.naming(),
        rows,
    })
}

impl PolyaTable {
    /// Gives the rows to the genes of an annotation, in the order of the table.
    ///
    /// A row belongs to the gene with its identifier or symbol on its contig; of two genes with one symbol, to those on
    /// its strand that lie nearest.
    pub fn sites(&self, annotation: &Annotation) -> (PolyaSites, PolyaMatch) {
        let mut genes: HashMap<&str, Vec<refalt_core::annotation::Gene<'_>>> = HashMap::new();
        for gene in annotation.genes() {
            let key = match self.naming {
                GeneNaming::Id => Some(gene.id_without_version()),
                GeneNaming::Symbol => gene.name,
            };
            if let Some(key) = key {
                genes.entry(key).or_default().push(gene);
            }
        }
        let mut report = PolyaMatch::default();
        let mut found = Vec::new();
        for row in &self.rows {
            let key = match self.naming {
                GeneNaming::Id => refalt_core::annotation::without_version(&row.gene),
                GeneNaming::Symbol => &*row.gene,
            };
            let candidates = genes.get(key).map_or(&[][..], Vec::as_slice);
            let gene = candidates
                .iter()
                .filter(|gene| same_contig(gene.contig, row.contig.as_str()))
                .min_by_key(|gene| (gene.strand != row.strand, gap_bp(gene.body, row.site)));
            match gene {
                Some(gene) => {
                    report.matched += 1;
                    let site = PolyaSite {
                        span: row.site,
                        strand: row.strand,
                        id: &row.id,
                    };
                    found.push((gene.id, site));
                }
                None => {
                    report.unmatched += 1;
                    if report.unmatched_genes.len() < 10 {
                        report.unmatched_genes.push(row.gene.to_string());
                    }
                }
            }
        }
        (found.into_iter().collect(), report)
    }
}

/// Bases between two spans; 0 when they touch or overlap.
fn gap_bp(one: Interval, other: Interval) -> u32 {
    let after = other.bed_start().saturating_sub(one.bed_end());
    after.max(one.bed_start().saturating_sub(other.bed_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::io::genes::MalformedLines;

    fn table(text: &str) -> Result<PolyaTable, SitesError> {
        parse("x", &mut text.as_bytes())
    }

    #[test]
    fn each_layout_counts_bases_in_its_own_way() {
        let bed = |start| Interval::from_bed(start, start + 1).unwrap();
        let interval =
            table("Chromosome\tStart\tEnd\tpas_id\tpas_strand\tgene_id\nchr5\t1253149\t1253150\tp\t-\tENSG1.2\n")
                .unwrap();
        assert_eq!(
            (interval.rows[0].site, interval.naming),
            (bed(1_253_149), GeneNaming::Id)
        );
        assert_eq!(&*interval.rows[0].id, "p");
        let position =
            table("gene\tchrom\tposition_hg38\tstrand\tensemble_id\nTERT\tchr5\t1253149\t-\tENSG1\n").unwrap();
        assert_eq!(
            (position.rows[0].site, &*position.rows[0].gene),
            (bed(1_253_149), "ENSG1")
        );
        // The representative site 1253150 is 1-based: the same base.
        let site = table("chr5\t1253149\t1253197\t5:1253150:-\tTERT\t-\tTE\t0.1\t0.2\t0.6\r\n").unwrap();
        assert_eq!((site.rows[0].site, site.naming), (bed(1_253_149), GeneNaming::Symbol));
    }

    #[test]
    fn what_is_no_table_or_no_row_is_refused_with_its_place() {
        let error = table("a\tb\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`x` is no known table of sites of polyadenylation: its first line has the columns a, b"
        );
        assert!(error.hint().unwrap().contains("position_hg38"));
        let header = "Chromosome\tStart\tEnd\tStrand\tgene_id\n";
        for (row, message) in [
            ("chr1\t5\t5\t+\tG", "`5` is not after `5`"),
            (
                "chr1\t-5\t5\t+\tG",
                "column Start is `-5`; expected a base number (0-based)",
            ),
            ("chr1\t4\t5\t.\tG", "column pas_strand is `.`; expected `+` or `-`"),
            ("chr1\t4\t5\t+", "4 columns, the columns in use need 5"),
        ] {
            let error = table(&format!("{header}{row}\n")).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(error.place().unwrap().starts_with("x, line 2: chr1"));
        }
        // The strand of the name and of the column differ.
        assert!(table("chr5\t1253149\t1253197\t5:1253150:-\tTERT\t-\n").is_ok());
        assert!(table("chr5\t1253149\t1253197\t5:1253150:-\tTERT\t+\n").is_err());
        assert!(table("chr5\t1253149\t1253197\t5:1253250:-\tTERT\t-\n").is_err());
    }

    #[test]
    fn rows_go_to_genes_by_identifier_without_version_and_contig() {
        let text = "chr1\tx\texon\t1\t9\t.\t+\t.\tgene_id \"G.3\"; transcript_id \"T\";\nchrY\tx\texon\t1\t9\t.\t+\t.\tgene_id \"H\"; transcript_id \"U\";\n";
        let genes = crate::io::genes::parse("x", &mut text.as_bytes(), MalformedLines::Refuse).unwrap();
        let table = table("Chromosome\tStart\tEnd\tStrand\tgene_id\n1\t8\t9\t+\tG.7\nchrX\t8\t9\t+\tH\n").unwrap();
        let (sites, report) = table.sites(&genes.annotation);
        assert_eq!((report.matched, report.unmatched, sites.len()), (1, 1, 1));
        assert_eq!(report.unmatched_genes, ["H"]);
        assert_eq!(
            sites.of_gene("G").next().unwrap().span,
            Interval::from_bed(8, 9).unwrap()
        );
    }
}
