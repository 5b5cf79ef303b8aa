//! The text of a scorer, read back: `Class(argument=value, ...)`, or the short name of a recommended one.

use crate::interval_scorer;
use crate::nearest::{nearest, question};
use crate::scorer::{RECOMMENDED, SCORERS, Scorer};

/// A scorer's text is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScorerTextError {
    /// No scorer has this name.
    #[error("unknown scorer `{text}`")]
    Unknown {
        /// The text.
        text: String,
        /// Names that come near.
        nearest: Vec<String>,
    },
    /// No interval scorer has this name.
    #[error("unknown interval scorer `{text}`")]
    UnknownOfIntervals {
        /// The text.
        text: String,
        /// Names that come near.
        nearest: Vec<String>,
    },
    /// A scorer of intervals where one of variants is asked for.
    #[error("`{text}` scores intervals, not variants")]
    OfIntervals {
        /// The text.
        text: String,
    },
    /// A scorer of variants where one of intervals is asked for.
    #[error("`{text}` scores variants, not intervals")]
    OfVariants {
        /// The text.
        text: String,
    },
    /// The text is not `Class(argument=value, ...)`.
    #[error("`{text}` is not of the form `Class(argument=value, ...)`")]
    Form {
        /// The text.
        text: String,
    },
    /// An argument is missing.
    #[error("`{class}` needs the argument `{argument}`")]
    ArgumentMissing {
        /// The scorer class.
        class: &'static str,
        /// The argument.
        argument: &'static str,
    },
    /// An argument that the class does not have.
    #[error("`{class}` has no argument `{argument}`")]
    ArgumentUnknown {
        /// The scorer class.
        class: &'static str,
        /// The argument.
        argument: String,
    },
    /// A value that is not supported.
    #[error("unsupported {argument} `{found}` of `{class}`; supported: {allowed}")]
    ValueUnknown {
        /// The scorer class.
        class: &'static str,
        /// The argument.
        argument: &'static str,
        /// The value found.
        found: String,
        /// The values allowed, as text.
        allowed: String,
    },
}

impl ScorerTextError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { nearest, .. } => Some(question(nearest).unwrap_or_else(|| {
                let names: Vec<&str> = RECOMMENDED.iter().map(|named| named.name).collect();
                format!(
                    "known: {}, and `Class(argument=value, ...)`; `refalt scorers` lists them",
                    names.join(", ")
                )
            })),
            Self::UnknownOfIntervals { nearest, .. } => Some(question(nearest).unwrap_or_else(interval_scorers)),
            Self::OfVariants { .. } => Some(interval_scorers()),
            Self::OfIntervals { .. } => Some("`refalt score-interval` takes it".to_owned()),
            Self::Form { text } => {
                let class = text.split('(').next().unwrap_or(text).trim();
                Some(format!(
                    "write it like `{}`",
                    example(class).unwrap_or(RECOMMENDED[0].text)
                ))
            }
            Self::ArgumentMissing { class, .. } | Self::ArgumentUnknown { class, .. } => {
                example(class).map(|text| format!("write it like `{text}`"))
            }
            Self::ValueUnknown { .. } => None,
        }
    }
}

/// Says which interval scorers there are.
fn interval_scorers() -> String {
    let named = interval_scorer::RECOMMENDED
        .iter()
        .map(|named| format!("`{}` (`{}`)", named.name, named.text));
    format!(
        "interval scorers: {}, and `{}`; `refalt scorers` describes them",
        named.collect::<Vec<_>>().join(", "),
        interval_scorer::forms()
    )
}

/// Returns the first recommended text of a class, `ContactMapScorer()`.
pub(crate) fn example(class: &str) -> Option<&'static str> {
    let named = RECOMMENDED.iter().chain(interval_scorer::RECOMMENDED);
    let mut texts = named.map(|named| named.text);
    texts.find(|text| text.split('(').next() == Some(class))
}

