//! What git knows of an open template, and how the template differs from what it was.
//!
//! The `git` program is asked, and only for what runs nothing of the repository's own: a folder from somewhere is
//! opened without harm, so no `status` (its file system monitor and filters are programs the repository names), no
//! signatures, no fetching. Whether a file changed is found by comparing texts.

use std::path::{Path, PathBuf};

use goldsmith_process::{Invocation, capture, find_program};
use similar::TextDiff;
use tokio_util::sync::CancellationToken;

use crate::bodies::template::with_session;
use crate::core::Core;
use crate::error::WireError;
use crate::wire::*;

/// The texts of an open template as they are in the window.
struct Texts {
    /// The folder of the template.
    folder: PathBuf,
    /// Each file as it is named in the window, where it is below the folder, and its text.
    files: Vec<(String, PathBuf, String)>,
}

async fn texts(core: &Core, session: &str) -> Result<Texts, WireError> {
    with_session(core, session, |core, session| {
        let project = session.project();
        let root = project.root().to_owned();
        let files = project
            .documents()
            .iter()
            .filter(|document| document.is_present())
            .map(|document| {
                let below = document.path().strip_prefix(&root).unwrap_or(document.path()).to_owned();
                (document.name().to_owned(), below, document.text().to_owned())
            })
            .collect();
        Ok(Texts { folder: core.setup().cwd.join(root), files })
    })
    .await
}

/// What git writes to standard output; nothing when it refuses or is not there.
async fn git(core: &Core, folder: &Path, args: &[&str]) -> Option<String> {
    let setup = core.setup();
    let program = find_program("git", setup.env.path())?;
    let asked = Invocation::new(program)
        .args(["-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "--no-pager"])
        .args(args)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        // A partial clone must not fetch what is missing: no protocol is allowed.
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_NO_LAZY_FETCH", "1")
        .cwd(folder);
    let answer = capture(setup.launch.as_ref(), &asked, &CancellationToken::new()).await.ok()?;
    answer.exit.success().then_some(answer.stdout)
}

/// The file as the last commit has it; nothing when it is new.
async fn committed(core: &Core, folder: &Path, below: &Path) -> Option<String> {
    git(core, folder, &["cat-file", "blob", &format!("HEAD:./{}", below.display())]).await
}

/// Texts are compared by lines: what git answers comes in lines, without the last line's end.
fn by_lines(text: &str) -> String {
    text.lines().flat_map(|line| [line, "\n"]).collect()
}

pub(crate) async fn git_state(core: &Core, request: OfSession) -> Result<GitState, WireError> {
    let texts = texts(core, &request.session).await?;
    let folder = &texts.folder;
    if !folder.is_dir() {
        return Ok(GitState::default());
    }
    let named = git(core, folder, &["symbolic-ref", "--short", "-q", "HEAD"]).await;
    let branch = match named {
        Some(branch) => branch,
        None => match git(core, folder, &["rev-parse", "--short", "HEAD"]).await {
            Some(commit) => commit,
            None => return Ok(GitState::default()),
        },
    };
    let mut changed = Vec::new();
    for (name, below, text) in &texts.files {
        let before = committed(core, folder, below).await;
        if before.is_none_or(|before| by_lines(&before) != by_lines(text)) {
            changed.push(name.clone());
        }
    }
    let mut log = vec!["log", "-1", "--format=%h%x1f%an%x1f%ct%x1f%s", "--"];
    let paths: Vec<String> =
        texts.files.iter().map(|(_, below, _)| below.to_string_lossy().into_owned()).collect();
    log.extend(paths.iter().map(String::as_str));
    let commit = git(core, folder, &log).await.and_then(|line| commit_of(&line));
    Ok(GitState { branch: Some(branch.trim().to_owned()), changed, commit })
}

fn commit_of(line: &str) -> Option<GitCommit> {
    let mut parts = line.trim_end().splitn(4, '\u{1f}');
    let (id, author, at) = (parts.next()?, parts.next()?, parts.next()?.parse::<i64>().ok()?);
    Some(GitCommit {
        id: id.to_owned(),
        author: author.to_owned(),
        at: at * 1000,
        subject: parts.next().unwrap_or_default().to_owned(),
    })
}

pub(crate) async fn compare_template(
    core: &Core,
    request: CompareTemplate,
) -> Result<Differences, WireError> {
    let texts = texts(core, &request.session).await?;
    let mut files = Vec::new();
    for (name, below, text) in &texts.files {
        let before = match request.against {
            Against::Disk => std::fs::read_to_string(texts.folder.join(below)).ok(),
            Against::Git => committed(core, &texts.folder, below).await,
        };
        let (before, after) = (by_lines(&before.unwrap_or_default()), by_lines(text));
        if before == after {
            continue;
        }
        let difference = TextDiff::from_lines(&before, &after).unified_diff().context_radius(3).to_string();
        files.push(FileDifference { file: name.clone(), difference });
    }
    Ok(Differences { files })
}
