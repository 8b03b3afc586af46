import { describe, expect, test } from "vitest";
import { oneOf, preference, type PreferenceStore } from "../src/state/preferences";

class FakeStore implements PreferenceStore {
  constructor(readonly held: Record<string, string> = {}) {}
  getItem(key: string): string | null {
    return this.held[key] ?? null;
  }
  setItem(key: string, value: string): void {
    this.held[key] = value;
  }
}

const refusing: PreferenceStore = {
  getItem: () => {
    throw new Error("SecurityError");
  },
  setItem: () => {
    throw new Error("QuotaExceededError");
  },
};

const word = oneOf("light", "dark");
const theme = (store: PreferenceStore | null) => preference<"light" | "dark">(store, "theme", "light", word);

describe("a preference", () => {
  test("is remembered when it changes, and not before", () => {
    const store = new FakeStore();
    const value = theme(store);
    expect(store.held).toEqual({});
    value.value = "dark";
    expect(store.held).toEqual({ "redpoll.theme": '"dark"' });
    expect(theme(store).value).toBe("dark");
  });

  test.each(['"purple"', "{", "null", "12", '["dark"]', ""])("falls back to the default from %s", (text) => {
    expect(theme(new FakeStore({ "redpoll.theme": text })).value).toBe("light");
  });

  test("works without storage, and with one that refuses", () => {
    for (const store of [null, refusing]) {
      const value = theme(store);
      value.value = "dark";
      expect(value.value).toBe("dark");
    }
  });
});
