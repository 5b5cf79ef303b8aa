//! What an audit writes: every row with its verdict, the accepted variants as VCF, the summary.

use super::error::VetError;
use super::passes::Work;
use super::record::VetRow;
use super::report::VetReport;
use crate::atomic_file::AtomicFile;
use crate::engine::score_table::TableError;
use crate::provenance::VERSION;
use arrow::array::{ArrayRef, Float64Builder, Int64Builder, StringBuilder};
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
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Compression of the accepted variants: they are read again soon, and a third of the time buys most of the size.
const LEVEL: bgzf::io::writer::CompressionLevel = bgzf::io::writer::CompressionLevel::FAST;

/// Rows turned into columns at once.
const ROWS_PER_BATCH: usize = 8192;

/// Opens the tables of an audit and writes rows to them.
pub(super) struct RowFiles {
    table: ArrowWriter<AtomicFile>,
    table_path: PathBuf,
    waiting: Vec<VetRow>,
    vcf: bgzf::io::Writer<AtomicFile>,
    vcf_path: PathBuf,
    line: String,
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
        fs::create_dir_all(out).map_err(|source| VetError::File {
            path: out.to_owned(),
            source,
        })?;
        let table_path = out.join("variants.parquet");
        let vcf_path = out.join("variants.vcf.gz");
        let vcf = AtomicFile::create(&vcf_path).map_err(file(&vcf_path))?;
        let mut vcf = bgzf::io::writer::Builder::default()
            .set_compression_level(LEVEL)
            .build_from_writer(vcf);
        vcf.write_all(vcf_header(work).as_bytes()).map_err(file(&vcf_path))?;
        Ok(Self {
            table: writer(&table_path).map_err(table(&table_path))?,
            table_path,
            waiting: Vec::new(),
            vcf,
            vcf_path,
            line: String::new(),
        })
    }

    pub(super) fn append(&mut self, row: VetRow) -> Result<(), VetError> {
        self.vcf_line(&row).map_err(file(&self.vcf_path))?;
        self.waiting.push(row);
        if self.waiting.len() == ROWS_PER_BATCH {
            self.flush()?;
        }
        Ok(())
    }

    fn vcf_line(&mut self, row: &VetRow) -> io::Result<()> {
        use std::fmt::Write as _;
        let Some(variant) = row.proposed.as_ref().filter(|_| row.accepted) else {
            return Ok(());
        };
        self.line.clear();
        let id = row.id.as_deref().filter(|id| is_vcf_id(id)).unwrap_or(".");
        let _ = write!(
            self.line,
            "{}\t{}\t{id}\t{}\t{}\t.\t.\tREFALT_ROW={}",
            variant.contig(),
            variant.position(),
            variant.reference_bases(),
            variant.alternate_bases(),
            row.row
        );
        if !row.repaired.is_empty() {
            let _ = write!(self.line, ";REFALT_REPAIR={}", row.repaired);
        }
        self.line.push('\n');
        self.vcf.write_all(self.line.as_bytes())
    }

    fn flush(&mut self) -> Result<(), VetError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let written = batch(&self.waiting).and_then(|batch| self.table.write(&batch).map_err(TableError::from));
        written.map_err(table(&self.table_path))?;
        self.waiting.clear();
        Ok(())
    }

    pub(super) fn commit(mut self) -> Result<(), VetError> {
        self.flush()?;
        let finished = self.table.into_inner().map_err(TableError::from);
        finished
            .and_then(|file| file.commit().map_err(TableError::from))
            .map_err(table(&self.table_path))?;
        let vcf = self.vcf.finish().map_err(file(&self.vcf_path))?;
        vcf.commit().map_err(file(&self.vcf_path))?;
        Ok(())
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

fn writer(path: &Path) -> Result<ArrowWriter<AtomicFile>, TableError> {
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

fn batch(rows: &[VetRow]) -> Result<RecordBatch, TableError> {
    let number = |value: &dyn Fn(&VetRow) -> Option<u64>| -> ArrayRef {
        let mut cells = Int64Builder::with_capacity(rows.len());
        for row in rows {
            cells.append_option(value(row).map(|number| i64::try_from(number).unwrap_or(i64::MAX)));
        }
        Arc::new(cells.finish())
    };
    let text = |value: &dyn Fn(&VetRow) -> Option<String>| -> ArrayRef {
        let mut cells = StringBuilder::new();
        for row in rows {
            cells.append_option(value(row));
        }
        Arc::new(cells.finish())
    };
    let mut posterior = Float64Builder::with_capacity(rows.len());
    for row in rows {
        posterior.append_value(row.posterior);
    }
    let columns: Vec<ArrayRef> = vec![
        number(&|row| Some(row.row)),
        number(&|row| Some(row.line)),
        text(&|row| row.id.clone()),
        text(&|row| Some(row.text.clone())),
        text(&|row| Some(row.verdict.name())),
        Arc::new(posterior.finish()),
        text(&|row| Some(if row.accepted { "accepted" } else { "rejected" }.to_owned())),
        text(&|row| (!row.repaired.is_empty()).then(|| row.repaired.to_string())),
        text(&|row| row.proposed.as_ref().map(|variant| variant.to_string())),
        text(&|row| row.proposed.as_ref().map(|variant| variant.contig().to_string())),
        number(&|row| {
            row.proposed
                .as_ref()
                .map(|variant| u64::from(variant.position().one_based()))
        }),
        text(&|row| {
            row.proposed
                .as_ref()
                .map(|variant| variant.reference_bases().to_string())
        }),
        text(&|row| {
            row.proposed
                .as_ref()
                .map(|variant| variant.alternate_bases().to_string())
        }),
        number(&|row| row.duplicate_of),
        text(&|row| row.evidence.clone()),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
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
