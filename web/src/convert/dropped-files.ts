/** Contents of a drop: plain files, and all files in dropped folders. */
export interface Dropped {
  files: File[];
  folderFiles: File[];
}

/** A folder with more files is more likely a mistake than a choice. */
const maxFound = 5_000;

/** Reads a drop. Gets the entries before the first `await`, because the browser then empties the list. */
export async function droppedFiles(transfer: DataTransfer): Promise<Dropped> {
  const entries = [...transfer.items].flatMap((item) => {
    if (item.kind !== "file") return [];
    return [{ entry: item.webkitGetAsEntry(), file: item.getAsFile() }];
  });
  const files: File[] = [];
  const folderFiles: File[] = [];
  for (const { entry, file } of entries) {
    if (entry?.isDirectory) await walk(entry as FileSystemDirectoryEntry, folderFiles);
    else if (file) files.push(file);
  }
  return { files, folderFiles };
}

async function walk(folder: FileSystemDirectoryEntry, found: File[]): Promise<void> {
  const reader = folder.createReader();
  for (;;) {
    // A reader returns at most 100 entries at a time, and none at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (entries.length === 0) return;
    for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
      if (found.length >= maxFound) return;
      if (entry.isDirectory) await walk(entry as FileSystemDirectoryEntry, found);
      else found.push(await fileOf(entry as FileSystemFileEntry));
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
