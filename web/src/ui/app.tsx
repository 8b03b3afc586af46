import { useEffect } from "preact/hooks";
import { decodeKey, endpointName, type EndpointKey } from "../model/endpoint";
import type { Page } from "../model/route";
import { assertNever } from "../protocol";
import { board, connection, pressingAlerts, receivedAt, revision } from "../state/live";
import { adjust, closeEndpoint, route } from "../state/navigation";
import { ConnectionBanner, Notice } from "./banner";
import { Filters } from "./filters";
import { Kpis } from "./kpis";
import { lazy } from "./lazy";
import { STATUS_NAMES } from "./parts";
import { Side } from "./side";
import { NoTargets, Waiting } from "./states";
import { EndpointTable } from "./table";
import { Tabs, TopBar } from "./topbar";
import { useEscape } from "./use-escape";

const Detail = lazy(() => import("../detail/detail").then((module) => module.Detail));
const AlertsPage = lazy(() => import("../pages").then((module) => module.AlertsPage));
const TargetsPage = lazy(() => import("../pages").then((module) => module.TargetsPage));

const TITLES: Record<Page, string> = { endpoints: "Endpoints", alerts: "Alerts", targets: "Targets" };

export function App() {
  const { page } = route.value;
  const { state } = connection.value;
  const cutOff = state === "waiting" || state === "retrying";
  useTitle();
  return (
    <div class={`app${cutOff ? " stale" : ""}`}>
      <TopBar />
      <ConnectionBanner />
      <main class="main">
        <h1 class="unseen">{TITLES[page]}</h1>
        <PageContent page={page} />
      </main>
      <Notice />
      <Tabs class="bottom-tabs" label="Pages, at the bottom" />
    </div>
  );
}

function PageContent({ page }: { page: Page }) {
  switch (page) {
    case "endpoints":
      return <EndpointsPage />;
    case "alerts":
      return <AlertsPage />;
    case "targets":
      return <TargetsPage />;
    default:
      return assertNever(page);
  }
}

function EndpointsPage() {
  void revision.value;
  const endpoint = decodeKey(route.value.endpoint);
  useEscape(endpoint !== null, closeEndpoint);
  const { rows, targets } = board;
  if (receivedAt.value === 0 || (rows.length === 0 && targets.up === 0 && targets.unknown > 0)) return <Waiting />;
  if (rows.length === 0 && targets.total === 0) return <NoTargets />;
  return (
    <div class={`overview${endpoint ? " with-detail" : ""}${board.tally.severalJobs ? "" : " one-job"}`}>
      <Kpis />
      <section class="panel list" aria-label="List of endpoints">
        <EndpointFilters />
        <EndpointTable />
      </section>
      {endpoint ? <Detail key={route.value.endpoint} endpoint={endpoint} /> : <Side />}
    </div>
  );
}

function EndpointFilters() {
  void revision.value;
  const { filter, statuses } = route.value;
  return (
    <Filters
      label="Filter endpoints"
      placeholder="Filter by job, method or path"
      filter={filter}
      statuses={statuses}
      names={STATUS_NAMES}
      counts={board.tally.counts}
      onFilter={(text) => adjust({ filter: text })}
      onStatuses={(picked) => adjust({ statuses: picked })}
    />
  );
}

/** The tab's title counts what is pressing, for those who look elsewhere. */
function useTitle(): void {
  const count = pressingAlerts.value.length;
  const { endpoint, page } = route.value;
  const key: EndpointKey | null = page === "endpoints" ? decodeKey(endpoint) : null;
  const subject = key ? endpointName(key) : TITLES[page];
  useEffect(() => {
    document.title = `${count > 0 ? `(${count}) ` : ""}${subject} · redpoll`;
  }, [count, subject]);
}
