import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { demoImages } from "../../../../commands/demo/cluster/images.ts";
import type { ImageContext } from "../../../../lib/workloads/node/pod/images.ts";

const images = demoImages("/usr/bin/deno", "https://127.0.0.1:7443");
const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [] } };

function context(folder: string): ImageContext {
  return {
    pod,
    container: "c",
    ports: { 9443: 20_001, webhook: 20_001, 8081: 20_002, health: 20_002, 8080: 20_003, metrics: 20_003 },
    mounts: [
      { mountPath: "/etc/controller-sharding/config", hostPath: join(folder, "config") },
      { mountPath: "/etc/controller-sharding/webhook-server", hostPath: join(folder, "certificates") },
    ],
    folder,
  };
}

Deno.test("demoImages() runs our commands with the permissions that they need, and no other image", async () => {
  const folder = "/pod";
  for (
    const image of ["checksum-controller", "example.org/x/checksum-controller:1.2", "checksum-controller@sha256:0"]
  ) {
    const { command = [] } = await images.resolve(image, context(folder)) ?? assert.fail(`${image} is known`);
    assert.equal(command[0], "/usr/bin/deno");
    assert.equal(command.at(-1), "checksum-controller");
    const permissions = command.filter((flag) => flag.startsWith("--allow-")).map((flag) => flag.replace(/=.*/, ""));
    assert.deepEqual(permissions, ["--allow-net", "--allow-read", "--allow-env", "--allow-sys"]);
    assert.ok(command.includes("--allow-net=127.0.0.1") && command.includes("--no-prompt"));
    assert.ok(command.includes("--allow-read=/pod,/pod/config,/pod/certificates"));
  }
  assert.equal(await images.resolve("nginx", context(folder)), undefined);
});

Deno.test("demoImages() lets pods reach an API server on another machine too", async () => {
  const remote = demoImages("/usr/bin/deno", "https://api.example.org:6443");
  const { command = [] } = await remote.resolve("checksum-controller", context("/pod")) ?? assert.fail("it is known");
  assert.ok(command.includes("--allow-net=127.0.0.1,api.example.org"));
});

Deno.test("demoImages() gives the sharder its configuration with the ports and paths of this machine", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "config"));
    const config = "kind: SharderConfig\nwebhook:\n  config:\n    timeoutSeconds: 7\n";
    await Deno.writeTextFile(join(folder, "config", "config.yaml"), config);
    const { appended = [] } = await images.resolve("sharder", context(folder)) ?? assert.fail("it is known");
    const file = appended.at(-1) ?? "";
    assert.deepEqual(appended.slice(-2), ["--config", join(folder, "sharder.yaml")]);
    assert.deepEqual(parse(await Deno.readTextFile(file)), {
      kind: "SharderConfig",
      health: { bindAddress: "127.0.0.1:20002" },
      metrics: { bindAddress: "127.0.0.1:20003" },
      webhook: {
        config: { timeoutSeconds: 7 },
        server: { bindAddress: "127.0.0.1:20001", certDir: join(folder, "certificates") },
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
