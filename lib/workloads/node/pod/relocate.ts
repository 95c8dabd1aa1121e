/** A path that a container expects, and the one that it really has. */
export interface Mount {
  /** Absolute path in the manifest, such as `/etc/config`. */
  readonly mountPath: string;
  /** Absolute path on this machine. */
  readonly hostPath: string;
}

/**
 * Replaces the mount paths in an argument or a variable by the paths on this machine: local processes share one file
 * system, so nothing can be mounted. `--config=/etc/app/config.yaml` becomes `--config=<folder of the pod>/config.yaml`;
 * `/etc/apps` and `/mnt/etc/app` are other paths and stay.
 */
export function relocate(text: string, mounts: readonly Mount[]): string {
  if (mounts.length === 0) return text;
  const paths = new Map(mounts.map(({ mountPath, hostPath }) => [trimSlash(mountPath), hostPath]));
  // The longest first, as a mount may lie below another one.
  const pattern = [...paths.keys()].filter((path) => path !== "").toSorted((a, b) => b.length - a.length)
    .map((path) => path.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|");
  if (pattern === "") return text;
  return text.replaceAll(
    new RegExp(`(?<![\\w./~-])(?:${pattern})(?![\\w.~-])`, "g"),
    (path) => paths.get(path) ?? path,
  );
}

function trimSlash(path: string): string {
  return path.replace(/\/+$/, "");
}
