// A double of the backend over HTTP: the bridge's own addresses, with content made for the tests.
// Edits really change its text, so that the window's way of editing can be tested without the backend.
import { createServer, type Server, type ServerResponse } from 'node:http';
import { readFileSync, existsSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AttributeValue, Changed, Edit, LogFilter, LogLine, Patch, Settings, StreamMessage, TemplateState, Utf16Position, WireError } from '../../src/api';
import * as content from './content';
import * as language from './language';
import { findIn, sectionsOf, windowOf } from './log';

const dist = join(fileURLToPath(new URL('../..', import.meta.url)), 'dist');
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };

export interface DoubleOptions {
  /** Nothing built, nothing opened before. */
  empty?: boolean;
  /** Lines in each log. */
  lines?: number;
}

/** Everything that was asked of the double, in order. */
export interface Asked {
  name: string;
  request: Record<string, unknown>;
}

export class Double {
  readonly asked: Asked[] = [];
  text = content.text;
  saved = content.text;
  revision = 1;
  /** Commands that fail, with what they answer. */
  readonly failing = new Map<string, Partial<WireError>>();
  settings: Settings = { theme: 'system', keep_builds: 50, keep_builds_mib: 1024, checkpoints: { enabled: true, after_seconds: 30, keep_gib: 20, keep_days: 30 }, profiles: [], layout: {} };
  #undo: string[] = [];
  #redo: string[] = [];
  #server: Server;
  #streams = new Map<string, Set<ServerResponse>>();
  #logs = new Map<string, LogLine[]>();
  #options: DoubleOptions;
  address = '';

