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
  | { page: "missing" };

/** What people see who are not logged in. */
export type EntryName = (typeof entryNames)[number];
const entryNames = ["login", "register", "invite", "reset", "verify"] as const;

export function isEntry(page: Route["page"]): page is EntryName {
  return entryNames.some((name) => name === page);
}

export function matchRoute(path: string): Route {
  const [first = "", second, ...rest] = path.split("/").filter(Boolean).map(decode);
  if (rest.length > 0) return { page: "missing" };
  if (first === "" && second === undefined) return { page: "convert" };
  if (first === "jobs") return second === undefined ? { page: "jobs" } : { page: "job", id: second };
  const single = [...entryNames, "schedules", "account", "users"] as const;
  const found = single.find((name) => name === first);
  if (found && second === undefined) return { page: found };
  if (first === "pipelines") {
    return second === undefined ? { page: "pipelines" } : { page: "pipeline", name: second };
  }
  return { page: "missing" };
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
  pipeline: (name: string) => `/pipelines/${encodeURIComponent(name)}`,
};

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
