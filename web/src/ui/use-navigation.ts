import { useState } from "preact/hooks";
import type { Viewport } from "./use-viewport";

/** A row that stays the same wherever it moves to. */
export interface Keyed {
  readonly key: string;
}

export interface Navigation<T> {
  /** The row that the keyboard is at; -1 for none. */
  activeIndex: number;
  pick: (row: T) => void;
  onFocus: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** Moving through rows of one height by keyboard, and picking one by keyboard or mouse. */
export function useNavigation<T extends Keyed>(
  rows: readonly T[],
  rowHeight: number,
  viewport: Viewport,
  onPick: (row: T) => void,
): Navigation<T> {
  // A key, not an index: rows move under it.
  const [active, setActive] = useState("");
  const activeIndex = rows.findIndex((row) => row.key === active);
  const pick = (row: T) => {
    setActive(row.key);
    onPick(row);
  };
  const moveTo = (index: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, index));
    setActive(rows[to]?.key ?? "");
    viewport.reveal(to * rowHeight, rowHeight);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(viewport.height / rowHeight) - 1);
    const target = keyTarget(event.key, activeIndex, page, rows.length);
    const row = rows[activeIndex];
    // Enter and Space on a button of the head are the button's own.
    const onGrid = event.target === event.currentTarget;
    if (target !== null) moveTo(target);
    else if ((event.key === "Enter" || event.key === " ") && onGrid && row) pick(row);
    else return;
    event.preventDefault();
  };
  const onFocus = () => {
    if (active === "") setActive(rows[0]?.key ?? "");
  };
  return { activeIndex, pick, onFocus, onKeyDown };
}

/** Where a key leads from the active row; null for keys that lead nowhere. */
function keyTarget(key: string, active: number, page: number, length: number): number | null {
  switch (key) {
    case "ArrowDown":
      return active + 1;
    case "ArrowUp":
      return active - 1;
    case "PageDown":
      return active + page;
    case "PageUp":
      return active - page;
    case "Home":
      return 0;
    case "End":
      return length - 1;
    default:
      return null;
  }
}
