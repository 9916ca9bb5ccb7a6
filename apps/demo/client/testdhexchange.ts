// Book 14.1.1: both sides of a key exchange come to the same secret.
import { dhexchange, dhsecret, hexencode } from '@skynet/core/crypt';

const clientkey = '11111111'; // 8 bytes, random in earnest
console.log('clientkey:', clientkey);
const ckey = dhexchange(clientkey);
console.log('ckey:', hexencode(ckey));

const serverkey = '22222222';
console.log('serverkey:', serverkey);
const skey = dhexchange(serverkey);
console.log('skey:', hexencode(skey));

console.log('use skey clientkey dhsecret:', hexencode(dhsecret(skey, clientkey)));
console.log('use ckey serverkey dhsecret:', hexencode(dhsecret(ckey, serverkey)));
console.log('use ckey skey dhsecret:', hexencode(dhsecret(ckey, skey)));
