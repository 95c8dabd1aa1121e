import assert from "node:assert/strict";
import process from "node:process";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { systemClock as clock } from "../../../../lib/util/clock/mod.ts";
import { systemRandom as random } from "../../../../lib/util/random.ts";
import { pods } from "../../../../lib/workloads/kinds/mod.ts";
import { denoFiles } from "../../../../lib/workloads/node/files.ts";
import { LocalNode } from "../../../../lib/workloads/node/local_node.ts";
import { localMachine } from "../../../../lib/workloads/node/machine.ts";
import { eventually, isRunning } from "../../../controlplane/processes.ts";
import { podOf } from "./node_world.ts";

Deno.test("files of a node can be read by nobody else, and are replaced as a whole", async () => {
  const folder = await denoFiles.makeTemporaryFolder("files-test-");
  try {
    const modeOf = async (path: string): Promise<number> => ((await Deno.stat(path)).mode ?? 0) & 0o777;
    assert.equal(await modeOf(folder), 0o700);
    await denoFiles.createFolder(`${folder}/a/b`);
    assert.equal(await modeOf(`${folder}/a`), 0o700);
    await denoFiles.write(`${folder}/a/secret`, "old");
    await denoFiles.write(`${folder}/a/secret`, "new");
    await denoFiles.append(`${folder}/a/log`, new TextEncoder().encode("x"));
    assert.deepEqual([await modeOf(`${folder}/a/secret`), await modeOf(`${folder}/a/log`)], [0o600, 0o600]);
    assert.equal(new TextDecoder().decode(await denoFiles.read(`${folder}/a/secret`)), "new");
    assert.equal(await denoFiles.read(`${folder}/none`), undefined);
    await denoFiles.rename(`${folder}/none`, `${folder}/x`);
    await denoFiles.remove(`${folder}/none`);
  } finally {
    await denoFiles.remove(folder);
  }
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});

Deno.test("a node runs real processes, and leaves neither them nor files behind", async () => {
  using server = new ApiServer({ clock, random });
  const machine = localMachine();
  const folders: string[] = [];
  const node = new LocalNode({
    client: server.client(),
    clock,
    random,
    name: "local",
    machine: {
      ...machine,
      files: {
        ...machine.files,
        makeTemporaryFolder: async (prefix) => {
          const folder = await machine.files.makeTemporaryFolder(prefix);
          folders.push(folder);
          return folder;
        },
      },
    },
    images: {
      known: ["app"],
      resolve: () => ({
        command: ["sh", "-c"],
        args: ['trap "exit 0" TERM; echo "hello $HOSTNAME"; while :; do sleep 0.05; done'],
      }),
    },
    server: { url: "https://127.0.0.1:6443" },
  });
  const stop = new AbortController();
  const running = node.run(stop.signal);
  await node.whenReady();
  const api = new Api(server.client(), pods, { namespace: "default" });
  await api.create(podOf());
  const pidOf = async (): Promise<number> => {
    const [status] = (await api.get("a")).status?.containerStatuses ?? [];
    return Number((status?.state?.running === undefined ? "" : status.containerID ?? "").replace("process://", ""));
  };
  await eventually("the pod runs", async () => await pidOf() > 0);
  const pid = await pidOf();
  assert.ok(isRunning(pid));
  await eventually("it has said hello", async () => {
    const response = await node.handleKubelet(new Request("http://node/containerLogs/default/a/main"));
    return await response.text() === "hello a\n";
  });
  Deno.kill(pid, "SIGKILL");
  await eventually("it runs again", async () => ![0, pid].includes(await pidOf()));
  assert.throws(() => process.kill(pid, 0), /ESRCH/, "a killed process is no zombie");
  const again = await pidOf();
  const [status] = (await api.get("a")).status?.containerStatuses ?? [];
  assert.deepEqual([
    status?.restartCount,
    status?.lastState?.terminated?.exitCode,
    status?.lastState?.terminated?.signal,
  ], [1, 137, 9]);
  stop.abort();
  await running;
  assert.throws(() => process.kill(again, 0), /ESRCH/);
  assert.equal(folders.length, 1);
  for (const folder of folders) await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});
