/** A quotable piece of a file. */
export interface Passage {
  /** Unique among all passages, in the order of files and pages. */
  id: number;
  /** Index of the item. */
  item: number;
  file: string;
  /** 1-based. `null` if the file has no pages. */
  page: number | null;
  text: string;
}

export interface Pages {
  item: number;
  file: string;
  pages: readonly { page: number | null; text: string }[];
}

/** Target length of a passage in characters: a paragraph, or a few sentences of a long one. */
const LENGTH = 700;
const SHORT = 80;

/** Cuts files into passages at blank lines, and long paragraphs at ends of sentences. */
export function passagesOf(files: readonly Pages[]): Passage[] {
  const passages: Passage[] = [];
  for (const { item, file, pages } of files) {
    for (const { page, text } of pages) {
      for (const piece of pieces(text)) passages.push({ id: passages.length, item, file, page, text: piece });
    }
  }
  return passages;
}

function pieces(text: string): string[] {
  const found: string[] = [];
  let open = "";
  const close = () => {
    if (open !== "") found.push(open);
    open = "";
  };
  for (const paragraph of text.split(/\n\s*\n/)) {
    for (const sentence of sentences(paragraph)) {
      // A heading or a short line belongs to what follows.
      if (open.length + sentence.length > LENGTH && open.length > SHORT) close();
      open = open === "" ? sentence : `${open} ${sentence}`;
    }
    if (open.length > SHORT) close();
  }
  close();
  return found;
}

const segmenter = new Intl.Segmenter("und", { granularity: "sentence" });

/** Removes line breaks. Cuts a sentence longer than a passage at a space. */
export function sentences(text: string): string[] {
  const whole = [...segmenter.segment(text.replace(/\s+/g, " "))].map(({ segment }) => segment.trim());
  return whole.filter((sentence) => sentence !== "").flatMap(cut);
}

function cut(sentence: string): string[] {
  const parts: string[] = [];
  let rest = sentence;
  while (rest.length > LENGTH) {
    const space = rest.lastIndexOf(" ", LENGTH);
    // Do not split a surrogate pair.
    const end = space > LENGTH / 2 ? space : LENGTH - (/[\ud800-\udbff]/.test(rest[LENGTH - 1]!) ? 1 : 0);
    parts.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  return rest === "" ? parts : [...parts, rest];
}
