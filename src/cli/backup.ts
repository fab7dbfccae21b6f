import { resolve } from "node:path";
import type { Command } from "commander";
import { configOf } from "./flags.ts";

export function addBackup(program: Command): void {
  program
    .command("backup")
    .description("back up the data folder, even while Millrace is running")
    .argument("<folder>", "target folder; must be empty or not exist")
    .option("--data <folder>", "data folder (MILLRACE_DATA)")
    .action(async (folder: string, _, command: Command) => {
      const { backup } = await import("../compose/backup.ts");
      const { config } = await configOf(command);
      const { missing } = await backup(config, resolve(folder));
      if (missing > 0) {
        console.error(
          `millrace: ${missing} files in the records were already missing and are not in the backup.`,
        );
      }
      console.log(`Backed up ${config.data} to ${resolve(folder)}`);
    });
  program
    .command("restore")
    .description("restore a backup into an empty data folder")
    .argument("<folder>", "folder created by `millrace backup`")
    .option("--data <folder>", "data folder (MILLRACE_DATA)")
    .action(async (folder: string, _, command: Command) => {
      const { restore } = await import("../compose/backup.ts");
      const { config } = await configOf(command);
      await restore(resolve(folder), config);
      console.log(`Restored ${resolve(folder)} into ${config.data}. Start it with \`millrace start\`.`);
    });
}
