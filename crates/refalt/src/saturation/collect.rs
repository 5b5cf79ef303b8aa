//! One pass over the scores: maxima, distributions, samples.

use super::SaturationOptions;
use super::error::SaturationError;
use crate::score_folder::{RunScorer, ScoreFolder, Series, SeriesNames};
use crate::validate::MeasuredEffects;
use refalt_core::nearest::nearest;
use refalt_core::stats::{Purpose, QUANTILE_GRID_POINTS, QuantileGrid, RandomStream, ScoreSign};
use std::collections::HashMap;

/// Scorers whose rows are looked at together.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: String,
    /// Texts of the scorers.
    pub(super) scorers: Vec<String>,
    pub(super) kind: String,
}

impl Group {
    /// Returns each scorer of a run by itself, then the groups asked for.
    pub(super) fn all(run: &ScoreFolder, asked: &[(String, Vec<String>)]) -> Result<Vec<Self>, SaturationError> {
        let single = |scorer: &RunScorer| Self {
            name: scorer.short_name(),
            scorers: vec![scorer.scorer.clone()],
            kind: scorer.score_kind.clone(),
        };
        let mut groups: Vec<Self> = run.scorers().iter().map(single).collect();
        for (name, members) in asked {
            if name.is_empty() || members.is_empty() || groups.iter().any(|group| group.name == *name) {
                return Err(SaturationError::GroupName { group: name.clone() });
            }
            let (mut scorers, mut kinds) = (Vec::new(), Vec::new());
            for member in members {
                let is_meant = |scorer: &&RunScorer| scorer.scorer == *member || scorer.short_name() == *member;
                let Some(scorer) = run.scorers().iter().find(is_meant) else {
                    let known: Vec<String> = run.scorers().iter().map(RunScorer::short_name).collect();
                    return Err(SaturationError::UnknownScorer {
                        group: name.clone(),
                        found: member.clone(),
                        nearest: nearest(member, known.iter().map(String::as_str)),
                        known,
                    });
                };
                scorers.push(scorer.scorer.clone());
                kinds.push(scorer.score_kind.clone());
            }
            kinds.sort();
            kinds.dedup();
            if kinds.len() > 1 {
                return Err(SaturationError::MixedKinds {
                    group: name.clone(),
                    kinds,
                });
            }
            groups.push(Self {
                name: name.clone(),
                scorers,
                kind: kinds.remove(0),
            });
        }
        Ok(groups)
    }

    /// Returns whether quantiles run from -1 to 1 or from 0 to 1.
    pub(super) fn sign(&self) -> ScoreSign {
        if self.kind == "signed_effect" {
            ScoreSign::Signed
        } else {
            ScoreSign::Unsigned
        }
    }
}

/// A row that was taken for a variant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Taken {
    pub(super) raw: f32,
    pub(super) quantile: f32,
    pub(super) series: u32,
}

/// A variant in a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peak {
    /// Place in [`Collected::variants`].
    pub(super) variant: u32,
    /// Rows with both scores.
    pub(super) rows: u32,
    /// Most rows of one scorer and track: genes, for scorers by gene.
    pub(super) genes: u32,
    /// Rows that reach the largest |q|.
    pub(super) equals: u32,
    /// The row with the largest |q|, the first of equals.
    pub(super) by_quantile: Taken,
    /// The row with the largest |raw|.
    pub(super) by_raw: Taken,
    pub(super) mean_raw: f64,
    pub(super) mean_quantile: f64,
}

/// The scores of a group.
#[derive(Clone, Debug)]
pub(super) struct GroupScores {
    pub(super) sign: ScoreSign,
    /// In the order of the table.
    pub(super) peaks: Vec<Peak>,
    /// Rows at each point of the grid, the nearest one.
    pub(super) grid: Vec<u64>,
    pub(super) off_grid: u64,
    pub(super) rows: u64,
    pub(super) left_out: u64,
    /// Numbers of its series.
    pub(super) series: Vec<u32>,
}

/// What a pass brings home.
#[derive(Debug)]
pub(super) struct Collected {
    pub(super) groups: Vec<GroupScores>,
    pub(super) series: Vec<Series>,
    /// Input row and name of each variant with rows, in the order of the table.
    pub(super) variants: Vec<(u64, Box<str>)>,
    /// Variants that were passed over.
    pub(super) passed_over: u64,
    /// The first quantile that none can be, with the place of its variant.
    pub(super) impossible: Option<(u32, f32)>,
    /// Quantiles of sampled variants, by series; NaN where there is none.
    pub(super) sample: Vec<Vec<f32>>,
    /// Chosen series: for each measured variant with a row its place in [`Self::variants`], raw and quantile score.
    pub(super) single: HashMap<u32, Vec<(u32, f32, f32)>>,
}

/// What is kept beyond maxima.
pub(super) struct Wanted {
    /// Variants that are measured.
    measured: std::collections::HashSet<String>,
    sample: usize,
    single_tracks: usize,
    seed: u64,
    /// Input rows that are passed over.
    left_out: Box<dyn Fn(u64) -> bool>,
}

