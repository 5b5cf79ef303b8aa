//! Rows of a protocol's truth table, as the join of [`validate`](crate::validate) takes them, and what the join does not carry.
//!
//! The table is read twice: once to see its groups, match groups and repeated measurements, once for the join.

use super::error::ProtocolError;
use super::file::{LabelOf, Protocol, Repeats, TruthPart};
use super::predictions::label;
use crate::engine::Rejection;
use crate::io::variants::{self, ColumnMap, ColumnName, ReadError, ReadOptions, Role, Source, VariantRow, ids};
use crate::reference_assembly::{ReferenceAssembly, StatedByVariants};
use crate::scoring::input_row;
use crate::validate::{AnalysisColumns, TruthColumns, TruthRow};
use refalt_core::annotation::without_version;
use refalt_core::{Reference, check};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// What a row of the truth table is known by after the join: variant, gene, group.
pub(super) type Key = (String, Option<String>, Option<String>);

/// Turns rows of a file into rows of the truth.
pub(super) struct TruthReader<'a> {
    part: &'a TruthPart,
    reference: &'a dyn Reference,
    assembly: ReferenceAssembly,
    pub(super) columns: TruthColumns,
    reading: ReadOptions,
    words: bool,
    /// Places of cells: group, gene, match group.
    group: Option<usize>,
    gene: Option<usize>,
    match_group: Option<usize>,
    /// Cells of the conditions, in their order.
    conditions: Vec<usize>,
    /// Cells of contig, position, REF and ALT, where deletions are written without bases.
    alleles: Option<[usize; 4]>,
    /// Cells that belong to the join; the rest of the carried ones are ours.
    own: usize,
    groups: BTreeSet<String>,
    match_groups: HashMap<Key, String>,
    measured: HashMap<Key, u32>,
    stated: StatedByVariants,
}

impl<'a> TruthReader<'a> {
    /// Reads the table through once.
    pub(super) fn survey(
        truth: &Path,
        part: &'a TruthPart,
        protocol: &Protocol,
        reference: &'a dyn Reference,
        assembly: ReferenceAssembly,
    ) -> Result<Self, ProtocolError> {
        let mut reader = Self::new(part, protocol, reference, assembly);
        let refuse = |error: ReadError| ProtocolError::Validate(error.into());
        let rows = reader.open(truth).map_err(refuse)?;
        let name = rows.name().to_owned();
        reader.stated = StatedByVariants::of_header(rows.assembly_clues());
        reader.stated.check_header(&name, assembly)?;
        for row in rows {
            let row = row.map_err(refuse)?;
            reader.stated.add_row(row.row, row.said_assembly);
            let (row, cells) = reader.convert(row);
            let of = |at: Option<usize>| at.and_then(|at| cells[at].clone());
            reader.groups.extend(of(reader.group));
            let Some(key) = reader.key(&row, &cells) else { continue };
            if let Some(match_group) = of(reader.match_group) {
                reader.match_groups.insert(key.clone(), match_group);
            }
            let mut conditions = reader.columns.keep.iter().zip(&reader.conditions);
            if conditions.all(|(condition, &at)| condition.holds(cells[at].as_deref()) == Some(true)) {
                *reader.measured.entry(key).or_default() += 1;
            }
        }
        reader.stated.check_rows(&name, assembly)?;
        Ok(reader)
    }

    fn new(
        part: &'a TruthPart,
        protocol: &Protocol,
        reference: &'a dyn Reference,
        assembly: ReferenceAssembly,
    ) -> Self {
        let columns = TruthColumns {
            effect: part.target.clone(),
            // The effect is that of ALT as written; a row with REF and ALT swapped is rejected and never turned.
            effect_allele: None,
            experiment: part.group.clone(),
            gene: part.gene.clone(),
            keep: part.keep.iter().filter_map(|text| text.parse().ok()).collect(),
            labels: Vec::new(),
            analysis: AnalysisColumns::default(),
        };
        let map: ColumnMap = part.columns.parse().unwrap_or_default();
        let mut carry = columns.names();
        let own = carry.len();
        let at = |name: &str| carry.iter().position(|known| known == name);
        let group = part.group.as_deref().and_then(at);
        let gene = part.gene.as_deref().and_then(at);
        let conditions = columns
            .keep
            .iter()
            .filter_map(|condition| at(condition.column()))
            .collect();
        let match_group = part.match_group.as_ref().map(|_| carry.len());
        carry.extend(part.match_group.clone());
        let named = |role| match map.get(role) {
            Some(ColumnName::Name(name)) => Some(name.clone()),
            _ => None,
        };
        let roles = [Role::Contig, Role::Position, Role::Reference, Role::Alternate].map(named);
        let mut alleles = None;
        if let (Some(_), [Some(contig), Some(position), Some(reference), Some(alternate)]) = (&part.deletion, roles) {
            let first = carry.len();
            alleles = Some([first, first + 1, first + 2, first + 3]);
            carry.extend([contig, position, reference, alternate]);
        }
        Self {
            part,
            reference,
            assembly,
            columns,
            reading: ReadOptions {
                columns: map,
                carry,
                ..ReadOptions::default()
            },
            words: protocol.is_labelled() && part.labels == LabelOf::Target,
            group,
            gene,
            match_group,
            conditions,
            alleles,
            own,
            groups: BTreeSet::new(),
            match_groups: HashMap::new(),
            measured: HashMap::new(),
            stated: StatedByVariants::default(),
        }
    }

