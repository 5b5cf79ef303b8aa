//! The background's scores, series by series, in bounded memory.

use super::error::CalibrateError;
use super::table::SeriesRecord;
use super::{CalibrateRequest, Pooling};
use crate::score_folder::{ScoreFolder, Series, SeriesNames};
use refalt_core::stats::{
    GridUniformity, Purpose, QuantileTable, RandomStream, ScoreSign, StatsError, TiedRank, grid_uniformity,
};
use std::collections::HashMap;

/// What a variant is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Nothing.
    Left,
    /// It makes the tables.
    Fitted,
    /// It is ranked in them.
    HeldOut,
}

/// The role of each input row of the background.
#[derive(Clone, Debug)]
pub(super) struct Roles {
    /// By input row, from 1; a byte each.
    of_row: Vec<Role>,
}

impl Roles {
    /// Every scored variant makes the tables.
    pub(super) fn all(folder: &ScoreFolder) -> Result<Self, CalibrateError> {
        let mut of_row = Vec::new();
        for row in folder.variants()? {
            let row = row?;
            let place = usize::try_from(row.row).unwrap_or(usize::MAX);
            if place >= of_row.len() {
                of_row.resize(place + 1, Role::Left);
            }
            if row.is_scored() {
                of_row[place] = Role::Fitted;
            }
        }
        Ok(Self { of_row })
    }

    /// Keeps the variants of some input rows.
    pub(super) fn keep(&mut self, rows: &[u64]) {
        let mut kept = vec![Role::Left; self.of_row.len()];
        for &row in rows {
            if let Some(role) = kept.get_mut(usize::try_from(row).unwrap_or(usize::MAX)) {
                *role = Role::Fitted;
            }
        }
        self.of_row = kept;
    }

    /// Holds variants out, each by itself with the chance `share`, and returns how many.
    pub(super) fn hold_out(&mut self, share: f64, seed: u64) -> u64 {
        let mut held = 0;
        for (row, role) in self.of_row.iter_mut().enumerate() {
            if *role == Role::Fitted && is_held_out(row as u64, share, seed) {
                *role = Role::HeldOut;
                held += 1;
            }
        }
        held
    }

    /// Returns how many variants make the tables.
    pub(super) fn fitted(&self) -> u64 {
        self.of_row.iter().filter(|&&role| role == Role::Fitted).count() as u64
    }

    fn of(&self, row: i64) -> Role {
        let place = usize::try_from(row).unwrap_or(usize::MAX);
        self.of_row.get(place).copied().unwrap_or(Role::Left)
    }
}

/// Says whether an input row (from 1) is held out: drawn by its number alone, so that it is known without the table.
pub(crate) fn is_held_out(row: u64, share: f64, seed: u64) -> bool {
    share > 0.0 && RandomStream::new(seed, Purpose::Sampling, row).next_fraction() < share
}

/// The tables and what entered none.
pub(super) struct Found {
    pub(super) records: Vec<SeriesRecord>,
    pub(super) without_scores: u64,
    /// NaN in series without a table.
    pub(super) nan_elsewhere: u64,
    pub(super) passes: u64,
}

/// Scores of a series, counted.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    fitted: u64,
    held_out: u64,
    nan: u64,
}

impl Count {
    fn bytes(self) -> u64 {
        (self.fitted + self.held_out) * size_of::<f32>() as u64
    }
}

/// Makes the tables.
pub(super) fn tables(folder: &ScoreFolder, roles: &Roles, request: &CalibrateRequest) -> Result<Found, CalibrateError> {
    let mut pools = Pools::new(request.pooling);
    let mut counts: Vec<Count> = Vec::new();
    stream(folder, roles, &mut pools, |pool, role, score| {
        if pool >= counts.len() {
            counts.resize(pool + 1, Count::default());
        }
        let count = &mut counts[pool];
        match role {
            _ if score.is_nan() => count.nan += 1,
            Role::Fitted => count.fitted += 1,
            Role::HeldOut => count.held_out += 1,
            Role::Left => {}
        }
    })?;
    if let Some((pool, count)) = counts
        .iter()
        .enumerate()
        .find(|(_, count)| count.bytes() > request.memory_bytes)
    {
        return Err(CalibrateError::Memory {
            series: shown(&pools.series[pool]),
            needed: count.bytes(),
            given: request.memory_bytes,
            pooling: request.pooling,
        });
    }
    let mut found = Found {
        records: Vec::new(),
        without_scores: 0,
        nan_elsewhere: 0,
        passes: 1,
    };
    let mut first = 0;
    while first < counts.len() {
        let mut bytes = 0;
        let fits = |count: &&Count| {
            bytes += count.bytes();
            bytes <= request.memory_bytes
        };
        let last = first + counts[first..].iter().take_while(fits).count();
        gather(folder, roles, request, &mut pools, &counts, first..last, &mut found)?;
        found.passes += 1;
        first = last;
    }
    Ok(found)
}

