//! `ism.parquet`, `ism.tsv` and the figures of a saturation mutagenesis.

use super::matrix::{IsmMatrix, IsmTable};
use super::track_label;
use crate::atomic_file::AtomicFile;
use crate::engine::score_table::{TableError, properties_of};
use crate::figure::{self, ColourLimit, EffectMap, EffectMark, EffectPanel, Labels};
use crate::predict::{PredictError, WrittenFile, table_error};
use arrow::array::{ArrayRef, Float32Builder, Int64Builder, StringBuilder, StringDictionaryBuilder};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use refalt_core::ModelCard;
use refalt_core::strand::sign_or_dot;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

/// Columns of texts before the position.
const TEXTS: [&str; 8] = [
    "scorer",
    "variant_scorer",
    "output_type",
    "gene_id",
    "gene_name",
    "track_name",
    "track_strand",
    "contig",
];
/// Rows of a batch, about.
const BATCH_ROWS: usize = 1 << 16;
/// Columns of values.
const VALUES: [&str; 5] = ["A", "C", "G", "T", "contribution"];

pub(super) fn write(
    table: &IsmTable,
    card: &ModelCard,
    assembly: &str,
    figures: usize,
    out: &Path,
) -> Result<Vec<WrittenFile>, PredictError> {
    let mut files = Vec::new();
    let path = out.join("ism.parquet");
    let written = write_parquet(table, card, &path).map_err(table_error(&path))?;
    let holds = "a row for each scorer, gene, track and position, effects of A, C, G, T";
    files.push(WrittenFile::new("ism.parquet", written, holds));
    let path = out.join("ism.tsv");
    let written = write_tsv(table, &path).map_err(PredictError::file("write", &path))?;
    files.push(WrittenFile::new("ism.tsv", written, "the same as text"));
    let mut ranked: Vec<(usize, &IsmMatrix)> = table.matrices.iter().enumerate().collect();
    ranked.sort_by(|(i, a), (j, b)| b.greatest().total_cmp(&a.greatest()).then(i.cmp(j)));
    for (rank, (_, matrix)) in ranked.into_iter().take(figures).enumerate() {
        let map = effect_map(table, matrix, card, assembly, rank + 1);
        let drawn = map.draw()?;
        figure::write(&drawn, out)?;
        for ending in ["svg", "png", "tsv"] {
            let holds = if ending == "tsv" {
                "the numbers of the figure"
            } else {
                "heat map and logo"
            };
            let holds = format!("{holds}, {} `{}`", matrix.name, track_label(&matrix.track));
            files.push(WrittenFile::of(out, &format!("{}.{ending}", drawn.name), &holds)?);
        }
    }
    Ok(files)
}

/// Returns the texts of a matrix, in the order of [`TEXTS`].
fn texts<'a>(table: &'a IsmTable, matrix: &'a IsmMatrix) -> [Option<&'a str>; 8] {
    let gene = matrix.gene.as_ref().map(|row| &row.gene);
    [
        Some(&matrix.name),
        Some(&matrix.scorer),
        Some(matrix.output.name()),
        gene.map(|gene| gene.id_without_version()),
        gene.and_then(|gene| gene.name.as_deref()),
        Some(&matrix.track.name),
        Some(sign_or_dot(matrix.track.strand)),
        Some(table.contig.as_str()),
    ]
}

/// Returns effects and contribution, in the order of [`VALUES`].
fn values(effects: [Option<f32>; 4]) -> [Option<f32>; 5] {
    let [a, c, g, t] = effects;
    [a, c, g, t, refalt_core::ism::contribution(effects)]
}

fn write_parquet(table: &IsmTable, card: &ModelCard, path: &Path) -> Result<crate::atomic_file::Committed, TableError> {
    let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let mut fields: Vec<Field> = TEXTS
        .iter()
        .map(|name| Field::new(*name, text.clone(), name.starts_with("gene")))
        .collect();
    fields.extend(["junction_Start", "junction_End"].map(|name| Field::new(name, DataType::Int64, true)));
    fields.push(Field::new("position", DataType::Int64, false));
    fields.push(Field::new("ref", DataType::Utf8, false));
    fields.extend(VALUES.map(|name| Field::new(name, DataType::Float32, true)));
    let schema = Arc::new(Schema::new(fields));
    let options = ArrowWriterOptions::new().with_properties(properties_of(card, &VALUES)?);
    let file = AtomicFile::create(path)?;
    let mut writer = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)?;
    // Matrices of a batch; a batch has some ten thousand rows.
    let together = BATCH_ROWS.div_ceil(table.bases.len().max(1));
    for matrices in table.matrices.chunks(together) {
        let mut texts_of = TEXTS.map(|_| StringDictionaryBuilder::<Int32Type>::new());
        let mut junctions = [Int64Builder::new(), Int64Builder::new()];
        let mut positions = Int64Builder::new();
        let mut bases = StringBuilder::new();
        let mut columns = VALUES.map(|_| Float32Builder::new());
        for matrix in matrices {
            let junction = matrix.gene.as_ref().and_then(|row| row.junction);
            let bounds = junction.map(|junction| [junction.bed_start(), junction.bed_end()].map(i64::from));
            for ((position, base), effects) in table.positions().zip(&matrix.effects) {
                for (builder, text) in texts_of.iter_mut().zip(texts(table, matrix)) {
                    builder.append_option(text);
                }
                for (index, builder) in junctions.iter_mut().enumerate() {
                    builder.append_option(bounds.map(|bounds| bounds[index]));
                }
                positions.append_value(position.one_based().into());
                bases.append_value(char::from(base).to_string());
                for (builder, value) in columns.iter_mut().zip(values(*effects)) {
                    builder.append_option(value);
                }
            }
        }
        let mut arrays: Vec<ArrayRef> = Vec::new();
        arrays.extend(
            texts_of
                .iter_mut()
                .map(|builder| Arc::new(builder.finish()) as ArrayRef),
        );
        arrays.extend(
            junctions
                .iter_mut()
                .map(|builder| Arc::new(builder.finish()) as ArrayRef),
        );
        arrays.push(Arc::new(positions.finish()));
        arrays.push(Arc::new(bases.finish()));
        arrays.extend(columns.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef));
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), arrays)?)?;
    }
    Ok(writer.into_inner()?.commit()?)
}