    fn open(&self, truth: &Path) -> Result<variants::VariantReader, ReadError> {
        variants::open(&Source::Path(truth.to_owned()), &self.reading)
    }

    /// Returns the rows for the join.
    pub(super) fn rows(
        &self,
        truth: &Path,
    ) -> Result<impl Iterator<Item = Result<TruthRow, ReadError>> + '_, ReadError> {
        Ok(self.open(truth)?.map(|row| Ok(self.row(row?))))
    }

    fn row(&self, row: VariantRow) -> TruthRow {
        let (mut row, cells) = self.convert(row);
        let repeats = self.key(&row, &cells).and_then(|key| self.measured.get(&key).copied());
        if self.part.repeats == Repeats::LeaveOut && repeats.is_some_and(|times| times > 1) {
            row.variant = Err(Rejection {
                code: "measured_twice",
                reason: "another row of its group measures the same variant".to_owned(),
            });
        }
        row
    }

    /// Turns a row into one of the truth, beside all its cells.
    fn convert(&self, mut row: VariantRow) -> (TruthRow, Vec<Option<String>>) {
        let carried = std::mem::take(&mut row.carried);
        let mut cells: Vec<Option<String>> = carried.iter().map(|cell| cell.as_deref().map(str::to_owned)).collect();
        let input = input_row(row, self.reference, self.assembly);
        let (mut text, mut variant) = (input.text, input.variant);
        if let Some(deletion) = self.deletion(&cells) {
            variant = ids::parse(&deletion).variant.map_err(|problem| Rejection {
                code: problem.code(),
                reason: problem.to_string(),
            });
            text = deletion;
        }
        if self.words
            && let Some(cell) = &mut cells[0]
        {
            match label(cell.trim()) {
                Some(label) => *cell = label.to_string(),
                None => {
                    variant = Err(Rejection {
                        code: "no_label",
                        reason: format!("`{cell}` is no label (0, 1, false, true)"),
                    });
                    // A number, so that the row is rejected for what is wrong with it.
                    *cell = "0".to_owned();
                }
            }
        }
        let row = TruthRow {
            line: input.line,
            text,
            variant,
            cells: cells[..self.own].to_vec(),
        };
        (row, cells)
    }

    /// Returns what the row is known by, when its variant is sound.
    fn key(&self, row: &TruthRow, cells: &[Option<String>]) -> Option<Key> {
        let checked = check(row.variant.as_ref().ok()?, self.reference).ok()?;
        let of = |at: Option<usize>| at.and_then(|at| cells[at].clone());
        let gene = of(self.gene).map(|gene| without_version(gene.trim()).to_owned());
        Some((checked.to_string(), gene, of(self.group)))
    }

    /// Returns the variant in a word when the row says that REF is deleted.
    fn deletion(&self, cells: &[Option<String>]) -> Option<String> {
        let [contig, position, reference, alternate] = self.alleles?.map(|at| cells[at].as_deref().map(str::trim));
        if alternate.is_none() || alternate != self.part.deletion.as_deref() {
            return None;
        }
        Some(format!("{}:{}:{}:-", contig?, position?, reference?))
    }

    /// What the table states of its assembly.
    pub(super) const fn stated(&self) -> &StatedByVariants {
        &self.stated
    }

    /// The groups of the table.
    pub(super) const fn groups(&self) -> &BTreeSet<String> {
        &self.groups
    }

    /// The match group of a joined row.
    pub(super) fn match_group(&self, key: &Key) -> Option<String> {
        self.match_groups.get(key).cloned()
    }

    /// Whether the table names groups.
    pub(super) const fn has_groups(&self) -> bool {
        self.group.is_some()
    }

    /// What makes a row positive.
    pub(super) const fn labels(&self) -> LabelOf {
        self.part.labels
    }
}
