import type {
  Alert, AlertList, ApiError, DroppedTargetList, History, InstanceList, Mark, MarkList, Rule, TargetStatus, Trend,
} from "./protocol";
import type { EndpointKey } from "./model/endpoint";

/** A request that redpoll answered with an error, or that never reached it. */
export class RequestFailed extends Error {}

type Query = Record<string, string | number>;

/** Asks redpoll's API. Throws RequestFailed with words for the reader. */
async function ask(path: string, query: Query, signal?: AbortSignal): Promise<Response> {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  const response = await fetch(url, { signal: signal ?? null }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new RequestFailed("redpoll cannot be reached");
  });
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => null);
  throw new RequestFailed(errorText(body) ?? `redpoll answered ${response.status}`);
}

async function get<T>(path: string, query: Query, signal?: AbortSignal): Promise<T> {
  const response = await ask(path, query, signal);
  const body: unknown = await response.json().catch(() => null);
  if (body === null) throw new RequestFailed("redpoll's answer was not JSON");
  return body as T;
}

function errorText(body: unknown): string | null {
  const text = (body as ApiError | null)?.error;
  return typeof text === "string" ? text : null;
}

function keyQuery({ job, method, path }: EndpointKey): Query {
  return { job, method, path };
}

export interface Stretch {
  start: number; // Unix ms
  end: number;
}

export function fetchHistory(key: EndpointKey, stretch: Stretch, step: number, signal: AbortSignal): Promise<History> {
  return get<History>("api/history", { ...keyQuery(key), ...stretch, step }, signal);
}

/** The alerts that were active at the endpoint at some time of the stretch. */
export async function fetchEndpointAlerts(key: EndpointKey, stretch: Stretch, signal: AbortSignal): Promise<Alert[]> {
  const list = await get<AlertList>("api/alerts", { ...keyQuery(key), ...stretch, limit: 500 }, signal);
  return list.alerts;
}

/** What happened to the job's targets in the stretch. */
export async function fetchMarks(job: string, stretch: Stretch, signal: AbortSignal): Promise<Mark[]> {
  const list = await get<MarkList>("api/marks", { job, ...stretch, limit: 500 }, signal);
  return list.marks;
}

/** The endpoint's current figures, each instance by itself. */
export function fetchInstances(key: EndpointKey, signal: AbortSignal): Promise<InstanceList> {
  return get<InstanceList>("api/instances", keyQuery(key), signal);
}

/** One page of all alerts, newest first; `before` continues a page before it. */
export function fetchAlertHistory(before: string, signal: AbortSignal): Promise<AlertList> {
  return get<AlertList>("api/alerts", before ? { limit: 100, before } : { limit: 100 }, signal);
}

export function fetchTrend(): Promise<Trend> {
  return get<Trend>("api/trend", {});
}

export function fetchTargets(signal: AbortSignal): Promise<TargetStatus[]> {
  return get<TargetStatus[]>("api/targets", {}, signal);
}

export function fetchDropped(signal: AbortSignal): Promise<DroppedTargetList> {
  return get<DroppedTargetList>("api/targets/dropped", {}, signal);
}

export interface Exposition {
  text: string;
  truncated: boolean; // redpoll sends no more than 4 MiB
}

/** What a target exposes at this moment: redpoll fetches it anew. */
export async function fetchExposition(id: string, signal: AbortSignal): Promise<Exposition> {
  const response = await ask(`api/targets/${encodeURIComponent(id)}/exposition`, {}, signal);
  const truncated = response.headers.get("X-Redpoll-Truncated") === "true";
  const text = await response.text().catch((cause: unknown) => {
    if (signal.aborted) throw cause;
    throw new RequestFailed("redpoll's answer broke off");
  });
  return { text, truncated };
}

export function fetchRules(signal: AbortSignal): Promise<Rule[]> {
  return get<Rule[]>("api/rules", {}, signal);
}

/** The stream's address on the same host; wss where the page came by https. */
export function streamURL(): string {
  const url = new URL("metrics", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
