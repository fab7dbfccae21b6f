import { resolve } from "node:path";
import type { Command } from "commander";
import { configOf } from "./flags.ts";

export function addBackup(program: Command): void {
  program
    .command("backup")
    .description("copy the data folder into a new folder, while Millrace runs or not")
    .argument("<folder>", "where to; it must not exist, or be empty")
    .option("--data <folder>", "data folder (MILLRACE_DATA)")
    .action(async (folder: string, _, command: Command) => {
      const { backup } = await import("../compose/backup.ts");
      const { config } = await configOf(command);
      const { missing } = await backup(config, resolve(folder));
      if (missing > 0) {
        console.error(
          `millrace: ${missing} files that the records name were lost before, and are not in the backup`,
        );
      }
      console.log(`Backed up ${config.data} to ${resolve(folder)}`);
    });
  program
    .command("restore")
    .description("fill an empty data folder from a backup")
    .argument("<folder>", "a folder that `millrace backup` made")
    .option("--data <folder>", "data folder (MILLRACE_DATA)")
    .action(async (folder: string, _, command: Command) => {
      const { restore } = await import("../compose/backup.ts");
      const { config } = await configOf(command);
      await restore(resolve(folder), config);
      console.log(`Restored ${resolve(folder)} into ${config.data}; start it with \`millrace start\``);
    });
}
