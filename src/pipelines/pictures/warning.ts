/** A loss to report to the client. */
export interface Warning {
  code: string;
  message: string;
}
