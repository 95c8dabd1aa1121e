import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { serveApi } from "../../lib/apiserver/http/mod.ts";
import { ApiServer } from "../../lib/apiserver/mod.ts";
import { systemClock } from "../../lib/util/clock/mod.ts";
import { systemRandom } from "../../lib/util/random.ts";
import { binariesAvailable, locateBinaries } from "../controlplane/assets.ts";
import { startControlPlane } from "../controlplane/control_plane.ts";
import { type KubectlResult, runKubectl } from "../controlplane/kubectl.ts";
import { serviceAccountUser } from "../controlplane/users.ts";

const deploy = fileURLToPath(new URL("../../deploy", import.meta.url));
const sharder = serviceAccountUser("sharding-system", "sharder");

/** A server, and a person who uses it with kubectl. */
interface Scene extends AsyncDisposable {
  readonly folder: string;
  kubectl(...args: readonly string[]): Promise<KubectlResult>;
  /** The sharder's kubeconfig file, where it has one. */
  readonly sharder?: string;
}

async function realScene(): Promise<Scene> {
  const controlPlane = await startControlPlane({ users: [sharder] });
  return {
    folder: controlPlane.folder,
    kubectl: (...args) => controlPlane.kubectl(args),
    sharder: controlPlane.user(sharder.name).kubeconfigPath,
    [Symbol.asyncDispose]: () => controlPlane[Symbol.asyncDispose](),
  };
}

async function sceneInMemory(): Promise<Scene> {
  await using stack = new globalThis.AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "deploy-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const server = stack.use(new ApiServer({ clock: systemClock, random: systemRandom }));
  const listener = stack.use(await serveApi(server, {}));
  const kubeconfig = join(folder, "kubeconfig");
  await Deno.writeTextFile(kubeconfig, listener.kubeconfig());
  const { kubectl } = locateBinaries();
  const owned = stack.move();
  return {
    folder,
    kubectl: (...args) => runKubectl(kubectl, kubeconfig, join(folder, "cache"), args, {}),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Applies a folder of deploy/ with components, and returns what kubectl says. Nothing may be wrong or worth a warning. */
async function apply({ kubectl, folder }: Scene, name: string, components: readonly string[] = []): Promise<string> {
  const overlay = await Deno.makeTempDir({ dir: folder });
  const path = (part: string): string => relative(overlay, join(deploy, part));
  const kustomization = {
    resources: [path(name)],
    components: components.map((component) => path(`components/${component}`)),
  };
  await Deno.writeTextFile(join(overlay, "kustomization.yaml"), JSON.stringify(kustomization));
  const { code, stdout, stderr } = await kubectl("apply", "--server-side", "--force-conflicts", "-k", overlay);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  return stdout;
}

/** May the sharder do this? */
async function mayI(scene: Scene, ...what: readonly string[]): Promise<string> {
  const { stdout } = await scene.kubectl("auth", "can-i", ...what, `--as=${sharder.name}`);
  return stdout.trim();
}

/** Prepares what the tests have in common, among it warnings of pods that are less than restricted. */
async function prepare(scene: Scene): Promise<void> {
  await apply(scene, "crds");
  const labels = ["sharding-system", "default"].map((namespace) =>
    scene.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/warn=restricted")
  );
  for (const { code, stderr } of await Promise.all(labels)) assert.equal(code, 0, stderr);
  const established = ["wait", "--for=condition=Established", "crd/controllerrings.sharding.timebertt.dev"];
  assert.equal((await scene.kubectl(...established)).code, 0);
}

async function leaseRights(scene: Scene): Promise<readonly string[]> {
  const asked = ["update leases -n default", "update leases -n kube-system", "list leases -A"];
  return await Promise.all(asked.map((what) => mayI(scene, ...what.split(" "))));
}

const scenes: readonly [string, () => Promise<Scene>][] = [
  ["a real API server", realScene],
  ["the API server in memory", sceneInMemory],
];

for (const [where, start] of scenes) {
  Deno.test(`kubectl apply -k deploy/... on ${where}`, { ignore: !binariesAvailable() }, async (t) => {
    await using scene = await start();
    await prepare(scene);

    await t.step("Leases can be restricted to namespaces", async () => {
      await apply(scene, "default", ["lease-namespaces"]);
      assert.deepEqual(await leaseRights(scene), ["yes", "no", "no"]);
      const config = await scene.kubectl("get", "cm", "-n", "sharding-system", "sharder-config", "-oyaml");
      assert.match(config.stdout, /namespaces: \[default\]/);
    });

    await t.step("everything is applied, and a second time changes nothing", async () => {
      await apply(scene, "default");
      assert.deepEqual(await leaseRights(scene), ["yes", "yes", "yes"]);
      assert.equal(await mayI(scene, "get", "secrets", "-n", "sharding-system"), "no");
      const own = "secrets/sharder-webhook-certificate";
      assert.equal(await mayI(scene, "get", own, "-n", "sharding-system"), "yes");
      const versions = async (): Promise<string> => {
        const kinds = "deploy,svc,cm,pdb,clusterroles,clusterrolebindings,flowschemas,sa";
        const path = "jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}\n{end}";
        const labelled = await scene.kubectl(
          ...["get", kinds, "-n", "sharding-system", "-l", "app.kubernetes.io/name=controller-sharding", "-o", path],
        );
        assert.equal(labelled.code, 0, labelled.stderr);
        return labelled.stdout.split("\n").filter((line) => !/^(Deployment|PodDisruptionBudget|FlowSchema)/.test(line))
          .join("\n");
      };
      const before = await versions();
      await apply(scene, "default");
      assert.equal(await versions(), before);
    });

    await t.step("a certificate can come in files", async () => {
      await apply(scene, "default", ["certificate-files"]);
      const deployment = await scene.kubectl("get", "deploy", "-n", "sharding-system", "sharder", "-oyaml");
      assert.match(deployment.stdout, /mountPath: \/etc\/controller-sharding\/webhook-server/);
    });

    await t.step("the example is applied", async () => {
      await apply(scene, "examples/checksum-controller");
    });

    const { sharder } = scene;
    if (sharder === undefined) return;
    await t.step("requests for Leases have a priority level of their own", async () => {
      const path = 'jsonpath={.metadata.uid} {.status.conditions[?(@.type=="Dangling")].status}';
      const schema = await scene.kubectl("get", "flowschema", "sharding-sharder-leases", "-o", path);
      const [uid = "", dangling] = schema.stdout.split(" ");
      assert.equal(dangling, "False", "its priority level exists");
      const asked = ["get", "lease", "-n", "sharding-system", "sharder", "--ignore-not-found", "-v=8"];
      const answer = await scene.kubectl("--kubeconfig", sharder, ...asked);
      assert.match(answer.stderr.toLowerCase(), new RegExp(`x-kubernetes-pf-flowschema-uid:? ?"?\\[?"?${uid}`));
      const other = await scene.kubectl("--kubeconfig", sharder, "get", "controllerrings", "-v=8");
      assert.equal(other.code, 0, other.stderr);
      assert.ok(!other.stderr.includes(uid));
    });
  });
}
