import type { WireError } from '../api';

/** A failure as text, for a report that is pasted somewhere. */
export function report(failure: WireError): string {
  const lines = [failure.title];
  for (const cause of failure.causes) lines.push(`  because ${cause}`);
  for (const hint of failure.hints) lines.push(`  try: ${hint}`);
  if (failure.span) lines.push(`  at ${failure.span.file}:${failure.span.line}:${failure.span.column}`);
  if (failure.log_tail.length > 0) lines.push('', ...failure.log_tail);
  return lines.join('\n');
}
