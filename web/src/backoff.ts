const FIRST = 1000; // ms
const CAP = 30_000; // ms

/**
 * How long to wait before the given attempt (1 is the first) to connect again,
 * in milliseconds: at most 1 s before the first, twice as long before each
 * further one, never more than 30 s. Half of it is left to chance, so that a
 * thousand pages do not come back in the same instant after a restart.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const most = Math.min(CAP, FIRST * 2 ** Math.min(attempt - 1, 16));
  return Math.round(most / 2 + random() * (most / 2));
}
