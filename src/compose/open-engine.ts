import { createEngine } from "../engine/create-engine.ts";
import type { Engine } from "../engine/engine.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { openBlobs, openBroker, openBus, openStore, type Wiring } from "./adapters.ts";
import { loadPipelines } from "./load-pipelines.ts";

export interface OpenEngine {
  engine: Engine;
  close(): Promise<void>;
}

/** Configuration to a wired engine. What was opened before something failed is closed again. */
export async function openEngine(wiring: Wiring, inline: readonly Pipeline[] = []): Promise<OpenEngine> {
  const { config } = wiring;
  const opened: { close(): Promise<void> }[] = [];
  const keep = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const part = await opening;
    opened.push(part);
    return part;
  };
  const close = async () => {
    await Promise.allSettled(opened.toReversed().map((part) => part.close()));
  };
  try {
    const pipelines = await loadPipelines(config, inline);
    const blobs = await keep(openBlobs(wiring));
    const store = await keep(openStore(wiring));
    const broker = await keep(openBroker(wiring, store));
    const bus = await keep(openBus(wiring));
    const engine = createEngine({
      store,
      broker,
      bus,
      blobs,
      pipelines,
      retentionMs: config.retentionHours * 3_600_000,
    });
    return { engine, close };
  } catch (error) {
    await close();
    throw error;
  }
}
