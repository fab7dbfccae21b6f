import { useCallback, useEffect, useRef, useState } from "react";

const LASTS_MS = 1_800;
const END = 50;

/** Position of the divider. With `sweep`, it first slides in from the right until the user grabs it. */
export function useSweep(sweep: boolean): [number, (share: number) => void] {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const [share, setShare] = useState(sweep && !still ? 100 : END);
  const frame = useRef(0);

  useEffect(() => {
    if (!sweep || still) return;
    let begin: number | undefined;
    const step = (now: number) => {
      begin ??= now;
      const part = Math.min(1, (now - begin) / LASTS_MS);
      // Overshoots and settles, like water coming to rest.
      const eased = 1 - (1 - part) ** 3 * Math.cos(part * Math.PI * 1.5);
      setShare(100 - (100 - END) * eased);
      if (part < 1) frame.current = requestAnimationFrame(step);
    };
    frame.current = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame.current);
  }, [sweep, still]);

  const take = useCallback((next: number) => {
    cancelAnimationFrame(frame.current);
    setShare(next);
  }, []);
  return [share, take];
}
