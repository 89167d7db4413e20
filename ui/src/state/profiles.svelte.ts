// Run profiles: a template with its values and the way it is built, under a name, in the settings file.
import type { BuildOptions, RunProfile, TemplateInputs } from '../api';
import { t } from '../lib/text';
import { planning } from './planning.svelte';
import { settings } from './settings.svelte';
import { toast } from './toasts.svelte';
import { workspace } from './workspace.svelte';

/** Quotes a word for a POSIX shell where it needs that. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The command that builds the same. Values of sensitive variables are named, never written. */
export function commandLine(path: string, inputs: TemplateInputs, options: BuildOptions, sensitive: ReadonlySet<string>): string {
  const secret = inputs.vars.filter(([name]) => sensitive.has(name));
  const words = [
    ...secret.map(([name]) => `PKR_VAR_${name}=…`),
    'goldsmith',
    'build',
    ...inputs.var_files.map((file) => `-var-file=${quoted(file)}`),
    ...inputs.vars.filter(([name]) => !sensitive.has(name)).flatMap(([name, value]) => ['-var', quoted(`${name}=${value}`)]),
    ...(inputs.only.length > 0 ? [`-only=${quoted(inputs.only.join(','))}`] : []),
    ...(inputs.except.length > 0 ? [`-except=${quoted(inputs.except.join(','))}`] : []),
    ...(options.force ? ['-force'] : []),
    ...(options.no_cache ? ['--no-cache'] : []),
    ...(options.no_library ? ['--no-library'] : []),
    ...(options.offline ? ['--offline'] : []),
    ...(options.skip_foreign ? ['--skip-foreign'] : []),
    ...(options.on_error === 'cleanup' ? [] : [`-on-error=${options.on_error}`]),
    ...(options.parallel > 0 ? [`-parallel-builds=${options.parallel}`] : []),
    quoted(path),
  ];
  return words.join(' ');
}

class Profiles {
  /** The profile whose values apply. */
  taken: string | null = $state(null);
  /** Those of the open template. */
  own: RunProfile[] = $derived((settings.current?.profiles ?? []).filter((one) => one.path === workspace.path));

  async save(name: string, inputs: TemplateInputs, sensitive: ReadonlySet<string>): Promise<boolean> {
    if (!settings.current) await settings.read();
    const current = settings.current;
    if (!current) return false;
    const profile: RunProfile = {
      name,
      path: workspace.path,
      inputs: { ...inputs, vars: inputs.vars.filter(([variable]) => !sensitive.has(variable)) },
      options: { ...planning.options },
      ask: inputs.vars.map(([variable]) => variable).filter((variable) => sensitive.has(variable)),
    };
    const others = current.profiles.filter((one) => one.path !== profile.path || one.name !== name);
    const done = await settings.write({ ...current, profiles: [...others, profile] });
    if (done) {
      this.taken = name;
      toast('success', t.values.profileSaved(name));
    }
    return done;
  }

  async remove(name: string): Promise<void> {
    const current = settings.current;
    if (!current) return;
    await settings.write({ ...current, profiles: current.profiles.filter((one) => one.path !== workspace.path || one.name !== name) });
    if (this.taken === name) this.taken = null;
  }
}

export const profiles = new Profiles();
