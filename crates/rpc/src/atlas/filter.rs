//! The filter of the Atlas's methods: the part of AIP-160 that the published client writes.
//!
//! ```text
//! filter      = factor { AND factor }
//! factor      = term { OR term }                     OR binds closer than AND, as in AIP-160
//! term        = [ "-" | NOT ] ( "(" filter ")" | restriction )
//! restriction = FIELD "=" VALUE | ONTOLOGY ":*"
//! ```
//!
//! A filter is asked for every scorer, row (gene or junction) and track: what it is true of is in the answer. Presence of an
//! ontology term (`:*`) is asked of the scorer as a whole, so that a scorer without ontology keeps all tracks and a track
//! without a term is no exception where others have one; that is how the published client reads it.

use crate::proto;

/// A filter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the filter cannot be read at character {at}: {reason}")]
pub struct FilterError {
    /// Where (1-based, in characters).
    pub at: usize,
    /// The cause in words.
    pub reason: String,
}

/// What a filter is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    /// Name of the scorer.
    pub scorer: &'a str,
    /// Whether any track of the scorer has an ontology term.
    pub has_ontology: bool,
    /// Id and name of the gene, for rows that are about one.
    pub gene: Option<(&'a str, Option<&'a str>)>,
    /// Ontology term of the track.
    pub ontology: Option<proto::OntologyTerm>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Scorer(String),
    GeneId(String),
    GeneName(String),
    OntologyType(i32),
    OntologyId(i64),
    OntologyPresent,
}

/// A filter; the empty one keeps everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(Node);

const SCORER: &str = "scores.variant_scorer.name";
const GENE_ID: &str = "scores.metadata.gene_scorers.metadata.gene_id";
const GENE_NAME: &str = "scores.metadata.gene_scorers.metadata.name";
const ONTOLOGY: &str = "scores.metadata.tracks.metadata.ontology_term";
const ONTOLOGY_TYPE: &str = "scores.metadata.tracks.metadata.ontology_term.ontology_type";
const ONTOLOGY_ID: &str = "scores.metadata.tracks.metadata.ontology_term.id";

/// Parentheses within each other, at most.
const MOST_DEPTH: usize = 32;

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`FilterError`] with the place.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser {
            tokens: tokens(text)?,
            next: 0,
            end: text.chars().count() + 1,
            depth: 0,
        };
        if parser.tokens.is_empty() {
            return Ok(Self(Node::All(Vec::new())));
        }
        let node = parser.all()?;
        match parser.peek() {
            None => Ok(Self(node)),
            Some(token) => Err(parser.wrong(&format!("`{token}` is one too many"))),
        }
    }

    /// Says whether the filter is true of a cell.
    pub fn keeps(&self, cell: &Cell<'_>) -> bool {
        keeps(&self.0, cell)
    }
}

fn keeps(node: &Node, cell: &Cell<'_>) -> bool {
    let ontology = cell.ontology.as_ref();
    match node {
        Node::All(nodes) => nodes.iter().all(|node| keeps(node, cell)),
        Node::Any(nodes) => nodes.iter().any(|node| keeps(node, cell)),
        Node::Not(node) => !keeps(node, cell),
        Node::Scorer(name) => cell.scorer == name,
        // Ids are compared without version: tables have them without.
        Node::GeneId(id) => cell
            .gene
            .is_some_and(|(known, _)| unversioned(known) == unversioned(id)),
        Node::GeneName(name) => cell.gene.is_some_and(|(_, known)| known == Some(name)),
        Node::OntologyType(kind) => ontology.is_some_and(|term| term.ontology_type == *kind),
        Node::OntologyId(id) => ontology.is_some_and(|term| term.id == *id),
        Node::OntologyPresent => cell.has_ontology,
    }
}

fn unversioned(id: &str) -> &str {
    id.split_once('.').map_or(id, |(id, _)| id)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Sign(char),
    Word(String),
    Quoted(String),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sign(sign) => write!(f, "{sign}"),
            Self::Word(text) | Self::Quoted(text) => f.write_str(text),
        }
    }
}

