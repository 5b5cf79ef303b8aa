//! Scorers to and from the wire. A scorer's text is its identity on either side.

use crate::genome::{output, output_message};
use crate::proto::{self, interval_scorer, variant_scorer::Scorer as Message};
use crate::wire_error::WireError;
use refalt_core::OutputType;
use refalt_core::interval_scorer::{IntervalAggregation, IntervalScorer};
use refalt_core::scorer::{Aggregation, Scorer, parse};

/// The arguments of a published text, `name=value`; a text that core has written is of that form.
fn argument<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let inside = text.split_once('(')?.1.strip_suffix(')')?;
    let mut arguments = inside.split(", ").filter_map(|part| part.split_once('='));
    arguments.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Reads `width=None` as no width.
fn width(text: &str) -> Option<i64> {
    argument(text, "width").and_then(|width| width.parse().ok())
}

const AGGREGATIONS: [(Aggregation, proto::AggregationType); 8] = [
    (Aggregation::DiffMean, proto::AggregationType::DiffMean),
    (Aggregation::DiffSum, proto::AggregationType::DiffSum),
    (Aggregation::DiffSumLog2, proto::AggregationType::DiffSumLog2),
    (Aggregation::L2Diff, proto::AggregationType::L2Diff),
    (Aggregation::DiffLog2Sum, proto::AggregationType::DiffLog2Sum),
    (Aggregation::ActiveMean, proto::AggregationType::ActiveMean),
    (Aggregation::ActiveSum, proto::AggregationType::ActiveSum),
    (Aggregation::L2DiffLog1p, proto::AggregationType::L2DiffLog1p),
];

/// Writes a scorer; `None` for a class that the protocol does not have.
pub fn scorer_message(scorer: &dyn Scorer) -> Option<proto::VariantScorer> {
    let text = scorer.to_string();
    let requested_output = output_message(scorer.output()).into();
    let message = match text.split_once('(')?.0 {
        "CenterMaskScorer" => {
            let name = argument(&text, "aggregation_type")?;
            let (_, aggregation) = AGGREGATIONS.iter().find(|(known, _)| known.name() == name)?;
            Message::CenterMask(proto::CenterMaskScorer {
                width: width(&text),
                aggregation_type: (*aggregation).into(),
                requested_output,
            })
        }
        "GeneMaskLFCScorer" => Message::GeneMask(proto::GeneMaskLfcScorer { requested_output }),
        "GeneMaskActiveScorer" => Message::GeneMaskActive(proto::GeneMaskActiveScorer { requested_output }),
        "GeneMaskSplicingScorer" => Message::GeneMaskSplicing(proto::GeneMaskSplicingScorer {
            width: width(&text),
            requested_output,
        }),
        "PolyadenylationScorer" => Message::PaQtl(proto::PolyadenylationScorer {}),
        "SpliceJunctionScorer" => Message::SpliceJunction(proto::SpliceJunctionScorer {}),
        "ContactMapScorer" => Message::ContactMap(proto::ContactMapScorer {}),
        _ => return None,
    };
    Some(proto::VariantScorer { scorer: Some(message) })
}

