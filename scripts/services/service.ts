/** A server for development and tests. */
export interface Service {
  /** Also the name of its folder in `.services/`. */
  readonly name: string;
  /** Environment variable from which tests read its URL. */
  readonly variable: string;
  /** Where to look for it, in order. It is started at the first free one. */
  readonly urls: readonly string[];
  /** Whether it responds there within a second. */
  answers(url: string): Promise<boolean>;
  /** Installs what it needs (programs, jars), once. Rejects with instructions for doing so by hand. */
  install(folder: string): Promise<void>;
  /**
   * The command that runs it. Called after `install`.
   * @param isDurable whether its data must survive a crash of the machine. @default true
   */
  command(url: string, folder: string, isDurable?: boolean): Promise<Command>;
  /** Runs once it responds. */
  afterStart?(url: string): Promise<void>;
  /** Runs once, after that, if it is a server of ours. */
  prepare?(folder: string): Promise<void>;
}

export interface Command {
  program: string;
  args: string[];
  env?: Record<string, string>;
  /** System user to run as. Only used if we are root. */
  uid?: number;
  gid?: number;
}
