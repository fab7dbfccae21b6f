export interface DocumentOcrLimits {
  /** @default 10 */
  maxFiles: number;
  /** @default 100 MiB */
  maxFileBytes: number;
}

export const documentOcrLimits: Readonly<DocumentOcrLimits> = {
  maxFiles: 10,
  maxFileBytes: 100 * 1024 * 1024,
};
