//! Where labels go so that no two of them overlap.

/// A rectangle in px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Area {
    pub(crate) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.height
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    pub(crate) fn contains(&self, inner: &Self) -> bool {
        self.x <= inner.x && self.y <= inner.y && inner.right() <= self.right() && inner.bottom() <= self.bottom()
    }
}

/// Moves the centres of labels on one line apart until none overlap, each as little as possible.
///
/// The sum of squared shifts is minimal: labels that collide form a block that stands at the mean of what
/// its members want (pool adjacent violators). Blocks are kept inside `low..high` when they fit there.
///
/// * `wanted`: wanted centre and width of each label, in order of the centre.
/// * Returns the centres, or `None` when the labels together are wider than the line.
pub(crate) fn spread(wanted: &[(f64, f64)], low: f64, high: f64, gap: f64) -> Option<Vec<f64>> {
    let total: f64 = wanted.iter().map(|(_, width)| width + gap).sum::<f64>() - gap;
    if total > high - low {
        return None;
    }
    struct Block {
        first: usize,
        count: usize,
        start_sum: f64,
        length: f64,
    }
    // A block's left edge stands at the mean of the left edges its members want, less what lies before them.
    let place = |block: &Block| {
        let mean = block.start_sum / block.count as f64;
        mean.clamp(low, (high - (block.length - gap)).max(low))
    };
    let mut blocks: Vec<Block> = Vec::new();
    for (index, &(centre, width)) in wanted.iter().enumerate() {
        let mut block = Block {
            first: index,
            count: 1,
            start_sum: centre - width / 2.0,
            length: width + gap,
        };
        while let Some(before) = blocks.last() {
            if place(before) + before.length <= place(&block) {
                break;
            }
            let before = blocks.pop().expect("the loop condition saw it");
            block = Block {
                first: before.first,
                count: before.count + block.count,
                start_sum: before.start_sum + block.start_sum - before.length * block.count as f64,
                length: before.length + block.length,
            };
        }
        blocks.push(block);
    }
    let mut centres = vec![0.0; wanted.len()];
    for block in &blocks {
        let mut edge = place(block);
        for index in block.first..block.first + block.count {
            let width = wanted[index].1;
            centres[index] = edge + width / 2.0;
            edge += width + gap;
        }
    }
    Some(centres)
}

/// Distributes labels over as few lines as hold them; line 0 is nearest to the marks.
///
/// Neighbours go to different lines in turn, so that leaders stay short.
///
/// * Returns line and centre of each label, or `None` when a label is wider than the line.
pub(crate) fn spread_over_lines(wanted: &[(f64, f64)], low: f64, high: f64, gap: f64) -> Option<Vec<(usize, f64)>> {
    if wanted.iter().any(|(_, width)| *width > high - low) {
        return None;
    }
    for lines in 1..=wanted.len() {
        let per_line: Option<Vec<Vec<f64>>> = (0..lines)
            .map(|line| {
                let members: Vec<_> = wanted.iter().skip(line).step_by(lines).copied().collect();
                spread(&members, low, high, gap)
            })
            .collect();
        if let Some(per_line) = per_line {
            return Some(
                (0..wanted.len())
                    .map(|i| (i % lines, per_line[i % lines][i / lines]))
                    .collect(),
            );
        }
    }
    Some(Vec::new())
}

/// Assigns extents to rows so that none overlap within a row, first fit in the order given.
///
/// * `extents`: left and right edge of each item.
/// * Returns the row of each item, 0 is the first.
pub(crate) fn pack(extents: &[(f64, f64)], gap: f64) -> Vec<usize> {
    let mut rows: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut places = Vec::with_capacity(extents.len());
    for &(left, right) in extents {
        let is_free = |row: &Vec<(f64, f64)>| row.iter().all(|&(l, r)| right + gap <= l || r + gap <= left);
        let row = rows.iter().position(is_free).unwrap_or(rows.len());
        if row == rows.len() {
            rows.push(Vec::new());
        }
        rows[row].push((left, right));
        places.push(row);
    }
    places
}

