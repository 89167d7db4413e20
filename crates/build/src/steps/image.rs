//! The installation image or the disk the machine starts from: found, fetched, checked.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use goldsmith_library::SourceFact;
use goldsmith_machine::disk::QemuImg;
use goldsmith_template::options::IsoOptions;
use goldsmith_template::{Job, Place, Text};
use serde_json::json;

use crate::checkpoint::Base;
use crate::digest::ChecksumSpec;
use crate::download::{Downloads, Event, Location, Retry, Want, without_login};
use crate::error::{Context as _, StepError};
use crate::journal::Unit;
use crate::pipeline::{Step, StepContext};
use crate::plan::{PlanError, PlannedDownload, Sketch, StepKind};
use crate::provision::meta::seconds;
use crate::provision::sentence;
use crate::steps::disk::disk_error;
use crate::steps::settings::known;
use crate::work::{Parent, PlanRequest};

/// Finds the image.
pub(crate) struct FindImage {
    pub(crate) want: Want,
    checksum_shown: String,
    downloads: PathBuf,
    remote: bool,
    is_disk: bool,
    /// `iso_skip_cache`: QEMU reads it where it is.
    in_place: bool,
    qemu_img: PathBuf,
    /// The version of the library it is, and what a person should know of it.
    parent: Option<(SourceFact, Vec<String>)>,
}

/// The image, checked.
#[derive(Clone, Debug)]
pub(crate) struct ImageFile {
    pub(crate) path: PathBuf,
    /// As the template names it, without a login.
    pub(crate) url: String,
    /// `sha256:…`, when it was checked or came over the network.
    pub(crate) checksum: Option<String>,
    /// The path is a URL that QEMU reads.
    pub(crate) in_place: bool,
    /// What the library records of it.
    pub(crate) source: SourceFact,
}

impl ImageFile {
    fn new(path: PathBuf, url: String, checksum: Option<String>, parent: Option<SourceFact>) -> Self {
        let file = || SourceFact::File { url: url.clone(), checksum: checksum.clone() };
        let source = parent.unwrap_or_else(file);
        Self { path, url, checksum, in_place: false, source }
    }
}

impl FindImage {
    pub(crate) fn new(
        job: &Job,
        iso: &IsoOptions,
        downloads: PathBuf,
        qemu_img: &Path,
        request: &PlanRequest,
    ) -> Result<Self, PlanError> {
        let place = &job.place;
        let named: Vec<&Text> = iso.iso_url.iter().chain(&iso.iso_urls).collect();
        let mut urls = Vec::new();
        for url in named {
            urls.push(known(url, "iso_url", place)?);
        }
        let checksum_text = match &iso.iso_checksum {
            // Nobody reads all of it, so nobody can check it.
            _ if iso.iso_skip_cache => "none".to_owned(),
            Some(text) => known(text, "iso_checksum", place)?,
            None => "none".to_owned(),
        };
        let checksum = ChecksumSpec::parse(&checksum_text)
            .map_err(|error| PlanError::new(sentence(&format!("iso_checksum: {error}")), place))?;
        if iso.iso_skip_cache && iso.disk_image {
            let why =
                "`iso_skip_cache` is for installation images; a disk image is read as a whole in any case.";
            return Err(PlanError::new(why, place).hint("Leave iso_skip_cache out."));
        }
        let (urls, checksum, parent) = match urls.iter().find(|url| url.starts_with(LIBRARY)) {
            None => (urls, checksum, None),
            Some(reference) => {
                let found = version(reference, iso.disk_image, urls.len(), request)
                    .map_err(|why| PlanError::new(why, place))?;
                let own = match checksum {
                    ChecksumSpec::Unchecked => {
                        ChecksumSpec::parse(&found.checksum).unwrap_or(ChecksumSpec::Unchecked)
                    }
                    given => given,
                };
                (vec![found.path.clone()], own, Some((found.source.clone(), found.warnings.clone())))
            }
        };
        let mut remote = false;
        for url in &urls {
            remote |= is_remote(url, &request.cwd, place)?;
        }
        let downloads = match &iso.iso_target_path {
            Some(path) if !path.is_empty() => {
                let path = request.cwd.join(known(path, "iso_target_path", place)?);
                // With an extension it names the file; we name files by content, in its folder.
                if path.extension().is_some() {
                    path.parent().map_or(path.clone(), Path::to_owned)
                } else {
                    path
                }
            }
            _ => downloads,
        };
        Ok(Self {
            want: Want {
                urls,
                checksum,
                extension: Some(iso.iso_target_extension.clone()),
                base: request.cwd.clone(),
            },
            checksum_shown: checksum_text,
            downloads,
            remote,
            is_disk: iso.disk_image,
            in_place: iso.iso_skip_cache && remote,
            qemu_img: qemu_img.to_owned(),
            parent,
        })
    }

