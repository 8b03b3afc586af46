import { useLayoutEffect, useRef } from "preact/hooks";
import type { Status } from "../model/status";
import { Icon } from "./icon";
import { StatusMark } from "./parts";

const CHIPS: readonly Status[] = ["crit", "warn", "ok", "none"];

interface Props {
  /** What is filtered, and where the words are looked for. */
  label: string;
  placeholder: string;
  filter: string;
  statuses: readonly Status[];
  /** What the statuses are called here, and how many have each. */
  names: Record<Status, string>;
  counts: Record<Status, number>;
  onFilter: (filter: string) => void;
  onStatuses: (statuses: readonly Status[]) => void;
}

/** Narrows a list down, by words and by status. */
export function Filters(props: Props) {
  return (
    <div class="filters">
      <SearchBox {...props} />
      <div class="chips" role="group" aria-label="Show only">
        {CHIPS.map((status) => <Chip key={status} status={status} {...props} />)}
      </div>
    </div>
  );
}

function SearchBox({ label, placeholder, filter, onFilter }: Props) {
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
    onFilter("");
    input.current?.blur();
  };
  return (
    <label class="search">
      <Icon name="search" />
      <span class="unseen">{label}</span>
      <input
        ref={input}
        type="search"
        placeholder={placeholder}
        value={filter}
        onInput={(event) => onFilter(event.currentTarget.value)}
        onKeyDown={leave}
      />
      <kbd>/</kbd>
    </label>
  );
}

function isTyping(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest("input, textarea") !== null;
}

function Chip({ status, statuses, names, counts, onStatuses }: Props & { status: Status }) {
  const on = statuses.includes(status);
  const toggle = () => onStatuses(on ? statuses.filter((other) => other !== status) : [...statuses, status]);
  return (
    <button type="button" class="chip" aria-pressed={on} title={names[status]} onClick={toggle}>
      <StatusMark status={status} text="long" name={names[status]} />
      <b class="figure">{counts[status]}</b>
    </button>
  );
}
