//! What an audit found, for people and machines.

use super::passes::{FirstPass, Judged, Work};
use super::record::VetRow;
use crate::provenance::{FileIdentity, VERSION};
use refalt_core::audit::{Convention, FileFit, Hypothesis, Repairs};
use refalt_core::{Assembly, Reference};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What stands for the convention of a file of which no row was compared with the reference.
pub const NOTHING_TO_JUDGE: &str = "nothing to judge";

/// What stands for the convention of a file whose positions have nothing to do with the reference.
pub const ANOTHER_BUILD: &str = "another build that was not weighed";

/// Probability of another build from which the headline speaks of it.
const POSSIBLE: f64 = 0.1;

/// A convention with its probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConventionShare {
    /// The convention in words: `as said`, `other_assembly + transcript strand`.
    pub convention: String,
    /// Its probability.
    pub posterior: f64,
}

/// Rows that differ from the convention in one way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviationShare {
    /// How they differ: `swapped`, `unexplained`.
    pub change: String,
    /// Estimated share of rows, 0 to 1.
    pub share: f64,
    /// 95 % interval of the share.
    pub interval: (f64, f64),
}

/// How often the genome agrees with a hypothesis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HypothesisMatches {
    /// The hypothesis: `ok`, `other_assembly+complement`.
    pub hypothesis: String,
    /// Rows whose implied REF is the genome's.
    pub matches: u64,
    /// Rows compared.
    pub compared: u64,
    /// Matches expected if the alleles had nothing to do with the genome.
    pub expected_by_chance: f64,
}

/// What is said of the file as a whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileVerdict {
    /// The most probable convention in words, [`ANOTHER_BUILD`], or [`NOTHING_TO_JUDGE`].
    pub convention: String,
    /// Its probability; none when no row was compared: what was believed beforehand is no verdict.
    pub posterior: Option<f64>,
    /// Whether it is probable enough to be called the file's, and not by belief alone.
    pub is_sure: bool,
    /// Whether it is probable by what was believed beforehand, and the rows are too few to bear it out.
    pub rests_on_belief: bool,
    /// The probability that no convention holds, as for positions of a build that was not weighed.
    pub another_build: Option<f64>,
    /// Whether the file is what it says.
    pub as_said: bool,
    /// The repairs that bring the file's rows onto the reference.
    pub repairs: Vec<String>,
    /// Conventions with at least 1 %, most probable first.
    pub conventions: Vec<ConventionShare>,
    /// Rows that differ from the convention, largest share first.
    pub deviations: Vec<DeviationShare>,
    /// Agreement of the genome with each hypothesis that was compared.
    pub matches: Vec<HypothesisMatches>,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq)]
pub struct VetReport {
    /// The input.
    pub input: FileIdentity,
    /// The reference.
    pub reference: FileIdentity,
    /// What is known of the reference's assembly.
    pub assembly: String,
    /// The assembly that the file's header states.
    pub stated_assembly: Option<Assembly>,
    /// The assembly of the reference: proven by content, or as the user says.
    pub reference_assembly: Option<Assembly>,
    /// On what ground the assembly of the reference is known: `proven`, `stated` or `unknown`.
    pub assembly_basis: &'static str,
    /// How many rows state which assembly.
    pub stated_by_rows: BTreeMap<Assembly, u64>,
    /// Whether a chain from another assembly was given.
    pub has_chain: bool,
    /// The assembly that the chain lifts from, by the lengths of its contigs.
    pub other_assembly: Option<Assembly>,
    /// Rows read.
    pub rows: u64,
    /// Rows compared with the genome.
    pub compared: u64,
    /// Distinct variants as written; each is one piece of evidence, however many rows repeat it.
    pub distinct: u64,
    /// Those of them that were compared with the genome.
    pub distinct_compared: u64,
    /// What header and rows state, where they name several assemblies and that of the reference is not known.
    pub disagreement: Option<String>,
    /// The verdict on the file.
    pub file: FileVerdict,
    /// Rows by verdict.
    pub counts: BTreeMap<String, u64>,
    /// Rows that go on.
    pub accepted: u64,
    /// Rows that go on repaired.
    pub repaired: u64,
    /// The repairs that were asked for.
    pub applied: Vec<String>,
    /// Rows that are not `ok`.
    pub not_ok: u64,
    /// The first of them.
    pub listed: Vec<VetRow>,
}

