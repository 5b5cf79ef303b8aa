//! Where a base lies on the other assembly.

use crate::audit::hypothesis::Shift;
use crate::position::Position;
use crate::reference::ContigId;
use crate::strand::Strand;

/// Where a base of the other assembly lies on the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiftedBase {
    /// The contig of the reference.
    pub contig: ContigId,
    /// The base on it (1-based).
    pub position: Position,
    /// The strand of the reference that the forward strand of the other assembly runs along here.
    pub strand: Strand,
    /// How many bases before this one, counted on the other assembly, lie in the same gapless block (bp).
    pub block_before_bp: u32,
    /// How many bases after this one, counted on the other assembly, lie in the same gapless block (bp).
    pub block_after_bp: u32,
}

/// What a chain file says about a base of the other assembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifted {
    /// It lies here.
    At(LiftedBase),
    /// It lies inside an alignment of the chain file, but in a gap of it.
    Gap,
    /// The chain file does not speak of it.
    NotCovered,
}

/// A chain file, as the audit sees it.
pub trait Lift: Sync {
    /// Returns where the base lies; `contig` is named as the row names it, `position` counts on the other assembly.
    fn lift(&self, contig: &str, position: Position) -> Lifted;
}

/// Returns where the neighbour of a lifted base lies when it is in the same block.
pub(super) fn neighbour(centre: Lifted, shift: Shift) -> Option<Lifted> {
    let Lifted::At(base) = centre else { return None };
    let (inside, forward) = match shift {
        Shift::None => return Some(centre),
        Shift::WrittenTooHigh => (base.block_before_bp > 0, false),
        Shift::WrittenTooLow => (base.block_after_bp > 0, true),
    };
    if !inside {
        return None;
    }
    let rightwards = forward == (base.strand == Strand::Forward);
    let position = if rightwards {
        base.position.checked_add(1)?
    } else {
        base.position.checked_sub(1)?
    };
    let step = |bp: u32, towards: bool| {
        if towards {
            bp.saturating_sub(1)
        } else {
            bp.saturating_add(1)
        }
    };
    Some(Lifted::At(LiftedBase {
        position,
        block_before_bp: step(base.block_before_bp, !forward),
        block_after_bp: step(base.block_after_bp, forward),
        ..base
    }))
}
