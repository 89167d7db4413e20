// Where the user is: the place, and what is selected in it.

export type Place = 'templates' | 'builds' | 'library' | 'host' | 'settings';
/** The places of the rail, in its order; settings stand apart. */
export const places: readonly Place[] = ['templates', 'builds', 'library', 'host'];
/** What can lie over a place. */
export type Sheet = 'palette' | 'shortcuts' | 'about' | 'values' | 'graph' | 'compare' | 'wizard' | 'catalogue';

class Navigation {
  place: Place = $state('templates');
  /** The build shown in Builds. */
  build: string | null = $state(null);
  /** The image, and perhaps version, shown in Library. */
  image: string | null = $state(null);
  version: number | null = $state(null);
  /** The run shown in Library instead of a version. */
  run: string | null = $state(null);
  sheet: Sheet | null = $state(null);

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
}

export const navigation = new Navigation();
