//! What the audit found.
use crate::report::Section;
pub(super) fn section(_report: &crate::vet::VetReport) -> Section {
    Section {
        heading: "The audit".into(),
        anchor: "audit".into(),
        blocks: vec![],
    }
}
