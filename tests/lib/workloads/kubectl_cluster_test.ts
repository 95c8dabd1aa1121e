import assert from "node:assert/strict";
import { binariesAvailable } from "../../controlplane/assets.ts";
import { startControlPlane } from "../../controlplane/control_plane.ts";
import { eventually } from "../../controlplane/processes.ts";
import { brokenImage, type Face, memoryFace, realFace } from "./face.ts";
import { type Observation, observe } from "./observation.ts";

/** One command, what it must print, and what is to be seen when all has come to rest. */
interface Step {
  readonly args: readonly string[];
  /** Exit code. @default 0 */
  readonly code?: number;
  readonly prints: RegExp;
  /** Is the state the one in which the two are compared? */
  readonly settled: (seen: Observation) => boolean;
}

function patch(spec: unknown): readonly string[] {
  return ["patch", "deployment", "web", "-p", JSON.stringify({ spec })];
}

/** All pods run this image, and there are so many. */
function runs(image: string, count: number): Step["settled"] {
  return ({ pods, deployments }) =>
    pods.length === count && pods.every((pod) => pod.startsWith(`${image} node-1 Running`)) &&
    JSON.stringify(deployments).includes("NewReplicaSetAvailable");
}

const rolledOut = /successfully rolled out/;
const status = ["rollout", "status", "deployment/web", "--timeout=20s"];

const steps: readonly Step[] = [
  {
    args: ["create", "deployment", "web", "--image=one", "--replicas=3"],
    prints: /deployment.apps\/web created/,
    settled: runs("one", 3),
  },
  {
    args: ["expose", "deployment", "web", "--port=80", "--target-port=8080", "--labels=team=a"],
    prints: /exposed/,
    settled: ({ slices }) => JSON.stringify(slices).includes("10.1.2.3 true"),
  },
  { args: ["scale", "deployment", "web", "--replicas=5"], prints: /web scaled/, settled: runs("one", 5) },
  { args: ["set", "image", "deployment/web", "*=two"], prints: /image updated/, settled: runs("two", 5) },
  { args: status, prints: rolledOut, settled: runs("two", 5) },
  {
    args: ["annotate", "deployment", "web", "kubernetes.io/change-cause=third"],
    prints: /web annotated/,
    settled: runs("two", 5),
  },
  { args: ["rollout", "history", "deployment/web"], prints: /1 +<none>\n2 +third/, settled: runs("two", 5) },
  { args: ["rollout", "undo", "deployment/web"], prints: /rolled back/, settled: runs("one", 5) },
  { args: ["rollout", "history", "deployment/web"], prints: /2 +third\n3/, settled: runs("one", 5) },
  { args: ["delete", "pods", "-l", "app=web"], prints: /deleted/, settled: runs("one", 5) },
  {
    args: ["label", "pods", "-l", "app=web", "app=lost", "--overwrite"],
    prints: /labeled/,
    settled: ({ pods }) => pods.length === 10 && pods.every((pod) => pod.startsWith("one node-1 Running")),
  },
  { args: ["delete", "pods", "-l", "app=lost"], prints: /deleted/, settled: runs("one", 5) },
  { args: ["rollout", "pause", "deployment/web"], prints: /paused/, settled: () => true },
  { args: ["set", "image", "deployment/web", "*=two"], prints: /image updated/, settled: () => true },
  {
    args: ["scale", "deployment", "web", "--replicas=4"],
    prints: /web scaled/,
    settled: ({ pods }) => pods.length === 4 && pods.every((pod) => pod.startsWith("one")),
  },
  { args: ["rollout", "resume", "deployment/web"], prints: /resumed/, settled: runs("two", 4) },
  { args: ["rollout", "restart", "deployment/web"], prints: /restarted/, settled: runs("two", 4) },
  {
    args: patch({ progressDeadlineSeconds: 1, minReadySeconds: 0 }),
    prints: /patched/,
    settled: runs("two", 4),
  },
  {
    args: ["set", "image", "deployment/web", `*=${brokenImage}`],
    prints: /image updated/,
    settled: ({ deployments }) => JSON.stringify(deployments).includes("ProgressDeadlineExceeded"),
  },
  { args: status, code: 1, prints: /exceeded its progress deadline/, settled: () => true },
  {
    args: ["scale", "deployment", "web", "--replicas=8"],
    prints: /web scaled/,
    settled: ({ pods }) => pods.length === 10,
  },
  { args: ["rollout", "undo", "deployment/web"], prints: /rolled back/, settled: runs("two", 8) },
  {
    args: patch({ strategy: { type: "Recreate", rollingUpdate: null }, replicas: 2, revisionHistoryLimit: 1 }),
    prints: /patched/,
    settled: runs("two", 2),
  },
  { args: ["set", "image", "deployment/web", "*=three"], prints: /image updated/, settled: runs("three", 2) },
  { args: ["get", "deployment", "web", "--no-headers"], prints: /web +2\/2 +2 +2/, settled: runs("three", 2) },
  { args: ["cordon", "node-1"], prints: /cordoned/, settled: runs("three", 2) },
  {
    args: ["scale", "deployment", "web", "--replicas=3"],
    prints: /web scaled/,
    settled: ({ pods }) => pods.some((pod) => pod.endsWith("PodScheduled=FalseUnschedulable")),
  },
  { args: ["uncordon", "node-1"], prints: /uncordoned/, settled: runs("three", 3) },
  {
    args: ["delete", "deployment,service", "web"],
    prints: /deleted/,
    settled: (seen) => seen.deployments.length + seen.sets.length + seen.pods.length + seen.slices.length === 0,
  },
];

/** What a command prints, without what is made up. */
function normalize(output: string): string {
  return output.replaceAll(/web-[a-z0-9]{8,10}(-[a-z0-9]{5})?/g, "web-xxx").split("\n").sort().join("\n")
    .replaceAll(/\b\d+m?s\b/g, "0s");
}

Deno.test("Deployments in memory become what kube-controller-manager makes of them", {
  ignore: !binariesAvailable(),
}, async (t) => {
  await using controlPlane = await startControlPlane();
  await using real = await realFace(controlPlane);
  await using memory = await memoryFace(controlPlane.folder, controlPlane.binaries.kubectl);
  const faces: readonly Face[] = [memory, real];
  for (const { args, code = 0, prints, settled } of steps) {
    const passed = await t.step(`kubectl ${args.slice(0, 4).join(" ")}`, async () => {
      const [ours, theirs] = await Promise.all(faces.map(async (face) => {
        const { stdout, stderr, ...result } = await face.kubectl(args);
        assert.equal(result.code, code, `${face.name}: ${stdout}${stderr}`);
        assert.match(stdout + stderr, prints, face.name);
        return normalize(stdout + stderr);
      }));
      // Which steps of a rollout kubectl catches is chance.
      if (args[1] !== "status") assert.equal(ours, theirs);
      let seen: readonly Observation[] = [];
      const same = eventually("both show the same", async () => {
        seen = await Promise.all(faces.map((face) => observe(face.client)));
        return seen.every(settled) && JSON.stringify(seen[0]) === JSON.stringify(seen[1]);
      }, 8_000);
      await same.catch(() => {
        assert.deepEqual(seen[0], seen[1]);
        assert.fail(`not settled: ${JSON.stringify(seen[0], undefined, 1)}`);
      });
    });
    // What follows would only fail too.
    if (!passed) break;
  }
});
