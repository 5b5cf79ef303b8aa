//! The element: where it lies, its variants, and what was measured for the named ones.

use super::super::{Findings, Named, StudyError, StudyFile, position};
use super::{experiment_name, shown_experiment};
use crate::figure::{Feature, FeatureKind, Labels, Locus, LocusVariant, Tss};
use crate::report::numbers::{grouped, signed};
use crate::report::{Block, Column, Section, Table};
use refalt_core::{CheckedVariant, Interval, Strand};

/// Refuses a locus that cannot be drawn.
pub(super) fn check(file: &StudyFile) -> Result<(), StudyError> {
    let locus = &file.show.locus;
    let refused = |what: &'static str, value: String, reason: &str| StudyError::Value {
        what,
        value,
        reason: reason.to_owned(),
    };
    if locus.first > locus.last {
        return Err(refused(
            "locus",
            format!("{}-{}", locus.first, locus.last),
            "its last base lies before its first",
        ));
    }
    for start in &locus.starts {
        if Strand::from_sign(start.strand).is_none() {
            return Err(refused("strand", start.strand.to_string(), "a strand is `+` or `-`"));
        }
    }
    for feature in &locus.features {
        if feature.first > feature.last {
            return Err(refused(
                "feature",
                feature.label.clone(),
                "its last base lies before its first",
            ));
        }
        if kind_of(&feature.kind).is_none() {
            return Err(refused(
                "kind",
                feature.kind.clone(),
                "known: gene, exon, promoter, element, site",
            ));
        }
    }
    Ok(())
}

fn kind_of(name: &str) -> Option<FeatureKind> {
    Some(match name {
        "gene" => FeatureKind::Gene,
        "exon" => FeatureKind::Exon,
        "promoter" => FeatureKind::Promoter,
        "element" => FeatureKind::Element,
        "site" => FeatureKind::Site,
        _ => return None,
    })
}

/// Makes the section.
pub(super) fn section(findings: &Findings<'_>) -> Result<Section, StudyError> {
    let file = findings.file;
    let intro = format!(
        "{} variants of the element were measured and scored. Stems are the measured effects in {}; the named variants \
         are those of the table below.",
        grouped(findings.validation.joined.variants.len() as u64),
        experiment_name(file, &file.show.experiment),
    );
    Ok(Section {
        heading: "The element".to_owned(),
        anchor: "element".to_owned(),
        blocks: vec![
            Block::paragraph(intro),
            Block::figure(locus(findings)?.draw()?),
            Block::Table(named_table(findings)),
        ],
    })
}

fn locus(findings: &Findings<'_>) -> Result<Locus, StudyError> {
    let file = findings.file;
    let part = &file.show.locus;
    let shown = shown_experiment(findings)?;
    let span = |first, last| Interval::from_bases(position(first), position(last));
    let whole = span(part.first, part.last).ok_or_else(|| StudyError::Value {
        what: "locus",
        value: format!("{}-{}", part.first, part.last),
        reason: "its last base lies before its first".to_owned(),
    })?;
    let starts = part.starts.iter().filter_map(|start| {
        Some(Tss {
            position: position(start.position),
            strand: Strand::from_sign(start.strand)?,
            label: start.label.clone(),
        })
    });
    let features = part.features.iter().filter_map(|feature| {
        Some(Feature {
            label: feature.label.clone(),
            kind: kind_of(&feature.kind)?,
            interval: span(feature.first, feature.last)?,
            strand: None,
        })
    });
    let variants = findings.validation.joined.variants.iter().filter_map(|joined| {
        let variant = &joined.variant;
        let name = name_of(&findings.named, variant);
        let drawn = variant.contig().as_str() == part.contig && whole.contains(variant.position());
        drawn.then(|| LocusVariant {
            position: variant.position(),
            label: name.map_or_else(|| variant.to_string(), str::to_owned),
            value: joined.measured[shown],
            emphasised: name.is_some(),
        })
    });
    Ok(Locus {
        labels: Labels {
            name: "locus".to_owned(),
            title: "The locus".to_owned(),
            subtitle: format!(
                "measured effect of each variant in {}",
                experiment_name(file, &file.show.experiment)
            ),
            caption: "Positions are 1-based.".to_owned(),
        },
        contig: part.contig.clone(),
        assembly: file.reference.stated_assembly.clone(),
        interval: whole,
        value_title: file.validate.effect_unit.clone(),
        starts: starts.collect(),
        features: features.collect(),
        variants: variants.filter(|variant| variant.value.is_some()).collect(),
    })
}

/// Returns the name of a variant, if it has one.
pub(super) fn name_of<'a>(named: &'a [Named], variant: &CheckedVariant) -> Option<&'a str> {
    named
        .iter()
        .find(|one| one.variant == *variant)
        .map(|one| one.name.as_str())
}

fn named_table(findings: &Findings<'_>) -> Table {
    let file = findings.file;
    let joined = &findings.validation.joined;
    let gene_strand = file
        .show
        .created
        .as_ref()
        .and_then(|created| Strand::from_sign(created.strand));
    let mut columns = vec![Column::text("variant"), Column::text("position and change")];
    if gene_strand == Some(Strand::Reverse) {
        columns.push(Column::text("on the gene strand"));
    }
    columns.extend(
        joined
            .experiments
            .iter()
            .map(|experiment| Column::number(experiment_name(file, experiment))),
    );
    let rows = findings.named.iter().map(|one| {
        let variant = &one.variant;
        let mut cells = vec![one.name.clone(), format!("`{variant}`")];
        if gene_strand == Some(Strand::Reverse) {
            cells.push(format!(
                "{}>{}",
                variant.reference_bases().reverse_complement(),
                variant.alternate_bases().reverse_complement()
            ));
        }
        let measured = joined.variants.iter().find(|joined| joined.variant == *variant);
        cells.extend(
            (0..joined.experiments.len())
                .map(|experiment| signed(measured.and_then(|joined| joined.measured[experiment]), 2)),
        );
        cells
    });
    Table {
        caption: format!("Named variants and their measured {}", file.validate.effect_unit),
        columns,
        rows: rows.collect(),
        emphasised: (0..findings.named.len())
            .filter(|&index| file.show.hotspots.contains(&findings.named[index].name))
            .collect(),
        notes: vec![format!(
            "Rows with {} only; a dash stands where a variant was not measured so well.",
            if file.validate.keep.is_empty() {
                "a measurement".to_owned()
            } else {
                file.validate.keep.join(", ")
            }
        )],
    }
}
