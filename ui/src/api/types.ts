// Provisional declarations of the wire until the generated bindings replace them.
export interface Place { file: string; line: number; column: number; end_line: number; end_column: number; start: number; end: number }
export type Severity = 'error' | 'warning' | 'info';
export interface Replacement { place: Place; text: string }
export interface Fix { title: string; replacements: Replacement[] }
export interface Diagnostic { severity: Severity; code: string; message: string; place: Place | null; excerpt: string | null; help: string | null; related: { message: string; place: Place }[]; fix: Fix | null }
export interface WireError { code: string; kind: 'input' | 'environment' | 'guest' | 'cancelled' | 'internal'; title: string; causes: string[]; hints: string[]; span: Place | null; log_tail: string[] }

export interface OutlineNode { id: string; kind: string; labels: string[]; title: string; detail: string | null; place: Place; errors: number; warnings: number; foreign: boolean; children: OutlineNode[] }
export interface Outline { nodes: OutlineNode[] }
export interface Field { name: string; title: string; type: string; unit: string | null; help: string; default: string | null; required: boolean; advanced: boolean; set: boolean; text: string | null; literal: unknown; resolved: string | null; choices: string[]; problems: Diagnostic[]; sensitive: boolean; path: string | null; deprecated: string | null; place: Place | null }
export interface FormGroup { name: string; fields: Field[] }
export interface Form { block: string; title: string; kind: string; labels: string[]; help: string | null; groups: FormGroup[]; nested: OutlineNode[]; foreign: boolean; place: Place }
export type AttributeValue = { kind: 'expression'; value: string } | { kind: 'string'; value: string } | { kind: 'template'; value: string } | { kind: 'number'; value: number } | { kind: 'bool'; value: boolean } | { kind: 'list'; value: AttributeValue[] } | { kind: 'map'; value: [string, AttributeValue][] };
export interface Utf16Position { line: number; column: number }
export type EditRange = { unit: 'bytes'; start: number; end: number } | { unit: 'utf16'; start: Utf16Position; end: Utf16Position };
export type Destination = { where: 'before'; block: string } | { where: 'after'; block: string };
export type Edit =
  | { edit: 'set_attribute'; block: string; name: string; value: AttributeValue }
  | { edit: 'unset_attribute'; block: string; name: string }
  | { edit: 'add_block'; parent: string | null; kind: string; labels: string[]; attributes: [string, AttributeValue][]; after: string | null }
  | { edit: 'remove_block'; block: string }
  | { edit: 'move_block'; block: string; to: Destination }
  | { edit: 'duplicate_block'; block: string }
  | { edit: 'set_label'; block: string; index: number; label: string }
  | { edit: 'replace_text'; file: string; range: EditRange; text: string }
  | { edit: 'several'; edits: Edit[] };
export interface Patch { file: string; start: number; end: number; from: Utf16Position; to: Utf16Position; text: string }

export interface TemplateInputs { vars: [string, string][]; var_files: string[]; only: string[]; except: string[] }
export interface DocumentText { file: string; text: string }
export interface TemplateState { revision: number; documents: DocumentText[]; outline: Outline; diagnostics: Diagnostic[]; inputs: TemplateInputs; dirty: string[]; can_undo: boolean; can_redo: boolean }
export interface OpenedTemplate { session: string; path: string; name: string; folder: boolean; state: TemplateState }
export interface Changed { patches: Patch[]; revision: number; outline: Outline; diagnostics: Diagnostic[]; dirty: string[]; can_undo: boolean; can_redo: boolean }
export interface RecentTemplate { path: string; name: string; opened_at: number; exists: boolean }
export interface Starter { id: string; title: string; description: string; path: string }
export interface TemplateList { recent: RecentTemplate[]; starters: Starter[] }
export interface Validation { valid: boolean; errors: number; warnings: number; diagnostics: Diagnostic[]; jobs: string[] }
export interface CatalogueEntry { kind: string; name: string; title: string; help: string; options: number }

