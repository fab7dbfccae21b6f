import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { exists, find, installPackages } from "./debian.ts";

const run = promisify(execFile);

/** Maven coordinates: `group:artifact:version`. */
export type Coordinates = string;

/**
 * Downloads jars and their runtime dependencies from Maven Central to `folder/lib`, once per list of coordinates. Needs
 * no network if they are already there.
 */
export async function fetchJars(folder: string, wanted: readonly Coordinates[]): Promise<void> {
  if (!(await find("java"))) await installPackages(["default-jre-headless"]);
  const project = projectFile(wanted);
  const lib = join(folder, "lib");
  const file = join(folder, "pom.xml");
  const done = await readFile(join(lib, ".complete"), "utf8").catch(() => "");
  if (done === project) return;
  if (!(await find("mvn"))) await installPackages(["maven"]);
  process.stderr.write(`fetching ${wanted[0]} from Maven Central …\n`);
  await rm(lib, { recursive: true, force: true });
  await mkdir(lib, { recursive: true });
  await writeFile(file, project);
  const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
  const args = ["-q", "-B", "-f", file, goal, `-DoutputDirectory=${lib}`, "-DincludeScope=runtime"];
  await run("mvn", args).catch((error: { stdout?: string }) => {
    throw new Error(
      `Maven could not fetch ${wanted[0]}:\n${error.stdout?.split("\n").slice(0, 3).join("\n") ?? ""}`,
    );
  });
  await writeFile(join(lib, ".complete"), project);
}

/** Runs a Java program from the jars in `folder/lib`. `heapMb` is small, because it serves a single developer. */
export async function java(
  folder: string,
  heapMb: number,
  main: string,
  args: string[],
  properties: string[] = [],
) {
  const program = (await find("java"))!;
  const options = [`-Xmx${heapMb}m`, "-Xms32m", "-XX:+UseSerialGC"];
  if (!(await exists(join(folder, "lib")))) throw new Error(`${folder}/lib is missing`);
  return {
    program,
    args: [...options, ...properties.map((p) => `-D${p}`), "-cp", `${folder}/lib/*`, main, ...args],
  };
}

function projectFile(wanted: readonly Coordinates[]): string {
  const dependencies = wanted.map((coordinates) => {
    const [group, artifact, version] = coordinates.split(":");
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    "<groupId>local</groupId><artifactId>services</artifactId><version>1</version><packaging>pom</packaging>",
    `<dependencies>\n${dependencies.join("\n")}\n</dependencies></project>\n`,
  ].join("\n");
}
