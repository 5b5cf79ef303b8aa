//! A look at the values inside, for tests against the published program: each block under its published name.

/// What looks: a function of a name and of values.
type Look<'a> = dyn Fn(&str, &[f32]) + Sync + 'a;

/// Sees the output of each block: its name and its values, row-major.
#[derive(Clone, Copy, Default)]
pub struct Probe<'a>(Option<&'a Look<'a>>);

impl<'a> Probe<'a> {
    /// Looks at nothing.
    pub const NONE: Self = Self(None);

    /// Calls `look` with the name and values of each output.
    pub fn new(look: &'a Look<'a>) -> Self {
        Self(Some(look))
    }

    pub(crate) fn see(self, path: &str, leaf: &str, values: &[f32]) {
        if let Some(look) = self.0 {
            look(&format!("{path}{leaf}"), values);
        }
    }
}
