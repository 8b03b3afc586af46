import { backoff } from "./backoff";
import type { ClientMessage, ServerMessage } from "./protocol";

/** How the connection stands. `attempt` counts from 1 since it was lost. */
export type Connection =
  | { state: "connecting" } // for the first time
  | { state: "live" }
  | { state: "waiting"; attempt: number; retryAt: number }
  | { state: "retrying"; attempt: number };

/** The part of a WebSocket that the stream needs. */
export type Socket = Pick<WebSocket, "onmessage" | "onclose" | "readyState" | "send" | "close">;

export interface StreamOptions {
  open: () => Socket;
  onMessage: (message: ServerMessage) => void;
  onConnection: (connection: Connection) => void;
  /** Something arrived that the protocol does not know. */
  onFault: (what: string) => void;
  random?: () => number;
}

const DEFAULT_INTERVAL = 5000; // ms, until a message tells the real one
const SILENT_INTERVALS = 2.5;
const LEAST_PATIENCE = 5000; // ms; a busy network or garbage collector is silent, too
const OPEN = 1; // WebSocket.OPEN

/**
 * Keeps one WebSocket to redpoll open. A lost connection is tried again for
 * ever, see backoff; a connection that stays silent for 2.5 intervals, and 5 s
 * at least, counts as lost: a dead network closes nothing. The connection is live once
 * figures have arrived, not when it opens: a server that accepts and hangs up
 * must not reset the waiting time.
 *
 * A gap in the messages' numbers means that redpoll dropped some for us. Their
 * figures are overtaken anyway, but alert transitions may be lost, so the
 * stream asks for a whole snapshot.
 */
export class Stream {
  #socket: Socket | null = null;
  #live = false;
  #attempt = 0;
  #interval = DEFAULT_INTERVAL;
  #lastSeq: number | null = null;
  #resyncing = false;
  #heardAt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;

  readonly #options: StreamOptions;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.onConnection({ state: "connecting" });
    this.#connect();
  }

  stop(): void {
    this.#dropSocket();
    clearTimeout(this.#retryTimer);
  }

  /** Connects at once instead of waiting any longer. */
  retryNow(): void {
    if (this.#attempt === 0) return;
    this.#options.onConnection({ state: "retrying", attempt: this.#attempt });
    this.#connect();
  }

  /**
   * To be called when the network or the page comes back: timers of a page in
   * the background run late, so a silent connection may not be noticed yet.
   */
  wake(): void {
    if (this.#attempt > 0) {
      this.retryNow();
    } else if (Date.now() - this.#heardAt > this.#patience()) {
      this.#lost();
    }
  }

  #patience(): number {
    return Math.max(LEAST_PATIENCE, this.#interval * SILENT_INTERVALS);
  }

  #connect(): void {
    clearTimeout(this.#retryTimer);
    this.#dropSocket();
    this.#lastSeq = null;
    this.#resyncing = false;
    const socket = this.#options.open();
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = () => this.#lost();
    this.#socket = socket;
    this.#heard();
  }

  #dropSocket(): void {
    clearTimeout(this.#watchdog);
    if (!this.#socket) return;
    this.#socket.onclose = null;
    this.#socket.onmessage = null;
    this.#socket.close();
    this.#socket = null;
  }

  #lost(): void {
    this.#dropSocket();
    clearTimeout(this.#retryTimer);
    this.#live = false;
    this.#attempt++;
    const delay = backoff(this.#attempt, this.#options.random);
    this.#retryTimer = setTimeout(() => this.retryNow(), delay);
    this.#options.onConnection({ state: "waiting", attempt: this.#attempt, retryAt: Date.now() + delay });
  }

  /** Any sign of life starts the watchdog anew. */
  #heard(): void {
    this.#heardAt = Date.now();
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#lost(), this.#patience());
  }

  #receive(data: unknown): void {
    const message = decode(data);
    if (message === null) {
      this.#options.onFault("redpoll sent a message that this page does not understand; reload the page");
    } else if (message.type === "error") {
      this.#options.onMessage(message);
    } else if (!this.#isOvertaken(message)) {
      this.#interval = message.data.interval > 0 ? message.data.interval : DEFAULT_INTERVAL;
      this.#follow(message);
      this.#nowLive();
      this.#options.onMessage(message);
    }
    this.#heard();
  }

  /** An update that was on its way while the snapshot after it was made. */
  #isOvertaken(message: Numbered): boolean {
    return message.type === "update" && this.#lastSeq !== null && message.seq <= this.#lastSeq;
  }

  #follow(message: Numbered): void {
    const gap = message.type === "update" && this.#lastSeq !== message.seq - 1;
    this.#lastSeq = message.seq;
    if (message.type === "snapshot") this.#resyncing = false;
    if (gap && !this.#resyncing) {
      this.#resyncing = true;
      this.#send({ type: "subscribe" });
    }
  }

  #nowLive(): void {
    if (this.#live) return;
    this.#live = true;
    this.#attempt = 0;
    this.#options.onConnection({ state: "live" });
  }

  #send(message: ClientMessage): void {
    if (this.#socket?.readyState === OPEN) this.#socket.send(JSON.stringify(message));
  }
}

type Numbered = Exclude<ServerMessage, { type: "error" }>;

function decode(data: unknown): ServerMessage | null {
  if (typeof data !== "string") return null;
  try {
    const message = JSON.parse(data) as ServerMessage | null;
    return isKnown(message) ? message : null;
  } catch {
    return null;
  }
}

/** The server is ours, so its messages' insides are trusted once the type is known. */
function isKnown(message: ServerMessage | null): message is ServerMessage {
  switch (message?.type) {
    case "snapshot":
    case "update":
      return Array.isArray(message.data?.endpoints);
    case "error":
      return typeof message.error === "string";
    default:
      return false;
  }
}
