import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const PATIENCE = 3000; // ms that the button says how it went

/** Text to paste elsewhere, with a button that copies it. */
export function Copyable({ text, what }: { text: string; what: string }) {
  const block = useRef<HTMLPreElement>(null);
  return (
    <div class="copyable">
      <pre ref={block} tabIndex={0}>{text}</pre>
      <CopyButton text={() => text} what={what} block={block} />
    </div>
  );
}

interface Props {
  text: () => string;
  what: string;
  /** Where the text stands on the page. */
  block: RefObject<HTMLElement | null>;
}

/**
 * Copies a text. Browsers have a clipboard for pages only by https or on the
 * same machine; elsewhere the text is selected and copied as people would, and
 * where even that is refused it stays selected for them.
 */
export function CopyButton({ text, what, block }: Props) {
  const [outcome, setOutcome] = useState("");
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(""), PATIENCE);
    return () => clearTimeout(timer);
  }, [outcome]);
  const onClick = async () => setOutcome((await copy(text(), block.current!)) ? "Copied" : "Press Ctrl C to copy");
  return (
    <>
      <button type="button" class="button copy" onClick={onClick}>
        {outcome || <>Copy<span class="unseen"> {what}</span></>}
      </button>
      <span class="unseen" role="status">{outcome}</span>
    </>
  );
}

async function copy(text: string, block: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(block);
    return document.execCommand("copy");
  }
}