export interface BuildOptions { force: boolean; no_cache: boolean; no_library: boolean; skip_foreign: boolean; on_error: string }
export interface StepPlan { id: string; title: string; kind: string; commands: string[]; fingerprint: string; cached: boolean }
export interface JobPlan { name: string; source_type: string; steps: StepPlan[]; output_directory: string; image?: string | null }
export interface Plan { template: string; jobs: JobPlan[]; downloads: PlannedDownload[]; space: { needed: number; free: number | null }; host_commands: { program: string; why: string }[]; skipped: { job: string; reason: string }[]; partial: boolean; warnings: string[] }
export interface PlannedDownload { urls: string[]; checksum: string; to: string; size: number | null }
export interface Failure { kind: string; message: string; causes?: string[]; hints?: string[] }
export type BuildStatus = 'pending' | 'running' | 'asking' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted' | 'skipped';
export interface ProducedFile { path: string; size: number }
export interface ScreenState { file: string; width: number; height: number; at: number }
export interface Planned { plan: Plan; diagnostics: Diagnostic[] }
export interface BuildSummary { build: string; template: string; template_path: string; status: string; step: string | null; steps_done: number; steps_total: number; started_at: number; duration_ms: number | null; failure: string | null; versions: string[] }
export interface StepState { id: string; title: string; kind: string; status: BuildStatus; started_at: number | null; duration_ms: number | null; expected_ms: number | null; progress: { done: number; total: number | null; unit: 'bytes' | 'percent' | 'items' } | null; waiting: { stage: string; explanation: string } | null; warnings: string[]; failure: Failure | null }
export interface JobState { name: string; status: BuildStatus; steps: StepState[]; screen: ScreenState | null; output_directory: string; artifact: ProducedFile[]; files: ProducedFile[]; version: { image: string; number: number; digest: string } | null; duration_ms: number | null; holes: [string, string][] }
export interface BuildState { id: string | null; status: BuildStatus; template: string; started_at: number | null; finished_at: number | null; jobs: JobState[]; failure: Failure | null; warnings: string[]; cancelling: 'unwind' | 'kill' | null; left: string[]; partial: boolean; seq: number }
export type Entry = { seq: number; at: number; fact: string } & Record<string, unknown>
export interface FactList { entries: Entry[]; state: BuildState }
export interface LogLine { n: number; at: number; job: string; step: string; stream: 'stdout' | 'stderr' | 'note'; text: string }
export interface LogWindow { total: number; from: number; lines: LogLine[] }

export interface StoredFile { name: string; size: number; sha256: string; disk: { format: string; virtual_size: number; data_size: number; content: string } | null; path?: string | null }
export interface Facts { template_path?: string; template_digest?: string; template_files?: Record<string, string>; variables?: Record<string, string>; secret_variables?: string[]; build?: string; job?: string; durations: { total_ms?: number | null; steps_ms?: Record<string, number> }; goldsmith?: string; qemu?: string; accelerator?: string; host?: string; sources?: SourceFact[]; ssh_user?: string; firmware?: string; memory_mib?: number | null; cpus?: number; notes?: string[]; warnings?: string[] }
export type SourceFact = { kind: 'file'; url: string; checksum: string | null } | { kind: 'packages'; distribution: string; suite: string; mirror: string; installed: number | null } | { kind: 'version'; id: string; name: string }
export interface Version { id: string; image: string; number: number; created_at: string; content: string; format: string; virtual_size: number; stored_size: number; files: StoredFile[]; facts: Facts; bytes: 'present' | 'trashed' | 'purged'; trashed_at: string | null }
export interface Image { name: string; versions: number; latest: Version | null }
export interface Verification { version: string; ok: boolean; files: ({ name: string; expected: string } & ({ verdict: 'same' } | { verdict: 'missing' } | { verdict: 'differs'; found: string } | { verdict: 'unreadable'; cause: string }))[] }

export interface TaskProgress { title: string; done: number; total: number | null; unit: string; finished: boolean }
export interface ExportedImage { image: string; path: string; format: string; size: number; sha256: string }
export interface RunState { run: string; image: string; status: string; started_at: number; ssh_port: number | null; ssh_command: string | null; accelerator: string | null; failure: string | null }
export interface Check { id: string; title: string; verdict: 'ok' | 'warning' | 'failed'; evidence: string; cost: string | null; remedy: string | null; command: string | null }
export type Accelerator = { name: string } & ({ ms: number } | { error: string })
export interface Doctor { accelerator: { chosen: string; measured: Accelerator[]; explanation: string }; checks: Check[] }
export interface HostStats { at: number; cpu_percent: number; cpus: number; memory_used: number; memory_total: number; disk_free: number; disk_total: number; builds_running: number; runs_running: number }
export interface SpaceKind { id: string; title: string; path: string; used: number; freed_if_deleted: number }
export interface SpaceReport { kinds: SpaceKind[]; free: number }
export interface About { version: string; system: string; program: string; config: string; data: string; cache: string; state: string; dialogs: boolean }
export interface Settings { theme: 'system' | 'light' | 'dark'; keep_builds: number; layout: Record<string, unknown> }