/// Gathers the scores of some pools in one pass and makes their tables.
fn gather(
    folder: &ScoreFolder,
    roles: &Roles,
    request: &CalibrateRequest,
    pools: &mut Pools,
    counts: &[Count],
    range: std::ops::Range<usize>,
    found: &mut Found,
) -> Result<(), CalibrateError> {
    let room = |of: fn(&Count) -> u64| -> Vec<Vec<f32>> {
        let of_range = counts[range.clone()].iter();
        of_range.map(|count| Vec::with_capacity(of(count) as usize)).collect()
    };
    let (mut fitted, mut held_out) = (room(|count| count.fitted), room(|count| count.held_out));
    stream(folder, roles, pools, |pool, role, score| {
        if range.contains(&pool) && !score.is_nan() {
            match role {
                Role::Fitted => fitted[pool - range.start].push(score),
                Role::HeldOut => held_out[pool - range.start].push(score),
                Role::Left => {}
            }
        }
    })?;
    for (offset, (fitted, held_out)) in fitted.into_iter().zip(held_out).enumerate() {
        let pool = range.start + offset;
        let series = &pools.series[pool];
        let nan = counts[pool].nan;
        if fitted.is_empty() {
            found.without_scores += 1;
            found.nan_elsewhere += nan;
            continue;
        }
        let kind = folder
            .scorers()
            .iter()
            .find(|scorer| scorer.scorer == series.scorer)
            .map(|scorer| scorer.score_kind.as_str());
        let Some(kind) = kind else {
            return Err(CalibrateError::UnknownScorer {
                folder: folder.path().to_owned(),
                scorer: series.scorer.clone(),
            });
        };
        let made = |source| CalibrateError::Series {
            series: shown(series),
            source,
        };
        let (table, uniformity) = table(fitted, &held_out, sign(kind), request.seed, pool as u64).map_err(made)?;
        found.records.push(SeriesRecord {
            scorer: series.scorer.clone(),
            output_type: series.output.clone(),
            score_kind: kind.to_owned(),
            track: (request.pooling == Pooling::Track).then(|| (series.track.clone(), series.strand.clone())),
            rows: counts[pool].fitted,
            nan,
            uniformity,
            table,
        });
    }
    Ok(())
}

/// Returns whether scores of a kind have a direction.
pub(super) fn sign(kind: &str) -> ScoreSign {
    if kind == "signed_effect" {
        ScoreSign::Signed
    } else {
        ScoreSign::Unsigned
    }
}

fn table(
    mut fitted: Vec<f32>,
    held_out: &[f32],
    sign: ScoreSign,
    seed: u64,
    pool: u64,
) -> Result<(QuantileTable, Option<GridUniformity>), StatsError> {
    fitted.sort_unstable_by(f32::total_cmp);
    let table = QuantileTable::from_order_statistics(sign, fitted.len(), |place| f64::from(fitted[place]))?;
    if held_out.is_empty() {
        return Ok((table, None));
    }
    let point = |(item, &score): (usize, &f32)| {
        let tied = TiedRank::Random {
            seed,
            item: pool << 40 | item as u64,
        };
        table.point(f64::from(score), tied)
    };
    let points: Vec<usize> = held_out.iter().enumerate().map(point).collect::<Result<_, _>>()?;
    let uniformity = grid_uniformity(&points, fitted.len())?;
    Ok((table, Some(uniformity)))
}

/// The series or modalities that share a table, by number.
struct Pools {
    pooling: Pooling,
    names: SeriesNames,
    of_series: Vec<usize>,
    of_scorer: HashMap<String, usize>,
    series: Vec<Series>,
}

impl Pools {
    fn new(pooling: Pooling) -> Self {
        Self {
            pooling,
            names: SeriesNames::default(),
            of_series: Vec::new(),
            of_scorer: HashMap::new(),
            series: Vec::new(),
        }
    }

    /// Returns the pool of a series, by its number; `add` those that came since.
    fn add(&mut self) {
        for series in &self.names.series()[self.of_series.len()..] {
            let next = self.series.len();
            let pool = match self.pooling {
                Pooling::Track => next,
                Pooling::Modality => *self.of_scorer.entry(series.scorer.clone()).or_insert(next),
            };
            if pool == next {
                self.series.push(series.clone());
            }
            self.of_series.push(pool);
        }
    }
}

/// Gives out pool, role and raw score of every row whose variant has a role.
fn stream(
    folder: &ScoreFolder,
    roles: &Roles,
    pools: &mut Pools,
    mut each: impl FnMut(usize, Role, f32),
) -> Result<(), CalibrateError> {
    pools.names.rewind();
    let mut scores = folder.scores();
    while scores.batch::<CalibrateError>(|group| {
        for row in group.rows {
            let role = roles.of(group.batch.input_row(row));
            if role == Role::Left {
                continue;
            }
            let series = pools.names.of(group.batch, row) as usize;
            if series >= pools.of_series.len() {
                pools.add();
            }
            each(pools.of_series[series], role, group.batch.score(row));
        }
        Ok(())
    })? {}
    Ok(())
}

/// Names a series in messages.
fn shown(series: &Series) -> String {
    let strand = if series.strand == "." {
        ""
    } else {
        series.strand.as_str()
    };
    format!("{} of {}{strand}", series.scorer, series.track)
}
