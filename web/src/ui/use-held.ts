import { useState } from "preact/hooks";

export interface Held<T> {
  rows: readonly T[];
  hold: () => void;
  release: () => void;
}

/**
 * Keeps a list of rows as it is between hold and release. Another view, told
 * by its key, ends the hold: who sorts or filters wants to see the result.
 * Held rows show what they hold: new figures only if they change in place.
 */
export function useHeld<T>(current: readonly T[], view: string): Held<T> {
  const [held, setHeld] = useState<{ rows: readonly T[]; view: string } | null>(null);
  const rows = held?.view === view ? held.rows : current;
  return {
    rows,
    hold: () => setHeld({ rows, view }),
    release: () => setHeld(null),
  };
}
