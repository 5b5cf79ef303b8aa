//! Classes of scorers: what the table of scorers has a line for.

use crate::scorer::{Arguments, Scorer, ScorerTextError};
use crate::track::OutputType;

/// A class of scorers: its documentation and how its text is read.
pub trait ScorerKind: Sync {
    /// Returns the published class name, `CenterMaskScorer`.
    fn class(&self) -> &'static str;

    /// Returns the documentation under the fixed headings.
    fn docs(&self) -> &'static ScorerDocs;

    /// Makes the scorer from the arguments between the parentheses.
    ///
    /// # Errors
    /// [`ScorerTextError`] names the argument and what is allowed.
    fn build(&self, arguments: &Arguments<'_>) -> Result<Box<dyn Scorer>, ScorerTextError>;

    /// Returns one scorer for every combination of arguments that is allowed.
    ///
    /// What must hold for the whole table is tested over these, so a class cannot be left out.
    fn all(&self) -> Vec<Box<dyn Scorer>>;
}

/// Documentation of a scorer class, one text for each heading.
#[derive(Clone, Copy, Debug)]
pub struct ScorerDocs {
    /// What it measures.
    pub measures: &'static str,
    /// Formula, plain text with the order of operations.
    pub formula: &'static str,
    /// When to use it.
    pub when_to_use: &'static str,
    /// Limits.
    pub limits: &'static str,
    /// Source.
    pub source: &'static str,
}

/// A class whose text has no arguments: `ContactMapScorer()`.
pub struct WithoutArguments {
    /// The published class name.
    pub class: &'static str,
    /// The documentation.
    pub docs: &'static ScorerDocs,
    /// Makes the scorer.
    pub make: fn() -> Box<dyn Scorer>,
}

impl ScorerKind for WithoutArguments {
    fn class(&self) -> &'static str {
        self.class
    }

    fn docs(&self) -> &'static ScorerDocs {
        self.docs
    }

    fn build(&self, arguments: &Arguments<'_>) -> Result<Box<dyn Scorer>, ScorerTextError> {
        arguments.only(self.class, &[])?;
        Ok((self.make)())
    }

    fn all(&self) -> Vec<Box<dyn Scorer>> {
        vec![(self.make)()]
    }
}

/// A class whose text has the output type alone: `GeneMaskLFCScorer(requested_output=RNA_SEQ)`.
pub struct ByOutput {
    /// The published class name.
    pub class: &'static str,
    /// The documentation.
    pub docs: &'static ScorerDocs,
    /// The output types that are allowed.
    pub outputs: &'static [OutputType],
    /// Makes the scorer of an output type.
    pub make: fn(OutputType) -> Box<dyn Scorer>,
}

impl ScorerKind for ByOutput {
    fn class(&self) -> &'static str {
        self.class
    }

    fn docs(&self) -> &'static ScorerDocs {
        self.docs
    }

    fn build(&self, arguments: &Arguments<'_>) -> Result<Box<dyn Scorer>, ScorerTextError> {
        const ARGUMENT: &str = "requested_output";
        arguments.only(self.class, &[ARGUMENT])?;
        let output = arguments.choose(self.class, ARGUMENT, self.outputs, OutputType::to_string)?;
        Ok((self.make)(output))
    }

    fn all(&self) -> Vec<Box<dyn Scorer>> {
        self.outputs.iter().map(|&output| (self.make)(output)).collect()
    }
}
