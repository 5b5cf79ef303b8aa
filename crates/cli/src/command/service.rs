//! Which service scores, and how it is reached.

use super::cache_options::CacheOptions;
use crate::args::at_least_one;
use crate::message::{Failure, counted};
use crate::terminal::{Settings, stderr_line};
use refalt::engine::{ModelSource, ScoreSource};
use refalt::scoring::ScoreRequest;
use refalt_core::Organism;
use refalt_rpc::atlas::{AtlasSource, AutoSource};
use refalt_rpc::cache::{AnswerCache, CacheTrouble};
use refalt_rpc::cached_client::AnswerTally;
use refalt_rpc::client::{Timeouts, WaitTold, Waiting};
use refalt_rpc::key::KeyError;
use refalt_rpc::{Address, ApiError, ApiKey, ApiSource, Client, ClientOptions};
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The models that are services.
pub(crate) const MODEL: &str = "api";
const ATLAS: &str = "atlas";
const AUTO: &str = "auto";

/// The versions that the hosted model has, by the published client.
const HOSTED_VERSIONS: [&str; 5] = ["ALL_FOLDS", "FOLD_0", "FOLD_1", "FOLD_2", "FOLD_3"];

/// Arguments for models that are services.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServiceOptions {
    /// Address of a service of one's own: `HOST:PORT` over TLS, or `http://127.0.0.1:PORT` [default: the hosted model].
    #[arg(long, value_name = "ADDRESS", env = "REFALT_API_ADDRESS")]
    address: Option<String>,

    /// File with the key; else the variable ALPHAGENOME_API_KEY or ALPHA_GENOME_API_KEY is read.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// Certificates to trust besides the public ones, PEM.
    #[arg(long, value_name = "FILE", env = "REFALT_TLS_ROOTS")]
    tls_roots: Option<PathBuf>,

    /// Version of the service's model: ALL_FOLDS, FOLD_0 to FOLD_3 [default: the service's choice].
    #[arg(long, value_name = "NAME")]
    model_version: Option<String>,

    /// Seconds to wait for an answer, time in the service's queue included; more for a service that computes for minutes, such as
    /// `refalt serve --model alphagenome:PATH` [default: 300, and 120 for each part of it].
    #[arg(long, value_name = "SECONDS", value_parser = at_least_one::<NonZeroU32>)]
    timeout: Option<NonZeroU32>,

    /// Organism whose genome the service reads: `human` (GRCh38) or `mouse` (GRCm38) [default: human].
    #[arg(long, value_name = "NAME", value_parser = ["human", "mouse"])]
    organism: Option<String>,
}

/// Arguments for `--model atlas` and `auto`, of the command that scores variants.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct AtlasOptions {
    /// With `--model auto`, what scores the variants and scorers that the Atlas lacks: `api`, `alphagenome:PATH`, `motif` or
    /// `motif:FILE` [default: api].
    #[arg(long, value_name = "MODEL")]
    auto_rest: Option<String>,

    /// With `--model atlas` or `auto`, the address of the Atlas where it is not that of the API.
    #[arg(long, value_name = "ADDRESS", env = "REFALT_ATLAS_ADDRESS")]
    atlas_address: Option<String>,
}

/// A service that scores, and where its answers come from.
pub(crate) struct Service {
    pub(crate) source: Box<dyn ScoreSource>,
    pub(crate) answers: Answers,
}

/// Where the answers of services come from, as a run goes on.
pub(crate) struct Answers {
    tallies: Vec<Arc<AnswerTally>>,
    troubles: Arc<Mutex<Vec<String>>>,
    /// Whether a change of each service would be noticed, or is the hosted one's.
    is_told_apart: bool,
}

impl Answers {
    fn sum(&self, of: fn(&AnswerTally) -> u64) -> u64 {
        self.tallies.iter().map(|tally| of(tally)).sum()
    }

    /// Says where the answers came from.
    pub(crate) fn text(&self) -> String {
        let [kept, asked, calls] =
            [AnswerTally::from_cache, AnswerTally::from_service, AnswerTally::calls].map(|of| self.sum(of));
        let calls = counted(calls, "call");
        let mut text = format!("answers: {kept} from the cache, {asked} from the service in {calls}");
        if kept > 0 && !self.is_told_apart {
            // The protocol has no field by which a service of one's own could say which genome it reads; `refalt serve` says
            // it in a header.
            text.push_str(
                "; a service that has another genome, other genes or another model by now is not noticed, \
                 `--no-cache` asks it anew",
            );
        }
        text
    }

