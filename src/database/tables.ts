/** The cold tables, one type each, as their migrations make them on every store. */
export interface Tables {
  uploads: UploadRow;
  chores: ChoreRow;
}

/** When a chore was begun last. */
export interface ChoreRow {
  name: string;
  begun_at: number;
}

export interface UploadRow {
  id: string;
  owner: string;
  expires_at: number;
  /** An `UploadRecord`: JSON. */
  body: string;
}
