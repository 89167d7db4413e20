//! What a job holds and must give back.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::error::StepError;
use crate::id::IntentId;
use crate::journal::{Evidence, Fact, Resource};
use crate::pipeline::BuildContext;
use crate::release;

type Release = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = Result<(), StepError>> + Send>> + Send>;

/// A stack of acquired things and things to do at the end.
#[derive(Default)]
pub struct Holdings {
    stack: Mutex<Vec<Held>>,
    next: Mutex<u64>,
}

struct Held {
    key: u64,
    what: What,
    gently: Option<Release>,
}

enum What {
    Resource { intent: IntentId, resource: Resource, evidence: Option<Evidence> },
    OnFailure { title: String },
}

/// Something intended or acquired. Dropping it does nothing: it is given back at the end of the job.
#[derive(Clone)]
pub struct Holding {
    build: Arc<BuildContext>,
    holdings: Arc<Holdings>,
    key: u64,
    intent: IntentId,
}

impl fmt::Debug for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Holding({})", self.intent)
    }
}

impl Holdings {
    pub(crate) fn intend(
        self: &Arc<Self>,
        build: &Arc<BuildContext>,
        job: Option<&str>,
        resource: Resource,
    ) -> Result<Holding, StepError> {
        let intent = build
            .journal
            .intend(job, resource.clone())
            .map_err(|error| StepError::environment(error.to_string()))?;
        let key = self.push(What::Resource { intent, resource, evidence: None }, None);
        Ok(Holding { build: build.clone(), holdings: self.clone(), key, intent })
    }

    /// Something to do at the end, should the job have failed by then.
    pub(crate) fn on_failure(&self, title: &str, work: Release) {
        self.push(What::OnFailure { title: title.to_owned() }, Some(work));
    }

    fn push(&self, what: What, gently: Option<Release>) -> u64 {
        let mut next = lock(&self.next);
        *next += 1;
        let key = *next;
        lock(&self.stack).push(Held { key, what, gently });
        key
    }

    fn take(&self, key: u64) -> Option<Held> {
        let mut stack = lock(&self.stack);
        let at = stack.iter().position(|held| held.key == key)?;
        Some(stack.remove(at))
    }

    /// A mark to unwind to.
    pub(crate) fn level(&self) -> u64 {
        *lock(&self.next)
    }

    /// Gives back, newest first, everything acquired since `level`. Errors are journalled and returned.
    pub(crate) async fn unwind(&self, build: &Arc<BuildContext>, level: u64, failed: bool) -> Vec<StepError> {
        let mut errors = Vec::new();
        loop {
            let held = {
                let mut stack = lock(&self.stack);
                match stack.last() {
                    Some(last) if last.key > level => stack.pop(),
                    _ => None,
                }
            };
            let Some(held) = held else { break };
            if let Err(error) = give_back(build, held, failed).await {
                errors.push(error);
            }
        }
        errors
    }

    /// Does what is to be done when the job has failed, and gives nothing back. Errors are returned.
    pub(crate) async fn failed(&self, build: &Arc<BuildContext>) -> Vec<StepError> {
        let held: Vec<Held> = {
            let mut stack = lock(&self.stack);
            let (work, rest) = stack.drain(..).partition(|held| matches!(held.what, What::OnFailure { .. }));
            *stack = rest;
            work
        };
        let mut errors = Vec::new();
        for held in held.into_iter().rev() {
            errors.extend(give_back(build, held, true).await.err());
        }
        errors
    }

    /// Leaves everything where it is: the user wants to look at it.
    pub(crate) fn abandon(&self, build: &Arc<BuildContext>) {
        for held in lock(&self.stack).drain(..) {
            if let What::Resource { intent, .. } = held.what {
                build.emit(Fact::Kept { intent });
            }
        }
    }
}

async fn give_back(build: &Arc<BuildContext>, held: Held, failed: bool) -> Result<(), StepError> {
    match held.what {
        What::OnFailure { title } => {
            if !failed || build.cancel.kill.is_cancelled() {
                return Ok(());
            }
            let Some(work) = held.gently else { return Ok(()) };
            work().await.map_err(|error| {
                StepError::new(error.kind(), format!("{title} failed as well: {}", error.full()))
            })
        }
        What::Resource { intent, resource, evidence } => {
            let mut first = None;
            if let Some(gently) = held.gently {
                first = gently().await.err();
            }
            // By identity, whatever the gentle way said: what is gone already is no error here.
            let by_identity = release::release(&resource, evidence.as_ref()).await;
            let error = match by_identity {
                Ok(()) => first,
                Err(error) => Some(first.unwrap_or(error)),
            };
            let text = error.as_ref().map(StepError::full);
            build.emit(Fact::Released { intent, error: text });
            error.map_or(Ok(()), Err)
        }
    }
}

impl Holding {
    /// Its number in the journal.
    pub fn intent(&self) -> IntentId {
        self.intent
    }

    /// Writes down that it was acquired, and what identifies it.
    pub fn acquired(&self, evidence: Evidence) -> Result<(), StepError> {
        if let Some(held) = lock(&self.holdings.stack).iter_mut().find(|held| held.key == self.key)
            && let What::Resource { evidence: slot, .. } = &mut held.what
        {
            *slot = Some(evidence.clone());
        }
        self.build
            .journal
            .acquired(self.intent, evidence)
            .map_err(|error| StepError::environment(error.to_string()))
    }

    /// A gentler way to give it back, tried before the way that goes by its identity alone.
    pub fn on_release<F, Fut>(&self, gently: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), StepError>> + Send + 'static,
    {
        if let Some(held) = lock(&self.holdings.stack).iter_mut().find(|held| held.key == self.key) {
            held.gently = Some(Box::new(move || Box::pin(gently())));
        }
    }

    /// Gives it back now. Doing it twice does nothing.
    pub async fn release(&self) -> Result<(), StepError> {
        match self.holdings.take(self.key) {
            Some(held) => give_back(&self.build, held, false).await,
            None => Ok(()),
        }
    }

    /// It is the user's from now on.
    pub fn keep(&self) {
        if self.holdings.take(self.key).is_some() {
            self.build.emit(Fact::Kept { intent: self.intent });
        }
    }

    /// It is gone already: renamed, or ended by itself.
    pub fn forget(&self) {
        if self.holdings.take(self.key).is_some() {
            self.build.emit(Fact::Released { intent: self.intent, error: None });
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    match mutex.lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    }
}
