//! The table of commands: every one named once, with what it takes, gives, reads and makes stale.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::{Config, TS, TypeVisitor};

use crate::bodies;
use crate::core::Core;
use crate::error::WireError;
use crate::wire::*;
use goldsmith_build::journal::{FoundLine, LogSections, LogWindow};
use goldsmith_library::life::{Blast, CollectPlan, Policies, Promoted};

/// What a command reads or changes; a face that shows an area asks again when it is made stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// The list of recent templates and starters.
    Templates,
    /// An open template.
    Session,
    /// Builds.
    Builds,
    /// Runs.
    Runs,
    /// The library.
    Library,
    /// This computer.
    Host,
    /// Settings.
    Settings,
}

impl Area {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Area::Templates => "templates",
            Area::Session => "session",
            Area::Builds => "builds",
            Area::Runs => "runs",
            Area::Library => "library",
            Area::Host => "host",
            Area::Settings => "settings",
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// What it reads.
    pub reads: &'static [Area],
    /// What it makes stale.
    pub stales: &'static [Area],
}

/// Takes each command with its request and response type in TypeScript.
pub(crate) type EachCommand<'a> = dyn FnMut(&'static Command, String, String) + 'a;

macro_rules! commands {
    ($( #[doc = $doc:literal] $name:ident($request:ty) -> $response:ty,
        reads [$($reads:ident),*], stales [$($stales:ident),*]; )*) => {
        /// Every command.
        pub const COMMANDS: &[Command] = &[$(Command {
            name: stringify!($name),
            doc: $doc.trim_ascii(),
            reads: &[$(Area::$reads),*],
            stales: &[$(Area::$stales),*],
        }),*];

        /// Typed faces of the commands, for programs in the same process.
        impl Core {
            $(
                #[doc = $doc]
                pub async fn $name(&self, request: $request) -> Result<$response, WireError> {
                    bodies::$name(self, request).await
                }
            )*

            /// Runs the command of that name on a request in JSON.
            pub async fn dispatch(&self, name: &str, request: Value) -> Result<Value, WireError> {
                match name {
                    $(stringify!($name) => {
                        let request: $request = decode(name, request)?;
                        encode(name, &self.$name(request).await?)
                    })*
                    _ => Err(WireError::input("unknown_command", format!("there is no command {name}"))),
                }
            }
        }

        /// Visits every request and response type, and hands each command's type names on.
        pub(crate) fn visit_types(visitor: &mut impl TypeVisitor, each: &mut EachCommand<'_>) {
            let cfg = Config::new();
            let mut rows = COMMANDS.iter();
            $(
                visitor.visit::<$request>();
                visitor.visit::<$response>();
                if let Some(row) = rows.next() {
                    each(row, <$request as TS>::name(&cfg), <$response as TS>::name(&cfg));
                }
            )*
        }
    };
}