/// The arguments of a scorer's text, `name=value`.
#[derive(Clone, Debug)]
pub struct Arguments<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Arguments<'a> {
    /// Returns the value of an argument.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    /// Returns the names, in the order of the text.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(|(name, _)| *name)
    }

    /// Refuses arguments other than those of a class.
    pub(crate) fn only(&self, class: &'static str, known: &[&str]) -> Result<(), ScorerTextError> {
        match self.names().find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) => Err(ScorerTextError::ArgumentUnknown {
                class,
                argument: name.to_owned(),
            }),
        }
    }

    /// Finds the value of an argument of a class among those allowed.
    pub(crate) fn choose<T: Copy>(
        &self,
        class: &'static str,
        argument: &'static str,
        allowed: &[T],
        name: impl Fn(&T) -> String,
    ) -> Result<T, ScorerTextError> {
        let found = self
            .get(argument)
            .ok_or(ScorerTextError::ArgumentMissing { class, argument })?;
        allowed
            .iter()
            .find(|value| name(value) == found)
            .copied()
            .ok_or_else(|| ScorerTextError::ValueUnknown {
                class,
                argument,
                found: found.to_owned(),
                allowed: allowed.iter().map(&name).collect::<Vec<_>>().join(", "),
            })
    }

    /// Reads the arguments of `Class(name=value, ...)`; the class and they.
    pub(crate) fn read(text: &'a str) -> Result<(&'a str, Self), ScorerTextError> {
        let form = || ScorerTextError::Form { text: text.to_owned() };
        let (class, rest) = text.split_once('(').ok_or_else(form)?;
        let inside = rest.strip_suffix(')').ok_or_else(form)?;
        let mut arguments: Vec<(&str, &str)> = Vec::new();
        for part in inside.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(form)?;
            if arguments.iter().any(|(other, _)| *other == name.trim()) {
                return Err(form());
            }
            arguments.push((name.trim(), value.trim()));
        }
        Ok((class, Self(arguments)))
    }
}

/// Reads a scorer: a recommended name (`CHIP_TF`) or the full published text.
///
/// ```
/// use refalt_core::scorer;
///
/// let text = "CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=DIFF_LOG2_SUM)";
/// assert_eq!(scorer::parse("CHIP_TF").unwrap().to_string(), text);
/// assert_eq!(scorer::parse(text).unwrap().to_string(), text);
/// ```
///
/// # Errors
/// [`ScorerTextError`] says what is not understood and what is allowed.
pub fn parse(text: &str) -> Result<Box<dyn Scorer>, ScorerTextError> {
    let text = text.trim();
    let full = RECOMMENDED
        .iter()
        .find(|named| named.name == text)
        .map_or(text, |named| named.text);
    let unknown = || {
        let class = text.split('(').next().unwrap_or(text);
        if class == interval_scorer::CLASS {
            return ScorerTextError::OfIntervals { text: text.to_owned() };
        }
        let names = RECOMMENDED.iter().map(|named| named.name);
        let classes = SCORERS.iter().map(|kind| kind.class());
        let near = match classes.clone().find(|known| known.eq_ignore_ascii_case(class)) {
            Some(known) => vec![known.to_owned()],
            None => nearest(class, names.chain(classes)),
        };
        // A class alone is no scorer: what is offered can be given as it stands.
        let whole = |name: String| example(&name).map_or(name, str::to_owned);
        ScorerTextError::Unknown {
            text: text.to_owned(),
            nearest: near.into_iter().map(whole).collect(),
        }
    };
    let class = full.split_once('(').ok_or_else(unknown)?.0;
    let kind = SCORERS.iter().find(|kind| kind.class() == class).ok_or_else(unknown)?;
    kind.build(&Arguments::read(full)?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_refused_with_what_is_allowed() {
        let message = |text: &str| parse(text).err().unwrap().to_string();
        assert_eq!(message("CHIPTF"), "unknown scorer `CHIPTF`");
        assert_eq!(
            message("CenterMaskScorer(requested_output=CHIP_TF, width=500, aggregation_type=DIFF_LOG2_SUM)"),
            "unsupported width `500` of `CenterMaskScorer`; supported: 501, 2001, 10001, 100001, 200001, None"
        );
        assert!(message("CenterMaskScorer(width=501").contains("not of the form"));
        assert!(
            message("CenterMaskScorer(requested_output=CONTACT_MAPS, width=501, aggregation_type=DIFF_MEAN)")
                .contains("unsupported requested_output `CONTACT_MAPS`")
        );
    }
    #[test]
    fn a_class_without_parentheses_is_answered_with_a_text_that_can_be_given() {
        let hint = |text: &str| parse(text).err().unwrap().hint().unwrap();
        for class in SCORERS.iter().map(|kind| kind.class()) {
            let offered = example(class).unwrap();
            assert!(hint(class).contains(&format!("`{offered}`")), "{}", hint(class));
            assert_eq!(parse(offered).unwrap().to_string(), offered);
        }
        assert!(hint("contactmapscorer") == "is `ContactMapScorer()` meant?");
        assert!(hint("ContactMapScorer(width=501)").contains("`ContactMapScorer()`"));
        assert!(hint("CenterMaskScorer()").contains("width=501, aggregation_type=DIFF_LOG2_SUM"));
        assert!(hint("GeneMaskLFCScorer(RNA_SEQ)").contains("`GeneMaskLFCScorer(requested_output=RNA_SEQ)`"));
    }
}
