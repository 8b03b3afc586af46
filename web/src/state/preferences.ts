import { effect, signal, type Signal } from "@preact/signals";
import type { Zone } from "../format";
import { parseDismissals, type Dismissals } from "../model/alerts";
import { DEFAULT_THRESHOLDS, parseThresholds, type Thresholds } from "../model/thresholds";

/** Where preferences are kept; localStorage in the running page. */
export type PreferenceStore = Pick<Storage, "getItem" | "setItem">;

/**
 * A signal that this browser remembers. What storage holds is somebody else's
 * word: `parse` returns undefined for anything it does not accept, and the
 * initial value applies. Without storage (private mode, quota) the value lives
 * as long as the page.
 */
export function preference<T>(
  store: PreferenceStore | null,
  name: string,
  initial: T,
  parse: (stored: unknown) => T | undefined,
): Signal<T> {
  const key = `redpoll.${name}`;
  const value = signal(read(store, key, parse) ?? initial);
  let first = true;
  effect(() => {
    const text = JSON.stringify(value.value);
    if (!first) write(store, key, text);
    first = false;
  });
  return value;
}

function read<T>(store: PreferenceStore | null, key: string, parse: (stored: unknown) => T | undefined): T | undefined {
  try {
    return parse(JSON.parse(store?.getItem(key) ?? "null"));
  } catch {
    return undefined; // damaged text, or storage that refuses
  }
}

function write(store: PreferenceStore | null, key: string, text: string): void {
  try {
    store?.setItem(key, text);
  } catch {
    // Full or forbidden: the page works without.
  }
}

/** A parser for one of a few words. */
export function oneOf<T extends string>(...words: readonly T[]): (stored: unknown) => T | undefined {
  return (stored) => words.find((word) => word === stored);
}

/** Even reading the property throws where cookies are blocked. */
function browserStore(): PreferenceStore | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

export type Theme = "system" | "light" | "dark";

const store = browserStore();

export const thresholds = preference<Thresholds>(store, "thresholds", DEFAULT_THRESHOLDS, parseThresholds);
export const dismissals = preference<Dismissals>(store, "dismissed", {}, parseDismissals);
export const theme = preference<Theme>(store, "theme", "system", oneOf<Theme>("system", "light", "dark"));
export const zone = preference<Zone>(store, "zone", "local", oneOf<Zone>("local", "utc"));