    /// Says it for machines.
    pub(crate) fn json(&self) -> Value {
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "from_cache": self.sum(AnswerTally::from_cache),
            "from_service": self.sum(AnswerTally::from_service),
            "calls": self.sum(AnswerTally::calls),
            "cache_troubles": *troubles,
        })
    }
}

/// The cache of a run, and what went wrong with it.
struct Kept {
    cache: Option<Arc<AnswerCache>>,
    troubles: Arc<Mutex<Vec<String>>>,
}

impl Kept {
    fn open(options: &CacheOptions, settings: &Settings) -> Result<Self, Failure> {
        let troubles: Arc<Mutex<Vec<String>>> = Arc::default();
        let (told, shown) = (Arc::clone(&troubles), settings.clone());
        let told = move |trouble: &CacheTrouble| {
            shown.tell(format!("warning: {trouble}"));
            told.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(trouble.to_string());
        };
        let cache = options.answers(Arc::new(told), settings)?;
        Ok(Self { cache, troubles })
    }

    fn answers(&self, tallies: Vec<Arc<AnswerTally>>, is_told_apart: bool) -> Answers {
        Answers {
            tallies,
            troubles: Arc::clone(&self.troubles),
            is_told_apart,
        }
    }
}

/// Says whether a change of a service is noticed: it states what it serves, or is the hosted one.
fn is_told_apart(client: &Client) -> bool {
    client.options().address.is_hosted() || client.states().is_some() || client.atlas_states().is_some()
}

impl ServiceOptions {
    /// Opens the service that scores when it is the model that is asked for.
    pub(crate) fn source(
        self,
        atlas: &AtlasOptions,
        request: &ScoreRequest,
        cache: &CacheOptions,
        settings: &Settings,
    ) -> Result<Option<Service>, Failure> {
        let is_auto = request.model == AUTO;
        if !is_auto && atlas.auto_rest.is_some() {
            return Err(Failure::new(format!("--auto-rest is for `--model {AUTO}`")).usage());
        }
        if ![MODEL, ATLAS, AUTO].contains(&request.model.as_str()) {
            self.not_asked_for(&format!("`--model {MODEL}`, {ATLAS} and {AUTO}"))?;
            if atlas.atlas_address.is_some() {
                return Err(Failure::new(format!("--atlas-address is for `--model {ATLAS}` and {AUTO}")).usage());
            }
            return Ok(None);
        }
        if request.plan.table.terms {
            let message = "--keep-ref-alt: the service gives scores, not the terms of REF and ALT";
            return Err(Failure::new(message).usage());
        }
        let rest = atlas.auto_rest.clone().unwrap_or_else(|| MODEL.to_owned());
        if request.genes.is_some() && (!is_auto || rest == MODEL) {
            let message = "--genes: the service brings genes of its own";
            return Err(Failure::new(message).usage());
        }
        let kept = Kept::open(cache, settings)?;
        if request.model == MODEL {
            let source = self.connect(kept.cache.clone(), settings)?;
            return Ok(Some(Service {
                answers: kept.answers(vec![source.tally()], is_told_apart(source.client())),
                source: Box::new(source),
            }));
        }
        let failed = |error: ApiError| Failure::of(&error);
        let wanted = &request.plan.scorers;
        let address = atlas.atlas_address.as_deref().or(self.address.as_deref());
        let client = Client::new(self.options(address, settings)?).map_err(failed)?;
        if !is_auto {
            let source = AtlasSource::open(client, kept.cache.clone(), wanted).map_err(failed)?;
            return Ok(Some(Service {
                answers: kept.answers(vec![source.tally()], is_told_apart(source.client())),
                source: Box::new(source),
            }));
        }
        let mut tallies = Vec::new();
        let mut told_apart = true;
        let rest: Box<dyn ScoreSource> = if rest == MODEL {
            let source = self.connect(kept.cache.clone(), settings)?;
            tallies.push(source.tally());
            told_apart = is_told_apart(source.client());
            Box::new(source)
        } else {
            let model = refalt::model::open(&rest).map_err(|error| Failure::of(&error))?;
            Box::new(ModelSource(model))
        };
        let source = AutoSource::open(client, kept.cache.clone(), rest, wanted).map_err(failed)?;
        for note in source.notes() {
            settings.tell(note.clone());
        }
        tallies.push(source.tally());
        told_apart &= is_told_apart(source.atlas().client());
        Ok(Some(Service {
            answers: kept.answers(tallies, told_apart),
            source: Box::new(source),
        }))
    }

