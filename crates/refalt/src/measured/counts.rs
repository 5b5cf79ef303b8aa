//! From counts of reporter assays to effects of alleles: counts per million, log-ratios, and their noise.
//!
//! METHOD:
//!
//! 1. A row whose DNA is below the least count asked for in the mean over its replicates, in either allele, is left out.
//!    Rows that were left out by name are not in the library sizes; rows left out for their counts are.
//! 2. Counts are divided by the library size of their replicate, the sum over all rows and both alleles, times 10^6.
//! 3. Per allele the mean over replicates, RNA and DNA apart; the effect is
//!    log2((RNA + 1) / (DNA + 1)) of allele B less that of allele A.
//! 4. Its variance is that of the delta method over replicates ([`refalt_core::stats::log_ratio`]), drawn towards that of all
//!    rows ([`ModeratedVariances`]); se is its root, p that of the moderated t.
//!
//! The replicates of RNA and DNA are not paired: plasmid pools are sequenced apart from the cells. The value of a replicate
//! (`effect_1` ...) is that of its RNA against the mean DNA.

use super::error::MeasuredError;
use super::orient::ListedAllele;
use super::row::{Details, Extra, ListedEffect, RefusedLine, check_count};
use crate::engine::Rejection;
use crate::io::table::{Cells, Table};
use refalt_core::stats::{LogRatio, ModeratedVariances, Replicates, log_ratio};
use std::collections::{BTreeMap, HashMap};

/// How counts of replicates of different depth are made comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// By the library size of each replicate, per million.
    CountsPerMillion,
    /// Not at all.
    None,
}

impl Scaling {
    /// Returns the name, `cpm` or `none`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CountsPerMillion => "cpm",
            Self::None => "none",
        }
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::CountsPerMillion, Self::None]
            .into_iter()
            .find(|scaling| scaling.name() == name)
    }
}

/// The columns of counts of a format, with `{allele}` and `{replicate}` in their names where they differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct CountColumns {
    pub(super) dna: &'static str,
    pub(super) rna: &'static str,
    /// The column with the name of the row.
    pub(super) name: &'static str,
    pub(super) scaling: Scaling,
}

/// What the user chooses for counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CountOptions {
    /// Names of the DNA columns, in place of the format's.
    pub dna: Option<String>,
    /// Names of the RNA columns.
    pub rna: Option<String>,
    /// The scaling, in place of the format's.
    pub scaling: Option<Scaling>,
    /// Only rows whose name begins so; the others are not in the library sizes.
    pub name_prefix: Option<String>,
    /// The least mean DNA count of a row, in either allele.
    pub least_dna: Option<f64>,
}

/// Where the counts of one nucleic acid stand: for each allele, for each replicate, an index (0-based).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places {
    alleles: Vec<Vec<usize>>,
}

/// Where all counts stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CountPlaces {
    rna: Places,
    dna: Places,
    /// Labels of the RNA replicates.
    replicates: Vec<String>,
}

impl CountColumns {
    /// Finds the columns of counts in a header.
    pub(super) fn find(&self, header: &[String]) -> Result<CountPlaces, String> {
        self.find_as(header, self.dna, self.rna)
    }

    fn find_as(&self, header: &[String], dna: &str, rna: &str) -> Result<CountPlaces, String> {
        let (rna, replicates) = places(header, rna)?;
        let (dna, _) = places(header, dna)?;
        if rna.alleles.len() != dna.alleles.len() {
            return Err(format!(
                "RNA has {} alleles and DNA {}",
                rna.alleles.len(),
                dna.alleles.len()
            ));
        }
        Ok(CountPlaces { rna, dna, replicates })
    }
}

