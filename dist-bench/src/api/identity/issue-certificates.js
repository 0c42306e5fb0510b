/**
 * Makes the CA and the server's certificate. Kept apart because @peculiar/x509 costs 160 ms to load: only a first start,
 * or one with other names, imports this file.
 */
import 'reflect-metadata';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { alwaysPermitted, encodeNameConstraints, nameConstraintsOid } from './name-constraints.js';
const dayMs = 86_400_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const generateKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const toPem = (key) => KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
// A leading zero bit keeps the number positive, a set one behind it keeps its length.
function serialNumber() {
    const bytes = randomBytes(16);
    bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
    return bytes.toString('hex');
}
// A machine whose clock is a little behind ours should not find the certificate "not yet valid".
const validity = (nowMs, days) => ({
    notBefore: new Date(nowMs - dayMs),
    notAfter: new Date(nowMs + days * dayMs),
});
/** A CA that can certify `alwaysPermitted` and `extraNames`, and nothing else. */
export async function issueCa({ extraNames, nowMs, }) {
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
        serialNumber: serialNumber(),
        // Stores look CAs up by name, so those of two instances must not share one.
        name: `CN=Lazurite CA ${randomBytes(4).toString('hex')}`,
        ...validity(nowMs, 3650),
        signingAlgorithm: algorithm,
        keys,
        extensions: [
            new x509.BasicConstraintsExtension(true, 0, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
            await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
            new x509.Extension(nameConstraintsOid, true, encodeNameConstraints([...alwaysPermitted, ...extraNames])),
        ],
    });
    return { certificatePem: `${certificate.toString('pem')}\n`, keyPem: toPem(keys.privateKey) };
}
/** A server certificate for `names`, signed by `ca`. Clients refuse more than 825 days. */
export async function issueLeaf({ ca, names, nowMs, }) {
    const keys = await generateKeys();
    const caCertificate = new x509.X509Certificate(ca.certificatePem);
    const caKey = await webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(ca.keyPem), algorithm, false, [
        'sign',
    ]);
    const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: 'CN=localhost',
        issuer: caCertificate.subject,
        ...validity(nowMs, 397),
        signingAlgorithm: algorithm,
        publicKey: keys.publicKey,
        signingKey: caKey,
        extensions: [
            new x509.BasicConstraintsExtension(false, undefined, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
            new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
            new x509.SubjectAlternativeNameExtension(names.map((name) => ({ type: isIP(name) ? 'ip' : 'dns', value: name }))),
            await x509.AuthorityKeyIdentifierExtension.create(caCertificate),
            await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ],
    });
    return { certificatePem: `${certificate.toString('pem')}\n`, keyPem: toPem(keys.privateKey) };
}
//# sourceMappingURL=issue-certificates.js.map