fn write_tsv(table: &IsmTable, path: &Path) -> std::io::Result<crate::atomic_file::Committed> {
    let mut file = AtomicFile::create(path)?;
    let places = ["junction_Start", "junction_End", "position", "ref"];
    let headers: Vec<&str> = TEXTS.into_iter().chain(places).chain(VALUES).collect();
    writeln!(file, "{}", headers.join("\t"))?;
    let mut line = String::new();
    for matrix in &table.matrices {
        let texts = texts(table, matrix).map(|text| text.unwrap_or_default().replace(['\t', '\n', '\r'], " "));
        let junction = matrix.gene.as_ref().and_then(|row| row.junction);
        let [start, end] = match junction {
            Some(junction) => [junction.bed_start(), junction.bed_end()].map(|bound| bound.to_string()),
            None => [String::new(), String::new()],
        };
        for ((position, base), effects) in table.positions().zip(&matrix.effects) {
            line.clear();
            let _ = write!(
                line,
                "{}\t{start}\t{end}\t{position}\t{}",
                texts.join("\t"),
                char::from(base)
            );
            for value in values(*effects) {
                line.push('\t');
                if let Some(value) = value {
                    let _ = write!(line, "{value}");
                }
            }
            line.push('\n');
            file.write_all(line.as_bytes())?;
        }
    }
    file.commit()
}

/// Substitutions that a figure names at most.
const NAMED: usize = 3;

fn effect_map(table: &IsmTable, matrix: &IsmMatrix, card: &ModelCard, assembly: &str, rank: usize) -> EffectMap {
    let effects =
        |effects: &[Option<f32>; 4]| effects.map(|effect| effect.map(f64::from).filter(|effect| effect.is_finite()));
    let label = track_label(&matrix.track);
    let gene = matrix
        .gene
        .as_ref()
        .map(|row| row.gene.name.as_deref().unwrap_or(&row.gene.id).to_owned());
    let what: Vec<String> = [Some(matrix.name.clone()), gene, matrix.track.biosample_name.clone()]
        .into_iter()
        .flatten()
        .collect();
    let mut strongest: Vec<(f32, u32, char, char, refalt_core::Position)> = Vec::new();
    for ((position, base), effects) in table.positions().zip(&matrix.effects) {
        for (alternate, effect) in refalt_core::ism::BASES.into_iter().zip(effects) {
            if let Some(effect) = effect.filter(|effect| effect.is_finite() && *effect != 0.0) {
                strongest.push((
                    effect.abs(),
                    position.one_based(),
                    char::from(base),
                    char::from(alternate),
                    position,
                ));
            }
        }
    }
    strongest.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.3.cmp(&b.3)));
    let marks = strongest
        .iter()
        .take(NAMED)
        .map(|&(_, _, base, alternate, position)| EffectMark {
            position,
            alternate: Some(alternate),
            label: format!("{position} {base}>{alternate}"),
        });
    let contributions = matrix.contributions();
    let contribution = |value: Option<f32>| value.map(f64::from).filter(|value| value.is_finite()).unwrap_or(0.0);
    EffectMap {
        labels: Labels {
            name: format!("ism_{rank}"),
            title: format!("Every substitution of {}:{}: {label}", table.contig, table.interval),
            subtitle: format!("{}; {} {}", what.join(", "), card.name, card.version),
            caption: format!("Scorer `{}`.", matrix.scorer),
        },
        contig: table.contig.to_string(),
        assembly: assembly.to_owned(),
        first: table.interval.first().unwrap_or(refalt_core::Position::FIRST),
        reference_bases: String::from_utf8_lossy(&table.bases).into_owned(),
        panels: vec![EffectPanel {
            label: "change".to_owned(),
            value_title: "score of the substitution".to_owned(),
            effects: matrix.effects.iter().map(effects).collect(),
            limit: ColourLimit::Maximum,
        }],
        marks: marks.collect(),
        bases_per_line: None,
        contributions: Some(contributions.map(contribution).collect()),
    }
}