impl Wanted {
    pub(super) fn of(effects: Option<&MeasuredEffects>, options: &SaturationOptions) -> Self {
        let effects = effects.iter().flat_map(|effects| &effects.experiments);
        Self {
            measured: effects
                .flat_map(|(_, effects)| effects)
                .map(|effect| effect.variant.clone())
                .collect(),
            sample: options.sample,
            single_tracks: options.single_tracks,
            seed: options.seed,
            left_out: Box::new(|_| false),
        }
    }

    /// Passes over the input rows (from 1) that `left_out` names.
    pub(super) fn without(self, left_out: impl Fn(u64) -> bool + 'static) -> Self {
        Self {
            left_out: Box::new(left_out),
            ..self
        }
    }
}

/// Distance beyond which a quantile is not on the grid: more than a 32-bit float rounds away.
const OFF_GRID: f64 = 1e-6;

/// Reads the scores once.
pub(super) fn collect(folder: &ScoreFolder, groups: &[Group], wanted: &Wanted) -> Result<Collected, SaturationError> {
    let mut pass = Pass {
        groups,
        of_scorer: folder
            .scorers()
            .iter()
            .map(|scorer| {
                let has = |group: &&Group| group.scorers.contains(&scorer.scorer);
                let members = groups.iter().enumerate().filter(|(_, group)| has(group));
                (scorer.scorer.clone(), members.map(|(index, _)| index).collect())
            })
            .collect(),
        stride: strides(folder, wanted.single_tracks),
        seen: HashMap::new(),
        names: SeriesNames::default(),
        series: Vec::new(),
        grid: QuantileGrid::published(),
        current: groups.iter().map(|_| None).collect(),
        counts: Vec::new(),
        touched: Vec::new(),
        found: Collected {
            groups: groups
                .iter()
                .map(|group| GroupScores {
                    sign: group.sign(),
                    peaks: Vec::new(),
                    grid: vec![0; QUANTILE_GRID_POINTS],
                    off_grid: 0,
                    rows: 0,
                    left_out: 0,
                    series: Vec::new(),
                })
                .collect(),
            series: Vec::new(),
            variants: Vec::new(),
            passed_over: 0,
            impossible: None,
            sample: Vec::new(),
            single: HashMap::new(),
        },
    };
    let sampled = sampled(folder, wanted)?;
    let mut scores = folder.scores();
    while let Some(row) = scores.peek()? {
        if (wanted.left_out)(row) {
            scores.variant::<SaturationError>(|_| Ok(()))?;
            pass.found.passed_over += 1;
            continue;
        }
        let ordinal = pass.found.variants.len() as u64;
        let is_sampled = sampled.binary_search(&row).is_ok();
        let mut sample = is_sampled.then(Vec::new);
        let mut is_measured = None;
        scores.variant::<SaturationError>(|piece| {
            for at in piece.rows {
                if is_measured.is_none() {
                    let name = piece.batch.variant.text(at).unwrap_or_default();
                    is_measured = Some(wanted.measured.contains(name));
                    pass.found.variants.push((row, name.into()));
                }
                let number = pass.names.of(piece.batch, at);
                let (raw, quantile) = (piece.batch.score(at), piece.batch.quantile(at));
                pass.take(
                    number,
                    raw,
                    quantile,
                    ordinal as u32,
                    is_measured == Some(true),
                    sample.as_mut(),
                );
            }
            Ok(())
        })?;
        pass.finish_variant();
        pass.found.sample.extend(sample);
    }
    if let Some((variant, found)) = pass.found.impossible {
        return Err(SaturationError::NoQuantile {
            folder: folder.path().to_owned(),
            variant: pass.found.variants[variant as usize].1.to_string(),
            found,
        });
    }
    pass.found.series = pass.names.series().to_vec();
    for of_variant in &mut pass.found.sample {
        of_variant.resize(pass.found.series.len(), f32::NAN);
    }
    Ok(pass.found)
}

/// The input rows of the variants to sample, ascending.
fn sampled(folder: &ScoreFolder, wanted: &Wanted) -> Result<Vec<u64>, SaturationError> {
    // A reservoir: each scored row is as likely as any other, and as many are held as are wanted.
    let mut stream = RandomStream::new(wanted.seed, Purpose::Sampling, 1 << 41);
    let mut kept: Vec<u64> = Vec::new();
    let mut seen = 0u32;
    for row in folder.variants()? {
        let row = row?;
        if !row.is_scored() {
            continue;
        }
        seen += 1;
        if kept.len() < wanted.sample {
            kept.push(row.row);
        } else if let Some(place) = kept.get_mut(stream.below(seen) as usize) {
            *place = row.row;
        }
    }
    kept.sort_unstable();
    Ok(kept)
}

