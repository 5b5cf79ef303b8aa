//! From selection to tracks: the one place where a text becomes tracks.

use super::statement::{Candidate, SelectionError, SelectionProblem, Statement};
use super::synonym::{Related, gtex_code, related_to, synonym_of};
use super::{Comparison, Expression, Field, Selection, Term};
use crate::nearest::{nearest, plain};
use crate::track::{Track, TrackSet};

/// The tracks of a selection.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// For each of the sets, the indices of its selected tracks, rising.
    pub places: Vec<Vec<usize>>,
    /// What a reader of the result needs to know: synonyms that were taken, words and what they were found to be.
    pub statements: Vec<Statement>,
    /// The selection as everybody writes it who means the same: values as the tracks spell them, values and conditions in
    /// order and each once. It takes the same tracks.
    pub canonical: Selection,
}

impl Resolved {
    /// Returns the number of tracks.
    pub fn len(&self) -> usize {
        self.places.iter().map(Vec::len).sum()
    }

    /// Says whether there is no track; it never is so for what [`Selection::resolve`] returns.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the sets with the selected tracks, in the order of the model; sets without one are left out.
    pub fn sets(&self, sets: &[TrackSet]) -> Vec<TrackSet> {
        let chosen = |(set, places): (&TrackSet, &Vec<usize>)| {
            (!places.is_empty()).then(|| TrackSet {
                output: set.output,
                resolution: set.resolution,
                tracks: places.iter().map(|&place| set.tracks[place].clone()).collect(),
            })
        };
        sets.iter().zip(&self.places).filter_map(chosen).collect()
    }
}

impl Selection {
    /// Finds the tracks among `sets`: a model's, a score folder's or the catalogue's.
    ///
    /// ```
    /// use refalt_core::track_selection::Selection;
    /// use refalt_core::{OutputType, Resolution, Track, TrackSet};
    ///
    /// let cell = |name: &str| Track { biosample_name: Some(name.to_owned()), ..Track::default() };
    /// let sets = [TrackSet {
    ///     output: OutputType::Dnase,
    ///     resolution: Resolution::BP_1,
    ///     tracks: [cell("HepG2"), cell("K562")].into(),
    /// }];
    /// let resolve = |text: &str| text.parse::<Selection>().unwrap().resolve(&sets);
    /// assert_eq!(resolve("biosample=k562").unwrap().places, [[1]]);
    /// assert_eq!(resolve("biosample=Hep-G2").unwrap().statements.len(), 1);
    /// let refused = resolve("biosample=hepg-2").unwrap_err().to_string();
    /// assert_eq!(refused, "no exact match for biosample=`hepg-2`; nearest is HepG2 (1 track)");
    /// ```
    ///
    /// # Errors
    /// [`SelectionError`] with every value that no track has, or when the whole has no track.
    pub fn resolve(&self, sets: &[TrackSet]) -> Result<Resolved, SelectionError> {
        let tracks: Vec<(&TrackSet, &Track)> = sets
            .iter()
            .flat_map(|set| set.tracks.iter().map(move |track| (set, track)))
            .collect();
        if tracks.is_empty() {
            let problems = vec![SelectionProblem::NoTracks];
            return Err(SelectionError { problems });
        }
        let mut resolver = Resolver {
            tracks,
            statements: Vec::new(),
            problems: Vec::new(),
            terms: Vec::new(),
        };
        let chosen = resolver.expression(self.expression());
        if resolver.problems.is_empty() && !chosen.contains(&true) {
            resolver.problems.push(SelectionProblem::Empty {
                selection: self.to_string(),
                terms: std::mem::take(&mut resolver.terms),
            });
        }
        if !resolver.problems.is_empty() {
            return Err(SelectionError {
                problems: resolver.problems,
            });
        }
        let mut chosen = chosen.into_iter();
        let places = sets
            .iter()
            .map(|set| {
                let of_set = chosen.by_ref().take(set.tracks.len()).enumerate();
                of_set.filter(|(_, is)| *is).map(|(place, _)| place).collect()
            })
            .collect();
        Ok(Resolved {
            places,
            canonical: self.canonical(&resolver.tracks),
            statements: resolver.statements,
        })
    }
}

struct Resolver<'a> {
    tracks: Vec<(&'a TrackSet, &'a Track)>,
    statements: Vec<Statement>,
    problems: Vec<SelectionProblem>,
    terms: Vec<(String, usize)>,
}

