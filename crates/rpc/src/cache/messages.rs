//! Answers that are kept as the service sent them: predictions.
//!
//! The messages of one output type, each with its length before it, in one zstd frame. Arrays stay packed as they
//! came; zstd passes what is packed already on at the speed of memory, and packs what came plain. A prediction is
//! read back by the reader of answers from the network, so that it is checked like one. The rejected alternative, the
//! values themselves, takes twice the bytes of bfloat16 and a format of its own.

use prost::Message;
use std::io::{Read as _, Write as _};

/// Level of zstd: the fastest.
const LEVEL: i32 = 1;

/// Takes the messages of an answer as they arrive.
pub(crate) struct Recorder {
    /// `None` when there is too much.
    encoder: Option<zstd::stream::write::Encoder<'static, Vec<u8>>>,
    most_bytes: u64,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// The bytes to keep.
    Whole(Vec<u8>),
    /// More than may be kept.
    TooLarge,
}

impl Recorder {
    /// Begins a record of so many bytes at most.
    pub(crate) fn new(most_bytes: u64) -> Self {
        Self {
            encoder: zstd::stream::write::Encoder::new(Vec::new(), LEVEL).ok(),
            most_bytes,
        }
    }

    /// Takes a message.
    pub(crate) fn record(&mut self, message: &impl Message) {
        let Some(encoder) = &mut self.encoder else { return };
        let is_written = encoder.write_all(&message.encode_length_delimited_to_vec()).is_ok();
        if !is_written || encoder.get_ref().len() as u64 > self.most_bytes {
            self.encoder = None;
        }
    }

    /// Ends the record.
    pub(crate) fn finish(self) -> Recorded {
        let bytes = self.encoder.and_then(|encoder| encoder.finish().ok());
        match bytes.filter(|bytes| bytes.len() as u64 <= self.most_bytes) {
            Some(bytes) => Recorded::Whole(bytes),
            None => Recorded::TooLarge,
        }
    }
}

/// The longest message that is read back; whoever writes longer ones is not this program.
const LONGEST_MESSAGE: u64 = 2 << 30;

/// Gives the messages of a record one by one; `None` when the bytes are none, or a message is refused.
pub(crate) fn replay<M: Message + Default>(bytes: &[u8], mut take: impl FnMut(M) -> Option<()>) -> Option<()> {
    let mut decoder = zstd::stream::read::Decoder::new(bytes).ok()?;
    let mut message = Vec::new();
    loop {
        let Some(length) = next_length(&mut decoder)? else {
            return Some(());
        };
        message.clear();
        let read = (&mut decoder).take(length).read_to_end(&mut message).ok()?;
        if read as u64 != length {
            return None;
        }
        take(M::decode(message.as_slice()).ok()?)?;
    }
}

/// Reads the length before a message; `Some(None)` at the end.
#[expect(clippy::option_option, reason = "no length for two reasons: the end, and damage")]
fn next_length(from: &mut impl std::io::Read) -> Option<Option<u64>> {
    // A varint has 10 bytes at most.
    let mut digits = Vec::with_capacity(10);
    let mut byte = [0_u8];
    while digits.len() < 10 {
        if from.read(&mut byte).ok()? == 0 {
            return digits.is_empty().then_some(None);
        }
        digits.push(byte[0]);
        if byte[0] < 0x80 {
            let length = prost::encoding::decode_varint(&mut digits.as_slice()).ok()?;
            return (length <= LONGEST_MESSAGE).then_some(Some(length));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::TensorChunk;
    use proptest::prelude::*;

    fn record(chunks: &[TensorChunk], most: u64) -> Recorded {
        let mut recorder = Recorder::new(most);
        for chunk in chunks {
            recorder.record(chunk);
        }
        recorder.finish()
    }

    fn back(bytes: &[u8]) -> Option<Vec<TensorChunk>> {
        let mut chunks = Vec::new();
        replay(bytes, |chunk| {
            chunks.push(chunk);
            Some(())
        })?;
        Some(chunks)
    }

    proptest! {
        #[test]
        fn messages_come_back_in_order(lengths in prop::collection::vec(0_usize..5000, 0..8)) {
            let chunk = |length: &usize| TensorChunk {
                data: (0..*length).map(|byte| (byte % 251) as u8).collect::<Vec<u8>>().into(),
                ..Default::default()
            };
            let chunks: Vec<TensorChunk> = lengths.iter().map(chunk).collect();
            let Recorded::Whole(bytes) = record(&chunks, 1 << 20) else { panic!("too large") };
            prop_assert_eq!(back(&bytes), Some(chunks));
            if bytes.len() > 9 {
                prop_assert_eq!(back(&bytes[..bytes.len() - 1]), None);
            }
        }

        #[test]
        fn bytes_that_are_no_record_are_refused(bytes in prop::collection::vec(any::<u8>(), 1..300)) {
            prop_assert_eq!(back(&bytes), None);
        }
    }

    #[test]
    fn what_is_too_large_is_not_recorded() {
        // Noise, which does not shrink.
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let data: Vec<u8> = (0..1 << 20).map(|_| noise()).collect();
        let chunk = TensorChunk {
            data: data.into(),
            ..Default::default()
        };
        assert_eq!(record(std::slice::from_ref(&chunk), 1000), Recorded::TooLarge);
        assert!(matches!(record(&[chunk], 2 << 20), Recorded::Whole(_)));
    }
}
