// How the window looks: light or dark, contrast, zoom. Small choices that the web view keeps.
import { currentHost } from '../host';
import { recall, remember } from '../lib/remember';

export type Theme = 'system' | 'light' | 'dark';
export type Contrast = 'system' | 'more' | 'normal';
export const themes: readonly Theme[] = ['system', 'light', 'dark'];
export const contrasts: readonly Contrast[] = ['system', 'normal', 'more'];
/** Steps of zoom, as parts of one. */
export const zooms = [0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2] as const;

class Look {
  theme: Theme = $state(recall<Theme>('theme', 'system'));
  contrast: Contrast = $state(recall<Contrast>('contrast', 'system'));
  zoom: number = $state(recall<number>('zoom', 1));

  setTheme(theme: Theme): void {
    this.theme = theme;
    remember('theme', theme);
    applyLook();
  }
  setContrast(contrast: Contrast): void {
    this.contrast = contrast;
    remember('contrast', contrast);
    applyLook();
  }
  setZoom(zoom: number): void {
    this.zoom = zoom;
    remember('zoom', zoom);
    void currentHost().then((host) => host.zoom(zoom));
  }
  /** One step larger or smaller. */
  zoomBy(step: -1 | 1): void {
    const at = zooms.findIndex((one) => one >= this.zoom - 0.001);
    const next = zooms[Math.min(zooms.length - 1, Math.max(0, (at < 0 ? zooms.length - 1 : at) + step))];
    if (next !== undefined) this.setZoom(next);
  }
}

export const look = new Look();

const wantsContrast = () => matchMedia('(prefers-contrast: more)');

/** Brings the choices to the document. */
export function applyLook(): void {
  const { dataset } = document.documentElement;
  if (look.theme === 'system') delete dataset['theme'];
  else dataset['theme'] = look.theme;
  const more = look.contrast === 'more' || (look.contrast === 'system' && wantsContrast().matches);
  if (more) dataset['contrast'] = 'more';
  else delete dataset['contrast'];
}
wantsContrast().addEventListener('change', applyLook);
