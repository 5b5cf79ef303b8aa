//! Contig names of a file, each kept once.

use refalt_core::{Assembly, Chromosome, ContigName};
use std::collections::HashMap;

/// Hands out shared contig names; most files are sorted, so the last name is tried first.
#[derive(Debug, Default)]
pub(super) struct Contigs {
    last: Option<(ContigName, Option<Assembly>)>,
    seen: HashMap<Box<str>, (ContigName, Option<Assembly>)>,
}

impl Contigs {
    /// Returns the name and the assembly that the name itself states; `None` for bytes that are no UTF-8.
    pub(super) fn intern(&mut self, name: &[u8]) -> Option<(ContigName, Option<Assembly>)> {
        if let Some(last) = &self.last
            && last.0.as_str().as_bytes() == name
        {
            return Some(last.clone());
        }
        let name = std::str::from_utf8(name).ok()?;
        let found = self.seen.get(name).cloned().unwrap_or_else(|| {
            let said = Chromosome::of(name).and_then(|chromosome| chromosome.assembly);
            let entry = (ContigName::new(name), said);
            self.seen.insert(name.into(), entry.clone());
            entry
        });
        self.last = Some(found.clone());
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_as_written_and_accessions_state_their_assembly() {
        let mut contigs = Contigs::default();
        let mut intern = |name: &str| contigs.intern(name.as_bytes()).unwrap();
        assert_eq!(intern("chr5").0.as_str(), "chr5");
        assert_eq!(intern("5").0.as_str(), "5");
        assert_eq!(intern("NC_000005.9").1, Some(Assembly::GRCh37));
        assert_eq!(intern("chr5").1, None);
        assert_eq!(contigs.intern(b"\xff"), None);
    }
}
