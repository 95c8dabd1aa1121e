/** Release of Kubernetes that `kubernetes/go.mod` pins. */
export const kubernetesVersion = "v1.36.3";

/** Release of etcd that `etcd/go.mod` pins. */
export const etcdVersion = "v3.6.8";

/** One Go module of the recipe and what is linked from it. */
export interface RecipeModule {
  /** Folder beside this file which holds go.mod and go.sum. */
  readonly folder: string;
  /** What a person sees while it builds. */
  readonly title: string;
  /** Package patterns for `go build`. */
  readonly packages: readonly string[];
  /** File name for the one binary; without it each binary is named after its package. */
  readonly output?: string;
  /** Value of `-ldflags`. */
  readonly linkerFlags: string;
}

/**
 * The modules to build, the small one first so that a broken setup shows early.
 *
 * Kubernetes learns its version from the linker: /version, the User-Agent of its clients and the rule of which API
 * versions are served all come from `k8s.io/component-base/version`, so an unset one is not a cosmetic matter.
 */
export function recipe(): readonly RecipeModule[] {
  const [major, minor] = kubernetesVersion.slice(1).split(".");
  const stamps = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((path) => [
    `-X ${path}.gitVersion=${kubernetesVersion}`,
    `-X ${path}.gitMajor=${major}`,
    `-X ${path}.gitMinor=${minor}`,
    // Nothing tells us the commit; unset it would read "$Format:%H$", as in the source archive.
    `-X ${path}.gitCommit=unknown`,
    `-X ${path}.gitTreeState=archive`,
  ]);
  return [
    {
      folder: "etcd",
      title: `etcd ${etcdVersion}`,
      packages: ["go.etcd.io/etcd/server/v3"],
      output: "etcd",
      linkerFlags: "-s -w",
    },
    {
      folder: "kubernetes",
      title: `Kubernetes ${kubernetesVersion}`,
      packages: ["tool"],
      linkerFlags: ["-s -w", ...stamps].join(" "),
    },
  ];
}
