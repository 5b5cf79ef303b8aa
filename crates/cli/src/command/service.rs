//! Which service scores, and how it is reached.

use crate::message::Failure;
use crate::terminal::Settings;
use refalt::engine::{ModelSource, ScoreSource};
use refalt::scoring::ScoreRequest;
use refalt_core::Organism;
use refalt_rpc::atlas::{AtlasSource, AutoSource};
use refalt_rpc::key::KeyError;
use refalt_rpc::{Address, ApiError, ApiKey, ApiSource, Client, ClientOptions};
use std::path::PathBuf;
use std::sync::Arc;

/// The models that are services.
const API: &str = "api";
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

impl ServiceOptions {
    /// Opens the service when it is the model that is asked for.
    pub(crate) fn source(
        self,
        request: &ScoreRequest,
        settings: &Settings,
    ) -> Result<Option<Box<dyn ScoreSource>>, Failure> {
        let is_auto = request.model == AUTO;
        if !is_auto && self.auto_rest.is_some() {
            return Err(Failure::new(format!("--auto-rest is for `--model {AUTO}`")).usage());
        }
        if ![API, ATLAS, AUTO].contains(&request.model.as_str()) {
            let given = [
                (self.key_file.is_some(), "--key-file"),
                (self.model_version.is_some(), "--model-version"),
                (self.organism.is_some(), "--organism"),
            ];
            return match given.into_iter().find(|(given, _)| *given) {
                Some((_, name)) => {
                    Err(Failure::new(format!("{name} is for `--model {API}`, {ATLAS} and {AUTO}")).usage())
                }
                None => Ok(None),
            };
        }
        if request.plan.table.terms {
            let message = "--keep-ref-alt: the service gives scores, not the terms of REF and ALT";
            return Err(Failure::new(message).usage());
        }
        let rest = self.auto_rest.clone().unwrap_or_else(|| API.to_owned());
        if request.genes.is_some() && (!is_auto || rest == API) {
            let message = "--genes: the service brings genes of its own";
            return Err(Failure::new(message).usage());
        }
        let failed = |error: ApiError| Failure::of(&error);
        let wanted = &request.plan.scorers;
        let api = |settings: &Settings| -> Result<Box<dyn ScoreSource>, Failure> {
            let options = self.options(self.address.as_deref(), settings)?;
            let source = Client::new(options).and_then(ApiSource::open).map_err(failed)?;
            Ok(Box::new(source))
        };
        if request.model == API {
            return api(settings).map(Some);
        }
        let atlas = self.atlas_address.as_deref().or(self.address.as_deref());
        let client = Client::new(self.options(atlas, settings)?).map_err(failed)?;
        if !is_auto {
            let source = AtlasSource::open(client, wanted).map_err(failed)?;
            return Ok(Some(Box::new(source)));
        }
        let rest: Box<dyn ScoreSource> = if rest == API {
            api(settings)?
        } else {
            let model = refalt::model::open(&rest).map_err(|error| Failure::of(&error))?;
            Box::new(ModelSource(model))
        };
        let source = AutoSource::open(client, rest, wanted).map_err(failed)?;
        for note in source.notes() {
            settings.tell(note.clone());
        }
        Ok(Some(Box::new(source)))
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
