//! `refalt tracks`: which tracks there are, and which of them a selection takes.

use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::core::Organism;
use refalt::figure::{self, DrawnFigure, Labels};
use refalt::track_catalogue::count::{Counted, Grouping, count, coverage};
use refalt::track_catalogue::search::{Match, search};
use refalt::track_source::{TrackSource, TrackSourceError};
use refalt_core::TrackSet;
use refalt_core::nearest::{nearest, question};
use refalt_core::track_selection::{Field, Selection};
use serde_json::{Map, Value, json};
use std::io::{BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Arguments of `refalt tracks`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the tracks.
    List {
        #[command(flatten)]
        which: Which,
        /// Print every field, separated by tabs.
        #[arg(long, conflicts_with = "json")]
        tsv: bool,
    },
    /// Look for a name: exact, synonyms, names that hold it, near ones.
    Search {
        /// What to look for.
        #[arg(value_name = "TEXT", required = true)]
        text: Vec<String>,
        #[command(flatten)]
        source: SourceOptions,
        /// Separate by tabs.
        #[arg(long, conflicts_with = "json")]
        tsv: bool,
    },
    /// Count the tracks by output type, cell line or any field.
    Count {
        #[command(flatten)]
        which: Which,
        /// What to count by: `cell-line`, or a field of the selection language.
        #[arg(long, value_name = "FIELD", default_value = "output")]
        by: String,
        /// Separate by tabs.
        #[arg(long, conflicts_with = "json")]
        tsv: bool,
    },
    /// Draw which cell lines have which tracks, at which resolution.
    Figure {
        #[command(flatten)]
        which: Which,
        /// What a row is: `cell-line`, or a field of the selection language.
        #[arg(long, value_name = "FIELD", default_value = "cell-line")]
        by: String,
        /// Rows at most, those with the most tracks.
        #[arg(long, value_name = "N", default_value = "24")]
        rows: NonZeroUsize,
        /// Folder for SVG, PNG and TSV.
        #[arg(long, short, value_name = "DIR")]
        out: PathBuf,
    },
}

/// Where the tracks come from.
#[derive(Debug, clap::Args)]
struct SourceOptions {
    /// Published tracks of an organism: `human` or `mouse`.
    #[arg(long, value_name = "NAME", default_value = "human", value_parser = organism)]
    organism: Organism,

    /// Tracks of a model instead, by name: `motif`, `motif:FILE`, `alphagenome:PATH`.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["organism", "from"])]
    model: Option<String>,

    /// Tracks of a score folder instead.
    #[arg(long, value_name = "DIR", conflicts_with = "organism")]
    from: Option<PathBuf>,
}

/// Which tracks: a selection, options that are short for one, or both, which must all hold.
#[derive(Debug, clap::Args)]
struct Which {
    /// Selection: `CHIP_TF & tf=GABPA & biosample=HepG2`; `docs/tracks.md` has the language.
    #[arg(value_name = "SELECTION")]
    selection: Option<String>,

    #[command(flatten)]
    source: SourceOptions,

    /// Output types, `CHIP_TF,DNASE`.
    #[arg(long, value_name = "VALUE,...")]
    output: Option<String>,
    /// Transcription factors.
    #[arg(long, value_name = "VALUE,...")]
    tf: Option<String>,
    /// Histone marks.
    #[arg(long, value_name = "VALUE,...")]
    histone: Option<String>,
    /// Cell lines, cell types, tissues, by name.
    #[arg(long, value_name = "VALUE,...")]
    biosample: Option<String>,
    /// Kinds of biosample, `cell_line`, `tissue`, `primary_cell`.
    #[arg(long, value_name = "VALUE,...")]
    biosample_type: Option<String>,
    /// Ontology terms, `EFO:0001187`.
    #[arg(long, value_name = "VALUE,...")]
    ontology: Option<String>,
    /// Assays, `total RNA-seq`.
    #[arg(long, value_name = "VALUE,...")]
    assay: Option<String>,
    /// Strands: `+`, `-`, `.`.
    #[arg(long, value_name = "VALUE,...", allow_hyphen_values = true)]
    strand: Option<String>,
    /// Names of tracks.
    #[arg(long, value_name = "VALUE,...")]
    name: Option<String>,
    /// GTEx tissues.
    #[arg(long, value_name = "VALUE,...")]
    tissue: Option<String>,
    /// Life stages.
    #[arg(long, value_name = "VALUE,...")]
    life_stage: Option<String>,
    /// Where the measurements come from, `encode`.
    #[arg(long, value_name = "VALUE,...")]
    data_source: Option<String>,
}

