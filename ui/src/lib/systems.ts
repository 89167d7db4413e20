// What the wizard offers: systems, the ways our starters make them, and the edits that turn answers into a template.
import type { AttributeValue, Edit } from '../api';

export type Way = 'packages' | 'cloud' | 'installer';
type Family = 'apt' | 'dnf' | 'zypper' | 'pacman' | 'apk';

/** A system to make an image of. Dates are those of its makers. */
export interface System {
  id: string;
  name: string;
  /** Its code name or version. */
  suite: string;
  released: string;
  /** The end of security updates, those of Debian's LTS team included; null for one that rolls. */
  ends: string | null;
  /** What installs packages in it; null where the wizard does not. */
  family: Family | null;
  /** How our starters make it: the starter, and about how many MiB it downloads before packages. */
  ways: Partial<Record<Way, { starter: string; mib: number }>>;
  /** Defaults of the starter's variables that name the system. */
  variables?: Partial<Record<Way, Record<string, string>>>;
}

const debian = (number: string, suite: string, released: string, ends: string): System => ({
  id: `debian-${number}`,
  name: `Debian ${number}`,
  suite,
  released,
  ends,
  family: 'apt',
  ways: { packages: { starter: 'quickstart', mib: 0 }, cloud: { starter: 'debian-cloud', mib: 330 }, ...(number === '13' ? { installer: { starter: 'debian-installer', mib: 750 } } : {}) },
  variables: { cloud: { release: suite, release_number: number } },
});
const ubuntu = (number: string, suite: string, released: string, ends: string): System => ({
  id: `ubuntu-${number}`,
  name: `Ubuntu ${number} LTS`,
  suite,
  released,
  ends,
  family: 'apt',
  ways: { cloud: { starter: 'ubuntu-cloud', mib: 600 }, ...(number === '24.04' ? { installer: { starter: 'ubuntu-installer', mib: 3000 } } : {}) },
  variables: { cloud: { release: suite } },
});
const installed = (id: string, name: string, suite: string, released: string, ends: string | null, family: Family | null, mib: number): System => ({
  id, name, suite, released, ends, family, ways: { installer: { starter: `${id}-installer`, mib } },
});

export const systems: readonly System[] = [
  debian('13', 'trixie', '2025-08-09', '2030-06-30'),
  debian('12', 'bookworm', '2023-06-10', '2028-06-30'),
  ubuntu('24.04', 'noble', '2024-04-25', '2029-05-31'),
  ubuntu('22.04', 'jammy', '2022-04-21', '2027-06-01'),
  installed('rocky', 'Rocky Linux 9', '9', '2022-07-14', '2032-05-31', 'dnf', 2300),
  installed('alma', 'AlmaLinux 9', '9', '2022-05-26', '2032-05-31', 'dnf', 2300),
  installed('fedora', 'Fedora Server 41', '41', '2024-10-29', '2025-12-15', 'dnf', 2500),
  installed('opensuse', 'openSUSE Leap 15.6', '15.6', '2024-06-12', '2026-04-30', 'zypper', 4200),
  installed('alpine', 'Alpine 3.20', '3.20', '2024-05-22', '2026-04-01', 'apk', 65),
  installed('arch', 'Arch Linux', 'rolling', '2002-03-11', null, 'pacman', 1200),
  installed('freebsd', 'FreeBSD 14.3', '14.3', '2025-06-10', '2026-06-30', null, 1300),
];

/** How packages are installed, by the user of the starter. */
const install: Record<Family, (names: string) => string> = {
  apt: (names) => `sudo apt-get update && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y ${names}`,
  dnf: (names) => `sudo dnf install -y ${names}`,
  zypper: (names) => `sudo zypper --non-interactive install ${names}`,
  pacman: (names) => `sudo pacman -Sy --noconfirm ${names}`,
  apk: (names) => `sudo apk add ${names}`,
};

/** What people install first, by the names a distribution has for it. */
export function packageSets(system: System): Record<string, readonly string[]> {
  if (system.family === 'apt') return { web: ['nginx-light'], docker: ['docker.io'], python: ['python3', 'python3-venv'], tools: ['curl', 'git', 'htop', 'vim-tiny'] };
  const podman = system.family === 'dnf' || system.family === 'zypper' ? 'podman' : 'docker';
  return { web: ['nginx'], docker: [podman], python: [system.family === 'pacman' ? 'python' : 'python3'], tools: ['curl', 'git', 'vim'] };
}

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
  return system.ways[way]?.starter ?? 'quickstart';
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
  for (const [name, value] of Object.entries(system.variables?.[way] ?? {})) edits.push(set(`variable.${name}`, 'default', string(value)));
  if (answers.packages.length > 0 && system.family) {
    const command = install[system.family](answers.packages.join(' '));
    // After the starter's own set-up, before what generalises the machine.
    edits.push({ edit: 'add_block', parent: 'build[0]', kind: 'provisioner', labels: ['shell'], attributes: [['inline', list([command])]], after: 'build[0]/provisioner[0]' });
  }
  return edits;
}
