/** A loss that a client is told of. */
export interface Warning {
  code: string;
  message: string;
}
