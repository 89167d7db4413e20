// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { About } from "./About";
import type { AnswerBuild } from "./AnswerBuild";
import type { ApplyEdit } from "./ApplyEdit";
import type { Area } from "./Area";
import type { AskOnError } from "./AskOnError";
import type { AtPlace } from "./AtPlace";
import type { Blast } from "./Blast";
import type { BuildFacts } from "./BuildFacts";
import type { BuildList } from "./BuildList";
import type { BuildLog } from "./BuildLog";
import type { BuildTimes } from "./BuildTimes";
import type { CacheList } from "./CacheList";
import type { CancelBuild } from "./CancelBuild";
import type { Catalogue } from "./Catalogue";
import type { ChangeChannel } from "./ChangeChannel";
import type { ChangeImage } from "./ChangeImage";
import type { Changed } from "./Changed";
import type { ChangedVersions } from "./ChangedVersions";
import type { ChannelList } from "./ChannelList";
import type { CheckedOnline } from "./CheckedOnline";
import type { CollectPlan } from "./CollectPlan";
import type { CompareBuilds } from "./CompareBuilds";
import type { CompareImages } from "./CompareImages";
import type { CompareTemplate } from "./CompareTemplate";
import type { ComparedBuilds } from "./ComparedBuilds";
import type { ComparedImages } from "./ComparedImages";
import type { CompletionAnswer } from "./CompletionAnswer";
import type { ComponentDoc } from "./ComponentDoc";
import type { CreateTemplate } from "./CreateTemplate";
import type { CreatedTemplate } from "./CreatedTemplate";
import type { DeployImage } from "./DeployImage";
import type { DeploySnippets } from "./DeploySnippets";
import type { DescribeComponent } from "./DescribeComponent";
import type { Differences } from "./Differences";
import type { DiskMerge } from "./DiskMerge";
import type { Doctor } from "./Doctor";
import type { Done } from "./Done";
import type { Evaluate } from "./Evaluate";
import type { Evaluated } from "./Evaluated";
import type { Examine } from "./Examine";
import type { ExportImage } from "./ExportImage";
import type { ExportedImage } from "./ExportedImage";
import type { FactList } from "./FactList";
import type { FileShape } from "./FileShape";
import type { FindLine } from "./FindLine";
import type { FixTemplate } from "./FixTemplate";
import type { FixedTemplate } from "./FixedTemplate";
import type { FormAnswer } from "./FormAnswer";
import type { FormatFiles } from "./FormatFiles";
import type { FormatText } from "./FormatText";
import type { FormattedFiles } from "./FormattedFiles";
import type { FormattedText } from "./FormattedText";
import type { FoundLine } from "./FoundLine";
import type { GateImage } from "./GateImage";
import type { GateTable } from "./GateTable";
import type { GitState } from "./GitState";
import type { HostStats } from "./HostStats";
import type { HoverAnswer } from "./HoverAnswer";
import type { ImageDetail } from "./ImageDetail";
import type { ImageHistory } from "./ImageHistory";
import type { ImageList } from "./ImageList";
import type { ImportImage } from "./ImportImage";
import type { ImportedImage } from "./ImportedImage";
import type { InValue } from "./InValue";
import type { InspectedText } from "./InspectedText";
import type { Inspection } from "./Inspection";
import type { ListChannels } from "./ListChannels";
import type { LogSections } from "./LogSections";
import type { LogWindow } from "./LogWindow";
import type { MovedVersions } from "./MovedVersions";
import type { Nothing } from "./Nothing";
import type { OfBuild } from "./OfBuild";
import type { OfFile } from "./OfFile";
import type { OfImage } from "./OfImage";
import type { OfJob } from "./OfJob";
import type { OfRun } from "./OfRun";
import type { OfSession } from "./OfSession";
import type { OfTask } from "./OfTask";
import type { OpenConsole } from "./OpenConsole";
import type { OpenTemplate } from "./OpenTemplate";
import type { OpenText } from "./OpenText";
import type { OpenedConsole } from "./OpenedConsole";
import type { OpenedTemplate } from "./OpenedTemplate";
import type { OutdatedList } from "./OutdatedList";
import type { PackageImage } from "./PackageImage";
import type { PackagedImage } from "./PackagedImage";
import type { PauseBuild } from "./PauseBuild";
import type { PickPath } from "./PickPath";
import type { PickedPath } from "./PickedPath";
import type { Picture } from "./Picture";
import type { PlanRequest } from "./PlanRequest";
import type { Planned } from "./Planned";
import type { Policies } from "./Policies";
import type { PromoteImage } from "./PromoteImage";
import type { Promoted } from "./Promoted";
import type { PruneCache } from "./PruneCache";
import type { PrunedCache } from "./PrunedCache";
import type { RecoverTemplate } from "./RecoverTemplate";
import type { RequiredPlugins } from "./RequiredPlugins";
import type { ResolveDisk } from "./ResolveDisk";
import type { RollbackImage } from "./RollbackImage";
import type { RunImage } from "./RunImage";
import type { RunList } from "./RunList";
import type { RunState } from "./RunState";
import type { Save } from "./Save";
import type { SaveLog } from "./SaveLog";
import type { SaveScript } from "./SaveScript";
import type { Saved } from "./Saved";
import type { SavedLog } from "./SavedLog";
import type { ScreenPicture } from "./ScreenPicture";
import type { SerialLog } from "./SerialLog";
import type { SerialText } from "./SerialText";
import type { SetInputs } from "./SetInputs";
import type { Settings } from "./Settings";
import type { SignatureAnswer } from "./SignatureAnswer";
import type { SpaceReport } from "./SpaceReport";
import type { StartedBuild } from "./StartedBuild";
import type { StartedTest } from "./StartedTest";
import type { StepScripts } from "./StepScripts";
import type { StopRun } from "./StopRun";
import type { TemplateForm } from "./TemplateForm";
import type { TemplateList } from "./TemplateList";
import type { TemplateState } from "./TemplateState";
import type { TestImage } from "./TestImage";
import type { TestResult } from "./TestResult";
import type { TrashList } from "./TrashList";
import type { UpgradeTemplate } from "./UpgradeTemplate";
import type { UpgradedTemplate } from "./UpgradedTemplate";
import type { Usages } from "./Usages";
import type { Validation } from "./Validation";
import type { ValueCompletions } from "./ValueCompletions";
import type { ValueList } from "./ValueList";
import type { Verified } from "./Verified";
import type { VerifyImage } from "./VerifyImage";

