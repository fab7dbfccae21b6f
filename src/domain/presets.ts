import type { Json } from "./records.ts";

/** `everyone`: all users may use it, and admins may change it. */
export const visibilities = ["private", "everyone"] as const;
export type Visibility = (typeof visibilities)[number];

/** Named options of a pipeline. */
export interface Preset {
  id: string;
  owner: string;
  pipeline: string;
  name: string;
  /** As given, without the pipeline's defaults. */
  options: Json;
  visibility: Visibility;
  createdAt: number;
  updatedAt: number;
}

/** The user who makes the request. */
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
