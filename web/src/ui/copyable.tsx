import { useEffect, useRef, useState } from "preact/hooks";

const PATIENCE = 3000; // ms that the button says how it went

/**
 * Text to paste elsewhere, with a button that copies it. Browsers have a
 * clipboard for pages only by https or on the same machine; elsewhere the text
 * is selected and copied as people would, and where even that is refused it
 * stays selected for them.
 */
export function Copyable({ text, what }: { text: string; what: string }) {
  const block = useRef<HTMLPreElement>(null);
  const [outcome, setOutcome] = useState("");
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(""), PATIENCE);
    return () => clearTimeout(timer);
  }, [outcome]);
  const onClick = async () => setOutcome((await copy(text, block.current!)) ? "Copied" : "Press Ctrl C to copy");
  return (
    <div class="copyable">
      <pre ref={block} tabIndex={0}>{text}</pre>
      <button type="button" class="button" onClick={onClick}>
        {outcome || <>Copy<span class="unseen"> {what}</span></>}
      </button>
      <span class="unseen" role="status">{outcome}</span>
    </div>
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
