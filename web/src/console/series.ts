/** A line of a chart. */
export interface Series {
  name: string;
  /** A theme color, such as `accent`. */
  color: string;
  /** One value per time. `null` if unknown. */
  values: readonly (number | null)[];
  fill?: boolean;
}
