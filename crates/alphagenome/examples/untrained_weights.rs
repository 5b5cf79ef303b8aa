//! Writes weights of the model's shape that follow from the names of its arrays: for tests, and for measuring time and memory.
//!
//! usage: untrained_weights EXTENTS.safetensors OUT.safetensors
//!   EXTENTS  a file of `tests/data` whose metadata has the extents: `full_fp32_4096` (1.8 GB are written), `tiny_fp32_16384`

use refalt_alphagenome::untrained::NamedWeights;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [extents, out] = &arguments[..] else {
        return Err("usage: untrained_weights EXTENTS.safetensors OUT.safetensors".into());
    };
    let bytes = std::fs::read(extents)?;
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes)?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let shapes = metadata.get("shapes").ok_or("the file keeps no extents")?;
    NamedWeights::from_json(shapes)?
        .with_published_columns()
        .write(Path::new(out))?;
    Ok(())
}
