// Figures as a language writes them, without loading its rules: those are several megabytes.
import { language } from './text/language';

/** A number with its thousands apart: "12,345". */
export function grouped(n: number): string {
  const text = String(Math.round(n));
  return n < 1000 ? text : text.replace(/\B(?=(\d{3})+$)/g, language === 'de' ? '.' : ',');
}

/** A number with at most so many digits behind the point, or always so many. */
export function decimal(value: number, digits: number, always = false): string {
  const text = value.toFixed(digits);
  const shown = always || digits === 0 ? text : text.replace(/\.?0+$/, '');
  return language === 'de' ? shown.replace('.', ',') : shown;
}

/** "1 step", "3 steps". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${grouped(n)} ${n === 1 ? one : many}`;
}
