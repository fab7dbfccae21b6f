import type { Region } from "../blend/regions.ts";
import type { Ratios } from "../face/ratios.ts";

/** Statistics of a trait, with sources. */
export interface Trait {
  name: keyof Ratios;
  /** Region of the face that shows it. */
  region: Region;
  /** Inherited fraction of the variance (h²), 0 to 1. */
  heritability: number;
  heritabilitySource: string;
  /** Standard deviation in a population, as a fraction of the mean. */
  spread: number;
  spreadSource: string;
}

/** 1,380 twins: genes explain more than 70% of the nose, the distance of the eyes and the prominence of the lips. */
const DJORDJEVIC =
  "Djordjevic et al. 2016, PLOS ONE 11(9): e0162250, https://doi.org/10.1371/journal.pone.0162250 (more than 0.70)";
/** 38 measures in children and their relatives: 28% to 67%, more for widths than for heights. */
const COLE =
  "Cole et al. 2017, Genetics 205: 967–978, https://doi.org/10.1534/genetics.116.193185 (0.28 to 0.67; their middle)";
const AT_LEAST = 0.7;
const MIDDLE = 0.475;

/** Ratios to the width of the face, from photos of 56 women. */
const PHOTOGRAPHS = "Journal of the Showa Medical Association 56(4), 1996, measured in photographs";
/** Measured on 3D scans. */
const SCANS =
  "Maxillofacial Plastic and Reconstructive Surgery 41, 2019, https://doi.org/10.1186/s40902-019-0191-7, table 9";

export const traits: readonly Trait[] = [
  trait("length", "jaw", [MIDDLE, COLE], [0.046, SCANS]),
  trait("jawWidth", "jaw", [MIDDLE, COLE], [0.055, SCANS]),
  trait("eyeSpacing", "eyes", [AT_LEAST, DJORDJEVIC], [0.081, PHOTOGRAPHS]),
  trait("eyeSize", "eyes", [MIDDLE, COLE], [0.06, PHOTOGRAPHS]),
  trait("noseWidth", "nose", [AT_LEAST, DJORDJEVIC], [0.056, PHOTOGRAPHS]),
  trait("noseLength", "nose", [AT_LEAST, DJORDJEVIC], [0.065, SCANS]),
  trait("mouthWidth", "mouth", [MIDDLE, COLE], [0.077, PHOTOGRAPHS]),
  trait("lipFullness", "mouth", [AT_LEAST, DJORDJEVIC], [0.095, SCANS]),
];

function trait(
  name: Trait["name"],
  region: Region,
  [heritability, heritabilitySource]: [number, string],
  [spread, spreadSource]: [number, string],
): Trait {
  return { name, region, heritability, heritabilitySource, spread, spreadSource };
}
