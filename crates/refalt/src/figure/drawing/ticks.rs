//! Axis ranges and tick values that read well.

/// An axis: its range and where its ticks stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ticks {
    /// Lower end of the axis.
    pub(crate) low: f64,
    /// Upper end of the axis.
    pub(crate) high: f64,
    /// Distance between ticks.
    pub(crate) step: f64,
    /// Decimals that tick labels need.
    pub(crate) decimals: usize,
}

impl Ticks {
    /// Returns the smallest axis with round ticks that holds `low` to `high`.
    ///
    /// The step is 1, 2, 2.5 or 5 times a power of ten, near to what `wanted` intervals need.
    ///
    /// * `wanted`: number of intervals to aim at.
    ///
    /// # Source
    /// Heckbert 1990, "Nice numbers for graph labels", Graphics Gems I, p. 61, with 2.5 added.
    pub(crate) fn covering(low: f64, high: f64, wanted: usize) -> Self {
        let (low, high) = if low < high {
            (low, high)
        } else {
            (low - 0.5, low + 0.5)
        };
        let rough = (high - low) / wanted.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor());
        let (factor, extra_decimals) = match rough / power {
            // Borders are geometric means of neighbouring factors.
            f if f < 1.41 => (1.0, 0),
            f if f < 2.24 => (2.0, 0),
            f if f < 3.54 => (2.5, 1),
            f if f < 7.07 => (5.0, 0),
            _ => (10.0, 0),
        };
        let step = factor * power;
        // The digits of the step after the point: 0.25 needs two, 0.2 one, 50 none.
        let exponent = if factor == 10.0 {
            power.log10().round() + 1.0
        } else {
            power.log10().round()
        };
        let decimals = (extra_decimals as f64 - exponent).max(0.0) as usize;
        // A value that already is a multiple must not gain an interval by rounding.
        let snug = 1e-9;
        let (first, last) = ((low / step + snug).floor(), (high / step - snug).ceil());
        Self {
            low: first * step,
            high: last * step,
            step,
            decimals,
        }
    }

    /// Returns an axis that ends a little beyond `low` and `high`, so that marks there are not cut.
    ///
    /// Ticks are round; the ends are not.
    pub(crate) fn padded(low: f64, high: f64, wanted: usize) -> Self {
        let pad = 0.04 * (high - low);
        if pad > 0.0 {
            Self {
                low: low - pad,
                high: high + pad,
                ..Self::covering(low, high, wanted)
            }
        } else {
            Self::covering(low, high, wanted)
        }
    }

    /// Returns the tick values in order: the multiples of the step on the axis.
    pub(crate) fn values(&self) -> Vec<f64> {
        let snug = 1e-9;
        let (first, last) = (
            (self.low / self.step - snug).ceil(),
            (self.high / self.step + snug).floor(),
        );
        (0..=(last - first) as usize)
            .map(|i| (first + i as f64) * self.step)
            .collect()
    }

    /// Returns the text of a tick.
    pub(crate) fn label(&self, value: f64) -> String {
        super::number::fixed(value, self.decimals)
    }
}

/// Returns the bases of `first..=last` (1-based) that carry a tick: multiples of a round step.
///
/// * `px_per_base`: scale of the axis.
/// * `room_px`: least distance between ticks.
pub(crate) fn genomic(first: u32, last: u32, px_per_base: f64, room_px: f64) -> Vec<u32> {
    let needed = (room_px / px_per_base).max(1.0);
    let step = (0u32..10)
        .flat_map(|power| [1u64, 2, 5].map(|factor| factor * 10u64.pow(power)))
        .find(|&step| step as f64 >= needed)
        .unwrap_or(u64::from(u32::MAX));
    let start = u64::from(first).div_ceil(step) * step;
    (start..=u64::from(last))
        .step_by(step as usize)
        .filter_map(|base| u32::try_from(base).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_data() {
        let check = |low, high, wanted, expected: (f64, f64, f64, usize)| {
            let t = Ticks::covering(low, high, wanted);
            assert_eq!((t.low, t.high, t.step, t.decimals), expected, "{low} {high}");
        };
        check(-0.95, 2.0, 6, (-1.0, 2.0, 0.5, 1));
        check(0.0, 1.0, 5, (0.0, 1.0, 0.2, 1));
        check(0.0, 100.0, 4, (0.0, 100.0, 25.0, 0));
        check(0.0, 1.0, 4, (0.0, 1.0, 0.25, 2));
        check(3.0, 3.0, 2, (2.5, 3.5, 0.5, 1));
        check(0.0, 96.0, 10, (0.0, 100.0, 10.0, 0));
        check(0.0, 0.095, 10, (0.0, 0.1, 0.01, 2));
    }

    #[test]
    fn labels_have_the_digits_of_the_step() {
        let t = Ticks::covering(-0.5, 0.5, 4);
        let labels: Vec<String> = t.values().into_iter().map(|v| t.label(v)).collect();
        assert_eq!(labels, ["\u{2212}0.50", "\u{2212}0.25", "0.00", "0.25", "0.50"]);
    }

    #[test]
    fn a_padded_axis_has_the_same_ticks_and_free_ends() {
        let t = Ticks::padded(-1.0, 2.0, 6);
        // 4 % of 3 is 0.12.
        assert_eq!((t.low, t.high), (-1.12, 2.12));
        assert_eq!(t.values(), [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(Ticks::padded(3.0, 3.0, 2).values(), [2.5, 3.0, 3.5]);
    }

    #[test]
    fn genomic_ticks_are_multiples_inside_the_range() {
        // 7 px per base and 70 px of room: ten bases apart.
        assert_eq!(
            genomic(1_294_989, 1_295_021, 7.0, 70.0),
            [1_294_990, 1_295_000, 1_295_010, 1_295_020]
        );
        // Half a pixel per base: 140 bases needed, 200 taken.
        assert_eq!(genomic(1, 500, 0.5, 70.0), [200, 400]);
        assert_eq!(genomic(5, 7, 20.0, 10.0), [5, 6, 7]);
    }
}
