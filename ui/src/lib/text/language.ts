// The language the window speaks, apart from its words: figures and dates need it before there are any.

export type Language = 'en' | 'de';

/** The language of the words, for figures and dates. */
export let language: Language = 'en';

export function setLanguage(wanted: Language): void {
  language = wanted;
}
