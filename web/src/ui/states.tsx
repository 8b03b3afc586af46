import { board } from "../state/live";
import { adjust, route, visit } from "../state/navigation";
import { Copyable } from "./copyable";
import { Empty, STATUS_NAMES } from "./parts";

const FIRST_TARGET = `scrape_configs:
  - job_name: shop
    static_configs:
      - targets: ["127.0.0.1:8080"]`;

/** Before the first figures. */
export function Waiting() {
  return (
    <Empty title="Waiting for the first figures">
      <p>redpoll sends them as soon as it has looked at its targets, usually within a few seconds.</p>
    </Empty>
  );
}

/** Nothing is configured to be scraped. */
export function NoTargets() {
  return (
    <Empty title="No targets yet">
      <p>Tell redpoll whom to watch. Put this into its configuration file and reload:</p>
      <Copyable text={FIRST_TARGET} what="configuration" />
      <p>
        Any application with a Prometheus <code>/metrics</code> page will do.
      </p>
    </Empty>
  );
}

/** The table has no rows: because of the filter, or because nothing is known. */
export function EmptyTable() {
  return board.rows.length > 0 ? <NothingMatches /> : <NothingRecognised />;
}

function NothingMatches() {
  const { filter, statuses } = route.value;
  const status = statuses.map((one) => STATUS_NAMES[one]).join(" or ");
  return (
    <Empty title="No endpoint matches">
      <p>
        {filter ? `Nothing contains “${filter}”` : "No endpoint"}
        {status && ` with status ${status}`}
        {" right now."}
      </p>
      <button type="button" class="button" onClick={() => adjust({ filter: "", statuses: [] })}>
        Show all
      </button>
    </Empty>
  );
}

function NothingRecognised() {
  const { up, total } = board.targets;
  return (
    <Empty title={up === 0 ? "No target has answered yet" : "No endpoint recognised yet"}>
      <p>
        {up === 0
          ? `redpoll watches ${total === 1 ? "one target" : `${total} targets`}, and none is up.`
          : "The targets answer, but none has shown requests by a convention that redpoll knows."}
      </p>
      <button type="button" class="button" onClick={() => visit({ page: "targets" })}>
        See why under Targets
      </button>
    </Empty>
  );
}
