//! Rows of measured effects, one after the other, whatever the format.

use super::archive::OpenTable;
use super::counts::{self, CountOptions};
use super::effect_kind::EffectKind;
use super::error::MeasuredError;
use super::format::{FREE_TABLE, Format, Kind, ReadRow, StatedAllele};
use super::orient::{AlleleOrder, EffectAllele, ListedAllele};
use super::row::{
    Details, Extra, ListedEffect, RefusedLine, RowView, Written, check_count, effect, number, probability,
    standard_error,
};
use super::watch::NumberWatch;
use crate::engine::Rejection;
use crate::io::table::Cells;
use crate::io::variants::{self, AssemblyClue, ColumnMap, ReadOptions, Source, VariantReader};
use crate::provenance::FileIdentity;
use refalt_core::Reference;
use refalt_core::nearest::nearest;
use std::path::PathBuf;

/// The columns of a table that is of no known format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FreeColumns {
    /// Columns that make the variant; the usual names are known.
    pub variant: ColumnMap,
    /// The effect.
    pub effect: Option<String>,
    /// Its standard error.
    pub se: Option<String>,
    /// Its p-value.
    pub p: Option<String>,
    /// The gene.
    pub gene: Option<String>,
    /// What tells experiments apart.
    pub experiment: Option<String>,
    /// A weight.
    pub weight: Option<String>,
}

/// What is read, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasuredSource {
    /// The file.
    pub path: PathBuf,
    /// The format by name, `auto` or `table`.
    pub format: String,
    /// The member of an archive: its name, or the part of it before the first dot.
    pub member: Option<String>,
    /// The columns, for the format `table`.
    pub columns: FreeColumns,
    /// Which allele the effects are of, where the format does not say.
    pub effect_allele: Option<EffectAllele>,
    /// What the effects are; ratios in the format `table` only.
    pub effect_is: EffectKind,
    /// Further columns that travel with the rows.
    pub carry: Vec<String>,
    /// For counts.
    pub counts: CountOptions,
}

enum Rows {
    Known {
        open: Box<OpenTable>,
        format: &'static Format,
        read: ReadRow,
        places: Vec<Option<usize>>,
        allele: Option<usize>,
        carried: Vec<usize>,
        cells: Cells,
    },
    Free {
        reader: Box<VariantReader>,
        places: FreePlaces,
        kind: EffectKind,
    },
    Made(std::vec::IntoIter<Result<ListedEffect, RefusedLine>>),
}

/// Where the cells of a free table stand among those carried.
struct FreePlaces {
    names: FreeColumns,
    se: Option<usize>,
    p: Option<usize>,
    gene: Option<usize>,
    experiment: Option<usize>,
    weight: Option<usize>,
    allele: Option<usize>,
    /// Where the columns asked for begin.
    extras: usize,
}

/// A file of measured effects being read.
pub struct MeasuredReader {
    rows: Rows,
    /// The format; `None` for a table whose columns the user names.
    format: Option<&'static Format>,
    label: String,
    member: Option<String>,
    identity: FileIdentity,
    allele: EffectAllele,
    extras: Vec<String>,
    notes: Vec<String>,
    has_genes: bool,
    has_experiments: bool,
    is_activity: bool,
    watch: NumberWatch,
    /// What the file as a whole states of its assembly.
    clues: Vec<AssemblyClue>,
}

