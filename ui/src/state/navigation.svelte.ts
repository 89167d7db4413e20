// Where the user is: the place, and what is selected in it.
import { recall, remember } from '../lib/remember';

export type Place = 'templates' | 'builds' | 'library' | 'host';
export const places: readonly Place[] = ['templates', 'builds', 'library', 'host'];
export type Theme = 'system' | 'light' | 'dark';

class Navigation {
  place: Place = $state('templates');
  /** The build shown in Builds. */
  build: string | null = $state(null);
  /** The image, and perhaps version, shown in Library. */
  image: string | null = $state(null);
  version: number | null = $state(null);
  /** The run shown in Library instead of a version. */
  run: string | null = $state(null);
  palette = $state(false);
  shortcuts = $state(false);
  theme: Theme = $state(recall<Theme>('theme', 'system'));

  go(place: Place): void {
    this.place = place;
  }
  openBuild(build: string): void {
    this.build = build;
    this.place = 'builds';
  }
  openImage(image: string, version: number | null = null): void {
    this.image = image;
    this.version = version;
    this.run = null;
    this.place = 'library';
  }
  openRun(run: string): void {
    this.run = run;
    this.place = 'library';
  }
  setTheme(theme: Theme): void {
    this.theme = theme;
    remember('theme', theme);
    applyTheme(theme);
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export const navigation = new Navigation();
