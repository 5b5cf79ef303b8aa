//! The sites that each named variant creates and destroys.

use super::super::{Findings, Named, StudyError};
use crate::figure::{Labels, Logo, LogoMotif, LogoPanel};
use crate::io::motif::{DEFAULT_SITES, MotifMatrix};
use crate::motif_set::{LocatedSite, MotifSet, VariantMotifEffect};
use crate::report::numbers::{p_value, signed};
use crate::report::{Block, Column, Section, Table};
use refalt_core::motif::{AlleleContext, Background, Pseudocount, effect};
use refalt_core::{Interval, Position, Reference, Strand};

/// Rows of a table of sites; more are counted.
const SITES_SHOWN: usize = 8;

/// Bases shown on either side of a motif.
const FLANK_BP: u32 = 3;

/// Makes the section.
pub(super) fn section(findings: &Findings<'_>) -> Result<Section, StudyError> {
    let p = findings.file.show.site_p_value;
    let mut blocks = vec![Block::paragraph(format!(
        "A site is a window that a random word reaches with a probability of at most {p} on one strand. It is created \
         when only ALT has it, destroyed when only REF has it. {} motifs were searched on both strands.",
        findings.motifs.motifs().len()
    ))];
    if !findings.file.show.hotspots.is_empty() {
        blocks.push(Block::figure(logo(findings)?.draw()?));
    }
    for named in &findings.named {
        let effects = findings
            .motifs
            .effects(&named.variant, findings.reference)
            .map_err(crate::motif_set::MotifSetError::Reference)?;
        blocks.push(Block::Table(table(named, &effects, &findings.motifs)));
    }
    Ok(Section {
        heading: "The sites that variants create".to_owned(),
        anchor: "sites".to_owned(),
        blocks,
    })
}

