import { type PointerEvent, type RefObject, useEffect, useRef, useState } from "react";
import { fitted, panBy, type View, zoomAt } from "./zoom.ts";

interface Point {
  x: number;
  y: number;
}

/** How close to the divider a press grabs it while zoomed in, in px. */
const GRIP = 28;

interface Options {
  frame: RefObject<HTMLElement | null>;
  /** One layer of the image, for its size without zoom. */
  picture: RefObject<HTMLElement | null>;
  /** Position of the divider, 0 to 100. `null` if there is none. */
  share: number | null;
  onShare(share: number): void;
}

/** Drags the divider, pans, and zooms with two fingers, with Ctrl and the wheel, or through `zoomBy`. */
export function useGestures({ frame, picture, share, onShare }: Options) {
  const [view, setView] = useState<View>(fitted);
  const pointers = useRef(new Map<number, Point>());
  const mode = useRef<"divide" | "pan" | null>(null);

  const sizes = () => ({ frame: sizeOf(frame.current), picture: sizeOf(picture.current) });

  function fromMiddle({ x, y }: Point): Point {
    const box = frame.current?.getBoundingClientRect();
    return box ? { x: x - box.left - box.width / 2, y: y - box.top - box.height / 2 } : { x: 0, y: 0 };
  }

  function shareAt(x: number): number {
    const box = frame.current?.getBoundingClientRect();
    return box ? Math.min(100, Math.max(0, ((x - box.left) / box.width) * 100)) : 50;
  }

  const zoomBy = (factor: number, at: Point = { x: 0, y: 0 }) =>
    setView((now) => zoomAt(now, factor, at, sizes()));
  const pan = (x: number, y: number) => setView((now) => panBy(now, x, y, sizes()));

  function down(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const point = { x: event.clientX, y: event.clientY };
    pointers.current.set(event.pointerId, point);
    const box = frame.current?.getBoundingClientRect();
    const divider = box && share !== null ? box.left + (box.width * share) / 100 : null;
    const divides = divider !== null && (view.scale === 1 || Math.abs(point.x - divider) <= GRIP);
    mode.current = divides ? "divide" : "pan";
    // A touch may be the start of scrolling the page.
    if (divides && event.pointerType === "mouse") onShare(shareAt(point.x));
  }

  function move(event: PointerEvent): void {
    const before = pointers.current.get(event.pointerId);
    if (!before) return;
    const point = { x: event.clientX, y: event.clientY };
    const [other] = [...pointers.current].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    pointers.current.set(event.pointerId, point);
    if (other) {
      zoomBy(
        distance(point, other) / Math.max(1, distance(before, other)),
        fromMiddle(between(point, other)),
      );
      pan((point.x - before.x) / 2, (point.y - before.y) / 2);
    } else if (mode.current === "divide") onShare(shareAt(point.x));
    else pan(point.x - before.x, point.y - before.y);
  }

  function up(event: PointerEvent): void {
    pointers.current.delete(event.pointerId);
    if (pointers.current.size === 0) mode.current = null;
  }

  const wheel = useRef<(event: WheelEvent) => void>(() => {});
  wheel.current = (event) => {
    // The wheel alone scrolls the page.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY / 200), fromMiddle({ x: event.clientX, y: event.clientY }));
  };
  useEffect(() => {
    const element = frame.current;
    const onWheel = (event: WheelEvent) => wheel.current(event);
    // React's listeners are passive, so they could not keep the browser from zooming the whole page.
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, [frame]);

  return {
    view,
    zoomBy,
    pan,
    reset: () => setView(fitted),
    handlers: { onPointerDown: down, onPointerMove: move, onPointerUp: up, onPointerCancel: up },
  };
}

function sizeOf(element: HTMLElement | null) {
  return { width: element?.offsetWidth ?? 0, height: element?.offsetHeight ?? 0 };
}

const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);
const between = (a: Point, b: Point) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
