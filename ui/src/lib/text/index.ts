import { recall } from '../remember';
import { en, type Text } from './en';
import { setLanguage, type Language } from './language';

export type { Language } from './language';
export const languages: readonly { value: Language; text: string }[] = [
  { value: 'en', text: 'English' },
  { value: 'de', text: 'Deutsch' },
];

/** The words in the language of the window. Set once, before anything is shown. */
export let t: Text = en;

/** The language the user chose, else the system's where it is there. */
export function chosenLanguage(): Language {
  const kept = recall<Language | 'system'>('language', 'system');
  if (kept !== 'system') return kept;
  return navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en';
}

/** Speaks a language from now on. What is shown already stays as it is. */
export async function speak(wanted: Language): Promise<void> {
  setLanguage(wanted);
  t = wanted === 'de' ? whole((await import('./de')).de, en) : en;
  document.documentElement.lang = wanted;
}

/** A catalogue with the English words where it has none. */
function whole<T extends object>(words: object, otherwise: T): T {
  return Object.fromEntries(
    Object.entries(otherwise).map(([key, other]: [string, unknown]) => {
      const own = (words as Record<string, unknown>)[key];
      const inner = typeof other === 'object' && other !== null && !Array.isArray(other);
      return [key, inner ? whole((own as object | undefined) ?? {}, other) : (own ?? other)];
    }),
  ) as T;
}