/// Reads a scorer.
///
/// # Errors
/// [`WireError`] when the message is empty, or has values that the published class does not support.
pub fn scorer(message: &proto::VariantScorer) -> Result<Box<dyn Scorer>, WireError> {
    let message = message
        .scorer
        .as_ref()
        .ok_or(WireError::Empty { expected: "a scorer" })?;
    let name = |number: i32| output(number).map(OutputType::name);
    let text = match message {
        Message::CenterMask(mask) => {
            let found = AGGREGATIONS
                .iter()
                .find(|(_, number)| *number as i32 == mask.aggregation_type);
            let (aggregation, _) = found.ok_or(WireError::Number {
                kind: "aggregation",
                found: mask.aggregation_type.into(),
            })?;
            format!(
                "CenterMaskScorer(requested_output={}, width={}, aggregation_type={})",
                name(mask.requested_output)?,
                width_text(mask.width),
                aggregation.name()
            )
        }
        Message::GeneMask(mask) => format!("GeneMaskLFCScorer(requested_output={})", name(mask.requested_output)?),
        Message::GeneMaskActive(mask) => {
            format!(
                "GeneMaskActiveScorer(requested_output={})",
                name(mask.requested_output)?
            )
        }
        Message::GeneMaskSplicing(mask) => format!(
            "GeneMaskSplicingScorer(requested_output={}, width={})",
            name(mask.requested_output)?,
            width_text(mask.width)
        ),
        Message::PaQtl(_) => "PolyadenylationScorer()".to_owned(),
        Message::SpliceJunction(_) => "SpliceJunctionScorer()".to_owned(),
        Message::ContactMap(_) => "ContactMapScorer()".to_owned(),
    };
    parse(&text).map_err(|problem| WireError::Scorer { text, problem })
}

fn width_text(width: Option<i64>) -> String {
    width.map_or_else(|| "None".to_owned(), |width| width.to_string())
}

/// Writes an interval scorer.
pub fn interval_scorer_message(scorer: &IntervalScorer) -> proto::IntervalScorer {
    let aggregation = match scorer.aggregation {
        IntervalAggregation::Mean => proto::IntervalAggregationType::Mean,
        IntervalAggregation::Sum => proto::IntervalAggregationType::Sum,
    };
    proto::IntervalScorer {
        scorer: Some(interval_scorer::Scorer::GeneMask(proto::GeneMaskIntervalScorer {
            requested_output: output_message(scorer.output).into(),
            width: width(&scorer.to_string()),
            aggregation_type: aggregation.into(),
        })),
    }
}

/// Reads an interval scorer.
///
/// # Errors
/// [`WireError`] when the message is empty, or has values that the published class does not support.
pub fn interval_scorer(message: &proto::IntervalScorer) -> Result<IntervalScorer, WireError> {
    let Some(interval_scorer::Scorer::GeneMask(mask)) = &message.scorer else {
        return Err(WireError::Empty { expected: "a scorer" });
    };
    let aggregation = match proto::IntervalAggregationType::try_from(mask.aggregation_type) {
        Ok(proto::IntervalAggregationType::Mean) => IntervalAggregation::Mean,
        Ok(proto::IntervalAggregationType::Sum) => IntervalAggregation::Sum,
        _ => {
            return Err(WireError::Number {
                kind: "aggregation",
                found: mask.aggregation_type.into(),
            });
        }
    };
    let text = format!(
        "GeneMaskScorer(requested_output={}, width={}, aggregation_type={})",
        output(mask.requested_output)?,
        width_text(mask.width),
        aggregation.name()
    );
    IntervalScorer::parse(&text).map_err(|problem| WireError::Scorer { text, problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_that_is_not_published_is_refused_with_those_that_are() {
        let widths = "unsupported width `500` of";
        let mut message = interval_scorer_message(&IntervalScorer::parse("RNA_SEQ").unwrap());
        let Some(interval_scorer::Scorer::GeneMask(mask)) = &mut message.scorer else {
            panic!("it is of one class");
        };
        mask.width = Some(500);
        let told = super::interval_scorer(&message).unwrap_err().to_string();
        assert_eq!(
            told,
            format!(
                "`GeneMaskScorer(requested_output=RNA_SEQ, width=500, aggregation_type=MEAN)` is no published scorer: {widths} \
                 `GeneMaskScorer`; supported: 501, 2001, 10001, 100001, 200001, None"
            )
        );
        let mut message = scorer_message(parse("CHIP_TF").unwrap().as_ref()).unwrap();
        if let Some(Message::CenterMask(mask)) = &mut message.scorer {
            mask.width = Some(500);
        }
        let told = scorer(&message).err().unwrap().to_string();
        assert!(told.contains(widths) && told.ends_with("200001, None"), "{told}");
    }
}
