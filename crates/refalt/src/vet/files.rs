//! What an audit writes: every row with its verdict, the accepted variants as VCF, the summary.

use super::error::VetError;
use super::passes::Work;
use super::record::VetRow;
use super::report::VetReport;
use super::stage::Stage;
use crate::atomic_file::AtomicFile;
use crate::engine::score_table::TableError;
use crate::provenance::VERSION;
use arrow::array::{ArrayBuilder as _, ArrayRef, Float64Builder, Int64Builder, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use noodles::bgzf;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use refalt_core::Reference;
use refalt_core::audit::Verdict;
use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Compression of the accepted variants: they are read again soon, and a third of the time buys most of the size.
const LEVEL: bgzf::io::writer::CompressionLevel = bgzf::io::writer::CompressionLevel::FAST;

/// Rows turned into columns at once.
const ROWS_PER_BATCH: usize = 8192;

/// The files of an audit, each written by a thread of its own.
pub(super) struct RowFiles {
    table: Stage<TableWriter>,
    vcf: Stage<VcfWriter>,
}

/// The table of rows.
struct TableWriter {
    writer: ArrowWriter<AtomicFile>,
    path: PathBuf,
    columns: Columns,
}

/// The accepted variants.
struct VcfWriter {
    writer: bgzf::io::Writer<AtomicFile>,
    path: PathBuf,
    lines: String,
}

fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let number = |name: &str, nullable| Field::new(name, DataType::Int64, nullable);
    Arc::new(Schema::new(vec![
        number("row", false),
        number("line", false),
        text("id", true),
        text("as_written", false),
        text("verdict", false),
        Field::new("posterior", DataType::Float64, false),
        text("status", false),
        text("repair", true),
        text("proposed_variant", true),
        text("chrom", true),
        number("pos", true),
        text("ref", true),
        text("alt", true),
        number("duplicate_of", true),
        text("evidence", true),
    ]))
}

impl RowFiles {
    pub(super) fn create(out: &Path, work: &Work<'_>) -> Result<Self, VetError> {
        fs::create_dir_all(out).map_err(file(out))?;
        let path = out.join("variants.vcf.gz");
        let writer = AtomicFile::create(&path).map_err(file(&path))?;
        let mut writer = bgzf::io::writer::Builder::default()
            .set_compression_level(LEVEL)
            .build_from_writer(writer);
        writer.write_all(vcf_header(work).as_bytes()).map_err(file(&path))?;
        let vcf = VcfWriter {
            writer,
            path,
            lines: String::new(),
        };
        let path = out.join("variants.parquet");
        let table = TableWriter {
            writer: writer_of(&path).map_err(table(&path))?,
            path,
            columns: Columns::default(),
        };
        Ok(Self {
            table: Stage::start(table, TableWriter::append),
            vcf: Stage::start(vcf, VcfWriter::append),
        })
    }

    /// Hands rows to the writers.
    pub(super) fn append(&mut self, rows: Vec<VetRow>) -> Result<(), VetError> {
        let rows = Arc::new(rows);
        if !self.vcf.send(Arc::clone(&rows)) {
            self.vcf.finish()?;
        }
        if !self.table.send(rows) {
            self.table.finish()?;
        }
        Ok(())
    }

    pub(super) fn commit(mut self) -> Result<(), VetError> {
        let (table_writer, vcf) = (self.table.finish()?, self.vcf.finish()?);
        if let Some(mut writer) = table_writer {
            writer.flush()?;
            let finished = writer.writer.into_inner().map_err(TableError::from);
            finished
                .and_then(|file| file.commit().map_err(TableError::from))
                .map_err(table(&writer.path))?;
        }
        if let Some(writer) = vcf {
            let finished = writer.writer.finish().and_then(AtomicFile::commit);
            finished.map_err(file(&writer.path))?;
        }
        Ok(())
    }
}

impl VcfWriter {
    fn append(&mut self, rows: &[VetRow]) -> Result<(), VetError> {
        self.lines.clear();
        for row in rows {
            push_line(&mut self.lines, row);
        }
        self.writer.write_all(self.lines.as_bytes()).map_err(file(&self.path))
    }
}

/// Appends the VCF line of an accepted row.
fn push_line(lines: &mut String, row: &VetRow) {
    use std::fmt::Write as _;
    let Some(variant) = row.proposed.as_ref().filter(|_| row.accepted) else {
        return;
    };
    lines.push_str(variant.contig().as_str());
    let _ = write!(lines, "\t{}\t", variant.position());
    lines.push_str(row.id.as_deref().filter(|id| is_vcf_id(id)).unwrap_or("."));
    lines.push('\t');
    lines.push_str(variant.reference_bases().as_str());
    lines.push('\t');
    lines.push_str(variant.alternate_bases().as_str());
    let _ = write!(lines, "\t.\t.\tREFALT_ROW={}", row.row);
    if !row.repaired.is_empty() {
        let _ = write!(lines, ";REFALT_REPAIR={}", row.repaired);
    }
    lines.push('\n');
}

impl TableWriter {
    fn append(&mut self, rows: &[VetRow]) -> Result<(), VetError> {
        for row in rows {
            self.columns.push(row);
            if self.columns.len() == ROWS_PER_BATCH {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), VetError> {
        if self.columns.len() == 0 {
            return Ok(());
        }
        let batch = self.columns.finish();
        let written = batch.and_then(|batch| self.writer.write(&batch).map_err(TableError::from));
        written.map_err(table(&self.path))
    }
}

/// VCF 4.3 section 1.6.1.3: no white space and no semicolon within an identifier.
fn is_vcf_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic())
}

