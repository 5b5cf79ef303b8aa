//! What identifies an answer.
//!
//! A question is a text of one `name value` line for each thing that decides an answer; its SHA-256 is the key of the entry.
//! The text is kept beside the answer, so that an entry can be told from any other without the program that made it.

use refalt_core::{CheckedVariant, Organism, Window};
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
        writeln!(f, "annotation of the service")
    }
}

/// One question to a service: a variant by a scorer.
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
        let changes: [fn(&mut Service); 5] = [
            |service| service.source = "127.0.0.1:50052".to_owned(),
            |service| service.model_version = Some("FOLD_0".to_owned()),
            |service| service.organism = Organism::Mouse,
            |service| service.tracks = "sha256:01".to_owned(),
            |service| service.merge_stranded = true,
        ];
        for change in changes {
            let mut other = base.clone();
            change(&mut other);
            keys.push(ask(&other, 7, b"C", 16_384, "S()"));
        }
        let (_, window) = variant(7, b"C", 16_384);
        keys.push(Question::of_interval(&base, &window, "S()").key);
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!((keys.len(), count), (11, 11));
    }
}
