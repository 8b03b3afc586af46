import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** For a panel beside a list: who closes it from inside goes on in the list, not at the top of the page. */
export function useFocusBack(): RefObject<HTMLElement | null> {
  const panel = useRef<HTMLElement>(null);
  useLayoutEffect(() => () => {
    if (panel.current?.contains(document.activeElement)) document.querySelector<HTMLElement>(".table")?.focus();
  }, []);
  return panel;
}
