import type { Store } from "../ports/store/store.ts";
import { openStore as open, type Wiring } from "./adapters.ts";

/** For the thread that keeps a worker's leases: its own connection to the records. */
export function openStore(wiring: unknown): Promise<Store> {
  return open(wiring as Wiring);
}
