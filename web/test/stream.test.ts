import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ServerMessage } from "../src/protocol";
import { Stream, type Connection, type Socket } from "../src/stream";
import { message, snapshot } from "./fixtures";

/** A WebSocket that does what the test says. */
class FakeSocket {
  static readonly made: FakeSocket[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readyState = 1;
  closed = false;
  readonly sent: string[] = [];

  constructor() {
    FakeSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.closed = true;
  }

  tell(content: ServerMessage | string): void {
    this.onmessage?.({ data: typeof content === "string" ? content : JSON.stringify(content) });
  }

  hangUp(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

let stream: Stream;
let connections: Connection[];
let messages: ServerMessage[];
let faults: string[];

const socket = () => FakeSocket.made.at(-1)!;
const connection = () => connections.at(-1);
const sockets = () => FakeSocket.made.length;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  FakeSocket.made.length = 0;
  [connections, messages, faults] = [[], [], []];
  stream = new Stream({
    open: () => new FakeSocket() as unknown as Socket,
    onMessage: (got) => messages.push(got),
    onConnection: (state) => connections.push(state),
    onFault: (what) => faults.push(what),
    random: () => 1,
  });
  stream.start();
});

afterEach(() => {
  stream.stop();
  vi.useRealTimers();
});

describe("connecting", () => {
  test("is live once figures have arrived", () => {
    expect(connection()).toEqual({ state: "connecting" });
    socket().tell(message("snapshot", 1));
    expect(connection()).toEqual({ state: "live" });
    expect(messages).toHaveLength(1);
  });

  test("an error message alone does not make it live", () => {
    socket().tell({ type: "error", timestamp: 1, error: "too many clients" });
    expect(connection()).toEqual({ state: "connecting" });
    expect(messages.map((got) => got.type)).toEqual(["error"]);
  });
});

describe("a lost connection", () => {
  test("is tried again with doubling waits, for ever, even if it opens and closes again", () => {
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 8; attempt++) {
      socket().hangUp();
      const waiting = connection();
      if (waiting?.state !== "waiting") throw new Error("not waiting");
      expect(waiting.attempt).toBe(attempt);
      waits.push(waiting.retryAt - Date.now());
      vi.advanceTimersByTime(waiting.retryAt - Date.now());
      expect(connection()).toEqual({ state: "retrying", attempt });
      expect(sockets()).toBe(attempt + 1);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test("starts over with short waits after it was live again", () => {
    socket().hangUp();
    vi.advanceTimersByTime(1000);
    socket().hangUp();
    vi.advanceTimersByTime(2000);
    socket().tell(message("snapshot", 9));
    expect(connection()).toEqual({ state: "live" });
    socket().hangUp();
    expect(connection()).toEqual({ state: "waiting", attempt: 1, retryAt: Date.now() + 1000 });
  });

  test("is tried at once on demand, and the timer does not try a second time", () => {
    socket().hangUp();
    stream.retryNow();
    expect(sockets()).toBe(2);
    vi.advanceTimersByTime(5000);
    expect(sockets()).toBe(2);
  });

  test("is tried at once when the network or the page is back", () => {
    socket().hangUp();
    stream.wake();
    expect(sockets()).toBe(2);
  });

  test("an old socket has no say any more", () => {
    const old = socket();
    const hangUpLate = old.onclose;
    old.hangUp();
    vi.advanceTimersByTime(1000);
    socket().tell(message("snapshot", 1));
    expect(old.onclose).toBeNull();
    expect(hangUpLate).not.toBeNull();
    old.tell(message("update", 2));
    expect(messages).toHaveLength(1);
    expect(connection()).toEqual({ state: "live" });
  });
});

describe("a silent connection", () => {
  test.each([
    ["after two and a half intervals of what redpoll says", 10_000, 25_000],
    ["not before five seconds, however short the intervals", 100, 5000],
  ])("is given up %s", (_, interval, patience) => {
    socket().tell(message("snapshot", 1, { ...snapshot(1, []), interval }));
    vi.advanceTimersByTime(patience - 1);
    expect(connection()).toEqual({ state: "live" });
    vi.advanceTimersByTime(1);
    expect(connection()).toMatchObject({ state: "waiting", attempt: 1 });
    expect(socket().closed).toBe(true);
  });

  test("is given up while connecting, too", () => {
    vi.advanceTimersByTime(12_500);
    expect(connection()).toMatchObject({ state: "waiting", attempt: 1 });
  });

  test("any message is a sign of life", () => {
    socket().tell(message("snapshot", 1));
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(12_000);
      socket().tell({ type: "error", timestamp: 1, error: "slow down" });
    }
    expect(connection()).toEqual({ state: "live" });
  });

  test("is noticed when the page comes back, however late its timers run", () => {
    socket().tell(message("snapshot", 1));
    vi.setSystemTime(Date.now() + 60_000);
    stream.wake();
    expect(connection()).toMatchObject({ state: "waiting" });
  });

  test("coming back to a page whose figures are fresh changes nothing", () => {
    socket().tell(message("snapshot", 1));
    vi.setSystemTime(Date.now() + 6000);
    stream.wake();
    expect(sockets()).toBe(1);
    expect(connection()).toEqual({ state: "live" });
  });
});

describe("numbers of messages", () => {
  test("a gap asks for a snapshot, once", () => {
    socket().tell(message("snapshot", 1));
    socket().tell(message("update", 2));
    expect(socket().sent).toEqual([]);
    socket().tell(message("update", 4));
    socket().tell(message("update", 6));
    expect(socket().sent).toEqual(['{"type":"subscribe"}']);
    socket().tell(message("snapshot", 7));
    socket().tell(message("update", 8));
    expect(socket().sent).toHaveLength(1);
    socket().tell(message("update", 10));
    expect(socket().sent).toHaveLength(2);
  });

  test("an update that a snapshot has overtaken is left out", () => {
    socket().tell(message("snapshot", 5));
    socket().tell(message("update", 5));
    socket().tell(message("update", 4));
    expect(messages).toHaveLength(1);
    expect(socket().sent).toEqual([]);
  });

  test("start anew with every connection", () => {
    socket().tell(message("snapshot", 500));
    socket().hangUp();
    vi.advanceTimersByTime(1000);
    socket().tell(message("snapshot", 1));
    socket().tell(message("update", 2));
    expect(messages).toHaveLength(3);
    expect(socket().sent).toEqual([]);
  });
});

describe("messages that nobody knows", () => {
  test.each(["{", "null", "[]", '"text"', '{"type":"hello"}', '{"type":"update","seq":1}'])(
    "%s is reported and changes nothing",
    (text) => {
      socket().tell(message("snapshot", 1));
      socket().tell(text);
      expect(faults).toHaveLength(1);
      expect(messages).toHaveLength(1);
      expect(connection()).toEqual({ state: "live" });
    },
  );
});

test("stopping ends it", () => {
  socket().hangUp();
  stream.stop();
  vi.advanceTimersByTime(120_000);
  expect(sockets()).toBe(1);
});
