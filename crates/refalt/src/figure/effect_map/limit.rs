//! Which value takes the end colours of a panel, and how the legend writes it.

use super::{ColourLimit, EffectPanel};
use crate::figure::drawing::font::{Weight, text_width};
use crate::figure::drawing::look;
use crate::figure::drawing::number::fixed;

/// The absolute value that takes the end colours.
#[derive(Debug, PartialEq)]
pub(super) struct Limit {
    pub(super) value: f64,
    decimals: usize,
    /// Values with a larger absolute value.
    pub(super) beyond: usize,
    /// All values.
    pub(super) count: usize,
}

impl Limit {
    pub(super) fn of(panel: &EffectPanel) -> Self {
        let mut sizes: Vec<f64> = panel.effects.iter().flatten().filter_map(|e| e.map(f64::abs)).collect();
        sizes.sort_by(f64::total_cmp);
        let largest = sizes.last().copied().unwrap_or(0.0);
        let wanted = match panel.limit {
            ColourLimit::Maximum => largest,
            ColourLimit::Fixed(limit) => limit,
            ColourLimit::Quantile(q) => {
                let rank = (q * sizes.len() as f64).ceil() as usize;
                sizes.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
            }
        };
        // A panel without any effect is drawn in the middle colour whatever the limit; 1 keeps it finite.
        let wanted = if wanted > 0.0 { wanted } else { 1.0 };
        // METHOD: limits that are not given are rounded up to two significant digits, which the legend can print.
        let power = wanted.log10().floor() as i32 - 1;
        let decimals = usize::try_from(-power).unwrap_or(0);
        let value = match panel.limit {
            ColourLimit::Fixed(limit) => limit,
            _ => (wanted / 10f64.powi(power) - 1e-9).ceil() * 10f64.powi(power),
        };
        let beyond = sizes.iter().filter(|size| **size > value).count();
        Self {
            value,
            decimals,
            beyond,
            count: sizes.len(),
        }
    }

    pub(super) fn text(&self) -> String {
        fixed(self.value, self.decimals)
    }

    pub(super) fn low_label(&self) -> String {
        let sign = if self.beyond > 0 { "\u{2264} " } else { "" };
        format!("{sign}\u{2212}{}", self.text())
    }

    pub(super) fn high_label(&self) -> String {
        let sign = if self.beyond > 0 { "\u{2265} " } else { "" };
        format!("{sign}+{}", self.text())
    }

    pub(super) fn half_label_width(&self) -> f64 {
        text_width(&self.high_label(), look::TICK, Weight::Regular) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(values: &[f64], limit: ColourLimit) -> Limit {
        let effects = values.iter().map(|v| [Some(*v), None, None, None]).collect();
        Limit::of(&EffectPanel {
            effects,
            limit,
            ..EffectPanel::default()
        })
    }

    #[test]
    fn limits_are_rounded_up_and_count_what_they_cut() {
        let values = [0.1, -0.2, 0.3, -0.4, 1.234];
        // Nearest rank: ceil(0.8 x 5) = 4th smallest, 0.4.
        let cut = limit(&values, ColourLimit::Quantile(0.8));
        assert_eq!((cut.text().as_str(), cut.beyond, cut.count), ("0.40", 1, 5));
        assert_eq!(cut.high_label(), "\u{2265} +0.40");
        let whole = limit(&values, ColourLimit::Maximum);
        assert_eq!((whole.text().as_str(), whole.beyond), ("1.3", 0));
        assert_eq!(whole.low_label(), "\u{2212}1.3");
        assert_eq!(limit(&[0.0], ColourLimit::default()).value, 1.0);
        assert_eq!(limit(&[250.0], ColourLimit::Maximum).text(), "250");
    }
}
