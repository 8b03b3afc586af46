import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { fetchExposition, type Exposition } from "../api";
import { bytes, count, plain, times } from "../format";
import { blocksOf, linesOf, linesWith, widthOf, type Block, type Line } from "../model/exposition";
import { CopyButton } from "../ui/copyable";
import { Icon } from "../ui/icon";
import { Empty } from "../ui/parts";

interface Props {
  id: string;
  name: string;
  onClose: () => void;
}

/** What a target exposes, over the page; it is modal, so Escape and Tab are the browser's. */
export function ExpositionDialog({ id, name, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { fetched, again } = useExposition(id);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="exposition" aria-labelledby="exposition-title" onClose={onClose}>
      <header class="detail-head">
        <div>
          <h2 id="exposition-title">What the target exposes</h2>
          <p class="target-address target-words muted">{name}</p>
        </div>
        <button type="button" class="button" disabled={fetched.state === "loading"} onClick={again}>Fetch again</button>
        <button type="button" class="icon-button" aria-label="Close" title="Close (Esc)" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      <Body fetched={fetched} />
    </dialog>
  );
}

type Fetched = { state: "loading" } | { state: "failed"; error: string } | { state: "ready"; exposition: Exposition };

function useExposition(id: string): { fetched: Fetched; again: () => void } {
  const [fetched, setFetched] = useState<Fetched>({ state: "loading" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    setFetched({ state: "loading" });
    fetchExposition(id, abort.signal).then(
      (exposition) => setFetched({ state: "ready", exposition }),
      (error: Error) => abort.signal.aborted || setFetched({ state: "failed", error: error.message }),
    );
    return () => abort.abort();
  }, [id, attempt]);
  return { fetched, again: () => setAttempt((before) => before + 1) };
}

function Body({ fetched }: { fetched: Fetched }) {
  switch (fetched.state) {
    case "loading":
      return <Empty title="redpoll fetches it…" />;
    case "failed":
      return (
        <Empty title="It could not be fetched">
          <p>{fetched.error}</p>
        </Empty>
      );
    case "ready":
      return <Look exposition={fetched.exposition} />;
  }
}

function Look({ exposition: { text, truncated } }: { exposition: Exposition }) {
  const [words, setWords] = useState("");
  const all = useMemo(() => linesOf(text), [text]);
  const lines = useMemo(() => linesWith(all, words), [all, words]);
  const size = useMemo(() => new Blob([text]).size, [text]);
  const page = useRef<HTMLDivElement>(null);
  return (
    <>
      <div class="filters">
        <label class="search">
          <Icon name="search" />
          <span class="unseen">Show lines that contain</span>
          <input
            type="search"
            placeholder="Show lines that contain"
            value={words}
            onInput={(event) => setWords(event.currentTarget.value)}
          />
        </label>
        <span class="muted figure" role="status">{words ? `${count(lines.length)} of ` : ""}{times(all.length, "line")}</span>
        <span class="muted figure roomy-only">{plain(bytes(size))}</span>
        <CopyButton text={() => lines.map((line) => line.text).join("\n")} what="lines" block={page} />
      </div>
      {truncated && <p class="exposition-note">redpoll shows the beginning only: the rest is beyond 4 MiB.</p>}
      <div class="exposition-text" tabIndex={0} role="region" aria-label="Exposition">
        <div ref={page}>
          {lines.length === 0 ? <Nothing filtered={words !== ""} /> : <Pages lines={lines} />}
        </div>
      </div>
    </>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  return <Empty title={filtered ? "No line contains that" : "The body is empty"} />;
}

/** Blocks out of sight have their height, and are laid out when they come into it. */
function Pages({ lines }: { lines: readonly Line[] }) {
  const blocks = useMemo(() => blocksOf(lines), [lines]);
  const width = useMemo(() => widthOf(lines), [lines]);
  return (
    <>
      {blocks.map((block) => <Page key={block.key} block={block} width={width} />)}
    </>
  );
}

const LINE_HEIGHT = 18; // px, as in targets.css

function Page({ block, width }: { block: Block; width: number }) {
  return (
    <div class="exposition-block" style={{ containIntrinsicHeight: `${block.length * LINE_HEIGHT}px`, minWidth: `${width + 9}ch` }}>
      <pre class="line-numbers" aria-hidden="true">{block.numbers}</pre>
      <pre>{block.text}</pre>
    </div>
  );
}
