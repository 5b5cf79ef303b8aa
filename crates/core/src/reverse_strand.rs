//! A model read on the reverse strand: the reverse complement goes in, and what comes out lies on the forward strand again.
//!
//! METHOD: as the published model treats an interval on the minus strand. Every sequence is reverse-complemented; the
//! order of bins is reversed; tracks of the two strands change places, the i-th of `+` with the i-th of `-`; both axes of a
//! contact map are reversed; candidate splice sites and the counts between them go to the other strand. DNASE is moved by
//! one bin to the right after that, and its first bin is 0: its values belong to the left edges of bases, which are the right
//! edges when they are read backwards. Everything that is laid on predictions (masks, alignment of indels) is then that of
//! the forward strand.
//!
//! Source: `reverse_complement_output_type` of the published model (google-deepmind/alphagenome_research, May 2026).

use crate::align::Alignment;
use crate::annotation::SpliceSiteClass;
use crate::backend::{Answer, Backend, BackendError, ModelCard, OutputRequest, Query};
use crate::dna::Sequence;
use crate::prediction::{ContactValues, JunctionValues, Outputs, TrackValues};
use crate::strand::Strand;
use crate::track::{Bin, BinSpan, BinSpans, OutputType, TrackSet};
use crate::window::{Offset, Window};

/// A model that reads the reverse strand of every window.
pub struct ReverseStrand<'a>(pub &'a dyn Backend);

impl Backend for ReverseStrand<'_> {
    fn card(&self) -> &ModelCard {
        self.0.card()
    }

    fn is_slow(&self) -> bool {
        self.0.is_slow()
    }

    fn predict(&self, queries: &[Query<'_>]) -> Vec<Result<Answer, BackendError>> {
        queries.iter().map(|query| self.one(query)).collect()
    }
}

impl ReverseStrand<'_> {
    fn one(&self, query: &Query<'_>) -> Result<Answer, BackendError> {
        let (window, card) = (query.window, self.card());
        let failed = |reason: String| BackendError::Query {
            model: card.name.clone(),
            window: window.to_string(),
            reason,
        };
        let mut requests = Vec::with_capacity(query.outputs.len());
        for wanted in query.outputs {
            let set = card.tracks(wanted.output).ok_or_else(|| BackendError::OutputUnknown {
                model: card.name.clone(),
                output: wanted.output,
            })?;
            let spans = wanted.spans.as_slice().iter();
            let reversed = spans.map(|span| source_bins(*span, bins_of(set, window), wanted.output));
            requests.push(OutputRequest {
                output: wanted.output,
                spans: reversed.collect(),
            });
        }
        let alternates: Vec<Sequence> = query.alternates.iter().map(Sequence::reverse_complement).collect();
        let alignments: Vec<Alignment> = query.alignments.iter().map(Alignment::mirrored).collect();
        let last = window.length().get() - 1;
        let mirrored = |&(site, class): &(Offset, SpliceSiteClass)| {
            let offset = last.checked_sub(u32::try_from(site.index()).ok()?)?;
            Some((Offset::new(offset), class.other_strand()))
        };
        let known_sites: Vec<(Offset, SpliceSiteClass)> = query.known_sites.iter().filter_map(mirrored).collect();
        let reversed = Query {
            window,
            reference: &query.reference.reverse_complement(),
            alternates: &alternates,
            alignments: &alignments,
            known_sites: &known_sites,
            abandoned: query.abandoned,
            outputs: &requests,
        };
        let answer = self.0.predict(&[reversed]).pop();
        let answer = answer.unwrap_or_else(|| Err(failed("it gave no answer".to_owned())))?;
        let back = |outputs: &Outputs| forward(outputs, query.outputs, window).map_err(failed);
        Ok(Answer {
            reference: back(&answer.reference)?,
            alternates: answer.alternates.iter().map(back).collect::<Result<_, _>>()?,
        })
    }
}

