import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  isEmbedded,
  openBlobs,
  openBroker,
  openBus,
  openStore,
  type Wiring,
} from "../../compose/adapters.ts";
import type { Config } from "../../compose/config.ts";
import { startEmbedded } from "../../compose/embedded.ts";
import { masked } from "../../domain/masking.ts";
import { MillraceError } from "../../errors.ts";
import { brokerContents } from "./broker-contents.ts";
import { type Check, failed, messageOf, ok } from "./check.ts";

const PATIENCE_MS = 5_000;

interface Part {
  name: string;
  health(): Promise<void>;
  close(): Promise<void>;
}

/** Whether each configured service responds. */
export async function checkServices(config: Config): Promise<Check[]> {
  const wiring = { config, writer: null };
  const isShared = (url: string) => !/^(sqlite|file):/.test(url);
  const checks = isEmbedded(config) ? [await checkRecords(config)] : [];
  const { store, broker, bus, blobs } = config;
  if (isShared(store)) checks.push(await checkPart("store", store, () => openStore(wiring)));
  if (isShared(broker))
    checks.push(
      await checkPart(
        "broker",
        broker,
        () => openBroker(wiring),
        (opened) => brokerContents(opened, config),
      ),
    );
  if (isShared(bus)) checks.push(await checkPart("bus", bus, () => openBus(wiring)));
  if (isShared(blobs)) checks.push(await checkPart("files", blobs, () => openBlobs(wiring)));
  return checks;
}

/** Checks the records in the data folder. Opens them briefly if they exist and no process uses them. */
async function checkRecords(config: Config): Promise<Check> {
  const path = config.store.startsWith("sqlite:") ? config.store.slice("sqlite:".length) : config.data;
  if (!existsSync(path)) return ok("records", `${path} (created at the first start)`);
  try {
    const writer = await startEmbedded(config);
    const wiring: Wiring = { config, writer: writer?.socketPath ?? null };
    try {
      const store = config.store.startsWith("sqlite:") ? await openStore(wiring) : null;
      await store?.health();
      await store?.close();
    } finally {
      await writer?.close();
    }
    return ok("records", path);
  } catch (error) {
    if (error instanceof MillraceError && error.code === "config_invalid") {
      return ok("records", `${path}, in use by a running Millrace`);
    }
    return failed(
      "records",
      `${path}: ${messageOf(error)}`,
      "Restore it from a backup, or choose another folder.",
    );
  }
}

/** @param tell returns more to report about it */
async function checkPart<P extends Part>(
  name: string,
  url: string,
  open: () => Promise<P>,
  tell: (part: P) => Promise<string> = async () => "",
): Promise<Check> {
  const shown = masked(url);
  const late = new AbortController();
  try {
    const opening = open();
    const asked = opening.then(async (part) => {
      try {
        await part.health();
        return { technology: part.name, more: await tell(part) };
      } finally {
        await part.close();
      }
    });
    // A late rejection must not crash the command.
    asked.catch(() => {});
    const { technology, more } = await Promise.race([
      asked,
      sleep(PATIENCE_MS, undefined, { signal: late.signal }).then(() => {
        throw new Error(`no answer within ${PATIENCE_MS / 1_000} s`);
      }),
    ]);
    return ok(name, `${technology} at ${shown}${more}`);
  } catch (error) {
    const variable = `MILLRACE_${name === "files" ? "BLOBS" : name.toUpperCase()}`;
    if (error instanceof MillraceError && error.code === "config_invalid") {
      return failed(name, error.message, `Correct ${variable}.`);
    }
    return failed(name, `${shown}: ${messageOf(error)}`, `Start it, or fix ${variable}.`);
  } finally {
    late.abort();
  }
}
