//! The published reference scorers' own answers, on generated inputs; see `tests/data/oracle/README.md`.
//!
//! Every case of a file is either compared or refused for a reason, and the numbers of both are asserted: a case
//! that silently drops out fails the test.

mod align_alternate;
mod center_mask;
mod generator;
mod safetensors;
mod variant_sequences;

use serde_json::Value;
use std::collections::BTreeMap;

fn path(name: &str) -> String {
    format!("{}/tests/data/oracle/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn cases(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(&format!("{name}.json"))).unwrap()).unwrap()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn number<T: TryFrom<i64, Error: std::fmt::Debug>>(value: &Value) -> T {
    T::try_from(value.as_i64().unwrap()).unwrap()
}

/// How many cases went which way.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn count(&mut self, way: &'static str) {
        *self.0.entry(way).or_default() += 1;
    }

    #[track_caller]
    fn assert(&self, expected: &[(&'static str, usize)]) {
        assert_eq!(self.0, expected.iter().copied().collect());
    }
}
