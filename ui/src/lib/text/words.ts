// The shape of a catalogue, for languages beside English.
import type { Text } from './en';

type Part<T> = T extends (...args: never[]) => string ? T : T extends readonly string[] ? T : T extends object ? { [K in keyof T]?: Part<T[K]> } : string;

/** Words under the names of the English ones. What is not there is said in English; a test asks for all of it. */
export type Words = Part<Text>;
