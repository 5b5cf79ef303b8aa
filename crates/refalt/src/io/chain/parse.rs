//! From lines to chains.

use super::{Chain, ChainBlock, ChainError, ChainProblem, ChainSide};
use crate::io::gzip;
use refalt_core::{ContigName, Interval, Strand};
use std::collections::HashMap;
use std::io::BufRead;

pub(super) fn parse(name: &str, text: &mut dyn BufRead) -> Result<Vec<Chain>, ChainError> {
    let mut parser = Parser::default();
    let mut bytes = Vec::new();
    loop {
        let more = gzip::read_line(text, &mut bytes).map_err(|source| ChainError::Io {
            name: name.to_owned(),
            source,
        })?;
        parser.line += 1;
        let taken = if more { parser.take(&bytes) } else { parser.finish() };
        taken.map_err(|problem| ChainError::Line {
            name: name.to_owned(),
            line: parser.line,
            problem,
        })?;
        if !more {
            break;
        }
    }
    if parser.chains.is_empty() {
        return Err(ChainError::Empty { name: name.to_owned() });
    }
    Ok(parser.chains)
}

/// One side of a header: coordinates on the strand as written.
struct Side {
    side: ChainSide,
    strand: Strand,
    start: u32,
    end: u32,
}

/// A chain being read.
struct Open {
    header: u64,
    score: f64,
    id: Option<u64>,
    from: Side,
    to: Side,
    /// Where the next block begins, on the strands as written.
    from_at: u64,
    to_at: u64,
    blocks: Vec<ChainBlock>,
}

#[derive(Default)]
struct Parser {
    line: u64,
    open: Option<Open>,
    chains: Vec<Chain>,
    from_lengths: HashMap<String, u32>,
    to_lengths: HashMap<String, u32>,
}

impl Parser {
    fn take(&mut self, line: &[u8]) -> Result<(), ChainProblem> {
        let line = std::str::from_utf8(line).map_err(|_| ChainProblem::Encoding)?.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        match (&mut self.open, fields[0] == "chain") {
            (None, true) => self.header(&fields[1..]),
            (None, false) => Err(ChainProblem::NoHeader {
                found: line.chars().take(40).collect(),
            }),
            (Some(open), true) => Err(ChainProblem::Unfinished { header: open.header }),
            (Some(open), false) => {
                if open.block(&fields)? {
                    return Ok(());
                }
                let chain = self.open.take().map(Open::close).transpose()?;
                self.chains.extend(chain);
                Ok(())
            }
        }
    }

    fn finish(&mut self) -> Result<(), ChainProblem> {
        match &self.open {
            Some(open) => Err(ChainProblem::Unfinished { header: open.header }),
            None => Ok(()),
        }
    }

    fn header(&mut self, fields: &[&str]) -> Result<(), ChainProblem> {
        let (sides, id) = match fields.len() {
            11 => (&fields[1..], None),
            12 => (&fields[1..11], Some(fields[11])),
            found => return Err(ChainProblem::HeaderFields { found: found + 1 }),
        };
        let score = fields[0].parse().ok().filter(|score: &f64| score.is_finite());
        let score = score.ok_or_else(|| value("score", fields[0], "a number"))?;
        let id = id
            .map(|text| text.parse().map_err(|_| value("id", text, "a whole number")))
            .transpose()?;
        let from = side(&sides[..5], ["tSize", "tStrand", "tStart", "tEnd"])?;
        let to = side(&sides[5..], ["qSize", "qStrand", "qStart", "qEnd"])?;
        for (lengths, side) in [(&mut self.from_lengths, &from.side), (&mut self.to_lengths, &to.side)] {
            let other_bp = *lengths.entry(side.contig.as_str().to_owned()).or_insert(side.length_bp);
            if other_bp != side.length_bp {
                return Err(ChainProblem::Lengths {
                    contig: side.contig.as_str().to_owned(),
                    length_bp: side.length_bp,
                    other_bp,
                });
            }
        }
        self.open = Some(Open {
            header: self.line,
            score,
            id,
            from_at: from.start.into(),
            to_at: to.start.into(),
            from,
            to,
            blocks: Vec::new(),
        });
        Ok(())
    }
}

fn value(field: &'static str, value: &str, expected: &'static str) -> ChainProblem {
    ChainProblem::Value {
        field,
        value: value.to_owned(),
        expected,
    }
}

fn whole(field: &'static str, text: &str) -> Result<u32, ChainProblem> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.ok_or_else(|| value(field, text, "a whole number up to 4294967295"))
}

