import { en, type Text } from './en';

/** The words in the language of the window. */
export const t: Text = en;
