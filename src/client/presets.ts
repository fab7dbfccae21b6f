import type { Preset } from "./account-types.ts";
import { type CallOptions, query, type Transport } from "./transport.ts";
import type { Page } from "./types.ts";

/** Named options for a pipeline. */
export interface Presets {
  /** The caller's presets and those for everyone, by name. */
  list(filter?: { pipeline?: string }, options?: CallOptions): Promise<Preset[]>;
  get(id: string, options?: CallOptions): Promise<Preset>;
  create(
    preset: Pick<Preset, "pipeline" | "name"> & { options: unknown; visibility?: Preset["visibility"] },
    options?: CallOptions,
  ): Promise<Preset>;
  change(
    id: string,
    change: { name?: string; options?: unknown; visibility?: Preset["visibility"] },
    options?: CallOptions,
  ): Promise<Preset>;
  remove(id: string, options?: CallOptions): Promise<void>;
}

export function presets({ get, post, remove }: Transport): Presets {
  const preset = (id: string) => `/v1/presets/${encodeURIComponent(id)}`;
  return {
    list: async (filter = {}, options) =>
      (await get<Page<Preset>>(`/v1/presets${query(filter)}`, options)).items,
    get: (id, options) => get(preset(id), options),
    create: (made, options) => post("/v1/presets", made, options),
    change: (id, change, options) => post(preset(id), change, options, "PATCH"),
    remove: (id, options) => remove(preset(id), options),
  };
}