/// Finds the columns whose names fit a pattern: the reference allele first, replicates in the order of their labels.
fn places(header: &[String], pattern: &str) -> Result<(Places, Vec<String>), String> {
    let mut found: BTreeMap<(usize, &str), BTreeMap<Label, usize>> = BTreeMap::new();
    for (place, name) in header.iter().enumerate() {
        let Some((allele, replicate)) = labels(name, pattern) else {
            continue;
        };
        let replicates = found.entry((rank(allele)?, allele)).or_default();
        if replicates.insert(Label::of(replicate), place).is_some() {
            return Err(format!("two columns `{name}`"));
        }
    }
    if found.is_empty() {
        return Err(format!("no column fits `{pattern}`"));
    }
    if pattern.contains("{allele}") && found.keys().map(|(rank, _)| *rank).collect::<Vec<_>>() != [0, 1] {
        let labels: Vec<&str> = found.keys().map(|(_, label)| *label).collect();
        return Err(format!(
            "the columns `{pattern}` are of the alleles {}, and an effect is between two",
            labels.join(", ")
        ));
    }
    let labels: Vec<Vec<&Label>> = found.values().map(|replicates| replicates.keys().collect()).collect();
    if labels.iter().any(|own| own != &labels[0]) {
        return Err(format!("the alleles of `{pattern}` have different replicates"));
    }
    let replicates = labels[0].iter().map(|label| label.text.clone()).collect();
    let alleles = found.values().map(|replicates| replicates.values().copied().collect());
    let alleles = Places {
        alleles: alleles.collect(),
    };
    Ok((alleles, replicates))
}

/// Says which allele a label in the name of a column means: 0 for REF, 1 for ALT.
fn rank(label: &str) -> Result<usize, String> {
    match label.to_ascii_lowercase().as_str() {
        "" | "a" | "ref" | "reference" => Ok(0),
        "b" | "alt" | "alternate" | "alternative" => Ok(1),
        _ => Err(format!("the allele `{label}` is neither A nor B, neither ref nor alt")),
    }
}

/// A label of a replicate: numbers come in the order of their values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Label {
    number: Option<u64>,
    text: String,
}

impl Label {
    fn of(text: &str) -> Self {
        Self {
            number: text.parse().ok(),
            text: text.to_owned(),
        }
    }
}

/// Returns what stands for `{allele}` and `{replicate}` in a name that fits a pattern, empty for what it does not have.
fn labels<'n>(name: &'n str, pattern: &str) -> Option<(&'n str, &'n str)> {
    let mut rest = name;
    let (mut allele, mut replicate) = ("", "");
    let mut pattern = pattern;
    loop {
        let open = pattern.find('{').unwrap_or(pattern.len());
        rest = rest.strip_prefix(&pattern[..open])?;
        pattern = &pattern[open..];
        if pattern.is_empty() {
            return rest.is_empty().then_some((allele, replicate));
        }
        let close = pattern.find('}')? + 1;
        let (key, after) = pattern.split_at(close);
        pattern = after;
        let literal = &after[..after.find('{').unwrap_or(after.len())];
        let end = if literal.is_empty() {
            rest.len()
        } else {
            rest.find(literal)?
        };
        let label = &rest[..end];
        if label.is_empty() {
            return None;
        }
        match key {
            "{allele}" => allele = label,
            "{replicate}" => replicate = label,
            _ => return None,
        }
        rest = &rest[end..];
    }
}

/// The rows of a file of counts, as effects.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) rows: Vec<Result<ListedEffect, RefusedLine>>,
    /// Names of the columns of [`Details::extras`].
    pub(super) extras: Vec<String>,
    /// What there is to say: the noise model.
    pub(super) notes: Vec<String>,
    /// Whether values are of alleles; else they are activities of elements.
    pub(super) is_allelic: bool,
}

/// A row of counts.
struct CountRow {
    line: u64,
    name: String,
    counts: Vec<f64>,
    kept: Vec<Extra>,
}

