const OVERSCAN = 4; // rows drawn beyond each edge

/** A row in sight, and which of the reused elements shows it. */
export interface Slot {
  slot: number;
  index: number;
}

/**
 * The rows in sight, all of one height. Each takes the slot of its index modulo
 * the number of slots, so that scrolling refills the elements that left instead
 * of making new ones.
 */
export function slots(viewport: { top: number; height: number }, rowHeight: number, length: number): Slot[] {
  const first = Math.max(0, Math.floor(viewport.top / rowHeight) - OVERSCAN);
  const size = Math.ceil(viewport.height / rowHeight) + 2 * OVERSCAN;
  const last = Math.min(length, first + size);
  return Array.from({ length: Math.max(0, last - first) }, (_, i) => ({ index: first + i, slot: (first + i) % size }));
}

/** The row that an event hit, by the index in its data-index, so that one listener does for all. */
export function rowAt<T>(event: Event, rows: readonly T[]): T | undefined {
  const element = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-index]") : null;
  return element ? rows[Number(element.dataset["index"])] : undefined;
}
