import { useEffect, useState } from "preact/hooks";

export interface Polled<T> {
  value: T | null; // the last good answer
  error: string; // empty unless the last request failed
}

const LEAST_WAIT = 2000; // ms

/** Asks again every so many milliseconds, 2 s at least, while the page is looked at. */
export function usePolled<T>(ask: (signal: AbortSignal) => Promise<T>, every: number): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>({ value: null, error: "" });
  useEffect(() => {
    const abort = new AbortController();
    const once = () =>
      ask(abort.signal).then(
        (value) => setPolled({ value, error: "" }),
        (error: Error) => abort.signal.aborted || setPolled((before) => ({ ...before, error: error.message })),
      );
    const timer = setInterval(() => document.hidden || void once(), Math.max(LEAST_WAIT, every));
    void once();
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [ask, every]);
  return polled;
}
