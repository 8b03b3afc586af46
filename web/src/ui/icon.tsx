// Line icons on a grid of 16, drawn in the colour of the text around them.

const PATHS = {
  close: "M4 4l8 8M12 4l-8 8",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8 14 14",
  check: "M3 8.5l3.2 3.2L13 5",
  undo: "M6 4 3 7l3 3M3 7h6.5a3.5 3.5 0 0 1 0 7H7",
  back: "M9.5 3.5 5 8l4.5 4.5",
  system: "M2 3h12v8H2zM6 14h4M8 11v3",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.2v1.6M8 13.2v1.6M1.2 8h1.6M13.2 8h1.6M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M12.8 3.2l-1.1 1.1M4.3 11.7l-1.1 1.1",
  moon: "M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3z",
  endpoints: "M2 4h12M2 8h12M2 12h12",
  alerts: "M4 11V7a4 4 0 0 1 8 0v4l1 1.5H3zM6.8 14h2.4",
  targets: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration only: whatever holds it says in words what it means. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A redpoll: buff head, the red cap, a dark bib and a small yellow bill. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <path class="logo-plumage" d="M2.5 31c0-6.5 1.3-11 3.3-15.5C8 10 11.5 5 17.3 5c4.9 0 8.2 3.2 8.7 7.5.4 3.5-.2 6-1.4 8.5 1.3 3 1.9 6.3 1.9 10z" />
      <path class="logo-cap" d="M25.7 10.6C24.6 6.8 21.6 4.5 17.3 4.5c-4 0-7 2.2-9 5.6 3-1.5 5.9-1.7 8.6-1.1 3 .7 5.6 1.8 8.8 1.6z" />
      <path class="logo-bib" d="M26 15.6c0 2-.5 3.7-1.3 5.4-2-.4-3-2.4-2.7-5z" />
      <path class="logo-bill" d="M25.6 11.6 30.5 14l-4.6 2.2z" />
      <circle class="logo-eye" cx="21.2" cy="12.6" r="1.5" />
    </svg>
  );
}
