// What the tests' double of the backend shows: long names, many variables, thousands of lines, failures.
import type { BuildState, BuildStatus, BuildSummary, BuildTimes, Channel, ComparedBuilds, Diagnostic, Doctor, Entry, Failure, Field, Form, HistoryEntry, HostStats, Image, LogLine, Outline, OutlineNode, Place, Plan, SpaceReport, StepState, Version } from '../../src/api';

export const file = '/home/ada/images/web-server/web-server.pkr.hcl';
export const now = Date.now();
const minute = 60_000;

const variables: [string, string, string][] = [
  ['suite', 'string', '"bookworm"'],
  ['disk_size', 'string', '"12G"'],
  ['cpus', 'number', '2'],
  ['memory', 'number', '2048'],
  ['mirror', 'string', '"http://deb.debian.org/debian"'],
  ['admin_password', 'string', '""'],
  ['timezone', 'string', '"Europe/Vienna"'],
  ['locale', 'string', '"en_GB.UTF-8"'],
];

/** The variables as `inspect` tells of them. */
export const inspected = variables.map(([name, type_name, value]) => ({ name, type_name, value: name === 'admin_password' ? null : value.replaceAll('"', ''), description: name === 'mirror' ? 'Where packages come from.' : null, sensitive: name === 'admin_password' }));

/** A template as people have them: comments, alignment, four sources' worth of options. */
export const text = `# The web server image: nginx with our certificates.
packer {
  required_version = ">= 1.9.0"
}

${variables
  .map(([name, type, value]) => `variable "${name}" {\n  type    = ${type}\n  default = ${value}${name === 'admin_password' ? '\n  sensitive = true' : ''}\n}\n`)
  .join('\n')}
locals {
  stamp = formatdate("YYYYMMDD", timestamp())
  name  = "web-server-\${local.stamp}"
}

source "qemu" "web-server-with-certificates-and-monitoring" {
  # The cloud image; its checksum file lies beside it.
  iso_url      = "https://cloud.debian.org/images/cloud/\${var.suite}/latest/debian-12-genericcloud-amd64.qcow2"
  iso_checksum = "file:https://cloud.debian.org/images/cloud/\${var.suite}/latest/SHA512SUMS"
  disk_image   = true

  disk_size   = var.disk_size
  memory      = 2048 # nginx and the exporter
  cpus        = var.cpus
  accelerator = "tcg"

  headless         = true
  vm_name          = "web-server"
  output_directory = "output/\${local.name}"
  net_device       = "virtio-net"
  disk_interface   = "virtio"
  cd_files         = ["seed/meta-data", "seed/user-data"]
  cd_label         = "cidata"

  ssh_username     = "packer"
  ssh_timeout      = "10m"
  shutdown_command = "sudo poweroff"
}

source "virtualbox-iso" "web" {
  guest_os_type = "Debian_64"
}

build {
  name    = "web"
  sources = ["source.qemu.web-server-with-certificates-and-monitoring"]

  provisioner "shell" {
    script = "scripts/install-nginx.sh"
    environment_vars = ["DEBIAN_FRONTEND=noninteractive"]
  }

  provisioner "file" {
    source      = "files/app.tar.gz"
    destination = "/tmp/app.tar.gz"
  }

  provisioner "shell" {
    inline = [
      "sudo tar -C /srv -xzf /tmp/app.tar.gz",
      "sudo systemctl enable --now nginx",
    ]
  }

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "output/{{.BuildName}}.{{.ChecksumType}}"
  }

  post-processor "manifest" {
    output = "output/manifest.json"
  }
}
`;

export function placeOf(source: string, start: number, end: number): Place {
  const at = (offset: number) => {
    const before = source.slice(0, offset);
    const line = before.split('\n').length;
    return { line, column: offset - before.lastIndexOf('\n') };
  };
  const from = at(start);
  const to = at(end);
  return { file, line: from.line, column: from.column, end_line: to.line, end_column: to.column, start, end };
}

