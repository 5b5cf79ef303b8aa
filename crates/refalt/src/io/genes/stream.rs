//! Reading ahead: one thread takes the bytes from the disk and inflates them while another parses.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

/// Bytes handed over at once; large enough that the hand-over costs nothing.
const CHUNK: usize = 1 << 20;

/// Chunks under way.
const DEPTH: usize = 4;

/// Text that another thread reads.
#[derive(Debug)]
pub(super) struct ReadAhead {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    at: usize,
}

impl ReadAhead {
    /// Reads `text` in a thread of its own until its end, an error, or until nobody wants it.
    pub(super) fn spawn<'scope>(scope: &'scope Scope<'scope, '_>, text: Box<dyn BufRead + Send>) -> Self {
        let (sender, chunks) = sync_channel(DEPTH);
        scope.spawn(move || read(text, &sender));
        Self {
            chunks,
            chunk: Vec::new(),
            at: 0,
        }
    }
}

fn read(mut text: Box<dyn BufRead + Send>, sender: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = (&mut text).take(CHUNK as u64).read_to_end(&mut chunk);
        let (message, last) = match read {
            Ok(0) => return,
            Ok(_) => (Ok(chunk), false),
            Err(error) => (Err(error), true),
        };
        if sender.send(message).is_err() || last {
            return;
        }
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for ReadAhead {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.chunk.len() {
            self.at = 0;
            // A closed channel is the end of the text.
            self.chunk = self.chunks.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
        }
        Ok(&self.chunk[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at = (self.at + count).min(self.chunk.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(u32);

    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 > 3 {
                return Err(io::Error::other("torn"));
            }
            buffer.fill(b'x');
            Ok(buffer.len())
        }
    }

    #[test]
    fn text_arrives_whole_and_an_error_where_it_is() {
        let text: Vec<u8> = (0..3 * CHUNK + 17).map(|index| (index % 251) as u8).collect();
        std::thread::scope(|scope| {
            let mut ahead = ReadAhead::spawn(scope, Box::new(io::Cursor::new(text.clone())));
            let mut found = Vec::new();
            ahead.read_to_end(&mut found).unwrap();
            assert!(found == text);
            let mut ahead = ReadAhead::spawn(scope, Box::new(io::BufReader::new(Failing(0))));
            assert_eq!(ahead.read_to_end(&mut found).unwrap_err().to_string(), "torn");
            // Nobody reads this one.
            drop(ReadAhead::spawn(scope, Box::new(io::Cursor::new(text.clone()))));
        });
    }
}
