// Paths as they are shown: the user's own folder as ~.

let home: string | null = $state(null);

/** Says what the user's own folder is. */
export function setHome(path: string | null): void {
  home = path && path !== '/' ? path.replace(/\/+$/, '') : null;
}

/** "/home/ada/images/web" → "~/images/web". */
export function tidy(path: string): string {
  if (!home || !(path === home || path.startsWith(`${home}/`))) return path;
  return `~${path.slice(home.length)}`;
}