/// Reads counts and makes effects of them.
///
/// * `kept`: further columns that travel with the rows, by name and place.
pub(super) fn read(
    table: &mut Table,
    label: &str,
    columns: &CountColumns,
    options: &CountOptions,
    kept: &[(String, usize)],
) -> Result<Counted, MeasuredError> {
    let incomplete = |reason: String| MeasuredError::Counts {
        file: label.to_owned(),
        reason,
    };
    let places = columns
        .find_as(
            &table.header,
            options.dna.as_deref().unwrap_or(columns.dna),
            options.rna.as_deref().unwrap_or(columns.rna),
        )
        .map_err(incomplete)?;
    let name_at = table.header.iter().position(|name| name == columns.name);
    let name_at = name_at.ok_or_else(|| incomplete(format!("the column `{}` with the names", columns.name)))?;
    let (mut rows, mut left_out) = (Vec::new(), Vec::new());
    let mut cells = Cells::default();
    let mut seen: HashMap<String, u64> = HashMap::new();
    let flat = places.flat();
    while let Some(line) = table.next_row(&mut cells)? {
        let name = cells.get(name_at).unwrap_or_default().to_owned();
        let refuse = |code: &'static str, reason: String| {
            Err(RefusedLine {
                line,
                text: name.clone(),
                rejection: Rejection { code, reason },
            })
        };
        if let Some(prefix) = &options.name_prefix
            && !name.starts_with(prefix)
        {
            left_out.push(refuse("other_name", format!("the name does not begin with `{prefix}`")));
            continue;
        }
        if let Err(rejection) = check_count(&cells, table.header.len()) {
            left_out.push(refuse(rejection.code, rejection.reason));
            continue;
        }
        let mut counts = Vec::with_capacity(flat.len());
        let mut missing = None;
        for &place in &flat {
            match cells.get(place) {
                None => missing = missing.or(Some(place)),
                Some(text) => match text.parse::<f64>() {
                    Ok(count) if count.is_finite() && count >= 0.0 => counts.push(count),
                    _ => {
                        return Err(MeasuredError::NotACount {
                            file: label.to_owned(),
                            line,
                            column: table.header[place].clone(),
                            value: text.to_owned(),
                        });
                    }
                },
            }
        }
        if let Some(place) = missing {
            left_out.push(refuse("count_missing", format!("`{}` is missing", table.header[place])));
            continue;
        }
        if let Some(first) = seen.insert(name.clone(), line) {
            return Err(MeasuredError::NameTwice {
                file: label.to_owned(),
                lines: [first, line],
                name,
            });
        }
        rows.push(CountRow {
            line,
            name,
            counts,
            kept: kept
                .iter()
                .map(|(_, place)| Extra::Text(cells.get(*place).map(str::to_owned)))
                .collect(),
        });
    }
    if rows.is_empty() && left_out.is_empty() {
        return Err(MeasuredError::NoRows { file: label.to_owned() });
    }
    let scaling = options.scaling.unwrap_or(columns.scaling);
    let mut counted = effects(rows, &places, scaling, options.least_dna, kept)?;
    counted.rows.extend(left_out);
    counted.rows.sort_by_key(|row| match row {
        Ok(row) => row.line,
        Err(row) => row.line,
    });
    Ok(counted)
}

impl CountPlaces {
    /// Every place: RNA by allele and replicate, then DNA.
    fn flat(&self) -> Vec<usize> {
        let both = self.rna.alleles.iter().chain(&self.dna.alleles);
        both.flatten().copied().collect()
    }

    fn alleles(&self) -> usize {
        self.rna.alleles.len()
    }
}

/// Splits the counts of a row: RNA then DNA, each by allele.
fn sides<'c>(counts: &'c [f64], places: &CountPlaces) -> [Vec<&'c [f64]>; 2] {
    let (rna, dna) = counts.split_at(places.alleles() * places.rna.alleles[0].len());
    let by_allele = |side: &'c [f64], replicates: usize| side.chunks(replicates).collect();
    [
        by_allele(rna, places.rna.alleles[0].len()),
        by_allele(dna, places.dna.alleles[0].len()),
    ]
}

fn replicates<'c>(side: &[&'c [f64]]) -> Replicates<'c> {
    Replicates {
        first: side[0],
        second: side.get(1).copied(),
    }
}

const PSEUDOCOUNT: f64 = 1.0;

