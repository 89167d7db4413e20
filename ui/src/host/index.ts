import type { Host } from './types';

let host: Promise<Host> | undefined;

/** The host of this window: the desktop shell where it is there, else the development bridge. */
export function currentHost(): Promise<Host> {
  host ??=
    '__TAURI_INTERNALS__' in window
      ? import('./desktop').then((module) => module.desktopHost())
      : import('./bridge').then((module) => module.bridgeHost());
  return host;
}

export type { Host } from './types';
