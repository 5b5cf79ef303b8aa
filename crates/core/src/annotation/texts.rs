//! Many short texts in one piece of memory.

/// A column of texts, one after the other in one string.
///
/// Two allocations whatever the number of texts: the ids of all transcripts of a genome take their own bytes and four
/// more each. At most 2^32 - 1 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    bytes: String,
    ends: Vec<u32>,
}

impl Texts {
    /// Returns the column whose i-th text ends before byte `ends[i]` and begins where the one before it ends.
    ///
    /// `None` when the ends fall, miss the end of `bytes` or cut a character.
    pub fn from_parts(bytes: String, ends: Vec<u32>) -> Option<Self> {
        let mut last = 0;
        for &end in &ends {
            if end < last || !bytes.is_char_boundary(end as usize) {
                return None;
            }
            last = end;
        }
        (last as usize == bytes.len()).then_some(Self { bytes, ends })
    }

    /// Returns all texts in one, and where each ends (byte, exclusive).
    pub fn as_parts(&self) -> (&str, &[u32]) {
        (&self.bytes, &self.ends)
    }

    /// Appends a text and returns its index, `None` when the column would pass 2^32 - 1 bytes.
    pub fn push(&mut self, text: &str) -> Option<u32> {
        let end = u32::try_from(self.bytes.len() + text.len()).ok()?;
        let index = u32::try_from(self.ends.len()).ok()?;
        self.bytes.push_str(text);
        self.ends.push(end);
        Some(index)
    }

    /// Returns the text with this index, `None` past the last one.
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.bytes.get(start..end)
    }

    /// Returns the text with this index, the empty one past the last.
    pub(super) fn text(&self, index: u32) -> &str {
        self.get(index as usize).unwrap_or_default()
    }

    /// Returns the texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|index| self.get(index))
    }

    /// Returns the number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Says whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_back_and_parts_that_do_not_fit_are_refused() {
        let mut texts = Texts::default();
        for text in ["APP", "", "RUNX1"] {
            texts.push(text).unwrap();
        }
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["APP", "", "RUNX1"]);
        assert_eq!((texts.get(3), texts.len()), (None, 3));
        let (bytes, ends) = texts.as_parts();
        assert_eq!(Texts::from_parts(bytes.to_owned(), ends.to_vec()), Some(texts.clone()));
        for ends in [vec![3, 2, 8], vec![3], vec![3, 9]] {
            assert_eq!(Texts::from_parts("APPRUNX1".to_owned(), ends), None);
        }
        assert_eq!(Texts::from_parts("é".to_owned(), vec![1, 2]), None);
    }
}