/** Every command of the core: what it takes, what it gives. */
export interface Commands {
  /** Lists recent templates and the starters that come with Goldsmith. */
  list_templates: { request: Nothing; response: TemplateList };
  /** Makes a new template from a starter. */
  create_template: { request: CreateTemplate; response: CreatedTemplate };
  /** Opens a template file or folder. */
  open_template: { request: OpenTemplate; response: OpenedTemplate };
  /** Gives everything there is to show of an open template. */
  template_state: { request: OfSession; response: TemplateState };
  /** Closes an open template; unsaved changes are lost. */
  close_template: { request: OfSession; response: Done };
  /** Gives the form of one block of an open template. */
  template_form: { request: TemplateForm; response: FormAnswer };
  /** Changes an open template; one step of undo. */
  apply_edit: { request: ApplyEdit; response: Changed };
  /** Takes the last edit back. */
  undo: { request: OfSession; response: Changed };
  /** Makes the last edit that was taken back again. */
  redo: { request: OfSession; response: Changed };
  /** Sets the values an open template is read with. */
  set_inputs: { request: SetInputs; response: TemplateState };
  /** Writes an open template to disk; refused when a file changed there. */
  save: { request: Save; response: Saved };
  /** Reads an open template from disk again; unsaved changes are lost. */
  reload: { request: OfSession; response: TemplateState };
  /** Takes in what other programs changed in the files of an open template, where both did not change the same. */
  merge_disk: { request: OfSession; response: DiskMerge };
  /** Decides about a file that was changed here and by another program. */
  resolve_disk: { request: ResolveDisk; response: Changed };
  /** Brings back, or forgets, what an earlier session did not save. */
  recover_template: { request: RecoverTemplate; response: Changed };
  /** Says what git knows of an open template. */
  git_state: { request: OfSession; response: GitState };
  /** Compares an open template with the files on disk or with the last commit. */
  compare_template: { request: CompareTemplate; response: Differences };
  /** Checks an open template as a build would. */
  validate: { request: OfSession; response: Validation };
  /** Lists what an open template declares. */
  inspect: { request: OfSession; response: Inspection };
  /** Opens a template from a text that is on no disk. */
  open_text: { request: OpenText; response: OpenedTemplate };
  /** Brings template and variable files into canonical format. */
  format_files: { request: FormatFiles; response: FormattedFiles };
  /** Brings a text into canonical format. */
  format_text: { request: FormatText; response: FormattedText };
  /** Brings a JSON template up to date. */
  fix_template: { request: FixTemplate; response: FixedTemplate };
  /** Writes a JSON template as HCL. */
  upgrade_template: { request: UpgradeTemplate; response: UpgradedTemplate };
  /** Evaluates an expression with the values of an open template. */
  evaluate: { request: Evaluate; response: Evaluated };
  /** Gives the values of an open template's variables and locals. */
  list_values: { request: OfSession; response: ValueList };
  /** Lists what an open template declares, as Packer's `inspect` prints it. */
  inspect_text: { request: OfSession; response: InspectedText };
  /** Lists the plugins an open template asks for, and which are built in. */
  required_plugins: { request: OfSession; response: RequiredPlugins };
  /** Looks up the checksums an open template refers to by URL or path. */
  check_online: { request: OfSession; response: CheckedOnline };
  /** Lists every component that can be added to a template. */
  catalogue: { request: Nothing; response: Catalogue };
  /** Describes a component and its options. */
  describe_component: { request: DescribeComponent; response: ComponentDoc };
  /** Lists what can be written at a place of an open template. */
  complete: { request: AtPlace; response: CompletionAnswer };
  /** Lists what can be written in the value of an argument, as a form field holds it. */
  complete_value: { request: InValue; response: ValueCompletions };
  /** Says what is known about a place of an open template. */
  hover: { request: AtPlace; response: HoverAnswer };
  /** Describes the call around a place of an open template. */
  signature: { request: AtPlace; response: SignatureAnswer };
  /** Lists where what is at a place of an open template is declared and used. */
  usages: { request: AtPlace; response: Usages };
  /** Lists what a file of an open template declares and what can be folded in it. */
  file_shape: { request: OfFile; response: FileShape };
  /** Plans the builds of an open template. */
  plan: { request: PlanRequest; response: Planned };
  /** Starts building an open template. */
  start_build: { request: PlanRequest; response: StartedBuild };
  /** Stops a build. */
  cancel_build: { request: CancelBuild; response: Done };
  /** Answers the question a failed step of a build asks. */
  answer_build: { request: AnswerBuild; response: Done };
  /** Makes a running build wait before a step, or no longer. */
  pause_build: { request: PauseBuild; response: Done };
  /** Says whether a person is asked when a step of a running build fails. */
  ask_on_error: { request: AskOnError; response: Done };
  /** Gives the scripts of a step that failed and asks. */
  step_scripts: { request: OfJob; response: StepScripts };
  /** Writes a script of a step that failed and asks. */
  save_script: { request: SaveScript; response: Done };
  /** Opens the screen of a running machine, or a shell in it. */
  open_console: { request: OpenConsole; response: OpenedConsole };
  /** Lists builds, whoever started them. */
  list_builds: { request: Nothing; response: BuildList };
  /** Gives the state of a build. */
  build_state: { request: OfBuild; response: FactList };
  /** Gives the facts of a build after a given one. */
  build_facts: { request: BuildFacts; response: FactList };
  /** Gives a window of a build's log. */
  build_log: { request: BuildLog; response: LogWindow };
  /** Gives a build's log by steps. */
  log_sections: { request: OfBuild; response: LogSections };
  /** Looks for the next or previous line of a build's log that a filter lets through. */
  find_line: { request: FindLine; response: FoundLine };
  /** Writes a build's log as plain text to a file. */
  save_log: { request: SaveLog; response: SavedLog };
  /** Says how long earlier builds of the same template took. */
  build_times: { request: OfBuild; response: BuildTimes };
  /** Compares two builds: durations, plan, log. */
  compare_builds: { request: CompareBuilds; response: ComparedBuilds };
  /** Gives what the guest wrote to its serial console. */
  serial_log: { request: SerialLog; response: SerialText };
  /** Gives a picture of the guest's screen. */
  screen_picture: { request: ScreenPicture; response: Picture };
  /** Forgets a finished build: its journal, log and pictures. */
  delete_build: { request: OfBuild; response: Done };
  /** Lists the images of the library. */
  list_images: { request: Nothing; response: ImageList };
  /** Shows an image and one of its versions. */
  show_image: { request: OfImage; response: ImageDetail };
  /** Reads a version's bytes again and compares them with what they were. */
  verify_image: { request: VerifyImage; response: Verified };
  /** Writes a version outside the library, in a format of choice. */
  export_image: { request: ExportImage; response: ExportedImage };
  /** Writes a version as a package: an OVA, a box, a VHD, an OCI archive. */
  package_image: { request: PackageImage; response: PackagedImage };
  /** Gives what others write to use a version, pinned to its digest. */
  deploy_image: { request: DeployImage; response: DeploySnippets };
  /** Makes a version of an existing disk image. */
  import_image: { request: ImportImage; response: ImportedImage };
  /** Stops a running export. */
  cancel_task: { request: OfTask; response: Done };
  /** Moves a version, or all versions of an image, to the trash. */
  delete_image: { request: OfImage; response: MovedVersions };
  /** Takes a version out of the trash. */
  restore_image: { request: OfImage; response: MovedVersions };
  /** Lists what is in the trash. */
  list_trash: { request: Nothing; response: TrashList };
  /** Lists the channels of an image, or of all images. */
  list_channels: { request: ListChannels; response: ChannelList };
  /** Points a channel to a version, releasing it first where the channel asks for that. */
  promote_image: { request: PromoteImage; response: Promoted };
  /** Points a channel to an earlier version again. */
  rollback_image: { request: RollbackImage; response: Promoted };
  /** Holds a channel, lets it go, empties it or changes its class. */
  change_channel: { request: ChangeChannel; response: ChannelList };
  /** Releases, deprecates, revokes, retires, holds, dates, labels or remarks on a version. */
  change_image: { request: ChangeImage; response: ChangedVersions };
  /** Says what revoking a version would touch. */
  preview_revoke: { request: OfImage; response: Blast };
  /** Says whether channels of a class may take a version, check by check. */
  gate_image: { request: GateImage; response: GateTable };
  /** Tells what happened to an image, its versions and its channels. */
  image_history: { request: OfImage; response: ImageHistory };
  /** Gives the library's policies. */
  get_policies: { request: Nothing; response: Policies };
  /** Sets the library's policies. */
  set_policies: { request: Policies; response: Policies };
  /** Says what a collection would give up, and why everything else stays. */
  plan_collection: { request: Nothing; response: CollectPlan };
  /** Gives up what the policies allow: to the trash first, and from there for good. */
  collect: { request: Nothing; response: CollectPlan };
  /** Lists the images that should be made again, and why. */
  list_outdated: { request: Nothing; response: OutdatedList };
  /** Says what differs between two versions, from what is recorded of them. */
  compare_images: { request: CompareImages; response: ComparedImages };
  /** Boots a throw-away copy of an image. */
  run_image: { request: RunImage; response: RunState };
  /** Gives the state of a run. */
  run_state: { request: OfRun; response: RunState };
  /** Lists runs. */
  list_runs: { request: Nothing; response: RunList };
  /** Stops a run and throws its copy away. */
  stop_run: { request: StopRun; response: Done };
  /** Tests a version: a throw-away copy boots, suites look at it, verdicts are recorded. */
  test_image: { request: TestImage; response: StartedTest };
  /** Gives what a test said. */
  test_report: { request: OfBuild; response: TestResult };
  /** Examines this computer. */
  doctor: { request: Examine; response: Doctor };
  /** Says what this computer does now. */
  host_stats: { request: Nothing; response: HostStats };
  /** Says what Goldsmith's folders take. */
  space: { request: Nothing; response: SpaceReport };
  /** Lists what builds remember: checkpoints and installed packages. */
  list_cache: { request: Nothing; response: CacheList };
  /** Removes what builds remember and the settings do not keep, or all of it. */
  prune_cache: { request: PruneCache; response: PrunedCache };
  /** Says which Goldsmith this is and where it keeps things. */
  about: { request: Nothing; response: About };
  /** Asks the user for a path with the system's own dialog. */
  pick_path: { request: PickPath; response: PickedPath };
  /** Gives the settings. */
  get_settings: { request: Nothing; response: Settings };
  /** Changes the settings. */
  set_settings: { request: Settings; response: Settings };
}

