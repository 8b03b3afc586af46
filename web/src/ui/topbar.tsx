import type { ComponentChildren } from "preact";
import { clock, zoneName, type Zone } from "../format";
import { NOTHING_OPEN, type Page, type Route } from "../model/route";
import { severityMark } from "../model/status";
import { assertNever } from "../protocol";
import { board, connection, now, pressingAlerts, revision } from "../state/live";
import { route, urlOf, visit } from "../state/navigation";
import { theme, zone, type Theme } from "../state/preferences";
import { Icon, Logo, type IconName } from "./icon";
import { Segments } from "./parts";

const PAGES: readonly { page: Page; title: string; icon: IconName }[] = [
  { page: "endpoints", title: "Endpoints", icon: "endpoints" },
  { page: "alerts", title: "Alerts", icon: "alerts" },
  { page: "targets", title: "Targets", icon: "targets" },
];

export function TopBar() {
  const home: Partial<Route> = { page: "endpoints", ...NOTHING_OPEN, filter: "", statuses: [] };
  return (
    <header class="topbar">
      <PageLink class="brand" to={home}>
        <Logo />
        redpoll
      </PageLink>
      <Tabs class="tabs" label="Pages" />
      <span class="spring" />
      <ZonePicker />
      <ThemePicker />
      <LivePill />
    </header>
  );
}

/** The pages; at the top of a screen, at the bottom of a phone. */
export function Tabs(props: { class: string; label: string }) {
  const alerts = pressingAlerts.value;
  return (
    <nav class={props.class} aria-label={props.label}>
      {PAGES.map(({ page, title, icon }) => (
        <PageLink key={page} to={{ page, ...NOTHING_OPEN }} current={route.value.page === page}>
          <Icon name={icon} />
          {title}
          {page === "alerts" && alerts[0] && (
            <span class={`badge ${severityMark(alerts[0].severity)}`}>{alerts.length}</span>
          )}
        </PageLink>
      ))}
    </nav>
  );
}

/** A link that changes the page in place, and opens a new one where asked to. */
function PageLink(props: {
  to: Partial<Route>;
  class?: string;
  current?: boolean;
  children: ComponentChildren;
}) {
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    visit(props.to);
  };
  return (
    <a
      class={props.class}
      href={urlOf({ ...route.value, ...props.to })}
      aria-current={props.current ? "page" : undefined}
      onClick={follow}
    >
      {props.children}
    </a>
  );
}

function ZonePicker() {
  const local = zoneName("local", now.value);
  return (
    <Segments<Zone>
      class="zone-picker"
      label="Time zone"
      value={zone.value}
      options={[
        { value: "local", label: local === "UTC" ? "Local" : local, title: `Local time, ${local}` },
        { value: "utc", label: "UTC", title: "Universal time, UTC" },
      ]}
      onPick={(picked) => (zone.value = picked)}
    />
  );
}

function ThemePicker() {
  return (
    <Segments<Theme>
      class="theme-picker"
      label="Colours"
      value={theme.value}
      options={[
        { value: "system", label: <Icon name="system" />, title: "As the system" },
        { value: "light", label: <Icon name="sun" />, title: "Light" },
        { value: "dark", label: <Icon name="moon" />, title: "Dark" },
      ]}
      onPick={(picked) => (theme.value = picked)}
    />
  );
}

function LivePill() {
  void revision.value;
  const { state } = connection.value;
  switch (state) {
    case "live":
      return (
        <span class="pill live" title="Time of the last figures">
          <i />
          Live<span class="pill-time">{clock(board.timestamp, zone.value)}</span>
        </span>
      );
    case "connecting":
      return <span class="pill"><i />Connecting…</span>;
    case "waiting":
    case "retrying":
      return <span class="pill offline"><i />Offline</span>;
    default:
      return assertNever(state);
  }
}
