import type { ResolvedConfig } from "../compose/config.ts";

export interface Role {
  /** For the supervisor, or whoever else started the role. */
  details: {
    url?: string;
    app?: string;
    /** Names of the user's own pipelines. */
    pipelines?: string[];
    worker?: string;
    adminLink?: string;
  };
  /**
   * @param ms time for running tasks, after which they are handed back. @default from the settings
   * @returns how many tasks a worker handed back
   */
  stop(ms?: number): Promise<number>;
}

/** @param begins called before the role takes its first task or request */
export type Run = (resolved: ResolvedConfig, writer: string | null, begins: () => void) => Promise<Role>;
