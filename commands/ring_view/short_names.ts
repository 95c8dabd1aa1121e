/**
 * Names without what they all begin with, up to a hyphen: "checksum-controller-c95c4fdb6-7jb2v" among its like is
 * "7jb2v". One name alone stays as it is.
 */
export function shortNames(names: Iterable<string>): ReadonlyMap<string, string> {
  const all = [...new Set(names)].filter((name) => name !== "");
  const [first = "", ...others] = all;
  let common = others.length === 0 ? 0 : first.length;
  for (const name of others) {
    let same = 0;
    while (same < common && name[same] === first[same]) same++;
    common = same;
  }
  const prefix = first.lastIndexOf("-", common - 1) + 1;
  return new Map(all.map((name) => [name, name.slice(common === 0 ? 0 : prefix)]));
}