fn vcf_header(work: &Work<'_>) -> String {
    let mut header = format!(
        "##fileformat=VCFv4.3\n##source=refalt {VERSION} vet\n##refalt_input={} sha256:{}\n##refalt_assembly={}\n",
        work.input.identity().name,
        work.input.identity().sha256,
        work.reference.assembly()
    );
    header.push_str(
        "##INFO=<ID=REFALT_ROW,Number=1,Type=Integer,Description=\"Row of the input, counting each ALT from 1\">\n\
         ##INFO=<ID=REFALT_REPAIR,Number=1,Type=String,Description=\"Repairs that were asked for and done, joined by +\">\n",
    );
    for contig in work.reference.contigs() {
        match contig.length_bp {
            Some(length) => header.push_str(&format!("##contig=<ID={},length={length}>\n", contig.name)),
            None => header.push_str(&format!("##contig=<ID={}>\n", contig.name)),
        }
    }
    header.push_str("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n");
    header
}

fn writer_of(path: &Path) -> Result<ArrowWriter<AtomicFile>, TableError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_created_by(format!("refalt {VERSION}"));
    // Columns whose values hardly repeat: a dictionary of them is work for nothing.
    let properties = ["row", "line", "pos", "as_written", "proposed_variant"]
        .into_iter()
        .fold(properties, |properties, name| {
            properties.set_column_dictionary_enabled(ColumnPath::from(name), false)
        })
        .set_key_value_metadata(Some(vec![KeyValue::new(
            "refalt.version".to_owned(),
            VERSION.to_owned(),
        )]))
        .build();
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true);
    Ok(ArrowWriter::try_new_with_options(
        AtomicFile::create(path)?,
        schema(),
        options,
    )?)
}

/// The columns of [`schema`], row by row.
#[derive(Default)]
struct Columns {
    row: Int64Builder,
    line: Int64Builder,
    id: StringBuilder,
    as_written: StringBuilder,
    verdict: StringBuilder,
    posterior: Float64Builder,
    status: StringBuilder,
    repair: StringBuilder,
    proposed_variant: StringBuilder,
    chrom: StringBuilder,
    pos: Int64Builder,
    reference: StringBuilder,
    alternate: StringBuilder,
    duplicate_of: Int64Builder,
    evidence: StringBuilder,
    /// The words of the verdicts met.
    names: HashMap<Verdict, String>,
    text: String,
}

impl Columns {
    fn len(&self) -> usize {
        self.row.len()
    }

    fn push(&mut self, row: &VetRow) {
        use std::fmt::Write as _;
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.row.append_value(number(row.row));
        self.line.append_value(number(row.line));
        self.id.append_option(row.id.as_deref());
        self.as_written.append_value(&row.text);
        let name = self.names.entry(row.verdict).or_insert_with(|| row.verdict.name());
        self.verdict.append_value(name);
        self.posterior.append_value(row.posterior);
        self.status
            .append_value(if row.accepted { "accepted" } else { "rejected" });
        if row.repaired.is_empty() {
            self.repair.append_null();
        } else {
            self.repair.append_value(row.repaired.to_string());
        }
        if let Some(variant) = &row.proposed {
            self.text.clear();
            let _ = write!(self.text, "{variant}");
            self.proposed_variant.append_value(&self.text);
            self.chrom.append_value(variant.contig().as_str());
            self.pos.append_value(i64::from(variant.position().one_based()));
            self.reference.append_value(variant.reference_bases().as_str());
            self.alternate.append_value(variant.alternate_bases().as_str());
        } else {
            self.proposed_variant.append_null();
            self.chrom.append_null();
            self.pos.append_null();
            self.reference.append_null();
            self.alternate.append_null();
        }
        self.duplicate_of.append_option(row.duplicate_of.map(number));
        self.evidence.append_option(row.evidence.as_deref());
    }

    /// Returns the rows so far and starts anew.
    fn finish(&mut self) -> Result<RecordBatch, TableError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.row.finish()),
            Arc::new(self.line.finish()),
            Arc::new(self.id.finish()),
            Arc::new(self.as_written.finish()),
            Arc::new(self.verdict.finish()),
            Arc::new(self.posterior.finish()),
            Arc::new(self.status.finish()),
            Arc::new(self.repair.finish()),
            Arc::new(self.proposed_variant.finish()),
            Arc::new(self.chrom.finish()),
            Arc::new(self.pos.finish()),
            Arc::new(self.reference.finish()),
            Arc::new(self.alternate.finish()),
            Arc::new(self.duplicate_of.finish()),
            Arc::new(self.evidence.finish()),
        ];
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> VetError {
    let path = path.to_owned();
    move |source| VetError::File { path, source }
}

fn table(path: &Path) -> impl FnOnce(TableError) -> VetError {
    let path = path.to_owned();
    move |source| VetError::Table { path, source }
}

/// Writes `audit.json`.
pub(super) fn write_summary(out: &Path, report: &VetReport) -> Result<(), VetError> {
    let path = out.join("audit.json");
    let mut text = serde_json::to_vec_pretty(&report.to_json()).map_err(|error| VetError::File {
        path: path.clone(),
        source: io::Error::other(error),
    })?;
    text.push(b'\n');
    AtomicFile::write(&path, &text).map_err(file(&path))?;
    Ok(())
}
