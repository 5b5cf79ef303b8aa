//! Which service scores, and how it is reached.

use crate::message::Failure;
use crate::terminal::Settings;
use refalt::engine::ScoreSource;
use refalt::scoring::ScoreRequest;
use refalt_core::Organism;
use refalt_rpc::key::KeyError;
use refalt_rpc::{Address, ApiError, ApiKey, ApiSource, Client, ClientOptions};
use std::path::PathBuf;
use std::sync::Arc;

/// The name of the model that is a service.
const MODEL: &str = "api";

/// Arguments for `--model api`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Service (--model api)")]
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
        if request.model != MODEL {
            let given = [
                (self.key_file.is_some(), "--key-file"),
                (self.model_version.is_some(), "--model-version"),
                (self.organism.is_some(), "--organism"),
            ];
            return match given.into_iter().find(|(given, _)| *given) {
                Some((_, name)) => Err(Failure::new(format!("{name} is for `--model {MODEL}`")).usage()),
                None => Ok(None),
            };
        }
        if request.plan.table.terms {
            let message = "--keep-ref-alt: the service gives scores, not the terms of REF and ALT";
            return Err(Failure::new(message).usage());
        }
        if request.genes.is_some() {
            let message = "--genes: the service brings genes of its own";
            return Err(Failure::new(message).usage());
        }
        let failed = |error: ApiError| Failure::of(&error);
        let address = match &self.address {
            Some(text) => Address::parse(text).map_err(|error| failed(error.into()))?,
            None => Address::hosted(),
        };
        let key = self
            .key(&address, settings)
            .map_err(|error| failed(Arc::new(error).into()))?;
        let options = ClientOptions {
            tls_roots: self.tls_roots,
            model_version: self.model_version,
            organism: self
                .organism
                .and_then(|name| Organism::from_common_name(&name))
                .unwrap_or(Organism::Human),
            ..ClientOptions::new(address, key)
        };
        let source = Client::new(options).and_then(ApiSource::open).map_err(failed)?;
        Ok(Some(Box::new(source)))
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
