// A curve over time as an SVG path.

export interface Point {
  /** Milliseconds since 1970. */
  at: number;
  /** 0 to 1. */
  part: number;
}

/** Places of points in a box; times from the oldest to the newest, at least `span` milliseconds. */
export function placed(points: readonly Point[], width: number, height: number, span: number): [x: number, y: number][] {
  const last = points.at(-1)?.at ?? 0;
  const from = Math.min(points[0]?.at ?? 0, last - span);
  const all = Math.max(1, last - from);
  return points.map(({ at, part }) => [((at - from) / all) * width, height - Math.min(1, Math.max(0, part)) * height]);
}

/** A line through places. Steps stay level until the next one. */
export function line(places: readonly [number, number][], steps = false): string {
  return places
    .map(([x, y], index) => {
      const at = `${x.toFixed(1)} ${y.toFixed(1)}`;
      if (index === 0) return `M${at}`;
      return steps ? `H${x.toFixed(1)} V${y.toFixed(1)}` : `L${at}`;
    })
    .join(' ');
}

/** The surface below a line. */
export function area(places: readonly [number, number][], height: number, steps = false): string {
  const [first, last] = [places[0], places.at(-1)];
  return first && last ? `${line(places, steps)} L${last[0].toFixed(1)} ${height} L${first[0].toFixed(1)} ${height} Z` : '';
}
