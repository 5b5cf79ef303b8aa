//! The organisms of the published model.

use crate::assembly::Assembly;
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

    /// Returns the common name, `human` or `mouse`.
    pub const fn common_name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Mouse => "mouse",
        }
    }

    /// Returns the assembly of the genome that the published model reads.
    pub const fn assembly(self) -> Assembly {
        match self {
            Self::Human => Assembly::GRCh38,
            Self::Mouse => Assembly::GRCm38,
        }
    }

    /// Returns whose genome an assembly is of.
    pub const fn of_assembly(assembly: Assembly) -> Self {
        match assembly {
            Assembly::GRCh38 | Assembly::GRCh37 => Self::Human,
            Assembly::GRCm38 => Self::Mouse,
        }
    }

    /// Reads a scientific name, as a model's card writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|organism| organism.name() == name)
    }

    /// Reads a common name, as people write it on the command line.
    pub fn from_common_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|organism| organism.common_name() == name)
    }
}

impl fmt::Display for Organism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_are_read_back_and_not_mixed_up() {
        for organism in Organism::ALL {
            assert_eq!(Organism::from_name(organism.name()), Some(organism));
            assert_eq!(Organism::from_common_name(organism.common_name()), Some(organism));
            assert_eq!(Organism::from_name(organism.common_name()), None);
            assert_eq!(Organism::from_common_name(organism.name()), None);
        }
    }
}