/** Enough of a reading of blocks for a double: lines that open a block, and their closing brace. */
export function outlineOf(source: string): Outline {
  const nodes: OutlineNode[] = [];
  const counts = new Map<string, number>();
  const pattern = /^( *)([a-z][a-z-]*)((?: "[^"]*")*) \{$/gm;
  let build: OutlineNode | undefined;
  for (let match = pattern.exec(source); match; match = pattern.exec(source)) {
    const [, indent = '', kind = '', quoted = ''] = match;
    const labels = [...quoted.matchAll(/"([^"]*)"/g)].map((label) => label[1] ?? '');
    const start = match.index + indent.length;
    const end = source.indexOf(`\n${indent}}`, start) + indent.length + 2;
    const body = source.slice(start, end);
    const value = (name: string) => new RegExp(`^\\s*${name}\\s*=\\s*(.*)$`, 'm').exec(body)?.[1]?.replace(/^"|"$/g, '');
    const detail =
      kind === 'variable' ? (value('default') ?? null) : kind === 'source' ? (labels[0] === 'qemu' ? 'QEMU machine' : 'not built here') : (value('script') ?? value('source') ?? value('output') ?? (value('inline') ? 'sudo tar -C /srv -xzf /tmp/app.tar.gz +1' : null));
    const nested = indent !== '' && build;
    const key = nested ? `build[0]/${kind}` : kind;
    const number = counts.get(key) ?? 0;
    counts.set(key, number + 1);
    const node: OutlineNode = {
      id: nested ? `${key}[${number}]` : labels.length > 0 ? `${kind}.${labels.join('.')}` : `${kind}[${number}]`,
      kind, labels, title: labels.join('.') || (kind === 'build' ? (value('name') ?? 'build') : kind), detail, place: placeOf(source, start, end),
      errors: 0, warnings: labels[0] === 'virtualbox-iso' ? 1 : 0, foreign: labels[0] === 'virtualbox-iso', disabled: false, children: [],
    };
    if (nested) build?.children.push(node);
    else nodes.push(node);
    if (kind === 'build') build = node;
  }
  return { nodes };
}

type Row = [group: string, name: string, type: string, title: string, help: string, more?: Partial<Field>];
const options: Row[] = [
  ['Machine', 'memory', 'integer', 'Memory', 'Memory of the machine.', { default: '512', unit: 'MiB' }],
  ['Machine', 'cpus', 'integer', 'Processors', 'Virtual processors of the machine.', { default: '1' }],
  ['Machine', 'accelerator', 'string', 'Accelerator', 'What runs the guest’s instructions. Unset, the measured best is taken.', { choices: ['kvm', 'tcg', 'none'] }],
  ['Machine', 'machine_type', 'string', 'Machine type', 'QEMU’s machine, such as pc or q35.', { default: 'pc', advanced: true }],
  ['Machine', 'headless', 'bool', 'Without a window', 'Whether QEMU shows no window of its own.', { default: 'false' }],
  ['Machine', 'vm_name', 'string', 'Name', 'Name of the machine and of its disk file.', {}],
  ['Machine', 'qemu_binary', 'string', 'QEMU program', 'The program that runs the machine.', { default: 'qemu-system-x86_64', advanced: true, path: 'file' }],
  ['Machine', 'qemuargs', 'rows', 'Extra QEMU arguments', 'Rows of arguments that replace or add to those made from the options.', { advanced: true }],
  ['Machine', 'efi_boot', 'bool', 'Boot with UEFI', 'Boots with OVMF firmware instead of BIOS.', { default: 'false', advanced: true }],
  ['Image', 'iso_url', 'string', 'Image address', 'Where the disk image or ISO comes from: a path or an http(s) address.', { required: true }],
  ['Image', 'iso_checksum', 'string', 'Image checksum', 'How the image is checked: a digest, file:address, or none.', { required: true }],
  ['Image', 'disk_image', 'bool', 'Is a disk image', 'The address leads to a bootable disk instead of an installer ISO.', { default: 'false' }],
  ['Image', 'iso_target_path', 'string', 'Keep the download at', 'Where the downloaded image is kept.', { advanced: true, path: 'output' }],
  ['Disk', 'disk_size', 'size', 'Disk size', 'Size of the first disk. A bare number is MiB.', { default: '40960M' }],
  ['Disk', 'disk_interface', 'string', 'Disk interface', 'How the disk is attached.', { default: 'virtio', choices: ['ide', 'sata', 'scsi', 'virtio', 'virtio-scsi'] }],
  ['Disk', 'format', 'string', 'Format', 'Format of the disk that is left.', { default: 'qcow2', choices: ['qcow2', 'raw'] }],
  ['Disk', 'output_directory', 'string', 'Output folder', 'Where the artifact is left. It must not exist.', { default: 'output-<name>', path: 'folder' }],
  ['Disk', 'disk_cache', 'string', 'Cache mode', 'QEMU’s cache mode for the disk.', { default: 'writeback', advanced: true, choices: ['writethrough', 'writeback', 'none', 'unsafe', 'directsync'] }],
  ['Disk', 'disk_additional_size', 'list', 'Further disks', 'Sizes of disks beside the first.', { advanced: true }],
  ['Network', 'net_device', 'string', 'Network card', 'Model of the network card.', { default: 'virtio-net' }],
  ['Network', 'host_port_min', 'integer', 'Lowest host port', 'Ports for forwarding are taken from here.', { default: '2222', advanced: true }],
  ['Network', 'host_port_max', 'integer', 'Highest host port', 'Ports for forwarding are taken up to here.', { default: '4444', advanced: true }],
  ['Files on a CD', 'cd_files', 'list', 'Files', 'Files put on a CD that the machine sees.', {}],
  ['Files on a CD', 'cd_label', 'string', 'Label', 'The CD’s label; cidata for cloud-init.', { default: 'packer' }],
  ['Files on a CD', 'cd_content', 'map', 'Contents', 'Names of files and what is in them.', { advanced: true }],
  ['Boot', 'boot_wait', 'duration', 'Wait before typing', 'How long to wait before the boot command is typed.', { default: '10s', advanced: true }],
  ['Boot', 'boot_command', 'list', 'Boot command', 'Keys typed into the machine after it started.', { advanced: true }],
  ['Communicator', 'ssh_username', 'string', 'SSH user', 'The user that provisioners log in as.', { required: true }],
  ['Communicator', 'ssh_password', 'string', 'SSH password', 'The user’s password.', { sensitive: true }],
  ['Communicator', 'ssh_timeout', 'duration', 'SSH timeout', 'How long to wait for a login.', { default: '5m' }],
  ['Communicator', 'ssh_private_key_file', 'string', 'SSH key file', 'A private key to log in with.', { advanced: true, path: 'file' }],
  ['Communicator', 'ssh_port', 'integer', 'SSH port', 'The port in the guest.', { default: '22', advanced: true }],
  ['Shutdown', 'shutdown_command', 'string', 'Shutdown command', 'Run in the guest to power it off cleanly.', {}],
  ['Shutdown', 'shutdown_timeout', 'duration', 'Shutdown timeout', 'How long to wait for the machine to power off.', { default: '5m', advanced: true }],
];
const stepOptions: Row[] = [
  ['Script', 'script', 'string', 'Script', 'A script of this folder that is run in the guest.', { path: 'file' }],
  ['Script', 'inline', 'list', 'Commands', 'Commands run in the guest, one after the other.', {}],
  ['Environment', 'environment_vars', 'list', 'Environment', 'Variables as name=value.', {}],
  ['Environment', 'execute_command', 'string', 'Execute command', 'How the script is called.', { default: 'chmod +x {{.Path}}; {{.Vars}} {{.Path}}', advanced: true }],
];

export function formOf(source: string, id: string): Form | null {
  const flat = outlineOf(source).nodes.flatMap((node) => [node, ...node.children]);
  const node = flat.find((one) => one.id === id);
  if (!node) return null;
  const body = source.slice(node.place.start, node.place.end);
  const rows: Row[] =
    node.kind === 'source' && !node.foreign ? options
      : node.kind === 'provisioner' ? stepOptions
        : [...body.matchAll(/^\s+([a-z_]+)\s*=/gm)].map((match): Row => ['Values', match[1] ?? '', 'string', match[1] ?? '', 'As written in the template.']);
  const groups = new Map<string, Field[]>();
  for (const [group, name, type, title, help, more] of rows) {
    const match = new RegExp(`^\\s*${name}\\s*=\\s*((?:\\[[^\\]]*\\])|[^#\\n]*[^#\\s])`, 'm').exec(body);
    const written = match?.[1] ?? null;
    const field: Field = {
      name, title, type, unit: null, help, default: null, required: false, advanced: false, set: written !== null, text: written, literal: written === null ? null : literal(written),
      resolved: written?.includes('var.suite') ? written.replace(/\$\{var\.suite\}/g, 'bookworm').replace(/^"|"$/g, '') : written === 'var.disk_size' ? '12G' : written === 'var.cpus' ? '2' : written?.includes('local.name') ? 'output/web-server-20261122' : null,
      choices: [], problems: [], sensitive: false, path: null, deprecated: null, disabled: false, place: match ? placeOf(source, node.place.start + match.index + match[0].length - match[0].trimStart().length, node.place.start + match.index + match[0].length) : null, ...more,
    };
    if (name === 'memory' && Number(written) > 65536) field.problems.push({ ...problems[0]!, message: 'memory: 999999 MiB is more than this machine has (24 GiB)' });
    groups.set(group, [...(groups.get(group) ?? []), field]);
  }
  return {
    block: node.id, title: node.title, kind: node.kind, labels: node.labels, foreign: node.foreign, nested: node.children, place: node.place,
    help: node.kind === 'source' ? (node.foreign ? 'Goldsmith does not build this type. It is kept as it is, and can be edited as plain arguments.' : 'Runs a machine under QEMU from a disk image or an installer, and leaves its disk.') : null,
    groups: [...groups].map(([name, fields]) => ({ name, fields })),
  };
}
function literal(written: string): unknown {
  if (/\$\{|^(var|local)\./.test(written)) return null;
  try {
    return JSON.parse(written.replace(/,\s*\]/, ']'));
  } catch {
    return null;
  }
}

export const problems: Diagnostic[] = [
  { severity: 'error', code: 'unknown_option', message: 'memmory is not an option of source "qemu"', place: null, excerpt: 'memmory = 2048', help: 'did you mean memory?', related: [], fix: null },
];
export function diagnosticsOf(source: string): Diagnostic[] {
  const out: Diagnostic[] = [];
  const misspelt = source.indexOf('memmory');
  if (misspelt >= 0) {
    const place = placeOf(source, misspelt, misspelt + 7);
    out.push({ ...problems[0]!, place, fix: { title: 'Replace by `memory`', replacements: [{ place, text: 'memory' }] } });
  }
  const foreign = source.indexOf('source "virtualbox-iso"');
  if (foreign >= 0)
    out.push({ severity: 'warning', code: 'foreign_source', message: 'source "virtualbox-iso" "web" is not built by Goldsmith', place: placeOf(source, foreign, foreign + 29), excerpt: null, help: 'leave it out with -except or --skip-foreign', related: [], fix: null });
  return out;
}

const stepTitles: [string, string, StepState['kind'], number][] = [
  ['folder', 'Prepare output folder', 'prepare', 12],
  ['download', 'Download debian-12-genericcloud-amd64.qcow2', 'download', 12_400],
  ['disk', 'Create disk', 'disk', 840],
  ['seed', 'Make the seed CD', 'prepare', 95],
  ['machine', 'Start machine', 'machine', 610],
  ['ssh', 'Wait for SSH', 'wait', 9_300],
  ['shell-1', 'Provision: shell scripts/install-nginx.sh', 'provision', 72_000],
  ['file-1', 'Provision: file files/app.tar.gz', 'provision', 2_400],
  ['shell-2', 'Provision: shell (2 commands)', 'provision', 6_100],
  ['shutdown', 'Shut down', 'shutdown', 4_200],
  ['artifact', 'Check and hash the disk', 'artifact', 5_000],
  ['checksum', 'Post-process: checksum', 'post_process', 2_100],
  ['library', 'Add to the library', 'library', 3_300],
];
export const jobName = 'web.qemu.web-server-with-certificates-and-monitoring';

export const plan: Plan = {
  template: 'web-server.pkr.hcl',
  jobs: [{
    name: jobName, source_type: 'qemu', output_directory: '/home/ada/images/web-server/output/web-server-20261122', image: 'web-server',
    steps: stepTitles.map(([id, title, kind], index) => ({
      id, title, kind, fingerprint: `f${index}`, cached: index === 1, not_cached: null,
      commands: kind === 'machine' ? ['qemu-system-x86_64 -name web-server -machine type=pc,accel=tcg -m 2048M -smp 2 -drive file=/home/ada/images/web-server/output/web-server-20261122/web-server,if=virtio,cache=writeback,discard=ignore,format=qcow2 -netdev user,id=user.0,hostfwd=tcp:127.0.0.1:{port:ssh}-:22 -device virtio-net,netdev=user.0 -qmp unix:{socket:qmp},server,nowait -display none'] : kind === 'disk' ? ['qemu-img create -f qcow2 -b debian-12.qcow2 -F qcow2 web-server', 'qemu-img resize web-server 12G'] : [],
    })),
  }],
  downloads: [{ urls: ['https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2'], checksum: 'file:https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS', to: '/home/ada/.cache/goldsmith/downloads', size: 345_000_000 }],
  space: { needed: 3_900_000_000, free: 118_000_000_000 },
  host_commands: [], skipped: [{ job: 'virtualbox-iso.web', reason: 'virtualbox-iso is not one of Goldsmith’s own sources.' }], partial: true,
  warnings: [],
};

export type Scenario = 'running' | 'failed' | 'succeeded';
export const buildIds: Record<Scenario, string> = { running: '0197aa01', failed: '0197aa02', succeeded: '0197aa03' };

export function stateOf(scenario: Scenario): BuildState {
  const stop = scenario === 'succeeded' ? 99 : 6;
  const steps: StepState[] = stepTitles.map(([id, title, kind, ms], index) => ({
    id, title, kind,
    status: index < stop ? 'succeeded' : index === stop ? (scenario === 'failed' ? 'failed' : 'running') : scenario === 'failed' ? 'skipped' : 'pending',
    started_at: index <= stop ? now - 40_000 : null, duration_ms: index < stop ? ms : index === stop && scenario === 'failed' ? 41_000 : null,
    expected_ms: index <= stop ? Math.round(ms * 0.94) : null, progress: null,
    waiting: null, warnings: id === 'seed' && scenario !== 'running' ? ['xorriso is missing; genisoimage was used'] : [],
    failure: index === stop && scenario === 'failed' ? failure : null, cached: index === 1, pause: false, question: null,
  }));
  return {
    id: buildIds[scenario], status: scenario, template: 'web-server.pkr.hcl', started_at: now - (scenario === 'running' ? 64_000 : 5 * minute), finished_at: scenario === 'running' ? null : now - 3 * minute,
    jobs: [{
      name: jobName, status: scenario, steps, screen: { file: 'latest.png', width: 720, height: 400, at: now - 1500 }, output_directory: plan.jobs[0]!.output_directory, artifact: [], files: [],
      version: scenario === 'succeeded' ? { image: 'web-server', number: 60, digest: versionOf('web-server', 60).content } : null, duration_ms: null, holes: [['port:ssh', '3127']],
    }],
    failure: scenario === 'failed' ? failure : null, warnings: [], cancelling: null, asks: null, left: [], partial: true, seq: 40,
  };
}
export const failure: Failure = {
  kind: 'guest', message: 'The script scripts/install-nginx.sh ended with exit code 100', causes: ['apt-get could not find the package ngnix in any of its sources'],
  hints: ['Correct the name of the package in scripts/install-nginx.sh, then build again; the download and the first steps are remembered.', 'Exit code 100 is apt-get’s own: its last lines say which package.'],
};
export function entriesOf(scenario: Scenario): Entry[] {
  const facts: Entry[] = [{ seq: 1, at: now - 64_000, fact: 'Opened', schema: 1, build: buildIds[scenario], goldsmith: '0.1.0', control: '', runtime: '', plan } as unknown as Entry];
  let seq = 2;
  for (const [id, title, , ms] of stepTitles.slice(0, 7)) {
    facts.push({ seq: seq++, at: now - 60_000, fact: 'StepStarted', job: jobName, step: id, title, expected_ms: ms } as unknown as Entry);
    if (id !== 'shell-1') facts.push({ seq: seq++, at: now - 55_000, fact: 'StepFinished', job: jobName, step: id, outcome: 'succeeded', duration_ms: ms } as unknown as Entry);
  }
  for (let n = 0; n < 8; n += 1) facts.push({ seq: seq++, at: now - 30_000 + n * 3000, fact: 'ScreenTaken', job: jobName, file: n === 7 ? 'latest.png' : `${n}.png`, width: 720, height: 400 } as unknown as Entry);
  facts.push({ seq: seq++, at: now - 54_000, fact: 'HoleFilled', job: jobName, name: 'port:ssh', value: '3127' } as unknown as Entry);
  return facts;
}

/** A build whose step failed and asks what to do. */
export function askingState(): BuildState {
  const state = stateOf('running');
  const job = state.jobs[0]!;
  const step = job.steps.find((one) => one.status === 'running')!;
  Object.assign(step, { status: 'asking', failure, question: { paused: false, can_skip: true, script: { inline: 'apt-get update\napt-get install -y ngnix\n', files: [] } } });
  return { ...state, status: 'asking', jobs: [{ ...job, status: 'asking' }], seq: 41 };
}

export const times: BuildTimes = {
  steps: stepTitles.map(([step, , , ms]) => ({ job: jobName, step, last_ms: ms, median_ms: ms, spread_ms: Math.round(ms / 10) })),
  builds: [
    { build: buildIds.running, status: 'running', started_at: now - 64_000, duration_ms: null, cached: 1 },
    { build: buildIds.failed, status: 'failed', started_at: now - 5 * minute, duration_ms: 128_000, cached: 1 },
    { build: buildIds.succeeded, status: 'succeeded', started_at: now - 19 * minute, duration_ms: 131_000, cached: 0 },
  ],
};
export const compared: ComparedBuilds = {
  steps: stepTitles.map(([step, title, , ms], n) => ({ job: jobName, step, title, before_ms: ms, after_ms: n === 6 ? ms + 31_000 : ms, before: 'succeeded', after: n === 6 ? 'failed' : 'succeeded' })),
  plan: ' web.qemu.web-server\n   Start machine\n-    qemu-system-x86_64 -m 1024M\n+    qemu-system-x86_64 -m 2048M\n',
  log: [{ job: jobName, step: 'shell-1', added: 2, removed: 1, text: ' Reading package lists...\n-Setting up nginx\n+E: Unable to locate package ngnix\n+installation failed\n', too_long: false }],
};

const words = ['Reading package lists...', 'Building dependency tree...', 'Get:%d http://deb.debian.org/debian bookworm/main amd64 libnginx-mod-http-geoip2 amd64 1.22.1-9 [%d kB]', 'Selecting previously unselected package nginx-common.', 'Preparing to unpack .../%d-nginx-common_1.22.1-9+deb12u1_all.deb ...', 'Unpacking nginx-common (1.22.1-9+deb12u1) ...', 'Setting up libssl3:amd64 (3.0.15-1~deb12u1) ...', '\u001b[32mProcessing triggers for man-db (2.11.2-2) ...\u001b[0m', 'Created symlink /etc/systemd/system/multi-user.target.wants/nginx.service → /lib/systemd/system/nginx.service.'];
export function logOf(scenario: Scenario, count: number): LogLine[] {
  const lines: LogLine[] = [];
  for (let n = 0; n < count; n += 1) {
    const at = Math.min(6, Math.floor((n / count) * 9));
    const [id, title] = stepTitles[at]!;
    const first = n === 0 || lines[n - 1]?.step !== id;
    lines.push({ n: n + 1, at: now - 64_000 + n * 20, job: jobName, step: id, stream: first ? 'note' : n % 23 === 0 ? 'stderr' : 'stdout', text: first ? title : (words[n % words.length] ?? '').replace(/%d/g, String(n)) });
  }
  if (scenario === 'failed') {
    ['Reading state information...', 'E: Unable to locate package ngnix', 'scripts/install-nginx.sh: line 14: installation failed', 'the script ended with exit code 100'].forEach((text, index) => {
      const line = lines[count - 4 + index];
      if (line) Object.assign(line, { text, stream: index === 3 ? 'note' : 'stderr' });
    });
  }
  return lines;
}

export const builds: BuildSummary[] = [
  summary('running', buildIds.running, 'web-server.pkr.hcl', 0, null, []),
  summary('failed', buildIds.failed, 'web-server.pkr.hcl', 4, 'The script scripts/install-nginx.sh ended with exit code 100', []),
  summary('succeeded', buildIds.succeeded, 'web-server.pkr.hcl', 18, null, ['web-server@60']),
  summary('interrupted', '0197aa04', 'debian-base', 130, null, []),
  summary('cancelled', '0197aa05', 'ubuntu-24.04-hardened-with-cis-level-2-and-monitoring', 300, null, []),
  ...Array.from({ length: 22 }, (_, n) => summary('succeeded', `0197ab${10 + n}`, ['debian-base', 'quickstart', 'web-server.pkr.hcl', 'ubuntu-noble-cloud'][n % 4] ?? '', 1500 + n * 900, null, [`${['debian-base', 'quickstart', 'web-server', 'ubuntu-noble'][n % 4]}@${40 - n}`])),
];
function summary(status: BuildStatus, build: string, template: string, minutes: number, why: string | null, versions: string[]): BuildSummary {
  return { build, template, template_path: file, status, step: status === 'running' ? 'Provision: shell scripts/install-nginx.sh' : null, steps_done: status === 'running' ? 6 : 13, steps_total: 13, jobs: [jobName], started_at: now - minutes * minute - 64_000, duration_ms: status === 'running' ? null : 128_000 + minutes * 37, failure: why, versions };
}

function hex(seed: string): string {
  let value = 7;
  let out = '';
  for (let n = 0; n < 64; n += 1) {
    value = (value * 31 + seed.charCodeAt(n % seed.length) + n) % 65_521;
    out += (value % 16).toString(16);
  }
  return out;
}
export function versionOf(image: string, number: number): Version {
  return {
    id: `${image}-${number}`, image, number, created_at: new Date(now - (60 - number) * 26 * 60 * minute - 20 * minute).toISOString(), content: `blake3:${hex(image + number)}`, format: 'qcow2', virtual_size: 12_884_901_888, stored_size: 612_000_000 + number * 1_300_000,
    files: [
      { name: image, size: 612_000_000 + number * 1_300_000, sha256: hex(`f${image}${number}`), disk: { format: 'qcow2', virtual_size: 12_884_901_888, data_size: 1_900_000_000, content: `blake3:${hex(image)}` }, path: null },
      { name: 'manifest.json', size: 812, sha256: hex('manifest'), disk: null, path: null },
    ],
    facts: {
      template_path: file, template_digest: hex('t'), template_files: {}, secret_variables: [], variables: { suite: 'bookworm', disk_size: '12G', cpus: '2', memory: '2048', mirror: 'http://deb.debian.org/debian', admin_password: '<sensitive>' }, build: buildIds.succeeded, job: jobName, durations: { total_ms: 131_000, steps_ms: {} },
      goldsmith: '0.1.0', qemu: '7.2.13', accelerator: 'tcg', host: 'Debian GNU/Linux 12', sources: [{ kind: 'file', url: 'https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2', checksum: 'sha512:1f3a' }], ssh_user: 'packer', firmware: 'bios', memory_mib: 2048, cpus: 2, notes: [],
      warnings: number === 60 ? ['The build’s SSH key is still in /home/packer/.ssh/authorized_keys. Add a generalize step to remove it.'] : [],
    },
    bytes: 'present', trashed_at: null, state: number === 57 ? 'revoked' : number > 58 ? 'built' : 'released',
    life: { suites: {}, release: null, deprecation: null, revocations: [], retired_at: null, hold: null, dates: { deprecate_at: null, revoke_at: null, retire_at: null }, labels: {}, note: null, exports: [] },
  } as unknown as Version;
}
export const channels: Channel[] = (
  [['production', 58], ['staging', 59]] as const
).map(([name, number]) => ({
  image: 'web-server', name, class: name, version: `web-server-${number}`, number, skip: [], hold: null,
  history: [number - 2, number].map((to) => ({ at: new Date(now - (60 - to) * 26 * 60 * minute).toISOString(), kind: 'assigned', version: `web-server-${to}`, number: to, by: { role: 'releaser' }, override_reason: null })),
}) as unknown as Channel);
export const history: HistoryEntry[] = [
  { seq: 1, at: new Date(now - 80 * 60 * minute).toISOString(), what: 'web-server@58 was released', by: { role: 'releaser', reason: null } },
  { seq: 2, at: new Date(now - 79 * 60 * minute).toISOString(), what: 'the channel production points to web-server@58', by: { role: 'releaser', reason: 'the certificates are renewed' } },
  { seq: 3, at: new Date(now - 20 * minute).toISOString(), what: 'web-server@60 was built', by: null },
] as unknown as HistoryEntry[];
export const images: Image[] = [
  ['web-server', 60], ['debian-base', 40], ['quickstart', 3], ['ubuntu-24.04-hardened-with-cis-level-2-and-monitoring', 12], ['ubuntu-noble', 7], ['alpine-edge-router', 1],
].map(([name, count]) => ({ name: String(name), versions: Number(count), latest: versionOf(String(name), Number(count)) }) as unknown as Image);

export const doctor: Doctor = {
  accelerator: { chosen: 'tcg', measured: [{ name: 'kvm', error: '/dev/kvm opens, but the probe guest did not finish in 5 s: its kernel-mode instructions are emulated one by one' }, { name: 'tcg', ms: 412 }], explanation: 'TCG is used: the probe finished under it in 412 ms, and did not finish under KVM in 5 s. KVM is present here and firmware boots under it, but a kernel would crawl.' },
  checks: [
    { id: 'kvm', title: 'Hardware acceleration', verdict: 'warning', evidence: 'ran a probe guest under KVM: no answer in 5 s', cost: 'builds are about 10 times slower', remedy: 'turn nested virtualisation on in the outer hypervisor, or build on the machine itself', command: 'cat /sys/module/kvm_intel/parameters/nested' },
    { id: 'ovmf', title: 'UEFI firmware', verdict: 'warning', evidence: 'no OVMF_CODE.fd in the places where distributions put it', cost: 'templates with efi_boot cannot be built', remedy: 'install the firmware', command: 'sudo apt install ovmf' },
    { id: 'qemu', title: 'QEMU', verdict: 'ok', evidence: '/usr/bin/qemu-system-x86_64, version 7.2.13', cost: null, remedy: null, command: null },
    { id: 'qemu-img', title: 'Disk image tool', verdict: 'ok', evidence: '/usr/bin/qemu-img, version 7.2.13', cost: null, remedy: null, command: null },
    { id: 'mmdebstrap', title: 'Bootstrapping Debian and Ubuntu', verdict: 'ok', evidence: '/usr/bin/mmdebstrap, version 1.3.5; user namespaces allow unprivileged use', cost: null, remedy: null, command: null },
    { id: 'memory', title: 'Memory', verdict: 'ok', evidence: '23 GiB, 15 GiB free', cost: null, remedy: null, command: null },
    { id: 'space', title: 'Disk space', verdict: 'ok', evidence: '118 GB free at /home/ada/.local/share/goldsmith', cost: null, remedy: null, command: null },
    { id: 'library', title: 'Library', verdict: 'ok', evidence: 'opens for writing, 123 versions, reflinks work here', cost: null, remedy: null, command: null },
  ],
};
export const stats: HostStats = { at: now, cpu_percent: 63, cpus: 8, memory_used: 9_100_000_000, memory_total: 24_600_000_000, disk_free: 118_000_000_000, disk_total: 480_000_000_000, builds_running: 1, runs_running: 0 };
export const space: SpaceReport = {
  free: 118_000_000_000,
  kinds: [
    { id: 'library', title: 'Library', path: '/home/ada/.local/share/goldsmith/library', used: 41_000_000_000, freed_if_deleted: 38_000_000_000 },
    { id: 'downloads', title: 'Downloads', path: '/home/ada/.cache/goldsmith/downloads', used: 3_400_000_000, freed_if_deleted: 3_400_000_000 },
    { id: 'checkpoints', title: 'Checkpoints', path: '/home/ada/.cache/goldsmith/checkpoints', used: 0, freed_if_deleted: 0 },
    { id: 'builds', title: 'Builds', path: '/home/ada/.local/state/goldsmith/builds', used: 84_000_000, freed_if_deleted: 80_000_000 },
    { id: 'trash', title: 'Trash', path: '/home/ada/.local/share/goldsmith/library/trash', used: 1_300_000_000, freed_if_deleted: 1_300_000_000 },
  ],
};