  constructor(options: DoubleOptions = {}) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      if (url.pathname.startsWith('/call/')) {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => this.#call(url.pathname.slice(6), Buffer.concat(chunks).toString(), response));
      } else if (url.pathname.startsWith('/subscribe/')) {
        this.#subscribe(url.pathname.slice(11), response);
      } else {
        const path = join(dist, url.pathname === '/' ? 'index.html' : url.pathname);
        if (!path.startsWith(dist) || !existsSync(path)) return response.writeHead(404).end();
        response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' }).end(readFileSync(path));
      }
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    const at = this.#server.address();
    this.address = `http://127.0.0.1:${typeof at === 'object' && at ? at.port : 0}/`;
    return this;
  }
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** Sends a message to everyone who follows a topic. */
  send(topic: string, message: StreamMessage): void {
    for (const response of this.#streams.get(topic) ?? []) response.write(`data: ${JSON.stringify(message)}\n\n`);
  }

  #subscribe(topic: string, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': open\n\n');
    const set = this.#streams.get(topic) ?? new Set();
    this.#streams.set(topic, set.add(response));
    response.on('close', () => set.delete(response));
    if (topic === 'builds') this.send(topic, { kind: 'builds', builds: this.#options.empty ? [] : content.builds });
    if (topic.startsWith('sections/')) this.send(topic, { kind: 'sections', log: sectionsOf(this.log(topic.slice(9))) });
    if (topic === 'runs') this.send(topic, { kind: 'runs', runs: [] });
    if (topic === 'host') this.send(topic, { kind: 'host', stats: content.stats });
  }

  log(build: string): LogLine[] {
    let lines = this.#logs.get(build);
    if (!lines) {
      lines = content.logOf(build === content.buildIds.failed ? 'failed' : 'running', this.#options.lines ?? 3000);
      this.#logs.set(build, lines);
    }
    return lines;
  }

  /** Adds lines to a log and tells of them. */
  append(build: string, texts: readonly string[]): void {
    const lines = this.log(build);
    const { job, step } = lines.at(-1)!;
    for (const text of texts) lines.push({ n: lines.length + 1, at: Date.now(), job, step, stream: 'stdout', text });
    this.send(`sections/${build}`, { kind: 'sections', log: sectionsOf(lines) });
  }

  #call(name: string, body: string, response: ServerResponse): void {
    const request = (body ? JSON.parse(body) : {}) as Record<string, unknown>;
    this.asked.push({ name, request });
    const failure = this.failing.get(name);
    try {
      if (failure) throw { code: 'test', kind: 'environment', title: 'It failed', causes: [], hints: [], span: null, log_tail: [], ...failure };
      const answer = this.#answer(name, request);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    } catch (thrown) {
      const shown = thrown instanceof Error ? { code: 'double', kind: 'internal', title: thrown.message, causes: [], hints: [], span: null, log_tail: [] } : thrown;
      response.writeHead(422, { 'content-type': 'application/json' }).end(JSON.stringify(shown));
    }
  }

  #state(): TemplateState {
    return {
      revision: this.revision, documents: [{ file: content.file, text: this.text, read_only: false }], outline: content.outlineOf(this.text), diagnostics: content.diagnosticsOf(this.text),
      inputs: { vars: [], var_files: [], only: [], except: [] }, dirty: this.text === this.saved ? [] : [content.file], can_undo: this.#undo.length > 0, can_redo: this.#redo.length > 0,
    };
  }
  #changed(patches: Patch[], block: string | null): Changed {
    const { revision, outline, diagnostics, dirty, can_undo, can_redo } = this.#state();
    return { patches, block, warnings: [], files: [content.file], revision, outline, diagnostics, dirty, can_undo, can_redo };
  }

  /** Sets the text and says what changed, as the smallest single patch. */
  #become(next: string): Patch[] {
    const before = this.text;
    if (next === before) return [];
    let start = 0;
    while (start < before.length && start < next.length && before[start] === next[start]) start += 1;
    let end = before.length;
    let nextEnd = next.length;
    while (end > start && nextEnd > start && before[end - 1] === next[nextEnd - 1]) {
      end -= 1;
      nextEnd -= 1;
    }
    this.text = next;
    this.revision += 1;
    const at = (offset: number) => {
      const head = before.slice(0, offset).split('\n');
      return { line: head.length - 1, column: head.at(-1)?.length ?? 0 };
    };
    return [{ file: content.file, start, end, from: at(start), to: at(end), text: next.slice(start, nextEnd) }];
  }

  #edited(text: string, edit: Edit): string {
    if (edit.edit === 'replace_text') {
      const { range } = edit;
      const lines = text.split('\n');
      const offset = (at: { line: number; column: number }) => lines.slice(0, at.line).reduce((sum, line) => sum + line.length + 1, 0) + at.column;
      const [from, to] = range.unit === 'bytes' ? [range.start, range.end] : [offset(range.start), offset(range.end)];
      return text.slice(0, from) + edit.text + text.slice(to);
    }
    if (edit.edit === 'set_attribute' || edit.edit === 'unset_attribute') {
      const node = content.outlineOf(text).nodes.flatMap((one) => [one, ...one.children]).find((one) => one.id === edit.block);
      if (!node) throw new Error(`there is no block ${edit.block}`);
      const { start, end } = node.place;
      const body = text.slice(start, end);
      const line = new RegExp(`^(\\s*${edit.name}\\s*=\\s*)((?:\\[[^\\]]*\\])|[^#\\n]*[^#\\s])`, 'm');
      let next = body;
      if (edit.edit === 'unset_attribute') next = body.replace(new RegExp(`^\\s*${edit.name}\\s*=.*\\n`, 'm'), '');
      else if (line.test(body)) next = body.replace(line, (_, head: string) => head + written(edit.value));
      else next = body.replace(/\n(\s*)\}$/, (_, indent: string) => `\n${indent}  ${edit.name} = ${written(edit.value)}\n${indent}}`);
      return text.slice(0, start) + next + text.slice(end);
    }
    if (edit.edit === 'rename') return text.replaceAll(new RegExp(`(variable "|var\\.)${edit.symbol.name}\\b`, 'g'), `$1${edit.to}`);
    if (edit.edit === 'several') return edit.edits.reduce((whole, one) => this.#edited(whole, one), text);
    throw new Error(`the double does not know the edit ${edit.edit}`);
  }

  #answer(name: string, request: Record<string, unknown>): unknown {
    const { empty } = this.#options;
    switch (name) {
      case 'list_templates':
        return {
          recent: empty ? [] : [
            { path: content.file, name: 'web-server.pkr.hcl', opened_at: content.now - 3_600_000, exists: true },
            { path: '/home/ada/images/ubuntu-24.04-hardened-with-cis-level-2-and-monitoring', name: 'ubuntu-24.04-hardened-with-cis-level-2-and-monitoring', opened_at: content.now - 86_400_000 * 2, exists: true },
            { path: '/mnt/usb/old.pkr.hcl', name: 'old.pkr.hcl', opened_at: content.now - 86_400_000 * 40, exists: false },
          ],
          starters: [
            { id: 'quickstart', title: 'Quick start', description: 'A small Debian image from distribution packages, with a welcome page.', path: '/usr/share/goldsmith/templates/quickstart' },
            { id: 'debian-cloud', title: 'Debian cloud image', description: 'Debian’s own cloud image, provisioned through cloud-init.', path: '/usr/share/goldsmith/templates/debian-cloud' },
            { id: 'ubuntu-cloud', title: 'Ubuntu cloud image', description: 'Ubuntu’s own cloud image, provisioned through cloud-init.', path: '/usr/share/goldsmith/templates/ubuntu-cloud' },
          ],
        };
      case 'open_template':
        return { session: 's1', path: content.file, name: 'web-server.pkr.hcl', folder: false, recovery: null, state: this.#state() };
      case 'template_state':
      case 'reload':
      case 'set_inputs':
        return this.#state();
      case 'template_form':
        return { revision: this.revision, form: content.formOf(this.text, String(request['block'])) };
      case 'apply_edit': {
        if (request['base'] !== this.revision) throw new Error(`stale: ${String(request['base'])} is not ${this.revision}`);
        const before = this.text;
        const patches = this.#become(this.#edited(before, request['edit'] as Edit));
        if (patches.length > 0) this.#undo.push(before);
        this.#redo = [];
        return this.#changed(patches, null);
      }
      case 'undo':
      case 'redo': {
        const [from, to] = name === 'undo' ? [this.#undo, this.#redo] : [this.#redo, this.#undo];
        const next = from.pop();
        if (next === undefined) return this.#changed([], null);
        to.push(this.text);
        return this.#changed(this.#become(next), null);
      }
      case 'git_state':
        return { branch: 'certificates', changed: this.text === content.text ? [] : [content.file], commit: { id: '4f9a2c1', author: 'Ada', at: content.now - 86_400_000, subject: 'web server: our certificates' } };
      case 'compare_template':
        return { files: this.text === content.text ? [] : [{ file: content.file, difference: '--- a\n+++ b\n@@ -40,3 +40,3 @@\n   disk_size   = var.disk_size\n-  memory      = 2048 # nginx and the exporter\n+  memory      = 4096 # nginx and the exporter\n   cpus        = var.cpus\n' }] };
      case 'inspect':
        return { variables: content.inspected, builds: [{ name: content.jobName, source_type: 'qemu', provisioners: ['shell'], post_processors: [] }], diagnostics: [] };
      case 'get_settings':
        return this.settings;
      case 'set_settings':
        return (this.settings = request as unknown as Settings);
      case 'format_text':
        return { text: String(request['text']).replace(/[ \t]+$/gm, ''), changed: true, diagnostics: [] };
      case 'create_template':
        return { path: content.file };
      case 'merge_disk':
        return { changed: this.#changed([], null), merged: [], conflicts: [] };
      case 'complete':
        return language.complete(this.text, request['at'] as Utf16Position);
      case 'complete_value':
        return language.completeValue(this.text, String(request['text']), Number(request['at']));
      case 'hover':
        return language.hover(this.text, request['at'] as Utf16Position);
      case 'signature':
        return { signature: null };
      case 'usages':
        return language.usages(this.text, request['at'] as Utf16Position);
      case 'file_shape':
        return language.shape(this.text);
      case 'save':
        this.saved = this.text;
        return { files: [content.file], dirty: [] };
      case 'validate': {
        const diagnostics = content.diagnosticsOf(this.text);
        const errors = diagnostics.filter((one) => one.severity === 'error').length;
        return { valid: errors === 0, errors, warnings: diagnostics.length - errors, diagnostics, jobs: [content.jobName] };
      }
      case 'plan':
        return { plan: content.plan, diagnostics: [] };
      case 'start_build':
        return { build: content.buildIds.running, plan: content.plan, diagnostics: [] };
      case 'list_builds':
        return { builds: empty ? [] : content.builds };
      case 'build_facts':
      case 'build_state': {
        const scenario = this.#scenario(String(request['build']));
        return { entries: content.entriesOf(scenario), state: content.stateOf(scenario) };
      }
      case 'build_log': {
        return windowOf(this.log(String(request['build'])), request['filter'] as LogFilter, Number(request['from']), Number(request['count']));
      }
      case 'log_sections':
        return sectionsOf(this.log(String(request['build'])));
      case 'find_line':
        return findIn(this.log(String(request['build'])), request['filter'] as LogFilter, Number(request['after']), Boolean(request['back']));
      case 'build_times':
        return content.times;
      case 'compare_builds':
        return content.compared;
      case 'step_scripts':
        return { inline: 'apt-get update\napt-get install -y ngnix\n', files: [] };
      case 'open_console':
        throw { code: 'no_screen', kind: 'input', title: 'this machine’s screen is not served on a private socket', causes: [], hints: [], span: null, log_tail: [] };
      case 'answer_build':
      case 'pause_build':
      case 'ask_on_error':
      case 'save_script':
        return {};
      case 'serial_log': {
        const text = '[    0.000000] Linux version 6.1.0-28-amd64\n[    0.412301] Run /init as init process\n[  OK  ] Reached target network.target - Network.\n\nDebian GNU/Linux 12 web-server ttyS0\n\nweb-server login: ';
        return Number(request['offset']) > 0 ? { text: '', next: text.length, total: text.length } : { text, next: text.length, total: text.length };
      }
      case 'screen_picture':
        return { file: 'latest.png', png: screen().toString('base64') };
      case 'list_images':
        return { images: empty ? [] : content.images };
      case 'show_image': {
        const [image = '', number] = String(request['image']).split('@');
        const count = content.images.find((one) => one.name === image)?.versions ?? 1;
        const versions = Array.from({ length: count }, (_, n) => content.versionOf(image, count - n));
        return { version: versions.find((one) => String(one.number) === number) ?? versions[0], versions };
      }
      case 'list_channels':
        return { channels: empty ? [] : content.channels };
      case 'image_history':
        return { entries: content.history };
      case 'gate_image':
        return { image: request['image'], class: request['class'], verdict: 'ok', rows: [{ check: 'bytes', verdict: 'ok', evidence: 'present' }] };
      case 'preview_revoke':
        return { descendants: [], channels: [], exports: [] };
      case 'verify_image':
        return { image: request['image'], verification: { version: request['image'], ok: true, files: [] } };
      case 'delete_image':
      case 'restore_image':
        return { versions: [request['image']] };
      case 'list_trash':
        return { versions: [] };
      case 'run_image':
        return { run: 'run1', image: request['image'], status: 'running', started_at: content.now, ssh_port: 2222, ssh_command: 'ssh -p 2222 -i /run/user/1000/goldsmith/a1b2c3d4/key packer@127.0.0.1', accelerator: 'tcg', failure: null };
      case 'list_runs':
        return { runs: [] };
      case 'doctor':
        return content.doctor;
      case 'host_stats':
        return content.stats;
      case 'space':
        return content.space;
      case 'about':
        return { version: '0.1.0', system: 'Debian GNU/Linux 12 (bookworm)', program: '/usr/bin/goldsmith', config: '/home/ada/.config/goldsmith', data: '/home/ada/.local/share/goldsmith', cache: '/home/ada/.cache/goldsmith', state: '/home/ada/.local/state/goldsmith', home: '/home/ada', dialogs: false };
      case 'catalogue':
        return {
          components: [
            { kind: 'source', name: 'qemu', title: 'QEMU machine', help: 'Runs a machine under QEMU from a disk image or an installer.', options: 98 },
            { kind: 'source', name: 'bootstrap', title: 'From packages', help: 'A Debian or Ubuntu disk made from distribution packages, with no ISO.', options: 54 },
            { kind: 'provisioner', name: 'shell', title: 'Shell', help: 'Runs commands or scripts in the guest.', options: 21 },
            { kind: 'provisioner', name: 'file', title: 'File', help: 'Copies files into the guest, or out of it.', options: 9 },
            { kind: 'post-processor', name: 'checksum', title: 'Checksum', help: 'Writes checksum files of the artifact.', options: 4 },
            { kind: 'post-processor', name: 'manifest', title: 'Manifest', help: 'Appends what was built to a JSON file.', options: 5 },
          ],
        };
      case 'cancel_build':
      case 'close_template':
      case 'delete_build':
      case 'stop_run':
      case 'cancel_task':
        return {};
      default:
        throw new Error(`the double does not know ${name}`);
    }
  }

  #scenario(build: string): content.Scenario {
    if (build === content.buildIds.running) return 'running';
    return build === content.buildIds.failed ? 'failed' : 'succeeded';
  }
}

