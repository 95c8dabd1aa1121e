/**
 * The lists whose items have a key, by the end of their path; all other lists are atomic to server-side apply and
 * replaced by a strategic merge patch.
 */
const keyed: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^\.metadata\.ownerReferences$/, ["uid"]],
  [/^\.webhooks$/, ["name"]],
  [/^\.status\.conditions$/, ["type"]],
  [/\.spec\.(initC|ephemeralC|c)ontainers$/, ["name"]],
  [/ontainers\[\]\.env$/, ["name"]],
  [/ontainers\[\]\.volumeMounts$/, ["mountPath"]],
  [/\.spec\.volumes$/, ["name"]],
];

/** Keys of the items of the list at a path such as `.spec.template.spec.containers`; undefined when it has none. */
export function listKeyOf(path: string): readonly string[] | undefined {
  return keyed.find(([pattern]) => pattern.test(path))?.[1];
}
