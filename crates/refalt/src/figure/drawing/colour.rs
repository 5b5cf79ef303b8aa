//! Colours that people with colour vision deficiency can tell apart, and the diverging scale for signed values.
//!
//! Categorical colours are those of Okabe and Ito (2008, "Color Universal Design"). The diverging scale runs
//! from blue over near-white to vermilion, interpolated in OKLab (Ottosson 2020), so that equal steps in the
//! value look like equal steps in colour and both signs reach the same lightness.

/// An sRGB colour, 8 bits per channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour {
    pub(crate) red: u8,
    pub(crate) green: u8,
    pub(crate) blue: u8,
}

impl Colour {
    pub(crate) const fn from_hex(rgb: u32) -> Self {
        Self {
            red: (rgb >> 16) as u8,
            green: (rgb >> 8) as u8,
            blue: rgb as u8,
        }
    }

    /// Returns `#rrggbb`.
    pub(crate) fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

/// Text and marks of the first rank.
pub(crate) const INK: Colour = Colour::from_hex(0x1a1a1a);
/// Text of the second rank; contrast to white is 6 to 1.
pub(crate) const MUTED: Colour = Colour::from_hex(0x5a5f66);
/// Axis lines and ticks.
pub(crate) const AXIS: Colour = Colour::from_hex(0x4d4d4d);
/// Grid lines.
pub(crate) const GRID: Colour = Colour::from_hex(0xe7e7e7);
/// Values that were not measured or not predicted.
pub(crate) const MISSING: Colour = Colour::from_hex(0xc4c4c4);
/// The page.
pub(crate) const PAPER: Colour = Colour::from_hex(0xffffff);
/// Marker pen behind a variant base.
pub(crate) const HIGHLIGHT: Colour = Colour::from_hex(0xfff0a8);

/// Blue of Okabe and Ito: the first data colour.
pub(crate) const BLUE: Colour = Colour::from_hex(0x0072b2);
/// Vermilion of Okabe and Ito: named variants and emphasis.
pub(crate) const VERMILION: Colour = Colour::from_hex(0xd55e00);
/// Bluish green of Okabe and Ito.
pub(crate) const GREEN: Colour = Colour::from_hex(0x009e73);
/// Orange of Okabe and Ito.
pub(crate) const ORANGE: Colour = Colour::from_hex(0xe69f00);
/// Sky blue of Okabe and Ito.
pub(crate) const SKY: Colour = Colour::from_hex(0x56b4e9);
/// Reddish purple of Okabe and Ito.
pub(crate) const PURPLE: Colour = Colour::from_hex(0xcc79a7);

/// Colours of series, in the order in which they are given out.
pub(crate) const SERIES: [Colour; 6] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY];

/// Lowest, middle and highest colour of the diverging scale.
const DIVERGING: [Colour; 3] = [
    Colour::from_hex(0x08519c),
    Colour::from_hex(0xf7f7f5),
    Colour::from_hex(0xb03a00),
];

/// Returns the colour of a base letter: A green, C blue, G orange, T vermilion, anything else grey.
pub(crate) fn base(letter: char) -> Colour {
    match letter.to_ascii_uppercase() {
        'A' => GREEN,
        'C' => BLUE,
        'G' => ORANGE,
        'T' | 'U' => VERMILION,
        _ => MUTED,
    }
}

/// Returns the colour of `fraction` on the diverging scale.
///
/// * `fraction`: value divided by the limit of the scale; below -1 and above 1 the end colours are used, which
///   the legend of the figure must say.
pub(crate) fn diverging(fraction: f64) -> Colour {
    let amount = fraction.abs().min(1.0);
    let end = if fraction < 0.0 { DIVERGING[0] } else { DIVERGING[2] };
    let (from, to) = (Oklab::from_srgb(DIVERGING[1]), Oklab::from_srgb(end));
    let mix = |a: f64, b: f64| a + (b - a) * amount;
    Oklab {
        l: mix(from.l, to.l),
        a: mix(from.a, to.a),
        b: mix(from.b, to.b),
    }
    .to_srgb()
}

/// A colour in OKLab.
#[derive(Clone, Copy, Debug)]
struct Oklab {
    l: f64,
    a: f64,
    b: f64,
}

