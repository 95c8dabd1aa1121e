/** Kubernetes' `metav1.Time`: whole seconds in UTC. @param now milliseconds since the epoch */
export function secondsPrecise(now: number): string {
  return new Date(now).toISOString().replace(/\.\d{3}Z$/, "Z");
}
