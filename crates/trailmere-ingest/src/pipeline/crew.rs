//! Who sorts and encodes? A few threads of its own for each round, always the same ones.
//!
//! The runtime's threads for blocking work come and go by the dozen, and each keeps memory that it has used: what is
//! computed on a different one each time ends up held by all of them.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use trailmere_model::{Error, Result};

type Job = Box<dyn FnOnce() + Send>;

/// Threads that compute, until the last handle is dropped.
pub(crate) struct Crew {
    jobs: Mutex<Sender<Job>>,
}

impl Crew {
    /// So many threads.
    pub(crate) fn new(threads: usize) -> Result<Self> {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads.max(1) {
            let waiting = waiting.clone();
            std::thread::Builder::new()
                .name(format!("encoder {number}"))
                .spawn(move || work(&waiting))
                .map_err(|error| Error::unavailable(format!("no thread to encode with: {error}")).source(error))?;
        }
        Ok(Self { jobs: Mutex::new(jobs) })
    }

    /// Computes in turn; what nobody waits for any more is not begun.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        compute: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, computed) = oneshot::channel();
        let job: Job = Box::new(move || {
            if !answer.is_closed() {
                // Whoever waited may have gone meanwhile.
                let _ = answer.send(compute());
            }
        });
        // A job that cannot be sent is dropped, and its answer with it.
        let _ = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).send(job);
        computed.await.map_err(|_| Error::internal("a thread that encodes ended early"))?
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[tokio::test]
    async fn the_same_few_threads_do_all_the_work() {
        let crew = Crew::new(2).unwrap();
        let jobs = (0..50).map(|number| crew.compute(move || Ok((number, std::thread::current().id()))));
        let done = futures::future::try_join_all(jobs).await.unwrap();
        assert_eq!(done.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (0..50).collect::<Vec<_>>());
        assert!(done.iter().map(|(_, thread)| *thread).collect::<HashSet<_>>().len() <= 2);
        let failed: Result<()> = crew.compute(|| Err(Error::invalid("on purpose"))).await;
        assert_eq!(failed.unwrap_err().message(), "on purpose");
    }

    #[tokio::test]
    async fn a_job_that_breaks_down_is_an_error_and_not_a_hang() {
        let crew = Crew::new(1).unwrap();
        let broken: Result<()> = crew.compute(|| panic!("on purpose")).await;
        assert!(broken.is_err());
    }
}
