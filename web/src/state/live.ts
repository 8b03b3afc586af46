import { batch, computed, effect, signal } from "@preact/signals";
import { fetchTrend, streamURL } from "../api";
import {
  activeFrom, byUrgency, firingByEndpoint, isDismissed, isPressing, withTransitions, type ActiveAlerts,
} from "../model/alerts";
import { Board } from "../model/board";
import { withMarks } from "../model/marks";
import { assertNever, type Mark, type ServerMessage } from "../protocol";
import { Stream, type Connection } from "../stream";
import { dismissals, thresholds } from "./preferences";

/**
 * The figures of all endpoints. The board changes in place, because a new one
 * for thousands of rows every few seconds would only feed the collector; read
 * `revision` to be rendered again when it has changed.
 */
export const board = new Board();
export const revision = signal(0);

export const connection = signal<Connection>({ state: "connecting" });
/** When the last figures came in by this browser's clock; 0 before the first. */
export const receivedAt = signal(0);
/** This browser's clock, once a second while somebody looks. */
export const now = signal(Date.now());
/** The last thing that redpoll or the stream complained about. */
export const notice = signal("");

export const activeAlerts = signal<ActiveAlerts>(new Map());
/** The newest restarts and deploys that the stream has told of, oldest first. */
export const liveMarks = signal<readonly Mark[]>([]);
const firing = computed(() => firingByEndpoint(activeAlerts.value));

/** What calls for somebody and was not dismissed in this browser, most urgent first. */
export const pressingAlerts = computed(() =>
  [...activeAlerts.value.values()]
    .filter((alert) => isPressing(alert) && !isDismissed(alert, dismissals.value))
    .sort(byUrgency),
);
/** Those of them that fire now. */
export const shownAlerts = computed(() => pressingAlerts.value.filter(({ state }) => state === "firing"));

effect(() => {
  board.judge(thresholds.value, firing.value);
  revision.value = revision.peek() + 1;
});

const stream = new Stream({
  open: () => new WebSocket(streamURL()),
  onMessage: receive,
  onConnection: (state) => {
    connection.value = state;
    now.value = Date.now();
  },
  onFault: (what) => {
    notice.value = what;
  },
});

/** Connects, and keeps connected as long as the page lives. */
export function goLive(): void {
  stream.start();
  addEventListener("online", () => stream.wake());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    now.value = Date.now();
    stream.wake();
  });
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, 1000);
}

export function retryNow(): void {
  stream.retryNow();
}

function receive(message: ServerMessage): void {
  switch (message.type) {
    case "snapshot":
      take(message, activeFrom(message.alerts ?? []));
      void warmUp();
      break;
    case "update":
      take(message, withTransitions(activeAlerts.peek(), message.alerts ?? []));
      break;
    case "error":
      notice.value = message.error;
      break;
    default:
      assertNever(message);
  }
}

function take({ data }: Exclude<ServerMessage, { type: "error" }>, alerts: ActiveAlerts): void {
  batch(() => {
    activeAlerts.value = alerts;
    liveMarks.value = withMarks(liveMarks.peek(), data.marks);
    board.apply(data, thresholds.peek(), firing.value);
    receivedAt.value = now.value = Date.now();
    revision.value = revision.peek() + 1;
  });
}

/** Sparklines start with what redpoll remembers; without it they fill up live. */
async function warmUp(): Promise<void> {
  const trend = await fetchTrend().catch(() => null);
  if (!trend) return;
  board.loadTrend(trend);
  revision.value = revision.peek() + 1;
}