impl Resolver<'_> {
    /// Returns a flag for each track.
    fn expression(&mut self, expression: &Expression) -> Vec<bool> {
        match expression {
            Expression::Term(term) => self.term(term),
            Expression::Not(inner) => self.expression(inner).into_iter().map(|is| !is).collect(),
            Expression::And(parts) => self.join(parts, |a, b| a & b),
            Expression::Or(parts) => self.join(parts, |a, b| a | b),
        }
    }

    fn join(&mut self, parts: &[Expression], with: fn(bool, bool) -> bool) -> Vec<bool> {
        let mut joined: Option<Vec<bool>> = None;
        for part in parts {
            let flags = self.expression(part);
            joined = Some(match joined {
                None => flags,
                Some(before) => before.into_iter().zip(flags).map(|(a, b)| with(a, b)).collect(),
            });
        }
        joined.unwrap_or_else(|| vec![false; self.tracks.len()])
    }

    fn term(&mut self, term: &Term) -> Vec<bool> {
        let mut flags = vec![false; self.tracks.len()];
        for value in &term.values {
            let found = match term.comparison {
                Comparison::Is => self.exact(term.field, value),
                Comparison::Like => self.like(term.field, value),
            };
            for (flag, found) in flags.iter_mut().zip(found) {
                *flag |= found;
            }
        }
        self.terms.push((term.to_string(), count(&flags)));
        flags
    }

    fn matching(&self, field: Option<Field>, meets: impl Fn(Field, &str) -> bool) -> Vec<bool> {
        let any = field.map_or_else(|| Field::ANY.to_vec(), |field| vec![field]);
        let meets = |field: Field, set: &TrackSet, track: &Track| field.of(set, track).is_some_and(|v| meets(field, v));
        let flag = |(set, track): &(&TrackSet, &Track)| any.iter().any(|&field| meets(field, set, track));
        self.tracks.iter().map(flag).collect()
    }

    fn like(&mut self, field: Option<Field>, pattern: &str) -> Vec<bool> {
        let lower = pattern.to_lowercase();
        let flags = self.matching(field, |_, value| holds(&value.to_lowercase(), &lower));
        if !flags.contains(&true) {
            self.problems.push(SelectionProblem::NoMatch {
                field,
                value: pattern.to_owned(),
                like: true,
                known: count(&self.matching(field, |_, _| true)),
                nearest: Vec::new(),
                related: None,
                elsewhere: Vec::new(),
            });
        }
        flags
    }

    fn exact(&mut self, field: Option<Field>, value: &str) -> Vec<bool> {
        let flags = self.matching(field, |field, found| field.is(found, value));
        if flags.contains(&true) {
            match field {
                None => self.state_word(value),
                Some(Field::Biosample) => self.state_other_names(value),
                Some(_) => {}
            }
            return flags;
        }
        let (biosample, tissue) = match field {
            None => (true, true),
            Some(field) => (field == Field::Biosample, field == Field::Tissue),
        };
        let known_by = [
            synonym_of(value).filter(|_| biosample).map(|synonym| {
                let source = format!("a spelling of the same cell line, Cellosaurus {}", synonym.accession);
                (Field::Biosample, synonym.biosample.to_owned(), source)
            }),
            tissue.then(|| {
                let source = "the GTEx portal's name of the same tissue".to_owned();
                (Field::Tissue, gtex_code(value), source)
            }),
        ];
        for (field, name, source) in known_by.into_iter().flatten() {
            let flags = self.matching(Some(field), |field, found| field.is(found, &name));
            if flags.contains(&true) {
                self.statements.push(Statement::Synonym {
                    given: value.to_owned(),
                    taken: self.candidate(field, &name),
                    source,
                });
                if field == Field::Biosample {
                    self.state_other_names(&name);
                }
                return flags;
            }
        }
        self.refuse(field, value, biosample);
        flags
    }

    /// Says in which fields a word was found.
    fn state_word(&mut self, word: &str) {
        let found: Vec<(Field, usize)> = Field::ANY
            .into_iter()
            .map(|field| {
                (
                    field,
                    count(&self.matching(Some(field), |field, value| field.is(value, word))),
                )
            })
            .filter(|(_, tracks)| *tracks > 0)
            .collect();
        let is_biosample = found.iter().any(|(field, _)| *field == Field::Biosample);
        let is_tissue = found.iter().any(|(field, _)| *field == Field::Tissue);
        self.statements.push(Statement::Word {
            word: word.to_owned(),
            found,
        });
        if is_biosample && !is_tissue {
            self.state_other_names(word);
        }
    }

    /// Names the tracks that share a term or a tissue with the biosample and are not taken with it.
    fn state_other_names(&mut self, biosample: &str) {
        let is = |track: &Track| {
            track
                .biosample_name
                .as_deref()
                .is_some_and(|name| name.eq_ignore_ascii_case(biosample))
        };
        let own: Vec<&str> = self
            .tracks
            .iter()
            .filter(|(_, track)| is(track))
            .filter_map(|(_, track)| track.ontology_curie.as_deref())
            .collect();
        let mut others: Vec<(Option<String>, String)> = Vec::new();
        for (_, track) in self.tracks.iter().filter(|(_, track)| !is(track)) {
            let Some(name) = &track.biosample_name else { continue };
            let tissue = track
                .gtex_tissue
                .as_ref()
                .filter(|tissue| plain(tissue) == plain(biosample));
            let same_term = track.ontology_curie.as_deref().is_some_and(|term| own.contains(&term));
            let other = (tissue.cloned(), name.clone());
            if (same_term || tissue.is_some()) && !others.contains(&other) {
                others.push(other);
            }
        }
        for (tissue, name) in others {
            let other = self.candidate(Field::Biosample, &name);
            let biosample = biosample.to_owned();
            self.statements.push(match tissue {
                None => Statement::OtherName { biosample, other },
                Some(tissue) => Statement::OtherBiosample {
                    other: Candidate {
                        tracks: count(&self.matching(Some(Field::Tissue), |_, value| value == tissue)),
                        ..other
                    },
                    biosample,
                    tissue,
                },
            });
        }
    }

    fn refuse(&mut self, field: Option<Field>, value: &str, biosample: bool) {
        let fields = field.map_or_else(|| Field::ANY.to_vec(), |field| vec![field]);
        let related: Option<&Related> = related_to(value).filter(|_| biosample);
        let related_names = related.map_or(Vec::new(), |related| {
            let names = related
                .biosamples
                .iter()
                .map(|name| self.candidate(Field::Biosample, name));
            names.filter(|candidate| candidate.tracks > 0).collect()
        });
        let near = if related_names.is_empty() {
            let mut names: Vec<(&str, Field)> = Vec::new();
            for &field in &fields {
                let mut of_field: Vec<&str> = self
                    .tracks
                    .iter()
                    .filter_map(|(set, track)| field.of(set, track))
                    .collect();
                of_field.sort_unstable();
                of_field.dedup();
                names.extend(of_field.into_iter().map(|name| (name, field)));
            }
            // An output type that the tracks do not have is no misspelling: the message lists those they have.
            let near = match field {
                Some(Field::Output) => names.iter().map(|(name, _)| (*name).to_owned()).collect(),
                _ => nearest(value, names.iter().map(|(name, _)| *name)),
            };
            let field_of = |name: &String| names.iter().find(|(known, _)| known == name).map(|(_, field)| *field);
            near.iter()
                .filter_map(|name| Some(self.candidate(field_of(name)?, name)))
                .collect()
        } else {
            related_names
        };
        let elsewhere = Field::ALL
            .into_iter()
            .filter(|other| !fields.contains(other))
            .map(|other| {
                (
                    other,
                    count(&self.matching(Some(other), |other, found| other.is(found, value))),
                )
            })
            .filter(|(_, tracks)| *tracks > 0)
            .collect();
        self.problems.push(SelectionProblem::NoMatch {
            field,
            value: value.to_owned(),
            like: false,
            known: count(&self.matching(field, |_, _| true)),
            related: related.filter(|_| !near.is_empty()).map(|related| related.reason),
            nearest: near,
            elsewhere,
        });
    }

    fn candidate(&self, field: Field, value: &str) -> Candidate {
        let flags = self.matching(Some(field), |field, found| field.is(found, value));
        let mut having = self
            .tracks
            .iter()
            .zip(&flags)
            .filter(|(_, is)| **is)
            .map(|(track, _)| track);
        let first = having.next();
        Candidate {
            field,
            value: first
                .and_then(|(set, track)| field.of(set, track))
                .unwrap_or(value)
                .to_owned(),
            beside: first.and_then(|(_, track)| match field {
                Field::Biosample | Field::Tissue => track.ontology_curie.clone(),
                Field::Ontology => track.biosample_name.clone(),
                _ => None,
            }),
            tracks: count(&flags),
        }
    }
}

fn count(flags: &[bool]) -> usize {
    flags.iter().filter(|flag| **flag).count()
}

/// Says whether a value holds a pattern: anywhere without `*`, as a whole with it.
fn holds(value: &str, pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return value.contains(pattern);
    };
    let Some(mut rest) = value.strip_prefix(first) else {
        return false;
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
