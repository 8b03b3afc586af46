import { useEffect, useState } from "preact/hooks";
import { fetchAlertHistory } from "../api";
import type { Alert, AlertList } from "../protocol";
import { activeAlerts } from "../state/live";

export interface AlertHistory {
  alerts: readonly Alert[] | null; // null until the first answer
  error: string; // empty unless the last request failed
  more: (() => void) | null; // gets the next page; null on the last one
}

/**
 * The alerts that redpoll keeps, newest first. The first page is asked for
 * again whenever an active alert changes; pages behind it do not change.
 */
export function useAlertHistory(): AlertHistory {
  const [pages, setPages] = useState<AlertList | null>(null);
  const [error, setError] = useState("");
  const load = async (before: string, signal: AbortSignal) => {
    try {
      const page = await fetchAlertHistory(before, signal);
      setPages((known) => (known ? joined(known, page, before) : page));
      setError("");
    } catch (failure) {
      if (!signal.aborted) setError((failure as Error).message);
    }
  };
  useEffect(() => {
    const abort = new AbortController();
    void load("", abort.signal);
    return () => abort.abort();
  }, [activeAlerts.value]);
  const next = pages?.next;
  return {
    alerts: pages?.alerts ?? null,
    error,
    more: next ? () => void load(next, new AbortController().signal) : null,
  };
}

/**
 * Adds a page to those known; later answers win. Ids are UUIDv7, so their
 * order is the order of time. Asking for the first page again does not change
 * which page comes after the last one known.
 */
function joined(known: AlertList, page: AlertList, before: string): AlertList {
  const byID = new Map([...known.alerts, ...page.alerts].map((alert) => [alert.id, alert]));
  return {
    alerts: [...byID.values()].sort((a, b) => (a.id < b.id ? 1 : -1)),
    next: before === "" ? known.next : page.next,
  };
}
