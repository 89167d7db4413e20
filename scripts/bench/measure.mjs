// Figures: medians, spreads, and a table of them.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** "8.81 s (8.79-8.90, n=7)" */
export function spread(values, unit = "s", digits = 2) {
  if (values.length === 0) return "no run";
  const show = (value) => value.toFixed(digits);
  return `${show(median(values))} ${unit} (${show(Math.min(...values))}-${show(Math.max(...values))}, n=${values.length})`;
}

export const seconds = async (work) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};