/// A mark and the size of its label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labelled {
    pub(crate) at: (f64, f64),
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Chooses a place beside each anchor for a label of the given size.
///
/// Tries eight places around the anchor at growing distance and takes the first that lies inside `frame` and
/// overlaps no label placed before; marks under a label count against a place, they do not forbid it.
///
/// * `anchors`: the labelled marks.
/// * `marks`: all marks, labelled or not.
/// * Returns the label's area per anchor, `None` where none was free.
pub(crate) fn beside(anchors: &[Labelled], marks: &[(f64, f64)], frame: Area) -> Vec<Option<Area>> {
    const DIRECTIONS: [(f64, f64); 8] = [
        (1.0, -1.0),
        (1.0, 0.0),
        (-1.0, -1.0),
        (-1.0, 0.0),
        (1.0, 1.0),
        (-1.0, 1.0),
        (0.0, -1.0),
        (0.0, 1.0),
    ];
    let mut taken: Vec<Area> = Vec::new();
    let mut places = Vec::with_capacity(anchors.len());
    for &Labelled {
        at: (x, y),
        width,
        height,
    } in anchors
    {
        let mut best: Option<(usize, Area)> = None;
        for distance in [6.0, 12.0, 24.0, 40.0, 60.0] {
            for (dx, dy) in DIRECTIONS {
                let left = x + dx * distance - width * (1.0 - dx) / 2.0;
                let top = y + dy * distance * 0.8 - height * (1.0 - dy) / 2.0;
                let area = Area {
                    x: left,
                    y: top,
                    width,
                    height,
                };
                if !frame.contains(&area) || taken.iter().any(|t| t.overlaps(&area)) {
                    continue;
                }
                let padded = Area {
                    x: left - 3.0,
                    y: top - 2.0,
                    width: width + 6.0,
                    height: height + 4.0,
                };
                let covered = marks
                    .iter()
                    .filter(|(mx, my)| {
                        *mx > padded.x && *mx < padded.right() && *my > padded.y && *my < padded.bottom()
                    })
                    .count();
                if best.is_none_or(|(least, _)| covered < least) {
                    best = Some((covered, area));
                }
            }
            if best.is_some_and(|(covered, _)| covered == 0) {
                break;
            }
        }
        let area = best.map(|(_, area)| area);
        taken.extend(area);
        places.push(area);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colliding_labels_share_the_shift() {
        // Two labels 20 wide at 50 and 56 with a gap of 2: 22 apart around 53, so 42 and 64.
        assert_eq!(
            spread(&[(50.0, 20.0), (56.0, 20.0)], 0.0, 200.0, 2.0),
            Some(vec![42.0, 64.0])
        );
        // Far apart: left where they are.
        assert_eq!(
            spread(&[(50.0, 20.0), (90.0, 20.0)], 0.0, 200.0, 2.0),
            Some(vec![50.0, 90.0])
        );
        // At the edge: pushed inside.
        assert_eq!(spread(&[(3.0, 20.0)], 0.0, 200.0, 2.0), Some(vec![10.0]));
        assert_eq!(spread(&[(3.0, 20.0), (3.0, 20.0)], 0.0, 30.0, 2.0), None);
    }

    #[test]
    fn a_full_line_overflows_to_the_next() {
        let wanted = [(10.0, 30.0), (12.0, 30.0), (14.0, 30.0)];
        let lines: Vec<usize> = spread_over_lines(&wanted, 0.0, 70.0, 2.0)
            .unwrap()
            .into_iter()
            .map(|(line, _)| line)
            .collect();
        assert_eq!(lines, [0, 1, 0]);
        assert_eq!(spread_over_lines(&[(0.0, 80.0)], 0.0, 70.0, 2.0), None);
    }

    #[test]
    fn items_share_rows_where_they_fit() {
        assert_eq!(
            pack(&[(0.0, 10.0), (5.0, 20.0), (12.0, 15.0), (11.0, 13.0)], 1.0),
            [0, 1, 0, 2]
        );
    }

    #[test]
    fn labels_beside_points_avoid_each_other_and_the_frame() {
        let frame = Area {
            x: 0.0,
            y: 0.0,
            width: 200.0,
            height: 100.0,
        };
        let anchors = [(100.0, 50.0), (102.0, 50.0), (199.0, 1.0)].map(|at| Labelled {
            at,
            width: 40.0,
            height: 12.0,
        });
        let places: Vec<Area> = beside(&anchors, &[], frame).into_iter().map(Option::unwrap).collect();
        for (i, one) in places.iter().enumerate() {
            assert!(frame.contains(one));
            assert!(!places[i + 1..].iter().any(|other| other.overlaps(one)));
        }
    }

    proptest! {
        #[test]
        fn spread_labels_never_overlap_and_stay_inside(
            mut centres in prop::collection::vec(0.0..500.0f64, 1..12),
            width in 5.0..40.0f64,
        ) {
            centres.sort_by(f64::total_cmp);
            let wanted: Vec<_> = centres.iter().map(|&c| (c, width)).collect();
            let placed = spread(&wanted, 0.0, 500.0, 2.0).unwrap();
            for pair in placed.windows(2) {
                prop_assert!(pair[1] - pair[0] >= width + 2.0 - 1e-6);
            }
            prop_assert!(placed[0] >= width / 2.0 - 1e-6);
            prop_assert!(placed[placed.len() - 1] <= 500.0 - width / 2.0 + 1e-6);
        }
    }
}
