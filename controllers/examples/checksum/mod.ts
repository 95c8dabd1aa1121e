/** The example controller: ConfigMaps with the checksums of Secrets. */
export { setUpChecksumController } from "./controller.ts";
export { type ChecksumParts, checksumReconciler } from "./reconciler.ts";
export { checksumsOf, configMapName } from "./checksums.ts";
