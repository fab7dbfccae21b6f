export type Route =
  | { page: "convert" }
  | { page: "jobs" }
  | { page: "job"; id: string }
  | { page: "pipelines" }
  | { page: "pipeline"; name: string }
  | { page: "schedules" }
  | { page: "missing" };

export function matchRoute(path: string): Route {
  const [first = "", second, ...rest] = path.split("/").filter(Boolean).map(decode);
  if (rest.length > 0) return { page: "missing" };
  if (first === "" && second === undefined) return { page: "convert" };
  if (first === "jobs") return second === undefined ? { page: "jobs" } : { page: "job", id: second };
  if (first === "schedules" && second === undefined) return { page: "schedules" };
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
  pipeline: (name: string) => `/pipelines/${encodeURIComponent(name)}`,
};

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
