//! Functions of single values, over whole matrices.
//!
//! Each is written without branches, so that the compiler makes vector instructions of it; `pulp` chooses those of the
//! processor at hand. No multiplication is fused with an addition: every processor gives the same bits.

use rayon::prelude::*;

/// Values of a share of work.
const SHARE: usize = 1 << 14;

/// Runs `work` compiled for the widest instructions of this processor.
#[inline]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// Applies `function` to every value.
pub(crate) fn map(values: &mut [f32], function: impl Fn(f32) -> f32 + Sync) {
    values
        .par_chunks_mut(SHARE)
        .for_each(|values| map_here(values, &function));
}

/// Applies `function` to every value, on this thread.
pub(crate) fn map_here(values: &mut [f32], function: impl Fn(f32) -> f32) {
    vectorised(
        #[inline(always)]
        || {
            for value in values.iter_mut() {
                *value = function(*value);
            }
        },
    );
}

/// Applies `function` to every row of `width` values, on the threads of the pool.
pub(crate) fn for_rows(values: &mut [f32], width: usize, function: impl Fn(usize, &mut [f32]) + Sync) {
    let rows = (SHARE / width).max(1);
    values
        .par_chunks_mut(rows * width)
        .enumerate()
        .for_each(|(share, values)| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, values) in values.chunks_exact_mut(width).enumerate() {
                        function(share * rows + row, values);
                    }
                },
            );
        });
}

/// e^x, to 2 units in the last place; x beyond -87 and 88 is taken as that.
///
/// METHOD: x = n ln 2 + r with |r| <= ln 2 / 2; e^r by the polynomial of degree 6 of the Cephes library (`expf.c`, Moshier).
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const TO_INTEGER: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x > 88.0 { 88.0 } else { x };
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + TO_INTEGER;
    let n = shifted - TO_INTEGER;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let fraction = p * (r * r) + r + 1.0;
    let exponent = shifted.to_bits().wrapping_sub(TO_INTEGER.to_bits()).wrapping_add(127);
    fraction * f32::from_bits(exponent << 23)
}

/// ln(1 + x) for x from 0 to 1.
///
/// METHOD: the polynomial of the Cephes library (`logf.c`, Moshier) for w = 1 + x, with the part of x that w has lost put back.
#[inline(always)]
fn ln_1_plus(x: f32) -> f32 {
    let w = 1.0 + x;
    let lost = (x - (w - 1.0)) / w;
    let halved = w > std::f32::consts::SQRT_2;
    let m = if halved { w * 0.5 } else { w } - 1.0;
    let e = if halved { 1.0 } else { 0.0 };
    let z = m * m;
    let p = 7.037_683_6e-2;
    let p = p * m - 0.115_146_1;
    let p = p * m + 1.167_699_87e-1;
    let p = p * m - 1.242_014_1e-1;
    let p = p * m + 1.424_932_3e-1;
    let p = p * m - 1.666_805_7e-1;
    let p = p * m + 2.000_071_5e-1;
    let p = p * m - 2.499_999_4e-1;
    let p = p * m + 0.333_333_3;
    let y = m * z * p + e * -2.121_944_4e-4 - 0.5 * z;
    m + y + e * 0.693_359_4 + lost
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// x sigmoid(1.702 x): the GELU of convolutions and output embeddings.
#[inline(always)]
pub(crate) fn gelu_sigmoid(x: f32) -> f32 {
    x * sigmoid(1.702 * x)
}

/// tanh x, to 2e-7 absolute.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2: the GELU of the pair representation (`jax.nn.gelu`).
#[inline(always)]
pub(crate) fn gelu_tanh(x: f32) -> f32 {
    const SQRT_2_OVER_PI: f32 = 0.797_884_6;
    x * (0.5 * (1.0 + tanh(SQRT_2_OVER_PI * (x + 0.044_715 * (x * x * x)))))
}

/// ln(1 + e^x).
#[inline(always)]
pub(crate) fn softplus(x: f32) -> f32 {
    let positive = if x > 0.0 { x } else { 0.0 };
    // `x.abs()` keeps NaN, which the sum must show.
    positive + ln_1_plus(exp(-x.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range() -> impl Iterator<Item = f32> {
        (-4000..=4000).map(|i| i as f32 * 0.020_37)
    }

    #[test]
    fn functions_equal_those_of_the_standard_library() {
        for x in range() {
            let wide = f64::from(x);
            let near = |found: f32, expected: f64, relative: f64, absolute: f64| {
                let found = f64::from(found);
                assert!(
                    (found - expected).abs() <= relative * expected.abs() + absolute,
                    "{x}: {found} {expected}"
                );
            };
            near(exp(x), wide.exp(), 2.4e-7, 1e-37);
            near(sigmoid(x), 1.0 / (1.0 + (-wide).exp()), 4e-7, 1e-37);
            near(
                gelu_sigmoid(x),
                wide / (1.0 + (-f64::from(1.702 * x)).exp()),
                5e-7,
                1e-35,
            );
            near(tanh(x), wide.tanh(), 0.0, 2e-7);
            let inner = 0.797_884_560_802_865_4 * (wide + 0.044_715 * wide.powi(3));
            near(gelu_tanh(x), 0.5 * wide * (1.0 + inner.tanh()), 3e-7, 4e-7 * wide.abs());
            near(softplus(x), wide.max(0.0) + (-wide.abs()).exp().ln_1p(), 4e-7, 1e-37);
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        assert!(
            [exp, sigmoid, gelu_sigmoid, tanh, gelu_tanh, softplus]
                .iter()
                .all(|f| f(f32::NAN).is_nan())
        );
        assert_eq!((exp(-1e9), softplus(-1e9)), (exp(-87.0), exp(-87.0)));
    }

    #[test]
    fn a_value_does_not_depend_on_its_place() {
        let mut values: Vec<f32> = range().collect();
        let expected: Vec<f32> = values.iter().map(|&x| gelu_sigmoid(x)).collect();
        map(&mut values, gelu_sigmoid);
        assert_eq!(values, expected);
    }
}
