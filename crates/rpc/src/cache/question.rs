//! What identifies an answer.
//!
//! A question is a text of one `name value` line for each thing that decides an answer; its SHA-256 is the key of the entry.
//! The text is kept beside the answer, so that an entry can be told from any other without the program that made it.

use super::kind::Kind;
use refalt_core::{CheckedVariant, Organism, OutputType, Sequence, Window};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Layout of the text: another one gives other keys.
const LAYOUT: u32 = 1;

/// A service and how it is asked: what all questions of a run have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// Address, `HOST:PORT`.
    pub source: String,
    /// Version of the model that is asked for; `None` for the service's choice.
    pub model_version: Option<String>,
    /// The organism.
    pub organism: Organism,
    /// Digest of the tracks that the service lists.
    pub tracks: String,
    /// Whether the service is asked to merge the tracks of the two strands.
    pub merge_stranded: bool,
    /// What the service states of its model, genome and genes, as a digest; `None` where it states nothing.
    pub states: Option<String>,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "source {}", self.source)?;
        writeln!(
            f,
            "model {}",
            self.model_version.as_deref().unwrap_or("default of the service")
        )?;
        writeln!(f, "organism {}", self.organism.common_name())?;
        writeln!(f, "tracks {}", self.tracks)?;
        writeln!(f, "merge_stranded {}", self.merge_stranded)?;
        writeln!(f, "annotation of the service")?;
        match &self.states {
            Some(states) => writeln!(f, "states {states}"),
            None => Ok(()),
        }
    }
}

/// What a prediction is over.
#[derive(Clone, Copy, Debug)]
pub enum Predicted<'a> {
    /// The reference and the alternate allele.
    Variant {
        /// The window.
        window: &'a Window,
        /// The variant.
        variant: &'a CheckedVariant,
    },
    /// A window of the reference.
    Interval {
        /// The window.
        window: &'a Window,
    },
    /// A sequence without a place.
    Sequence {
        /// The sequence; its digest is kept, not its bases.
        sequence: &'a Sequence,
    },
}

/// One question to a service: a variant by a scorer, or a prediction of one output type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub(super) key: [u8; 32],
    pub(super) text: String,
}

impl Question {
    /// Asks for the scores of a variant by one scorer.
    ///
    /// * `scorer`: its text, which is its identity.
    pub fn of_variant(service: &Service, window: &Window, variant: &CheckedVariant, scorer: &str) -> Self {
        Self::of_text(format!(
            "refalt answer {LAYOUT}\nmethod ScoreVariant\n{service}window {window}\nvariant {variant}\nscorer {scorer}\n"
        ))
    }

    /// Asks for the scores of an interval by one scorer.
    pub fn of_interval(service: &Service, window: &Window, scorer: &str) -> Self {
        Self::of_text(format!(
            "refalt answer {LAYOUT}\nmethod ScoreInterval\n{service}window {window}\nscorer {scorer}\n"
        ))
    }

    /// Asks for the scores of a substitution of a saturation mutagenesis by one scorer.
    ///
    /// It is another question than that of the variant by itself: the service may window or batch it otherwise.
    pub fn of_substitution(service: &Service, window: &Window, variant: &CheckedVariant, scorer: &str) -> Self {
        Self::of_text(format!(
            "refalt answer {LAYOUT}\nmethod ScoreIsmVariant\n{service}window {window}\nvariant {variant}\nscorer {scorer}\n"
        ))
    }

    /// Asks for the scores of a variant by one scorer of the Atlas.
    ///
    /// * `service`: its tracks are those of this scorer.
    pub fn of_atlas(service: &Service, variant: &CheckedVariant, scorer: &str) -> Self {
        Self::of_text(format!(
            "refalt answer {LAYOUT}\nmethod GetDenseVariantScores\n{service}variant {variant}\nscorer {scorer}\n"
        ))
    }

