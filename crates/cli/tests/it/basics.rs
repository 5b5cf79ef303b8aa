//! Help, version, usage errors, completions, manual pages.

use crate::refalt;

#[test]
fn the_version_tells_how_the_binary_was_built() {
    let output = refalt().arg("--version").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(
        text.starts_with(&format!("refalt {}\n", env!("CARGO_PKG_VERSION"))),
        "{text}"
    );
    for fact in ["commit:", "rustc", "JASPAR 2024", "noodles"] {
        assert!(text.contains(fact), "{fact} is missing in {text}");
    }
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    let output = refalt().arg("scroe").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
}

#[test]
fn completions_and_pages_are_made_for_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let output = refalt().args(["completions", shell]).output().unwrap();
        assert!(String::from_utf8(output.stdout).unwrap().contains("refalt"), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    refalt().arg("man").arg(folder.path()).assert().success();
    assert!(folder.path().join("refalt-scorers.1").exists());
}
