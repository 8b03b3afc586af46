import type { ComponentChildren } from "preact";
import { age, bytes, count, latency, plain } from "../format";
import { targetStatus, TARGET_STATUS_NAMES } from "../model/targets";
import { trendOf } from "../model/trend";
import type { TargetStatus } from "../protocol";
import { adjust, closeTarget, route, visit } from "../state/navigation";
import { LastScrape } from "../ui/last-scrape";
import { Icon } from "../ui/icon";
import { Empty, FigureText, StatusMark } from "../ui/parts";
import { Sparkline } from "../ui/sparkline";
import { useFocusBack } from "../ui/use-focus-back";
import { ExpositionDialog } from "./exposition";
import { Findings } from "./findings";
import { ComparedLabels } from "./labels";

interface Props {
  id: string;
  target: TargetStatus | undefined; // undefined if it is not scraped now
}

/** Everything about one target. */
export function TargetPanel({ id, target }: Props) {
  return (
    <section class="panel detail" aria-label="Target" ref={useFocusBack()}>
      {target ? (
        <Known target={target} />
      ) : (
        <>
          <PanelHead title="Unknown target" />
          <Empty title="redpoll does not scrape this target now">
            <p>The configuration or service discovery no longer names it.</p>
          </Empty>
        </>
      )}
      {route.value.exposition && (
        <ExpositionDialog id={id} name={target?.url ?? id} onClose={() => adjust({ exposition: false })} />
      )}
    </section>
  );
}

function Known({ target }: { target: TargetStatus }) {
  const { instance, url, job, pool } = target;
  const status = targetStatus(target);
  return (
    <>
      <PanelHead title={instance}>
        <p class="facts">
          <StatusMark status={status} text="long" name={TARGET_STATUS_NAMES[status]} />
          <span>pool {pool}</span>
          {job !== pool && <span>job {job}</span>}
        </p>
        <p class="target-address target-words"><TargetLink url={url} /></p>
      </PanelHead>
      <Figures target={target} />
      <Durations target={target} />
      <Findings target={target} />
      <div class="target-actions">
        <button type="button" class="button" onClick={() => visit({ exposition: true })}>
          See what it exposes
        </button>
        <span class="muted">fetched anew, as it is</span>
      </div>
      <ComparedLabels target={target} />
    </>
  );
}

export function PanelHead({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <header class="detail-head">
      <div>
        <h2><span class="path">{title}</span></h2>
        {children}
      </div>
      <button type="button" class="icon-button" aria-label="Close" title="Close (Esc)" onClick={closeTarget}>
        <Icon name="close" />
      </button>
    </header>
  );
}

/** Only what a browser can open is a link; whatever else it says stays text. */
function TargetLink({ url }: { url: string }) {
  return /^https?:\/\//.test(url) ? <a class="link" href={url} rel="noreferrer">{url}</a> : <span>{url}</span>;
}

/** A scrape that failed has neither samples nor a size. */
function Figures({ target }: { target: TargetStatus }) {
  const { health, lastScrape, lastDuration, samples, relabelled, added } = target;
  const counted = (n: number) => <dd class="figure">{health === "up" ? count(n) : "–"}</dd>;
  return (
    <dl class="detail-figures target-figures">
      <div>
        <dt>Last scrape</dt>
        <dd><LastScrape time={lastScrape} /></dd>
      </div>
      <div>
        <dt>Took</dt>
        <dd><FigureText figure={latency(lastDuration)} /></dd>
      </div>
      <div>
        <dt>Samples</dt>
        {counted(samples)}
      </div>
      <div title="Samples that metric_relabel_configs and the limits left">
        <dt>Relabelled</dt>
        {counted(relabelled)}
      </div>
      <div title="Series that the scrape before did not have">
        <dt>Added</dt>
        {counted(added)}
      </div>
      <div title="After decompression">
        <dt>Size</dt>
        <dd>{health === "up" ? <FigureText figure={bytes(target.bytes)} /> : "–"}</dd>
      </div>
    </dl>
  );
}

/** How long the last scrapes took, against how long they may. */
function Durations({ target: { durations, interval, timeout } }: { target: TargetStatus }) {
  if (durations.length === 0) return null;
  const [least, most] = [Math.min(...durations), Math.max(...durations)].map((ms) => plain(latency(ms)));
  return (
    <figure class="durations">
      <Sparkline line={trendOf(durations)} />
      <figcaption class="muted">
        {durations.length === 1 ? `The only scrape so far took ${most}` : `The last ${durations.length} scrapes took ${least} to ${most}`}
        ; every {age(interval)}, at most {age(timeout)}
      </figcaption>
    </figure>
  );
}
