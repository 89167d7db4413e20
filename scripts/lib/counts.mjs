// Reading the closing lines of test runners. A test that could not run prints a line "skipped: <reason>" and
// passes; it is counted as skipped, not as passed.

const sum = (text, pattern) => [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);

/** cargo test, run with --show-output: every binary's closing line, and the tests that said they were skipped. */
export function rustTests(text) {
  const skipped = [...text.matchAll(/^skipped: /gim)].length;
  return {
    passed: sum(text, /^test result: .*? (\d+) passed/gm) - skipped,
    failed: sum(text, /^test result: .*? (\d+) failed/gm),
    skipped: skipped + sum(text, /^test result: .*? (\d+) ignored/gm),
  };
}

/** Node's runner with the tap reporter. */
export function nodeTests(text) {
  return {
    passed: sum(text, /^# pass (\d+)/gm),
    failed: sum(text, /^# (?:fail|cancelled) (\d+)/gm),
    skipped: sum(text, /^# (?:skipped|todo) (\d+)/gm),
  };
}

/** Vitest's summary line "Tests  1 failed | 12 passed | 2 skipped (15)". */
export function vitest(text) {
  const plain = text.replaceAll(/\u001b\[[\d;]*m/g, "");
  const line = /^\s*Tests\s+(.*)$/m.exec(plain)?.[1] ?? "";
  const number = (word) => Number(new RegExp(String.raw`(\d+) ${word}`).exec(line)?.[1] ?? 0);
  return { passed: number("passed"), failed: number("failed"), skipped: number("skipped") + number("todo") };
}

/** "12 passed, 0 failed, 1 skipped" */
export function count({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
