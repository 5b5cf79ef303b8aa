//! Where things are kept from run to run.

use std::path::PathBuf;

#[cfg(feature = "api")]
use crate::message::Failure;
#[cfg(feature = "api")]
use crate::terminal::Settings;
#[cfg(feature = "api")]
use refalt_rpc::cache::{ANSWERS_FOLDER, AnswerCache, CacheError, Told, default_folder};
#[cfg(feature = "api")]
use std::sync::Arc;

/// Arguments for caches.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cache")]
pub(crate) struct CacheOptions {
    /// Folder for answers of services, and for indices of gene models that cannot lie beside their file [default:
    /// ~/.cache/refalt, for answers].
    #[arg(long, value_name = "DIR", env = "REFALT_CACHE")]
    pub(crate) cache: Option<PathBuf>,

    /// Keep no answer of a service, and use none that was kept.
    #[cfg(feature = "api")]
    #[arg(long)]
    no_cache: bool,

    /// The most that answers may take on disk; what was not used for longest goes first [default: 20GB].
    #[cfg(feature = "api")]
    #[arg(long, value_name = "SIZE", value_parser = crate::byte_size::parse)]
    cache_size: Option<u64>,
}

#[cfg(feature = "api")]
impl CacheOptions {
    /// Opens the answers of services. A folder that was named has to be usable; without the usual one the run goes on.
    pub(crate) fn answers(&self, told: Told, settings: &Settings) -> Result<Option<Arc<AnswerCache>>, Failure> {
        if self.no_cache {
            return Ok(None);
        }
        let opened =
            answers_folder(self.cache.as_ref()).and_then(|folder| AnswerCache::open(&folder, self.cache_size, told));
        match opened {
            Ok(cache) => Ok(Some(Arc::new(cache))),
            Err(error) if self.cache.is_some() => Err(Failure::of(&error)),
            Err(error) => {
                settings.tell(format!("warning: {error}; answers of the service are not kept"));
                Ok(None)
            }
        }
    }
}

/// Returns the folder of answers in a folder of caches, or in the usual one.
#[cfg(feature = "api")]
pub(crate) fn answers_folder(named: Option<&PathBuf>) -> Result<PathBuf, CacheError> {
    let folder = match named {
        Some(folder) => folder.clone(),
        None => default_folder(|name| std::env::var_os(name))?,
    };
    Ok(folder.join(ANSWERS_FOLDER))
}
