import { z } from "zod";
import { newId } from "../domain/ids.ts";
import { mayChange, maySee, type Preset, type PresetUser, visibilities } from "../domain/presets.ts";
import type { Json } from "../domain/records.ts";
import { MillraceError } from "../errors.ts";
import type { ReplicaMap } from "../replica/maps.ts";
import type { Replica } from "../replica/replica.ts";
import type { Engine } from "./engine.ts";
import { optionsResolver } from "./intake/options.ts";
import { unknownPipeline } from "./pipelines.ts";

/** Most presets of one owner. */
export const MOST_PRESETS = 200;

export type PresetSpec = Pick<Preset, "pipeline" | "name" | "options" | "visibility">;

/** Named options of pipelines, held in memory by every process. */
export interface Presets {
  /** Ordered by name. */
  list(user: PresetUser, filter: { pipeline?: string }): Preset[];
  /** Rejects with `not_found`, as do the others. */
  get(user: PresetUser, id: string): Preset;
  /** Whether it exists and is visible to everyone. */
  isForEveryone(id: string): boolean;
  /** Rejects with `not_found` for an unknown pipeline, `invalid_options`, `forbidden` and `quota_exceeded`. */
  create(user: PresetUser, spec: PresetSpec): Promise<Preset>;
  change(user: PresetUser, id: string, spec: Partial<Omit<PresetSpec, "pipeline">>): Promise<Preset>;
  remove(user: PresetUser, id: string): Promise<void>;
  /** Removes all private presets of an owner whose account is deleted. */
  removeAll(owner: string): Promise<void>;
}

const stored = z.object({
  ...{ id: z.string(), owner: z.string(), pipeline: z.string(), name: z.string(), options: z.json() },
  ...{ visibility: z.enum(visibilities), createdAt: z.number(), updatedAt: z.number() },
});

/** Call it before the maps are loaded. */
export function createPresets(
  replica: Replica,
  { pipelines, store }: Pick<Engine, "pipelines"> & { store: Pick<Engine["store"], "now"> },
): Presets {
  const map: ReplicaMap<Preset> = replica.map("presets", (value) => stored.parse(value) as Preset);

  const visible = (user: PresetUser, id: string): Preset => {
    const preset = map.get(id);
    if (preset && maySee(preset, user)) return preset;
    throw new MillraceError("not_found", "There is no such preset.");
  };
  const changeable = (user: PresetUser, id: string): Preset => {
    const preset = visible(user, id);
    if (mayChange(preset, user)) return preset;
    throw new MillraceError("forbidden", "Only admins can change presets for everyone.");
  };
  const ofOwner = (owner: string) =>
    map
      .entries()
      .filter(([, preset]) => preset.owner === owner)
      .map(([, preset]) => preset)
      .toArray();
  const write = async (preset: Preset): Promise<Preset> => {
    await replica.commit([map.set(preset.id, preset)]);
    return preset;
  };
  const publish = (user: PresetUser, visibility: Preset["visibility"]) => {
    if (visibility === "everyone" && !user.isAdmin)
      throw new MillraceError("forbidden", "Only admins can publish presets for everyone.");
  };

  async function check(pipeline: string, options: Json): Promise<void> {
    const found = pipelines.get(pipeline);
    if (!found || found.internal) throw unknownPipeline(pipeline, pipelines);
    const find = async () => {
      const message = "a preset cannot hold files: choose them for each job";
      throw new MillraceError("invalid_options", message, { extra: { issues: [{ path: "", message }] } });
    };
    await optionsResolver(found, { jobId: "preset", raw: options, files: new Map(), find }).ofJob();
  }

  return {
    list: (user, { pipeline }) =>
      map
        .entries()
        .map(([, preset]) => preset)
        .filter((preset) => maySee(preset, user) && (pipeline === undefined || preset.pipeline === pipeline))
        .toArray()
        .sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1)),
    get: visible,
    isForEveryone: (id) => map.get(id)?.visibility === "everyone",
    async create(user, spec) {
      publish(user, spec.visibility);
      await check(spec.pipeline, spec.options);
      if (ofOwner(user.owner).length >= MOST_PRESETS) {
        throw new MillraceError(
          "quota_exceeded",
          `You have ${MOST_PRESETS} presets, the maximum. Delete one first.`,
          {
            ...{ retryable: false, extra: { quota: "presets", limit: MOST_PRESETS } },
          },
        );
      }
      const now = store.now();
      return write({ id: newId(now), owner: user.owner, ...spec, createdAt: now, updatedAt: now });
    },
    async change(user, id, spec) {
      const preset = changeable(user, id);
      const changed = { ...preset, ...spec, updatedAt: store.now() };
      if (spec.visibility !== undefined && spec.visibility !== preset.visibility) publish(user, "everyone");
      if (spec.options !== undefined) await check(preset.pipeline, spec.options);
      return write(changed);
    },
    async remove(user, id) {
      changeable(user, id);
      await replica.commit([map.remove(id)]);
    },
    async removeAll(owner) {
      const own = ofOwner(owner).filter((preset) => preset.visibility === "private");
      if (own.length > 0) await replica.commit(own.map(({ id }) => map.remove(id)));
    },
  };
}
