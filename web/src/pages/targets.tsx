import { fetchTargets } from "../api";
import { age, bytes, count, latency } from "../format";
import { freshAdvice } from "../model/advice";
import type { Status } from "../model/status";
import type { Advice, TargetStatus } from "../protocol";
import { board, now } from "../state/live";
import { Empty, FigureText, StatusMark } from "../ui/parts";
import { NoTargets } from "../ui/states";
import { usePolled } from "../ui/use-polled";
import { Findings } from "./findings";

const HEALTH: Record<TargetStatus["health"], { status: Status; name: string; urgency: number }> = {
  down: { status: "crit", name: "Down", urgency: 2 },
  unknown: { status: "none", name: "Not yet", urgency: 1 },
  up: { status: "ok", name: "Up", urgency: 0 },
};

const DEFAULT_INTERVAL = 5000; // ms

/** Who is scraped, how that goes, and what was understood. */
export function TargetsPage() {
  const { value: targets, error } = usePolled(fetchTargets, board.interval || DEFAULT_INTERVAL);
  if (targets === null) return error ? <Unavailable error={error} /> : <Empty title="Loading targets…" />;
  if (targets.length === 0) return <NoTargets />;
  const up = targets.filter((target) => target.health === "up").length;
  return (
    <section class="panel targets" aria-labelledby="targets-title">
      <header class="panel-head">
        <h2 id="targets-title">Targets</h2>
        <span class="muted figure">
          {up} of {targets.length} up
        </span>
        {error && <span class="crit">Not up to date: {error}</span>}
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label="List of targets">
        <TargetTable targets={targets} />
      </div>
    </section>
  );
}

function Unavailable({ error }: { error: string }) {
  return (
    <Empty title="The list of targets is not available">
      <p>{error}</p>
    </Empty>
  );
}

function TargetTable({ targets }: { targets: readonly TargetStatus[] }) {
  const sorted = targets.toSorted((a, b) => HEALTH[b.health].urgency - HEALTH[a.health].urgency);
  const fresh = freshAdvice(sorted);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Target</th>
          <th scope="col" class="right">Last scrape</th>
          <th scope="col" class="right">Took</th>
          <th scope="col" class="right">Samples</th>
          <th scope="col" class="right">Size</th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((target, i) => (
          <TargetRow key={`${target.job} ${target.url}`} target={target} advice={fresh[i]!} />
        ))}
      </tbody>
    </table>
  );
}

function TargetRow({ target, advice }: { target: TargetStatus; advice: readonly Advice[] }) {
  const { lastScrape } = target;
  return (
    <tr>
      <td>
        <Health target={target} />
      </td>
      <td class="target">
        <div class="target-name">
          <b>{target.job}</b> <TargetLink url={target.url} />
        </div>
        <Findings target={target} advice={advice} />
      </td>
      <td class="right">{lastScrape === null ? "–" : `${age(now.value - lastScrape)} ago`}</td>
      <td class="right"><FigureText figure={latency(target.lastDuration)} /></td>
      <td class="right">{count(target.samples)}</td>
      <td class="right"><FigureText figure={bytes(target.bytes)} /></td>
    </tr>
  );
}

function Health({ target }: { target: TargetStatus }) {
  const { status, name } = HEALTH[target.health];
  return (
    <span class={`health ${status}`}>
      <StatusMark status={status} />
      {name}
    </span>
  );
}

/** Only what a browser can open is a link; whatever else it says stays text. */
function TargetLink({ url }: { url: string }) {
  return /^https?:\/\//.test(url) ? <a href={url} rel="noreferrer">{url}</a> : <span>{url}</span>;
}