fn side(fields: &[&str], names: [&'static str; 4]) -> Result<Side, ChainProblem> {
    let strand = match fields[2] {
        "+" => Strand::Forward,
        "-" => Strand::Reverse,
        other => return Err(value(names[1], other, "`+` or `-`")),
    };
    let (length_bp, start, end) = (
        whole(names[0], fields[1])?,
        whole(names[2], fields[3])?,
        whole(names[3], fields[4])?,
    );
    if start > end || end > length_bp {
        return Err(ChainProblem::Outside {
            contig: fields[0].to_owned(),
            start,
            end,
            length_bp,
        });
    }
    Ok(Side {
        side: ChainSide {
            contig: ContigName::new(fields[0]),
            length_bp,
        },
        strand,
        start,
        end,
    })
}

impl Side {
    /// Returns `length` bases from `at` (on the strand as written) on the forward strand.
    ///
    /// "If the strand is "-", position coordinates are listed in terms of the reverse-complemented sequence."
    fn forward(&self, at: u64, length: u32) -> Option<Interval> {
        let start = u32::try_from(at).ok()?;
        let end = start.checked_add(length).filter(|&end| end <= self.end)?;
        match self.strand {
            Strand::Forward => Interval::from_bed(start, end),
            Strand::Reverse => Interval::from_bed(self.side.length_bp - end, self.side.length_bp - start),
        }
    }

    fn sum(&self, found: u64) -> ChainProblem {
        ChainProblem::Sum {
            contig: self.side.contig.as_str().to_owned(),
            found,
            expected: self.end,
        }
    }
}

impl Open {
    /// Takes a block line; `false` when it was the last.
    fn block(&mut self, fields: &[&str]) -> Result<bool, ChainProblem> {
        let (size, gaps) = match fields[..] {
            [size] => (size, None),
            [size, from, to] => (size, Some((from, to))),
            _ => return Err(ChainProblem::BlockFields { found: fields.len() }),
        };
        let size = whole("size", size)?;
        let (from, to) = (self.from.forward(self.from_at, size), self.to.forward(self.to_at, size));
        let (from_end, to_end) = (self.from_at + u64::from(size), self.to_at + u64::from(size));
        let block = ChainBlock {
            from: from.ok_or_else(|| self.from.sum(from_end))?,
            to: to.ok_or_else(|| self.to.sum(to_end))?,
        };
        if size > 0 {
            self.blocks.push(block);
        }
        (self.from_at, self.to_at) = (from_end, to_end);
        let Some((from_gap, to_gap)) = gaps else {
            return Ok(false);
        };
        self.from_at += u64::from(whole("dt", from_gap)?);
        self.to_at += u64::from(whole("dq", to_gap)?);
        Ok(true)
    }

    fn close(mut self) -> Result<Chain, ChainProblem> {
        for (side, found) in [(&self.from, self.from_at), (&self.to, self.to_at)] {
            if found != u64::from(side.end) {
                return Err(side.sum(found));
            }
        }
        if self.from.strand == Strand::Reverse {
            self.blocks.reverse();
        }
        Ok(Chain {
            score: self.score,
            id: self.id,
            strand: if self.from.strand == self.to.strand {
                Strand::Forward
            } else {
                Strand::Reverse
            },
            from: self.from.side,
            to: self.to.side,
            blocks: self.blocks,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<Chain>, ChainError> {
        parse("x.chain", &mut text.as_bytes())
    }

    fn block(from: (u32, u32), to: (u32, u32)) -> ChainBlock {
        ChainBlock {
            from: Interval::from_bed(from.0, from.1).unwrap(),
            to: Interval::from_bed(to.0, to.1).unwrap(),
        }
    }

    #[test]
    fn blocks_and_gaps_are_laid_on_the_forward_strands() {
        let text = "##matrix=x\nchain 4900 chrY 20 + 2 12 chr5 30 + 3 14 7\n5 1 2\n4\n\nchain 1e3 chrY 20 + 2 12 chr5 30 - 3 14\n5\t1\t2\n4";
        let chains = read(text).unwrap();
        assert_eq!(
            (chains[0].score, chains[0].id, chains[0].strand),
            (4900.0, Some(7), Strand::Forward)
        );
        assert_eq!(chains[0].blocks, [block((2, 7), (3, 8)), block((8, 12), (10, 14))]);
        // On the reverse strand of 30 bases, 3-8 is 22-27 and 10-14 is 16-20.
        assert_eq!(
            (chains[1].score, chains[1].id, chains[1].strand),
            (1000.0, None, Strand::Reverse)
        );
        assert_eq!(chains[1].blocks, [block((2, 7), (22, 27)), block((8, 12), (16, 20))]);
        assert_eq!(chains[1].span(), Interval::from_bed(2, 12));
    }

    #[test]
    fn two_reverse_strands_are_one_forward_chain() {
        let chains = read("chain 1 a 20 - 2 12 b 30 - 3 14 7\n5 1 2\n4\n").unwrap();
        assert_eq!(chains[0].strand, Strand::Forward);
        assert_eq!(chains[0].blocks, [block((8, 12), (16, 20)), block((13, 18), (22, 27))]);
    }

    #[test]
    fn a_chain_inverted_twice_is_itself() {
        for chain in
            read("chain 1 a 20 + 2 12 b 30 - 3 14 7\n5 1 2\n4\nchain 1 a 20 + 2 12 b 30 + 3 14 7\n5 1 2\n4\n").unwrap()
        {
            let inverted = chain.inverted();
            assert!(inverted.blocks.is_sorted_by_key(|block| block.from));
            assert_eq!(inverted.inverted(), chain);
        }
    }

    #[test]
    fn an_error_names_the_line_and_the_value() {
        for (text, line, expected) in [
            (
                "chain 1 a 9 + 0 9 b 9 + 0 9 1 2\n",
                1,
                "a chain header has 12 or 13 fields, found 14",
            ),
            ("chain x a 9 + 0 9 b 9 + 0 9\n", 1, "score is `x`; expected a number"),
            (
                "chain 1 a 9 * 0 9 b 9 + 0 9\n",
                1,
                "tStrand is `*`; expected `+` or `-`",
            ),
            (
                "chain 1 a 9 + 0 9 b 9 + -1 9\n",
                1,
                "qStart is `-1`; expected a whole number up to 4294967295",
            ),
            (
                "chain 1 a 9 + 0 10 b 9 + 0 9\n",
                1,
                "`a` from 0 to 10 does not lie in its length 9",
            ),
            ("chr5\t0\t9\n", 1, "expected a chain header, found `chr5\t0\t9`"),
            (
                "chain 1 a 9 + 0 9 b 9 + 0 9\n9 1\n",
                2,
                "a block has 3 fields, the last of a chain 1; found 2",
            ),
            (
                "chain 1 a 9 + 0 9 b 9 + 0 9\n10\n",
                2,
                "the blocks of `a` end at 10, the header says 9",
            ),
            (
                "chain 1 a 9 + 0 9 b 9 + 0 8\n9\n",
                2,
                "the blocks of `b` end at 9, the header says 8",
            ),
            (
                "chain 1 a 9 + 0 9 b 9 + 0 9\n8\n",
                2,
                "the blocks of `a` end at 8, the header says 9",
            ),
            (
                "chain 1 a 9 + 0 9 b 9 + 0 9\n4 1 1\n\n",
                4,
                "the chain of line 1 ends without its last block",
            ),
            (
                "chain 1 a 9 + 0 9 b 9 + 0 9\n4 1 1\nchain\n",
                3,
                "the chain of line 1 ends without its last block",
            ),
            (
                "chain 1 a 9 + 0 9 b 9 + 0 9\n9\nchain 1 a 8 + 0 8 b 9 + 0 9\n",
                3,
                "`a` has 8 bp here and 9 bp in an earlier chain",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.to_string(), expected, "{text:?}");
            assert_eq!(error.place().unwrap(), format!("x.chain, line {line}"));
        }
        assert!(matches!(read("# nothing\n").unwrap_err(), ChainError::Empty { .. }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_chains_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse("x", &mut bytes.as_slice());
        }

        #[test]
        fn near_chain_text_is_chains_or_an_error(
            text in "(chain [0-9]{1,3} a [0-9]{1,2} [-+] [0-9] [0-9]{1,2} b [0-9]{1,2} [-+] [0-9] [0-9]{1,2}( 1)?\n([0-9] [0-9] [0-9]{1,10}\n){0,2}[0-9]\n){1,2}"
        ) {
            if let Ok(chains) = read(&text) {
                for chain in chains {
                    for block in chain.blocks {
                        prop_assert!(block.from.len() == block.to.len() && !block.from.is_empty());
                        prop_assert!(block.from.bed_end() <= chain.from.length_bp && block.to.bed_end() <= chain.to.length_bp);
                    }
                }
            }
        }
    }
}
