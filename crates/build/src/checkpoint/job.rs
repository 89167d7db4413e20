//! A job's checkpoints while it runs: which one it begins from, and when the next is taken.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use goldsmith_guest::Secret;
use goldsmith_machine::Lifecycle as _;
use goldsmith_machine::qemu::{QemuMachine, StateError};
use goldsmith_process::{copy, durable, space};
use tokio_util::sync::CancellationToken;

use super::inputs::JobInputs;
use super::store::{self, Edge, Entry, PART, Record, Store};
use super::{Rules, contents};
use crate::error::{Context as _, StepError};
use crate::journal::Fact;
use crate::pipeline::{Holding, StepContext};
use crate::provision::SshGuest;
use crate::provision::meta::seconds;
use crate::steps::login::Login;
use crate::steps::settings::Settings;
use crate::text::bytes;

/// So much stays free whatever is kept.
const SPARE: u64 = 2 << 30;

/// Shared by the steps of a job.
#[derive(Clone)]
pub(crate) struct JobCheckpoints {
    inner: Arc<Inner>,
}

struct Inner {
    inputs: JobInputs,
    settings: Settings,
    store: Store,
    rules: Rules,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    base: Option<String>,
    begin_from: Option<Entry>,
    stamp: Option<blake3::Hash>,
    /// Since when steps have run that no checkpoint saves.
    since: Option<Instant>,
    /// What the one it began from saved.
    saved_before: Duration,
    /// The guest of the machine the build began with.
    guest: Option<Arc<SshGuest>>,
}

impl JobCheckpoints {
    pub(crate) fn new(inputs: JobInputs, settings: &Settings, store: Store, rules: Rules) -> Self {
        let settings = settings.clone();
        Self { inner: Arc::new(Inner { inputs, settings, store, rules, state: Mutex::default() }) }
    }

    pub(crate) fn inputs(&self) -> &JobInputs {
        &self.inner.inputs
    }

    fn state(&self) -> MutexGuard<'_, State> {
        match self.inner.state.lock() {
            Ok(state) => state,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// Looks for the furthest one that fits. `base` identifies what the disk is made from.
    pub(crate) async fn look(&self, cx: &StepContext, base: String) -> Result<(), StepError> {
        let inner = self.inner.clone();
        if !inner.rules.enabled {
            return Ok(());
        }
        let (found, stamp, base) = cx
            .blocking(move |_| {
                let inputs = &inner.inputs;
                let stamp = inputs.stamp();
                let found = if inner.store.knows(&inputs.template, &inputs.job) {
                    inner.store.usable(Some(&base), &inputs.chain()).into_iter().next()
                } else {
                    None
                };
                Ok((found, stamp, base))
            })
            .await?;
        if let Some(entry) = &found {
            self.inner.store.touch(entry, now(cx));
            cx.say(format!(
                "Beginning from the checkpoint that build {} took after \"{}\"; the steps up to there took {}.",
                entry.record.build,
                entry.record.after,
                seconds(Duration::from_millis(entry.record.saves_ms))
            ));
        }
        let mut state = self.state();
        state.saved_before =
            found.as_ref().map_or(Duration::ZERO, |entry| Duration::from_millis(entry.record.saves_ms));
        state.begin_from = found;
        state.stamp = stamp;
        state.base = Some(base);
        state.since = Some(Instant::now());
        Ok(())
    }

    /// The one the build begins from.
    pub(crate) fn begins_from(&self) -> Option<Entry> {
        self.state().begin_from.clone()
    }

    /// The one whose machine the build begins with.
    pub(crate) fn machine(&self) -> Option<Entry> {
        self.begins_from().filter(|entry| matches!(entry.record.edge, Edge::Machine(_)))
    }

    /// The guest of the machine the build began with is let in to.
    pub(crate) fn reached(&self, guest: SshGuest) {
        self.state().guest = Some(Arc::new(guest));
    }

    /// That guest.
    pub(crate) fn guest(&self) -> Option<Arc<SshGuest>> {
        self.state().guest.clone()
    }

    /// So many provisioners are done already.
    pub(crate) fn done(&self) -> usize {
        match self.begins_from().map(|entry| entry.record.edge) {
            Some(Edge::Machine(done)) => done,
            _ => 0,
        }
    }

    /// The one it was to begin from is of no use: it is thrown away, and the build begins at the start.
    pub(crate) fn give_up(&self, cx: &StepContext, why: &str) {
        let mut state = self.state();
        state.saved_before = Duration::ZERO;
        if let Some(entry) = state.begin_from.take() {
            drop(state);
            cx.warn(format!(
                "The checkpoint after \"{}\" cannot be used, so this build begins at the start: {why}",
                entry.record.after
            ));
            let _ = self.inner.store.remove(&entry);
        }
    }

    /// From here on none is taken: a person changed what the template says, or a script ran halfway.
    pub(crate) fn stop(&self) {
        self.state().since = None;
    }

    /// The login key it was taken with.
    pub(crate) fn key(&self) -> Result<Option<Secret>, StepError> {
        let Some(entry) = self.begins_from() else { return Ok(None) };
        match std::fs::read_to_string(entry.key()) {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StepError::environment(format!("{error}."))),
        }
    }