commands! {
    /// Lists recent templates and the starters that come with Goldsmith.
    list_templates(Nothing) -> TemplateList, reads [Templates], stales [];
    /// Makes a new template from a starter.
    create_template(CreateTemplate) -> CreatedTemplate, reads [], stales [Templates];
    /// Opens a template file or folder.
    open_template(OpenTemplate) -> OpenedTemplate, reads [], stales [Templates];
    /// Gives everything there is to show of an open template.
    template_state(OfSession) -> TemplateState, reads [Session], stales [];
    /// Closes an open template; unsaved changes are lost.
    close_template(OfSession) -> Done, reads [], stales [];
    /// Gives the form of one block of an open template.
    template_form(TemplateForm) -> FormAnswer, reads [Session], stales [];
    /// Changes an open template; one step of undo.
    apply_edit(ApplyEdit) -> Changed, reads [], stales [Session];
    /// Takes the last edit back.
    undo(OfSession) -> Changed, reads [], stales [Session];
    /// Makes the last edit that was taken back again.
    redo(OfSession) -> Changed, reads [], stales [Session];
    /// Sets the values an open template is read with.
    set_inputs(SetInputs) -> TemplateState, reads [], stales [Session];
    /// Writes an open template to disk; refused when a file changed there.
    save(Save) -> Saved, reads [], stales [Session];
    /// Reads an open template from disk again; unsaved changes are lost.
    reload(OfSession) -> TemplateState, reads [], stales [Session];
    /// Takes in what other programs changed in the files of an open template, where both did not change the same.
    merge_disk(OfSession) -> DiskMerge, reads [], stales [Session];
    /// Decides about a file that was changed here and by another program.
    resolve_disk(ResolveDisk) -> Changed, reads [], stales [Session];
    /// Brings back, or forgets, what an earlier session did not save.
    recover_template(RecoverTemplate) -> Changed, reads [], stales [Session];
    /// Says what git knows of an open template.
    git_state(OfSession) -> GitState, reads [Session], stales [];
    /// Compares an open template with the files on disk or with the last commit.
    compare_template(CompareTemplate) -> Differences, reads [Session], stales [];
    /// Checks an open template as a build would.
    validate(OfSession) -> Validation, reads [Session], stales [];
    /// Lists what an open template declares.
    inspect(OfSession) -> Inspection, reads [Session], stales [];
    /// Opens a template from a text that is on no disk.
    open_text(OpenText) -> OpenedTemplate, reads [], stales [];
    /// Brings template and variable files into canonical format.
    format_files(FormatFiles) -> FormattedFiles, reads [], stales [Session];
    /// Brings a text into canonical format.
    format_text(FormatText) -> FormattedText, reads [], stales [];
    /// Brings a JSON template up to date.
    fix_template(FixTemplate) -> FixedTemplate, reads [], stales [Session];
    /// Writes a JSON template as HCL.
    upgrade_template(UpgradeTemplate) -> UpgradedTemplate, reads [], stales [];
    /// Evaluates an expression with the values of an open template.
    evaluate(Evaluate) -> Evaluated, reads [Session], stales [];
    /// Gives the values of an open template's variables and locals.
    list_values(OfSession) -> ValueList, reads [Session], stales [];
    /// Lists what an open template declares, as Packer's `inspect` prints it.
    inspect_text(OfSession) -> InspectedText, reads [Session], stales [];
    /// Lists the plugins an open template asks for, and which are built in.
    required_plugins(OfSession) -> RequiredPlugins, reads [Session], stales [];
    /// Looks up the checksums an open template refers to by URL or path.
    check_online(OfSession) -> CheckedOnline, reads [Session], stales [];
    /// Lists every component that can be added to a template.
    catalogue(Nothing) -> Catalogue, reads [], stales [];
    /// Describes a component and its options.
    describe_component(DescribeComponent) -> ComponentDoc, reads [], stales [];

    /// Lists what can be written at a place of an open template.
    complete(AtPlace) -> CompletionAnswer, reads [Session], stales [];
    /// Lists what can be written in the value of an argument, as a form field holds it.
    complete_value(InValue) -> ValueCompletions, reads [Session], stales [];
    /// Says what is known about a place of an open template.
    hover(AtPlace) -> HoverAnswer, reads [Session], stales [];
    /// Describes the call around a place of an open template.
    signature(AtPlace) -> SignatureAnswer, reads [Session], stales [];
    /// Lists where what is at a place of an open template is declared and used.
    usages(AtPlace) -> Usages, reads [Session], stales [];
    /// Lists what a file of an open template declares and what can be folded in it.
    file_shape(OfFile) -> FileShape, reads [Session], stales [];

    /// Plans the builds of an open template.
    plan(PlanRequest) -> Planned, reads [Session, Host], stales [];
    /// Starts building an open template.
    start_build(PlanRequest) -> StartedBuild, reads [Session, Host], stales [Builds];
    /// Stops a build.
    cancel_build(CancelBuild) -> Done, reads [], stales [Builds];
    /// Answers the question a failed step of a build asks.
    answer_build(AnswerBuild) -> Done, reads [], stales [Builds];
    /// Makes a running build wait before a step, or no longer.
    pause_build(PauseBuild) -> Done, reads [], stales [Builds];
    /// Says whether a person is asked when a step of a running build fails.
    ask_on_error(AskOnError) -> Done, reads [], stales [Builds];
    /// Gives the scripts of a step that failed and asks.
    step_scripts(OfJob) -> StepScripts, reads [Builds], stales [];
    /// Writes a script of a step that failed and asks.
    save_script(SaveScript) -> Done, reads [], stales [];
    /// Opens the screen of a running machine, or a shell in it.
    open_console(OpenConsole) -> OpenedConsole, reads [Builds], stales [];
    /// Lists builds, whoever started them.
    list_builds(Nothing) -> BuildList, reads [Builds], stales [];
    /// Gives the state of a build.
    build_state(OfBuild) -> FactList, reads [Builds], stales [];
    /// Gives the facts of a build after a given one.
    build_facts(BuildFacts) -> FactList, reads [Builds], stales [];
    /// Gives a window of a build's log.
    build_log(BuildLog) -> LogWindow, reads [Builds], stales [];
    /// Gives a build's log by steps.
    log_sections(OfBuild) -> LogSections, reads [Builds], stales [];
    /// Looks for the next or previous line of a build's log that a filter lets through.
    find_line(FindLine) -> FoundLine, reads [Builds], stales [];
    /// Writes a build's log as plain text to a file.
    save_log(SaveLog) -> SavedLog, reads [Builds], stales [];
    /// Says how long earlier builds of the same template took.
    build_times(OfBuild) -> BuildTimes, reads [Builds], stales [];
    /// Compares two builds: durations, plan, log.
    compare_builds(CompareBuilds) -> ComparedBuilds, reads [Builds], stales [];
    /// Gives what the guest wrote to its serial console.
    serial_log(SerialLog) -> SerialText, reads [Builds], stales [];
    /// Gives a picture of the guest's screen.
    screen_picture(ScreenPicture) -> Picture, reads [Builds], stales [];
    /// Forgets a finished build: its journal, log and pictures.
    delete_build(OfBuild) -> Done, reads [], stales [Builds];

    /// Lists the images of the library.
    list_images(Nothing) -> ImageList, reads [Library], stales [];
    /// Shows an image and one of its versions.
    show_image(OfImage) -> ImageDetail, reads [Library], stales [];
    /// Reads a version's bytes again and compares them with what they were.
    verify_image(VerifyImage) -> Verified, reads [Library], stales [];
    /// Writes a version outside the library, in a format of choice.
    export_image(ExportImage) -> ExportedImage, reads [Library], stales [];
    /// Writes a version as a package: an OVA, a box, a VHD, an OCI archive.
    package_image(PackageImage) -> PackagedImage, reads [Library], stales [Library];
    /// Gives what others write to use a version, pinned to its digest.
    deploy_image(DeployImage) -> DeploySnippets, reads [Library], stales [];
    /// Makes a version of an existing disk image.
    import_image(ImportImage) -> ImportedImage, reads [], stales [Library];
    /// Stops a running export.
    cancel_task(OfTask) -> Done, reads [], stales [];
    /// Moves a version, or all versions of an image, to the trash.
    delete_image(OfImage) -> MovedVersions, reads [], stales [Library];
    /// Takes a version out of the trash.
    restore_image(OfImage) -> MovedVersions, reads [], stales [Library];
    /// Lists what is in the trash.
    list_trash(Nothing) -> TrashList, reads [Library], stales [];

    /// Lists the channels of an image, or of all images.
    list_channels(ListChannels) -> ChannelList, reads [Library], stales [];
    /// Points a channel to a version, releasing it first where the channel asks for that.
    promote_image(PromoteImage) -> Promoted, reads [], stales [Library];
    /// Points a channel to an earlier version again.
    rollback_image(RollbackImage) -> Promoted, reads [], stales [Library];
    /// Holds a channel, lets it go, empties it or changes its class.
    change_channel(ChangeChannel) -> ChannelList, reads [], stales [Library];
    /// Releases, deprecates, revokes, retires, holds, dates, labels or remarks on a version.
    change_image(ChangeImage) -> ChangedVersions, reads [], stales [Library];
    /// Says what revoking a version would touch.
    preview_revoke(OfImage) -> Blast, reads [Library], stales [];
    /// Says whether channels of a class may take a version, check by check.
    gate_image(GateImage) -> GateTable, reads [Library], stales [];
    /// Tells what happened to an image, its versions and its channels.
    image_history(OfImage) -> ImageHistory, reads [Library], stales [];
    /// Gives the library's policies.
    get_policies(Nothing) -> Policies, reads [Library], stales [];
    /// Sets the library's policies.
    set_policies(Policies) -> Policies, reads [], stales [Library];
    /// Says what a collection would give up, and why everything else stays.
    plan_collection(Nothing) -> CollectPlan, reads [Library, Runs], stales [];
    /// Gives up what the policies allow: to the trash first, and from there for good.
    collect(Nothing) -> CollectPlan, reads [], stales [Library];
    /// Lists the images that should be made again, and why.
    list_outdated(Nothing) -> OutdatedList, reads [Library], stales [];

    /// Says what differs between two versions, from what is recorded of them.
    compare_images(CompareImages) -> ComparedImages, reads [Library], stales [];

    /// Boots a throw-away copy of an image.
    run_image(RunImage) -> RunState, reads [Library, Host], stales [Runs];
    /// Gives the state of a run.
    run_state(OfRun) -> RunState, reads [Runs], stales [];
    /// Lists runs.
    list_runs(Nothing) -> RunList, reads [Runs], stales [];
    /// Stops a run and throws its copy away.
    stop_run(StopRun) -> Done, reads [], stales [Runs];

    /// Tests a version: a throw-away copy boots, suites look at it, verdicts are recorded.
    test_image(TestImage) -> StartedTest, reads [Library, Host], stales [Builds, Library];
    /// Gives what a test said.
    test_report(OfBuild) -> TestResult, reads [Builds], stales [];

    /// Examines this computer.
    doctor(Examine) -> Examination, reads [Host], stales [];
    /// Says what this computer does now.
    host_stats(Nothing) -> HostStats, reads [], stales [];
    /// Says what Goldsmith's folders take.
    space(Nothing) -> SpaceReport, reads [Builds, Library], stales [];
    /// Lists what builds remember: checkpoints and installed packages.
    list_cache(Nothing) -> CacheList, reads [Builds, Settings], stales [];
    /// Removes what builds remember and the settings do not keep, or all of it.
    prune_cache(PruneCache) -> PrunedCache, reads [Settings], stales [Builds];
    /// Says which Goldsmith this is and where it keeps things.
    about(Nothing) -> About, reads [], stales [];
    /// Asks the user for a path with the system's own dialog.
    pick_path(PickPath) -> PickedPath, reads [], stales [];
    /// Gives the settings.
    get_settings(Nothing) -> Settings, reads [Settings], stales [];
    /// Changes the settings.
    set_settings(Settings) -> Settings, reads [], stales [Settings];
}

/// Reads a request; an absent one is an empty object.
fn decode<T: DeserializeOwned>(name: &str, request: Value) -> Result<T, WireError> {
    let request = if request.is_null() { Value::Object(serde_json::Map::new()) } else { request };
    serde_json::from_value(request).map_err(|error| {
        WireError::input("bad_request", format!("the request for {name} is not understood")).because(&error)
    })
}

/// Writes a response.
fn encode<T: Serialize>(name: &str, response: &T) -> Result<Value, WireError> {
    serde_json::to_value(response).map_err(|error| {
        WireError::internal("bad_response", format!("the answer of {name} cannot be written")).because(&error)
    })
}
