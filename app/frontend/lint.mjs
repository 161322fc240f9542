/** Run every check of the front end, side by side; say nothing of those that pass. */

import { spawn } from "node:child_process";

const CHECKS = ["types", "style", "formatted", "test", "check"];

/** @param {string} name */
function run(name) {
  return new Promise((resolve) => {
    const child = spawn("npm", ["run", "--silent", name], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stdout.on("data", (text) => (said += text));
    child.stderr.on("data", (text) => (said += text));
    child.on("close", (code) => {
      if (code !== 0) console.error(`${said}\nThe front end fails \`npm run ${name}\`.`);
      resolve(code === 0);
    });
  });
}

const passed = await Promise.all(CHECKS.map(run));
process.exitCode = passed.every(Boolean) ? 0 : 1;
if (!process.exitCode) console.log(`The front end passes: ${CHECKS.join(", ")}.`);
