/** One server that development and tests need. */
export interface Service {
  /** Also the name of its folder in `.services/`. */
  readonly name: string;
  /** The variable that tests read its URL from. */
  readonly variable: string;
  /** Where to look for it, in this order; the first free place is where it is started. */
  readonly urls: readonly string[];
  /** Whether it answers its clients there, within a second. */
  answers(url: string): Promise<boolean>;
  /** Makes everything ready that a start needs (programs, jars), once. Rejects with what to do by hand. */
  install(folder: string): Promise<void>;
  /** What to run; called after `install`. */
  command(url: string, folder: string): Promise<Command>;
  /** Runs once it answers. */
  afterStart?(url: string): Promise<void>;
}

export interface Command {
  program: string;
  args: string[];
  env?: Record<string, string>;
  /** Run as this user of the system; only when we are root. */
  uid?: number;
  gid?: number;
}
