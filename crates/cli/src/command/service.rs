//! Which service scores, and how it is reached.

use super::cache_options::CacheOptions;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::engine::{ModelSource, ScoreSource};
use refalt::scoring::ScoreRequest;
use refalt_core::Organism;
use refalt_rpc::atlas::{AtlasSource, AutoSource};
use refalt_rpc::cache::{AnswerCache, CacheTrouble};
use refalt_rpc::cached_client::AnswerTally;
use refalt_rpc::key::KeyError;
use refalt_rpc::{Address, ApiError, ApiKey, ApiSource, Client, ClientOptions};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The models that are services.
pub(crate) const MODEL: &str = "api";
const ATLAS: &str = "atlas";
const AUTO: &str = "auto";

/// Arguments for `--model api`, `atlas` and `auto`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Service (--model api, atlas, auto)")]
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

    /// With `--model auto`, what scores the variants and scorers that the Atlas lacks: `api`, `motif` or `motif:FILE`
    /// [default: api].
    #[arg(long, value_name = "MODEL")]
    auto_rest: Option<String>,

    /// With `--model atlas` or `auto`, the address of the Atlas where it is not that of the API.
    #[arg(long, value_name = "ADDRESS", env = "REFALT_ATLAS_ADDRESS")]
    atlas_address: Option<String>,

    /// Organism whose genome the service reads: `human` (GRCh38) or `mouse` (GRCm38) [default: human].
    #[arg(long, value_name = "NAME", value_parser = ["human", "mouse"])]
    organism: Option<String>,
}

/// A service that scores, and where its answers come from.
pub(crate) struct Service {
    pub(crate) source: Box<dyn ScoreSource>,
    /// `None` where no answer is kept.
    pub(crate) answers: Option<Answers>,
}

impl Service {
    fn without_cache(source: Box<dyn ScoreSource>) -> Self {
        Self { source, answers: None }
    }
}

/// Where the answers of a service come from, as a run goes on.
pub(crate) struct Answers {
    tally: Arc<AnswerTally>,
    troubles: Arc<Mutex<Vec<String>>>,
    is_hosted: bool,
}

impl Answers {
    /// Says where the answers came from.
    pub(crate) fn text(&self) -> String {
        let (kept, asked, calls) = (self.tally.from_cache(), self.tally.from_service(), self.tally.calls());
        let mut text = format!("answers: {kept} from the cache, {asked} from the service in {calls} calls");
        if kept > 0 && !self.is_hosted {
            // The protocol has no field by which a service of one's own could say which genome it reads.
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
            "from_cache": self.tally.from_cache(),
            "from_service": self.tally.from_service(),
            "calls": self.tally.calls(),
            "cache_troubles": *troubles,
        })
    }
}

impl ServiceOptions {
    /// Opens the service that scores when it is the model that is asked for.
    pub(crate) fn source(
        self,
        request: &ScoreRequest,
        cache: &CacheOptions,
        settings: &Settings,
    ) -> Result<Option<Service>, Failure> {
        let is_auto = request.model == AUTO;
        if !is_auto && self.auto_rest.is_some() {
            return Err(Failure::new(format!("--auto-rest is for `--model {AUTO}`")).usage());
        }
        if ![MODEL, ATLAS, AUTO].contains(&request.model.as_str()) {
            return self.not_asked_for().map(|()| None);
        }
        if request.plan.table.terms {
            let message = "--keep-ref-alt: the service gives scores, not the terms of REF and ALT";
            return Err(Failure::new(message).usage());
        }
        let rest = self.auto_rest.clone().unwrap_or_else(|| MODEL.to_owned());
        if request.genes.is_some() && (!is_auto || rest == MODEL) {
            let message = "--genes: the service brings genes of its own";
            return Err(Failure::new(message).usage());
        }
        if request.model == MODEL {
            return self.api(cache, settings).map(Some);
        }
        let failed = |error: ApiError| Failure::of(&error);
        let wanted = &request.plan.scorers;
        let address = self.atlas_address.as_deref().or(self.address.as_deref());
        let client = Client::new(self.options(address, settings)?).map_err(failed)?;
        if !is_auto {
            let source = AtlasSource::open(client, wanted).map_err(failed)?;
            return Ok(Some(Service::without_cache(Box::new(source))));
        }
        let rest = if rest == MODEL {
            self.api(cache, settings)?
        } else {
            let model = refalt::model::open(&rest).map_err(|error| Failure::of(&error))?;
            Service::without_cache(Box::new(ModelSource(model)))
        };
        let source = AutoSource::open(client, rest.source, wanted).map_err(failed)?;
        for note in source.notes() {
            settings.tell(note.clone());
        }
        Ok(Some(Service {
            source: Box::new(source),
            answers: rest.answers,
        }))
    }

    /// Opens the service that predicts when it is the model that is asked for; predictions are not kept.
    pub(crate) fn open(self, model: &str, settings: &Settings) -> Result<Option<ApiSource>, Failure> {
        if model == MODEL {
            self.connect(None, settings).map(Some)
        } else {
            self.not_asked_for().map(|()| None)
        }
    }

    /// Refuses options of a service where no service is the model.
    fn not_asked_for(&self) -> Result<(), Failure> {
        let given = [
            (self.key_file.is_some(), "--key-file"),
            (self.model_version.is_some(), "--model-version"),
            (self.organism.is_some(), "--organism"),
            (self.atlas_address.is_some(), "--atlas-address"),
        ];
        match given.into_iter().find(|(given, _)| *given) {
            Some((_, name)) => {
                Err(Failure::new(format!("{name} is for `--model {MODEL}`, {ATLAS} and {AUTO}")).usage())
            }
            None => Ok(()),
        }
    }

    /// Opens the API, with the answers that are kept.
    fn api(&self, cache: &CacheOptions, settings: &Settings) -> Result<Service, Failure> {
        let troubles: Arc<Mutex<Vec<String>>> = Arc::default();
        let (told, shown) = (Arc::clone(&troubles), settings.clone());
        let told = move |trouble: &CacheTrouble| {
            shown.tell(format!("warning: {trouble}"));
            told.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(trouble.to_string());
        };
        let cache = cache.answers(Arc::new(told), settings)?;
        let source = self.connect(cache, settings)?;
        Ok(Service {
            answers: Some(Answers {
                tally: source.tally(),
                troubles,
                is_hosted: source.client().options().address.is_hosted(),
            }),
            source: Box::new(source),
        })
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
        Ok(ClientOptions {
            tls_roots: self.tls_roots.clone(),
            model_version: self.model_version.clone(),
            organism: self
                .organism
                .as_deref()
                .and_then(Organism::from_common_name)
                .unwrap_or(Organism::Human),
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
