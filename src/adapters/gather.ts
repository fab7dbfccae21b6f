/**
 * Collects what comes in one turn of the event loop and hands it on together: one round trip instead of
 * many, and no delay, as the turn would have to end before anything is sent.
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
