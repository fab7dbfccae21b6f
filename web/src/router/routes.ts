export type Route =
  | { page: "convert" }
  | { page: "jobs" }
  | { page: "job"; id: string }
  | { page: "pipelines" }
  | { page: "pipeline"; name: string }
  | { page: "schedules" }
  | { page: EntryName }
  | { page: "account" }
  | { page: "users" }
  | { page: "notifications" }
  | { page: "webhooks"; id: string | null }
  | { page: "console"; section: ConsoleSection; id: string | null }
  | { page: "missing" };

export const consoleSections = [
  "overview",
  "queues",
  "workers",
  "jobs",
  "dead-letters",
  "operations",
  "webhooks",
  "replicas",
  "audit",
] as const;
export type ConsoleSection = (typeof consoleSections)[number];
/** Sections whose entries have their own pages. */
const withPages: readonly ConsoleSection[] = ["jobs", "operations", "webhooks"];

/** Pages for users who are not logged in. */
export type EntryName = (typeof entryNames)[number];
const entryNames = ["login", "register", "invite", "reset", "verify"] as const;

export function isEntry(page: Route["page"]): page is EntryName {
  return entryNames.some((name) => name === page);
}

export function matchRoute(path: string): Route {
  const [first = "", second, ...rest] = path.split("/").filter(Boolean).map(decode);
  if (first === "admin") return consoleRoute(second, rest);
  if (rest.length > 0) return { page: "missing" };
  if (first === "" && second === undefined) return { page: "convert" };
  if (first === "jobs") return second === undefined ? { page: "jobs" } : { page: "job", id: second };
  const single = [...entryNames, "schedules", "account", "users", "notifications"] as const;
  const found = single.find((name) => name === first);
  if (found && second === undefined) return { page: found };
  if (first === "webhooks") return { page: "webhooks", id: second ?? null };
  if (first === "pipelines") {
    return second === undefined ? { page: "pipelines" } : { page: "pipeline", name: second };
  }
  return { page: "missing" };
}

function consoleRoute(name: string | undefined, [id, ...more]: string[]): Route {
  if (name === "overview" || more.length > 0) return { page: "missing" };
  const section = consoleSections.find((one) => one === (name ?? "overview"));
  if (!section || (id !== undefined && !withPages.includes(section))) return { page: "missing" };
  return { page: "console", section, id: id ?? null };
}

export const paths = {
  convert: "/",
  jobs: "/jobs",
  job: (id: string) => `/jobs/${encodeURIComponent(id)}`,
  pipelines: "/pipelines",
  schedules: "/schedules",
  login: "/login",
  register: "/register",
  reset: "/reset",
  account: "/account",
  users: "/users",
  notifications: "/notifications",
  webhooks: "/webhooks",
  webhook: (id: string) => `/webhooks/${encodeURIComponent(id)}`,
  console: (section: ConsoleSection = "overview", id?: string) =>
    `/admin${section === "overview" ? "" : `/${section}`}${id === undefined ? "" : `/${encodeURIComponent(id)}`}`,
  pipeline: (name: string) => `/pipelines/${encodeURIComponent(name)}`,
};

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
