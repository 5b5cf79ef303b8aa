//! Records what the binary was built with, for `refalt --version`.

use std::process::Command;

fn main() {
    let output = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
    };
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| "unknown".to_owned());
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let commit = output("git", &["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=REFALT_COMMIT={commit}");
    println!(
        "cargo::rustc-env=REFALT_RUSTC={}",
        output(&rustc, &["--version"]).unwrap_or_else(|| "rustc unknown".to_owned())
    );
    println!("cargo::rustc-env=REFALT_TARGET={}", variable("TARGET"));
    println!("cargo::rustc-env=REFALT_PROFILE={}", variable("PROFILE"));
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../.git/HEAD");
}
