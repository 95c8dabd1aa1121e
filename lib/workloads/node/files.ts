/** The files of a node, all in private folders of its own. Injected, so that tests need no disk. */
export interface NodeFiles {
  /** Makes a new folder that only this user may enter (mode 0700), and says where it is. */
  makeTemporaryFolder(prefix: string): Promise<string>;
  /** Makes a folder with those above it (mode 0700); nothing happens when it is there. */
  createFolder(path: string): Promise<void>;
  /** Writes a file that only this user may read (mode 0600); readers see the old or the new content, never a part. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Adds to the end of a file (mode 0600), which is created when it is not there. */
  append(path: string, content: Uint8Array): Promise<void>;
  /** Content of a file; undefined when there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Renames a file, over another one of the new name; nothing happens when it is not there. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with everything in it; nothing happens when it is not there. */
  remove(path: string): Promise<void>;
}

/** Files of this machine. */
export const denoFiles: NodeFiles = {
  makeTemporaryFolder: (prefix) => Deno.makeTempDir({ prefix }),
  createFolder: (path) => Deno.mkdir(path, { recursive: true, mode: 0o700 }),
  async write(path, content): Promise<void> {
    const draft = `${path}.new`;
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(draft, bytes, { mode: 0o600 });
    await Deno.rename(draft, path);
  },
  append: (path, content) => Deno.writeFile(path, content, { append: true, mode: 0o600 }),
  read: (path) => unlessMissing(() => Deno.readFile(path)),
  rename: (from, to) => unlessMissing(() => Deno.rename(from, to)),
  remove: (path) => unlessMissing(() => Deno.remove(path, { recursive: true })),
};

async function unlessMissing<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