fn organism(text: &str) -> Result<Organism, String> {
    Organism::from_common_name(text).ok_or_else(|| "the organisms are `human` and `mouse`".to_owned())
}

impl SourceOptions {
    fn source(&self) -> TrackSource {
        match (&self.model, &self.from) {
            (Some(model), _) => TrackSource::Model(model.clone()),
            (_, Some(folder)) => TrackSource::Folder(folder.clone()),
            _ => TrackSource::Catalogue(self.organism),
        }
    }
}

impl Which {
    /// Joins the selection and the options.
    fn selection(&self) -> Result<Option<Selection>, Failure> {
        let failed = |error| Failure::of(&TrackSourceError::Syntax(error));
        let mut parts = Vec::new();
        if let Some(text) = &self.selection {
            parts.push(text.parse::<Selection>().map_err(failed)?);
        }
        for (field, values) in [
            (Field::Output, &self.output),
            (Field::Factor, &self.tf),
            (Field::Histone, &self.histone),
            (Field::Biosample, &self.biosample),
            (Field::BiosampleType, &self.biosample_type),
            (Field::Ontology, &self.ontology),
            (Field::Assay, &self.assay),
            (Field::Strand, &self.strand),
            (Field::Name, &self.name),
            (Field::Tissue, &self.tissue),
            (Field::LifeStage, &self.life_stage),
            (Field::Source, &self.data_source),
        ] {
            if let Some(values) = values {
                parts.push(Selection::of_field(field, values).map_err(failed)?);
            }
        }
        Ok(Selection::all_of(parts))
    }

    /// Returns the tracks with their index in the model, and says what was taken.
    fn tracks(&self, settings: &Settings) -> Result<Chosen, Failure> {
        let source = self.source.source();
        let sets = source.tracks().map_err(|error| Failure::of(&error))?;
        let all: usize = sets.iter().map(|set| set.tracks.len()).sum();
        let Some(selection) = self.selection()? else {
            settings.note(format!("{source}: {all} tracks"));
            return Ok(Chosen {
                selection: None,
                statements: Vec::new(),
                sets,
            });
        };
        let resolved = selection
            .resolve(&sets)
            .map_err(|error| Failure::of(&TrackSourceError::Selection(error)))?;
        settings.note(format!("{source}, `{selection}`: {} of {all} tracks", resolved.len()));
        let statements: Vec<String> = resolved.statements.iter().map(ToString::to_string).collect();
        for statement in &statements {
            settings.note(statement);
        }
        Ok(Chosen {
            sets: resolved.sets(&sets),
            selection: Some(selection.to_string()),
            statements,
        })
    }
}

/// What was selected.
struct Chosen {
    /// The selection in its canonical form.
    selection: Option<String>,
    /// What it took in place of what was written.
    statements: Vec<String>,
    sets: Vec<TrackSet>,
}

pub(crate) fn run(options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    match &options.action {
        Action::List { which, tsv } => list(&which.tracks(settings)?, *tsv, settings),
        Action::Search { text, source, tsv } => look_for(&text.join(" "), source, *tsv, settings),
        Action::Count { which, by, tsv } => {
            let by = grouping(by)?;
            counts(&which.tracks(settings)?, by, *tsv, settings)
        }
        Action::Figure { which, by, rows, out } => {
            let by = grouping(by)?;
            let chosen = which.tracks(settings)?;
            draw(&chosen, &which.source.source(), by, rows.get(), out, settings)
        }
    }
}

fn grouping(text: &str) -> Result<Grouping, Failure> {
    Grouping::from_name(text).ok_or_else(|| {
        let names = Grouping::names();
        let known = format!("known: {}", names.join(", "));
        let near = question(&nearest(text, names.iter().map(String::as_str)));
        Failure::new(format!("tracks cannot be counted by `{text}`"))
            .with_hint(near.map_or(known.clone(), |near| format!("{near} {known}")))
            .usage()
    })
}

