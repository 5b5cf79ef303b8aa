//! The organisms of the published model.

use std::fmt;

/// An organism whose genome the published model reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Organism {
    /// Homo sapiens.
    Human,
    /// Mus musculus.
    Mouse,
}

impl Organism {
    /// Every organism.
    pub const ALL: [Self; 2] = [Self::Human, Self::Mouse];

    /// Returns the scientific name, `Homo sapiens`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "Homo sapiens",
            Self::Mouse => "Mus musculus",
        }
    }

    /// Reads a scientific name, as a model's card writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|organism| organism.name() == name)
    }
}

impl fmt::Display for Organism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
