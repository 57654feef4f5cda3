// Says what express-session's own parts make of ids and secrets: from a JSON array
// of {ID, Secret, Value} on stdin, for each the value that Express would send, and
// the id that it reads from the given one, or null.
import signature from 'cookie-signature';
import * as cookie from 'cookie';
import { text } from 'node:stream/consumers';

const given = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(given.map(({ ID, Secret, Value }) => {
  const sent = cookie.serialize('connect.sid', 's:' + signature.sign(ID, Secret)).slice('connect.sid='.length);
  const read = cookie.parse('connect.sid=' + Value)['connect.sid'];
  const id = read.startsWith('s:') && signature.unsign(read.slice(2), Secret);
  return { Sent: sent, Read: id || null };
})));
