import t from 'tap';
import { Pkcs12Error, readPkcs12 } from '../../src/support/pkcs12.js';
import { archives, certificateData } from './pkcs12-archives.js';

t.test('the certificate of an archive is found, however it is encrypted', async (t) => {
  for (const [name, { password, data }] of Object.entries(archives))
    t.equal((await readPkcs12(Buffer.from(data, 'base64'), password)).toString('base64'), certificateData, name);
});

t.test('a wrong password, and bytes that are no archive, are told', async (t) => {
  for (const [name, { data }] of Object.entries(archives)) {
    if (name.startsWith('no encryption')) continue;
    await t.rejects(readPkcs12(Buffer.from(data, 'base64'), 'wrong'), new Pkcs12Error('the password is wrong'), name);
  }
  const [{ data, password } = { data: '', password: '' }] = Object.values(archives);
  const archive = Buffer.from(data, 'base64');
  for (let length = 0; length < archive.length; length += 37)
    await t.rejects(readPkcs12(archive.subarray(0, length), password), Pkcs12Error, `${length} bytes of it`);
  await t.rejects(readPkcs12(Buffer.from(certificateData, 'base64'), ''), Pkcs12Error);
  // 0x24 0x80, again and again: pieces within pieces of an octet string.
  await t.rejects(readPkcs12(Buffer.from('2480'.repeat(10_000), 'hex'), ''), Pkcs12Error);
});

t.test('an archive that asks for endless hashing of its password is refused', async (t) => {
  const { data, password } = archives['Triple DES of two keys'] as { data: string; password: string };
  const archive = Buffer.from(data, 'base64');
  // The checksum comes last, and its count, 2048 in two bytes, at its end. Two bytes more make 2^31 - 1 of it.
  const endless = Buffer.concat([archive.subarray(0, -4), Buffer.from('02047fffffff', 'hex')]);
  endless.writeUInt16BE(endless.readUInt16BE(2) + 2, 2);
  const checksum = endless.lastIndexOf(Buffer.from('30413031', 'hex'));
  endless[checksum + 1] = 0x43;
  await t.rejects(readPkcs12(endless, password), {
    message: 'its password is hashed 2147483647 times, and at most 100000 are allowed',
  });
});

t.test('other work goes on while a password is hashed', async (t) => {
  const { data, password } = archives['Triple DES of two keys'] as { data: string; password: string };
  let turns = 0;
  let isReading = true;
  const count = (): void => {
    turns++;
    if (isReading) setImmediate(count);
  };
  setImmediate(count);
  await readPkcs12(Buffer.from(data, 'base64'), password);
  isReading = false;
  t.ok(turns >= 2, `${turns} turns of the event loop`);
});