/// Cuts a text into tokens, each with its place.
fn tokens(text: &str) -> Result<Vec<(usize, Token)>, FilterError> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().enumerate().peekable();
    while let Some((at, letter)) = letters.next() {
        let token = match letter {
            _ if letter.is_whitespace() => continue,
            '(' | ')' | '-' | '=' | ':' | '*' => Token::Sign(letter),
            '"' => {
                let mut quoted = String::new();
                loop {
                    match letters.next() {
                        None => {
                            return Err(FilterError {
                                at: at + 1,
                                reason: "a quotation does not end".to_owned(),
                            });
                        }
                        Some((_, '"')) => break,
                        Some((_, '\\')) => quoted.extend(letters.next().map(|(_, letter)| letter)),
                        Some((_, letter)) => quoted.push(letter),
                    }
                }
                Token::Quoted(quoted)
            }
            _ if is_word(letter) => {
                let mut word = letter.to_string();
                while let Some((_, letter)) = letters.next_if(|(_, letter)| is_word(*letter)) {
                    word.push(letter);
                }
                Token::Word(word)
            }
            other => {
                return Err(FilterError {
                    at: at + 1,
                    reason: format!("`{other}` has no meaning here"),
                });
            }
        };
        tokens.push((at + 1, token));
    }
    Ok(tokens)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '.'
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    /// The place after the last character.
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let is_next = self.peek() == Some(wanted);
        self.next += usize::from(is_next);
        is_next
    }

    fn word(&mut self, word: &str) -> bool {
        self.take(&Token::Word(word.to_owned()))
    }

    fn wrong(&self, reason: &str) -> FilterError {
        FilterError {
            at: self.tokens.get(self.next).map_or(self.end, |(at, _)| *at),
            reason: reason.to_owned(),
        }
    }

    fn all(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.any()?];
        while self.word("AND") {
            nodes.push(self.any()?);
        }
        Ok(Node::All(nodes))
    }

    fn any(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.term()?];
        while self.word("OR") {
            nodes.push(self.term()?);
        }
        Ok(Node::Any(nodes))
    }

    fn term(&mut self) -> Result<Node, FilterError> {
        let negated = self.take(&Token::Sign('-')) || self.word("NOT");
        let node = if self.take(&Token::Sign('(')) {
            self.depth += 1;
            if self.depth > MOST_DEPTH {
                return Err(self.wrong("too many parentheses within each other"));
            }
            let node = self.all()?;
            self.depth -= 1;
            if !self.take(&Token::Sign(')')) {
                return Err(self.wrong("a `)` is missing"));
            }
            node
        } else {
            self.restriction()?
        };
        Ok(if negated { Node::Not(Box::new(node)) } else { node })
    }

    fn restriction(&mut self) -> Result<Node, FilterError> {
        let Some(Token::Word(field)) = self.peek().cloned() else {
            return Err(self.wrong("a field is expected"));
        };
        let known = [SCORER, GENE_ID, GENE_NAME, ONTOLOGY, ONTOLOGY_TYPE, ONTOLOGY_ID];
        if !known.contains(&field.as_str()) {
            return Err(self.wrong(&format!(
                "the field `{field}` is not filtered by; fields are {}",
                known.join(", ")
            )));
        }
        self.next += 1;
        if field == ONTOLOGY {
            if self.take(&Token::Sign(':')) && self.take(&Token::Sign('*')) {
                return Ok(Node::OntologyPresent);
            }
            return Err(self.wrong("`:*` is expected"));
        }
        if !self.take(&Token::Sign('=')) {
            return Err(self.wrong("`=` is expected"));
        }
        let (Some(Token::Word(value)) | Some(Token::Quoted(value))) = self.peek().cloned() else {
            return Err(self.wrong("a value is expected"));
        };
        let node = match field.as_str() {
            SCORER => Node::Scorer(value),
            GENE_ID => Node::GeneId(value),
            GENE_NAME => Node::GeneName(value),
            ONTOLOGY_TYPE => match proto::OntologyType::from_str_name(&value) {
                Some(kind) => Node::OntologyType(kind.into()),
                None => return Err(self.wrong(&format!("`{value}` is no type of ontology"))),
            },
            _ => match value.parse() {
                Ok(id) => Node::OntologyId(id),
                Err(_) => return Err(self.wrong(&format!("`{value}` is no number"))),
            },
        };
        self.next += 1;
        Ok(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(scorer: &'static str) -> Cell<'static> {
        Cell {
            scorer,
            has_ontology: true,
            gene: None,
            ontology: Some(proto::OntologyTerm {
                ontology_type: proto::OntologyType::Efo.into(),
                id: 2067,
            }),
        }
    }

    #[test]
    fn the_filters_of_the_published_client_are_understood() {
        // As `build_filter` of client 0.10.0 writes them.
        let text = "(scores.variant_scorer.name = \"ATAC\" OR scores.variant_scorer.name = \"RNA_SEQ\") AND \
                    (-scores.metadata.tracks.metadata.ontology_term:* OR \
                    ((scores.metadata.tracks.metadata.ontology_term.ontology_type = ONTOLOGY_TYPE_EFO AND \
                    scores.metadata.tracks.metadata.ontology_term.id = 2067) OR \
                    (scores.metadata.tracks.metadata.ontology_term.ontology_type = ONTOLOGY_TYPE_CL AND \
                    scores.metadata.tracks.metadata.ontology_term.id = 84)))";
        let filter = Filter::parse(text).unwrap();
        assert!(filter.keeps(&cell("ATAC")) && filter.keeps(&cell("RNA_SEQ")) && !filter.keeps(&cell("DNASE")));
        let other = proto::OntologyTerm {
            ontology_type: proto::OntologyType::Cl.into(),
            id: 2067,
        };
        let with = |ontology, has_ontology| Cell {
            ontology,
            has_ontology,
            ..cell("ATAC")
        };
        assert!(!filter.keeps(&with(Some(other), true)));
        // A track without a term goes where others of the scorer have one, and stays where none has.
        assert!(!filter.keeps(&with(None, true)) && filter.keeps(&with(None, false)));
        let genes = "(scores.metadata.gene_scorers.metadata.gene_id = \"ENSG1.5\" OR \
                     scores.metadata.gene_scorers.metadata.name = \"MYC\")";
        let genes = Filter::parse(genes).unwrap();
        let of = |id, name| Cell {
            gene: Some((id, name)),
            ..cell("RNA_SEQ")
        };
        assert!(genes.keeps(&of("ENSG1", None)) && genes.keeps(&of("ENSG2", Some("MYC"))));
        assert!(!genes.keeps(&of("ENSG2", None)) && !genes.keeps(&cell("RNA_SEQ")));
    }

    #[test]
    fn the_empty_filter_keeps_everything_and_or_binds_closer_than_and() {
        assert!(Filter::parse(" ").unwrap().keeps(&cell("x")));
        let name = |name: &str| format!("{SCORER} = {name}");
        let text = format!("{} AND {} OR {}", name("a"), name("b"), name("a"));
        assert!(Filter::parse(&text).unwrap().keeps(&cell("a")));
        assert!(!Filter::parse(&text).unwrap().keeps(&cell("b")));
        assert!(Filter::parse(&format!("NOT {}", name("a"))).unwrap().keeps(&cell("b")));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        for (text, at) in [
            ("(", 2),
            ("()", 2),
            ("scores.shape = 1", 1),
            ("scores.variant_scorer.name", 27),
            ("scores.variant_scorer.name = ", 30),
            ("scores.variant_scorer.name = \"a", 30),
            ("scores.variant_scorer.name = a b", 32),
            ("scores.metadata.tracks.metadata.ontology_term.id = x", 52),
            ("scores.metadata.tracks.metadata.ontology_term = 1", 47),
            ("a < b", 3),
        ] {
            assert_eq!(Filter::parse(text).unwrap_err().at, at, "{text}");
        }
        let deep = "(".repeat(10_000);
        assert!(Filter::parse(&deep).is_err());
    }
}
