//! The places of a server: to compute, and to wait for that; and how long those are asked to wait who find none.

use super::refusal::Refusal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The places of all services of a server.
#[derive(Debug)]
pub(super) struct Queue {
    /// Places for requests that are answered or wait.
    pub(super) admission: Arc<Semaphore>,
    /// Places to compute.
    pub(super) workers: Arc<Semaphore>,
    computing: usize,
    waiting: usize,
    pace: Mutex<Pace>,
}

impl Queue {
    /// Makes the places.
    ///
    /// * `computing`: requests that are answered at once.
    /// * `waiting`: requests that wait for that.
    pub(super) fn new(computing: usize, waiting: usize) -> Arc<Self> {
        Arc::new(Self {
            admission: Arc::new(Semaphore::new(computing + waiting)),
            workers: Arc::new(Semaphore::new(computing)),
            computing,
            waiting,
            pace: Mutex::default(),
        })
    }

    /// Learns how long an answer took, from its place to compute to its end.
    pub(super) fn worked(&self, time: Duration) {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).worked(time);
    }

    /// Refuses a request for which there is no place.
    pub(super) fn busy(&self) -> Refusal {
        let pace = *self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        Refusal::Busy {
            admitted: self.computing + self.waiting,
            wait: pace.wait(self.waiting, self.computing),
        }
    }
}

/// How long answers take, from those of late: a state machine without clock.
///
/// METHOD: the mean is exponentially weighted, each answer with an eighth. A client that finds the queue full is asked to wait
/// until those who wait before it are taken up: with w places to compute and a mean time t, so many waiting requests and
/// one more take t / w each. A shorter wait would be refused again, a longer one would leave places empty.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pace {
    mean_s: Option<f64>,
}

/// The weight of an answer in the mean.
const WEIGHT: f64 = 1.0 / 8.0;

/// The wait before any answer was measured.
const UNKNOWN: Duration = Duration::from_secs(2);

/// The shortest and the longest wait, in seconds.
const BOUNDS_S: [f64; 2] = [0.1, 30.0];

impl Pace {
    /// Learns how long an answer took.
    pub(super) fn worked(&mut self, time: Duration) {
        let time_s = time.as_secs_f64();
        self.mean_s = Some(self.mean_s.map_or(time_s, |mean_s| mean_s + (time_s - mean_s) * WEIGHT));
    }

    /// Returns how long a client is asked to wait when so many requests wait for so many places to compute, in steps of 0.1 s.
    pub(super) fn wait(self, waiting: usize, computing: usize) -> Duration {
        let Some(mean_s) = self.mean_s else { return UNKNOWN };
        let each_s = mean_s / computing.max(1) as f64;
        let wait_s = (each_s * (waiting + 1) as f64).clamp(BOUNDS_S[0], BOUNDS_S[1]);
        Duration::from_millis((wait_s * 10.0).round() as u64 * 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_follows_the_time_of_answers_and_the_length_of_the_queue() {
        let ms = Duration::from_millis;
        let mut pace = Pace::default();
        assert_eq!(pace.wait(4, 2), UNKNOWN);
        pace.worked(ms(800));
        // 0.8 s / 2 places for each of 4 waiting requests and one more.
        assert_eq!(pace.wait(4, 2), ms(2_000));
        assert_eq!(pace.wait(0, 2), ms(400));
        assert_eq!(pace.wait(9, 2), ms(4_000));
        assert_eq!(pace.wait(4, 4), ms(1_000));
        // 0.8 + (1.6 - 0.8) / 8 = 0.9 s: one slow answer is no rule.
        pace.worked(ms(1_600));
        assert_eq!(pace.wait(0, 1), ms(900));
        for _ in 0..100 {
            pace.worked(ms(1_600));
        }
        assert_eq!(pace.wait(0, 1), ms(1_600));
    }

    #[test]
    fn the_wait_is_bounded() {
        let mut pace = Pace::default();
        pace.worked(Duration::from_micros(50));
        assert_eq!(pace.wait(10, 8), Duration::from_millis(100));
        for _ in 0..100 {
            pace.worked(Duration::from_secs(600));
        }
        assert_eq!(pace.wait(64, 1), Duration::from_secs(30));
        // No place to compute is no reason to divide by it.
        assert_eq!(pace.wait(1, 0), Duration::from_secs(30));
    }

    #[test]
    fn a_full_queue_is_refused_with_the_wait_that_was_learned() {
        let queue = Queue::new(2, 3);
        queue.worked(Duration::from_secs(1));
        let Refusal::Busy { admitted, wait } = queue.busy() else {
            panic!("it is busy");
        };
        assert_eq!((admitted, wait), (5, Duration::from_secs(2)));
    }
}