impl Oklab {
    /// Source: Björn Ottosson, "A perceptual color space for image processing" (2020), matrices for linear sRGB.
    fn from_srgb(colour: Colour) -> Self {
        let [r, g, b] = [colour.red, colour.green, colour.blue].map(|c| linear(f64::from(c) / 255.0));
        let l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b).cbrt();
        let m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b).cbrt();
        let s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b).cbrt();
        Self {
            l: 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            a: 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            b: 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
        }
    }

    fn to_srgb(self) -> Colour {
        let l = (self.l + 0.3963377774 * self.a + 0.2158037573 * self.b).powi(3);
        let m = (self.l - 0.1055613458 * self.a - 0.0638541728 * self.b).powi(3);
        let s = (self.l - 0.0894841775 * self.a - 1.2914855480 * self.b).powi(3);
        let byte = |linear: f64| (gamma(linear).clamp(0.0, 1.0) * 255.0).round() as u8;
        Colour {
            red: byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
            green: byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
            blue: byte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s),
        }
    }
}

/// sRGB transfer function, IEC 61966-2-1.
fn linear(encoded: f64) -> f64 {
    if encoded <= 0.04045 {
        encoded / 12.92
    } else {
        ((encoded + 0.055) / 1.055).powf(2.4)
    }
}

fn gamma(linear: f64) -> f64 {
    if linear <= 0.0031308 {
        linear * 12.92
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oklab_agrees_with_published_values() {
        // CSS Color Module Level 4, sample conversions: sRGB red, green (#00ff00), blue in OKLab.
        let cases = [
            (0xff0000, [0.62796, 0.22486, 0.12585]),
            (0x00ff00, [0.86644, -0.23389, 0.17950]),
            (0x0000ff, [0.45201, -0.03246, -0.31153]),
            (0xffffff, [1.0, 0.0, 0.0]),
        ];
        for (hex, [l, a, b]) in cases {
            let lab = Oklab::from_srgb(Colour::from_hex(hex));
            assert!((lab.l - l).abs() < 1e-4, "{hex:06x} {lab:?}");
            assert!((lab.a - a).abs() < 1e-4, "{hex:06x} {lab:?}");
            assert!((lab.b - b).abs() < 1e-4, "{hex:06x} {lab:?}");
            assert_eq!(lab.to_srgb(), Colour::from_hex(hex));
        }
    }

    #[test]
    fn the_diverging_scale_is_monotone_and_balanced() {
        for sign in [-1.0, 1.0] {
            let lightness: Vec<f64> = (0..=10)
                .map(|i| Oklab::from_srgb(diverging(sign * f64::from(i) / 10.0)).l)
                .collect();
            assert!(lightness.windows(2).all(|pair| pair[1] < pair[0]), "{lightness:?}");
        }
        let [low, high] = [-1.0, 1.0].map(|f| Oklab::from_srgb(diverging(f)).l);
        assert!(
            (low - high).abs() < 0.08,
            "both signs must weigh the same: {low} {high}"
        );
        assert_eq!(diverging(-7.0), diverging(-1.0));
    }

    /// Simulated dichromat view, severity 1: Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, table 1.
    const DICHROMATS: [[[f64; 3]; 3]; 3] = [
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ];

    fn seen(colour: Colour, matrix: &[[f64; 3]; 3]) -> Oklab {
        let rgb = [colour.red, colour.green, colour.blue].map(|c| linear(f64::from(c) / 255.0));
        let [red, green, blue] = [0, 1, 2].map(|row| {
            let value: f64 = (0..3).map(|column| matrix[row][column] * rgb[column]).sum();
            (gamma(value.clamp(0.0, 1.0)) * 255.0).round() as u8
        });
        Oklab::from_srgb(Colour { red, green, blue })
    }

    fn distance(a: Oklab, b: Oklab) -> f64 {
        ((a.l - b.l).powi(2) + (a.a - b.a).powi(2) + (a.b - b.b).powi(2)).sqrt()
    }

    #[test]
    fn signs_and_bases_stay_distinct_for_dichromats() {
        // A just noticeable difference is about 0.02 in OKLab; five times that is plain to see.
        for matrix in &DICHROMATS {
            let ends = distance(seen(diverging(-0.5), matrix), seen(diverging(0.5), matrix));
            assert!(ends > 0.1, "half scale, both signs: {ends}");
            let letters = ['A', 'C', 'G', 'T'];
            for (i, &one) in letters.iter().enumerate() {
                for &other in &letters[i + 1..] {
                    let apart = distance(seen(base(one), matrix), seen(base(other), matrix));
                    assert!(apart > 0.07, "{one} {other}: {apart}");
                }
            }
        }
    }
}