    /// Puts the disks it holds where this build's belong.
    pub(crate) async fn restore_disks(&self, cx: &StepContext, entry: &Entry) -> Result<(), StepError> {
        let pairs: Vec<(PathBuf, PathBuf)> = self
            .disks()
            .into_iter()
            .enumerate()
            .map(|(number, path)| (entry.disk(number), path))
            .chain(self.variables().map(|path| (entry.variables(), path)))
            .collect();
        let with_variables = matches!(entry.record.edge, Edge::Machine(_));
        let variables = self.variables();
        cx.blocking(move |cancel| {
            for (from, to) in pairs {
                if Some(&to) != variables.as_ref() || with_variables {
                    copied(&from, &to, cancel)?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Takes them away again: the build begins at the start. What is not there need not go.
    pub(crate) fn remove_disks(&self) {
        for path in self.disks().into_iter().chain(self.variables()) {
            let _ = std::fs::remove_file(path);
        }
    }

    fn disks(&self) -> Vec<PathBuf> {
        let settings = &self.inner.settings;
        let more = settings.more_disks().into_iter().map(|(path, _)| path);
        std::iter::once(settings.disk_path()).chain(more).collect()
    }

    fn variables(&self) -> Option<PathBuf> {
        self.inner.settings.efi.as_ref().map(|_| self.inner.settings.efivars_path())
    }

    /// After the disk was made: keeps it, where that took long enough.
    pub(crate) async fn after_disk(
        &self,
        cx: &StepContext,
        after: &str,
        login: &Login,
    ) -> Result<(), StepError> {
        let Some(link) = self.inner.inputs.chain_of_disk() else { return Ok(()) };
        let Some((base, took)) = self.worth_it() else { return Ok(()) };
        let began = Instant::now();
        let Some(part) = self.part(cx, false)? else { return Ok(()) };
        let kept = async {
            write_key(&part.path, login)?;
            self.copy_disks(cx, &part.path, false).await
        };
        let kept: Result<(), StepError> = kept.await;
        let record = Record::new(Edge::Disk, after.to_owned(), base, vec![link]);
        self.finish(cx, part, kept, record, took, began).await
    }

    /// At the edge after `done` provisioners: keeps the machine, where it can be kept and the steps since the last
    /// checkpoint took long enough. Whatever goes wrong with that, the build goes on; only a machine that does not go
    /// on is an error.
    pub(crate) async fn at_edge(
        &self,
        cx: &StepContext,
        done: usize,
        after: &str,
        machine: &QemuMachine,
        login: Option<&Login>,
    ) -> Result<(), StepError> {
        let inputs = &self.inner.inputs;
        let is_there = self.machine().is_some() && done <= self.done();
        if inputs.never().is_some() || !inputs.is_edge(done) || is_there {
            return Ok(());
        }
        let Some((base, took)) = self.worth_it() else { return Ok(()) };
        let inner = self.inner.clone();
        let stamp = self.state().stamp;
        let chain = cx
            .blocking(move |_| {
                let chain = inner.inputs.chain();
                // Scripts and files must still be the ones that were used.
                Ok((inner.inputs.stamp() == stamp && stamp.is_some()).then_some(chain))
            })
            .await?;
        let Some(chain) = chain else {
            cx.say("No checkpoint is taken: a file of the template has changed since the build began.");
            return Ok(());
        };
        let Some(links) = chain.links.get(..=done) else { return Ok(()) };
        if !machine.is_running() {
            return Ok(());
        }
        let began = Instant::now();
        let Some(part) = self.part(cx, true)? else { return Ok(()) };
        cx.waiting("checkpoint", "Taking a checkpoint; the machine stands still for a moment.");
        let kept = self.freeze_and_copy(cx, &part.path, machine, login).await;
        // Whatever came of it the guest goes on.
        if machine.is_running() {
            machine
                .thaw()
                .await
                .map_err(|error| StepError::environment(format!("The machine does not go on: {error}.")))?;
        }
        let record = Record::new(Edge::Machine(done), after.to_owned(), base, links.to_vec());
        self.finish(cx, part, kept, record, took, began).await
    }

    async fn freeze_and_copy(
        &self,
        cx: &StepContext,
        part: &Path,
        machine: &QemuMachine,
        login: Option<&Login>,
    ) -> Result<(), StepError> {
        if let Some(login) = login {
            write_key(part, login)?;
        }
        let memory = store::memory(part);
        durable::write_private(&memory, b"").environment(|| format!("Cannot write {}", memory.display()))?;
        let moved = async {
            machine.freeze().await?;
            machine.save_memory(&memory, cx.cancel()).await
        };
        moved.await.map_err(|error: StateError| match error {
            StateError::Cancelled => StepError::cancelled(),
            error => StepError::environment(format!("{error}.")),
        })?;
        self.copy_disks(cx, part, true).await
    }

    async fn copy_disks(&self, cx: &StepContext, part: &Path, variables: bool) -> Result<(), StepError> {
        let mut pairs: Vec<(PathBuf, PathBuf)> = self
            .disks()
            .into_iter()
            .enumerate()
            .map(|(number, path)| (path, store::disk(part, number)))
            .collect();
        if variables {
            pairs.extend(self.variables().map(|path| (path, store::variables(part))));
        }
        cx.blocking(move |cancel| pairs.iter().try_for_each(|(from, to)| copied(from, to, cancel))).await
    }

    /// What the disk is made from and how long the steps took that would be saved, when that is long enough.
    fn worth_it(&self) -> Option<(String, Duration)> {
        let rules = &self.inner.rules;
        let state = self.state();
        let (base, since) = (state.base.clone()?, state.since?);
        let took = since.elapsed();
        (rules.enabled && took >= rules.after).then(|| (base, took + state.saved_before))
    }

    /// A folder to write to, where there is room.
    fn part(&self, cx: &StepContext, memory: bool) -> Result<Option<Part>, StepError> {
        let store = &self.inner.store;
        store.make_folder().environment(|| format!("Cannot make the folder {}", store.folder().display()))?;
        let taken = |path: &PathBuf| std::fs::metadata(path).map_or(0, |meta| allocated(&meta));
        let disks: u64 = self.disks().iter().map(taken).sum();
        let needed = disks + if memory { self.inner.settings.machine.memory << 20 } else { 0 };
        if needed > self.inner.rules.limits.bytes {
            cx.say(format!(
                "No checkpoint is taken: it could take {}, more than may be kept.",
                bytes(needed)
            ));
            return Ok(None);
        }
        if space::free(store.folder()).is_ok_and(|free| free < needed + SPARE) {
            cx.say(format!(
                "No checkpoint is taken: it could take {}, and the disk is too full.",
                bytes(needed)
            ));
            return Ok(None);
        }
        let path = store.folder().join(format!("{PART}{}", cx.fresh()));
        let holding = cx.make_directory(&path)?;
        Ok(Some(Part { path, holding }))
    }

    /// Has the bytes written to the disk while the build goes on, and then the checkpoint published.
    async fn finish(
        &self,
        cx: &StepContext,
        part: Part,
        kept: Result<(), StepError>,
        mut record: Record,
        took: Duration,
        began: Instant,
    ) -> Result<(), StepError> {
        if let Err(error) = kept {
            part.holding.release().await?;
            if cx.cancel().is_cancelled() {
                return Err(StepError::cancelled());
            }
            cx.say(format!("No checkpoint was taken: {}", error.full()));
            return Ok(());
        }
        let inputs = &self.inner.inputs;
        record.template.clone_from(&inputs.template);
        record.job.clone_from(&inputs.job);
        record.build = cx.mark().to_owned();
        record.made_at = cx.build().clock.now_ms();
        record.saves_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let size = std::fs::read_dir(&part.path)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.metadata().ok())
            .map(|meta| allocated(&meta))
            .sum();
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        cx.emit(Fact::CheckpointTaken {
            job: cx.job().to_owned(),
            step: cx.step().to_owned(),
            after: record.after.clone(),
            size,
            duration_ms,
        });
        let text =
            format!("Took a checkpoint after \"{}\": {} in {} ms.", record.after, bytes(size), duration_ms);
        cx.say(text);
        let (inner, path, now) = (self.inner.clone(), part.path.clone(), now(cx));
        let writing = tokio::task::spawn_blocking(move || {
            let published = inner.store.publish(&path, &record);
            inner.store.prune(&inner.rules.limits, now);
            published
        });
        part.holding.on_release(move || async move {
            match writing.await {
                Ok(Ok(())) => Ok(()),
                // What was not published goes with its folder; nobody needs it.
                _ => Ok(()),
            }
        });
        let mut state = self.state();
        state.since = Some(Instant::now());
        state.saved_before = took;
        Ok(())
    }
}

struct Part {
    path: PathBuf,
    holding: Holding,
}

/// What identifies an image: its verified digest, else the file itself.
pub(crate) fn base_of_image(path: &Path, checksum: Option<&str>) -> Result<String, StepError> {
    match checksum {
        Some(checksum) => Ok(checksum.to_owned()),
        None => contents::identity(path).environment(|| format!("Cannot read {}", path.display())),
    }
}

fn write_key(part: &Path, login: &Login) -> Result<(), StepError> {
    let Some(pair) = &login.temporary else { return Ok(()) };
    let to = store::key(part);
    durable::write_private(&to, pair.private_openssh().expose().as_bytes())
        .environment(|| format!("Cannot write {}", to.display()))
}

fn copied(from: &Path, to: &Path, cancel: &CancellationToken) -> Result<(), StepError> {
    copy::file(from, to, cancel, &mut |_, _| {})
        .map(drop)
        .environment(|| format!("Cannot copy {} to {}", from.display(), to.display()))
}

fn allocated(meta: &std::fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    meta.blocks() * 512
}

fn now(cx: &StepContext) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(cx.build().clock.now_ms()).unwrap_or(0))
}
