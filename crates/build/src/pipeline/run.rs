//! Running a pipeline.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use crate::error::StepError;
use crate::journal::{Answer, Fact, Outcome};
use crate::pipeline::context::{BuildContext, StepContext};
use crate::pipeline::holdings::Holdings;
use crate::pipeline::{Named, Pipeline};

/// What to do when a step fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// Give everything back.
    #[default]
    Cleanup,
    /// Leave everything as it is: the machine runs on.
    Abort,
    /// Ask.
    Ask,
    /// As `Abort`, but the error-cleanup-provisioner runs first.
    RunCleanupProvisioner,
}

/// How a job ended.
#[derive(Clone, Debug)]
pub struct JobEnd {
    /// How.
    pub outcome: Outcome,
    /// The first error.
    pub error: Option<StepError>,
    /// What went wrong while giving back.
    pub leftovers: Vec<StepError>,
}

/// How long a step may take to stop by itself once cancelled, before it is dropped where it stands.
const STEP_PATIENCE: Duration = Duration::from_secs(15);

impl Pipeline {
    /// Runs all steps, then gives everything back, newest first. `expected` says how long a step took before.
    pub async fn run(
        &self,
        build: &Arc<BuildContext>,
        on_error: OnError,
        expected: &(dyn Fn(&str) -> Option<u64> + Send + Sync),
    ) -> JobEnd {
        let began = Instant::now();
        let holdings = Arc::new(Holdings::default());
        build.emit(Fact::JobStarted { job: self.job.clone() });
        let mut error = None;
        let mut abandoned = false;
        for group in self.steps.chunk_by(|_, next| next.beside) {
            if let Err((failure, answer)) = self.group(build, &holdings, group, on_error, expected).await {
                abandoned = answer == Answer::Abort;
                error = Some(failure);
                break;
            }
        }
        let leftovers = if abandoned {
            let cleanup = on_error == OnError::RunCleanupProvisioner;
            let leftovers = if cleanup { holdings.failed(build).await } else { Vec::new() };
            holdings.abandon(build);
            leftovers
        } else {
            holdings.unwind(build, 0, error.as_ref().is_some_and(|error| !error.is_cancelled())).await
        };
        let error = build.broken().or(error).or_else(|| leftovers.first().cloned());
        let outcome = match &error {
            None => Outcome::Succeeded,
            Some(error) if error.is_cancelled() => Outcome::Cancelled,
            Some(_) => Outcome::Failed,
        };
        build.emit(Fact::JobFinished { job: self.job.clone(), outcome, duration_ms: millis(began) });
        JobEnd { outcome, error, leftovers }
    }

    /// Steps side by side; the first failure stops the others and is the one that counts.
    async fn group(
        &self,
        build: &Arc<BuildContext>,
        holdings: &Arc<Holdings>,
        group: &[Named],
        on_error: OnError,
        expected: &(dyn Fn(&str) -> Option<u64> + Send + Sync),
    ) -> Result<(), (StepError, Answer)> {
        let stop = build.cancel.unwind.child_token();
        if let [named] = group {
            return self.step_until_settled(build, holdings, named, &stop, on_error, expected).await;
        }
        let first = Mutex::new(None);
        let all = group.iter().map(|named| {
            let (stop, first) = (stop.clone(), &first);
            async move {
                // A retry gives back what its step acquired, which in a group could be a neighbour's: no questions.
                let on_error = if on_error == OnError::Ask { OnError::Cleanup } else { on_error };
                let result = self.step_until_settled(build, holdings, named, &stop, on_error, expected).await;
                if let Err(failure) = result {
                    let mut first = match first.lock() {
                        Ok(first) => first,
                        Err(poisoned) => poisoned.into_inner(),
                    };
                    first.get_or_insert(failure);
                    stop.cancel();
                }
            }
        });
        futures::future::join_all(all).await;
        let first = match first.into_inner() {
            Ok(first) => first,
            Err(poisoned) => poisoned.into_inner(),
        };
        first.map_or(Ok(()), Err)
    }