fn bins_of(set: &TrackSet, window: &Window) -> u32 {
    set.resolution.bins_in(window)
}

/// Returns the bin of the reverse strand whose value a bin of the forward strand gets; `None` for the first one of DNASE.
fn source_bin(bin: usize, bins: u32, output: OutputType) -> Option<BinSpan> {
    let shift = usize::from(output == OutputType::Dnase);
    let source = (bins as usize + shift).checked_sub(bin + 1)?;
    let source = u32::try_from(source).ok().filter(|&source| source < bins)?;
    Some(BinSpan::new(Bin::new(source), Bin::new(source + 1)))
}

/// Returns the bins of the reverse strand that bins of the forward strand get their values from.
fn source_bins(span: BinSpan, bins: u32, output: OutputType) -> BinSpan {
    let sources = (span.start()..span.end()).filter_map(|bin| source_bin(bin, bins, output));
    // They are neighbours.
    sources.fold(BinSpan::new(Bin::new(0), Bin::new(0)), BinSpan::hull)
}

/// Lays predictions for the reverse strand on the forward one, for the bins that were asked for.
fn forward(outputs: &Outputs, wanted: &[OutputRequest], window: &Window) -> Result<Outputs, String> {
    let mut tracks = Vec::new();
    let (mut contacts, mut junctions) = (None, None);
    for wanted in wanted {
        let output = wanted.output;
        let missing = || format!("its prediction lacks bins of {output}");
        match output {
            OutputType::ContactMaps => {
                let found = outputs.contacts().ok_or_else(missing)?;
                contacts = Some(forward_contacts(found, &wanted.spans, window).ok_or_else(missing)?);
            }
            OutputType::SpliceJunctions => {
                let found = outputs.junctions().ok_or_else(missing)?;
                junctions = Some(forward_junctions(found, window).ok_or_else(missing)?);
            }
            _ => {
                let found = outputs.get(output).ok_or_else(missing)?;
                let columns = other_strand(found.tracks())?;
                tracks.push(forward_tracks(found, &columns, &wanted.spans, window).ok_or_else(missing)?);
            }
        }
    }
    let mut all = Outputs::new(tracks);
    if let Some(contacts) = contacts {
        all = all.with_contacts(contacts);
    }
    if let Some(junctions) = junctions {
        all = all.with_junctions(junctions);
    }
    if let Some(own) = outputs.reference_junctions() {
        let missing = || format!("its prediction lacks sites of {}", OutputType::SpliceJunctions);
        all = all.with_reference_junctions(forward_junctions(own, window).ok_or_else(missing)?);
    }
    Ok(all)
}

/// Returns for each track the column of the same track on the other strand.
fn other_strand(set: &TrackSet) -> Result<Vec<usize>, String> {
    let of = |strand: Strand| -> Vec<usize> {
        let own = set.tracks.iter().enumerate();
        own.filter(|(_, track)| track.strand == Some(strand))
            .map(|(column, _)| column)
            .collect()
    };
    let (plus, minus) = (of(Strand::Forward), of(Strand::Reverse));
    if plus.len() != minus.len() {
        return Err(format!(
            "{} has {} tracks on `+` and {} on `-`, so that they cannot change places",
            set.output,
            plus.len(),
            minus.len()
        ));
    }
    let mut columns: Vec<usize> = (0..set.tracks.len()).collect();
    for (&plus, &minus) in plus.iter().zip(&minus) {
        columns.swap(plus, minus);
    }
    Ok(columns)
}

fn forward_tracks(found: &TrackValues, columns: &[usize], spans: &BinSpans, window: &Window) -> Option<TrackValues> {
    let set = found.tracks();
    let bins = bins_of(set, window);
    let mut values = Vec::with_capacity(spans.len() * columns.len());
    for bin in spans.as_slice().iter().flat_map(|span| span.start()..span.end()) {
        match source_bin(bin, bins, set.output) {
            None => values.extend(std::iter::repeat_n(0.0, columns.len())),
            Some(source) => {
                let row = found.rows(source)?.next()?;
                values.extend(columns.iter().map(|&column| row[column]));
            }
        }
    }
    TrackValues::new(set.clone(), spans.clone(), values).ok()
}

