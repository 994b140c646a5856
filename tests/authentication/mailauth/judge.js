// Judges the messages of a JSON file, each with the DNS that comes with it, and writes what it found into another.
import { readFileSync, writeFileSync } from "node:fs";
import { authenticate } from "mailauth";

const [cases, found] = process.argv.slice(2);

function failure(code) {
  return Object.assign(new Error(code), { code });
}

function resolver(zone) {
  return async (name, kind) => {
    const answer = zone[`${name.toLowerCase()} ${kind}`];
    if (answer === null) throw failure("ESERVFAIL");
    if (answer === undefined || !answer.length) throw failure("ENOTFOUND");
    if (kind === "TXT") return answer.map((text) => [text]);
    if (kind === "MX") return answer.map((exchange) => ({ exchange, priority: 10 }));
    return answer;
  };
}

async function judged({ message, client, helo, path, zone }) {
  const said = await authenticate(Buffer.from(message, "base64"), {
    ip: client,
    helo,
    sender: path,
    mta: "gate.example",
    resolver: resolver(zone),
    disableBimi: true,
  });
  return {
    spf: said.spf.status.result,
    dkim: said.dkim.results.map(({ status, signingDomain }) => [status.result, signingDomain ?? ""]),
    dmarc: said.dmarc ? said.dmarc.status.result : "permerror",
    arc: said.arc.status.result,
  };
}

const results = [];
for (const each of JSON.parse(readFileSync(cases))) results.push(await judged(each));
writeFileSync(found, JSON.stringify(results));
