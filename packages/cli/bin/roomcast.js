#!/usr/bin/env node
// Plain JavaScript that old versions of Node can read too, so that they get one clear line.
import process from "node:process";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`roomcast needs Node 20.19 or later; this is ${process.versions.node}.`);
  process.exit(1);
}
const { main } = await import("../dist/main.js");
process.exitCode = await main(process.argv.slice(2));
