//! The two strands of DNA.

use std::fmt;

/// A strand of a double-stranded contig.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strand {
    /// The strand that the reference sequence spells, `+`.
    Forward,
    /// The complementary strand, `-`.
    Reverse,
}

impl Strand {
    /// Reads `+` or `-`; anything else is no strand.
    pub const fn from_sign(sign: char) -> Option<Self> {
        match sign {
            '+' => Some(Self::Forward),
            '-' => Some(Self::Reverse),
            _ => None,
        }
    }

    /// Returns `+` or `-`.
    pub const fn sign(self) -> char {
        match self {
            Self::Forward => '+',
            Self::Reverse => '-',
        }
    }

    /// Returns the other strand.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Forward => Self::Reverse,
            Self::Reverse => Self::Forward,
        }
    }
}

impl fmt::Display for Strand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sign())
    }
}

/// Returns the sign of a strand, `.` for none: how BED and the tidy score table write it.
pub const fn sign_or_dot(strand: Option<Strand>) -> &'static str {
    match strand {
        Some(Strand::Forward) => "+",
        Some(Strand::Reverse) => "-",
        None => ".",
    }
}