fn effects(
    rows: Vec<CountRow>,
    places: &CountPlaces,
    scaling: Scaling,
    least_dna: Option<f64>,
    kept: &[(String, usize)],
) -> Result<Counted, MeasuredError> {
    let scale = match scaling {
        Scaling::CountsPerMillion => library_scale(&rows, places),
        Scaling::None => vec![1.0; places.flat().len()],
    };
    let is_allelic = places.alleles() == 2;
    let mut listed = Vec::with_capacity(rows.len());
    let mut ratios: Vec<LogRatio> = Vec::new();
    for row in rows {
        let [_, dna] = sides(&row.counts, places);
        let mean = |counts: &[f64]| counts.iter().sum::<f64>() / counts.len() as f64;
        let least = dna.iter().map(|counts| mean(counts)).fold(f64::INFINITY, f64::min);
        if let Some(wanted) = least_dna
            && least < wanted
        {
            listed.push(Err(RefusedLine {
                line: row.line,
                text: row.name,
                rejection: Rejection {
                    code: "few_dna_counts",
                    reason: format!("the mean DNA count is {least}, and {wanted} were asked for"),
                },
            }));
            continue;
        }
        let scaled: Vec<f64> = row
            .counts
            .iter()
            .zip(&scale)
            .map(|(count, scale)| count * scale)
            .collect();
        let [rna, dna] = sides(&scaled, places);
        let ratio = log_ratio(replicates(&rna), replicates(&dna), PSEUDOCOUNT)?;
        ratios.push(ratio);
        let mut extras = row.kept;
        extras.extend(
            of_replicates(&rna, &dna)
                .into_iter()
                .map(|value| Extra::Number(Some(value))),
        );
        listed.push(Ok(ListedEffect {
            line: row.line,
            text: row.name.clone(),
            said_assembly: None,
            variant: None,
            effect: ratio.value,
            effect_of: ListedAllele::Alternate,
            details: Details {
                name: Some(row.name),
                extras,
                ..Details::default()
            },
        }));
    }
    let notes = add_noise(&mut listed, &ratios)?;
    let mut names: Vec<String> = kept.iter().map(|(name, _)| name.clone()).collect();
    names.extend(places.replicates.iter().map(|replicate| {
        if replicate.is_empty() {
            "effect_1".to_owned()
        } else {
            format!("effect_{replicate}")
        }
    }));
    names.extend(["se_replicates".to_owned(), "degrees_of_freedom".to_owned()]);
    Ok(Counted {
        rows: listed,
        extras: names,
        notes,
        is_allelic,
    })
}

/// Returns 10^6 / library size for each place; the library of a replicate are all rows and both alleles.
fn library_scale(rows: &[CountRow], places: &CountPlaces) -> Vec<f64> {
    let mut sums = vec![0.0; places.flat().len()];
    for row in rows {
        for (sum, count) in sums.iter_mut().zip(&row.counts) {
            *sum += count;
        }
    }
    let [rna, dna] = sides(&sums, places);
    let of_side = |side: &[&[f64]]| -> Vec<f64> {
        let replicates = side[0].len();
        let library = |replicate: usize| side.iter().map(|counts| counts[replicate]).sum::<f64>();
        let scale = |replicate: usize| match library(replicate) {
            sum if sum > 0.0 => 1e6 / sum,
            _ => 0.0,
        };
        (0..side.len() * replicates)
            .map(|place| scale(place % replicates))
            .collect()
    };
    [of_side(&rna), of_side(&dna)].concat()
}

/// Returns the effect in each RNA replicate, against the mean DNA.
fn of_replicates(rna: &[&[f64]], dna: &[&[f64]]) -> Vec<f64> {
    let mean = |counts: &[f64]| counts.iter().sum::<f64>() / counts.len() as f64;
    let below: Vec<f64> = dna.iter().map(|counts| (mean(counts) + PSEUDOCOUNT).log2()).collect();
    let one = |replicate: usize, allele: usize| (rna[allele][replicate] + PSEUDOCOUNT).log2() - below[allele];
    (0..rna[0].len())
        .map(|replicate| match rna.len() {
            1 => one(replicate, 0),
            _ => one(replicate, 1) - one(replicate, 0),
        })
        .collect()
}

