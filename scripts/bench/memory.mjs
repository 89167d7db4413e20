// What a program and everything it started hold in memory.
import { readFileSync, readdirSync } from "node:fs";

/** Parents of every process now. */
function parents() {
  const parents = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // it has ended
    }
  }
  return parents;
}

/** A process and all its descendants. */
function family(pid) {
  const all = parents();
  const members = new Set([pid]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const [child, parent] of all) {
      if (members.has(parent) && !members.has(child)) {
        members.add(child);
        grew = true;
      }
    }
  }
  return members;
}

/** Proportional set size of a process and all its descendants in MB: in all, and by the programs' names. */
export function pss(pid) {
  const programs = {};
  for (const member of family(pid)) {
    try {
      const kilobytes = Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${member}/smaps_rollup`, "utf8"))?.[1] ?? 0);
      const name = readFileSync(`/proc/${member}/comm`, "utf8").trim();
      programs[name] = (programs[name] ?? 0) + (kilobytes * 1024) / 1e6;
    } catch {
      // it has ended
    }
  }
  return { total: Object.values(programs).reduce((sum, one) => sum + one, 0), programs };
}
