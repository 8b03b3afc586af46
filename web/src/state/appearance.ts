import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import { theme } from "./preferences";

/** Whether a media query holds, as a signal. */
export function matches(query: string): ReadonlySignal<boolean> {
  const list = matchMedia(query);
  const holds = signal(list.matches);
  list.addEventListener("change", () => {
    holds.value = list.matches;
  });
  return holds;
}

export const isPhone = matches("(max-width: 720px)");
const systemIsDark = matches("(prefers-color-scheme: dark)");

/** The theme that shows, for what CSS does not reach: canvases. */
export const isDark = computed(() => (theme.value === "system" ? systemIsDark.value : theme.value === "dark"));

effect(() => {
  if (theme.value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
});
