// Syncs a mailbox into a folder as a client in JavaScript does: messages it has not got yet, downloaded in pieces.
// node sync.js PORT USER PASSWORD MAILBOX FOLDER; prints how many messages were downloaded.
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { ImapFlow } from "imapflow";

const [port, user, pass, mailbox, folder] = process.argv.slice(2);
const client = new ImapFlow({ host: "127.0.0.1", port: Number(port), auth: { user, pass }, secure: false, logger: false });
await client.connect();
const lock = await client.getMailboxLock(mailbox);
let downloaded = 0;
try {
  for (const uid of await client.search({ all: true }, { uid: true })) {
    const file = join(folder, `${uid}.eml`);
    if (existsSync(file)) continue;
    const { content } = await client.download(uid, undefined, { uid: true, chunkSize: 1000 });
    await writeFile(file, await buffer(content));
    downloaded += 1;
  }
} finally {
  lock.release();
}
await client.logout();
console.log(downloaded);
