import { expect, test } from "vitest";
import { type Manifest, manifestsOf, problemsOf, readManifests } from "./check.ts";

const manifests = readManifests();
const find = (kind: string, name: string) =>
  manifests.find((one) => one.kind === kind && one.document.metadata?.name === name)!.document as never;

test("every manifest is what Kubernetes and KEDA take", { timeout: 120_000 }, async () => {
  expect(manifests.length).toBeGreaterThan(20);
  expect(await problemsOf(manifests)).toEqual([]);
});

test("an unknown field is refused at any depth, and so is a value of the wrong type", {
  timeout: 120_000,
}, async () => {
  const broken = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: wrong }
spec:
  selector: { matchLabels: { a: b } }
  template:
    metadata: { labels: { a: b } }
    spec:
      containers:
        - { name: worker, image: millrace, replicas: 3 }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: wrong }
spec:
  selector: { matchLabels: { a: b } }
  template:
    spec: { terminationGracePeriod: 60, containers: [] }
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: wrong }
spec:
  scaleTargetRef: { name: a }
  pollInterval: 30
  triggers: [{ type: metrics-api, metadata: { url: http://a } }]
---
apiVersion: v1
kind: Service
metadata: { name: wrong }
spec: { ports: [{ port: http }] }
`;
  const problems = await problemsOf(manifestsOf(broken, "wrong.yaml"));
  const told = problems.join("\n");
  for (const name of ["replicas", "terminationGracePeriod", "pollInterval"]) expect(told).toContain(name);
  expect(told).toMatch(/wrong.yaml Service wrong/);
});

test("a worker's pod has longer to end than its steps have, and those longer than the longest step", () => {
  type Pod = {
    terminationGracePeriodSeconds: number;
    containers: { env: { name: string; value?: string }[] }[];
  };
  for (const name of ["millrace-worker", "millrace-worker-spot"]) {
    const { spec } = find("Deployment", name) as { spec: { replicas?: number; template: { spec: Pod } } };
    const pod = spec.template.spec;
    const drain = Number(pod.containers[0]!.env.find((one) => one.name === "MILLRACE_DRAIN")!.value);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drain + 30);
    // KEDA sets the number of replicas.
    expect(spec.replicas).toBeUndefined();
  }
});

test("what refers to something refers to something that is there", () => {
  const { spec } = find("ScaledObject", "millrace-worker") as {
    spec: { scaleTargetRef: { name: string }; triggers: { authenticationRef: { name: string } }[] };
  };
  expect(find("Deployment", spec.scaleTargetRef.name)).toBeDefined();
  expect(find("TriggerAuthentication", spec.triggers[0]!.authenticationRef.name)).toBeDefined();
  const listed = manifests.find(({ kind }) => kind === "Kustomization")!.document as unknown as {
    resources: string[];
  };
  const files = new Set(manifests.map((one: Manifest) => one.place.split(" ")[0]));
  for (const resource of listed.resources) expect(files).toContain(resource);
});
