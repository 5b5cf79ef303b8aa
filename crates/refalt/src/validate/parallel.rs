//! Work spread over threads, results in order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Computes `task(0)` to `task(count - 1)` on up to `threads` threads and returns the results in order.
///
/// A result depends on its number alone, so the number of threads changes nothing but the time.
pub(crate) fn ordered<T: Send>(threads: usize, count: usize, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let workers = threads.clamp(1, count.max(1));
    if workers == 1 {
        return (0..count).map(task).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    let result = task(number);
                    done.lock()
                        .expect("no thread panics with the lock held")
                        .push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no thread panics with the lock held");
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_whatever_the_threads() {
        for threads in [0, 1, 2, 7, 100] {
            let squares = ordered(threads, 50, |number| number * number);
            assert_eq!(squares, (0..50).map(|number| number * number).collect::<Vec<_>>());
        }
        assert!(ordered(4, 0, |number| number).is_empty());
    }
}
