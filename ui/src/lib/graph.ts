// What a plan comes to, as columns of a drawing: source, steps, artifacts, the image and its channels.
import type { Channel, JobPlan, Plan } from '../api';

/** One job of the plan as a row of the drawing. */
export interface GraphRow {
  job: string;
  source: string;
  steps: { title: string; cached: boolean }[];
  cached: number;
  output: string;
  image: string | null;
  channels: { name: string; number: number | null }[];
}

export function graphOf(plan: Plan, channels: readonly Channel[]): GraphRow[] {
  return plan.jobs.map((job: JobPlan) => ({
    job: job.name,
    source: job.source_type,
    steps: job.steps.map(({ title, cached }) => ({ title, cached })),
    cached: job.steps.filter((step) => step.cached).length,
    output: job.output_directory,
    image: job.image,
    channels: channels.filter((channel) => channel.image === job.image).map(({ name, number }) => ({ name, number })),
  }));
}

/** How high a row is, and where its steps stand. */
export const stepHeight = 26;
export const rowHeight = (row: GraphRow): number => Math.max(3, row.steps.length, row.channels.length + 1) * stepHeight + 40;

/** A curve from one point to another, both taken horizontally. */
export function curve(x1: number, y1: number, x2: number, y2: number): string {
  const bend = (x2 - x1) / 2;
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

/** A text that fits into a box of so many characters. */
export function short(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
