/**
 * Checks the manifests in `deploy/kubernetes` without a cluster: against the TypeScript types of Kubernetes and KEDA,
 * which reject unknown fields at any depth, and against their schemas.
 */
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");

export interface Manifest {
  /** File, kind and name, for messages. */
  place: string;
  apiVersion: string;
  kind: string;
  document: { metadata?: { name?: string; namespace?: string }; spec?: unknown } & Record<string, unknown>;
}

export function readManifests(folder = join(root, "deploy", "kubernetes")): Manifest[] {
  return globSync("**/*.yaml", { cwd: folder })
    .sort()
    .flatMap((path) => manifestsOf(readFileSync(join(folder, path), "utf8"), path));
}

export function manifestsOf(text: string, path: string): Manifest[] {
  return parseAllDocuments(text, { merge: true }).map((parsed) => {
    if (parsed.errors.length > 0) throw new Error(`${path}: ${parsed.errors[0]!.message}`);
    const document = parsed.toJS() as Manifest["document"] & { apiVersion: string; kind: string };
    const { apiVersion, kind, metadata } = document;
    return { place: `${path} ${kind} ${metadata?.name ?? ""}`.trim(), apiVersion, kind, document };
  });
}

/** Problems, one per line. */
export async function problemsOf(manifests: readonly Manifest[]): Promise<string[]> {
  // Kustomize's own file is not a cluster object.
  const objects = manifests.filter(({ apiVersion }) => !apiVersion.startsWith("kustomize."));
  const found = await Promise.all(objects.map(schemaProblems));
  return [...found.flat(), ...(await typeProblems(objects))];
}

/** Module with the type and the schema of a kind. */
function moduleOf({ apiVersion, kind }: Manifest): string {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  if (group === "keda.sh") return `@kubernetes-models/keda/keda.sh/${version}/${kind}`;
  return `kubernetes-models/${group ? `${group}/` : ""}${version}/${kind}`;
}

async function schemaProblems(manifest: Manifest): Promise<string[]> {
  try {
    const loaded = (await import(moduleOf(manifest))) as Record<
      string,
      new (
        data: object,
      ) => { validate(): void }
    >;
    new loaded[manifest.kind]!(manifest.document).validate();
    return [];
  } catch (error) {
    return [`${manifest.place}: ${(error as Error).message}`];
  }
}

/** Type-checks the manifests as object literals, so that unknown fields are compiler errors. */
async function typeProblems(manifests: readonly Manifest[]): Promise<string[]> {
  await mkdir(join(root, "node_modules", ".cache"), { recursive: true });
  const folder = await mkdtemp(join(root, "node_modules", ".cache", "kubernetes-"));
  try {
    const files = manifests.map((manifest, n) => ({ manifest, name: `m${n}.ts` }));
    for (const { manifest, name } of files) {
      const { kind, document } = manifest;
      const text = `import type { I${kind} } from ${JSON.stringify(moduleOf(manifest))};\nexport const manifest: I${kind} = ${JSON.stringify(document, null, 1)};\n`;
      await writeFile(join(folder, name), text);
    }
    const compilerOptions = {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      module: "nodenext",
      target: "es2024",
      types: [],
    };
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const output = await run(join(root, "node_modules", ".bin", "tsc"), ["--pretty", "false", "-p", folder], {
      cwd: folder,
    }).then(
      () => "",
      ({ stdout }: { stdout: string }) => stdout,
    );
    return output
      .split("\n")
      .filter((line) => line.includes("error TS"))
      .map((line) => {
        const place = files.find(({ name }) => line.includes(`${name}(`))?.manifest.place;
        return `${place ?? ""}: ${line.replace(/^.*?error /, "")}`;
      });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