    /// What is known of the image before it is looked for.
    pub(crate) fn origin(&self) -> Base {
        match (&self.want.checksum, self.plain_local()) {
            (ChecksumSpec::Digest(digest), _) => Base::Digest(digest.to_string()),
            (_, Some(path)) => Base::File(path),
            _ => Base::Unknown,
        }
    }

    /// As the plan shows it: the first of the names.
    pub(crate) fn shown(&self) -> String {
        let first = self.want.urls.first().map(String::as_str).unwrap_or_default();
        without_login(first)
    }
}

/// How a version of the library is named as a source: `library://name`, `library://name/3`, `library://name/channel`.
pub(crate) const LIBRARY: &str = "library://";

/// The version a reference was found to mean before the plan was made.
fn version<'a>(
    reference: &str,
    is_disk: bool,
    named: usize,
    request: &'a PlanRequest,
) -> Result<&'a Parent, String> {
    if !is_disk {
        return Err(format!("{reference} is a disk: set disk_image = true."));
    }
    if named > 1 {
        return Err(format!("{reference} must be the only source: leave iso_urls out."));
    }
    match request.parents.get(reference) {
        Some(Ok(parent)) => Ok(parent),
        Some(Err(why)) => Err(sentence(why)),
        None => Err(format!("The library was not asked for {reference}.")),
    }
}

fn is_remote(url: &str, base: &Path, place: &Place) -> Result<bool, PlanError> {
    match Location::parse(url, base) {
        Ok(Location::Http(_)) => Ok(true),
        Ok(Location::Local(_)) => Ok(false),
        Err(error) => Err(PlanError::new(sentence(&error.to_string()), place)),
    }
}

#[async_trait]
impl Step for FindImage {
    type Output = ImageFile;

    fn sketch(&self) -> Sketch {
        let what = if self.is_disk { "disk image" } else { "installation image" };
        let mut sketch = if self.in_place {
            Sketch::new(format!("Look for the {what}"), StepKind::Prepare)
        } else if self.remote {
            Sketch::new(format!("Fetch the {what}"), StepKind::Download).download(PlannedDownload {
                urls: self.want.urls.iter().map(|url| without_login(url)).collect(),
                checksum: self.checksum_shown.clone(),
                to: self.downloads.display().to_string(),
                size: None,
            })
        } else {
            Sketch::new(format!("Find the {what}"), StepKind::Prepare)
        };
        for warning in self.parent.iter().flat_map(|(_, warnings)| warnings) {
            sketch = sketch.warning(warning.clone());
        }
        if self.in_place {
            sketch = sketch.warning(format!(
                "QEMU reads the {what} over the network (iso_skip_cache): it is not checked, and a change would not be noticed."
            ));
        } else if self.want.checksum == ChecksumSpec::Unchecked {
            sketch = sketch.warning(format!(
                "The {what} is not checked (iso_checksum = \"none\"): a changed or damaged file would not be noticed."
            ));
        }
        sketch.inputs(&json!({ "urls": self.want.urls, "checksum": self.checksum_shown }))
    }

