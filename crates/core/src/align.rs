//! Lays the prediction of the alternate sequence on reference coordinates.
//!
//! The alternate sequence of an indel has other bases at the same offsets to the right of the event, so values
//! cannot be compared offset by offset. This is the one place where that is put right.

use crate::variant::CheckedVariant;
use crate::window::{Offset, Window};

/// An indel that cannot be laid on the window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the deletion {variant} runs past the end of the window {window}")]
pub struct AlignError {
    /// The variant.
    pub variant: String,
    /// The window.
    pub window: String,
}

/// Lays `alternate`, `[length x width]` values at 1 bp for the whole window, on reference coordinates, in place.
///
/// With i the offset of the variant, p = i + min(len(REF), len(ALT)) - 1 the last shared base and
/// n = len(ALT) - len(REF):
///
/// * n = 0: nothing changes;
/// * n > 0: the value at p becomes the maximum over the offsets p to p + n, later values move n to the left, the
///   last n become 0;
/// * n < 0: the -n deleted bases after p become 0, later values move -n to the right, the last -n are lost.
///
/// # Errors
/// [`AlignError`] when a deletion runs past the end of the window.
///
/// # Source
/// `align_alternate` of the published scorers (alphagenome_research, `variant_scoring.py`).
pub fn on_reference(
    alternate: &mut [f32],
    width: usize,
    variant: &CheckedVariant,
    window: &Window,
) -> Result<(), AlignError> {
    let (r, a) = (variant.reference_bases().len(), variant.alternate_bases().len());
    let Some(start) = window.offset_of(variant.position()).map(Offset::index) else {
        return Ok(());
    };
    align(alternate, width, start, r, a).map_err(|PastEnd| AlignError {
        variant: variant.to_string(),
        window: window.to_string(),
    })
}

/// The deleted bases do not all lie in the window.
#[derive(Debug, PartialEq, Eq)]
struct PastEnd;

/// See [`on_reference`]; `start` is i, `r` and `a` are the numbers of bases of REF and ALT.
fn align(values: &mut [f32], width: usize, start: usize, r: usize, a: usize) -> Result<(), PastEnd> {
    if r == a || width == 0 {
        return Ok(());
    }
    let length = values.len() / width;
    let last_shared = (start + r.min(a)).saturating_sub(1);
    if a > r {
        let n = a - r;
        let last = (last_shared + n).min(length - 1);
        for column in 0..width {
            let maximum = (last_shared..=last)
                .map(|offset| values[offset * width + column])
                .fold(f32::NEG_INFINITY, f32::max);
            values[last_shared * width + column] = maximum;
        }
        let from = (last_shared + n + 1).min(length);
        values.copy_within(from * width.., (last_shared + 1) * width);
        values[(length - n.min(length)) * width..].fill(0.0);
    } else {
        let d = r - a;
        let first_deleted = last_shared + 1;
        if first_deleted + d > length {
            return Err(PastEnd);
        }
        values.copy_within(first_deleted * width..(length - d) * width, (first_deleted + d) * width);
        values[first_deleted * width..(first_deleted + d) * width].fill(0.0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aligned(values: &[f32], start: usize, r: usize, a: usize) -> Vec<f32> {
        let mut values = values.to_vec();
        align(&mut values, 1, start, r, a).unwrap();
        values
    }

    #[test]
    fn a_substitution_is_the_identity() {
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(aligned(&values, 1, 1, 1), values);
        assert_eq!(aligned(&values, 1, 2, 2), values);
    }

    #[test]
    fn an_insertion_keeps_its_highest_value_at_the_anchor() {
        // A > ATT at offset 1: the anchor holds max(2, 9, 3), the rest moves left by 2, the end is 0.
        let values = [1.0, 2.0, 9.0, 3.0, 5.0, 6.0, 7.0];
        assert_eq!(aligned(&values, 1, 1, 3), [1.0, 9.0, 5.0, 6.0, 7.0, 0.0, 0.0]);
    }

    #[test]
    fn a_deletion_reads_zero_and_moves_the_rest_right() {
        // ACC > A at offset 1: offsets 2 and 3 are gone.
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(aligned(&values, 1, 3, 1), [1.0, 2.0, 0.0, 0.0, 3.0, 4.0]);
    }

    #[test]
    fn a_deletion_past_the_end_is_refused() {
        assert_eq!(align(&mut [1.0, 2.0, 3.0], 1, 1, 3, 1), Err(PastEnd));
    }
}