    /// Asks for the prediction of one output type.
    ///
    /// * `ontology_curies`: biosamples, in any order; all when none is named.
    pub fn of_prediction(
        service: &Service,
        predicted: Predicted<'_>,
        output: OutputType,
        ontology_curies: &[String],
    ) -> Self {
        let (method, subject) = match predicted {
            Predicted::Variant { window, variant } => ("PredictVariant", format!("window {window}\nvariant {variant}")),
            Predicted::Interval { window } => ("PredictInterval", format!("window {window}")),
            Predicted::Sequence { sequence } => {
                let digest = refalt::provenance::hexadecimal(&Sha256::digest(sequence.as_bytes()));
                (
                    "PredictSequence",
                    format!("sequence {} bp sha256:{digest}", sequence.len()),
                )
            }
        };
        let mut terms: Vec<&str> = ontology_curies.iter().map(String::as_str).collect();
        terms.sort_unstable();
        terms.dedup();
        let terms = if terms.is_empty() {
            "all".to_owned()
        } else {
            terms.join(",")
        };
        Self::of_text(format!(
            "refalt answer {LAYOUT}\nmethod {method}\n{service}{subject}\noutput {output}\nontology {terms}\n"
        ))
    }

    pub(super) fn of_text(text: String) -> Self {
        Self {
            key: Sha256::digest(&text).into(),
            text,
        }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns of what kind its answer is.
    pub fn kind(&self) -> Kind {
        Kind::of_method(self.method())
    }

    /// Returns the method of the service that is asked.
    pub(crate) fn method(&self) -> &str {
        self.text
            .lines()
            .find_map(|line| line.strip_prefix("method "))
            .unwrap_or_default()
    }

    /// Returns the lines of the text that name the service.
    pub(super) fn service(text: &str) -> String {
        let names = ["source", "model", "organism"];
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        let named: Vec<&str> = lines
            .filter(|(name, _)| names.contains(name))
            .map(|(_, value)| value)
            .collect();
        named.join("\t")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use refalt_core::{Alternate, ContigName, Dna, InMemoryReference, Position, Reference, Variant, check};
    use std::num::NonZeroU32;

    pub(crate) fn service() -> Service {
        Service {
            source: "127.0.0.1:50051".to_owned(),
            model_version: None,
            organism: Organism::Human,
            tracks: "sha256:00".to_owned(),
            merge_stranded: false,
            states: None,
        }
    }

    fn variant(position: u32, alternate: &[u8], length: u32) -> (CheckedVariant, Window) {
        let genome = vec![b'A'; 200];
        let reference = InMemoryReference::of_contigs([("chr1", genome.as_slice())]);
        let written = Variant {
            contig: ContigName::new("chr1"),
            position: Position::new(position).unwrap(),
            reference_bases: Dna::parse(b"A").unwrap(),
            alternate: Alternate::Bases(Dna::parse(alternate).unwrap()),
        };
        let reference: &dyn Reference = &reference;
        let checked = check(&written, reference).unwrap();
        let length = NonZeroU32::new(length).unwrap();
        let window = Window::around(checked.contig(), checked.reference_interval(), length);
        (checked, window)
    }

    #[test]
    fn the_text_names_everything_that_decides_an_answer() {
        let (variant, window) = variant(7, b"C", 16_384);
        let question = Question::of_variant(&service(), &window, &variant, "S()");
        assert_eq!(
            question.text(),
            "refalt answer 1\nmethod ScoreVariant\nsource 127.0.0.1:50051\nmodel default of the service\norganism human\n\
             tracks sha256:00\nmerge_stranded false\nannotation of the service\nwindow chr1:-8185-8199:.\n\
             variant chr1:7:A>C\nscorer S()\n"
        );
        // sha256sum of that text.
        assert_eq!(
            refalt::provenance::hexadecimal(&question.key),
            "62b9afbb01f6177a581530dec474f23b5ad9c61b943b2ad9e4db0e321a4c33ee"
        );
    }

    #[test]
    fn whatever_differs_makes_another_question() {
        let ask = |service: &Service, position, alternate: &[u8], length, scorer: &str| {
            let (variant, window) = variant(position, alternate, length);
            Question::of_variant(service, &window, &variant, scorer).key
        };
        let base = service();
        let mut keys = vec![
            ask(&base, 7, b"C", 16_384, "S()"),
            ask(&base, 8, b"C", 16_384, "S()"),
            ask(&base, 7, b"G", 16_384, "S()"),
            ask(&base, 7, b"C", 131_072, "S()"),
            ask(&base, 7, b"C", 16_384, "T()"),
        ];
        let changes: [fn(&mut Service); 7] = [
            |service| service.source = "127.0.0.1:50052".to_owned(),
            |service| service.model_version = Some("FOLD_0".to_owned()),
            |service| service.organism = Organism::Mouse,
            |service| service.tracks = "sha256:01".to_owned(),
            |service| service.merge_stranded = true,
            |service| service.states = Some("sha256:02".to_owned()),
            |service| service.states = Some("sha256:03".to_owned()),
        ];
        for change in changes {
            let mut other = base.clone();
            change(&mut other);
            keys.push(ask(&other, 7, b"C", 16_384, "S()"));
        }
        let (checked, window) = variant(7, b"C", 16_384);
        keys.push(Question::of_interval(&base, &window, "S()").key);
        keys.push(Question::of_substitution(&base, &window, &checked, "S()").key);
        keys.push(Question::of_atlas(&base, &checked, "S()").key);
        let [sequence, other] = [b"ACGT", b"ACGA"].map(|bases| Sequence::from_bases(bases.to_vec()));
        let predict = |of, output, terms: &[&str]| {
            let terms: Vec<String> = terms.iter().map(|&term| term.to_owned()).collect();
            Question::of_prediction(&base, of, output, &terms).key
        };
        let of_variant = Predicted::Variant {
            window: &window,
            variant: &checked,
        };
        keys.push(predict(of_variant, OutputType::Atac, &[]));
        keys.push(predict(of_variant, OutputType::Dnase, &[]));
        keys.push(predict(of_variant, OutputType::Atac, &["CL:1"]));
        keys.push(predict(of_variant, OutputType::Atac, &["CL:1", "CL:2"]));
        keys.push(predict(Predicted::Interval { window: &window }, OutputType::Atac, &[]));
        keys.push(predict(
            Predicted::Sequence { sequence: &sequence },
            OutputType::Atac,
            &[],
        ));
        keys.push(predict(Predicted::Sequence { sequence: &other }, OutputType::Atac, &[]));
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!((keys.len(), count), (22, 22));
        // The order of terms, and one named twice, make no other question.
        assert_eq!(
            predict(of_variant, OutputType::Atac, &["CL:2", "CL:1", "CL:2"]),
            predict(of_variant, OutputType::Atac, &["CL:1", "CL:2"])
        );
    }

    #[test]
    fn the_kind_is_that_of_the_method() {
        let (checked, window) = variant(7, b"C", 16_384);
        let base = service();
        let interval = Predicted::Interval { window: &window };
        let kinds = [
            Question::of_variant(&base, &window, &checked, "S()").kind(),
            Question::of_interval(&base, &window, "S()").kind(),
            Question::of_substitution(&base, &window, &checked, "S()").kind(),
            Question::of_atlas(&base, &checked, "S()").kind(),
            Question::of_prediction(&base, interval, OutputType::Atac, &[]).kind(),
        ];
        let expected = [
            Kind::Scores,
            Kind::Scores,
            Kind::Mutagenesis,
            Kind::Atlas,
            Kind::Predictions,
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn a_prediction_names_its_output_and_a_sequence_its_digest_alone() {
        let sequence = Sequence::from_bases(b"ACGT".to_vec());
        let question = Question::of_prediction(
            &service(),
            Predicted::Sequence { sequence: &sequence },
            OutputType::ChipTf,
            &["EFO:0001187".to_owned()],
        );
        // printf ACGT | sha256sum
        assert!(question.text().ends_with(
            "annotation of the service\nsequence 4 bp sha256:\
             1dff3e84fe7877e0673b69bbddcf40124e396e3f9943dd890c91b6a09adb9af0\noutput CHIP_TF\nontology EFO:0001187\n"
        ));
    }
}
