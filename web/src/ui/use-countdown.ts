import { useEffect, useState } from "react";
import type { Problem } from "../api/problem.ts";

/** Whole seconds until the problem's `Retry-After`. */
export function useCountdown(problem: Problem): number {
  const [left, setLeft] = useState(problem.retryAfter ?? 0);
  useEffect(() => {
    const until = Date.now() + (problem.retryAfter ?? 0) * 1000;
    const tick = () => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 250);
    return () => clearInterval(timer);
  }, [problem]);
  return left;
}