function written(value: AttributeValue): string {
  switch (value.kind) {
    case 'list':
      return `[${value.value.map(written).join(', ')}]`;
    case 'string':
    case 'template':
      return JSON.stringify(value.value);
    case 'map':
      return `{ ${value.value.map(([key, one]) => `${key} = ${written(one)}`).join(', ')} }`;
    default:
      return String(value.value);
  }
}

/** A picture of a text console: a PNG of 720 by 400 with rows of grey blocks where words would be. */
function screen(): Buffer {
  const [width, height] = [720, 400];
  const raw = Buffer.alloc((width + 1) * height);
  for (let row = 0; row < 21; row += 1) {
    let x = 0;
    for (let word = 0; word < 5 + ((row * 7) % 6); word += 1) {
      const length = 18 + ((row * 31 + word * 17) % 8) * 9;
      for (let y = row * 16 + 4; y < row * 16 + 13; y += 1) raw.fill(150, y * (width + 1) + 1 + x, y * (width + 1) + 1 + Math.min(width, x + length));
      x += length + 9;
    }
  }
  const table = Array.from({ length: 256 }, (_, n) => Array.from({ length: 8 }).reduce<number>((c) => (c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1), n) >>> 0);
  const chunk = (kind: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE((body.reduce((c, byte) => (table[(c ^ byte) & 255] ?? 0) ^ (c >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, body, crc]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', header), chunk('IDAT', deflateSync(raw)), chunk('IEND', Buffer.alloc(0))]);
}
