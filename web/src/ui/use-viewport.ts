import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** What of a scrolling element is in sight, in pixels. */
export interface Viewport {
  ref: RefObject<HTMLDivElement | null>;
  onScroll: () => void;
  top: number;
  height: number;
  /** Scrolls no further than needed to show a row. */
  reveal: (rowTop: number, rowHeight: number) => void;
}

/** Follows an element whose first pixels are covered by a sticky head. */
export function useViewport(head: number): Viewport {
  const ref = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setHeight(element.clientHeight);
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  const reveal = (rowTop: number, rowHeight: number) => {
    const element = ref.current;
    if (!element) return;
    const room = element.clientHeight - head;
    if (rowTop < element.scrollTop) element.scrollTop = rowTop;
    else if (rowTop + rowHeight > element.scrollTop + room) element.scrollTop = rowTop + rowHeight - room;
  };
  return { ref, onScroll: () => setTop(ref.current?.scrollTop ?? 0), top, height, reveal };
}
