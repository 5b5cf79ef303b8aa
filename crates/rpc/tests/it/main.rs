//! Tests of refalt-rpc through its public interface: against stored encodings, and over loopback.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its fixture fails")]

mod atlas;
mod cache;
mod client;
mod conversions;
mod fault_server;
mod figures;
mod generated;
mod interval_scores;
mod kept;
mod messages;
mod official;
mod official_atlas;
mod python_client;
mod server;
mod serving;
mod synthetic;
mod tensors;

/// Reads a file of `tests/data/rpc`.
fn data(name: &str) -> String {
    let path = format!("{}/../../tests/data/rpc/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Reads bytes from hexadecimal digits.
fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks_exact(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
