//! `refalt serve`: a model, and scores that are computed already, over gRPC, for clients that were written for the hosted ones.

use super::score::GeneOptions;
use crate::args::at_least_one;
use crate::exit::Exit;
use crate::message::{Failure, counted};
use crate::terminal::{Settings, stderr_line};
use refalt::Diagnostic;
use refalt::engine::MixedSources;
use refalt::model::ModelError;
use refalt::model::alphagenome::check_reference;
use refalt::provenance::FileIdentity;
use refalt::reference_assembly::ReferenceAssembly;
use refalt_core::ModelCard;
use refalt_rpc::ApiKey;
use refalt_rpc::atlas::AtlasFolder;
use refalt_rpc::key::KeyError;
use refalt_rpc::server::{
    CallRecord, ServeError, ServedModel, Server, ServerOptions, Summary, TlsIdentity, self_signed, served_digest,
};
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of `refalt serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Reference sequence: FASTA, plain or bgzip; records named `chr5:1294490-1296547` are slices.
    #[arg(long, short, value_name = "FASTA")]
    reference: PathBuf,

    /// Assembly of the reference, where its content does not prove it and you vouch for it: GRCh38, GRCh37, GRCm38.
    #[arg(long, value_name = "NAME")]
    assembly: Option<String>,

    /// Model: `motif`, `motif:FILE` for the motifs of a file (JASPAR, MEME, TRANSFAC), or `alphagenome:PATH` for weights of
    /// AlphaGenome: a file or folder, with options behind it as in `alphagenome:PATH,organism=mouse`.
    #[arg(long, default_value = "motif")]
    model: String,

    /// Finished score folder whose scores are served by the Atlas's methods, beside the model.
    #[arg(long, value_name = "DIR")]
    atlas: Option<PathBuf>,

    #[command(flatten)]
    genes: GeneOptions,

    /// Folder for the index of --genes [default: beside the file].
    #[arg(long, value_name = "DIR", env = "REFALT_CACHE")]
    cache: Option<PathBuf>,

    /// Where to listen, HOST:PORT; port 0 takes a free one. Without a certificate only this machine may connect.
    #[arg(long, default_value = "127.0.0.1:50051", value_name = "ADDRESS")]
    listen: String,

    /// Serve over TLS with a certificate that is made in this folder, and kept there.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["tls_cert", "tls_key"])]
    tls_self_signed: Option<PathBuf>,

    /// Serve over TLS with this certificate chain, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Private key of the certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// File with the key that calls need [default: any key will do].
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// Where to show metrics over HTTP, HOST:PORT (path /metrics) [default: nowhere].
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<String>,

    /// Largest request in MiB.
    #[arg(long, default_value = "8", value_name = "MIB", value_parser = at_least_one::<NonZeroUsize>)]
    max_message_mib: NonZeroUsize,

    /// Requests that are computed at once [default: --threads; 1 for a model that takes all of them, as `alphagenome:PATH`].
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroUsize>)]
    max_concurrent: Option<NonZeroUsize>,

    /// Requests that may wait beside them; more are refused with RESOURCE_EXHAUSTED.
    #[arg(long, default_value = "64", value_name = "N")]
    queue: usize,
}

pub(crate) fn run(options: Options, settings: &Settings) -> Result<Exit, Failure> {
    refuse_other_models(&options.model)?;
    let listen = address("--listen", &options.listen)?;
    let mut server = ServerOptions {
        metrics: options
            .metrics
            .as_deref()
            .map(|text| address("--metrics", text))
            .transpose()?,
        key: key(options.key_file.as_deref(), settings)?,
        most_message_bytes: options.max_message_mib.get().saturating_mul(1 << 20),
        queue: options.queue,
        log: log(settings),
        ..ServerOptions::new(listen)
    };
    let plaintext = options.tls_self_signed.is_none() && options.tls_cert.is_none();
    if plaintext && !listen.ip().is_loopback() {
        return Err(Failure::of(&ServeError::Plaintext { listen }));
    }
    let mut roots = None;
    if let Some(folder) = &options.tls_self_signed {
        let made = self_signed(folder).map_err(of)?;
        settings.note(format!(
            "certificate `{}` {}, for {}",
            made.certificate.display(),
            if made.made { "made" } else { "kept" },
            made.names.join(", ")
        ));
        server.tls = Some(made.identity);
        roots = Some(std::path::absolute(&made.certificate).unwrap_or(made.certificate));
    }
    if let (Some(certificate), Some(key)) = (&options.tls_cert, &options.tls_key) {
        server.tls = Some(TlsIdentity::read(certificate, key).map_err(of)?);
    }
    let atlas = options
        .atlas
        .as_deref()
        .map(AtlasFolder::open)
        .transpose()
        .map_err(of)?;
    let atlas_facts = options.atlas.as_deref().zip(atlas.as_ref());
    let atlas_facts = atlas_facts.map(|(path, atlas)| AtlasFacts::of(path, atlas));
    let model = served(&options, settings)?;
    // A model that takes all threads for each prediction has no use for a second request beside it.
    let threads = NonZeroUsize::new(settings.threads).filter(|_| !model.backend.is_slow());
    server.concurrent = options.max_concurrent.or(threads).unwrap_or(NonZeroUsize::MIN);
    let card = model.card().clone();
    let scorers = model.served_scorers();
    let mut server = Server::new(server).with_model(model);
    if let Some(atlas) = atlas {
        server = server.with_atlas(atlas);
    }
    let bound = server.bind().map_err(of)?;
    let told = Told {
        card: &card,
        atlas: atlas_facts.as_ref(),
        scorers: &scorers,
        address: bound.address(),
        metrics: bound.metrics_address(),
        roots: roots.as_deref(),
        plaintext,
        takes_key: options.key_file.is_some(),
    };
    told.tell(settings);
    let summary = bound.run_until_signalled().map_err(of)?;
    tell_summary(&summary, settings);
    Ok(Exit::Done)
}

/// Refuses models that run elsewhere, or not in this build, with what there is.
fn refuse_other_models(model: &str) -> Result<(), Failure> {
    match model.split(':').next().unwrap_or(model) {
        "api" => {
            let reason = "the hosted model is not served again: its terms and its key are those of whoever calls it";
            let known: Vec<&str> = refalt::model::MODELS.iter().map(|model| model.name).collect();
            let failure = Failure::new(format!("--model {model}: {reason}")).usage();
            Err(failure.with_hint(format!(
                "models that can be served: {}, motif:FILE, alphagenome:PATH",
                known.join(", ")
            )))
        }
        _ => Ok(()),
    }
}

fn address(option: &str, text: &str) -> Result<SocketAddr, Failure> {
    let wrong = || {
        let failure = Failure::new(format!("{option}: `{text}` is no address of this machine")).usage();
        failure.with_hint("write HOST:PORT, such as `127.0.0.1:50051` or `[::1]:0`")
    };
    text.to_socket_addrs().map_err(|_| wrong())?.next().ok_or_else(wrong)
}

fn key(path: Option<&Path>, settings: &Settings) -> Result<Option<ApiKey>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let file = ApiKey::from_file(path).map_err(|error| {
        let failure = match &error {
            KeyError::File { path, cause } => Failure::file("read", path, cause),
            _ => Failure::new(error.to_string()),
        };
        match error.hint() {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    })?;
    if let Some(warning) = &file.warning {
        settings.tell(warning);
    }
    Ok(Some(file.key))
}

/// Writes a line for each call to standard error.
fn log(settings: &Settings) -> Option<refalt_rpc::server::CallLog> {
    if settings.quiet {
        return None;
    }
    let as_json = settings.json;
    Some(Arc::new(move |record: &CallRecord| {
        if as_json {
            let line = json!({
                "method": record.method,
                "about": record.about,
                "requests": record.requests,
                "code": refalt_rpc::server::code_name(record.code),
                "milliseconds": record.duration.as_secs_f64() * 1e3,
                "bytes": record.bytes,
            });
            stderr_line(&line);
        } else {
            stderr_line(record);
        }
    }))
}

fn of<E: Diagnostic + 'static>(error: E) -> Failure {
    Failure::of(&error)
}

/// Opens the model, the reference and the genes.
fn served(options: &Options, settings: &Settings) -> Result<ServedModel, Failure> {
    let backend = refalt::model::open(&options.model).map_err(of)?;
    let reference = super::input::reference(&options.reference, settings)?;
    for note in reference.notes() {
        settings.note(note.to_string());
    }
    let assembly = options.assembly.as_deref().map(super::input::assembly).transpose()?;
    let known = ReferenceAssembly::of(&reference, assembly).map_err(|error| {
        let hint = error.hint();
        Failure::new(error.to_string()).usage().with_hint(hint)
    })?;
    settings.note(format!("reference `{}` {known}", options.reference.display()));
    if let Some(note) = check_reference(backend.card(), known).map_err(|error| of(ModelError::from(error)))? {
        settings.note(note);
    }
    let mut genes = None;
    let annotation = match options.genes.clone().files(options.cache.clone()) {
        None => None,
        Some(files) => {
            let (annotation, notes) = files.annotation(&reference, known).map_err(of)?;
            for note in notes {
                settings.note(note);
            }
            genes = Some(files.digest().map_err(of)?);
            Some(Arc::new(annotation))
        }
    };
    let genome =
        FileIdentity::of(&options.reference).map_err(|error| Failure::file("read", &options.reference, &error))?;
    let states = served_digest(backend.card(), &genome.sha256, &known.to_string(), genes.as_deref());
    settings.note(format!("states `{states}` with every answer: model, genome and genes"));
    Ok(ServedModel {
        backend: backend.into(),
        reference: Arc::new(reference),
        annotation,
        states: Some(states),
    })
}

/// What is told of the folder behind the Atlas's methods.
struct AtlasFacts {
    folder: PathBuf,
    variants: usize,
    scorers: Vec<String>,
    model: String,
    version: String,
    licence: String,
    mixed: Vec<MixedSources>,
}

impl AtlasFacts {
    fn of(folder: &Path, atlas: &AtlasFolder) -> Self {
        let model = atlas.model();
        let texts = atlas.sources().iter().map(|tally| tally.scorer.as_str());
        let mut texts: Vec<&str> = texts.collect();
        texts.dedup();
        Self {
            folder: folder.to_owned(),
            variants: atlas.variants(),
            scorers: atlas.scorers().map(str::to_owned).collect(),
            model: model.name.clone(),
            version: model.version.clone(),
            licence: model.licence.clone(),
            mixed: MixedSources::of(atlas.sources(), texts),
        }
    }

    fn tell(&self, settings: &Settings) {
        settings.note(format!(
            "atlas `{}`: {} variants by {}, of model {} version {}; licence: {}",
            self.folder.display(),
            self.variants,
            self.scorers.join(", "),
            self.model,
            self.version,
            self.licence
        ));
        for mixed in &self.mixed {
            settings.tell(format!("warning: {mixed}"));
        }
    }

    fn json(&self) -> Value {
        json!({
            "folder": self.folder.display().to_string(),
            "variants": self.variants,
            "scorers": self.scorers,
            "model": self.model,
            "version": self.version,
            "licence": self.licence,
            "mixed_sources": self.mixed,
        })
    }
}

/// What is told when the server listens.
struct Told<'a> {
    card: &'a ModelCard,
    atlas: Option<&'a AtlasFacts>,
    scorers: &'a [&'static str],
    address: SocketAddr,
    metrics: Option<SocketAddr>,
    /// The self-signed certificate, absolute.
    roots: Option<&'a Path>,
    plaintext: bool,
    takes_key: bool,
}

impl Told<'_> {
    fn tell(&self, settings: &Settings) {
        let Self { card, address, .. } = self;
        if settings.json {
            let line = json!({
                "listening": address.to_string(),
                "tls": !self.plaintext,
                "roots": self.roots.map(|path| path.display().to_string()),
                "metrics": self.metrics.map(|metrics| metrics.to_string()),
                "model": card.name,
                "version": card.version,
                "licence": card.licence,
                "scorers": self.scorers,
                "atlas": self.atlas.map(AtlasFacts::json),
            });
            stderr_line(&line);
            return;
        }
        let tracks: usize = card.outputs.iter().map(|set| set.tracks.len()).sum();
        let outputs: Vec<&str> = card.outputs.iter().map(|set| set.output.name()).collect();
        settings.note(format!(
            "model {} version {}: {} ({tracks} tracks), windows of {} bp; licence: {}",
            card.name,
            card.version,
            outputs.join(", "),
            card.lengths,
            card.licence
        ));
        settings.note(format!("recommended scorers served: {}", self.scorers.join(", ")));
        if let Some(atlas) = self.atlas {
            atlas.tell(settings);
        }
        // With --quiet, too: with port 0 nothing else says the port.
        settings.tell(format!("listening at {address}"));
        if let Some(metrics) = self.metrics {
            settings.tell(format!("metrics at http://{metrics}/metrics"));
        }
        let port = address.port();
        if self.plaintext {
            settings.note("for the Python client:");
            settings.note(format!(
                "  dna_client.DnaClient(channel=grpc.insecure_channel(\"{}\"))",
                self.called()
            ));
            settings.note("`dna_client.create` needs TLS: --tls-self-signed DIR");
        } else {
            settings.note("for the Python client, the variable before Python starts:");
            if let Some(roots) = self.roots {
                let path = roots.display();
                settings.note(format!("  export GRPC_DEFAULT_SSL_ROOTS_FILE_PATH={path}"));
            }
            let host = if self.is_local() { "localhost" } else { "HOST" };
            let key = if self.takes_key { "KEY" } else { "any" };
            settings.note(format!("  dna_client.create(\"{key}\", address=\"{host}:{port}\")"));
            settings.note(format!(
                "without TLS: --listen 127.0.0.1:{port}, and dna_client.DnaClient(channel=grpc.insecure_channel(\"127.0.0.1:{port}\"))"
            ));
        }
    }

    /// Returns the address as somebody on this machine calls it.
    fn called(&self) -> String {
        match self.address.ip() {
            IpAddr::V4(_) => self.address.to_string(),
            IpAddr::V6(_) => format!("localhost:{}", self.address.port()),
        }
    }

    fn is_local(&self) -> bool {
        self.address.ip().is_loopback() || self.address.ip().is_unspecified()
    }
}

fn tell_summary(summary: &Summary, settings: &Settings) {
    if settings.json {
        let line = json!({
            "stopped": true,
            "calls": summary.calls,
            "cut_off": summary.cut_off,
            "seconds": summary.duration.as_secs_f64(),
        });
        stderr_line(&line);
        return;
    }
    let calls: Vec<String> = summary
        .calls
        .iter()
        .map(|(code, count)| format!("{code} {count}"))
        .collect();
    let total: u64 = summary.calls.values().sum();
    settings.tell(format!(
        "stopped after {:.1} s: {} ({}), {} cut off",
        summary.duration.as_secs_f64(),
        counted(total, "call"),
        if calls.is_empty() {
            "none".to_owned()
        } else {
            calls.join(", ")
        },
        summary.cut_off
    ));
}