/// Prints rows below a head: separated by tabs, or in columns for the eye.
fn print(head: &[&str], rows: &[Vec<String>], tsv: bool) -> Result<(), Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            let cells = std::iter::once(&head)
                .chain(rows)
                .map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        })
        .collect();
    for row in std::iter::once(&head).chain(rows) {
        if tsv {
            writeln!(out, "{}", row.join("\t"))?;
            continue;
        }
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    out.flush()?;
    Ok(())
}

fn list(chosen: &Chosen, tsv: bool, settings: &Settings) -> Result<Exit, Failure> {
    let tracks = || {
        chosen
            .sets
            .iter()
            .flat_map(|set| set.tracks.iter().map(move |track| (set, track)))
    };
    if settings.json {
        let mut out = BufWriter::new(std::io::stdout().lock());
        let list: Vec<Value> = tracks()
            .map(|(set, track)| {
                let mut fields: Map<String, Value> = Field::ALL
                    .into_iter()
                    .map(|field| (field.column().to_owned(), json!(field.of(set, track))))
                    .collect();
                fields.insert("resolution_bp".to_owned(), json!(set.resolution.bp()));
                fields.insert("nonzero_mean".to_owned(), json!(track.nonzero_mean));
                fields.insert("channel_index".to_owned(), json!(track.channel_index));
                Value::Object(fields)
            })
            .collect();
        let text = json!({
            "selection": chosen.selection,
            "statements": chosen.statements,
            "tracks": list,
        });
        writeln!(out, "{text}")?;
        out.flush()?;
        return Ok(Exit::Done);
    }
    let fields: Vec<Field> = if tsv {
        Field::ALL.to_vec()
    } else {
        vec![
            Field::Output,
            Field::Strand,
            Field::Biosample,
            Field::Ontology,
            Field::Name,
        ]
    };
    let mut head: Vec<&str> = fields
        .iter()
        .map(|field| if tsv { field.column() } else { field.name() })
        .collect();
    if tsv {
        head.extend(["resolution_bp", "nonzero_mean", "channel_index"]);
    }
    let rows: Vec<Vec<String>> = tracks()
        .map(|(set, track)| {
            let cells = fields
                .iter()
                .map(|field| field.of(set, track).unwrap_or_default().to_owned());
            let mut cells: Vec<String> = cells.collect();
            if tsv {
                cells.push(set.resolution.bp().to_string());
                cells.push(track.nonzero_mean.map_or(String::new(), |mean| mean.to_string()));
                cells.push(track.channel_index.map_or(String::new(), |index| index.to_string()));
            }
            cells
        })
        .collect();
    print(&head, &rows, tsv)?;
    Ok(Exit::Done)
}

fn look_for(text: &str, source: &SourceOptions, tsv: bool, settings: &Settings) -> Result<Exit, Failure> {
    let source = source.source();
    let sets = source.tracks().map_err(|error| Failure::of(&error))?;
    let hits = search(&sets, text);
    if settings.json {
        let hits: Vec<Value> = hits
            .iter()
            .map(|hit| {
                let mut value = counted_json(hit.field, &hit.counted);
                value["match"] = json!(hit.found.name());
                value
            })
            .collect();
        writeln!(std::io::stdout().lock(), "{}", Value::Array(hits))?;
        return Ok(Exit::Done);
    }
    if hits.is_empty() {
        settings.note(format!("{source}: nothing is called `{text}` or comes near"));
        return Ok(Exit::Done);
    }
    if let Some(Match::Related(reason)) = hits
        .iter()
        .map(|hit| &hit.found)
        .find(|found| found.name() == "related")
    {
        settings.note(format!("related to `{text}`: {reason}"));
    }
    let rows: Vec<Vec<String>> = hits
        .iter()
        .map(|hit| {
            vec![
                hit.found.name().to_owned(),
                hit.field.to_string(),
                hit.counted.value.clone(),
                hit.counted.beside.clone().unwrap_or_default(),
                hit.counted.tracks.to_string(),
                outputs(&hit.counted),
            ]
        })
        .collect();
    print(&["match", "field", "value", "beside", "tracks", "outputs"], &rows, tsv)?;
    Ok(Exit::Done)
}

