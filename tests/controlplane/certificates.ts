// The decorators inside @peculiar/x509's dependencies need this to be loaded first.
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** A certificate and its private key, both PEM (the key as PKCS #8). */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

/** A short-lived certificate authority of one control plane. */
export interface Authority {
  /** The authority's own certificate, PEM. */
  readonly certificate: string;
  /** Issues a serving certificate for these DNS names and IP addresses. */
  issueServer(names: JsonGeneralNames): Promise<CertificateAndKey>;
  /** Issues a client certificate; Kubernetes reads the user from CN and the groups from O (X509 client certificates). */
  issueClient(user: string, groups: readonly string[]): Promise<CertificateAndKey>;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const hour = 3_600_000;

/** Creates an authority. Each has a name of its own, so that nobody mistakes one control plane's for another's. */
export async function createAuthority(): Promise<Authority> {
  const issuer = `CN=controlplane-${crypto.randomUUID()}`;
  const authorityKeys = await newKeys();
  const issue = async (subject: string, keys: CryptoKeyPair, extensions: Extension[]): Promise<CertificateAndKey> => {
    const certificate = await X509CertificateGenerator.create({
      subject,
      issuer,
      publicKey: keys.publicKey,
      signingKey: authorityKeys.privateKey,
      signingAlgorithm: algorithm,
      // Begins in the past, so that a clock that is set back a little does no harm.
      notBefore: new Date(Date.now() - hour),
      notAfter: new Date(Date.now() + 7 * 24 * hour),
      extensions,
    });
    return { certificate: certificate.toString("pem"), key: await privateKeyPem(keys) };
  };
  const authority = await issue(issuer, authorityKeys, [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
  ]);
  const leaf = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
  ];
  return {
    certificate: authority.certificate,
    issueServer: async (names) =>
      issue("CN=kube-apiserver", await newKeys(), [
        ...leaf,
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names),
      ]),
    issueClient: async (user, groups) =>
      issue(subjectOf(user, groups), await newKeys(), [
        ...leaf,
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      ]),
  };
}

/** A fresh EC key pair for service account tokens, both PEM (the private key as PKCS #8, the public one as SPKI). */
export async function createSigningKeys(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const keys = await newKeys();
  const publicKey = PemConverter.encode(await crypto.subtle.exportKey("spki", keys.publicKey), "PUBLIC KEY");
  return { privateKey: await privateKeyPem(keys), publicKey };
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function privateKeyPem(keys: CryptoKeyPair): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
}

function subjectOf(user: string, groups: readonly string[]): string {
  return [...groups.map((group) => `O=${escapeName(group)}`), `CN=${escapeName(user)}`].join(", ");
}

/** Escapes the special characters of a distinguished name (RFC 4514, section 2.4). */
function escapeName(value: string): string {
  return value.replace(/[,+"\\<>;=#]/g, (character) => `\\${character}`);
}
