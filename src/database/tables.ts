/** The cold tables, one type each, as their migrations make them on every store. */
export interface Tables {
  uploads: UploadRow;
}

export interface UploadRow {
  id: string;
  owner: string;
  expires_at: number;
  /** An `UploadRecord`: JSON. */
  body: string;
}
