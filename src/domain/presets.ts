import type { Json } from "./records.ts";

/** `everyone`: all users may use it, and admins change it. */
export const visibilities = ["private", "everyone"] as const;
export type Visibility = (typeof visibilities)[number];

/** Options of a pipeline under a name. */
export interface Preset {
  id: string;
  owner: string;
  pipeline: string;
  name: string;
  /** As they were given: the pipeline's defaults are not filled in. */
  options: Json;
  visibility: Visibility;
  createdAt: number;
  updatedAt: number;
}

/** Who asks. */
export interface PresetUser {
  owner: string;
  isAdmin: boolean;
}

export function maySee(preset: Preset, { owner }: PresetUser): boolean {
  return preset.owner === owner || preset.visibility === "everyone";
}

export function mayChange(preset: Preset, { owner, isAdmin }: PresetUser): boolean {
  return preset.visibility === "everyone" ? isAdmin : preset.owner === owner;
}
