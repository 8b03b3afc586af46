import { times } from "../format";
import type { Mark } from "../protocol";

/** What happened to a job's targets at about one moment. */
export interface Moment {
  time: number; // Unix ms, of the first mark
  kind: Mark["kind"]; // a deploy, if there was one
  /** "restart of shop-1", "deploy 1.4.1 → 1.4.2" */
  text: string;
}

/** Marks of a hundred instances that were deployed one after the other are kept. */
const MOST_LIVE = 200;

/** The live marks with those of one more update, oldest first. */
export function withMarks(live: readonly Mark[], fresh: readonly Mark[] | undefined): readonly Mark[] {
  return fresh && fresh.length > 0 ? distinct([...live, ...fresh]).slice(-MOST_LIVE) : live;
}

/** History and the stream tell of the same marks, and a snapshot repeats the last ones. */
function distinct(marks: readonly Mark[]): Mark[] {
  const byIdentity = new Map(marks.map((mark) => [`${mark.timestamp} ${mark.kind} ${mark.job} ${mark.instance}`, mark]));
  return [...byIdentity.values()].sort((a, b) => a.timestamp - b.timestamp);
}

/**
 * Puts together what happened within `apart` milliseconds: lines that stand
 * closer than that would cover each other. Oldest first.
 */
export function momentsOf(marks: readonly Mark[], apart: number): Moment[] {
  const groups: Mark[][] = [];
  for (const mark of distinct(marks)) {
    const group = groups.at(-1);
    if (group && mark.timestamp - group[0]!.timestamp <= apart) group.push(mark);
    else groups.push([mark]);
  }
  return groups.map(momentOf);
}

/** A deploy restarts what it deploys: that alone need not be said. */
function momentOf(group: Mark[]): Moment {
  const deploys = group.filter((mark) => mark.kind === "deploy");
  const deployed = new Set(deploys.map((mark) => mark.instance));
  const restarts = group.filter((mark) => mark.kind === "restart" && !deployed.has(mark.instance));
  return {
    time: group[0]!.timestamp,
    kind: deploys.length > 0 ? "deploy" : "restart",
    text: [deployText(deploys), restartText(restarts)].filter(Boolean).join(", "),
  };
}

function deployText(deploys: readonly Mark[]): string {
  if (deploys.length === 0) return "";
  const changes = new Set(deploys.map((mark) => mark.text));
  const what = changes.size === 1 && deploys[0]!.text ? ` ${clip(deploys[0]!.text)}` : "";
  const instances = instancesOf(deploys);
  if (instances.length === 1) return what ? `deploy${what}` : `deploy at ${clip(instances[0]!)}`;
  return `deploy${what} at ${times(instances.length, "instance")}`;
}

function restartText(restarts: readonly Mark[]): string {
  const instances = instancesOf(restarts);
  if (instances.length === 0) return "";
  return `restart of ${instances.length === 1 ? clip(instances[0]!) : times(instances.length, "instance")}`;
}

function instancesOf(marks: readonly Mark[]): string[] {
  return [...new Set(marks.map((mark) => mark.instance))];
}

const LONGEST = 48; // characters: versions and instances are what a target says they are

function clip(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** The moment nearest to the time; null if none is within `reach` milliseconds. */
export function momentNear(moments: readonly Moment[], time: number, reach: number): Moment | null {
  let nearest: Moment | null = null;
  for (const moment of moments) {
    const distance = Math.abs(moment.time - time);
    if (distance <= reach && (!nearest || distance < Math.abs(nearest.time - time))) nearest = moment;
  }
  return nearest;
}
