//! Bins brought to the width of a page.

use super::{LEFT, RIGHT, TrackRow};
use refalt_core::Interval;

/// Neighbouring bins that are drawn as one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Column {
    /// The bases, cut to what is shown.
    pub(super) bases: Interval,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) reference: f64,
    pub(super) alternate: Option<f64>,
    pub(super) difference: Option<f64>,
}

/// Returns the columns of a track in what is shown: its bins, or groups of equally many where there are more than `most`.
pub(super) fn columns(row: &TrackRow, shown: Interval, most: usize) -> Vec<Column> {
    let bins = row.bins.iter().enumerate();
    let inside: Vec<(usize, Interval)> = bins
        .filter_map(|(index, bases)| Some((index, bases.intersect(shown)?)))
        .collect();
    let together = inside.len().div_ceil(most).max(1);
    let x = |bound: u32| LEFT + f64::from(bound - shown.bed_start()) * (RIGHT - LEFT) / f64::from(shown.len());
    let greatest = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, f64::max);
    inside
        .chunks(together)
        .filter_map(|group| {
            let (first, last) = (group.first()?.1, group.last()?.1);
            let bases = Interval::from_bed(first.bed_start(), last.bed_end())?;
            let alternate = row.alternate.as_ref();
            let differences =
                alternate.map(|alternate| group.iter().map(|&(bin, _)| alternate[bin] - row.reference[bin]));
            Some(Column {
                bases,
                from: x(bases.bed_start()),
                to: x(bases.bed_end()),
                reference: greatest(&mut group.iter().map(|&(bin, _)| row.reference[bin])),
                alternate: alternate.map(|alternate| greatest(&mut group.iter().map(|&(bin, _)| alternate[bin]))),
                difference: differences.and_then(|all| all.max_by(|a, b| a.abs().total_cmp(&b.abs()))),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_its_greatest_value_and_its_greatest_difference_with_its_sign() {
        let bin = |at: u32| Interval::from_bed(10 * at, 10 * at + 10).unwrap();
        let row = TrackRow {
            bins: (0..4).map(bin).collect(),
            reference: vec![1.0, 5.0, 2.0, 2.0],
            alternate: Some(vec![1.5, 2.0, 2.0, 3.0]),
            ..TrackRow::default()
        };
        // Bins 1 to 3 and a half of bin 0, at most two columns: bins 0 and 1, bins 2 and 3.
        let found = columns(&row, Interval::from_bed(5, 40).unwrap(), 2);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].bases, Interval::from_bed(5, 20).unwrap());
        assert_eq!(
            (found[0].reference, found[0].alternate, found[0].difference),
            (5.0, Some(2.0), Some(-3.0))
        );
        assert_eq!((found[1].reference, found[1].difference), (2.0, Some(1.0)));
        assert_eq!((found[0].from, found[1].to), (LEFT, RIGHT));
        assert_eq!(columns(&row, Interval::from_bed(0, 40).unwrap(), 600).len(), 4);
        assert!(columns(&row, Interval::from_bed(50, 60).unwrap(), 600).is_empty());
    }
}