impl MeasuredReader {
    /// Opens a file and finds its format.
    ///
    /// # Errors
    /// [`MeasuredError`]; everything that the header tells is told before a row is read.
    pub fn open(source: &MeasuredSource) -> Result<Self, MeasuredError> {
        if source.format == FREE_TABLE {
            return Self::open_free(source);
        }
        let mut open = OpenTable::open(&source.path, source.member.as_deref())?;
        let (label, has_header) = (open.label.clone(), open.table.has_header);
        let format = match source.format.as_str() {
            "" | "auto" => Format::of_header(&label, &open.table.header, has_header)?,
            name => Format::named(name)?,
        };
        let other = match format.kind {
            _ if source.columns != FreeColumns::default() => Some("names of columns"),
            _ if source.effect_is == EffectKind::Ratio => Some("ratios"),
            Kind::Rows(_) if source.counts != CountOptions::default() => Some("options of counts"),
            _ => None,
        };
        if let Some(what) = other {
            return Err(MeasuredError::OptionsOfOther {
                file: label,
                format: format.name,
                what,
            });
        }
        let places = format.places(&label, &open.table.header, has_header)?;
        let asked = source.effect_allele.clone();
        let has_column = |name: &str| open.table.header.iter().any(|column| column == name);
        let asked = asked.map(|asked| asked.in_header(has_column));
        let allele = allele_of(format, &label, asked.as_ref())?;
        let place_of = |column: &String| {
            let found = open.table.header.iter().position(|name| name == column);
            found.ok_or_else(|| MeasuredError::ColumnUnknown {
                file: label.clone(),
                column: column.clone(),
                nearest: nearest(column, open.table.header.iter().map(String::as_str)),
            })
        };
        let allele_at = match &allele {
            EffectAllele::Column(column) => Some(place_of(column)?),
            _ => None,
        };
        let carried: Vec<usize> = source.carry.iter().map(place_of).collect::<Result<_, _>>()?;
        let (member, identity) = (open.member.clone(), open.identity.clone());
        let mut reader = Self {
            rows: Rows::Made(Vec::new().into_iter()),
            format: Some(format),
            label,
            member,
            identity,
            allele,
            extras: source.carry.clone(),
            notes: Vec::new(),
            has_genes: false,
            has_experiments: format.has_experiments,
            is_activity: false,
            watch: NumberWatch::default(),
            clues: format.assembly_clue().into_iter().collect(),
        };
        match &format.kind {
            Kind::Refused(reason, hint) => {
                return Err(MeasuredError::Refused {
                    file: reader.label,
                    format: format.name,
                    reason,
                    hint,
                });
            }
            Kind::Rows(read) => {
                reader.has_genes = format.has_genes;
                if format.has_experiments && format.name.starts_with("gtex") {
                    let file = reader.member.clone().unwrap_or_else(|| reader.label.clone());
                    reader.has_experiments = super::format::gtex_tissue(&file).is_some();
                }
                reader.rows = Rows::Known {
                    open: Box::new(open),
                    format,
                    read: *read,
                    places,
                    allele: allele_at,
                    carried,
                    cells: Cells::default(),
                };
            }
            Kind::Counts(columns) => {
                let kept: Vec<(String, usize)> = source.carry.iter().cloned().zip(carried).collect();
                let counted = counts::read(&mut open.table, &reader.label, columns, &source.counts, &kept)?;
                reader.extras = counted.extras;
                reader.notes = counted.notes;
                reader.is_activity = !counted.is_allelic;
                reader.rows = Rows::Made(counted.rows.into_iter());
            }
        }
        Ok(reader)
    }

    fn open_free(source: &MeasuredSource) -> Result<Self, MeasuredError> {
        let word = source.effect_allele.clone();
        let in_letters = word.clone().map(|word| word.in_header(|_| false));
        match Self::open_free_of(source, word.as_ref()) {
            // A word in capitals is the name of a column only when there is such a column.
            Err(error) if in_letters != word => Self::open_free_of(source, in_letters.as_ref()).map_err(|_| error),
            opened => opened,
        }
    }

    fn open_free_of(source: &MeasuredSource, allele: Option<&EffectAllele>) -> Result<Self, MeasuredError> {
        let label = source.path.display().to_string();
        if let Some(asked) = &source.member {
            return Err(MeasuredError::NoArchive {
                file: label,
                asked: asked.clone(),
            });
        }
        let columns = &source.columns;
        let effect = columns.effect.clone().ok_or(MeasuredError::EffectNeeded)?;
        if source.effect_is == EffectKind::Ratio && columns.se.is_some() {
            return Err(MeasuredError::ErrorOfRatio);
        }
        let allele = allele.cloned().ok_or_else(|| MeasuredError::EffectAlleleNeeded {
            file: label.clone(),
            format: FREE_TABLE,
        })?;
        let identity = FileIdentity::of(&source.path).map_err(|error| MeasuredError::Unreadable {
            path: source.path.clone(),
            source: error,
        })?;
        let mut carry = vec![effect];
        let mut place = |name: &Option<String>| {
            name.as_ref().map(|name| {
                carry.push(name.clone());
                carry.len() - 1
            })
        };
        let mut places = FreePlaces {
            se: place(&columns.se),
            p: place(&columns.p),
            gene: place(&columns.gene),
            experiment: place(&columns.experiment),
            weight: place(&columns.weight),
            allele: match &allele {
                EffectAllele::Column(column) => place(&Some(column.clone())),
                _ => None,
            },
            names: columns.clone(),
            extras: 0,
        };
        places.extras = carry.len();
        carry.extend(source.carry.iter().cloned());
        let reader = variants::open(
            &Source::Path(source.path.clone()),
            &ReadOptions {
                columns: columns.variant.clone(),
                carry,
                ..ReadOptions::default()
            },
        )?;
        Ok(Self {
            clues: reader.assembly_clues().to_vec(),
            rows: Rows::Free {
                reader: Box::new(reader),
                places,
                kind: source.effect_is,
            },
            format: None,
            label,
            member: None,
            identity,
            allele,
            extras: source.carry.clone(),
            notes: Vec::new(),
            has_genes: columns.gene.is_some(),
            has_experiments: columns.experiment.is_some(),
            is_activity: false,
            watch: NumberWatch::default(),
        })
    }

