//! Steps in order, with what they hold.
//!
//! A pipeline knows nothing of what its steps do. It runs them one after another, hands results on through typed
//! [`Output`]s, journals the edges, asks what to do about a failure, and gives back in reverse order everything
//! the steps acquired. The first error is the one reported; one that comes while giving back is journalled beside
//! it.
//!
//! The same pipeline is what a plan is made from: [`Pipeline::sketch`] asks each step for its description without
//! running anything, so that what was planned and what runs cannot differ.

mod context;
mod holdings;
mod run;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use context::MARK;
pub use context::{Asking, BuildContext, Cancel, Decision, StepContext, Wishes};
pub use holdings::Holding;
pub use run::{JobEnd, OnError};

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use crate::error::StepError;
use crate::journal::AskedScript;
use crate::plan::Sketch;

/// One thing to do.
#[async_trait]
pub trait Step: Send + Sync + 'static {
    /// What it gives to later steps.
    type Output: Send + Sync + 'static;

    /// What it will do, for the plan. Pure.
    fn sketch(&self) -> Sketch;

    /// Does it. May run again after a failure, when the user asks for a retry: what the failed run acquired has
    /// been given back by then.
    async fn run(&self, cx: &StepContext) -> Result<Self::Output, StepError>;

    /// What it gives when a person decides to go on without it; none where later steps need what it makes.
    fn without(&self) -> Option<Self::Output> {
        None
    }

    /// A person decided to go on without it.
    fn skipped(&self) {}

    /// The commands a person may change before it is tried again.
    fn script(&self, _cx: &StepContext) -> Option<AskedScript> {
        None
    }

    /// Takes commands of a person in the place of the template's own ([`AskedScript::inline`]).
    fn rewrite(&self, _inline: &str) {}
}

/// What a step will have produced, for the steps after it.
pub struct Output<T> {
    step: Arc<str>,
    slot: Arc<Mutex<Option<Arc<T>>>>,
}

impl<T> Clone for Output<T> {
    fn clone(&self) -> Self {
        Self { step: self.step.clone(), slot: self.slot.clone() }
    }
}

impl<T> fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Output({})", self.step)
    }
}

impl<T> Output<T> {
    fn of(step: &str) -> Self {
        Self { step: step.into(), slot: Arc::default() }
    }

    /// An output that is there already: for tests of single steps.
    pub fn ready(value: T) -> Self {
        let output = Self::of("ready");
        output.put(value);
        output
    }

    /// The result. An error only when the recipe asks for it before its step has run.
    pub fn get(&self) -> Result<Arc<T>, StepError> {
        let slot = match self.slot.lock() {
            Ok(slot) => slot,
            Err(poisoned) => poisoned.into_inner(),
        };
        slot.clone().ok_or_else(|| {
            StepError::internal(format!("The result of step `{}` was needed before it had run.", self.step))
        })
    }

    /// The id of the step it is of.
    pub(crate) fn step(&self) -> &str {
        &self.step
    }

    fn put(&self, value: T) {
        let mut slot = match self.slot.lock() {
            Ok(slot) => slot,
            Err(poisoned) => poisoned.into_inner(),
        };
        *slot = Some(Arc::new(value));
    }
}

/// A step whose output type is forgotten.
#[async_trait]
trait AnyStep: Send + Sync {
    fn sketch(&self) -> Sketch;
    async fn run(&self, cx: &StepContext) -> Result<(), StepError>;
    fn can_skip(&self) -> bool;
    fn skip(&self);
    fn script(&self, cx: &StepContext) -> Option<AskedScript>;
    fn rewrite(&self, inline: &str);
}

struct Bound<S: Step> {
    step: S,
    output: Output<S::Output>,
}

#[async_trait]
impl<S: Step> AnyStep for Bound<S> {
    fn sketch(&self) -> Sketch {
        self.step.sketch()
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        let value = self.step.run(cx).await?;
        self.output.put(value);
        Ok(())
    }

    fn can_skip(&self) -> bool {
        self.step.without().is_some()
    }

    fn skip(&self) {
        if let Some(value) = self.step.without() {
            self.step.skipped();
            self.output.put(value);
        }
    }

    fn script(&self, cx: &StepContext) -> Option<AskedScript> {
        self.step.script(cx)
    }

    fn rewrite(&self, inline: &str) {
        self.step.rewrite(inline);
    }
}

struct Named {
    id: String,
    /// Runs at the same time as the one before.
    beside: bool,
    step: Box<dyn AnyStep>,
}

/// Steps of one job, in order.
pub struct Pipeline {
    job: String,
    steps: Vec<Named>,
}

impl Pipeline {
    /// One without steps.
    pub fn new(job: impl Into<String>) -> Self {
        Self { job: job.into(), steps: Vec::new() }
    }

    /// The job's name.
    pub fn job(&self) -> &str {
        &self.job
    }

    /// Adds a step. Its id is unique within the job: a second `shell` becomes `shell-2`.
    pub fn step<S: Step>(&mut self, id: &str, step: S) -> Output<S::Output> {
        self.add(id, step, false)
    }

    /// As [`Self::step`], and it runs at the same time as the step before it: neither may need the other's output.
    /// When one of them fails the others are stopped.
    pub fn step_beside<S: Step>(&mut self, id: &str, step: S) -> Output<S::Output> {
        self.add(id, step, true)
    }

    fn add<S: Step>(&mut self, id: &str, step: S, beside: bool) -> Output<S::Output> {
        let mut unique = id.to_owned();
        let mut n = 1;
        while self.steps.iter().any(|other| other.id == unique) {
            n += 1;
            unique = format!("{id}-{n}");
        }
        let output = Output::of(&unique);
        self.steps.push(Named { id: unique, beside, step: Box::new(Bound { step, output: output.clone() }) });
        output
    }

    /// Every step's id and description, in order.
    pub fn sketch(&self) -> Vec<(String, Sketch)> {
        self.steps.iter().map(|named| (named.id.clone(), named.step.sketch())).collect()
    }
}
