/** One line of an exposition, with its number as errors name it. */
export interface Line {
  number: number; // from 1
  text: string;
}

/** The lines of a text; a last newline does not begin another one. */
export function linesOf(text: string): Line[] {
  const lines = text.replace(/\r?\n$/, "").split("\n");
  return text === "" ? [] : lines.map((line, i) => ({ number: i + 1, text: line }));
}

/** The lines that contain the words as they stand, in upper or lower case. */
export function linesWith(lines: readonly Line[], words: string): readonly Line[] {
  if (words === "") return lines;
  const wanted = words.toLowerCase();
  return lines.filter(({ text }) => text.toLowerCase().includes(wanted));
}

/** Lines that are laid out together, or not at all while they are out of sight. */
export interface Block {
  key: number; // the number of its first line
  numbers: string;
  text: string;
  length: number; // lines
}

const BLOCK_LENGTH = 200; // lines
const LINE_LIMIT = 4000; // characters; browsers take seconds to lay out a line of megabytes

export function blocksOf(lines: readonly Line[]): Block[] {
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length; i += BLOCK_LENGTH) {
    const part = lines.slice(i, i + BLOCK_LENGTH);
    blocks.push({
      key: part[0]!.number,
      numbers: part.map(({ number }) => number).join("\n"),
      text: part.map(({ text }) => shortened(text)).join("\n"),
      length: part.length,
    });
  }
  return blocks;
}

function shortened(text: string): string {
  const more = text.length - LINE_LIMIT;
  return more > 0 ? `${text.slice(0, LINE_LIMIT)} … and ${more} more characters` : text;
}

/** The longest line's length in characters, as far as lines are shown. */
export function widthOf(lines: readonly Line[]): number {
  const longest = lines.reduce((width, { text }) => Math.max(width, text.length), 0);
  return Math.min(longest, LINE_LIMIT + " … and 4194304 more characters".length);
}
