import { times } from "../format";
import type { DroppedTarget, DroppedTargetList, TargetStatus } from "../protocol";
import { URGENCY, type Status } from "./status";

/** What statuses are called where they are those of targets. */
export const TARGET_STATUS_NAMES: Record<Status, string> = { crit: "Down", warn: "Warning", none: "Not yet", ok: "Up" };

/** A target with warnings is up: what it exposes is used, though not all of it. */
export function targetStatus({ health, warnings }: Pick<TargetStatus, "health" | "warnings">): Status {
  switch (health) {
    case "down":
      return "crit";
    case "unknown":
      return "none";
    case "up":
      return warnings.length > 0 ? "warn" : "ok";
  }
}

export type Tally = Record<Status, number>;

export function tally(targets: readonly TargetStatus[]): Tally {
  const counts: Tally = { crit: 0, warn: 0, none: 0, ok: 0 };
  for (const target of targets) counts[targetStatus(target)]++;
  return counts;
}

/** "12 up, 1 warning, 2 down", without what there is none of. */
export function tallyText(counts: Tally): string {
  const { ok, warn, none, crit } = counts;
  const parts = [ok && `${ok} up`, warn && times(warn, "warning"), none && `${none} not yet scraped`, crit && `${crit} down`];
  return parts.filter(Boolean).join(", ");
}

/** What one line of the list shows. The key is the line's own wherever it moves to. */
export type Item = PoolItem | TargetItem | DroppedItem;

export interface PoolItem {
  kind: "pool";
  key: string;
  pool: string;
  counts: Tally; // of all its targets, shown or not
  dropped: number;
  open: boolean;
}

export interface TargetItem {
  kind: "target";
  key: string;
  target: TargetStatus;
  status: Status;
}

export interface DroppedItem {
  kind: "dropped";
  key: string;
  pool: string;
  count: number; // of those that match the filter, if there is one
}

export interface TargetView {
  filter: string;
  statuses: readonly Status[]; // empty shows all
  closed: ReadonlySet<string>; // pools; a filter looks into them, too
}

interface Pool {
  name: string;
  targets: TargetStatus[];
  dropped: DroppedTarget[]; // those that redpoll keeps
  droppedCount: number;
}

/**
 * The lines of the list: each pool with its targets and, last, with how many
 * were dropped. Pools and targets in trouble come first.
 */
export function listTargets(
  targets: readonly TargetStatus[],
  dropped: DroppedTargetList | null,
  { filter, statuses, closed }: TargetView,
): Item[] {
  const words = wordsOf(filter);
  const shows = (target: TargetStatus) =>
    (statuses.length === 0 || statuses.includes(targetStatus(target))) && containsAll(targetText(target), words);
  const filtered = words.length > 0 || statuses.length > 0;
  return poolsOf(targets, dropped).flatMap((pool) => {
    const shown = pool.targets.filter(shows);
    const count = statuses.length > 0 ? 0 : droppedIn(pool, filter);
    if (filtered && shown.length === 0 && count === 0) return [];
    const head = poolItem(pool, filtered || !closed.has(pool.name));
    return head.open ? [head, ...shown.sort(byUrgency).map(targetItem), ...droppedItem(pool.name, count)] : [head];
  });
}

/** Words are looked for in those that redpoll keeps; all count without words. */
function droppedIn({ dropped, droppedCount }: Pool, filter: string): number {
  return wordsOf(filter).length > 0 ? matchingDropped(dropped, filter).length : droppedCount;
}

function poolsOf(targets: readonly TargetStatus[], dropped: DroppedTargetList | null): Pool[] {
  const pools = new Map<string, Pool>();
  const find = (name: string): Pool => {
    const pool = pools.get(name) ?? { name, targets: [], dropped: [], droppedCount: 0 };
    pools.set(name, pool);
    return pool;
  };
  for (const target of targets) find(target.pool).targets.push(target);
  for (const target of dropped?.targets ?? []) find(target.pool).dropped.push(target);
  for (const [name, count] of Object.entries(dropped?.counts ?? {})) find(name).droppedCount = count;
  return [...pools.values()].sort((a, b) => worst(b.targets) - worst(a.targets) || compareText(a.name, b.name));
}

function worst(targets: readonly TargetStatus[]): number {
  return targets.reduce((most, target) => Math.max(most, URGENCY[targetStatus(target)]), 0);
}

function byUrgency(a: TargetStatus, b: TargetStatus): number {
  return URGENCY[targetStatus(b)] - URGENCY[targetStatus(a)] || compareText(a.instance, b.instance) || compareText(a.url, b.url);
}

/** Numbers in names count as numbers: 10.0.0.9 stands before 10.0.0.10. */
const compareText = new Intl.Collator("en", { numeric: true }).compare;

function poolItem({ name, targets, droppedCount }: Pool, open: boolean): PoolItem {
  return { kind: "pool", key: `pool ${name}`, pool: name, counts: tally(targets), dropped: droppedCount, open };
}

function targetItem(target: TargetStatus): TargetItem {
  return { kind: "target", key: `target ${target.id}`, target, status: targetStatus(target) };
}

function droppedItem(pool: string, count: number): DroppedItem[] {
  return count === 0 ? [] : [{ kind: "dropped", key: `dropped ${pool}`, pool, count }];
}

/** The dropped targets in whose pool and labels every word of the filter occurs. */
export function matchingDropped(dropped: readonly DroppedTarget[], filter: string): DroppedTarget[] {
  const words = wordsOf(filter);
  return dropped.filter(({ pool, discovered }) => containsAll(`${pool} ${labelsText(discovered)}`, words));
}

function wordsOf(filter: string): string[] {
  return filter.toLowerCase().split(/\s+/).filter(Boolean);
}

function containsAll(text: string, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const haystack = text.toLowerCase();
  return words.every((word) => haystack.includes(word));
}

/** Where the words of a filter are looked for. */
function targetText({ pool, url, labels }: TargetStatus): string {
  return `${pool} ${url} ${labelsText(labels)}`;
}

function labelsText(labels: Record<string, string>): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(" ");
}

/** What is most worth knowing of a target, in one line. */
export interface Summary {
  mark: "crit" | "warn" | "none";
  text: string;
}

export function summaryOf(target: TargetStatus): Summary {
  const { error, warnings, skipped, skippedReason, recognised, advice, health } = target;
  if (error) return { mark: "crit", text: error };
  if (warnings[0]) return { mark: "warn", text: withMore(warnings[0], warnings.length - 1) };
  if (skipped > 0) return { mark: "warn", text: `${times(skipped, "sample")} skipped: ${skippedReason}` };
  if (health === "unknown") return { mark: "none", text: "waits for its first scrape" };
  if (recognised.length === 0 && advice[0]) return { mark: "warn", text: withMore(advice[0].text, advice.length - 1) };
  const toMend = advice.length > 0 && `${times(advice.length, "thing")} to mend`;
  return { mark: "none", text: [recognisedText(target), toMend].filter(Boolean).join(" · ") };
}

function withMore(text: string, more: number): string {
  return more > 0 ? `${text} (and ${more} more)` : text;
}

function recognisedText({ recognised }: TargetStatus): string {
  const [first] = recognised;
  if (!first) return "no endpoints";
  const endpoints = recognised.reduce((sum, one) => sum + one.endpoints, 0);
  const from = recognised.length > 1 ? `${recognised.length} families` : first.family;
  return `${times(endpoints, "endpoint")} from ${from}`;
}