fn table(named: &Named, effects: &[VariantMotifEffect], motifs: &MotifSet) -> Table {
    let mut changed: Vec<&VariantMotifEffect> = effects
        .iter()
        .filter(|effect| !effect.created.is_empty() || !effect.destroyed.is_empty())
        .collect();
    changed.sort_by(|a, b| {
        let size = |effect: &VariantMotifEffect| effect.delta_bits.map_or(f64::INFINITY, f64::abs);
        size(b).total_cmp(&size(a)).then(a.motif.cmp(&b.motif))
    });
    let creating = changed.iter().filter(|effect| !effect.created.is_empty()).count();
    let destroying = changed.iter().filter(|effect| !effect.destroyed.is_empty()).count();
    let rows = changed.iter().take(SITES_SHOWN).map(|effect| {
        let name = motifs.motifs()[effect.motif].name();
        let (what, site) = match (effect.created.first(), effect.destroyed.first()) {
            (Some(site), None) => ("created", Some(site)),
            (None, site) => ("destroyed", site),
            (Some(site), Some(_)) => ("moved", Some(site)),
        };
        let cell = |value: &dyn Fn(&LocatedSite) -> String| site.map_or_else(String::new, value);
        vec![
            format!("{} {}", name.factor, name.accession),
            what.to_owned(),
            cell(&|site| format!("{} ({})", site.interval, site.strand)),
            cell(&|site| format!("`{}`", site.bases)),
            signed(effect.reference.as_ref().map(|site| site.score), 2),
            signed(effect.alternate.as_ref().map(|site| site.score), 2),
            signed(effect.delta_bits, 2),
            cell(&|site| p_value(Some(site.p_value))),
        ]
    });
    let mut notes = Vec::new();
    if changed.len() > SITES_SHOWN {
        notes.push(format!(
            "The {SITES_SHOWN} largest changes of {}; `refalt motifs effect` lists all.",
            changed.len()
        ));
    }
    Table {
        caption: format!(
            "{}, `{}`: {creating} motifs gain a site, {destroying} lose one",
            named.name, named.variant
        ),
        columns: vec![
            Column::text("motif"),
            Column::text("site"),
            Column::text("bases (strand)"),
            Column::text("sequence"),
            Column::number("REF, bits"),
            Column::number("ALT, bits"),
            Column::number("change"),
            Column::number("p"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes,
    }
}

fn logo(findings: &Findings<'_>) -> Result<Logo, StudyError> {
    let file = findings.file;
    let panels = file.show.hotspots.iter().filter_map(|hotspot| {
        let named = findings.named.iter().find(|one| one.name == *hotspot)?;
        Some(panel(findings, named))
    });
    Ok(Logo {
        labels: Labels {
            name: "hotspots".to_owned(),
            title: "REF and ALT at the hotspots".to_owned(),
            subtitle: format!("with the motif of {}", motif_name(findings)),
            caption: match &file.show.created {
                Some(created) => format!("The bracket marks {}.", created.sequence),
                None => String::new(),
            },
        },
        panels: panels.collect::<Result<_, _>>()?,
    })
}

fn motif_name(findings: &Findings<'_>) -> String {
    let name = findings.motif.name();
    if name.factor == name.accession {
        name.accession.clone()
    } else {
        format!("{} {}", name.factor, name.accession)
    }
}

fn panel(findings: &Findings<'_>, named: &Named) -> Result<LogoPanel, StudyError> {
    let refused = |reason: &str| StudyError::Value {
        what: "hotspot",
        value: named.name.clone(),
        reason: reason.to_owned(),
    };
    let variant = &named.variant;
    let alternate = variant.alternate_bases().as_bytes();
    let (1, &[alternate_base]) = (variant.reference_bases().len(), alternate) else {
        return Err(refused("only single-base changes are drawn with a motif"));
    };
    let counts: Vec<[f64; 4]> = match &findings.motif.matrix {
        MotifMatrix::Counts(counts) => counts.rows().to_vec(),
        MotifMatrix::Frequencies(frequencies, _) => frequencies.rows().to_vec(),
    };
    let log_odds = findings
        .motif
        .frequencies(Pseudocount::JASPAR, DEFAULT_SITES)
        .map_err(crate::motif_set::MotifSetError::Motif)?
        .log_odds(Background::UNIFORM);
    let width = u32::try_from(counts.len()).unwrap_or(u32::MAX);
    let unreadable = |error| StudyError::Motifs(crate::motif_set::MotifSetError::Reference(error));
    let read = |interval: Interval| {
        let mut bases = Vec::new();
        findings
            .reference
            .fetch(variant.contig_id(), interval, &mut bases)
            .map_err(unreadable)?;
        Ok::<_, StudyError>(bases)
    };
    let at = variant.reference_interval();
    let left = Interval::from_bed(at.bed_start().saturating_sub(width), at.bed_start())
        .ok_or_else(|| refused("it lies at the end of its contig"))?;
    let right = Interval::from_bed(at.bed_end(), at.bed_end().saturating_add(width))
        .ok_or_else(|| refused("it lies at the end of its contig"))?;
    let (left_bases, right_bases) = (read(left)?, read(right)?);
    let best = effect(
        &log_odds,
        &log_odds.distribution(),
        &AlleleContext {
            left: &left_bases,
            reference: variant.reference_bases().as_bytes(),
            alternate,
            right: &right_bases,
        },
    );
    let (Some(of_reference), Some(of_alternate)) = (&best.reference, &best.alternate) else {
        return Err(refused("the motif does not fit into the known sequence"));
    };
    let offset = u32::try_from(of_alternate.start.index()).unwrap_or(u32::MAX);
    let first = Position::from_zero_based(left.bed_start().saturating_add(offset));
    let motif_interval = first
        .and_then(|first| Interval::at(first, width))
        .ok_or_else(|| refused("it lies at the end of its contig"))?;
    let shown = Interval::from_bed(
        motif_interval.bed_start().saturating_sub(FLANK_BP),
        motif_interval.bed_end().saturating_add(FLANK_BP),
    )
    .ok_or_else(|| refused("it lies at the end of its contig"))?;
    let reference_bases = String::from_utf8_lossy(&read(shown)?).into_owned();
    Ok(LogoPanel {
        title: named.name.clone(),
        contig: variant.contig().to_string(),
        interval: shown,
        created: created(findings, named, shown, &reference_bases, alternate_base),
        reference_bases,
        strand: of_alternate.strand,
        position: variant.position(),
        alternate_base: char::from(alternate_base),
        motif: LogoMotif {
            name: motif_name(findings),
            counts,
        },
        motif_interval,
        scores: Some((of_reference.score, of_alternate.score, "bits".to_owned())),
    })
}

/// Finds the created sequence of the study in ALT; it has to hold the variant.
fn created(
    findings: &Findings<'_>,
    named: &Named,
    shown: Interval,
    reference_bases: &str,
    alternate_base: u8,
) -> Option<Interval> {
    let created = findings.file.show.created.as_ref()?;
    let wanted = refalt_core::Dna::parse(created.sequence.as_bytes()).ok()?;
    let wanted = match Strand::from_sign(created.strand)? {
        Strand::Forward => wanted,
        Strand::Reverse => wanted.reverse_complement(),
    };
    let mut bases = reference_bases.as_bytes().to_vec();
    let first = shown.first()?;
    let index = usize::try_from(first.distance_to(named.variant.position())).ok()?;
    *bases.get_mut(index)? = alternate_base;
    let found = bases
        .windows(wanted.len())
        .position(|window| window == wanted.as_bytes())?;
    let start = first.checked_add(u32::try_from(found).ok()?)?;
    let interval = Interval::at(start, wanted.len_bp())?;
    interval.contains(named.variant.position()).then_some(interval)
}
