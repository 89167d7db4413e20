//! Running a pipeline.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use crate::error::StepError;
use crate::error::{Failure, FailureKind};
use crate::journal::{Answer, AskedScript, Fact, Outcome};
use crate::pipeline::context::{BuildContext, Decision, StepContext};
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
        let cx = StepContext::new(build, holdings, &self.job, &named.id).with_cancel(stop.clone());
        if build.wishes.pauses(&self.job, &named.id) {
            match self.pause(build, named).await {
                Answer::Retry => {}
                Answer::Skip => return self.skip(&cx, named),
                _ if build.cancel.unwind.is_cancelled() => {
                    return Err((StepError::cancelled(), Answer::CleanUp));
                }
                answer => return Err((self.ended_at(named), answer)),
            }
        }
        loop {
            let level = holdings.level();
            let Err(error) = self.one_step(&cx, named, expected).await else {
                return Ok(());
            };
            let on_error = match build.wishes.asks() {
                Some(true) => OnError::Ask,
                Some(false) if on_error == OnError::Ask => OnError::Cleanup,
                _ => on_error,
            };
            let decision = if error.is_cancelled() {
                Answer::CleanUp.into()
            } else {
                match on_error {
                    OnError::Cleanup => Answer::CleanUp.into(),
                    OnError::Abort | OnError::RunCleanupProvisioner => Answer::Abort.into(),
                    OnError::Ask => {
                        let script = named.step.script(&cx);
                        self.ask(build, named, error.failure(), false, script).await
                    }
                }
            };
            match decision.answer {
                Answer::Retry => {}
                Answer::Skip if named.step.can_skip() => return self.skip(&cx, named),
                answer => return Err((error, answer)),
            }
            holdings.unwind(build, level, false).await;
            if let Some(inline) = decision.inline {
                let title = named.step.sketch().title;
                cx.changed_by_hand(&format!("The commands of \"{title}\" were changed by hand."));
                cx.say(&inline);
                named.step.rewrite(&inline);
            }
        }
    }

    /// Waits before a step until somebody says to go on.
    async fn pause(&self, build: &Arc<BuildContext>, named: &Named) -> Answer {
        let title = named.step.sketch().title;
        let waits = Failure {
            kind: FailureKind::Input,
            message: format!("The build waits before \"{title}\"."),
            causes: Vec::new(),
            hints: vec!["Answer \"retry\" to go on, \"clean up\" to end the build.".to_owned()],
        };
        self.ask(build, named, &waits, true, None).await.answer
    }

    fn ended_at(&self, named: &Named) -> StepError {
        StepError::input(format!("The build was ended before \"{}\".", named.step.sketch().title))
    }

    /// Goes on without a step.
    fn skip(&self, cx: &StepContext, named: &Named) -> Result<(), (StepError, Answer)> {
        if !named.step.can_skip() {
            return Err((self.ended_at(named), Answer::CleanUp));
        }
        cx.changed_by_hand(&format!("\"{}\" was skipped by hand.", named.step.sketch().title));
        named.step.skip();
        Ok(())
    }

    async fn ask(
        &self,
        build: &Arc<BuildContext>,
        named: &Named,
        failure: &Failure,
        paused: bool,
        script: Option<AskedScript>,
    ) -> Decision {
        let (job, step) = (self.job.clone(), named.id.clone());
        build.emit(Fact::Asked {
            job: job.clone(),
            step: step.clone(),
            failure: failure.clone(),
            paused,
            can_skip: named.step.can_skip(),
            script,
        });
        let decision = tokio::select! {
            decision = build.asking.ask(&self.job, &named.id, failure) => decision,
            () = build.cancel.unwind.cancelled() => Answer::CleanUp.into(),
        };
        build.emit(Fact::Answered { job, step, answer: decision.answer });
        decision
    }

    async fn one_step(
        &self,
        cx: &StepContext,
        named: &Named,
        expected: &(dyn Fn(&str) -> Option<u64> + Send + Sync),
    ) -> Result<(), StepError> {
        let began = Instant::now();
        let build = cx.build();
        build.emit(Fact::StepStarted {
            job: self.job.clone(),
            step: named.id.clone(),
            title: named.step.sketch().title,
            expected_ms: expected(&named.id),
        });
        let result = match cx.check_cancel() {
            Ok(()) => guarded(named, cx).await,
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
        // Nobody may be looking.
        let _ = build.edges.send((self.job.clone(), named.id.clone()));
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
