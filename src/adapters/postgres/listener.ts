import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import { openClient, type Target, toError } from "./connection.ts";

/** How often the listening connection, which is otherwise silent, is checked. */
const HEARTBEAT_MS = 5_000;
const FIRST_WAIT_MS = 25;
const MAX_WAIT_MS = 2_000;

export interface ListenerOptions {
  target: Target;
  role: string;
  onNotification(channel: string, payload: string): void;
  /** Called on each new connection, before it listens. */
  onOpen?(client: pg.Client): Promise<void>;
  onLost?(): void;
  /** It listens again after an outage: notifications may have been missed. */
  onReturn?(): void;
}

/** A listening connection. It dies with its backend, so it is reopened for as long as it is needed. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #channels = new Set<string>();
  readonly #heartbeat: NodeJS.Timeout;
  #client: pg.Client | null = null;
  #cause: unknown = null;
  #closed = false;

  private constructor(options: ListenerOptions) {
    this.#options = options;
    this.#heartbeat = setInterval(() => void this.check().catch(() => {}), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    try {
      await listener.#connect();
    } catch (error) {
      await listener.close();
      throw error;
    }
    return listener;
  }

  async #connect(): Promise<void> {
    const client = await openClient(this.#options.target, this.#options.role);
    client.on("notification", ({ channel, payload = "" }) => this.#options.onNotification(channel, payload));
    client.on("error", (error) => {
      this.#cause = error;
    });
    client.once("end", () => this.#lost(client));
    try {
      await this.#options.onOpen?.(client);
      await Promise.all([...this.#channels].map((channel) => client.query(`LISTEN ${channel}`)));
    } catch (error) {
      client.removeAllListeners("end");
      void client.end().catch(() => {});
      throw error;
    }
    if (this.#closed) {
      void client.end().catch(() => {});
      return;
    }
    this.#client = client;
    // Channels that were requested while it connected.
    await Promise.all([...this.#channels].map((channel) => client.query(`LISTEN ${channel}`)));
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    if (this.#closed) return;
    this.#options.onLost?.();
    void this.#return();
  }

  async #return(): Promise<void> {
    for (let wait = FIRST_WAIT_MS; !this.#closed; wait = Math.min(MAX_WAIT_MS, wait * 2)) {
      await pause(wait * (0.5 + Math.random()), undefined, { ref: false });
      if (this.#closed) return;
      try {
        await this.#connect();
        if (!this.#closed) this.#options.onReturn?.();
        return;
      } catch (error) {
        this.#cause = error;
      }
    }
  }

  /** Rejects with `unavailable` while the connection is down. */
  async listen(channel: string): Promise<void> {
    this.#channels.add(channel);
    try {
      await this.#connected().query(`LISTEN ${channel}`);
    } catch (error) {
      this.#channels.delete(channel);
      throw toError(error);
    }
  }

  /** Listens permanently: if the connection is down, as soon as it is back. */
  async keep(channel: string): Promise<void> {
    this.#channels.add(channel);
    await this.#client?.query(`LISTEN ${channel}`).catch(() => {});
  }

  async unlisten(channel: string): Promise<void> {
    this.#channels.delete(channel);
    await this.#client?.query(`UNLISTEN ${channel}`).catch(() => {});
  }

  #connected(): pg.Client {
    if (this.#client) return this.#client;
    throw toError(
      Object.assign(new Error("the connection is lost", { cause: this.#cause }), { code: "ECONNRESET" }),
    );
  }

  /** Checks the connection; if it does not answer, gives it up. */
  async check(): Promise<void> {
    const client = this.#connected();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })), 2_000);
    });
    try {
      await Promise.race([client.query("SELECT 1"), late]);
    } catch (error) {
      void client.end().catch(() => {});
      this.#cause = error;
      throw toError(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#heartbeat);
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
  }
}