    async fn run(&self, cx: &StepContext) -> Result<ImageFile, StepError> {
        if let Some(path) = self.plain_local() {
            return local(path, self.want.urls.first().cloned().unwrap_or_default());
        }
        let downloads = Downloads::open(&self.downloads, &cx.build().network, Retry::default())
            .map_err(|error| StepError::environment(sentence(&error.to_string())))?;
        if self.in_place {
            return self.found_in_place(cx, &downloads).await;
        }
        let fetched = downloads.fetch(&self.want, cx.cancel(), &mut |event| told(cx, &event)).await;
        let fetched = fetched.map_err(|error| {
            if cx.cancel().is_cancelled() {
                StepError::cancelled()
            } else if self.remote {
                StepError::environment(sentence(&error.to_string()))
            } else {
                StepError::input(sentence(&error.to_string()))
            }
        })?;
        if self.is_disk && matches!(Location::parse(&fetched.url, &self.want.base), Ok(Location::Http(_))) {
            self.refuse_foreign_backing(cx, &fetched.path).await?;
        }
        let checksum = fetched.digest.map(|digest| format!("{}:{}", digest.algorithm, digest.hex));
        let parent = self.parent.as_ref().map(|(source, _)| source.clone());
        Ok(ImageFile::new(fetched.path, without_login(&fetched.url), checksum, parent))
    }
}

impl FindImage {
    async fn found_in_place(&self, cx: &StepContext, downloads: &Downloads) -> Result<ImageFile, StepError> {
        let url = downloads.readable_in_place(&self.want.urls, cx.cancel()).await.map_err(|error| {
            if cx.cancel().is_cancelled() {
                return StepError::cancelled();
            }
            StepError::environment(sentence(&error.to_string()))
        })?;
        cx.say(format!("QEMU reads {} where it is.", without_login(&url)));
        let image = ImageFile::new(PathBuf::from(&url), without_login(&url), None, None);
        Ok(ImageFile { in_place: true, ..image })
    }

    /// The one file of this computer that needs no check: it is used without the means to fetch anything.
    fn plain_local(&self) -> Option<PathBuf> {
        let [url] = self.want.urls.as_slice() else { return None };
        match Location::parse(url, &self.want.base) {
            Ok(Location::Local(path)) if self.want.checksum == ChecksumSpec::Unchecked => Some(path),
            _ => None,
        }
    }

    /// A disk image from the network that stands on a file of this computer would bring that file's content into
    /// the guest.
    async fn refuse_foreign_backing(&self, cx: &StepContext, path: &Path) -> Result<(), StepError> {
        let tool = QemuImg::new(&self.qemu_img);
        let info = tool.info(cx.launch(), path, cx.cancel()).await.map_err(disk_error)?;
        match info.backing {
            None => Ok(()),
            Some(backing) => Err(StepError::input(format!(
                "The downloaded image stands on another file, {}, and is refused: it would read that file of this computer.",
                backing.display()
            ))
            .hint("Use an image that is complete in itself.")),
        }
    }
}

fn local(path: PathBuf, url: String) -> Result<ImageFile, StepError> {
    let wrong = || format!("Cannot read the image {}", path.display());
    let metadata = std::fs::File::open(&path).and_then(|file| file.metadata()).input(wrong)?;
    if !metadata.is_file() {
        return Err(
            StepError::input(format!("{} is not a file.", path.display())).hint("`iso_url` names one file.")
        );
    }
    Ok(ImageFile::new(path, url, None, None))
}

fn told(cx: &StepContext, event: &Event) {
    match event {
        Event::WaitingForOther => {
            cx.waiting("other_download", "Another build is fetching the same file; waiting for it.");
        }
        Event::Started { url, from: 0 } => cx.say(format!("Fetching {}.", without_login(url))),
        Event::Started { url, from } => {
            cx.say(format!("Going on with {} from byte {from}.", without_login(url)));
        }
        Event::Progress { done, total } => cx.progress(*done, *total, Unit::Bytes),
        Event::Retrying { cause, pause } => {
            cx.say(format!("{} Trying again in {}.", sentence(cause), seconds(*pause)));
        }
        Event::NextUrl { cause } => cx.say(format!("{} Trying the next one.", sentence(cause))),
        Event::Stale { cause } => {
            cx.warn(format!(
                "The server could not be asked ({cause}); the copy of an earlier build is used."
            ));
        }
    }
}

/// The `library://` references of a template's jobs.
pub fn library_references(config: &goldsmith_template::Config) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for job in &config.jobs {
        let goldsmith_template::config::Source::Qemu(options) = &job.source else { continue };
        let named = options.iso.iso_url.iter().chain(&options.iso.iso_urls);
        found.extend(named.filter_map(Text::known).filter(|url| url.starts_with(LIBRARY)).map(str::to_owned));
    }
    found.sort();
    found.dedup();
    found
}