    /// Returns the format; `None` for a table whose columns the user names.
    pub fn format(&self) -> Option<&'static Format> {
        self.format
    }

    /// Returns the format's name, `table` for one whose columns the user names.
    pub fn format_name(&self) -> &'static str {
        self.format.map_or(FREE_TABLE, |format| format.name)
    }

    /// Returns the name of the file, with the member where there is one.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns the member of the archive that is read.
    pub fn member(&self) -> Option<&str> {
        self.member.as_deref()
    }

    /// Returns name, size and digest of the file.
    pub fn identity(&self) -> &FileIdentity {
        &self.identity
    }

    /// Returns which allele the effects are of: as the format's documentation says, or the user.
    pub fn effect_allele(&self) -> &EffectAllele {
        &self.allele
    }

    /// Returns the names of [`Details::extras`].
    pub fn extras(&self) -> &[String] {
        &self.extras
    }

    /// Returns what there is to say of the file.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Says whether rows name genes.
    pub fn has_genes(&self) -> bool {
        self.has_genes
    }

    /// Says whether rows name experiments.
    pub fn has_experiments(&self) -> bool {
        self.has_experiments
    }

    /// Says whether the values are activities of elements, which are of no allele.
    pub fn is_activity(&self) -> bool {
        self.is_activity
    }

    /// Says whether rows are known by name only, without a variant.
    pub fn has_names_only(&self) -> bool {
        self.format.is_some_and(|format| matches!(format.kind, Kind::Counts(_)))
    }

    /// Returns what the order of the alleles says.
    pub fn order(&self) -> AlleleOrder {
        match (self.format, &self.allele) {
            (Some(format), _) => format.order,
            (None, EffectAllele::Column(_)) => AlleleOrder::Unknown,
            (None, _) => AlleleOrder::ReferenceFirst,
        }
    }

    /// Says whether the alleles are known to be of the forward strand.
    pub fn is_forward(&self) -> bool {
        self.format.is_some_and(|format| format.is_forward)
    }

    /// Returns the next row; `None` at the end.
    ///
    /// * `reference`: fills in bases that a row leaves to the genome.
    ///
    /// # Errors
    /// At the end [`MeasuredError::PValues`], when the effects of all rows are p-values, [`MeasuredError::ColumnOfOther`],
    /// [`MeasuredError::NoRows`].
    pub fn next_row(
        &mut self,
        reference: Option<&dyn Reference>,
    ) -> Result<Option<Result<ListedEffect, RefusedLine>>, MeasuredError> {
        let row = match &mut self.rows {
            Rows::Made(rows) => rows.next(),
            Rows::Known {
                open,
                format,
                read,
                places,
                allele,
                carried,
                cells,
            } => match open.table.next_row(cells)? {
                None => None,
                Some(line) => {
                    let view = RowView {
                        cells,
                        places,
                        columns: format.columns,
                        file: open.member.as_deref().unwrap_or(&open.label),
                    };
                    let cell = |place: usize| cells.get(place);
                    let counted = check_count(cells, open.table.header.len()).map_err(|rejection| RefusedLine {
                        line,
                        text: view.written_variant(),
                        rejection,
                    });
                    Some(counted.and_then(|()| {
                        known_row(
                            line,
                            &view,
                            *read,
                            format,
                            &self.allele,
                            allele.and_then(cell),
                            reference,
                        )
                        .map(|mut row| {
                            let extras = carried.iter().map(|&place| Extra::Text(cell(place).map(str::to_owned)));
                            row.details.extras = extras.collect();
                            row
                        })
                    }))
                }
            },
            Rows::Free { reader, places, kind } => match reader.next().transpose()? {
                None => None,
                Some(mut row) => {
                    if let Some(reference) = reference {
                        row.resolve(reference);
                    }
                    Some(free_row(&row, places, *kind, &self.allele))
                }
            },
        };
        let Some(row) = row else {
            return self.end().map(|()| None);
        };
        self.watch.add(&row);
        Ok(Some(row))
    }

    fn end(&self) -> Result<(), MeasuredError> {
        self.watch.check(&self.label, self.is_activity)
    }

    /// Says, after the last row, what effects are like that are all on one side of 0; of activities nothing.
    pub fn one_sided(&self) -> Option<String> {
        let is_turned = matches!(self.allele, EffectAllele::Column(_));
        self.watch.one_sided(is_turned).filter(|_| !self.is_activity)
    }

    /// Returns a note, after the last row, when the effects may be something else without being proven so.
    pub fn doubt(&self) -> Option<String> {
        let doubt = self.watch.doubt().filter(|_| !self.is_activity)?;
        Some(format!("the effects of `{}` {doubt}", self.label))
    }

    /// Returns what the file as a whole states of its assembly: its header, or the definition of its format.
    pub fn assembly_clues(&self) -> &[AssemblyClue] {
        &self.clues
    }
}

