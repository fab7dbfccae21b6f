/**
 * Collects items from one turn of the event loop and hands them on together. This saves round trips without adding
 * delay, because nothing is sent before the turn ends anyway.
 */
export function gather<T>(hand: (items: T[]) => void): (item: T) => void {
  let items: T[] = [];
  const flush = () => {
    const batch = items;
    items = [];
    hand(batch);
  };
  return (item) => {
    if (items.push(item) === 1) setImmediate(flush);
  };
}