pub(super) fn summarize(
    work: &Work<'_>,
    first: &FirstPass,
    fit: &FileFit,
    judged: Judged,
    reference: FileIdentity,
) -> VetReport {
    let disagreement = first.stated.contradicts_itself(work.known).then(|| {
        let told = first.stated.statements();
        let told: Vec<String> = told.iter().map(|(said, who)| format!("{said} ({who})")).collect();
        told.join(", ")
    });
    let mut file = file_verdict(fit, first.compared);
    file.is_sure &= disagreement.is_none();
    VetReport {
        input: work.input.identity().clone(),
        reference,
        assembly: work.reference.assembly().to_string(),
        stated_assembly: first.stated.header,
        reference_assembly: work.assembly,
        assembly_basis: work.known.basis(),
        stated_by_rows: (first.stated.rows.iter())
            .map(|(&assembly, &(count, _))| (assembly, count))
            .collect(),
        has_chain: work.lift.is_some(),
        other_assembly: work.lift.and_then(|lift| lift.source_assembly()),
        rows: judged.counts.values().sum(),
        compared: first.compared,
        distinct: first.distinct,
        distinct_compared: first.tally.variants(),
        disagreement,
        file,
        counts: judged.counts,
        accepted: judged.accepted,
        repaired: judged.repaired,
        applied: work.request.apply.iter().map(ToString::to_string).collect(),
        not_ok: judged.not_ok,
        listed: judged.listed,
    }
}

fn file_verdict(fit: &FileFit, compared: u64) -> FileVerdict {
    if compared == 0 {
        return FileVerdict {
            convention: NOTHING_TO_JUDGE.to_owned(),
            posterior: None,
            is_sure: false,
            rests_on_belief: false,
            another_build: None,
            as_said: false,
            repairs: Vec::new(),
            conventions: Vec::new(),
            deviations: Vec::new(),
            matches: Vec::new(),
        };
    }
    let best = fit.best();
    let unrelated = fit.unrelated();
    let is_related = best.posterior >= unrelated;
    let names = |repairs: Repairs| repairs.iter().map(|repair| repair.to_string()).collect();
    FileVerdict {
        convention: if is_related {
            best.convention.to_string()
        } else {
            ANOTHER_BUILD.to_owned()
        },
        posterior: Some(best.posterior.max(unrelated)),
        is_sure: fit.is_settled(),
        rests_on_belief: fit.rests_on_belief(),
        another_build: Some(unrelated),
        as_said: is_related && best.convention == Convention::AS_SAID,
        repairs: if is_related {
            names(best.convention.repairs())
        } else {
            Vec::new()
        },
        conventions: shares(fit),
        deviations: fit
            .deviations()
            .iter()
            .filter(|_| is_related)
            .map(|deviation| DeviationShare {
                change: deviation.name(best.convention),
                share: deviation.share,
                interval: deviation.interval,
            })
            .collect(),
        matches: Hypothesis::all()
            .filter_map(|hypothesis| {
                let (matches, compared, expected_by_chance) = fit.matches(hypothesis);
                (compared > 0).then(|| HypothesisMatches {
                    hypothesis: hypothesis.to_string(),
                    matches,
                    compared,
                    expected_by_chance,
                })
            })
            .collect(),
    }
}