export type StreamMessage =
  | { kind: 'facts'; entries: Entry[]; state: BuildState }
  | { kind: 'log'; from: number; lines: LogLine[] }
  | { kind: 'builds'; builds: BuildSummary[] }
  | { kind: 'runs'; runs: RunState[] }
  | { kind: 'library'; generation: number }
  | { kind: 'host'; stats: HostStats }
  | { kind: 'template'; changed: string[] }
  | { kind: 'task'; progress: TaskProgress }
  | { kind: 'end' };

type Nothing = Record<string, never>;
type OfBuild = { build: string };
type OfImage = { image: string };
type OfSession = { session: string };
export interface Commands {
  list_templates: [Nothing, TemplateList];
  create_template: [{ starter: string; directory: string }, { path: string }];
  open_template: [{ path: string; inputs?: TemplateInputs; remember: boolean }, OpenedTemplate];
  template_state: [OfSession, TemplateState];
  close_template: [OfSession, Nothing];
  template_form: [{ session: string; block: string }, { revision: number; form: Form | null }];
  apply_edit: [{ session: string; base: number; edit: Edit }, Changed];
  undo: [OfSession, Changed];
  redo: [OfSession, Changed];
  set_inputs: [{ session: string; inputs: TemplateInputs }, TemplateState];
  save: [{ session: string; file: string | null; overwrite: boolean }, { files: string[]; dirty: string[] }];
  reload: [OfSession, TemplateState];
  validate: [OfSession, Validation];
  catalogue: [Nothing, { components: CatalogueEntry[] }];
  plan: [{ session: string; options: BuildOptions }, Planned];
  start_build: [{ session: string; options: BuildOptions }, { build: string; plan: Plan; diagnostics: Diagnostic[] }];
  cancel_build: [{ build: string; kill: boolean }, Nothing];
  list_builds: [Nothing, { builds: BuildSummary[] }];
  build_state: [OfBuild, FactList];
  build_facts: [{ build: string; since: number }, FactList];
  build_log: [{ build: string; from: number; count: number }, LogWindow];
  serial_log: [{ build: string; offset: number }, { text: string; next: number; total: number }];
  screen_picture: [{ build: string; file: string | null }, { file: string | null; png: string }];
  delete_build: [OfBuild, Nothing];
  list_images: [Nothing, { images: Image[] }];
  show_image: [OfImage, { image: Image; version: Version; versions: Version[] }];
  verify_image: [OfImage, { image: string; verification: Verification }];
  export_image: [{ image: string; format: string; output: string; compress: boolean; force: boolean; task: string | null }, ExportedImage];
  cancel_task: [{ task: string }, Nothing];
  delete_image: [OfImage, { versions: string[] }];
  restore_image: [OfImage, { versions: string[] }];
  list_trash: [Nothing, { versions: Version[] }];
  run_image: [{ image: string; memory_mb: number | null; cpus: number | null; accelerator: string | null; uefi: boolean; window: boolean }, RunState];
  run_state: [{ run: string }, RunState];
  list_runs: [Nothing, { runs: RunState[] }];
  stop_run: [{ run: string; kill: boolean }, Nothing];
  doctor: [{ fresh: boolean }, Doctor];
  host_stats: [Nothing, HostStats];
  space: [Nothing, SpaceReport];
  about: [Nothing, About];
  pick_path: [{ purpose: 'open_file' | 'open_folder' | 'save_file'; title: string; suggested_name: string | null; folder: string | null; filters: { name: string; extensions: string[] }[] }, { path: string | null }];
  get_settings: [Nothing, Settings];
  set_settings: [Settings, Settings];
}