/// For each scorer, which of its tracks are compared one by one: every so many.
fn strides(folder: &ScoreFolder, tracks: usize) -> HashMap<String, usize> {
    let scorers = folder.manifest().get("scorers").and_then(serde_json::Value::as_array);
    let of = |scorer: &serde_json::Value| {
        let count = scorer.get("tracks")?.as_u64()? as usize;
        Some((
            scorer.get("scorer")?.as_str()?.to_owned(),
            count.div_ceil(tracks.max(1)).max(1),
        ))
    };
    scorers.into_iter().flatten().filter_map(of).collect()
}

/// What the pass knows of a series.
struct KnownSeries {
    groups: Vec<usize>,
    /// Whether its scores of measured variants are kept.
    is_single: bool,
}

/// A variant under way in a group.
#[derive(Clone, Copy)]
struct Current {
    peak: Peak,
    sum_raw: f64,
    sum_quantile: f64,
}

struct Pass<'a> {
    groups: &'a [Group],
    of_scorer: HashMap<String, Vec<usize>>,
    stride: HashMap<String, usize>,
    /// Series of each scorer so far.
    seen: HashMap<String, usize>,
    names: SeriesNames,
    series: Vec<KnownSeries>,
    grid: QuantileGrid,
    current: Vec<Option<Current>>,
    /// Rows of each series in the variant under way.
    counts: Vec<u32>,
    touched: Vec<u32>,
    found: Collected,
}

impl Pass<'_> {
    /// Learns the series that came since.
    fn learn(&mut self) {
        while self.series.len() < self.names.series().len() {
            let number = self.series.len();
            let series = &self.names.series()[number];
            let groups = self.of_scorer.get(&series.scorer).cloned().unwrap_or_default();
            let of_scorer = self.seen.entry(series.scorer.clone()).or_default();
            let ordinal = *of_scorer;
            *of_scorer += 1;
            let stride = self.stride.get(&series.scorer).copied().unwrap_or(1);
            for &group in &groups {
                self.found.groups[group].series.push(number as u32);
            }
            self.series.push(KnownSeries {
                groups,
                is_single: ordinal.is_multiple_of(stride),
            });
            self.counts.push(0);
        }
    }

    fn take(
        &mut self,
        number: u32,
        raw: f32,
        quantile: Option<f32>,
        variant: u32,
        is_measured: bool,
        sample: Option<&mut Vec<f32>>,
    ) {
        let place = number as usize;
        if place >= self.series.len() {
            self.learn();
        }
        let quantile = quantile.filter(|quantile| !quantile.is_nan() && !raw.is_nan());
        let known = &self.series[place];
        let Some(quantile) = quantile else {
            for &group in &known.groups {
                self.found.groups[group].left_out += 1;
            }
            return;
        };
        if self.counts[place] == 0 {
            self.touched.push(number);
            if let Some(sample) = sample {
                if sample.len() <= place {
                    sample.resize(place + 1, f32::NAN);
                }
                sample[place] = quantile;
            }
            if is_measured && known.is_single {
                self.found
                    .single
                    .entry(number)
                    .or_default()
                    .push((variant, raw, quantile));
            }
        }
        self.counts[place] += 1;
        let genes = self.counts[place];
        for &group in &known.groups {
            let scores = &mut self.found.groups[group];
            scores.rows += 1;
            let (point, distance) = self
                .grid
                .point_of(f64::from(quantile), self.groups[group].sign())
                .unwrap_or((0, f64::INFINITY));
            let least = match scores.sign {
                ScoreSign::Signed => -1.0,
                ScoreSign::Unsigned => 0.0,
            };
            if !(least..=1.0).contains(&quantile) {
                self.found.impossible.get_or_insert((variant, quantile));
            }
            scores.grid[point] += 1;
            scores.off_grid += u64::from(distance > OFF_GRID);
            let taken = Taken {
                raw,
                quantile,
                series: number,
            };
            let current = self.current[group].get_or_insert(Current {
                peak: Peak {
                    variant,
                    rows: 0,
                    genes: 0,
                    equals: 0,
                    by_quantile: taken,
                    by_raw: taken,
                    mean_raw: 0.0,
                    mean_quantile: 0.0,
                },
                sum_raw: 0.0,
                sum_quantile: 0.0,
            });
            let peak = &mut current.peak;
            peak.rows += 1;
            peak.genes = peak.genes.max(genes);
            current.sum_raw += f64::from(raw);
            current.sum_quantile += f64::from(quantile);
            let (here, best) = (quantile.abs(), peak.by_quantile.quantile.abs());
            if here > best {
                peak.by_quantile = taken;
                peak.equals = 1;
            } else if here == best {
                peak.equals += 1;
            }
            if raw.abs() > peak.by_raw.raw.abs() {
                peak.by_raw = taken;
            }
        }
    }

    fn finish_variant(&mut self) {
        for (current, scores) in self.current.iter_mut().zip(&mut self.found.groups) {
            if let Some(current) = current.take() {
                let rows = f64::from(current.peak.rows);
                scores.peaks.push(Peak {
                    mean_raw: current.sum_raw / rows,
                    mean_quantile: current.sum_quantile / rows,
                    ..current.peak
                });
            }
        }
        for number in self.touched.drain(..) {
            self.counts[number as usize] = 0;
        }
    }
}