/// Adds standard errors and p-values from the variances of all rows.
fn add_noise(
    listed: &mut [Result<ListedEffect, RefusedLine>],
    ratios: &[LogRatio],
) -> Result<Vec<String>, MeasuredError> {
    let with_noise: Vec<(usize, f64, f64)> = ratios
        .iter()
        .enumerate()
        .filter_map(|(index, ratio)| Some((index, ratio.variance?, ratio.degrees_of_freedom?)))
        .collect();
    let mut notes = Vec::new();
    let moderated = if with_noise.len() >= 2 {
        let variances: Vec<f64> = with_noise.iter().map(|(_, variance, _)| *variance).collect();
        let degrees: Vec<f64> = with_noise.iter().map(|(.., degrees)| *degrees).collect();
        let moderated = ModeratedVariances::of(&variances, &degrees)?;
        notes.push(format!(
            "noise: prior with {} degrees of freedom and standard error {}, from {} rows",
            moderated.prior_degrees_of_freedom,
            moderated.prior_variance.sqrt(),
            with_noise.len()
        ));
        Some(moderated)
    } else {
        notes.push("noise: no standard errors, because no row has replicates".to_owned());
        None
    };
    if ratios.iter().any(|ratio| ratio.is_partial) && moderated.is_some() {
        notes.push("noise: one side has a single replicate, whose noise is not in the standard errors".to_owned());
    }
    let mut place_of = vec![None; ratios.len()];
    for (place, (index, ..)) in with_noise.iter().enumerate() {
        place_of[*index] = Some(place);
    }
    let effects = listed.iter_mut().filter_map(|row| row.as_mut().ok());
    for ((row, ratio), place) in effects.zip(ratios).zip(place_of) {
        let of_row = moderated.as_ref().zip(place);
        row.details.se = of_row.map(|(moderated, place)| moderated.posterior[place].sqrt());
        row.details.p = of_row.and_then(|(moderated, place)| moderated.p_value(place, row.effect));
        let degrees = of_row.map(|(moderated, place)| moderated.degrees_of_freedom[place]);
        row.details.extras.push(Extra::Number(ratio.variance.map(f64::sqrt)));
        row.details.extras.push(Extra::Number(degrees));
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_are_taken_apart_by_the_pattern() {
        let pattern = "DNA_allele_{allele}_{replicate}";
        assert_eq!(labels("DNA_allele_A_10", pattern), Some(("A", "10")));
        assert_eq!(labels("RNA_allele_A_10", pattern), None);
        assert_eq!(labels("DNA_allele_A_", pattern), None);
        assert_eq!(labels("counts.rna", "counts.rna"), Some(("", "")));
        assert_eq!(labels("counts.rna.2", "counts.rna"), None);
        assert_eq!(
            labels("rep3_alt_dna", "rep{replicate}_{allele}_dna"),
            Some(("alt", "3"))
        );
    }

    #[test]
    fn columns_that_are_not_complete_are_told() {
        let header = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let pattern = "D_{allele}_{replicate}";
        let found = places(&header("id D_A_2 D_A_10 D_B_10 D_B_2"), pattern).unwrap();
        assert_eq!(found.0.alleles, [vec![1, 2], vec![4, 3]]);
        assert_eq!(found.1, ["2", "10"]);
        let found = places(&header("D_alt_1 D_ref_1"), pattern).unwrap();
        assert_eq!(found.0.alleles, [vec![1], vec![0]]);
        for (text, reason) in [
            ("id", "no column fits"),
            ("D_A_1", "of the alleles A,"),
            ("D_A_1 D_B_1 D_C_1", "`C` is neither"),
            ("D_A_1 D_ref_1 D_B_1", "A, ref, B"),
            ("D_A_1 D_B_2", "different replicates"),
            ("D_A_1 D_A_1 D_B_1", "two columns"),
        ] {
            let found = places(&header(text), pattern).unwrap_err();
            assert!(found.contains(reason), "{text}: {found}");
        }
    }
}
