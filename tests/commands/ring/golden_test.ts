import assert from "node:assert/strict";
import { runOn, scenes } from "./bench.ts";

const folder = new URL("testdata/", import.meta.url);

interface Case {
  readonly scene: keyof typeof scenes;
  readonly args: string;
  readonly code: number;
}

/** `UPDATE_GOLDEN=1 deno test -A` writes the files anew: look at the difference before you commit it. */
const cases: readonly Case[] = [
  { scene: "healthy", args: "status", code: 0 },
  { scene: "healthy", args: "status ring", code: 0 },
  { scene: "healthy", args: "status ring -o wide", code: 0 },
  { scene: "healthy", args: "status ring -o json", code: 0 },
  { scene: "healthy", args: "status ring -o yaml", code: 0 },
  { scene: "healthy", args: "distribution ring", code: 0 },
  { scene: "healthy", args: "whereis secret default/secret-0", code: 0 },
  { scene: "healthy", args: "whereis ConfigMap default/keys-secret-0", code: 0 },
  { scene: "healthy", args: "whereis configmaps default/nobodys", code: 0 },
  { scene: "healthy", args: "whereis secrets default/secret-1 --ring ring -o json", code: 0 },
  { scene: "healthy", args: "simulate ring --add 1", code: 0 },
  { scene: "healthy", args: "simulate ring --remove shard-a --add shard-d", code: 0 },
  { scene: "healthy", args: "simulate ring --rename shard-a=shard-z -o json", code: 0 },
  { scene: "healthy", args: "rbac ring", code: 0 },
  { scene: "healthy", args: "rbac ring --mode reference --namespace elsewhere --service-account someone", code: 0 },
  { scene: "troubled", args: "status", code: 1 },
  { scene: "troubled", args: "status ring", code: 1 },
  { scene: "troubled", args: "status ring -o wide", code: 1 },
  { scene: "troubled", args: "distribution ring", code: 1 },
  { scene: "troubled", args: "distribution ring -o json", code: 1 },
  { scene: "troubled", args: "whereis secret default/fresh", code: 1 },
  { scene: "troubled", args: "whereis secret default/bogus", code: 1 },
  { scene: "troubled", args: "whereis secret default/leaving", code: 0 },
  { scene: "troubled", args: "simulate ring --add shard-d", code: 0 },
];

for (const { scene, args, code } of cases) {
  Deno.test(`ring ${args} of a ring that is ${scene} prints what it should`, async () => {
    await using stage = await scenes[scene]();
    const answer = await runOn(stage, args.split(" "));
    assert.equal(answer.stderr, "");
    assert.equal(answer.code, code);
    const file = new URL(`${scene} ${args}.txt`.replaceAll(/[ =/]+/g, "_"), folder);
    if (Deno.env.get("UPDATE_GOLDEN") === "1") await Deno.writeTextFile(file, answer.stdout);
    assert.equal(answer.stdout, await Deno.readTextFile(file));
  });
}
