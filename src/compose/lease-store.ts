import type { Store } from "../ports/store/store.ts";
import { openStore as open, type Wiring } from "./adapters.ts";

/** The store for the thread that renews a worker's leases: over its own connection. */
export function openStore(wiring: unknown): Promise<Store> {
  return open(wiring as Wiring);
}
