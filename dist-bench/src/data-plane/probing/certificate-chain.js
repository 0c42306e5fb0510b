/** The contents of a DER element and what follows it. */
function readElement(der) {
    const first = der[1] ?? 0;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const length = lengthBytes === 0 ? first : der.readUIntBE(2, lengthBytes);
    const start = 2 + lengthBytes;
    return { content: der.subarray(start, start + length), rest: der.subarray(start + length) };
}
/** Object identifiers of signatures with MD2, MD4, MD5, SHA-1 and SHA-224, as DER contents. */
const weakSignatures = new Set([
    ...['02', '03', '04', '05', '0e'].map((last) => `2a864886f70d0101${last}`),
    '2a8648ce3d0401',
    '2a8648ce3d040301',
    '2a8648ce380403',
    '2b0e03021b',
    '2b0e03021d',
]);
const rsaPss = '2a864886f70d01010a';
/** SHA-256, SHA-384 and SHA-512, named in the parameters of RSASSA-PSS; its default is SHA-1. */
const strongHash = /60864801650304020[1-3]/;
/** Whether a certificate, in DER, is signed with SHA-256 or better. */
function isStrong(certificate) {
    const { rest: afterBody } = readElement(readElement(certificate).content);
    const algorithm = readElement(afterBody).content;
    const identifier = readElement(algorithm);
    const name = identifier.content.toString('hex');
    if (name === rsaPss)
        return strongHash.test(identifier.rest.toString('hex'));
    return !weakSignatures.has(name);
}
/** Whether every certificate that the server has sent is signed with SHA-256 or better. */
export function hasStrongChain(socket) {
    const seen = new Set();
    let certificate = socket.getPeerCertificate(true);
    while (certificate?.raw && !seen.has(certificate.fingerprint256)) {
        if (!isStrong(certificate.raw))
            return false;
        seen.add(certificate.fingerprint256);
        certificate = certificate.issuerCertificate;
    }
    return true;
}
//# sourceMappingURL=certificate-chain.js.map