/** Annotations by which other programs are asked to write the CA bundle into a webhook configuration. */
const injecting: ReadonlySet<string> = new Set([
  "cert-manager.io/inject-ca-from",
  "cert-manager.io/inject-ca-from-secret",
  "cert-manager.io/inject-apiserver-ca",
  "service.beta.openshift.io/inject-cabundle",
]);

/** Does somebody else write the CA bundle into webhook configurations with these annotations? */
export function injectsCaBundle(annotations: Readonly<Record<string, string>>): boolean {
  return Object.keys(annotations).some((name) => injecting.has(name));
}
