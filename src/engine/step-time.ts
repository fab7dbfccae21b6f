/** The time limit of an attempt. It is paused while the attempt waits for others. */
export interface StepTime {
  pause(): void;
  resume(): void;
  /** Stops it for good. */
  stop(): void;
}

interface Observer {
  /** The time begins to run, with this much left. */
  runs(leftMs: number): void;
  /** The time is paused or has stopped. */
  rests(): void;
  isOver(): void;
}

export function stepTime(limitMs: number, observer: Observer): StepTime {
  let leftMs = limitMs;
  let began = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const resume = () => {
    if (stopped) return;
    began = performance.now();
    timer = setTimeout(observer.isOver, leftMs);
    observer.runs(leftMs);
  };
  const pause = () => {
    clearTimeout(timer);
    leftMs = Math.max(0, leftMs - (performance.now() - began));
    observer.rests();
  };
  resume();
  return {
    pause,
    resume,
    stop() {
      stopped = true;
      pause();
    },
  };
}