/** The name of a command. */
export type CommandName = keyof Commands;

/** What each command reads, and what it makes stale when it succeeds. */
export const commands: Record<CommandName, { reads: readonly Area[]; stales: readonly Area[] }> = {
  list_templates: { reads: ["templates"], stales: [] },
  create_template: { reads: [], stales: ["templates"] },
  open_template: { reads: [], stales: ["templates"] },
  template_state: { reads: ["session"], stales: [] },
  close_template: { reads: [], stales: [] },
  template_form: { reads: ["session"], stales: [] },
  apply_edit: { reads: [], stales: ["session"] },
  undo: { reads: [], stales: ["session"] },
  redo: { reads: [], stales: ["session"] },
  set_inputs: { reads: [], stales: ["session"] },
  save: { reads: [], stales: ["session"] },
  reload: { reads: [], stales: ["session"] },
  merge_disk: { reads: [], stales: ["session"] },
  resolve_disk: { reads: [], stales: ["session"] },
  recover_template: { reads: [], stales: ["session"] },
  git_state: { reads: ["session"], stales: [] },
  compare_template: { reads: ["session"], stales: [] },
  validate: { reads: ["session"], stales: [] },
  inspect: { reads: ["session"], stales: [] },
  open_text: { reads: [], stales: [] },
  format_files: { reads: [], stales: ["session"] },
  format_text: { reads: [], stales: [] },
  fix_template: { reads: [], stales: ["session"] },
  upgrade_template: { reads: [], stales: [] },
  evaluate: { reads: ["session"], stales: [] },
  list_values: { reads: ["session"], stales: [] },
  inspect_text: { reads: ["session"], stales: [] },
  required_plugins: { reads: ["session"], stales: [] },
  check_online: { reads: ["session"], stales: [] },
  catalogue: { reads: [], stales: [] },
  describe_component: { reads: [], stales: [] },
  complete: { reads: ["session"], stales: [] },
  complete_value: { reads: ["session"], stales: [] },
  hover: { reads: ["session"], stales: [] },
  signature: { reads: ["session"], stales: [] },
  usages: { reads: ["session"], stales: [] },
  file_shape: { reads: ["session"], stales: [] },
  plan: { reads: ["session", "host"], stales: [] },
  start_build: { reads: ["session", "host"], stales: ["builds"] },
  cancel_build: { reads: [], stales: ["builds"] },
  answer_build: { reads: [], stales: ["builds"] },
  pause_build: { reads: [], stales: ["builds"] },
  ask_on_error: { reads: [], stales: ["builds"] },
  step_scripts: { reads: ["builds"], stales: [] },
  save_script: { reads: [], stales: [] },
  open_console: { reads: ["builds"], stales: [] },
  list_builds: { reads: ["builds"], stales: [] },
  build_state: { reads: ["builds"], stales: [] },
  build_facts: { reads: ["builds"], stales: [] },
  build_log: { reads: ["builds"], stales: [] },
  log_sections: { reads: ["builds"], stales: [] },
  find_line: { reads: ["builds"], stales: [] },
  save_log: { reads: ["builds"], stales: [] },
  build_times: { reads: ["builds"], stales: [] },
  compare_builds: { reads: ["builds"], stales: [] },
  serial_log: { reads: ["builds"], stales: [] },
  screen_picture: { reads: ["builds"], stales: [] },
  delete_build: { reads: [], stales: ["builds"] },
  list_images: { reads: ["library"], stales: [] },
  show_image: { reads: ["library"], stales: [] },
  verify_image: { reads: ["library"], stales: [] },
  export_image: { reads: ["library"], stales: [] },
  package_image: { reads: ["library"], stales: ["library"] },
  deploy_image: { reads: ["library"], stales: [] },
  import_image: { reads: [], stales: ["library"] },
  cancel_task: { reads: [], stales: [] },
  delete_image: { reads: [], stales: ["library"] },
  restore_image: { reads: [], stales: ["library"] },
  list_trash: { reads: ["library"], stales: [] },
  list_channels: { reads: ["library"], stales: [] },
  promote_image: { reads: [], stales: ["library"] },
  rollback_image: { reads: [], stales: ["library"] },
  change_channel: { reads: [], stales: ["library"] },
  change_image: { reads: [], stales: ["library"] },
  preview_revoke: { reads: ["library"], stales: [] },
  gate_image: { reads: ["library"], stales: [] },
  image_history: { reads: ["library"], stales: [] },
  get_policies: { reads: ["library"], stales: [] },
  set_policies: { reads: [], stales: ["library"] },
  plan_collection: { reads: ["library", "runs"], stales: [] },
  collect: { reads: [], stales: ["library"] },
  list_outdated: { reads: ["library"], stales: [] },
  compare_images: { reads: ["library"], stales: [] },
  run_image: { reads: ["library", "host"], stales: ["runs"] },
  run_state: { reads: ["runs"], stales: [] },
  list_runs: { reads: ["runs"], stales: [] },
  stop_run: { reads: [], stales: ["runs"] },
  test_image: { reads: ["library", "host"], stales: ["builds", "library"] },
  test_report: { reads: ["builds"], stales: [] },
  doctor: { reads: ["host"], stales: [] },
  host_stats: { reads: [], stales: [] },
  space: { reads: ["builds", "library"], stales: [] },
  list_cache: { reads: ["builds", "settings"], stales: [] },
  prune_cache: { reads: ["settings"], stales: ["builds"] },
  about: { reads: [], stales: [] },
  pick_path: { reads: [], stales: [] },
  get_settings: { reads: ["settings"], stales: [] },
  set_settings: { reads: [], stales: ["settings"] },
};
