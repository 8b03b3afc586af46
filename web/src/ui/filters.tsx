import { useLayoutEffect, useRef } from "preact/hooks";
import type { Status } from "../model/status";
import { board, revision } from "../state/live";
import { adjust, route } from "../state/navigation";
import { Icon } from "./icon";
import { STATUS_NAMES, StatusMark } from "./parts";

const CHIPS: readonly Status[] = ["crit", "warn", "ok", "none"];

/** Narrows the table down, by words and by status. */
export function Filters() {
  return (
    <div class="filters">
      <SearchBox />
      <div class="chips" role="group" aria-label="Show only">
        {CHIPS.map((status) => <Chip key={status} status={status} />)}
      </div>
    </div>
  );
}

function SearchBox() {
  const input = useRef<HTMLInputElement>(null);
  // Not useEffect, which waits for a frame: who types fast is already typing.
  useLayoutEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key !== "/" || isTyping(event)) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, []);
  const leave = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    adjust({ filter: "" });
    input.current?.blur();
  };
  return (
    <label class="search">
      <Icon name="search" />
      <span class="unseen">Filter endpoints</span>
      <input
        ref={input}
        type="search"
        placeholder="Filter by job, method or path"
        value={route.value.filter}
        onInput={(event) => adjust({ filter: event.currentTarget.value })}
        onKeyDown={leave}
      />
      <kbd>/</kbd>
    </label>
  );
}

function isTyping(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest("input, textarea") !== null;
}

function Chip({ status }: { status: Status }) {
  void revision.value;
  const { statuses } = route.value;
  const on = statuses.includes(status);
  const toggle = () =>
    adjust({ statuses: on ? statuses.filter((other) => other !== status) : [...statuses, status] });
  return (
    <button type="button" class="chip" aria-pressed={on} title={STATUS_NAMES[status]} onClick={toggle}>
      <StatusMark status={status} text="long" />
      <b class="figure">{board.tally.counts[status]}</b>
    </button>
  );
}