fn forward_contacts(found: &ContactValues, spans: &BinSpans, window: &Window) -> Option<ContactValues> {
    let set = found.tracks();
    let (bins, tracks) = (bins_of(set, window), set.tracks.len());
    // Column by column of the reverse strand, each from its end, then turned over to rows.
    let mut columns: Vec<Vec<&[f32]>> = Vec::with_capacity(spans.len());
    for bin in spans.as_slice().iter().flat_map(|span| span.start()..span.end()) {
        let mut column: Vec<&[f32]> = found.column(source_bin(bin, bins, set.output)?)?.collect();
        column.reverse();
        columns.push(column);
    }
    let mut values = Vec::with_capacity(bins as usize * columns.len() * tracks);
    for row in 0..bins as usize {
        for column in &columns {
            values.extend_from_slice(column.get(row)?);
        }
    }
    ContactValues::new(set.clone(), BinSpan::all(window, set.resolution), spans.clone(), values).ok()
}

fn forward_junctions(found: &JunctionValues, window: &Window) -> Option<JunctionValues> {
    let tissues = found.tracks().tracks.len();
    let last = window.length().get() - 1;
    let mut sites: [Vec<Offset>; 4] = Default::default();
    for class in SpliceSiteClass::ALL {
        let own = found.sites(class.other_strand()).iter().rev();
        let place = |site: &Offset| Some(Offset::new(last.checked_sub(u32::try_from(site.index()).ok()?)?));
        sites[class.index()] = own.map(place).collect::<Option<_>>()?;
    }
    let slots = sites.iter().map(Vec::len).max().unwrap_or(0);
    let mut counts = vec![0.0; slots * slots * 2 * tissues];
    for (number, strand) in [Strand::Forward, Strand::Reverse].into_iter().enumerate() {
        let [donors, acceptors] = match strand {
            Strand::Forward => [SpliceSiteClass::DonorForward, SpliceSiteClass::AcceptorForward],
            Strand::Reverse => [SpliceSiteClass::DonorReverse, SpliceSiteClass::AcceptorReverse],
        };
        let [donors, acceptors] = [donors, acceptors].map(|class| sites[class.index()].len());
        for donor in 0..donors {
            for acceptor in 0..acceptors {
                let own = found.counts(strand.opposite(), donors - 1 - donor, acceptors - 1 - acceptor)?;
                let at = ((donor * slots + acceptor) * 2 + number) * tissues;
                counts[at..at + tissues].copy_from_slice(own);
            }
        }
    }
    JunctionValues::new(found.tracks().clone(), sites, slots, counts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::WindowLengths;
    use crate::contig::ContigName;
    use crate::track::Track;
    use std::num::NonZeroU32;

    /// A model that treats the two strands alike: a track of `+` finds A, C, .. where that of `-` finds T, G, ..; and one
    /// that counts bins, which it does not.
    struct Toy {
        card: ModelCard,
        is_symmetric: bool,
    }

    const BINS: u32 = 8;

    fn set(output: OutputType, tracks: &[(&str, Option<Strand>)]) -> TrackSet {
        let track = |&(name, strand): &(&str, Option<Strand>)| Track {
            name: name.to_owned(),
            strand,
            ..Track::default()
        };
        TrackSet {
            output,
            resolution: output.resolution(),
            tracks: tracks.iter().map(track).collect(),
        }
    }

    const PLUS: Option<Strand> = Some(Strand::Forward);
    const MINUS: Option<Strand> = Some(Strand::Reverse);

    impl Toy {
        fn new(is_symmetric: bool) -> Self {
            let stranded = [("a", PLUS), ("b", PLUS), ("a", MINUS), ("both", None), ("b", MINUS)];
            Self {
                card: ModelCard {
                    name: "toy".to_owned(),
                    version: "1".to_owned(),
                    digest: String::new(),
                    organism: "Homo sapiens".to_owned(),
                    licence: String::new(),
                    citation: String::new(),
                    lengths: WindowLengths::OneOf(vec![NonZeroU32::new(BINS).unwrap()]),
                    outputs: vec![
                        set(OutputType::Cage, &stranded),
                        set(OutputType::Dnase, &[("d", None)]),
                        set(OutputType::Procap, &[("odd", PLUS)]),
                    ],
                },
                is_symmetric,
            }
        }

        fn value(&self, sequence: &[u8], bin: usize, track: &Track) -> f32 {
            if !self.is_symmetric {
                return bin as f32 + 100.0 * f32::from(u8::from(track.strand == MINUS));
            }
            let base = match (track.name.as_str(), track.strand) {
                ("a", PLUS) => b"A",
                ("a", _) => b"T",
                ("b", PLUS) => b"C",
                ("b", _) => b"G",
                _ => b"N",
            };
            f32::from(u8::from(sequence[bin] == base[0]))
        }
    }

    impl Backend for Toy {
        fn card(&self) -> &ModelCard {
            &self.card
        }

        fn predict(&self, queries: &[Query<'_>]) -> Vec<Result<Answer, BackendError>> {
            let outputs = |query: &Query<'_>, sequence: &[u8]| {
                Outputs::new(query.outputs.iter().map(|wanted| {
                    let set = self.card.tracks(wanted.output).unwrap();
                    let bins = wanted.spans.as_slice().iter().flat_map(|span| span.start()..span.end());
                    let values = bins.flat_map(|bin| set.tracks.iter().map(move |track| (bin, track)));
                    let values = values.map(|(bin, track)| self.value(sequence, bin, track)).collect();
                    TrackValues::new(set.clone(), wanted.spans.clone(), values).unwrap()
                }))
            };
            let answer = |query: &Query<'_>| {
                Ok(Answer {
                    reference: outputs(query, query.reference.as_bytes()),
                    alternates: query
                        .alternates
                        .iter()
                        .map(|alt| outputs(query, alt.as_bytes()))
                        .collect(),
                })
            };
            queries.iter().map(answer).collect()
        }
    }

    fn span(start: u32, end: u32) -> BinSpan {
        BinSpan::new(Bin::new(start), Bin::new(end))
    }

    fn predict(backend: &dyn Backend, output: OutputType, spans: &[BinSpan]) -> Result<Answer, BackendError> {
        let window = Window::from_bed(&ContigName::new("chr1"), 0, BINS.into()).unwrap();
        let query = Query {
            window: &window,
            reference: &Sequence::from_bases(b"ACGTTGNA".to_vec()),
            alternates: &[Sequence::from_bases(b"ACCTTGNA".to_vec())],
            alignments: &[],
            known_sites: &[],
            abandoned: Default::default(),
            outputs: &[OutputRequest {
                output,
                spans: spans.iter().copied().collect(),
            }],
        };
        backend.predict(&[query]).remove(0)
    }

    #[test]
    fn a_model_that_treats_the_strands_alike_gives_the_same() {
        let toy = Toy::new(true);
        for spans in [&[span(0, 8)][..], &[span(1, 3), span(5, 8)]] {
            let expected = predict(&toy, OutputType::Cage, spans).unwrap();
            assert_eq!(
                predict(&ReverseStrand(&toy), OutputType::Cage, spans).unwrap(),
                expected
            );
        }
    }

    #[test]
    fn twice_is_once_forward() {
        let toy = Toy::new(false);
        let once = ReverseStrand(&toy);
        let expected = predict(&toy, OutputType::Cage, &[span(2, 5)]).unwrap();
        assert_eq!(
            predict(&ReverseStrand(&once), OutputType::Cage, &[span(2, 5)]).unwrap(),
            expected
        );
    }

    #[test]
    fn bins_and_strands_change_places_and_dnase_moves_by_one() {
        let toy = Toy::new(false);
        let reverse = ReverseStrand(&toy);
        let answer = predict(&reverse, OutputType::Cage, &[span(0, 2)]).unwrap();
        // Bins 0 and 1 are 7 and 6 of the reverse strand; tracks a+, b+, a-, both, b-: 100 on what was `-` there.
        let expected = [107.0, 107.0, 7.0, 7.0, 7.0, 106.0, 106.0, 6.0, 6.0, 6.0];
        assert_eq!(answer.alternates[0].get(OutputType::Cage).unwrap().values(), expected);
        let dnase = |spans: &[BinSpan]| {
            let answer = predict(&reverse, OutputType::Dnase, spans).unwrap();
            answer.reference.get(OutputType::Dnase).unwrap().values().to_vec()
        };
        // 7 6 5 .. 0 moved to the right, 0 first.
        assert_eq!(dnase(&[span(0, 8)]), [0.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
        assert_eq!(dnase(&[span(0, 1)]), [0.0]);
        assert_eq!(dnase(&[span(3, 5), span(7, 8)]), [5.0, 4.0, 1.0]);
    }

    #[test]
    fn tracks_without_a_partner_are_refused() {
        let error = predict(&ReverseStrand(&Toy::new(true)), OutputType::Procap, &[span(0, 1)]).unwrap_err();
        assert!(error.to_string().contains("1 tracks on `+` and 0 on `-`"), "{error}");
    }

    /// Answers what is stored, whatever it is asked.
    struct Stored {
        card: ModelCard,
        outputs: Outputs,
    }

    impl Backend for Stored {
        fn card(&self) -> &ModelCard {
            &self.card
        }

        fn predict(&self, queries: &[Query<'_>]) -> Vec<Result<Answer, BackendError>> {
            let answer = || Answer {
                reference: self.outputs.clone(),
                alternates: Vec::new(),
            };
            queries.iter().map(|_| Ok(answer())).collect()
        }
    }

    /// The published model's own code: see `tests/data/reverse_strand`.
    struct Published(serde_json::Value);

    impl Published {
        fn read() -> Self {
            Self(serde_json::from_str(include_str!("../tests/data/reverse_strand/reverse_strand.json")).unwrap())
        }

        /// Returns an entry as read and as laid on the forward strand, without its shape.
        fn pair(&self, name: &str) -> [Vec<f32>; 2] {
            fn flat(value: &serde_json::Value, into: &mut Vec<f32>) {
                match value.as_array() {
                    Some(values) => values.iter().for_each(|value| flat(value, into)),
                    None => into.push(value.as_f64().unwrap() as f32),
                }
            }
            [0, 1].map(|side| {
                let mut values = Vec::new();
                flat(&self.0[name][side], &mut values);
                values
            })
        }
    }

    /// Lays what is stored on the forward strand, all bins of a window.
    fn laid(set: &TrackSet, outputs: Outputs, length: i64) -> Outputs {
        let stored = Stored {
            card: ModelCard {
                outputs: vec![set.clone()],
                ..Toy::new(true).card
            },
            outputs,
        };
        let window = Window::from_bed(&ContigName::new("chr1"), 0, length).unwrap();
        let sequence = Sequence::from_bases(vec![b'A'; length as usize]);
        let query = Query {
            window: &window,
            reference: &sequence,
            alternates: &[],
            alignments: &[],
            known_sites: &[],
            abandoned: Default::default(),
            outputs: &[OutputRequest {
                output: set.output,
                spans: BinSpan::all(&window, set.resolution).into(),
            }],
        };
        ReverseStrand(&stored).predict(&[query]).remove(0).unwrap().reference
    }

    #[test]
    fn tracks_and_contacts_are_those_of_the_published_code() {
        let published = Published::read();
        let strands = published.0["strands"].as_array().unwrap().iter();
        let strands: Vec<(&str, Option<Strand>)> = strands
            .map(|sign| ("t", Strand::from_sign(sign.as_str().unwrap().chars().next().unwrap())))
            .collect();
        for (name, set) in [
            ("cage", set(OutputType::Cage, &strands)),
            ("dnase", set(OutputType::Dnase, &[("d", None)])),
        ] {
            let [read, expected] = published.pair(name);
            let values = TrackValues::new(set.clone(), span(0, 8), read).unwrap();
            let outputs = laid(&set, Outputs::new([values]), 8);
            assert_eq!(outputs.get(set.output).unwrap().values(), expected, "{name}");
        }
        let set = set(OutputType::ContactMaps, &[("a", None), ("b", None)]);
        let [read, expected] = published.pair("contacts");
        let contacts = ContactValues::new(set.clone(), span(0, 4), span(0, 4), read).unwrap();
        let outputs = laid(&set, Outputs::default().with_contacts(contacts), 4 * 2048);
        assert_eq!(outputs.contacts().unwrap().values(), expected);
    }

    /// The published code keeps the order of sites, ours is ascending: counts are compared by their sites.
    #[test]
    fn junctions_are_those_of_the_published_code() {
        type Counted = std::collections::BTreeMap<(char, u32, u32), Vec<u32>>;
        let published = Published::read();
        let set = set(OutputType::SpliceJunctions, &[("a", None), ("b", None)]);
        let [read_sites, expected_sites] = published.pair("sites");
        let [read, expected] = published.pair("counts");
        let counted = |sites: &[f32], counts: &[f32]| -> Counted {
            let mut found = Counted::new();
            for (strand, classes, half) in [('+', [0, 1], 0), ('-', [2, 3], 2)] {
                for (d, a) in (0..3).flat_map(|d| (0..3).map(move |a| (d, a))) {
                    let [donor, acceptor] = [sites[classes[0] * 3 + d], sites[classes[1] * 3 + a]];
                    if donor >= 0.0 && acceptor >= 0.0 {
                        let first = (d * 3 + a) * 4 + half;
                        let values = counts[first..first + 2].iter().map(|count| *count as u32).collect();
                        found.insert((strand, donor as u32, acceptor as u32), values);
                    }
                }
            }
            found
        };
        let offsets = |class: usize| {
            let own = read_sites[class * 3..class * 3 + 3].iter().filter(|site| **site >= 0.0);
            own.map(|site| Offset::new(*site as u32)).collect()
        };
        let sites = [0, 1, 2, 3].map(offsets);
        let junctions = JunctionValues::new(set.clone(), sites, 3, read).unwrap();
        let outputs = laid(&set, Outputs::default().with_junctions(junctions), 8);
        let found = outputs.junctions().unwrap();
        let mut ours = Counted::new();
        for (strand, donors, acceptors) in [
            (
                Strand::Forward,
                SpliceSiteClass::DonorForward,
                SpliceSiteClass::AcceptorForward,
            ),
            (
                Strand::Reverse,
                SpliceSiteClass::DonorReverse,
                SpliceSiteClass::AcceptorReverse,
            ),
        ] {
            for (d, donor) in found.sites(donors).iter().enumerate() {
                for (a, acceptor) in found.sites(acceptors).iter().enumerate() {
                    let counts = found.counts(strand, d, a).unwrap().iter().map(|count| *count as u32);
                    let key = (strand.sign(), donor.index() as u32, acceptor.index() as u32);
                    ours.insert(key, counts.collect());
                }
            }
        }
        assert_eq!(ours, counted(&expected_sites, &expected));
        assert_eq!(ours.len(), 8);
        assert!(found.sites(SpliceSiteClass::DonorReverse).is_sorted());
    }
}