/// Finds the allele that the effects are of, from the format and the user.
fn allele_of(format: &Format, file: &str, asked: Option<&EffectAllele>) -> Result<EffectAllele, MeasuredError> {
    let stated = match format.allele {
        StatedAllele::Alternate => EffectAllele::Alternate,
        StatedAllele::Reference => EffectAllele::Reference,
        // Activities are of no allele.
        StatedAllele::NotStated if !matches!(format.kind, Kind::Rows(_)) => return Ok(EffectAllele::Alternate),
        StatedAllele::NotStated => {
            return asked.cloned().ok_or_else(|| MeasuredError::EffectAlleleNeeded {
                file: file.to_owned(),
                format: format.name,
            });
        }
    };
    match asked {
        Some(asked) if *asked != stated => Err(MeasuredError::EffectAlleleStated {
            format: format.name,
            stated: format.allele.name(),
            asked: asked.to_string(),
        }),
        _ => Ok(stated),
    }
}

fn effect_of(
    allele: &EffectAllele,
    cell: Option<&str>,
    variant: &refalt_core::Variant,
) -> Result<ListedAllele, Rejection> {
    match allele {
        EffectAllele::Alternate => Ok(ListedAllele::Alternate),
        EffectAllele::Reference => Ok(ListedAllele::Reference),
        EffectAllele::Column(_) => ListedAllele::of_cell(cell, variant),
    }
}

fn known_row(
    line: u64,
    view: &RowView<'_>,
    read: ReadRow,
    format: &Format,
    allele: &EffectAllele,
    allele_cell: Option<&str>,
    reference: Option<&dyn Reference>,
) -> Result<ListedEffect, RefusedLine> {
    let refuse = |text: String, rejection| RefusedLine { line, text, rejection };
    let written = read(view).map_err(|rejection| refuse(view.written_variant(), rejection))?;
    let Written { text, variant, .. } = written;
    let variant = match (variant, reference) {
        (Err(variants::RowProblem::NeedsReference(implied)), Some(reference)) => implied.resolve(reference),
        (variant, _) => variant,
    };
    let variant = variant.map_err(|problem| {
        let rejection = Rejection {
            code: problem.code(),
            reason: problem.to_string(),
        };
        refuse(text.clone(), rejection)
    })?;
    let effect_of = effect_of(allele, allele_cell, &variant).map_err(|rejection| refuse(text.clone(), rejection))?;
    Ok(ListedEffect {
        line,
        text,
        said_assembly: written.said_assembly.or(format.assembly),
        variant: Some(variant),
        effect: written.effect,
        effect_of,
        details: Details {
            se: written.se,
            p: written.p,
            gene: written.gene,
            feature: written.feature,
            experiment: written.experiment,
            weight: written.weight,
            name: written.name,
            extras: Vec::new(),
        },
    })
}

fn free_row(
    row: &variants::VariantRow,
    places: &FreePlaces,
    kind: EffectKind,
    allele: &EffectAllele,
) -> Result<ListedEffect, RefusedLine> {
    let text = row.text().into_owned();
    let refuse = |rejection| RefusedLine {
        line: row.line,
        text: text.clone(),
        rejection,
    };
    let cell = |place: usize| row.carried.get(place)?.as_deref();
    let at = |place: Option<usize>| place.and_then(cell);
    let name_of = |name: &Option<String>| name.clone().unwrap_or_default();
    let names = &places.names;
    let variant = row.variant.clone().map_err(|problem| {
        refuse(Rejection {
            code: problem.code(),
            reason: problem.to_string(),
        })
    })?;
    row.check_effect_of_one(0).map_err(refuse)?;
    let effect_of = effect_of(allele, at(places.allele), &variant).map_err(refuse)?;
    let effect_name = name_of(&names.effect);
    let effect = effect(cell(0), &effect_name).and_then(|number| kind.effect(number, &effect_name));
    Ok(ListedEffect {
        line: row.line,
        said_assembly: row.said_assembly,
        effect: effect.map_err(refuse)?,
        effect_of,
        variant: Some(variant),
        details: Details {
            se: standard_error(at(places.se), &name_of(&names.se)).map_err(refuse)?,
            p: probability(at(places.p), &name_of(&names.p)).map_err(refuse)?,
            gene: at(places.gene).map(str::to_owned),
            feature: None,
            experiment: at(places.experiment).map(str::to_owned),
            weight: number(at(places.weight), &name_of(&names.weight)).map_err(refuse)?,
            name: row.id.as_deref().map(str::to_owned),
            extras: row.carried[places.extras..]
                .iter()
                .map(|cell| Extra::Text(cell.as_deref().map(str::to_owned)))
                .collect(),
        },
        text: text.clone(),
    })
}
