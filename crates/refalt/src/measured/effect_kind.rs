//! What the numbers in a column of effects are, as the user says it: signed effects, effects on one side, or ratios.
//!
//! METHOD: turning an allele turns the sign of an effect. That is right for differences and logarithms of ratios. The ratio itself
//! is inverted by it, a size does not change, and a p-value is no effect; so columns without a value below 0 are refused, until
//! the user says that they are effects on one side, or ratios, whose natural logarithm is the effect.

use crate::engine::Rejection;
use serde::Serialize;

/// What a column of effects holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// Differences or logarithms, with a sign. 20 of them or more have both signs.
    #[default]
    Signed,
    /// The same, all on one side, as in a table of activating variants.
    OneSided,
    /// Ratios around 1, as odds ratios: the effect is the natural logarithm.
    Ratio,
}

impl EffectKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Signed, Self::OneSided, Self::Ratio];

    /// Returns the name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::OneSided => "one-sided",
            Self::Ratio => "ratio",
        }
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Says whether the numbers are signed effects.
    pub const fn is_signed(&self) -> bool {
        matches!(self, Self::Signed)
    }

    /// Says in words what the effects made of a column are.
    pub(super) fn of_column(self, column: &str) -> String {
        match self {
            Self::Ratio => format!("natural logarithm of `{column}`"),
            Self::Signed | Self::OneSided => format!("`{column}`"),
        }
    }

    /// Makes the effect of a number.
    pub(super) fn effect(self, number: f64, column: &str) -> Result<f64, Rejection> {
        match self {
            Self::Ratio if number <= 0.0 => Err(Rejection {
                code: "ratio_not_positive",
                reason: format!("`{column}` is {number}; a ratio is above 0"),
            }),
            Self::Ratio => Ok(number.ln()),
            Self::Signed | Self::OneSided => Ok(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_and_its_inverse_are_opposite_effects() {
        let of = |number| EffectKind::Ratio.effect(number, "or").unwrap();
        assert!((of(2.0) + of(0.5)).abs() < 1e-15);
        assert!((of(2.0) - std::f64::consts::LN_2).abs() < 1e-15);
        assert_eq!(
            EffectKind::Ratio.effect(0.0, "or").unwrap_err().code,
            "ratio_not_positive"
        );
    }
}