/// Returns the conventions with at least 1 %, and that none holds, most probable first.
fn shares(fit: &FileFit) -> Vec<ConventionShare> {
    let mut shares: Vec<ConventionShare> = (fit.conventions().iter())
        .map(|known| ConventionShare {
            convention: known.convention.to_string(),
            posterior: known.posterior,
        })
        .collect();
    shares.push(ConventionShare {
        convention: ANOTHER_BUILD.to_owned(),
        posterior: fit.unrelated(),
    });
    shares.retain(|known| known.posterior >= 0.01);
    shares.sort_by(|a, b| b.posterior.total_cmp(&a.posterior));
    shares
}

impl VetReport {
    /// Says whether every row is right as it stands.
    pub fn is_clean(&self) -> bool {
        self.not_ok == 0
    }

    /// Returns the verdict on the file in a sentence.
    pub fn sentence(&self) -> String {
        let file = &self.file;
        let Some(posterior) = file.posterior else {
            let why = match (self.rows, self.contradiction()) {
                (0, _) => "the file has no rows".to_owned(),
                (_, Some(contradiction)) => contradiction,
                (_, None) => "no row could be compared with the reference".to_owned(),
            };
            return format!("{NOTHING_TO_JUDGE}: {why}");
        };
        if let Some(disagreement) = &self.disagreement {
            return format!(
                "not settled: the variants are stated to be on different assemblies: {disagreement}; that of the reference is \
                 not known: say it with --assembly"
            );
        }
        let percent = 100.0 * posterior;
        let convention = self.in_words(&file.convention);
        let another = file.another_build.unwrap_or(0.0);
        if another >= 0.5 {
            return format!(
                "not settled; another build is likely ({:.1} %): REF fits hardly more often than by chance: {}",
                100.0 * another,
                self.remedy()
            );
        }
        if file.rests_on_belief {
            return format!(
                "not settled: `{convention}` is believed beforehand ({percent:.1} %), and {} distinct {} {} too few to bear it out",
                self.distinct_compared,
                variants(self.distinct_compared),
                if self.distinct_compared == 1 { "is" } else { "are" }
            );
        }
        if !file.is_sure {
            let possible = if another >= POSSIBLE {
                format!(
                    "; another build is possible ({:.1} %): {}",
                    100.0 * another,
                    self.remedy()
                )
            } else {
                String::new()
            };
            return format!("not settled: `{convention}` is the most probable convention, at {percent:.1} %{possible}");
        }
        if let Some(contradiction) = self.contradiction().filter(|_| file.as_said) {
            return format!("the rows fit the reference as they are written, but {contradiction}");
        }
        if let Some(statement) = self.uncompared().filter(|_| file.as_said) {
            return format!(
                "the file is consistent with the reference (probability {posterior:.4}); {statement}, which could not be \
                 compared: say with --assembly what the reference is"
            );
        }
        if file.as_said {
            format!("the file is what it says (probability {posterior:.4})")
        } else {
            format!("the file is not what it says, but {convention} (probability {posterior:.4})")
        }
    }

    /// Says whether something about the file as a whole is left to decide: which convention it follows, or whether the
    /// build that it states is that of the reference.
    pub fn is_undecided(&self) -> bool {
        self.contradiction().is_some()
            || self.disagreement.is_some()
            || self.uncompared().is_some()
            || (self.compared > 0 && !self.file.is_sure)
    }

    /// Returns what header or rows state of their build, where nobody knows that of the reference.
    pub fn uncompared(&self) -> Option<String> {
        if self.reference_assembly.is_some() {
            return None;
        }
        if let Some(stated) = self.stated_assembly {
            return Some(format!("its header says {stated}"));
        }
        let said =
            (self.stated_by_rows.iter()).map(|(stated, count)| format!("{count} of {} rows say {stated}", self.rows));
        let said: Vec<String> = said.collect();
        (!said.is_empty()).then(|| said.join(", "))
    }

