import { useState } from "preact/hooks";
import type { Row } from "../model/board";

export interface Held {
  rows: readonly Row[];
  hold: () => void;
  release: () => void;
}

/**
 * Keeps a list of rows as it is between hold and release. Another view, told
 * by its key, ends the hold: who sorts or filters wants to see the result.
 * Rows are objects that change in place, so held rows still show new figures.
 */
export function useHeld(current: readonly Row[], view: string): Held {
  const [held, setHeld] = useState<{ rows: readonly Row[]; view: string } | null>(null);
  const rows = held?.view === view ? held.rows : current;
  return {
    rows,
    hold: () => setHeld({ rows, view }),
    release: () => setHeld(null),
  };
}
