//! Work on batches of rows by several threads, with the results in the order of the input.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};

/// Rows of a batch.
const BATCH: usize = 4096;

/// Applies `work` to batches of `input` on `threads` threads and hands the results to `sink` in order.
///
/// `state` makes what a thread keeps for itself. The first error ends everything; an error of the input ends it after
/// the rows before.
pub(super) fn batches<T, S, R, E>(
    input: impl Iterator<Item = Result<T, E>> + Send,
    threads: usize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, Vec<T>) -> Result<R, E> + Sync,
    mut sink: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E>
where
    T: Send,
    R: Send,
    E: Send,
{
    let threads = threads.max(1);
    let (rows_in, rows_out) = sync_channel::<(usize, Result<Vec<T>, E>)>(threads);
    let (results_in, results_out) = sync_channel::<(usize, Result<R, E>)>(threads);
    let rows_out = Mutex::new(rows_out);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stop = &stop;
        scope.spawn(move || {
            let mut batch = Vec::with_capacity(BATCH);
            let mut number = 0;
            for row in input {
                match row {
                    Ok(row) => batch.push(row),
                    Err(error) => {
                        let _ = rows_in.send((number, Ok(std::mem::take(&mut batch))));
                        let _ = rows_in.send((number + 1, Err(error)));
                        return;
                    }
                }
                if batch.len() == BATCH {
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                    if rows_in.send((number, Ok(full))).is_err() || stop.load(Ordering::Relaxed) {
                        return;
                    }
                    number += 1;
                }
            }
            let _ = rows_in.send((number, Ok(batch)));
        });
        for _ in 0..threads {
            let results = results_in.clone();
            let (rows, state, work) = (&rows_out, &state, &work);
            scope.spawn(move || {
                let mut state = state();
                loop {
                    let next = rows.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((number, batch)) = next else { return };
                    let result = batch.and_then(|batch| work(&mut state, batch));
                    if results.send((number, result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results_in);
        let outcome = in_order(&results_out, &mut sink);
        stop.store(true, Ordering::Relaxed);
        drop(results_out);
        // A reader that waits with a batch has to see that nobody takes it.
        while rows_out.lock().unwrap_or_else(PoisonError::into_inner).recv().is_ok() {}
        outcome
    })
}

fn in_order<R, E>(
    results: &Receiver<(usize, Result<R, E>)>,
    sink: &mut impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for (number, result) in results {
        waiting.insert(number, result);
        while let Some(result) = waiting.remove(&next) {
            next += 1;
            sink(result?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_input() {
        let rows = (0..20_000_u32).map(Ok::<u32, ()>);
        let mut seen = Vec::new();
        let sum = |_: &mut (), batch: Vec<u32>| Ok(batch);
        batches(
            rows,
            3,
            || (),
            sum,
            |batch| {
                seen.extend(batch);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(seen, (0..20_000).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_of_the_input_comes_after_the_rows_before_it() {
        let rows = (0..10_000_u32).map(|row| if row == 9_000 { Err("damaged") } else { Ok(row) });
        let mut seen = 0;
        let outcome = batches(
            rows,
            2,
            || (),
            |_: &mut (), batch: Vec<u32>| Ok(batch.len()),
            |rows| {
                seen += rows;
                Ok(())
            },
        );
        assert_eq!((outcome, seen), (Err("damaged"), 9_000));
    }

    #[test]
    fn an_error_of_the_sink_ends_everything() {
        let rows = (0..1_000_000_u32).map(Ok::<u32, &str>);
        let outcome = batches(
            rows,
            2,
            || (),
            |_: &mut (), batch: Vec<u32>| Ok(batch.len()),
            |_| Err("full"),
        );
        assert_eq!(outcome, Err("full"));
    }
}