    /// Returns what may find another build.
    fn remedy(&self) -> &'static str {
        if self.has_chain {
            "give the reference of the variants' build, or the --chain from it"
        } else {
            "give --chain"
        }
    }

    /// Says, where the rows are too few to bear out what was believed, how far REF matches and what would decide.
    pub fn what_would_decide(&self) -> Option<String> {
        if !self.file.rests_on_belief {
            return None;
        }
        let as_written = self.file.matches.iter().find(|row| row.hypothesis == "ok")?;
        let mut evidence = vec!["more variants of the list", "rsIDs (--known)", "HGVS names (--genes)"];
        if !self.has_chain {
            evidence.push("the other build (--chain)");
        }
        if self.reference_assembly.is_none() {
            evidence.push("what the reference is (--assembly)");
        }
        Some(format!(
            "REF as written matches in {} of {} distinct {}, by chance in {:.2}, which excludes no other reading; what would \
             decide: {}",
            as_written.matches,
            as_written.compared,
            variants(as_written.compared),
            as_written.expected_by_chance,
            evidence.join(", ")
        ))
    }

    /// Says that the file's own header or rows name another assembly than that of the reference, where they do.
    pub fn contradiction(&self) -> Option<String> {
        let reference = self.reference_assembly?;
        if let Some(stated) = self.stated_assembly.filter(|stated| *stated != reference) {
            return Some(format!("the file says {stated} and the reference is {reference}"));
        }
        let others: Vec<String> = (self.stated_by_rows.iter())
            .filter(|(stated, _)| **stated != reference)
            .map(|(stated, count)| format!("{count} of {} rows say {stated}", self.rows))
            .collect();
        (!others.is_empty()).then(|| format!("{} and the reference is {reference}", others.join(", ")))
    }

    /// Writes a convention with the name of the other assembly, where the chain tells it.
    pub fn in_words(&self, convention: &str) -> String {
        match self.other_assembly {
            Some(assembly) => convention.replace("other_assembly", assembly.name()),
            None => convention.to_owned(),
        }
    }

    /// Returns everything as JSON; the rows are those listed.
    pub fn to_json(&self) -> Value {
        let rows: Vec<Value> = self
            .listed
            .iter()
            .map(|row| {
                json!({
                    "row": row.row,
                    "line": row.line,
                    "id": row.id,
                    "as_written": row.text,
                    "verdict": row.verdict.name(),
                    "posterior": row.posterior,
                    "proposed": row.proposed.as_ref().map(ToString::to_string),
                    "accepted": row.accepted,
                    "repaired": row.repaired.iter().map(|repair| repair.to_string()).collect::<Vec<_>>(),
                    "duplicate_of": row.duplicate_of,
                    "evidence": row.evidence,
                })
            })
            .collect();
        let stated_by_rows: BTreeMap<&str, u64> = (self.stated_by_rows.iter())
            .map(|(assembly, count)| (assembly.name(), *count))
            .collect();
        json!({
            "refalt": VERSION,
            "input": self.input,
            "reference": self.reference,
            "assembly": self.assembly,
            "contradiction": self.contradiction(),
            "reference_assembly": self.reference_assembly.map(|assembly| assembly.name()),
            "assembly_basis": self.assembly_basis,
            "stated_assembly": self.stated_assembly.map(|assembly| assembly.name()),
            "stated_by_rows": stated_by_rows,
            "chain": self.has_chain,
            "other_assembly": self.other_assembly.map(|assembly| assembly.name()),
            "verdict": self.sentence(),
            "file": self.file,
            "rows": self.rows,
            "compared": self.compared,
            "distinct": self.distinct,
            "distinct_compared": self.distinct_compared,
            "disagreement": self.disagreement,
            "undecided": self.is_undecided(),
            "counts": self.counts,
            "accepted": self.accepted,
            "repaired": self.repaired,
            "applied": self.applied,
            "not_ok": self.not_ok,
            "listed": rows,
        })
    }
}

fn variants(count: u64) -> &'static str {
    if count == 1 { "variant" } else { "variants" }
}
