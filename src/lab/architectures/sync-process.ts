import { ready, settingsOf } from "./child.ts";
import { fileOf, listen, sendFile } from "./http.ts";

/** API of V0 and V2: calls a service and waits. Several services take turns. */
export interface SyncSettings {
  path: string;
  services: string[];
}

const { path, services } = settingsOf<SyncSettings>();
let next = 0;

const url = await listen({
  // If a client disconnects, its work continues, as in most such programs.
  [`POST ${path}`]: async ({ request }, answer) => {
    const service = services[next++ % services.length]!;
    const worked = await sendFile(`${service}/work`, await fileOf(request));
    answer(worked.status, (await worked.json()) as object);
  },
  "GET /health": (_, answer) => answer(200, "ok"),
});
ready({ url });