fn counted_json(field: Field, counted: &Counted) -> Value {
    let outputs: Map<String, Value> = counted
        .outputs
        .iter()
        .map(|(output, tracks)| (output.name().to_owned(), json!(tracks)))
        .collect();
    json!({
        "field": field.name(),
        "value": counted.value,
        "beside": counted.beside,
        "tracks": counted.tracks,
        "outputs": outputs,
    })
}

fn outputs(counted: &Counted) -> String {
    let outputs = counted
        .outputs
        .iter()
        .map(|(output, tracks)| format!("{output} {tracks}"));
    outputs.collect::<Vec<_>>().join(", ")
}

fn counts(chosen: &Chosen, by: Grouping, tsv: bool, settings: &Settings) -> Result<Exit, Failure> {
    let counts = count(&chosen.sets, by);
    let all: usize = chosen.sets.iter().map(|set| set.tracks.len()).sum();
    if settings.json {
        let rows: Vec<Value> = counts.rows.iter().map(|row| counted_json(by.field(), row)).collect();
        let text = json!({
            "selection": chosen.selection,
            "statements": chosen.statements,
            "tracks": all,
            "by": by.to_string(),
            "without": counts.without,
            "rows": rows,
        });
        writeln!(std::io::stdout().lock(), "{text}")?;
        return Ok(Exit::Done);
    }
    let by_output = by == Grouping::Field(Field::Output);
    let has_beside = counts.rows.iter().any(|row| row.beside.is_some());
    let name = by.to_string();
    let mut head = vec![name.as_str()];
    let beside = if by.field() == Field::Ontology {
        "biosample"
    } else {
        "ontology"
    };
    head.extend(has_beside.then_some(beside));
    head.push("tracks");
    head.extend((!by_output).then_some("outputs"));
    let rows: Vec<Vec<String>> = counts
        .rows
        .iter()
        .map(|row| {
            let mut cells = vec![row.value.clone()];
            cells.extend(has_beside.then(|| row.beside.clone().unwrap_or_default()));
            cells.push(row.tracks.to_string());
            cells.extend((!by_output).then(|| outputs(row)));
            cells
        })
        .collect();
    print(&head, &rows, tsv)?;
    settings.note(format!(
        "{} values of {by}, {all} tracks, {} without",
        counts.rows.len(),
        counts.without
    ));
    Ok(Exit::Done)
}

fn draw(
    chosen: &Chosen,
    source: &TrackSource,
    by: Grouping,
    rows: usize,
    out: &Path,
    settings: &Settings,
) -> Result<Exit, Failure> {
    let all: usize = chosen.sets.iter().map(|set| set.tracks.len()).sum();
    let selected = chosen
        .selection
        .as_ref()
        .map_or(String::new(), |selection| format!(", `{selection}`"));
    let labels = Labels {
        name: format!("tracks_by_{}", by.to_string().replace('-', "_")),
        title: format!("Tracks by {}", by.to_string().replace('-', " ")),
        subtitle: format!("{source}{selected}: {all} tracks"),
        caption: String::new(),
    };
    let coverage = coverage(&chosen.sets, by, rows, labels);
    if coverage.rows.is_empty() {
        return Err(Failure::new(format!(
            "none of the {all} tracks of {source}{selected} has a {}",
            coverage.row_title
        ))
        .with_hint("draw by a field that they have, `--by tf`; `refalt tracks list --tsv` shows them all")
        .usage());
    }
    let figure = coverage.draw().map_err(|error| Failure::of(&error))?;
    std::fs::create_dir_all(out).map_err(|error| Failure::file("make the folder", out, &error))?;
    let files = figure::draw_new(&figure, out)
        .and_then(DrawnFigure::write)
        .map_err(|error| Failure::of(&error))?;
    for path in [&files.svg, &files.png, &files.tsv] {
        settings.note(format!("written to `{}`", path.display()));
    }
    Ok(Exit::Done)
}