    /// Opens the service that predicts when it is the model that is asked for.
    pub(crate) fn open(
        self,
        model: &str,
        cache: &CacheOptions,
        settings: &Settings,
    ) -> Result<Option<(ApiSource, Answers)>, Failure> {
        if model != MODEL {
            return self.not_asked_for(&format!("`--model {MODEL}`")).map(|()| None);
        }
        let kept = Kept::open(cache, settings)?;
        let source = self.connect(kept.cache.clone(), settings)?;
        let answers = kept.answers(vec![source.tally()], is_told_apart(source.client()));
        Ok(Some((source, answers)))
    }

    /// Refuses options of a service where no service is the model.
    ///
    /// * `models`: those that the options are for, in words.
    fn not_asked_for(&self, models: &str) -> Result<(), Failure> {
        let given = [
            (self.key_file.is_some(), "--key-file"),
            (self.model_version.is_some(), "--model-version"),
            (self.organism.is_some(), "--organism"),
            (self.timeout.is_some(), "--timeout"),
        ];
        match given.into_iter().find(|(given, _)| *given) {
            Some((_, name)) => Err(Failure::new(format!("{name} is for {models}")).usage()),
            None => Ok(()),
        }
    }

    fn connect(&self, cache: Option<Arc<AnswerCache>>, settings: &Settings) -> Result<ApiSource, Failure> {
        let failed = |error: ApiError| Failure::of(&error);
        let options = self.options(self.address.as_deref(), settings)?;
        Client::new(options)
            .and_then(|client| ApiSource::open(client, cache))
            .map_err(failed)
    }

    /// Returns how a service is reached.
    ///
    /// * `address`: that of the hosted services when not given.
    fn options(&self, address: Option<&str>, settings: &Settings) -> Result<ClientOptions, Failure> {
        let failed = |error: ApiError| Failure::of(&error);
        let address = match address {
            Some(text) => Address::parse(text).map_err(|error| failed(error.into()))?,
            None => Address::hosted(),
        };
        let key = self
            .key(&address, settings)
            .map_err(|error| failed(Arc::new(error).into()))?;
        if let Some(version) = &self.model_version
            && address.is_hosted()
            && !HOSTED_VERSIONS.contains(&version.as_str())
        {
            return Err(super::input::unknown(
                "model version",
                version,
                HOSTED_VERSIONS.into_iter(),
            ));
        }
        let mut timeouts = Timeouts::default();
        if let Some(seconds) = self.timeout {
            timeouts.call = Duration::from_secs(seconds.get().into());
            timeouts.silence = timeouts.call;
        }
        Ok(ClientOptions {
            timeouts,
            tls_roots: self.tls_roots.clone(),
            model_version: self.model_version.clone(),
            organism: self
                .organism
                .as_deref()
                .and_then(Organism::from_common_name)
                .unwrap_or(Organism::Human),
            told: Some(waits(settings)),
            ..ClientOptions::new(address, key)
        })
    }

    /// Returns the key; a service of one's own may need none.
    fn key(&self, address: &Address, settings: &Settings) -> Result<Option<ApiKey>, KeyError> {
        if let Some(path) = &self.key_file {
            let file = ApiKey::from_file(path)?;
            if let Some(warning) = &file.warning {
                settings.tell(warning.clone());
            }
            return Ok(Some(file.key));
        }
        let key = ApiKey::from_variables(|name| std::env::var(name).ok())?;
        if key.is_none() && address.is_hosted() {
            return Err(KeyError::Missing);
        }
        Ok(key)
    }
}

/// Says on standard error for what a call waits, with `--quiet`, too: minutes of silence look like a hang.
fn waits(settings: &Settings) -> WaitTold {
    let settings = settings.clone();
    WaitTold(Arc::new(move |waiting: &Waiting| {
        if settings.json {
            stderr_line(format_args!("{}", json!({ "waiting": waiting.to_string() })));
        } else {
            settings.tell(waiting.to_string());
        }
    }))
}