    /// One step, again as long as the answer to its failure is "retry".
    async fn step_until_settled(
        &self,
        build: &Arc<BuildContext>,
        holdings: &Arc<Holdings>,
        named: &Named,
        stop: &CancellationToken,
        on_error: OnError,
        expected: &(dyn Fn(&str) -> Option<u64> + Send + Sync),
    ) -> Result<(), (StepError, Answer)> {
        loop {
            let level = holdings.level();
            let Err(error) = self.one_step(build, holdings, named, stop, expected).await else {
                return Ok(());
            };
            let answer = if error.is_cancelled() {
                Answer::CleanUp
            } else {
                match on_error {
                    OnError::Cleanup => Answer::CleanUp,
                    OnError::Abort | OnError::RunCleanupProvisioner => Answer::Abort,
                    OnError::Ask => self.ask(build, named, &error).await,
                }
            };
            if answer != Answer::Retry {
                return Err((error, answer));
            }
            holdings.unwind(build, level, false).await;
        }
    }

    async fn ask(&self, build: &Arc<BuildContext>, named: &Named, error: &StepError) -> Answer {
        let (job, step) = (self.job.clone(), named.id.clone());
        build.emit(Fact::Asked { job: job.clone(), step: step.clone(), failure: error.failure().clone() });
        let answer = tokio::select! {
            answer = build.asking.ask(&self.job, &named.id, error.failure()) => answer,
            () = build.cancel.unwind.cancelled() => Answer::CleanUp,
        };
        build.emit(Fact::Answered { job, step, answer });
        answer
    }

    async fn one_step(
        &self,
        build: &Arc<BuildContext>,
        holdings: &Arc<Holdings>,
        named: &Named,
        stop: &CancellationToken,
        expected: &(dyn Fn(&str) -> Option<u64> + Send + Sync),
    ) -> Result<(), StepError> {
        let began = Instant::now();
        let cx = StepContext::new(build, holdings, &self.job, &named.id).with_cancel(stop.clone());
        build.emit(Fact::StepStarted {
            job: self.job.clone(),
            step: named.id.clone(),
            title: named.step.sketch().title,
            expected_ms: expected(&named.id),
        });
        let result = match cx.check_cancel() {
            Ok(()) => guarded(named, &cx).await,
            Err(cancelled) => Err(cancelled),
        };
        // A fact that could not be written counts before whatever the step made of it.
        let result = build.broken().map_or(result, Err);
        let outcome = match &result {
            Ok(()) => Outcome::Succeeded,
            Err(error) if error.is_cancelled() => Outcome::Cancelled,
            Err(_) => Outcome::Failed,
        };
        build.emit(Fact::StepFinished {
            job: self.job.clone(),
            step: named.id.clone(),
            outcome,
            duration_ms: millis(began),
            failure: result.as_ref().err().map(|error| error.failure().clone()),
        });
        result
    }
}

/// The step itself: stopped when cancelled, and a panic in it is an error like any other.
async fn guarded(named: &Named, cx: &StepContext) -> Result<(), StepError> {
    let running = std::panic::AssertUnwindSafe(named.step.run(cx)).catch_unwind();
    tokio::pin!(running);
    let hurry = async {
        cx.cancel().cancelled().await;
        tokio::select! {
            () = tokio::time::sleep(STEP_PATIENCE) => {}
            () = cx.kill().cancelled() => {}
        }
    };
    tokio::select! {
        result = &mut running => match result {
            Ok(Err(_)) if cx.cancel().is_cancelled() => Err(StepError::cancelled()),
            Ok(result) => result,
            Err(panic) => Err(StepError::internal(format!(
                "Step `{}` broke down: {}. This is a mistake in Goldsmith.",
                named.id,
                panic_text(&*panic)
            ))),
        },
        () = hurry => Err(StepError::cancelled()),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("for an unknown reason")
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
