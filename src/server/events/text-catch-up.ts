import type { Frame, TextPiece } from "./frame.ts";

/** Text so far, as the worker holds it. */
export interface TextSoFar {
  index: number;
  attempt: number;
  part?: number;
  text: string;
}

export interface TextCatchUpParts {
  /** Asks the workers. Answers that arrive within a moment go to `onText`. @returns stops listening */
  ask(onText: (soFar: TextSoFar) => void): () => void;
  /** Sends a frame to the client. */
  push(frame: Frame): void;
  /** Builds a frame with text from its beginning, or from where a piece was cut. */
  frameOf(piece: TextSoFar & { offset: number }): Frame;
}

/** Time for a worker to answer. Pieces wait until then. */
const ANSWER_MS = 1_000;
/** Pieces held for one client. More than this means that no worker has the stream. */
const MOST_WAITING = 2_000;

/**
 * Sends one client the texts of a job: the text so far first, then each piece once and in order. If a piece is missing,
 * asks the workers again. If no worker answers, pieces pass as they come.
 */
export function textCatchUp({ ask, push, frameOf }: TextCatchUpParts) {
  /** How much of each stream the client has. */
  const known = new Map<string, { attempt: number; end: number }>();
  let waiting: Frame[] = [];
  let isAsking = true;
  let isClosed = false;
  let stopAsking = () => {};
  let timer: NodeJS.Timeout | undefined;

  function question(): void {
    stopAsking();
    clearTimeout(timer);
    isAsking = true;
    stopAsking = ask(onText);
    timer = setTimeout(onSilence, ANSWER_MS);
  }

  function onText(soFar: TextSoFar): void {
    if (isClosed) return;
    const key = keyOf(soFar);
    const has = known.get(key);
    const isNewer = !has || soFar.attempt > has.attempt;
    if (isNewer || (soFar.attempt === has.attempt && soFar.text.length > has.end)) {
      // The full text replaces what the client already has.
      push(frameOf({ ...soFar, offset: 0 }));
      known.set(key, { attempt: soFar.attempt, end: soFar.text.length });
    }
    resume(true);
  }

  function onSilence(): void {
    stopAsking();
    resume(false);
  }

  /** @param strict whether to ask again about a gap */
  function resume(strict: boolean): void {
    clearTimeout(timer);
    isAsking = false;
    const frames = waiting;
    waiting = [];
    for (const frame of frames) take(frame, strict);
  }

  function take(frame: Frame, strict: boolean): void {
    const piece = frame.text!;
    if (isAsking) {
      if (waiting.length < MOST_WAITING) waiting.push(frame);
      return;
    }
    const { attempt, offset, text } = piece;
    const key = keyOf(piece);
    const has = known.get(key);
    if (has && attempt < has.attempt) return;
    const end = has && has.attempt === attempt ? has.end : 0;
    if (offset + text.length <= end) return;
    if (offset > end && strict) {
      waiting.push(frame);
      return question();
    }
    push(offset < end ? frameOf({ ...piece, text: text.slice(end - offset), offset: end }) : frame);
    known.set(key, { attempt, end: offset + text.length });
  }

  return {
    /** Call it when the client may be written to. */
    start: question,
    on: (frame: Frame) => take(frame, true),
    close() {
      isClosed = true;
      clearTimeout(timer);
      stopAsking();
    },
  };
}

function keyOf({ index, part }: Pick<TextPiece, "index" | "part">): string {
  return `${index} ${part ?? ""}`;
}
