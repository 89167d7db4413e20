// What the wizard offers: systems, the ways our starters make them, and the edits that turn answers into a template.
import type { AttributeValue, Edit } from '../api';

export type Way = 'packages' | 'cloud';

/** A system to make an image of. Dates are those of its makers (debian.org/releases, ubuntu.com/about/release-cycle). */
export interface System {
  id: string;
  name: string;
  /** Its code name, as the starters take it. */
  suite: string;
  number: string;
  released: string;
  /** The end of security updates, those of Debian's LTS team included. */
  ends: string;
  ways: Way[];
  /** MiB of the cloud image, about. */
  cloudMib: number;
}

export const systems: readonly System[] = [
  { id: 'debian-13', name: 'Debian 13', suite: 'trixie', number: '13', released: '2025-08-09', ends: '2030-06-30', ways: ['packages', 'cloud'], cloudMib: 330 },
  { id: 'debian-12', name: 'Debian 12', suite: 'bookworm', number: '12', released: '2023-06-10', ends: '2028-06-30', ways: ['packages', 'cloud'], cloudMib: 340 },
  { id: 'ubuntu-24.04', name: 'Ubuntu 24.04 LTS', suite: 'noble', number: '24.04', released: '2024-04-25', ends: '2029-05-31', ways: ['cloud'], cloudMib: 600 },
  { id: 'ubuntu-22.04', name: 'Ubuntu 22.04 LTS', suite: 'jammy', number: '22.04', released: '2022-04-21', ends: '2027-06-01', ways: ['cloud'], cloudMib: 660 },
];

/** What people install first, by the names both distributions use. */
export const packageSets: Record<string, readonly string[]> = {
  web: ['nginx-light'],
  docker: ['docker.io'],
  python: ['python3', 'python3-venv'],
  tools: ['curl', 'git', 'htop', 'vim-tiny'],
};

/** What was answered. */
export interface Answers {
  system: System;
  way: Way;
  name: string;
  memory: number;
  cpus: number;
  disk: string;
  user: string;
  key: string;
  packages: string[];
}

/** The starter that makes it. */
export function starterOf({ system, way }: Pick<Answers, 'system' | 'way'>): string {
  if (way === 'packages') return 'quickstart';
  return system.id.startsWith('debian') ? 'debian-cloud' : 'ubuntu-cloud';
}

/** What is wrong with an answer, by its name. */
export function wrongAnswers(answers: Answers): Partial<Record<keyof Answers, true>> {
  const rules: [keyof Answers, boolean][] = [
    ['name', /^[A-Za-z][A-Za-z0-9-]*$/.test(answers.name)],
    ['memory', Number.isInteger(answers.memory) && answers.memory > 0],
    ['cpus', Number.isInteger(answers.cpus) && answers.cpus > 0],
    ['disk', /^[1-9]\d*[MGT]$/.test(answers.disk)],
    ['user', /^[a-z_][a-z0-9_-]{0,30}$/.test(answers.user)],
    ['key', answers.key === '' || /^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ \S+/.test(answers.key)],
    ['packages', answers.packages.every((name) => /^[a-z0-9][a-z0-9+.-]*$/.test(name))],
  ];
  return Object.fromEntries(rules.filter(([, good]) => !good).map(([name]) => [name, true]));
}

const string = (value: string): AttributeValue => ({ kind: 'string', value });
const number = (value: number): AttributeValue => ({ kind: 'number', value });
const list = (values: readonly string[]): AttributeValue => ({ kind: 'list', value: values.map(string) });

/** The edits that bring answers into a copy of their starter. `source` is the id of its source. */
export function editsOf(answers: Answers, source: string): Edit[] {
  const { system, way } = answers;
  const set = (block: string, name: string, value: AttributeValue): Edit => ({ edit: 'set_attribute', block, name, value });
  const edits: Edit[] = [
    set('variable.user', 'default', string(answers.user)),
    ...(answers.key ? [set('variable.ssh_public_key', 'default', string(answers.key))] : []),
    set(source, 'memory', number(answers.memory)),
    set(source, 'cpus', number(answers.cpus)),
    set(source, 'disk_size', string(answers.disk)),
    set(source, 'vm_name', string(`${answers.name}.qcow2`)),
    set(source, 'output_directory', string(`output-${answers.name}`)),
    set('build[0]/post-processor[0]', 'output', string(`output-${answers.name}/${answers.name}.{{.ChecksumType}}`)),
  ];
  if (way === 'packages') {
    edits.push(set(source, 'suite', string(system.suite)), set(source, 'hostname', string(answers.name.toLowerCase())), set('build[0]/post-processor[1]', 'output', string(`output-${answers.name}/manifest.json`)));
    // The starter's own page needs its web server.
    edits.push(set(source, 'packages', list([...new Set(['nginx-light', ...answers.packages])])));
    return edits;
  }
  edits.push(set('variable.release', 'default', string(system.suite)));
  if (system.id.startsWith('debian')) edits.push(set('variable.release_number', 'default', string(system.number)));
  if (answers.packages.length > 0) {
    const command = `sudo apt-get update && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y ${answers.packages.join(' ')}`;
    // After the starter's own set-up, before what generalises the machine.
    edits.push({ edit: 'add_block', parent: 'build[0]', kind: 'provisioner', labels: ['shell'], attributes: [['inline', list([command])]], after: 'build[0]/provisioner[0]' });
  }
  return edits;
}
