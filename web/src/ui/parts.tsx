import type { ComponentChildren } from "preact";
import type { Figure } from "../format";
import type { Mark } from "../model/status";

export const STATUS_NAMES: Record<Mark, string> = {
  crit: "Critical",
  warn: "Warning",
  none: "No data",
  ok: "OK",
  info: "Info",
};

const STATUS_WORDS: Record<Mark, string> = { ...STATUS_NAMES, crit: "Crit", warn: "Warn" };

/**
 * A status as shape, colour and text, so that it reads without any one of
 * them: octagon, triangle, dashed ring, disc, and a letter i for information. Where there is no room for the
 * text, it remains for screen readers. A name says more than the status itself.
 */
export function StatusMark(props: { status: Mark; text?: "short" | "long"; name?: string | undefined }) {
  const { status, text, name } = props;
  const words = text === "short" ? STATUS_WORDS : STATUS_NAMES;
  return (
    <span class={`status ${status}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <StatusShape status={status} />
      </svg>
      <span class={text ? "status-text" : "unseen"}>{name ?? words[status]}</span>
    </span>
  );
}

function StatusShape({ status }: { status: Mark }) {
  switch (status) {
    case "ok":
      return <circle class="shape" cx="8" cy="8" r="4" />;
    case "none":
      return <circle class="ring" cx="8" cy="8" r="4.5" />;
    case "info":
      return (
        <>
          <circle class="shape" cx="8" cy="8" r="7.2" />
          <path class="sign" d="M8 7v5M8 3.8v1.6" />
        </>
      );
    case "warn":
      return (
        <>
          <path class="shape" d="M8 1.6 15.2 14.2H.8z" />
          <path class="sign" d="M8 6v4M8 11.4v1.4" />
        </>
      );
    case "crit":
      return (
        <>
          <path class="shape" d="M5 .9h6L15.1 5v6L11 15.1H5L.9 11V5z" />
          <path class="sign" d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" />
        </>
      );
  }
}

/** A figure with its unit in a quieter colour. */
export function FigureText({ figure }: { figure: Figure }) {
  return (
    <span class="figure">
      {figure.text}
      {figure.unit && <span class="unit">{figure.unit}</span>}
    </span>
  );
}

/** Method and path. They are label values: whatever they hold, they are text. */
export function EndpointName({ method, path }: { method: string; path: string }) {
  return (
    <>
      <span class="method">{method}</span>
      <span class="path">{path}</span>
    </>
  );
}

export interface Segment<T> {
  value: T;
  label: ComponentChildren;
  title?: string; // where the label is no text
}

/** A choice of one out of a few, side by side. */
export function Segments<T extends string>(props: {
  label: string;
  class?: string;
  value: T | null;
  options: readonly Segment<T>[];
  onPick: (value: T) => void;
}) {
  return (
    <div class={`segments ${props.class ?? ""}`} role="group" aria-label={props.label}>
      {props.options.map(({ value, label, title }) => (
        <button
          type="button"
          key={value}
          title={title}
          aria-label={title}
          aria-pressed={value === props.value}
          onClick={() => props.onPick(value)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

/** What stands where there is nothing to show: why, and what to do next. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <b>{title}</b>
      {children}
    </div>
  );
}
