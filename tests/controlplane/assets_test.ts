import assert from "node:assert/strict";
import { join } from "node:path";
import { binariesAvailable, builtFolder, locateBinaries, MissingAssetsError, userCacheFolder } from "./assets.ts";
import { etcdVersion, kubernetesVersion } from "./versions.ts";

type Env = Readonly<Record<string, string>>;

function reader(env: Env): (name: string) => string | undefined {
  return (name) => env[name];
}

async function withFiles(names: readonly string[], use: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of names) await Deno.writeTextFile(join(folder, name), "");
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("userCacheFolder() follows each system's convention", () => {
  const table: [os: string, env: Env, expected: string][] = [
    ["linux", { XDG_CACHE_HOME: "/var/tmp/xdg" }, "/var/tmp/xdg"],
    ["linux", {}, "/home/me/.cache"],
    ["linux", { XDG_CACHE_HOME: "relative" }, "/home/me/.cache"],
    ["linux", { XDG_CACHE_HOME: "" }, "/home/me/.cache"],
    ["darwin", { XDG_CACHE_HOME: "/var/tmp/xdg" }, "/home/me/Library/Caches"],
    ["windows", { LOCALAPPDATA: "C:\\Users\\me\\AppData\\Local" }, "C:\\Users\\me\\AppData\\Local"],
  ];
  for (const [os, env, expected] of table) assert.equal(userCacheFolder(reader(env), os, "/home/me"), expected);
});

Deno.test("builtFolder() is keyed by versions and platform", () => {
  const folder = builtFolder({ env: reader({ XDG_CACHE_HOME: "/cache" }), os: "linux" });
  assert.ok(folder.startsWith("/cache/controller-sharding/controlplane/"), folder);
  for (const part of [kubernetesVersion, etcdVersion, "linux", Deno.build.arch]) {
    assert.ok(folder.includes(part), `${folder} lacks ${part}`);
  }
});

Deno.test("locateBinaries() takes KUBEBUILDER_ASSETS first", async () => {
  await withFiles(["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"], (folder) => {
    const binaries = locateBinaries({ env: reader({ KUBEBUILDER_ASSETS: folder }), os: "linux" });
    assert.deepEqual(binaries, {
      folder,
      etcd: join(folder, "etcd"),
      kubeApiserver: join(folder, "kube-apiserver"),
      kubectl: join(folder, "kubectl"),
      kubeControllerManager: join(folder, "kube-controller-manager"),
    });
  });
});

Deno.test("locateBinaries() says what to do when setup-envtest's folder has no kube-controller-manager", async () => {
  await withFiles(["etcd", "kube-apiserver", "kubectl"], (folder) => {
    const env = reader({ KUBEBUILDER_ASSETS: folder });
    assert.throws(() => locateBinaries({ env, os: "linux" }), (error) => {
      assert.ok(error instanceof MissingAssetsError);
      assert.match(error.message, /holds no kube-controller-manager.*setup-envtest/);
      return true;
    });
    assert.equal(
      locateBinaries({ env, os: "linux", controllerManager: false }).kubeControllerManager,
      undefined,
      "who needs none can go on without",
    );
  });
});

Deno.test("locateBinaries() without any binaries names both ways to get them", async () => {
  await withFiles([], (folder) => {
    const env = reader({ XDG_CACHE_HOME: folder });
    assert.throws(() => locateBinaries({ env, os: "linux" }), (error) => {
      assert.ok(error instanceof MissingAssetsError);
      assert.match(error.message, /install Go 1\.26/);
      assert.match(error.message, /deno task controlplane/);
      assert.match(error.message, /KUBEBUILDER_ASSETS/);
      return true;
    });
  });
});

Deno.test("binariesAvailable() does not throw, whatever the environment", async () => {
  await withFiles(["etcd"], (folder) => {
    assert.equal(binariesAvailable({ env: reader({ KUBEBUILDER_ASSETS: folder }), os: "linux" }), false);
    const file = join(folder, "etcd");
    assert.equal(binariesAvailable({ env: reader({ KUBEBUILDER_ASSETS: file }), os: "linux" }), false);
  });
  assert.equal(
    binariesAvailable({
      env: () => {
        throw new Deno.errors.NotCapable("no access to the environment");
      },
    }),
    false,
  );
});
