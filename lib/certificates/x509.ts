/**
 * Writes certificates (RFC 5280, ECDSA on P-256) by hand: the X.509 libraries sign with WebCrypto only, which completes
 * in any order and so cannot run on a virtual clock, and take longer to load than an API server in memory takes to
 * start. Keys and serial numbers come from the machine's randomness and not from an injected part: nobody shall be able
 * to seed them.
 */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { bits, bytes, children, explicit, flag, integer, objectId, sequence, set, text, time } from "./der.ts";
import type { CertificatePair } from "./source.ts";

/** Object identifiers, as the contents of their DER. */
export const ids = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  subjectKeyIdentifier: "551d0e",
  keyUsage: "551d0f",
  subjectAltName: "551d11",
  basicConstraints: "551d13",
  authorityKeyIdentifier: "551d23",
  extendedKeyUsage: "551d25",
  serverAuth: "2b06010505070301",
} as const;

/** What a certificate says. */
export interface CertificateContent {
  /** Names in DER. */
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
  /** The private key whose public half it certifies. */
  readonly key: KeyObject;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: readonly Uint8Array[];
}

/** A fresh private key. Every TLS client that Kubernetes knows takes its kind. */
export function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/** A distinguished name with only a common name. */
export function commonName(name: string): Uint8Array {
  return sequence(set(sequence(objectId(ids.commonName), text(name))));
}

/** The subject of a certificate, byte by byte as it stands there: issued certificates must repeat it so. */
export function subjectOf(certificate: X509Certificate): Uint8Array {
  const [content] = children(certificate.raw);
  const parts = content === undefined ? [] : children(content.whole);
  // Version (absent in version 1), serial number, algorithm, issuer, lifetime, subject.
  const subject = parts[parts[0]?.tag === 0xa0 ? 5 : 4];
  if (subject === undefined) throw new RangeError("a certificate has no subject");
  return subject.whole;
}

/** Identifies a key in certificates: any hash of it does (RFC 7093). @param key private or public */
export function keyIdentifier(key: KeyObject): Uint8Array {
  return createHash("sha256").update(publicPart(key)).digest().subarray(0, 20);
}

/** An extension of a certificate. @param value in DER */
export function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  return sequence(objectId(id), ...critical ? [flag(true)] : [], bytes(value));
}

/** Writes a certificate, has the issuer's key sign it, and gives it with its own key, all PEM. */
export function writeCertificate(content: CertificateContent, issuerKey: KeyObject): CertificatePair {
  const { subject, issuer, key, notBefore, notAfter, extensions } = content;
  const algorithm = sequence(objectId(ids.ecdsaWithSha256));
  const signed = sequence(
    explicit(0, integer(Uint8Array.of(2))), // version 3
    integer(randomBytes(16)),
    algorithm,
    issuer,
    sequence(time(notBefore), time(notAfter)),
    subject,
    publicPart(key),
    explicit(3, sequence(...extensions)),
  );
  const certificate = sequence(signed, algorithm, bits(sign("sha256", signed, issuerKey)));
  const lines = certificate.toBase64().match(/.{1,64}/g) ?? [];
  return {
    certificate: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
    key: key.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function publicPart(key: KeyObject): Uint8Array {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return publicKey.export({ type: "spki", format: "der" });
}
