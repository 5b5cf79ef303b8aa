//! Where answers are kept.

use super::error::CacheError;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The folder below the folder of caches that holds answers of services.
pub const ANSWERS_FOLDER: &str = "answers";

/// How much is kept when nothing else is said: 20 GB.
pub const DEFAULT_LIMIT_BYTES: u64 = 20_000_000_000;

/// Returns the folder of refalt's caches: `$XDG_CACHE_HOME/refalt`, else `~/.cache/refalt`, on macOS
/// `~/Library/Caches/refalt`.
///
/// * `variable`: reads a variable of the environment.
///
/// # Errors
/// [`CacheError::NoFolder`] when no variable says where.
///
/// # Source
/// XDG Base Directory Specification 0.8: a value that is no absolute path is as good as none.
pub fn default_folder(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, CacheError> {
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let of_home = if cfg!(target_os = "macos") {
        "Library/Caches"
    } else {
        ".cache"
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(of_home)))
        .map(|folder| folder.join("refalt"))
        .ok_or(CacheError::NoFolder)
}

/// Makes a folder that its owner alone can enter.
pub(super) fn make_private(folder: &Path) -> Result<(), CacheError> {
    let failed = |error: std::io::Error| CacheError::Folder {
        path: folder.to_owned(),
        reason: error.to_string(),
    };
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], expected: Option<&str>) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name)?;
            Some(OsString::from(found.1))
        };
        assert_eq!(default_folder(variable).ok(), expected.map(PathBuf::from));
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn the_folder_of_caches_is_that_of_the_specification() {
        check(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")], Some("/x/refalt"));
        check(&[("HOME", "/h")], Some("/h/.cache/refalt"));
        check(
            &[("XDG_CACHE_HOME", "relative"), ("HOME", "/h")],
            Some("/h/.cache/refalt"),
        );
        check(&[("XDG_CACHE_HOME", ""), ("HOME", "")], None);
    }

    #[test]
    #[cfg(unix)]
    fn the_folder_is_its_owners() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/answers");
        make_private(&inner).unwrap();
        make_private(&inner).unwrap();
        assert_eq!(inner.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(make_private(&file.join("answers")).is_err());
    }
}
